"""A list of parameter groups holds something else than dicts.

What it does:
Looks at the list or tuple that an optimizer of `torch.optim` is built from, wherever it was put together (in place,
with `append`, in a loop, in a helper), and at what `add_param_group` is given. Reports elements that are collections
of parameters (a generator such as `net.parameters()`, a list, a set), and single parameters beside groups that are
dicts.

Why it matters:
torch takes a list of tensors or a list of dicts, nothing else and no mixture. The constructor raises `TypeError:
param_group must be a dict, but got <class 'generator'>` if the first element is a dict, and otherwise `TypeError:
optimizer can only optimize Tensors, but one of the params is Module.parameters` (or `list`, or `dict`). In a
`LightningModule` that happens inside `configure_optimizers`, when `fit` begins. torch 2.0 raised `AssertionError: param
group must be a dict` instead of the first.

Fix safety:
Safe. The list was refused; as a dict, the element is a group with the optimizer's own settings.

Source:
`torch.optim.Optimizer.__init__` and `add_param_group`, torch 2.13.0; run on 2.0 and 2.2 to 2.13.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    Site,
    facts,
    wrap,
)

HELP = 'wrap it in a dict: `{"params": ...}`'
COLLECTIONS = ("generator", "list", "set")  # never an element of a list that an optimizer is built from
BESIDE_DICTS = (*COLLECTIONS, "tuple", "parameter")  # no group either, where the others are dicts


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.OptimizerBuilt):
        if built.is_of_torch and isinstance(built.parameters, Operand):
            if all(_refused(groups) for groups in built.parameters.options):
                for groups in built.parameters.options:
                    yield from _in_list(
                        built.class_name.rpartition(".")[2], groups, model.frameworks.torch_since("2.2")
                    )
    for added in model.facts(facts.GroupAdded):
        if added.method == "add_param_group" and isinstance(added.group, Operand):
            if _is_any_of(added.group, BESIDE_DICTS):
                yield _added(added, added.group, model.frameworks.torch_since("2.2"))


def _refused(groups: Operand) -> list[tuple[str, Operand]]:
    """The elements that torch does not take, each with what it is called in a message."""
    if groups.kind not in ("list", "tuple"):
        return []
    kinds = BESIDE_DICTS if any(_is_any_of(e, ("dict",)) for _, e in _elements(groups)) else COLLECTIONS
    return [(name, element) for name, element in _elements(groups) if _is_any_of(element, kinds)]


def _elements(groups: Operand) -> list[tuple[str, Operand]]:
    known = [(f"parameter group {i}", element) for i, element in enumerate(groups.known_elements)]
    return [*known, *([("a parameter group", groups.any_element)] if groups.any_element is not None else [])]


def _is_any_of(element: Operand, kinds: tuple[str, ...]) -> bool:
    return all(option.kind in kinds for option in element.options)


def _in_list(optimizer: str, groups: Operand, is_type_error: bool) -> Iterator[Finding]:
    refused = _refused(groups)
    # With the refused elements wrapped, nothing but dicts is left; LBFGS takes one group only.
    dicts = [element for _, element in _elements(groups) if _is_any_of(element, ("dict",))]
    is_mendable = optimizer != "LBFGS" and len(dicts) + len(refused) == len(_elements(groups))
    places: dict[Site, list[tuple[str, Operand]]] = {}  # several elements can come from one place, in a helper
    for name, element in refused:
        places.setdefault(element.site, []).append((name, element))
    for site, found in places.items():
        name, element = found[0]
        # A generator expression alone in a call's parentheses shares them with the call.
        has_own_text = element.origin != "generator expression" or groups.site.holds(site)
        can_wrap = is_mendable and has_own_text and site != groups.site and all(_is_content(e) for _, e in found)
        yield Finding(
            site,
            f"{name if len(found) == 1 else 'a parameter group'} of `{optimizer}` is a {_kind(element)}, not a dict",
            f"raises {'TypeError ' if is_type_error else ''}when the optimizer is built",
            HELP,
            Fix.safe(HELP, *wrap(site, '{"params": ', "}")) if can_wrap else None,
        )


def _added(added: facts.GroupAdded, group: Operand, is_type_error: bool) -> Finding:
    has_own_text = group.origin != "generator expression" and group.site != added.site
    can_wrap = has_own_text and _is_content(group)
    return Finding(
        group.site,
        f"the group given to `add_param_group` is a {_kind(group)}, not a dict",
        "raises TypeError: param_group must be a dict" if is_type_error else "raises: param group must be a dict",
        HELP,
        Fix.safe(HELP, *wrap(group.site, '{"params": ', "}")) if can_wrap else None,
    )


def _kind(element: Operand) -> str:
    return element.options[0].kind


def _is_content(element: Operand) -> bool:
    """Certainly parameters that a group takes as they are."""
    return element.kind not in ("set", "one-of") and element.is_parameters and not element.is_exhausted


RULE = Rule(
    name="param-group-not-a-dict",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                import torch.nn as nn
                import torch.optim as optim
                from pytorch_lightning import LightningModule, Trainer


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.fc1 = nn.Linear(10, 5)
                        self.fc2 = nn.Linear(5, 2)

                    def training_step(self, batch, batch_idx):
                        return self.fc2(self.fc1(batch)).mean()

                    def configure_optimizers(self):
                        optimizer = optim.Adam(
                            [
                                {'params': self.fc1.parameters(), 'lr': 1e-3},
                                self.fc2.parameters()
                            #   ^^^^^^^^^^^^^^^^^^^^^ param-group-not-a-dict
                            ]
                        )
                        return optimizer


                loader = torch.utils.data.DataLoader(torch.randn(8, 10), batch_size=4)
                Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import torch
                import torch.nn as nn
                import torch.optim as optim
                from pytorch_lightning import LightningModule, Trainer


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.fc1 = nn.Linear(10, 5)
                        self.fc2 = nn.Linear(5, 2)

                    def training_step(self, batch, batch_idx):
                        return self.fc2(self.fc1(batch)).mean()

                    def configure_optimizers(self):
                        optimizer = optim.Adam(
                            [
                                {'params': self.fc1.parameters(), 'lr': 1e-3},
                                {"params": self.fc2.parameters()}
                            ]
                        )
                        return optimizer


                loader = torch.utils.data.DataLoader(torch.randn(8, 10), batch_size=4)
                Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("TypeError", "param_group must be a dict, but got <class 'generator'>"),
        ),
        Example(
            bad="""
                from torch import nn
                from torch.optim import SGD as Descent


                def build(*modules, lr):
                    groups = []
                    for module in modules:
                        groups.append(module.parameters())
                    #                 ^^^^^^^^^^^^^^^^^^^ param-group-not-a-dict
                    return Descent(groups, lr=lr)


                encoder, decoder = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = build(encoder, decoder, lr=0.1)
            """,
            good="""
                from torch import nn
                from torch.optim import SGD as Descent


                def build(*modules, lr):
                    groups = []
                    for module in modules:
                        groups.append({"params": module.parameters()})
                    return Descent(groups, lr=lr)


                encoder, decoder = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = build(encoder, decoder, lr=0.1)
            """,
            witness=Raises("TypeError", "one of the params is Module.parameters"),
        ),
        Example(
            bad="""
                import torch


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.body = torch.nn.Linear(4, 4)
                        self.head = torch.nn.Linear(4, 2)

                    def optimizer(self):
                        rest = filter(lambda p: p.requires_grad, self.body.parameters())
                        groups = [{"params": list(self.head.parameters()), "lr": 0.1}] + [rest]
                        #                                                                 ^^^^ param-group-not-a-dict
                        return torch.optim.AdamW(params=groups, lr=0.01)


                optimizer = Net().optimizer()
            """,
            good="""
                import torch


                class Net(torch.nn.Module):
                    def __init__(self):
                        super().__init__()
                        self.body = torch.nn.Linear(4, 4)
                        self.head = torch.nn.Linear(4, 2)

                    def optimizer(self):
                        rest = filter(lambda p: p.requires_grad, self.body.parameters())
                        groups = [{"params": list(self.head.parameters()), "lr": 0.1}] + [{"params": rest}]
                        return torch.optim.AdamW(params=groups, lr=0.01)


                optimizer = Net().optimizer()
            """,
            witness=Raises("TypeError", "param_group must be a dict, but got <class 'filter'>"),
        ),
        Example(
            bad="""
                from torch import nn, optim

                old, new = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = optim.SGD(old.parameters(), lr=0.1)
                optimizer.add_param_group(list(new.parameters()))
                #                         ^^^^^^^^^^^^^^^^^^^^^^ param-group-not-a-dict
            """,
            good="""
                from torch import nn, optim

                old, new = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = optim.SGD(old.parameters(), lr=0.1)
                optimizer.add_param_group({"params": list(new.parameters())})
            """,
            witness=Raises("TypeError", "param_group must be a dict, but got <class 'list'>"),
        ),
    ),
    near_misses=(
        # Named parameters are pairs, which torch takes since 2.6; so does a tuple of groups and a generator of groups.
        """
        import torch

        a, b = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
        first = torch.optim.SGD(list(a.named_parameters()), lr=0.1)
        second = torch.optim.SGD(({"params": a.parameters()}, {"params": b.parameters()}), lr=0.1)
        third = torch.optim.SGD(({"params": m.parameters()} for m in (a, b)), lr=0.1)
        """,
    ),
    is_fixable=True,
)
