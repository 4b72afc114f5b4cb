"""A hook logs a metric twice, with other settings.

What it does:
Reports a second `self.log` or `self.log_dict` of the same key in one hook of a `LightningModule`, both certainly
reached, with another `prog_bar`, `logger`, `on_step`, `on_epoch` or `reduce_fx`; and a key that contains
`/dataloader_idx_`, which Lightning adds itself.

Why it matters:
`MisconfigurationException: You called self.log(loss, ...) twice in training_step with different arguments`, in the
first batch. With the same settings both values count.

Source:
`lightning.pytorch.trainer.connectors.logger_connector.result._ResultCollection.log` and
`lightning.pytorch.LightningModule.log`, lightning 2.6.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
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

LOG = "lightning.pytorch.LightningModule.log"
# What has to be the same, by its place in `log` (one less in `log_dict`), with its default.
SETTINGS = (
    (2, "prog_bar", False),
    (3, "logger", None),
    (4, "on_step", None),
    (5, "on_epoch", None),
    (6, "reduce_fx", "mean"),
)
ADD_INDEX = 10


def check(model: SemanticModel) -> Iterator[Finding]:
    for hook in model.facts(facts.HookDefined):
        if hook.kind != "module" or hook.owner.is_driven_by_hand:
            continue
        seen: dict[object, tuple[Operand, tuple[object, ...]]] = {}
        calls = [
            c for c in model.facts(facts.FrameworkCall) if c.name in (LOG, f"{LOG}_dict") and c.receiver is not None
        ]
        for call in calls:
            settings = tuple(_setting(call, *setting) for setting in SETTINGS)
            for key in _keys(call):
                if (
                    "/dataloader_idx_" in str(key.literal)
                    and _setting(call, ADD_INDEX, "add_dataloader_idx", True) is True
                ):
                    yield _indexed(key)
                first = seen.setdefault(key.literal, (key, settings)) if call.is_certain else (key, settings)
                if UNKNOWN not in (*first[1], *settings) and first[1] != settings:
                    yield _twice(hook, key, first[0])


def _keys(call: facts.FrameworkCall) -> list[Operand]:
    given = call.arguments.known(0, "name" if call.name == LOG else "dictionary")
    if given is None or call.name == LOG:
        keys = [] if given is None else [given]
    else:
        entries = given.entries
        keys = [] if entries is UNKNOWN else [key for key, _ in entries]
    return [key for key in keys if isinstance(key.literal, str)]


def _setting(call: facts.FrameworkCall, position: int, name: str, default: object) -> object:
    given = call.arguments.get(position if call.name == LOG else position - 1, name)
    if given is None:
        return default
    return given.literal if isinstance(given, Operand) else UNKNOWN


def _indexed(key: Operand) -> Finding:
    return Finding(
        key.site,
        "the key contains `/dataloader_idx_`, which Lightning adds itself",
        "raises MisconfigurationException as soon as it is reached",
        "leave it out, or pass `add_dataloader_idx=False`",
    )


def _twice(hook: facts.HookDefined, key: Operand, first: Operand) -> Finding:
    return Finding(
        key.site,
        f"`{hook.name}` logs `{key.literal}` twice, with other settings",
        "raises MisconfigurationException in the first batch",
        "log it once, or under another name",
        related=(Related(first.site, "it is logged here already"),),
    )


RULE = Rule(
    name="metric-logged-twice",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import lightning.pytorch as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("loss", loss)
                        self.log("loss", loss, prog_bar=True)
                        #        ^^^^^^ metric-logged-twice
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            good="""
                import lightning.pytorch as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("loss", loss)
                        self.log("loss_now", loss, prog_bar=True)
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "twice in `training_step` with different arguments"),
        ),
        Example(
            bad="""
                import lightning as L
                import torch
                from torch.utils.data import DataLoader


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        return loss

                    NAME = "val_loss/dataloader_idx_0"
                    
                    def validation_step(self, batch, batch_idx):
                        name = "val_loss/dataloader_idx_0"
                        self.log(name, self.layer(batch).mean())
                        #        ^^^^ metric-logged-twice

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader, loader)
            """,
            good="""
                import lightning as L
                import torch
                from torch.utils.data import DataLoader


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        return loss

                    NAME = "val_loss"
                    
                    def validation_step(self, batch, batch_idx):
                        name = "val_loss"
                        self.log(name, self.layer(batch).mean())

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader, loader)
            """,
            witness=Raises("MisconfigurationException", "it should not contain information about `dataloader_idx`"),
        ),
    ),
    near_misses=(
        # The same settings, two ways that exclude each other, and two hooks.
        """
        import lightning.pytorch as pl
        import torch
        from torch.utils.data import DataLoader


        class Net(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 1)

            def training_step(self, batch, batch_idx):
                loss = self.layer(batch).mean()
                self.log("loss", loss, prog_bar=True)
                if batch_idx:
                    self.log("mean", loss, on_epoch=True)
                else:
                    self.log("mean", loss)
                self.log("loss", 2 * loss, prog_bar=True)
                return loss

            def validation_step(self, batch, batch_idx):
                self.log("loss", self.layer(batch).mean())

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
        trainer.fit(Net(), loader, loader)
        """,
    ),
)
