"""The result of `load_state_dict` takes the module's name.

What it does:
Reports `model = model.load_state_dict(...)`, also of an attribute: the method loads in place, and returns a report of
missing and unexpected keys.

Why it matters:
The name holds the report from then on, and the next use of the model raises `TypeError: '_IncompatibleKeys' object is
not callable`, or `AttributeError: '_IncompatibleKeys' object has no attribute 'eval'`.

Fix safety:
Safe: the code could not have gone on.

Source:
`torch.nn.Module.load_state_dict`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Raises, Rule, SemanticModel, Severity, facts, replace

HELP = "leave out the assignment"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.ModuleReplaced):
        if fact.name == "load_state_dict" and fact.receiver.is_a("torch.nn.Module"):
            yield Finding(
                fact.site,
                "the module is replaced by what `load_state_dict` returns",
                "its next use raises: `_IncompatibleKeys` is a report of keys, not a module",
                HELP,
                Fix.safe(HELP, replace(fact.target, "")),
            )


RULE = Rule(
    name="module-replaced-by-load-result",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                if True:
                    model = torch.nn.Linear(4, 2)
                    model = model.load_state_dict(torch.nn.Linear(4, 2).state_dict())
                #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ module-replaced-by-load-result
                output = model(torch.randn(1, 4))
            """,
            good="""
                import torch

                if True:
                    model = torch.nn.Linear(4, 2)
                    model.load_state_dict(torch.nn.Linear(4, 2).state_dict())
                output = model(torch.randn(1, 4))
            """,
            witness=Raises("TypeError", "'_IncompatibleKeys' object is not callable"),
        ),
        Example(
            bad="""
                from torch import nn


                class Student:
                    def __init__(self, teacher):
                        self.net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
                        self.net = self.net.load_state_dict(teacher.state_dict())
                #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ module-replaced-by-load-result


                student = Student(nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2)))
                student.net.eval()
            """,
            good="""
                from torch import nn


                class Student:
                    def __init__(self, teacher):
                        self.net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
                        self.net.load_state_dict(teacher.state_dict())


                student = Student(nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2)))
                student.net.eval()
            """,
            witness=Raises("AttributeError", "object has no attribute 'eval'"),
        ),
    ),
    near_misses=(
        # The report is kept beside the module.
        """
        import torch

        model = torch.nn.Linear(4, 2)
        report = model.load_state_dict(torch.nn.Linear(4, 2).state_dict(), strict=False)
        missing, unexpected = model.load_state_dict({}, strict=False)
        model(torch.randn(1, 4))
        """,
        # A class of its own whose method returns the object.
        """
        from torch import nn


        class Net(nn.Linear):
            def load_state_dict(self, state, strict=True):
                super().load_state_dict(state, strict)
                return self


        class Store:
            def load_state_dict(self, state):
                return self


        net, store = Net(4, 2), Store()
        net = net.load_state_dict(nn.Linear(4, 2).state_dict())
        store = store.load_state_dict({})
        """,
    ),
    is_fixable=True,
)
