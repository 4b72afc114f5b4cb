"""Parameters of two modules are added with `+`, which iterators do not have.

What it does:
Reports `a.parameters() + b.parameters()`, and the same with a list on one side: `list(a.parameters()) +
b.parameters()`. Lists can be added, iterators cannot.

Why it matters:
`TypeError: unsupported operand type(s) for +: 'generator' and 'generator'` where the sum is formed, or `TypeError: can
only concatenate list (not "generator") to list`.

Fix safety:
Safe: the code could not have worked before.

Source:
`torch.nn.Module.parameters` is a generator, torch 2.13.0; Python 3.11.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Raises, Rule, SemanticModel, Severity, facts, wrap

ORIGINS = frozenset("parameters named_parameters buffers named_buffers children modules filter chain map".split())
HELP = "make lists of them first"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.IteratorsAdded):
        iterators = [side for side in (fact.left, fact.right) if side.kind == "generator"]
        if iterators and any(side.origin in ORIGINS for side in iterators):
            edits = [edit for side in iterators for edit in wrap(side.site, "list(", ")")]
            name = next(side.origin for side in iterators if side.origin in ORIGINS)
            yield Finding(
                fact.site,
                f"the iterator that `{name}` returns is added with `+`",
                "raises TypeError: iterators have no `+`",
                HELP,
                Fix.safe(HELP, *edits) if fact.site.inside is None else None,
            )


RULE = Rule(
    name="parameters-added",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                fc1, fc2 = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = torch.optim.Adam(fc1.parameters() + fc2.parameters(), lr=1e-3)
                #                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ parameters-added
            """,
            good="""
                import torch
                from torch import nn

                fc1, fc2 = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = torch.optim.Adam(list(fc1.parameters()) + list(fc2.parameters()), lr=1e-3)
            """,
            witness=Raises("TypeError", "unsupported operand type(s) for +: 'generator' and 'generator'"),
        ),
        Example(
            bad="""
                from torch import nn, optim


                class Agent:
                    def __init__(self):
                        self.actor, self.critic = nn.Linear(4, 2), nn.Linear(4, 1)
                        mine = list(self.actor.parameters())
                        both = mine + self.critic.parameters()
                #              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ parameters-added
                        self.optimizer = optim.SGD(both, lr=0.1)


                agent = Agent()
            """,
            good="""
                from torch import nn, optim


                class Agent:
                    def __init__(self):
                        self.actor, self.critic = nn.Linear(4, 2), nn.Linear(4, 1)
                        mine = list(self.actor.parameters())
                        both = mine + list(self.critic.parameters())
                        self.optimizer = optim.SGD(both, lr=0.1)


                agent = Agent()
            """,
            witness=Raises("TypeError", "can only concatenate list"),
        ),
    ),
    near_misses=(
        # Lists, and what takes iterators.
        """
        from itertools import chain

        import torch
        from torch import nn

        a, b = nn.Linear(4, 4), nn.Linear(4, 2)
        params = [*a.parameters(), *b.parameters()] + list(a.parameters())
        params += b.parameters()
        torch.optim.Adam(chain(a.parameters(), b.parameters()))
        torch.optim.Adam(sum([list(m.parameters()) for m in (a, b)], []))
        """,
        # A class whose `parameters` is a list, as in other libraries.
        """
        class Model:
            def parameters(self):
                return [1.0]


        both = Model().parameters() + Model().parameters()
        """,
    ),
    is_fixable=True,
)
