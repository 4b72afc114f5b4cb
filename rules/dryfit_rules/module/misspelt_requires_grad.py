"""A flag that looks like `requires_grad` is set on a parameter.

What it does:
Reports attributes whose name is close to `requires_grad` (`require_grad`, `requires_gard`, `required_grad`), and
`requires_grad_`, which is a method, where they are set on a parameter, a tensor or a layer of torch.

Why it matters:
Tensors accept any attribute: nothing is said, nothing is frozen, and the parameter goes on being trained.

Fix safety:
Unsafe: the parameter is frozen, or thawed, from then on.

Source:
`torch.Tensor.requires_grad`, torch 2.13.0.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher

from dryfit.rulekit import Example, Finding, Fix, Observes, Operand, Rule, SemanticModel, Severity, facts, replace

RIGHT = "requires_grad"
HELP = f"write `{RIGHT}`"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.AttributeSet):
        if _is_misspelt(fact.name) and all(_is_tensor_or_layer(option) for option in fact.owner.options):
            is_tensor = fact.owner.kind in ("parameter", "tensor")
            yield Finding(
                fact.name_site or fact.site,
                f"`{fact.name}` is set, and the flag is called `{RIGHT}`",
                "nothing reads it: `requires_grad` stays as it is",
                HELP
                if is_tensor
                else f"call `{RIGHT}_({fact.to.literal})`"
                if fact.to.is_constant
                else f"call `{RIGHT}_`",
                Fix.unsafe(HELP, replace(fact.name_site, RIGHT)) if fact.name_site is not None and is_tensor else None,
            )


def _is_misspelt(name: str) -> bool:
    return name != RIGHT and SequenceMatcher(None, name.lower(), RIGHT).ratio() > 0.85


def _is_tensor_or_layer(value: Operand) -> bool:
    """Modules of the project can have an attribute of any name."""
    return value.kind in ("parameter", "tensor") or (
        value.class_names[:1] != () and value.class_names[0].startswith("torch.nn.")
    )


RULE = Rule(
    name="misspelt-requires-grad",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                from torch import nn

                model = nn.Linear(4, 2)
                for p in model.parameters():
                    p.require_grad = False
                #     ^^^^^^^^^^^^ misspelt-requires-grad
            """,
            good="""
                from torch import nn

                model = nn.Linear(4, 2)
                for p in model.parameters():
                    p.requires_grad = False
            """,
            witness=Observes("all(p.requires_grad for p in model.parameters())"),
        ),
        Example(
            bad="""
                import torch


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.body = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU())
                        self.head = torch.nn.Linear(4, 2)

                    def freeze(self):
                        for name, weight in self.body.named_parameters():
                            weight.requires_grad_ = False
                #                  ^^^^^^^^^^^^^^ misspelt-requires-grad


                net = Net()
                net.freeze()
            """,
            good="""
                import torch


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.body = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU())
                        self.head = torch.nn.Linear(4, 2)

                    def freeze(self):
                        for name, weight in self.body.named_parameters():
                            weight.requires_grad = False


                net = Net()
                net.freeze()
            """,
            witness=Observes("net.body[0].weight.requires_grad"),
        ),
        Example(
            bad="""
                from torch import nn

                net = nn.Linear(4, 2)
                net.weight.requires_gard = False
                #          ^^^^^^^^^^^^^ misspelt-requires-grad
            """,
            good="""
                from torch import nn

                net = nn.Linear(4, 2)
                net.weight.requires_grad = False
            """,
            witness=Observes("net.weight.requires_grad"),
        ),
    ),
    near_misses=(
        # The right name, the method, and an attribute of the project's own module.
        """
        from torch import nn


        class Net(nn.Module):
            def __init__(self, require_grad=True):
                super().__init__()
                self.require_grad = require_grad
                self.fc = nn.Linear(4, 2)
                self.fc.requires_grad_(self.require_grad)


        net = Net(False)
        for p in net.parameters():
            p.requires_grad = True
            p.is_shared_weight = True
        """,
        # An object that is no tensor.
        """
        import argparse

        options = argparse.Namespace()
        options.require_grad = False


        def configure(thing):
            thing.require_grad = False


        configure(options)
        """,
    ),
    is_fixable=True,
)
