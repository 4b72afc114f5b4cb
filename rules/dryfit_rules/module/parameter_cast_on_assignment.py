"""What is assigned to a module is the result of moving or casting a parameter, not the parameter.

What it does:
Reports `self.weight = nn.Parameter(...).cuda()` and the like on a module: `cuda`, `half`, `double`, `bfloat16`, and
`to` with a device or type.

Why it matters:
Moving or casting computes a new tensor from the parameter. That is no `Parameter`, so the module does not register
it: it is missing from `parameters()` and `state_dict()` and no optimizer trains it. Nothing is raised. Where nothing
has to be moved, `to` returns the parameter itself: the code works on a CPU and fails on a GPU.

Fix safety:
Unsafe. The weight is trained and saved from then on.

Source:
`torch.nn.Module.__setattr__`, `torch.Tensor.to`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Observes,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_after,
    replace,
    tree,
)

WITHOUT_ARGUMENTS = ("cuda", "half", "double", "bfloat16")
CASTS = tuple(f"torch.nn.Parameter.{name}" for name in (*WITHOUT_ARGUMENTS, "to"))
HELP = "move or cast the tensor inside `nn.Parameter(...)`"


def check(model: SemanticModel) -> Iterator[Finding]:
    casts = {call.site: call for call in model.calls_to(*CASTS)}
    for fact in model.facts(facts.AttributeSet):
        call = casts.get(fact.to.site)
        made = _made_in(model, call) if call is not None else None
        if call is None or made is None or not all(option.is_a("torch.nn.Module") for option in fact.owner.options):
            continue
        name = call.name.rpartition(".")[2]
        if name != "to" or _may_copy(call):
            yield Finding(
                call.site,
                f"`{fact.name}` is set to the result of `{name}`, which is no parameter",
                "the module does not register it: it is not trained and not saved",
                HELP,
                _fix(made, call, name),
            )


def _may_copy(call: facts.FrameworkCall) -> bool:
    """Is there anything to move or cast to? `to("cpu")` returns the parameter itself where it is made."""
    given = [*call.arguments.positional, *(keyword.value for keyword in call.arguments.keywords.values())]
    return bool(given) and not all(value.literal == "cpu" for value in given)


def _fix(made: facts.FrameworkCall, cast: facts.FrameworkCall, name: str) -> Fix | None:
    """`nn.Parameter(x).cuda()` to `nn.Parameter(x.cuda())`; with arguments their text would have to be moved."""
    if name not in WITHOUT_ARGUMENTS or cast.arguments.call.arguments:
        return None
    tensor = made.arguments.call.arguments[0] if made.arguments.call.arguments else None
    if (
        tensor is None
        or tensor.keyword is not None
        or not isinstance(tensor.value, tree.Name | tree.Attribute | tree.Call)
    ):
        return None
    tail = cast.arguments.site_of(made.arguments.call.span.at_end.to(cast.arguments.call.span))
    return Fix.unsafe(HELP, insert_after(made.arguments.site_of(tensor.value.span), f".{name}()"), replace(tail, ""))


def _made_in(model: SemanticModel, cast: facts.FrameworkCall) -> facts.FrameworkCall | None:
    """The call that makes the parameter, if it is the very expression that is cast."""
    function = cast.arguments.call.func
    for made in model.calls_to("torch.nn.Parameter"):
        if made.site[:2] == cast.site[:2] and isinstance(function, tree.Attribute):
            if function.value == made.arguments.call:
                return made
    return None


RULE = Rule(
    name="parameter-cast-on-assignment",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn


                class Scale(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.gain = nn.Parameter(torch.ones(4)).double()
                    #               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ parameter-cast-on-assignment

                    def forward(self, x):
                        return x * self.gain


                scale = Scale()
            """,
            good="""
                import torch
                from torch import nn


                class Scale(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.gain = nn.Parameter(torch.ones(4).double())

                    def forward(self, x):
                        return x * self.gain


                scale = Scale()
            """,
            witness=Observes("list(scale.parameters()) == []"),
        ),
        Example(
            bad="""
                import torch
                from torch.nn import Module
                from torch.nn import Parameter as P


                class CenterLoss(Module):
                    def __init__(self, classes, device):
                        super(CenterLoss, self).__init__()
                        self.centers = P(torch.randn(classes, 2)).to(device)
                    #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ parameter-cast-on-assignment


                loss = CenterLoss(3, "meta")
            """,
            good="""
                import torch
                from torch.nn import Module
                from torch.nn import Parameter as P


                class CenterLoss(Module):
                    def __init__(self, classes, device):
                        super(CenterLoss, self).__init__()
                        self.centers = P(torch.randn(classes, 2).to(device))


                loss = CenterLoss(3, "meta")
            """,
            witness=Observes("len(list(loss.parameters())) == 0"),
        ),
    ),
    near_misses=(
        # The tensor is moved, then made a parameter; or the whole module is moved.
        """
        import torch
        from torch import nn


        class Scale(nn.Module):
            def __init__(self, device):
                super().__init__()
                self.gain = nn.Parameter(torch.ones(4).to(device))
                self.shift = nn.Parameter(torch.zeros(4, dtype=torch.float64, device=device))


        scale = Scale("cpu").double()
        """,
        # No module: the optimizer is given the parameter itself.
        """
        import torch


        class Problem:
            def __init__(self):
                unknown = torch.nn.Parameter(torch.ones(4))
                self.optimizer = torch.optim.SGD([unknown], lr=0.1)
                self.as_double = unknown.double()


        problem = Problem()
        """,
    ),
    is_fixable=True,
)
