"""`configure_optimizers` returns the class of an optimizer or a scheduler, not an instance.

What it does:
Reports a class of `torch.optim` or `torch.optim.lr_scheduler` in what `configure_optimizers` of a `LightningModule`
returns: alone, in a list, or in the dict form.

Why it matters:
Lightning calls nothing that it finds there. An optimizer's class, alone or in a list, raises
`MisconfigurationException: Unknown configuration for model optimizers`. In the dict form it raises
`AttributeError: type object 'Adam' has no attribute 'state'`, and a scheduler's class `... no attribute 'optimizer'`.

Fix safety:
Unsafe. An optimizer whose arguments all have defaults but the parameters is built over `self.parameters()`, at its
default learning rate: both are the author's to choose.

Source:
`lightning.pytorch.core.optimizer._configure_optimizers` and `_validate_optimizers_attached`, lightning 2.6.6.
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
    facts,
    insert_after,
)

BASES = {"optimizer": "torch.optim.Optimizer", "scheduler": "torch.optim.lr_scheduler.LRScheduler"}


def check(model: SemanticModel) -> Iterator[Finding]:
    for returned in model.facts(facts.OptimizersReturned):
        for part in _parts(returned.value):
            kinds = [kind for kind, base in BASES.items() if all(o.is_class_of(base) for o in part.options)]
            if kinds:
                name = part.class_name
                yield Finding(
                    part.site,
                    f"`configure_optimizers` returns the class `{name}`, not an instance",
                    f"`fit` raises {_error(kinds[0], name, returned.value)}",
                    f"build the {kinds[0]}",
                    _fix(model, returned.hook, part) if kinds[0] == "optimizer" else None,
                )


def _parts(value: Operand) -> Iterator[Operand]:
    """The value itself, or what is in its lists, tuples and dicts, down to a scheduler's own dict."""
    if value.kind in ("list", "tuple"):
        for element in value.known_elements:
            yield from _parts(element)
    elif value.kind == "dict":
        for key in ("optimizer", "lr_scheduler", "scheduler"):
            entry = value.entry(key)
            if isinstance(entry, Operand):
                yield from _parts(entry)
    else:
        yield value


def _error(kind: str, name: str, returned: Operand) -> str:
    """Classes in a list are met when the form is recognised, those in a dict and schedulers when they are used."""
    first = returned.known_elements[0] if returned.known_elements else returned
    if kind == "scheduler" and (first.kind == "list" or returned.kind == "dict" or first.kind == "dict"):
        return f"AttributeError: type object '{name}' has no attribute 'optimizer'"
    if kind == "optimizer" and "dict" in (returned.kind, first.kind):
        return f"AttributeError: type object '{name}' has no attribute 'state'"
    return "MisconfigurationException: Unknown configuration for model optimizers"


def _fix(model: SemanticModel, hook: facts.HookDefined, part: Operand) -> Fix | None:
    signature = model.frameworks.signature(part.class_names[0]) if part.kind == "class" else None
    if signature is None or signature.required != ("params",) or part.site.place != hook.site.place:
        return None
    owner = hook.function.parameters[0].name if hook.function.parameters and not hook.is_static else "self"
    return Fix.unsafe("build the optimizer", insert_after(part.site, f"({owner}.parameters())"))


RULE = Rule(
    name="optimizer-class-returned",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.Adam
                        #      ^^^^^^^^^^^^^^^^ optimizer-class-returned


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.Adam(self.parameters())


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "Unknown configuration for model optimizers"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.optim import lr_scheduler


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        sgd = torch.optim.SGD(self.parameters(), lr=0.1)
                        schedule = {"scheduler": lr_scheduler.ConstantLR}
                        #                        ^^^^^^^^^^^^^^^^^^^^^^^ optimizer-class-returned
                        return {"optimizer": sgd, "lr_scheduler": schedule}


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.optim import lr_scheduler


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        sgd = torch.optim.SGD(self.parameters(), lr=0.1)
                        schedule = {"scheduler": lr_scheduler.ConstantLR(sgd)}
                        return {"optimizer": sgd, "lr_scheduler": schedule}


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("AttributeError", "type object 'ConstantLR' has no attribute 'optimizer'"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # The class comes from outside and is called.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer


        class Net(LightningModule):
            def __init__(self, optimizer=torch.optim.SGD):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)
                self.optimizer = optimizer

            def training_step(self, batch, batch_idx):
                return self.layer(batch).mean()

            def configure_optimizers(self):
                return self.optimizer(self.parameters(), lr=0.1)


        loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
        """,
    ),
    is_fixable=True,
)
