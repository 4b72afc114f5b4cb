"""A class has a method whose name is `__init__` but for a slip.

What it does:
Reports a method called `__int__`, `__inti__`, `_init_`, `__init` and the like in a module, a dataset, a Lightning
class or another class above a framework class, if it calls the constructor of the class above, and the class has no
`__init__`.

Why it matters:
Python calls `__init__` alone. The layers of the misspelt one are never made: `AttributeError: 'Net' object has no
attribute 'fc'` at the first use, `ValueError: optimizer got an empty parameter list` when an optimizer is built, or a
TypeError when the object is made with arguments.

Fix safety:
Unsafe. The method runs from then on.

Source:
The Python data model, `object.__init__`.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Observes, Raises, Rule, SemanticModel, Severity, facts, replace, tree

SLIPS = (
    *("__int__", "__inti__", "__intit__", "__iniit__", "__innit__", "__ini__", "__initt__", "__initi__", "__nit__"),
    *("__init", "_init_", "_init__", "__init_", "__init___", "___init__", "__Init__", "__INIT__"),
)
HELP = "rename it `__init__`"


def check(model: SemanticModel) -> Iterator[Finding]:
    for defined in model.facts(facts.ClassDefined):
        if not defined.framework_bases or "__init__" in defined.methods:
            continue
        for name, method in defined.methods.items():
            above = _call_of_the_class_above(method) if name in SLIPS else None
            if above is None:
                continue
            place = f"{defined.site.place}.{name}"
            slips = [
                span for span, text in ((method.name_span, name), (above.name_span, above.name)) if text != "__init__"
            ]
            sites = [defined.site._replace(place=place, span=span) for span in slips]
            yield Finding(
                sites[0],
                f"`{defined.name}.{name}` is not the constructor",
                "it never runs: what it sets is missing when it is used",
                HELP,
                Fix.unsafe(HELP, *(replace(site, "__init__") for site in sites)),
            )


def _call_of_the_class_above(method: tree.Function) -> tree.Attribute | None:
    """`super().__init__` in a call, with the same slip or without: nothing but a constructor has that."""
    for statement in method.body:
        for node in tree.walk(statement):
            if isinstance(node, tree.Call) and isinstance(node.func, tree.Attribute):
                owner = node.func.value
                is_super = (
                    isinstance(owner, tree.Call) and isinstance(owner.func, tree.Name) and owner.func.id == "super"
                )
                if is_super and node.func.name in ("__init__", method.name):
                    return node.func
    return None


RULE = Rule(
    name="misspelt-constructor",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __int__(self):
                    #   ^^^^^^^ misspelt-constructor
                        super().__init__()
                        self.fc = nn.Linear(4, 2)

                    def forward(self, x):
                        return self.fc(x)


                out = Net()(torch.randn(8, 4))
            """,
            good="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = nn.Linear(4, 2)

                    def forward(self, x):
                        return self.fc(x)


                out = Net()(torch.randn(8, 4))
            """,
            witness=Raises("AttributeError", "'Net' object has no attribute 'fc'"),
        ),
        Example(
            bad="""
                import torch
                import torch.nn as nn


                class CNNModel(nn.Module):
                    def _init_(self):
                    #   ^^^^^^ misspelt-constructor
                        super(CNNModel, self)._init_()
                        self.cnn = nn.Conv1d(27, 16, 3, padding=1)


                model = CNNModel()
            """,
            good="""
                import torch
                import torch.nn as nn


                class CNNModel(nn.Module):
                    def __init__(self):
                        super(CNNModel, self).__init__()
                        self.cnn = nn.Conv1d(27, 16, 3, padding=1)


                model = CNNModel()
            """,
            witness=Observes("not hasattr(model, 'cnn')"),
        ),
        Example(
            bad="""
                import lightning.pytorch as pl
                import torch


                class Base(pl.LightningModule):
                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Classifier(Base):
                    \"\"\"A layer.\"\"\"

                    def _init_(self, size):
                    #   ^^^^^^ misspelt-constructor
                        super(Classifier, self).__init__()
                        self.fc = torch.nn.Linear(size, 2)


                model = Classifier(4)
            """,
            good="""
                import lightning.pytorch as pl
                import torch


                class Base(pl.LightningModule):
                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Classifier(Base):
                    \"\"\"A layer.\"\"\"

                    def __init__(self, size):
                        super(Classifier, self).__init__()
                        self.fc = torch.nn.Linear(size, 2)


                model = Classifier(4)
            """,
            witness=Raises("TypeError", "takes 1 positional argument but 2 were given"),
        ),
    ),
    near_misses=(
        # Starts the module again, and is called so.
        """
        from torch import nn


        class Net(nn.Module):
            def __init__(self):
                self.restart()

            def restart(self):
                super().__init__()
                self.fc = nn.Linear(4, 2)


        net = Net()
        """,
        # No framework class above.
        """
        class Version:
            def __int__(self):
                super().__init__()
                return 2


        two = int(Version())
        """,
    ),
    is_fixable=True,
)
