"""An optimizer is given a tensor that was computed, not made.

What it does:
Reports tensors in the parameters of an optimizer that were certainly computed from one made with `requires_grad=True`:
`torch.randn(8, requires_grad=True) * 0.01`. Tensors that keep their gradient by `retain_grad()` are accepted, and so
are those that are computed under `torch.no_grad()`.

Why it matters:
`ValueError: can't optimize a non-leaf Tensor` when the optimizer is built: the leaf, which gets the gradient, is the
tensor before the computation, and nobody holds it any more.

Source:
`torch.optim.Optimizer.add_param_group`, torch 2.13.0; run on 2.0 to 2.15.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Operand, Raises, Rule, SemanticModel, Severity, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        differentiable = built.arguments.keywords.get("differentiable")
        if isinstance(built.parameters, Operand) and not built.arguments.is_expected_to_fail and not differentiable:
            for part in _parts(built.parameters):
                if all(option.tag == "of-leaf" for option in part.options):
                    yield Finding(
                        part.site,
                        "the tensor was computed: it is no leaf",
                        "raises ValueError when the optimizer is built: can't optimize a non-leaf Tensor",
                        "compute its values first, then call `requires_grad_()` on the result",
                    )


def _parts(parameters: Operand) -> Iterator[Operand]:
    """The tensors in a list, and in the groups of one."""
    for part in parameters.known_elements:
        if part.kind == "dict":
            inner = part.entry("params")
            if isinstance(inner, Operand):
                yield from inner.known_elements or (inner,)
        else:
            yield part


RULE = Rule(
    name="computed-tensor-in-optimizer",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                images = torch.randn(4, 3, 8, 8, requires_grad=True) * 0.01
                optimizer = torch.optim.SGD([images, ], lr=0.5, momentum=0.5)
                #                            ^^^^^^ computed-tensor-in-optimizer
            """,
            good="""
                import torch

                images = (torch.randn(4, 3, 8, 8) * 0.01).requires_grad_()
                optimizer = torch.optim.SGD([images, ], lr=0.5, momentum=0.5)
            """,
            witness=Raises("ValueError", "can't optimize a non-leaf Tensor"),
        ),
        Example(
            bad="""
                import torch
                from torch.optim import Adam


                class Prompt:
                    def __init__(self, size, scale=0.02):
                        noise = torch.rand(size).requires_grad_()
                        self.tokens = (noise - 0.5) / scale
                        self.optimizer = Adam([{"params": [self.tokens], "lr": 0.1}])
                #                                          ^^^^^^^^^^^ computed-tensor-in-optimizer


                prompt = Prompt(4)
            """,
            good="""
                import torch
                from torch.optim import Adam


                class Prompt:
                    def __init__(self, size, scale=0.02):
                        noise = torch.rand(size)
                        self.tokens = ((noise - 0.5) / scale).requires_grad_()
                        self.optimizer = Adam([{"params": [self.tokens], "lr": 0.1}])


                prompt = Prompt(4)
            """,
            witness=Raises("ValueError", "can't optimize a non-leaf Tensor"),
        ),
    ),
    near_misses=(
        # Leaves of all kinds.
        """
        import torch

        first = torch.randn(4, requires_grad=True)
        second = (torch.randn(4, requires_grad=True) * 0.01).detach().requires_grad_()
        third = torch.nn.Parameter(torch.randn(4, requires_grad=True) * 0.01)
        with torch.no_grad():
            fourth = first * 0.01
        fourth.requires_grad = True
        fifth = torch.tensor([1.0, 2.0]) * 0.5
        fifth.requires_grad_(True)
        optimizer = torch.optim.SGD([first, second, third, fourth, fifth], lr=0.1)
        """,
        # One that keeps its gradient, and a test that waits for the error.
        """
        import torch

        noise = torch.zeros(4, requires_grad=True) + 1
        noise.retain_grad()
        optimizer = torch.optim.SGD([noise], lr=0.1)


        def is_refused():
            try:
                torch.optim.SGD([torch.zeros(4, requires_grad=True) * 2], lr=0.1)
            except ValueError:
                return True
            return False


        is_refused()
        """,
    ),
)
