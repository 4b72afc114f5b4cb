"""A module registers something before, or without, `super().__init__()`.

What it does:
Reports a constructor of a module that assigns a layer or a parameter to an attribute although the constructor of the
class above has not run yet. Plain values may be set before that call and are not reported.

Why it matters:
Assigning a layer writes it into the module's tables, which `Module.__init__` makes. Without them it raises
`AttributeError: cannot assign module before Module.__init__() call` (for a parameter: `cannot assign parameter before
Module.__init__() call`) as soon as the module is built.

Fix safety:
Safe: the constructor could not have run to its end before. There is no fix if the call stands further down, because
what is between may need the order, and none if the class above takes arguments.

Source:
`torch.nn.Module.__setattr__`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Raises,
    Related,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_line_before,
)

NOTE = "raises AttributeError when the module is built"
HELP = "call `super().__init__()` first"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.BaseNotInitialised):
        if fact.called_later:
            yield Finding(fact.site, f"`{fact.attribute}` is set before `super().__init__()` is called", NOTE, HELP)
        else:
            yield Finding(
                fact.constructor,
                f"`{fact.attribute}` is set, and `super().__init__()` is never called",
                NOTE,
                HELP,
                _fix(fact),
                related=(Related(fact.site, "raises here"),),
            )


def _fix(fact: facts.BaseNotInitialised) -> Fix | None:
    """The call above the first statement, if the class above takes nothing."""
    if fact.base_takes_arguments:
        return None
    return Fix.safe(HELP, insert_line_before(fact.first_statement, "super().__init__()"))


RULE = Rule(
    name="missing-super-init",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self, size):
                    #   ^^^^^^^^ missing-super-init
                        self.size = size
                        self.fc = nn.Linear(size, 2)

                    def forward(self, x):
                        return self.fc(x)


                net = Net(4)
            """,
            good="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self, size):
                        super().__init__()
                        self.size = size
                        self.fc = nn.Linear(size, 2)

                    def forward(self, x):
                        return self.fc(x)


                net = Net(4)
            """,
            witness=Raises("AttributeError", "cannot assign module before Module.__init__() call"),
        ),
        Example(
            bad="""
                import torch


                class Scale(torch.nn.Module):
                    def __init__(self, size: int) -> None:
                        \"\"\"Multiplies each channel by a factor.\"\"\"
                        gain = torch.nn.Parameter(torch.ones(size))
                        self.gain = gain
                    #   ^^^^^^^^^ missing-super-init
                        super(Scale, self).__init__()


                scale = Scale(4)
            """,
            good="""
                import torch


                class Scale(torch.nn.Module):
                    def __init__(self, size: int) -> None:
                        \"\"\"Multiplies each channel by a factor.\"\"\"
                        super(Scale, self).__init__()
                        gain = torch.nn.Parameter(torch.ones(size))
                        self.gain = gain


                scale = Scale(4)
            """,
            witness=Raises("AttributeError", "before Module.__init__() call"),
        ),
        Example(
            bad="""
                import lightning as L
                import torch


                class Classifier(L.LightningModule):
                    def __init__(self, net=None, lr=1e-3):
                    #   ^^^^^^^^ missing-super-init
                        \"\"\"What is trained.\"\"\"
                        self.net = torch.nn.Linear(4, 2)
                        self.lr = lr


                model = Classifier()
            """,
            good="""
                import lightning as L
                import torch


                class Classifier(L.LightningModule):
                    def __init__(self, net=None, lr=1e-3):
                        \"\"\"What is trained.\"\"\"
                        super().__init__()
                        self.net = torch.nn.Linear(4, 2)
                        self.lr = lr


                model = Classifier()
            """,
            witness=Raises("AttributeError", "cannot assign module before Module.__init__() call"),
        ),
        Example(
            bad="""
                from torch import nn


                class Wide(nn.Linear):
                    def __init__(self, size):
                    #   ^^^^^^^^ missing-super-init
                        self.gate = nn.Linear(size, 2)


                net = Wide(4)
            """,
            good="""
                from torch import nn


                class Wide(nn.Linear):
                    def __init__(self, size):
                        super().__init__(size, 2)
                        self.gate = nn.Linear(size, 2)


                net = Wide(4)
            """,
            witness=Raises("AttributeError", "cannot assign module before Module.__init__() call"),
        ),
    ),
    near_misses=(
        # Plain values may come first.
        """
        from torch import nn


        class Net(nn.Module):
            def __init__(self, sizes=(4, 2)):
                self.sizes = sizes
                self.names = [str(size) for size in sizes]
                super().__init__()
                self.fc = nn.Linear(*sizes)


        net = Net()
        """,
        # Put aside without registering.
        """
        from torch import nn


        class Net(nn.Module):
            def __init__(self, teacher):
                object.__setattr__(self, "teacher", teacher)
                self.__dict__["other"] = nn.Linear(4, 2)
                super().__init__()
                self.fc = nn.Linear(4, 2)


        net = Net(nn.Linear(4, 2))
        """,
    ),
    is_fixable=True,
)
