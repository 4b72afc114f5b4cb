"""`self.log` is given an argument that it does not have.

What it does:
Reports keywords that `self.log` and `self.log_dict` of a `LightningModule` do not accept in the installed Lightning:
those of 1.x (`tbptt_pad_token`, `sync_dist_op`), and misspelt ones (`epoch`, `progress_bar`).

Why it matters:
Raises `TypeError: LightningModule.log() got an unexpected keyword argument 'epoch'` as soon as the line is reached.

Fix safety:
Unsafe. The nearest name is offered.

Source:
`lightning.pytorch.LightningModule.log` and `log_dict` of the installed version.
"""

from collections.abc import Iterator
from difflib import get_close_matches

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    KeywordArgument,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    rename_argument,
)

LOG = "lightning.pytorch.LightningModule.log"


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.calls_to(LOG, f"{LOG}_dict"):
        signature = model.frameworks.signature(call.name)
        for keyword in call.arguments.keywords.values() if signature is not None else ():
            if signature is not None and not signature.accepts(keyword.name):
                method = call.name.rpartition(".")[2]
                text, fix = _remedy(keyword, [n for n in signature.positional if n not in call.arguments.keywords])
                yield Finding(
                    keyword.name_site,
                    f"`self.{method}` has no argument `{keyword.name}`",
                    f"raises TypeError: LightningModule.{method}() got an unexpected keyword argument '{keyword.name}'",
                    text,
                    fix,
                )


def _remedy(keyword: KeywordArgument, free: list[str]) -> tuple[str, Fix | None]:
    near = get_close_matches(keyword.name, free, 1, 0.7) or [n for n in free if n == MEANT.get(keyword.name)]
    if not near:
        return "remove it", None
    text, edit = f"rename it to `{near[0]}`", rename_argument(keyword, near[0])
    return text, None if edit is None else Fix.unsafe(text, edit)


MEANT = {"progress_bar": "prog_bar", "bs": "batch_size", "reduction": "reduce_fx", "sync_ddp": "sync_dist"}

RULE = Rule(
    name="unknown-log-argument",
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
                        self.log("loss", loss, epoch=True)
                        #                      ^^^^^ unknown-log-argument
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
                        self.log("loss", loss, on_epoch=True)
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'epoch'"),
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
                        settings = dict(progress_bar=True, on_epoch=True)
                        #               ^^^^^^^^^^^^ unknown-log-argument
                        self.log_dict({"loss": loss}, **settings)
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
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
                        settings = dict(prog_bar=True, on_epoch=True)
                        self.log_dict({"loss": loss}, **settings)
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'progress_bar'"),
        ),
    ),
    near_misses=(
        # The module's own `log` takes more.
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
                self.log("loss", loss, colour="red")
                self.log_dict({"twice": 2 * loss}, prog_bar=True, on_step=True, on_epoch=True, batch_size=4)
                return loss

            def log(self, name, value, colour="black", **settings):
                super().log(name, value, **settings)

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
        trainer.fit(Net(), loader)
        """,
    ),
    is_fixable=True,
)
