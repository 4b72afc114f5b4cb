"""Some parameters of an optimizer come with names, others without.

What it does:
Looks at the parameter groups that an optimizer of `torch.optim` is built from, and at those added later, and reports
a group made of `named_parameters()` beside one made of `parameters()`. Within one list: pairs of name and parameter
beside single parameters.

Why it matters:
Names are all or nothing. `ValueError: all optimizer param groups should be with/without names. cannot add param group
with names to the optimizer`; within one list `ValueError: all optimizer params should be with/without names`. Before
torch 2.6 an optimizer took no names at all and raised TypeError.

Source:
`torch.optim.Optimizer.add_param_group`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Operand,
    Raises,
    Related,
    Rule,
    SemanticModel,
    Severity,
    facts,
)


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        if built.is_of_torch and isinstance(built.parameters, Operand):
            groups = [built.parameters.known_elements] if built.parameters.kind in ("list", "tuple") else []
            yield from _among(model, _contents(built.parameters) or [e for elements in groups for e in elements])
    for added in model.facts(facts.GroupAdded):
        if added.method == "add_param_group" and isinstance(added.group, Operand):
            arguments = added.optimizer.arguments
            given = arguments.get(0, arguments.get("params"))
            params = added.group.entry("params")
            if given is not None and isinstance(params, Operand):
                yield from _among(model, [*(_contents(given) or [given]), params])


def _contents(groups: Operand) -> list[Operand]:
    """What the groups of a list hold."""
    found = [group.entry("params") for group in groups.known_elements]
    return [params for params in found if isinstance(params, Operand)]


def _among(model: SemanticModel, collections: list[Operand]) -> Iterator[Finding]:
    """The first that differs from the first one that is known."""
    kinds = [(collection, _has_names(collection)) for collection in collections]
    takes_names = model.frameworks.torch_since("2.6")
    known = [(collection, has_names) for collection, has_names in kinds if has_names is not None]
    for collection, has_names in known[1:]:
        first, first_has_names = known[0]
        if has_names is not first_has_names:
            yield Finding(
                collection.site,
                f"these parameters come {_with(has_names)} names, others of the optimizer {_with(first_has_names)}",
                "raises ValueError: all optimizer param groups should be with/without names"
                if takes_names
                else "raises TypeError before torch 2.6: no parameter of an optimizer has a name",
                "use `named_parameters()` for all of them or for none" if takes_names else "use `parameters()` for all",
                related=(Related(first.site, f"{_with(first_has_names)} names"),),
            )
            return


def _with(has_names: bool | None) -> str:
    return "with" if has_names else "without"


def _has_names(collection: Operand) -> bool | None:
    """True for pairs of name and parameter (or one such pair), False for parameters, None if it is not certain."""
    if len(collection.options) > 1:
        return None
    if _is_pair(collection):
        return True
    if collection.is_parameters:
        return False
    further = collection.any_element
    elements = (*collection.known_elements, *(() if further is None else (further,)))
    return True if elements and all(_is_pair(element) for element in elements) else None


def _is_pair(element: Operand) -> bool:
    parts = element.known_elements if element.kind == "tuple" else ()
    return len(parts) == 2 and not parts[0].is_parameters and parts[1].kind == "parameter"


RULE = Rule(
    name="named-and-plain-parameters-mixed",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch

                body, head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
                optimizer = torch.optim.AdamW(
                    [
                        {"params": body.parameters(), "lr": 1e-4},
                        {"params": head.named_parameters()},
                    #              ^^^^^^^^^^^^^^^^^^^^^^^ named-and-plain-parameters-mixed
                    ]
                )
            """,
            good="""
                import torch

                body, head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
                optimizer = torch.optim.AdamW(
                    [
                        {"params": body.named_parameters(), "lr": 1e-4},
                        {"params": head.named_parameters()},
                    ]
                )
            """,
            witness=Raises("ValueError", "cannot add param group with names to the optimizer"),
        ),
        Example(
            bad="""
                from torch import nn
                from torch.optim import SGD as Descent


                def unfreeze(optimizer, layer):
                    optimizer.add_param_group({"params": list(layer.parameters()), "lr": 0.01})
                    #                                    ^^^^^^^^^^^^^^^^^^^^^^^^ named-and-plain-parameters-mixed


                body, head = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = Descent(head.named_parameters(), lr=0.1)
                unfreeze(optimizer, body)
            """,
            good="""
                from torch import nn
                from torch.optim import SGD as Descent


                def unfreeze(optimizer, layer):
                    optimizer.add_param_group({"params": list(layer.named_parameters()), "lr": 0.01})


                body, head = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = Descent(head.named_parameters(), lr=0.1)
                unfreeze(optimizer, body)
            """,
            witness=Raises("ValueError", "cannot add param group without names to the optimizer"),
        ),
    ),
    near_misses=(
        # Names for all of them, in groups, in a list and alone.
        """
        import torch

        body, head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
        first = torch.optim.SGD([{"params": body.named_parameters()}, {"params": head.named_parameters()}], lr=0.1)
        second = torch.optim.SGD(body.named_parameters(), lr=0.1)
        third = torch.optim.SGD([*body.named_parameters(), *head.named_parameters()], lr=0.1)
        first.add_param_group({"params": [("scale", torch.nn.Parameter(torch.ones(1)))]})
        """,
        # The names choose, and are dropped.
        """
        import torch

        body, head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
        plain = [p for n, p in body.named_parameters() if n.endswith("bias")]
        others = [p for n, p in body.named_parameters() if not n.endswith("bias")]
        optimizer = torch.optim.AdamW(
            [{"params": plain, "weight_decay": 0.0}, {"params": others}, {"params": head.parameters()}]
        )
        """,
        # Two optimizers, one with names and one without.
        """
        import torch

        body, head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
        first = torch.optim.SGD(body.named_parameters(), lr=0.1)
        second = torch.optim.SGD(head.parameters(), lr=0.1)
        """,
        # Pairs that were taken apart by a function that is not known.
        """
        import operator

        import torch

        body, head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
        chosen = map(operator.itemgetter(1), body.named_parameters())
        optimizer = torch.optim.SGD([{"params": chosen}, {"params": head.parameters()}], lr=0.1)
        """,
    ),
)
