"""A function that works in place is called by its old name without the underscore.

What it does:
Reports `nn.init.xavier_uniform` and the other initializers without an underscore, and `nn.utils.clip_grad_norm`.

Why it matters:
Each call issues a FutureWarning (a UserWarning up to torch 2.2). The functions with an underscore at the end do the
same.

Fix safety:
Safe: the old function calls the new one.

Source:
`torch.nn.init._make_deprecate` and `torch.nn.utils.clip_grad_norm`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Rule, SemanticModel, Severity, Warns, facts, replace, tree

INITIALIZERS = (
    "uniform", "normal", "constant", "eye", "dirac", "xavier_uniform", "xavier_normal", "kaiming_uniform",
    "kaiming_normal", "orthogonal", "sparse",
)  # fmt: skip
OLD = (*(f"torch.nn.init.{name}" for name in INITIALIZERS), "torch.nn.utils.clip_grad_norm")


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.calls_to(*OLD):
        name = call.name.rpartition(".")[2]
        help = f"call `{name}_`"
        yield Finding(
            call.site,
            f"`{name}` is the deprecated name of `{name}_`",
            "issues a FutureWarning" if model.frameworks.torch_since("2.4") else "issues a warning",
            help,
            _fix(call, name, help),
        )


def _fix(call: facts.FrameworkCall, name: str, title: str) -> Fix | None:
    """The new name, where the function is reached through its module."""
    function = call.arguments.call.func
    if isinstance(function, tree.Attribute) and function.name == name:
        return Fix.safe(title, replace(call.arguments.site_of(function.name_span), f"{name}_"))
    return None


RULE = Rule(
    name="deprecated-torch-name",
    severity=Severity.HINT,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = nn.Linear(4, 2)
                        nn.init.xavier_uniform(self.fc.weight)
                    #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ deprecated-torch-name
                        nn.init.constant(self.fc.bias, 0.0)
                    #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ deprecated-torch-name


                net = Net()
            """,
            good="""
                import torch
                from torch import nn


                class Net(nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.fc = nn.Linear(4, 2)
                        nn.init.xavier_uniform_(self.fc.weight)
                        nn.init.constant_(self.fc.bias, 0.0)


                net = Net()
            """,
            witness=Warns("FutureWarning", "is now deprecated in favor of `nn.init.xavier_uniform_`"),
        ),
        Example(
            bad="""
                import torch
                from torch.nn.utils import clip_grad_norm as clip

                net = torch.nn.Linear(4, 2)
                net(torch.randn(8, 4)).mean().backward()
                norm = clip(net.parameters(), 1.0)
                #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^ deprecated-torch-name
            """,
            good="""
                import torch
                from torch.nn.utils import clip_grad_norm_ as clip

                net = torch.nn.Linear(4, 2)
                net(torch.randn(8, 4)).mean().backward()
                norm = clip(net.parameters(), 1.0)
            """,
            witness=Warns("FutureWarning", "clip_grad_norm` is now deprecated"),
        ),
    ),
    near_misses=(
        # The new names, and others that never had an underscore.
        """
        import torch
        from torch import nn

        net = nn.Linear(4, 2)
        nn.init.kaiming_normal_(net.weight, a=nn.init.calculate_gain("relu"))
        nn.init.zeros_(net.bias)
        """,
        # Methods and functions of other things.
        """
        import torch


        class Engine:
            def clip_grad_norm(self, limit):
                return limit


        class init:
            @staticmethod
            def uniform(tensor):
                return tensor


        limit = Engine().clip_grad_norm(1.0)
        same = init.uniform(torch.zeros(3))
        drawn = torch.distributions.Uniform(0.0, 1.0).sample()
        """,
    ),
    is_fixable=True,
)
