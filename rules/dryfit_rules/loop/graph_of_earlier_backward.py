"""A backward runs through a graph that an earlier backward has freed.

What it does:
Follows what each tensor was computed from. Reported is a `backward` whose loss certainly contains a call of a network
that a `backward` before it ran through: hidden state of a recurrent network that is carried from one pass of a loop
into the next, an output computed before the loop and used on each pass, a fake image that goes through the
discriminator without `detach`, the same loss twice. `retain_graph=True`, `detach`, `.data` and a new graph on each
pass are right.

Why it matters:
`backward` frees what it needed as it goes. The second one raises `RuntimeError: Trying to backward through the graph a
second time`. With `retain_graph=True` instead of `detach` the graph grows with each pass.

Source:
`torch.autograd.backward`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Raises, Related, Rule, SemanticModel, Severity, facts

NOTE = "raises RuntimeError: trying to backward through the graph a second time"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.Backward):
        spent = fact.loss.history.spent
        if spent is None:
            continue
        if spent.carried:
            yield Finding(
                fact.site,
                f"`{spent.carried}` carries the graph of the pass before into this `backward`",
                NOTE,
                f"detach `{spent.carried}` between the passes",
            )
        else:
            yield Finding(
                fact.site,
                "this `backward` runs through a graph that an earlier one has freed",
                NOTE,
                "detach what both share, or add the losses and call `backward` once",
                None,
                (Related(spent.site, "freed here"),),
            )


RULE = Rule(
    name="graph-of-earlier-backward",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn


                class Forecast(nn.Module):
                    def __init__(self, hidden=8, batch=5):
                        super().__init__()
                        self.lstm = nn.LSTM(1, hidden, batch_first=True)
                        self.head = nn.Linear(hidden, 1)
                        self.hidden = (torch.zeros(1, batch, hidden), torch.zeros(1, batch, hidden))

                    def forward(self, x):
                        out, self.hidden = self.lstm(x, self.hidden)
                        return self.head(out[:, -1])


                def main():
                    model = Forecast()
                    optimizer = torch.optim.Adam(model.parameters())
                    for x in torch.randn(3, 5, 7, 1):
                        optimizer.zero_grad()
                        loss = model(x).pow(2).mean()
                        loss.backward()
                    #   ^^^^^^^^^^^^^^^ graph-of-earlier-backward
                        optimizer.step()


                main()
            """,
            good="""
                import torch
                from torch import nn


                class Forecast(nn.Module):
                    def __init__(self, hidden=8, batch=5):
                        super().__init__()
                        self.lstm = nn.LSTM(1, hidden, batch_first=True)
                        self.head = nn.Linear(hidden, 1)
                        self.hidden = (torch.zeros(1, batch, hidden), torch.zeros(1, batch, hidden))

                    def forward(self, x):
                        out, (h, c) = self.lstm(x, self.hidden)
                        self.hidden = (h.detach(), c.detach())
                        return self.head(out[:, -1])


                def main():
                    model = Forecast()
                    optimizer = torch.optim.Adam(model.parameters())
                    for x in torch.randn(3, 5, 7, 1):
                        optimizer.zero_grad()
                        loss = model(x).pow(2).mean()
                        loss.backward()
                        optimizer.step()


                main()
            """,
            witness=Raises("RuntimeError", "Trying to backward through the graph a second time"),
        ),
        Example(
            bad="""
                import torch
                import torch.nn as nn

                rnn, head = nn.GRU(3, 4), nn.Linear(4, 1)
                opt = torch.optim.SGD([*rnn.parameters(), *head.parameters()], lr=0.1)
                state = None
                for step in range(4):
                    features, state = rnn(torch.randn(6, 2, 3), state)
                    opt.zero_grad()
                    head(features).pow(2).mean().backward()
                #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ graph-of-earlier-backward
                    opt.step()
            """,
            good="""
                import torch
                import torch.nn as nn

                rnn, head = nn.GRU(3, 4), nn.Linear(4, 1)
                opt = torch.optim.SGD([*rnn.parameters(), *head.parameters()], lr=0.1)
                state = None
                for step in range(4):
                    features, state = rnn(torch.randn(6, 2, 3), state)
                    state = state.detach()
                    opt.zero_grad()
                    head(features).pow(2).mean().backward()
                    opt.step()
            """,
            witness=Raises("RuntimeError", "Trying to backward through the graph a second time"),
        ),
        Example(
            bad="""
                import torch
                from torch import nn

                generator = nn.Linear(2, 4)
                discriminator = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
                for noise in torch.randn(3, 8, 2):
                    fake = torch.tanh(generator(noise))
                    d_loss = discriminator(fake).mean()
                    d_loss.backward()
                    g_loss = -discriminator(fake).mean()
                    g_loss.backward()
                #   ^^^^^^^^^^^^^^^^^ graph-of-earlier-backward
            """,
            good="""
                import torch
                from torch import nn

                generator = nn.Linear(2, 4)
                discriminator = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
                for noise in torch.randn(3, 8, 2):
                    fake = torch.tanh(generator(noise))
                    d_loss = discriminator(fake.detach()).mean()
                    d_loss.backward()
                    g_loss = -discriminator(fake).mean()
                    g_loss.backward()
            """,
            witness=Raises("RuntimeError", "Trying to backward through the graph a second time"),
        ),
    ),
    near_misses=(
        # A truncated backward, state that is emptied in place, a graph that is kept.
        """
        import torch
        from torch import nn

        rnn, head = nn.LSTM(3, 4), nn.Linear(4, 1)
        h = (torch.zeros(1, 2, 4), torch.zeros(1, 2, 4))
        loss = 0
        for t in range(6):
            out, h = rnn(torch.randn(1, 2, 3), h)
            loss = loss + head(out).pow(2).mean()
            if t % 3 == 2:
                loss.backward()
                h = tuple(part.detach() for part in h)
                loss = 0
        h = (torch.zeros(1, 2, 4), torch.zeros(1, 2, 4))
        for t in range(2):
            out, h = rnn(torch.randn(1, 2, 3), h)
            head(out).pow(2).mean().backward()
            for part in h:
                part.detach_()
        shared = head(torch.randn(2, 4))
        shared.mean().backward(retain_graph=True)
        shared.pow(2).mean().backward()
        """,
        # A state for each of several agents, each used once.
        """
        import torch
        from torch import nn


        class Agent:
            def __init__(self):
                self.cell = nn.GRUCell(3, 4)
                self.state = torch.zeros(1, 4)

            def act(self, x):
                self.state = self.cell(x, self.state)
                return self.state.sum()


        agents = [Agent() for _ in range(10)]
        for agent in agents:
            agent.act(torch.randn(1, 3)).backward()
        losses = [nn.Linear(3, 1)(torch.randn(2, 3)).mean() for _ in range(9)]
        for loss in losses:
            loss.backward()
        """,
    ),
)
