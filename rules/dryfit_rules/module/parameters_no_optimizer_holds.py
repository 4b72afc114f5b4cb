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

ROOM_FOR_NAMES = 60  # characters, of a message's hundred


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
                        return self.critic_layer(x), self.actor_layer(x)


                network = DualNetwork()
                optimizer = optim.Adam(
                #           ^^^^^^^^^^^ parameters-no-optimizer-holds
                    [{"params": network.shared_layer.parameters()}], lr=0.01
                )
                before = network.actor_layer.weight.clone()
                for _ in range(2):
                    value, action = network(torch.randn(8, 10))
                    optimizer.zero_grad()
                    (value.pow(2).mean() + action.pow(2).mean()).backward()
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
                        return self.critic_layer(x), self.actor_layer(x)


                network = DualNetwork()
                optimizer = optim.Adam(network.parameters(), lr=0.01)
                before = network.actor_layer.weight.clone()
                for _ in range(2):
                    value, action = network(torch.randn(8, 10))
                    optimizer.zero_grad()
                    (value.pow(2).mean() + action.pow(2).mean()).backward()
                    optimizer.step()
            """,
            witness=Observes("torch.equal(network.actor_layer.weight, before)"),
        ),
        Example(
            bad="""
                from torch import nn, randn
                from torch.optim import Adam as A


                class Agent:
                    def __init__(self, lr=5e-3):
                        self.actor = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
                        self.critic = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
                        self.actor_opt = A(self.actor.parameters(), lr=lr)
                        self.critic_opt = A(self.actor.parameters(), lr=lr)
                        #                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ parameters-no-optimizer-holds

                    def learn(self, obs, reward):
                        value = self.critic(obs).squeeze(-1)
                        self.critic_opt.zero_grad()
                        nn.functional.mse_loss(value, reward).backward()
                        self.critic_opt.step()
                        advantage = reward - value.detach()
                        self.actor_opt.zero_grad()
                        (-self.actor(obs).log_softmax(1)[:, 0] * advantage).mean().backward()
                        self.actor_opt.step()


                agent = Agent()
                before = agent.critic[0].weight.clone()
                agent.learn(randn(16, 4), randn(16))
            """,
            good="""
                from torch import nn, randn
                from torch.optim import Adam as A


                class Agent:
                    def __init__(self, lr=5e-3):
                        self.actor = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
                        self.critic = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
                        self.actor_opt = A(self.actor.parameters(), lr=lr)
                        self.critic_opt = A(self.critic.parameters(), lr=lr)

                    def learn(self, obs, reward):
                        value = self.critic(obs).squeeze(-1)
                        self.critic_opt.zero_grad()
                        nn.functional.mse_loss(value, reward).backward()
                        self.critic_opt.step()
                        advantage = reward - value.detach()
                        self.actor_opt.zero_grad()
                        (-self.actor(obs).log_softmax(1)[:, 0] * advantage).mean().backward()
                        self.actor_opt.step()


                agent = Agent()
                before = agent.critic[0].weight.clone()
                agent.learn(randn(16, 4), randn(16))
            """,
            witness=Observes("(agent.critic[0].weight - before).abs().max().item() == 0"),
        ),
    ),
    near_misses=(
        # The other half has an optimizer of its own, built by a helper from a name.
        """
        import torch


        def optimizer_for(module, name):
            return getattr(torch.optim, name)(module.parameters(), lr=0.1)


        encoder, decoder = torch.nn.Linear(6, 2), torch.nn.Linear(2, 6)
        first, second = torch.optim.SGD(encoder.parameters(), lr=0.1), optimizer_for(decoder, "SGD")
        x = torch.randn(8, 6)
        torch.nn.functional.mse_loss(decoder(encoder(x)), x).backward()
        first.step()
        second.step()
        """,
        # Both are held: by a group that is added later, or by a list that a loop fills.
        """
        import torch
        from torch import nn

        x, encoder, decoder = torch.randn(8, 6), nn.Linear(6, 2), nn.Linear(2, 6)
        optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
        optimizer.add_param_group({"params": decoder.parameters(), "lr": 0.01})
        nn.functional.mse_loss(decoder(encoder(x)), x).backward()
        optimizer.step()

        first, second = nn.Linear(6, 2), nn.Linear(2, 6)
        trained = []
        for part in (first, second):
            trained += list(part.parameters())
        other = torch.optim.SGD(trained, lr=0.1)
        nn.functional.mse_loss(second(first(x)), x).backward()
        other.step()
        """,
        # Left alone on purpose: a backbone in front of the head that is trained, a network that is frozen by a helper,
        # and a fixed one whose output is detached.
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


        def freeze(module):
            for parameter in module.parameters():
                parameter.requires_grad = False


        x = torch.randn(8, 4)
        classifier = Classifier()
        head_optimizer = torch.optim.SGD(classifier.fc.parameters(), lr=0.1)
        nn.functional.cross_entropy(classifier(x), torch.zeros(8).long()).backward()
        head_optimizer.step()

        student, extractor = nn.Linear(4, 3), nn.Sequential(nn.Linear(3, 8), nn.ReLU())
        freeze(extractor)
        student_optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
        nn.functional.l1_loss(extractor(student(x)), torch.zeros(8, 8)).backward()
        student_optimizer.step()

        fixed, predictor = nn.Linear(4, 8), nn.Linear(4, 8)
        distillation_optimizer = torch.optim.Adam(predictor.parameters(), lr=1e-3)
        (predictor(x) - fixed(x).detach()).pow(2).mean().backward()
        distillation_optimizer.step()
        """,
        # A prompt is trained in front of a model that stays as it is.
        """
        import torch
        from torch import nn

        model, prompt = nn.Linear(8, 2), nn.Parameter(torch.zeros(1, 4))
        optimizer = torch.optim.Adam([prompt], lr=0.1)
        model(torch.cat([prompt.expand(8, -1), torch.randn(8, 4)], dim=1)).pow(2).mean().backward()
        optimizer.step()
        """,
        # A GAN: the generator's loss goes through the discriminator, which has its own optimizer. Targets of another
        # network under no_grad, which follows by a moving average. A network that is updated by hand.
        """
        import copy

        import torch
        from torch import nn

        generator, discriminator = nn.Linear(2, 4), nn.Linear(4, 1)
        optimizer_g = torch.optim.Adam(generator.parameters(), lr=2e-4)
        optimizer_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
        criterion = nn.BCEWithLogitsLoss()
        for real in torch.randn(3, 16, 4):
            fake = generator(torch.randn(16, 2))
            optimizer_d.zero_grad()
            criterion(discriminator(real), torch.ones(16, 1)).backward()
            criterion(discriminator(fake.detach()), torch.zeros(16, 1)).backward()
            optimizer_d.step()
            optimizer_g.zero_grad()
            criterion(discriminator(fake), torch.ones(16, 1)).backward()
            optimizer_g.step()

        online = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        target = copy.deepcopy(online)
        optimizer = torch.optim.Adam(online.parameters(), lr=1e-2)
        for state in torch.randn(3, 8, 4):
            with torch.no_grad():
                goal = 0.9 * target(state).max(1).values + 1
            optimizer.zero_grad()
            nn.functional.smooth_l1_loss(online(state)[:, 0], goal).backward()
            optimizer.step()
            for slow, fast in zip(target.parameters(), online.parameters()):
                slow.data.lerp_(fast.data, 0.1)

        policy, value = nn.Linear(4, 2), nn.Linear(2, 1)
        policy_optimizer = torch.optim.SGD(policy.parameters(), lr=0.1)
        for state in torch.randn(3, 8, 4):
            policy_optimizer.zero_grad()
            value.zero_grad()
            value(policy(state)).mean().backward()
            policy_optimizer.step()
            with torch.no_grad():
                for parameter in value.parameters():
                    parameter -= 0.1 * parameter.grad
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
            (-network(image)[0, 1]).backward()
            optimizer.step()
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


        encoder, decoder = nn.Linear(6, 2), nn.Linear(2, 6)
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
        optimizers = {name: torch.optim.SGD(net.parameters(), lr=0.1) for name, net in nets.items()}
        x = torch.randn(8, 6)
        nn.functional.mse_loss(nets["decoder"](nets["encoder"](x)), x).backward()
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
        train(decoder, torch.optim.SGD(decoder.parameters(), lr=0.1))
        """,
        # Two phases: the trunk first, the heads afterwards.
        """
        import torch
        from torch import nn


        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.trunk, self.head = nn.Linear(4, 4), nn.Linear(4, 1)

            def forward(self, x):
                return self.head(self.trunk(x))


        net = Net()
        for part in (net.trunk, net.head):
            optimizer = torch.optim.SGD(part.parameters(), lr=0.1)
            optimizer.zero_grad()
            net(torch.randn(8, 4)).pow(2).mean().backward()
            optimizer.step()
        """,
    ),
)
