"""The parameters of a group are in a set.

What it does:
Looks at the value under `params` in the groups that an optimizer of `torch.optim` is built from or that are added to
it, and reports sets.

Why it matters:
`TypeError: optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets will
change between runs` when the optimizer is built. torch keeps the optimizer's state by position, so a set would give
the moments of one weight to another after a checkpoint is loaded. A set that is not in a group is let through, with
that risk.

Fix safety:
Safe for a set that is written out, which becomes a list of the same elements. Unsafe for another expression, around
which `list(...)` is put: it runs, but the order can differ in the next run.

Source:
`torch.optim.Optimizer.add_param_group`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    replace,
    wrap,
)

HELP = "use a list"


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        if built.is_of_torch and isinstance(built.parameters, Operand):
            alternatives = [list(_sets(groups)) for groups in built.parameters.options]
            if all(alternatives):
                for sets in alternatives:
                    yield from (_finding(found, "the optimizer is built") for found in sets)
    for added in model.facts(facts.GroupAdded):
        if added.method == "add_param_group" and isinstance(added.group, Operand):
            yield from (_finding(found, "the group is added") for found in _in_group(added.group))


def _sets(groups: Operand) -> Iterator[Operand]:
    further = groups.any_element
    for group in (*groups.known_elements, *(() if further is None else (further,))):
        yield from _in_group(group)


def _in_group(group: Operand) -> Iterator[Operand]:
    params = group.entry("params")
    if isinstance(params, Operand) and all(option.kind == "set" for option in params.options):
        yield params


def _finding(found: Operand, moment: str) -> Finding:
    return Finding(
        found.site,
        "the parameters of a group are in a set, which has no order",
        f"raises TypeError when {moment}",
        HELP,
        _fix(found),
    )


def _fix(found: Operand) -> Fix:
    """Other brackets for a set that is written out."""
    if not _is_written_out(found):
        return Fix.unsafe(HELP, *wrap(found.site, "list(", ")"))
    span = found.site.span
    opening = found.site._replace(span=span._replace(end_line=span.line, end_column=span.column + 1))
    closing = found.site._replace(span=span._replace(line=span.end_line, column=span.end_column - 1))
    return Fix.safe(HELP, replace(opening, "["), replace(closing, "]"))


def _is_written_out(found: Operand) -> bool:
    """Is it `{a, b}`? Its first element stands right behind the bracket, which leaves no room for `set([`."""
    elements = found.elements
    if elements is UNKNOWN or not elements:
        return False
    place, first = found.site, elements[0].site
    is_same_unit = (place.module, place.place, place.span.line) == (first.module, first.place, first.span.line)
    return is_same_unit and place.span.column < first.span.column < place.span.column + len("set(")


RULE = Rule(
    name="parameters-in-a-set",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.AdamW([{"params": {net.weight, net.bias}, "weight_decay": 0.0}])
                #                                         ^^^^^^^^^^^^^^^^^^^^^^ parameters-in-a-set
            """,
            good="""
                import torch

                net = torch.nn.Linear(4, 2)
                optimizer = torch.optim.AdamW([{"params": [net.weight, net.bias], "weight_decay": 0.0}])
            """,
            witness=Raises("TypeError", "need to be organized in ordered collections"),
        ),
        Example(
            bad="""
                from torch import nn
                from torch.optim import SGD as Descent


                def decayed(module):
                    return {p for p in module.parameters() if p.ndim > 1}


                net = nn.Linear(4, 2)
                weights = decayed(net)
                optimizer = Descent([net.bias], lr=0.1)
                optimizer.add_param_group(dict(params=weights, weight_decay=0.1))
                #                                     ^^^^^^^ parameters-in-a-set
            """,
            good="""
                from torch import nn
                from torch.optim import SGD as Descent


                def decayed(module):
                    return {p for p in module.parameters() if p.ndim > 1}


                net = nn.Linear(4, 2)
                weights = decayed(net)
                optimizer = Descent([net.bias], lr=0.1)
                optimizer.add_param_group(dict(params=list(weights), weight_decay=0.1))
            """,
            witness=Raises("TypeError", "need to be organized in ordered collections"),
        ),
    ),
    near_misses=(
        # A set that is not in a group, and sets that were put in order.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        first = torch.optim.SGD({net.weight, net.bias}, lr=0.1)
        second = torch.optim.SGD([{"params": sorted({net.weight, net.bias}, key=id)}], lr=0.1)
        third = torch.optim.SGD([{"params": list({net.weight, net.bias})}], lr=0.1)
        """,
        # A frozenset is no set for torch, and neither is a dict's view.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        first = torch.optim.SGD([{"params": frozenset(net.parameters())}], lr=0.1)
        second = torch.optim.SGD([{"params": dict(net.named_parameters()).values()}], lr=0.1)
        """,
        # A set of names that is used to choose.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        plain = {"bias"}
        optimizer = torch.optim.AdamW(
            [
                {"params": [p for n, p in net.named_parameters() if n in plain], "names": {"bias"}},
                {"params": [p for n, p in net.named_parameters() if n not in plain]},
            ]
        )
        """,
    ),
    is_fixable=True,
)
