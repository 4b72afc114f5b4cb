"""A parameter group is put into `param_groups` by hand, without the optimizer's defaults.

What it does:
Looks at `append`, `extend`, `insert` and `+=` on the `param_groups` of an optimizer of `torch.optim`, and reports
dicts that lack settings which the optimizer reads from every group. Writing into a group that is there
(`param_groups[0]["lr"] = 0.1`) is fine, and so is a group that has all the settings.

Why it matters:
`add_param_group` completes a group with the optimizer's defaults, turns a generator into a list and refuses
parameters that are held already; `append` does none of it. The next `step` raises `KeyError: 'betas'` (Adam, AdamW)
or `KeyError: 'fused'` (SGD). In a `LightningModule` that happens at the end of the first batch.

Fix safety:
Safe: a run ended at the first step before. Unsafe where it is not known what the group holds. Offered for `append`,
unless the optimizer certainly holds some of the parameters already: there `add_param_group` raises `ValueError: some
parameters appear in more than one parameter group`.

Source:
`torch.optim.Optimizer.add_param_group` and `step` of the optimizers, torch 2.13.0.
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
)

# Settings that `step` of some classes does not read, so that a group without them works there.
NOT_READ = frozenset({"params", "differentiable", "maximize", "initial_accumulator_value"})


def check(model: SemanticModel) -> Iterator[Finding]:
    for added in model.facts(facts.GroupAdded):
        if added.method != "add_param_group" and isinstance(added.group, Operand):
            class_name = next(iter(added.optimizer.class_names), "")
            lacking = [_lacking(model, class_name, group) for group in _groups(added.method, added.group)]
            if lacking and all(lacking):
                yield _finding(added, class_name.rpartition(".")[2], lacking[0])


def _groups(method: str, group: Operand) -> tuple[Operand, ...]:
    """Every dict it can be; of what is extended with, the elements that are certain."""
    if method in ("append", "insert"):
        return group.options
    return tuple(option for element in group.known_elements for option in element.options)


def _lacking(model: SemanticModel, class_name: str, group: Operand) -> tuple[str, ...]:
    """Settings that the optimizer reads from a group and that this one certainly lacks."""
    signature = model.frameworks.signature(class_name) if class_name.startswith("torch.optim.") else None
    if signature is None or group.kind != "dict" or group.entries is UNKNOWN or class_name == "torch.optim.LBFGS":
        return ()
    keys = {key.literal for key, _ in group.entries}
    return tuple(p.name for p in signature.parameters if p.name not in NOT_READ | keys)


def _finding(added: facts.GroupAdded, optimizer: str, lacking: tuple[str, ...]) -> Finding:
    named = ", ".join(f"`{name}`" for name in lacking[:2])
    more = f" and {len(lacking) - 2} more" if len(lacking) > 2 else ""
    consequence = "raises KeyError at the next `step`"
    site = added.callee_tail or added.site
    message = f"a group put into `param_groups` of `{optimizer}` lacks {named}{more}"
    if added.repeats:
        note = f"{consequence}; its parameters are held already, so `add_param_group` refuses it with ValueError"
        return Finding(site, message, note, f"give `{optimizer}` disjoint groups when it is built")
    title = "call `add_param_group`"
    return Finding(site, message, consequence, title, _fix(title, added))


def _fix(title: str, added: facts.GroupAdded) -> Fix | None:
    """Another method for `append`, where the group has what `add_param_group` wants."""
    params = added.group.entry("params") if isinstance(added.group, Operand) else None
    if added.method != "append" or added.callee_tail is None or not isinstance(params, Operand) or params.kind == "set":
        return None
    make = Fix.safe if params.is_parameters else Fix.unsafe
    return make(title, replace(added.callee_tail, ".add_param_group"))


RULE = Rule(
    name="param-groups-append",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch import nn

                backbone, head = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = torch.optim.Adam(backbone.parameters(), lr=1e-3)
                optimizer.param_groups.append({"params": head.parameters(), "lr": 1e-2})
                #        ^^^^^^^^^^^^^^^^^^^^ param-groups-append
                head(backbone(torch.randn(8, 4))).mean().backward()
                optimizer.step()
            """,
            good="""
                import torch
                from torch import nn

                backbone, head = nn.Linear(4, 4), nn.Linear(4, 2)
                optimizer = torch.optim.Adam(backbone.parameters(), lr=1e-3)
                optimizer.add_param_group({"params": head.parameters(), "lr": 1e-2})
                head(backbone(torch.randn(8, 4))).mean().backward()
                optimizer.step()
            """,
            witness=Raises("KeyError", "betas"),
        ),
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
                        optimizer = optim.Adam(self.parameters())
                        optimizer.param_groups[0]['lr'] = 1e-3
                        optimizer.param_groups.append({'params': self.fc2.parameters(), 'lr' : 1e-2})
                        #        ^^^^^^^^^^^^^^^^^^^^ param-groups-append
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
                        optimizer = optim.Adam(self.fc1.parameters())
                        optimizer.param_groups[0]['lr'] = 1e-3
                        optimizer.add_param_group({'params': self.fc2.parameters(), 'lr' : 1e-2})
                        return optimizer


                loader = torch.utils.data.DataLoader(torch.randn(8, 10), batch_size=4)
                Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("KeyError", "betas"),
        ),
        Example(
            bad="""
                import torch
                from torch.optim import SGD


                def unfreeze(layer, sgd):
                    sgd.param_groups += [{"params": list(layer.parameters()), "lr": 0.01}]
                #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ param-groups-append


                body, head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
                optimizer = SGD(head.parameters(), lr=0.1)
                unfreeze(body, optimizer)
                head(body(torch.randn(8, 4))).mean().backward()
                optimizer.step()
            """,
            good="""
                import torch
                from torch.optim import SGD


                def unfreeze(layer, sgd):
                    sgd.add_param_group({"params": list(layer.parameters()), "lr": 0.01})


                body, head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
                optimizer = SGD(head.parameters(), lr=0.1)
                unfreeze(body, optimizer)
                head(body(torch.randn(8, 4))).mean().backward()
                optimizer.step()
            """,
            witness=Raises("KeyError", "fused"),
        ),
    ),
    near_misses=(
        # Writing into the groups that are there, and reading them.
        """
        import torch

        net = torch.nn.Linear(4, 2)
        optimizer = torch.optim.Adam(net.parameters())
        optimizer.param_groups[0]["lr"] = 1e-3
        for group in optimizer.param_groups:
            group["weight_decay"] = 0.1
        rates = []
        rates.append(optimizer.param_groups[0]["lr"])
        net(torch.randn(8, 4)).mean().backward()
        optimizer.step()
        """,
        # Groups with every setting.
        """
        import copy

        import torch

        net, head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
        optimizer = torch.optim.Adam(net.parameters())
        optimizer.param_groups.append({**optimizer.param_groups[0], "params": [head.weight]})
        optimizer.param_groups.append({**optimizer.defaults, "params": [head.bias]})
        other = dict(optimizer.param_groups[0])
        other["params"] = []
        optimizer.param_groups.append(other)
        head(net(torch.randn(8, 4))).mean().backward()
        optimizer.step()
        """,
    ),
    is_fixable=True,
)
