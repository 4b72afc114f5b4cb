"""A list of layers is multiplied: it holds one layer several times.

What it does:
Reports `[nn.Linear(4, 4)] * 3` and the like, where a layer with weights is made inside the list. Layers without weights
can be repeated, and a layer that has a name can be shared on purpose.

Why it matters:
`*` repeats the reference. The network is as deep as it seems, with the weights of a single layer: 2 parameters instead
of 6, and each is trained by all places at once.

Fix safety:
Unsafe: the network has more weights from then on, and checkpoints of the old one do not fit.

Source:
Python's `list.__mul__`; `torch.nn.Module.parameters` leaves out repetitions, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Fix,
    Observes,
    Rule,
    SemanticModel,
    Severity,
    facts,
    replace,
)

HELP = "make one in each pass of a comprehension"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.LayersRepeated):
        layers = fact.layers.elements
        if layers is UNKNOWN or not layers or fact.times.literal in (0, 1):
            continue
        times = "" if fact.times.literal is UNKNOWN else f" {fact.times.literal} times"
        yield Finding(
            fact.site,
            f"one `{layers[0].class_name}` is in the list{times or ' several times'}",
            "all places share the weights of a single layer",
            HELP,
            _fix(fact) if len(layers) == 1 else None,
        )


def _fix(fact: facts.LayersRepeated) -> Fix | None:
    """`[x] * n` becomes `[x for _ in range(n)]`, where nothing is in parentheses."""
    layers, whole, inside, times = fact.layers.elements, fact.site.span, fact.layers.site.span, fact.times.site.span
    if layers is UNKNOWN or fact.site.inside is not None or fact.layers.kind != "list":
        return None
    one = layers[0].site.span
    is_plain = whole[:2] == inside[:2] and whole[2:] == times[2:] and one[:2] == (inside.line, inside.column + 1)
    if not is_plain or one[2:] != (inside.end_line, inside.end_column - 1):
        return None
    between, end = one.at_end.to(times.at_start), times.at_end
    return Fix.unsafe(
        HELP,
        replace(fact.site._replace(span=between), " for _ in range("),
        replace(fact.site._replace(span=end), ")]"),
    )


RULE = Rule(
    name="layer-repeated-by-multiplication",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                from torch import nn

                stack = nn.Sequential(*[nn.Linear(4, 4)] * 3)
                #                      ^^^^^^^^^^^^^^^^^^^^^ layer-repeated-by-multiplication
            """,
            good="""
                from torch import nn

                stack = nn.Sequential(*[nn.Linear(4, 4) for _ in range(3)])
            """,
            witness=Observes("len(list(stack.parameters())) == 2"),
        ),
        Example(
            bad="""
                import torch


                class Block(torch.nn.Module):
                    def __init__(self, width):
                        super().__init__()
                        self.fc = torch.nn.Linear(width, width)


                class Net(torch.nn.Module):
                    def __init__(self, depth, width):
                        super().__init__()
                        self.blocks = torch.nn.ModuleList([Block(width)] * depth)
                #                                         ^^^^^^^^^^^^^^^^^^^^^^ layer-repeated-by-multiplication


                net = Net(5, 8)
            """,
            good="""
                import torch


                class Block(torch.nn.Module):
                    def __init__(self, width):
                        super().__init__()
                        self.fc = torch.nn.Linear(width, width)


                class Net(torch.nn.Module):
                    def __init__(self, depth, width):
                        super().__init__()
                        self.blocks = torch.nn.ModuleList([Block(width) for _ in range(depth)])


                net = Net(5, 8)
            """,
            witness=Observes("len(list(net.parameters())) == 2"),
        ),
        Example(
            bad="""
                from torch.nn import Linear, ReLU, Sequential

                layers = 2 * [Linear(4, 4), ReLU()]
                #        ^^^^^^^^^^^^^^^^^^^^^^^^^^ layer-repeated-by-multiplication
                net = Sequential(*layers)
            """,
            good="""
                from torch.nn import Linear, ReLU, Sequential

                layers = [layer for _ in range(2) for layer in (Linear(4, 4), ReLU())]
                net = Sequential(*layers)
            """,
            witness=Observes("len(list(net.parameters())) == 2"),
        ),
    ),
    near_misses=(
        # Layers without weights, a layer with a name that is shared, and numbers.
        """
        from torch import nn

        activations = [nn.ReLU()] * 3
        shared = nn.Linear(4, 4)
        albert = nn.ModuleList([shared] * 12)
        sizes = [64] * 3
        layers = [nn.Linear(4, 4)] * 1
        stack = nn.Sequential(*[nn.Linear(size, 64) for size in sizes])
        """,
        # A class of that name, and factories that are repeated.
        """
        from functools import partial

        from torch import nn


        class Linear:
            def __init__(self, width):
                self.width = width


        plans = [Linear(4)] * 3
        stack = nn.Sequential(*[make() for make in [partial(nn.Linear, 4, 4)] * 3])
        """,
    ),
    is_fixable=True,
)
