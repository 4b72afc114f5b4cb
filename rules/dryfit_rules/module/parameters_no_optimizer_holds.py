"""Parameters that backward reaches are in no optimizer.

What it does:
Reports an optimizer that leaves out parameters of the same training: the loss is computed with them, gradients
arrive, nothing freezes them, and no other optimizer, hand-written update or unknown code has them. Fine-tuning of a
head on a backbone that is left alone, networks under `no_grad`, frozen ones and target networks are not reported.

Why it matters:
Nothing is raised and the loss falls, because the other layers learn. The forgotten ones keep their initial weights
(measured: change 0.0 after any number of steps), and their gradients add up unread, since `optimizer.zero_grad()`
clears only what the optimizer holds.

Source:
`torch.optim.Optimizer.step` and `zero_grad` walk `param_groups` alone, torch 2.13.0.
"""

from collections.abc import Iterator, Sequence

from dryfit.rulekit import Example, Finding, Observes, Related, Rule, SemanticModel, Severity, Site, facts

ROOM_FOR_NAMES = 60
"""Characters of a message's hundred that the names may take."""


def check(model: SemanticModel) -> Iterator[Finding]:
    found: dict[Site, list[facts.NeverHeld]] = {}
    for fact in model.facts(facts.NeverHeld):
        found.setdefault(fact.site, []).append(fact)
    for site, left_out in found.items():
        paths = list(dict.fromkeys(fact.path for fact in left_out))
        yield Finding(
            site,
            f"no optimizer holds the parameters of {_listed(paths)}",
            "no step moves them: they keep their initial weights",
            "give them to an optimizer",
            related=tuple(_places(left_out)),
        )


def _places(left_out: Sequence[facts.NeverHeld]) -> Iterator[Related]:
    """Where the training uses what was left out, each place once."""
    for site, by in dict.fromkeys((fact.because, fact.by) for fact in left_out):
        yield Related(site, "gradients reach them here" if by == "backward" else "they are used here")


def _listed(paths: Sequence[str]) -> str:
    """`a`, `b` and 3 more."""
    shown: list[str] = []
    for path in paths:
        if shown and len(", ".join([*shown, f"`{path}`"])) > ROOM_FOR_NAMES:
            break
        shown.append(f"`{path}`")
    rest = len(paths) - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


RULE = Rule(
    name="parameters-no-optimizer-holds",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                import torch.nn as nn
                import torch.optim as optim


                class DualNetwork(nn.Module):
                    def __init__(self):
                        super(DualNetwork, self).__init__()
                        self.shared_layer = nn.Linear(10, 5)
                        self.critic_layer = nn.Linear(5, 1)
                        self.actor_layer = nn.Linear(5, 2)

                    def forward(self, x):
                        x = self.shared_layer(x)
                        critic_output = self.critic_layer(x)
                        actor_output = self.actor_layer(x)
                        return critic_output, actor_output


                network = DualNetwork()
                optimizer = optim.Adam([{"params": network.shared_layer.parameters()}], lr=0.01)
                #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ parameters-no-optimizer-holds
                before = network.actor_layer.weight.clone()
                for _ in range(2):
                    value, action = network(torch.randn(8, 10))
                    loss = value.pow(2).mean() + action.pow(2).mean()
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
            good="""
                import torch
                import torch.nn as nn
                import torch.optim as optim


                class DualNetwork(nn.Module):
                    def __init__(self):
                        super(DualNetwork, self).__init__()
                        self.shared_layer = nn.Linear(10, 5)
                        self.critic_layer = nn.Linear(5, 1)
                        self.actor_layer = nn.Linear(5, 2)

                    def forward(self, x):
                        x = self.shared_layer(x)
                        critic_output = self.critic_layer(x)
                        actor_output = self.actor_layer(x)
                        return critic_output, actor_output


                network = DualNetwork()
                optimizer = optim.Adam(network.parameters(), lr=0.01)
                before = network.actor_layer.weight.clone()
                for _ in range(2):
                    value, action = network(torch.randn(8, 10))
                    loss = value.pow(2).mean() + action.pow(2).mean()
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
            """,
            witness=Observes("torch.equal(network.actor_layer.weight, before)"),
        ),
        Example(
            bad="""
                import torch
                import torch.nn.functional as F
                from torch import nn


                class Agent:
                    def __init__(self, lr=5e-3):
                        self.actor = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
                        self.critic = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
                        self.actor_opt = torch.optim.Adam(self.actor.parameters(), lr=lr)
                        self.critic_opt = torch.optim.Adam(self.actor.parameters(), lr=lr)
                        #                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ parameters-no-optimizer-holds

                    def learn(self, obs, reward):
                        value = self.critic(obs).squeeze(-1)
                        critic_loss = F.mse_loss(value, reward)
                        self.critic_opt.zero_grad()
                        critic_loss.backward()
                        self.critic_opt.step()

                        advantage = reward - value.detach()
                        actor_loss = -(self.actor(obs).log_softmax(1)[:, 0] * advantage).mean()
                        self.actor_opt.zero_grad()
                        actor_loss.backward()
                        self.actor_opt.step()


                agent = Agent()
                before = agent.critic[0].weight.clone()
                agent.learn(torch.randn(16, 4), torch.randn(16))
            """,
            good="""
                import torch
                import torch.nn.functional as F
                from torch import nn


                class Agent:
                    def __init__(self, lr=5e-3):
                        self.actor = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
                        self.critic = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
                        self.actor_opt = torch.optim.Adam(self.actor.parameters(), lr=lr)
                        self.critic_opt = torch.optim.Adam(self.critic.parameters(), lr=lr)

                    def learn(self, obs, reward):
                        value = self.critic(obs).squeeze(-1)
                        critic_loss = F.mse_loss(value, reward)
                        self.critic_opt.zero_grad()
                        critic_loss.backward()
                        self.critic_opt.step()

                        advantage = reward - value.detach()
                        actor_loss = -(self.actor(obs).log_softmax(1)[:, 0] * advantage).mean()
                        self.actor_opt.zero_grad()
                        actor_loss.backward()
                        self.actor_opt.step()


                agent = Agent()
                before = agent.critic[0].weight.clone()
                agent.learn(torch.randn(16, 4), torch.randn(16))
            """,
            witness=Observes("torch.equal(agent.critic[0].weight, before)"),
        ),
        Example(
            bad="""
                import torch
                from torch.optim import SGD as Descent


                def reconstruct(encoder, decoder, x):
                    return torch.nn.functional.mse_loss(decoder(torch.tanh(encoder(x))), x)


                encoder = torch.nn.Linear(6, 2)
                decoder = torch.nn.Linear(2, 6)
                before = decoder.weight.clone()
                optimizer = Descent(encoder.parameters(), lr=0.1)
                #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ parameters-no-optimizer-holds
                for x in torch.randn(3, 8, 6):
                    optimizer.zero_grad()
                    reconstruct(encoder, decoder, x).backward()
                    optimizer.step()
            """,
            good="""
                import torch
                from torch.optim import SGD as Descent


                def reconstruct(encoder, decoder, x):
                    return torch.nn.functional.mse_loss(decoder(torch.tanh(encoder(x))), x)


                encoder = torch.nn.Linear(6, 2)
                decoder = torch.nn.Linear(2, 6)
                before = decoder.weight.clone()
                optimizer = Descent([*encoder.parameters(), *decoder.parameters()], lr=0.1)
                for x in torch.randn(3, 8, 6):
                    optimizer.zero_grad()
                    reconstruct(encoder, decoder, x).backward()
                    optimizer.step()
            """,
            witness=Observes("torch.equal(decoder.weight, before)"),
        ),
    ),
    near_misses=(
        # The other half has an optimizer of its own, built by a helper from a name.
        """
        import torch


        def optimizer_for(module, name, lr):
            return getattr(torch.optim, name)(module.parameters(), lr=lr)


        encoder = torch.nn.Linear(6, 2)
        decoder = torch.nn.Linear(2, 6)
        before = decoder.weight.clone()
        first = torch.optim.SGD(encoder.parameters(), lr=0.1)
        second = optimizer_for(decoder, "SGD", 0.1)
        x = torch.randn(8, 6)
        torch.nn.functional.mse_loss(decoder(encoder(x)), x).backward()
        first.step()
        second.step()
        """,
        # Both are held: one group is added later.
        """
        import torch

        encoder = torch.nn.Linear(6, 2)
        decoder = torch.nn.Linear(2, 6)
        before = decoder.weight.clone()
        optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
        optimizer.add_param_group({"params": decoder.parameters(), "lr": 0.01})
        x = torch.randn(8, 6)
        torch.nn.functional.mse_loss(decoder(encoder(x)), x).backward()
        optimizer.step()
        """,
        # Parameters gathered in a loop over the networks.
        """
        import torch

        encoder = torch.nn.Linear(6, 2)
        decoder = torch.nn.Linear(2, 6)
        before = decoder.weight.clone()
        trained = []
        for part in (encoder, decoder):
            trained += list(part.parameters())
        optimizer = torch.optim.SGD(trained, lr=0.1)
        x = torch.randn(8, 6)
        torch.nn.functional.mse_loss(decoder(encoder(x)), x).backward()
        optimizer.step()
        """,
        # A GAN: the generator's loss goes through the discriminator, which has its own optimizer.
        """
        import torch
        from torch import nn

        generator = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 4))
        discriminator = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
        before = discriminator[0].weight.clone()
        optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4)
        optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
        criterion = nn.BCEWithLogitsLoss()
        for real in torch.randn(3, 16, 4):
            fake = generator(torch.randn(16, 2))
            optimizer_d.zero_grad()
            loss_d = criterion(discriminator(real), torch.ones(16, 1))
            loss_d = loss_d + criterion(discriminator(fake.detach()), torch.zeros(16, 1))
            loss_d.backward()
            optimizer_d.step()
            optimizer_g.zero_grad()
            criterion(discriminator(fake), torch.ones(16, 1)).backward()
            optimizer_g.step()
        """,
        # Fine-tuning: only the head is trained, the backbone is left as it is.
        """
        import torch
        from torch import nn


        class Classifier(nn.Module):
            def __init__(self):
                super().__init__()
                self.backbone = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
                self.fc = nn.Linear(8, 3)

            def forward(self, x):
                return self.fc(self.backbone(x))


        model = Classifier()
        optimizer = torch.optim.SGD(model.fc.parameters(), lr=0.1)
        nn.functional.cross_entropy(model(torch.randn(8, 4)), torch.zeros(8).long()).backward()
        optimizer.step()
        """,
        # The same by a frozen feature extractor, frozen in a helper.
        """
        import torch
        from torch import nn


        def freeze(module):
            for parameter in module.parameters():
                parameter.requires_grad = False


        student = nn.Linear(4, 3)
        extractor = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 8))
        freeze(extractor)
        optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
        for x in torch.randn(3, 8, 4):
            optimizer.zero_grad()
            nn.functional.l1_loss(extractor(student(x)), torch.zeros(8, 8)).backward()
            optimizer.step()
        """,
        # Targets of another network under no_grad, which follows by a moving average.
        """
        import copy

        import torch
        from torch import nn

        online = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        target = copy.deepcopy(online)
        before = target[0].weight.clone()
        optimizer = torch.optim.Adam(online.parameters(), lr=1e-2)
        for state in torch.randn(3, 8, 4):
            with torch.no_grad():
                goal = 0.9 * target(state).max(1).values + 1
            loss = nn.functional.smooth_l1_loss(online(state)[:, 0], goal)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            for slow, fast in zip(target.parameters(), online.parameters()):
                slow.data.lerp_(fast.data, 0.1)
        """,
        # Random network distillation: the fixed network's output is detached.
        """
        import torch
        from torch import nn

        fixed = nn.Linear(4, 8)
        predictor = nn.Linear(4, 8)
        optimizer = torch.optim.Adam(predictor.parameters(), lr=1e-3)
        state = torch.randn(16, 4)
        loss = (predictor(state) - fixed(state).detach()).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        """,
        # An image is optimized through a network that stays as it is.
        """
        import torch
        from torch import nn

        network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)).eval()
        image = torch.randn(1, 4, requires_grad=True)
        optimizer = torch.optim.Adam([image], lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            loss = -network(image)[0, 1]
            loss.backward()
            optimizer.step()
        """,
        # A soft prompt is trained in front of a model that stays as it is.
        """
        import torch
        from torch import nn

        model = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        prompt = nn.Parameter(torch.zeros(1, 2, 8))
        before = prompt.detach().clone()
        optimizer = torch.optim.Adam([prompt], lr=0.1)
        tokens = torch.randn(4, 5, 8)
        loss = model(torch.cat([prompt.expand(4, -1, -1), tokens], dim=1)).pow(2).mean()
        loss.backward()
        optimizer.step()
        """,
        # The second network is updated by hand.
        """
        import torch
        from torch import nn

        policy = nn.Linear(4, 2)
        value = nn.Linear(2, 1)
        before = value.weight.clone()
        optimizer = torch.optim.SGD(policy.parameters(), lr=0.1)
        for state in torch.randn(3, 8, 4):
            optimizer.zero_grad()
            value.zero_grad()
            value(policy(state)).mean().backward()
            optimizer.step()
            with torch.no_grad():
                for parameter in value.parameters():
                    parameter -= 0.1 * parameter.grad
        """,
        # An optimizer of one's own making.
        """
        import torch
        from torch import nn


        class Descent:
            def __init__(self, parameters, lr):
                self.parameters, self.lr = list(parameters), lr

            def step(self):
                for parameter in self.parameters:
                    parameter.data.add_(parameter.grad, alpha=-self.lr)


        encoder = nn.Linear(6, 2)
        decoder = nn.Linear(2, 6)
        before = decoder.weight.clone()
        first, second = torch.optim.SGD(encoder.parameters(), lr=0.1), Descent(decoder.parameters(), 0.1)
        x = torch.randn(8, 6)
        nn.functional.mse_loss(decoder(encoder(x)), x).backward()
        first.step()
        second.step()
        """,
        # One optimizer for each network, in a dict and in a list.
        """
        import torch
        from torch import nn

        nets = {"encoder": nn.Linear(6, 2), "decoder": nn.Linear(2, 6)}
        before = nets["decoder"].weight.clone()
        optimizers = {name: torch.optim.SGD(net.parameters(), lr=0.1) for name, net in nets.items()}
        x = torch.randn(8, 6)
        loss = nn.functional.mse_loss(nets["decoder"](nets["encoder"](x)), x)
        loss.backward()
        for optimizer in optimizers.values():
            optimizer.step()
        """,
        # The caller brings the other optimizer.
        """
        import torch
        from torch import nn


        def train(decoder, decoder_optimizer):
            encoder = nn.Linear(6, 2)
            optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
            x = torch.randn(8, 6)
            nn.functional.mse_loss(decoder(encoder(x)), x).backward()
            optimizer.step()
            decoder_optimizer.step()


        decoder = nn.Linear(2, 6)
        before = decoder.weight.clone()
        train(decoder, torch.optim.SGD(decoder.parameters(), lr=0.1))
        """,
        # Two phases: the trunk first, the heads afterwards.
        """
        import torch
        from torch import nn


        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.trunk = nn.Linear(4, 4)
                self.head = nn.Linear(4, 1)

            def forward(self, x):
                return self.head(self.trunk(x))


        net = Net()
        before = net.head.weight.clone()
        for part in (net.trunk, net.head):
            optimizer = torch.optim.SGD(part.parameters(), lr=0.1)
            optimizer.zero_grad()
            net(torch.randn(8, 4)).pow(2).mean().backward()
            optimizer.step()
        """,
    ),
)
