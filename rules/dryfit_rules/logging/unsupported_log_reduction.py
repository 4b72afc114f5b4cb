"""`self.log` is asked to reduce a metric in a way that it cannot.

What it does:
Reports a `reduce_fx` of `self.log` and `self.log_dict` that is certainly another string than "mean", "min", "max" and
"sum" (or "avg"), None, or a function of the project's.

Why it matters:
`MisconfigurationException: Only self.log(..., reduce_fx={min,max,mean,sum}) are supported` as soon as the line is
reached.

Source:
`lightning.pytorch.trainer.connectors.logger_connector.result._Metadata._parse_reduce_fx`, lightning 2.6.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Operand, Raises, Rule, SemanticModel, Severity, facts

LOG = "lightning.pytorch.LightningModule.log"
KNOWN = ("mean", "min", "max", "sum", "avg")
POSITION = 6  # of `log`; one less in `log_dict`


def check(model: SemanticModel) -> Iterator[Finding]:
    if any(hook.kind != "module" or hook.owner.is_driven_by_hand for hook in model.facts(facts.HookDefined)):
        return
    for call in model.calls_to(LOG, f"{LOG}_dict"):
        given = call.arguments.known(POSITION if call.name == LOG else POSITION - 1, "reduce_fx")
        shown = "" if given is None else _refused(given)
        if given is not None and shown:
            yield Finding(
                given.site,
                f"`reduce_fx` is {shown}",
                "raises MisconfigurationException as soon as it is reached: only min, max, mean and sum are supported",
                "log a `torchmetrics.Metric` that reduces so",
            )


def _refused(given: Operand) -> str:
    if given.is_none:
        return "None"
    if isinstance(given.literal, str):
        return "" if given.literal.lower() in KNOWN else f'"{given.literal}"'
    return "a function of one's own" if given.kind == "function" else ""


RULE = Rule(
    name="unsupported-log-reduction",
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
                        self.log("loss", loss, on_epoch=True, reduce_fx="median")
                        #                                               ^^^^^^^^ unsupported-log-reduction
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
                        self.log("loss", loss, on_epoch=True, reduce_fx="mean")
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "reduce_fx={min,max,mean,sum}"),
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
                        self.log_dict({"loss": loss}, reduce_fx=lambda values: values[-1])
                        #                                       ^^^^^^^^^^^^^^^^^^^^^^^^^ unsupported-log-reduction
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
                        self.log_dict({"loss": loss}, reduce_fx=torch.max)
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "reduce_fx={min,max,mean,sum}"),
        ),
    ),
    near_misses=(
        # Capital letters and functions of torch and Python are understood.
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
                self.log("loss", loss, reduce_fx="MAX")
                self.log("least", loss, reduce_fx=torch.min)
                self.log("most", loss, reduce_fx=max)
                return loss

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
        trainer.fit(Net(), loader)
        """,
    ),
)
