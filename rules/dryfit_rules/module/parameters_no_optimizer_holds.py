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
        # A prompt is trained in front of a model that stays as it is.
        """
        import torch
        from torch import nn

        model, prompt = nn.Linear(8, 2), nn.Parameter(torch.zeros(1, 4))
        optimizer = torch.optim.Adam([prompt], lr=0.1)
        model(torch.cat([prompt.expand(8, -1), torch.randn(8, 4)], dim=1)).pow(2).mean().backward()
        optimizer.step()
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
    ),
)
