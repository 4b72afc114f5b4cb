"""The constructor of a `LightningDataModule` does not call that of its base.

What it does:
Reports an `__init__` of a class that inherits from `LightningDataModule`, has loaders, and calls no other `__init__`.

Why it matters:
Raises `AttributeError: 'Data' object has no attribute 'allow_zero_length_dataloader_with_multiple_devices'` (or another
one, by version) when `fit` looks at the data module.

Fix safety:
Safe: the class could not have worked before.

Source:
`lightning.pytorch.core.datamodule.LightningDataModule.__init__`, lightning 2.6.6; run on 1.9 to 2.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_line_before,
    tree,
)

HELP = "call `super().__init__()` first"
LOADERS = frozenset({"train_dataloader", "val_dataloader", "test_dataloader", "predict_dataloader"})


def check(model: SemanticModel) -> Iterator[Finding]:
    for hook in model.facts(facts.HookDefined):
        if (hook.kind, hook.name) != ("datamodule", "__init__") or hook.owner.is_open or hook.owner.project_bases:
            continue
        if not hook.is_plain or any(_mentions_a_constructor(statement) for statement in hook.function.body):
            continue
        if LOADERS.isdisjoint(hook.owner.methods):
            continue  # nobody fits with it as it stands
        body = hook.function.body
        is_docstring = isinstance(body[0], tree.ExpressionStatement) and isinstance(body[0].value, tree.Constant)
        first = body[1] if is_docstring and len(body) > 1 else body[0]
        yield Finding(
            hook.site,
            f"`{hook.class_name}.__init__` does not call that of `LightningDataModule`",
            "`fit` raises AttributeError when it looks at the data module",
            HELP,
            Fix.safe(HELP, insert_line_before(hook.site._replace(span=first.span), "super().__init__()")),
        )


def _mentions_a_constructor(statement: tree.Statement) -> bool:
    """`super`, or an `__init__` of whatever it is."""
    return any(
        (isinstance(node, tree.Attribute) and node.name == "__init__")
        or (isinstance(node, tree.Name) and node.id == "super")
        for node in tree.walk(statement)
    )


RULE = Rule(
    name="datamodule-without-super-init",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningDataModule, LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Data(LightningDataModule):
                    def __init__(self):
                    #   ^^^^^^^^ datamodule-without-super-init
                        self.size = 8

                    def train_dataloader(self):
                        return DataLoader(torch.randn(self.size, 4), batch_size=4)



                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), datamodule=Data())
            """,
            good="""
                import torch
                from lightning.pytorch import LightningDataModule, LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Data(LightningDataModule):
                    def __init__(self):
                        super().__init__()
                        self.size = 8

                    def train_dataloader(self):
                        return DataLoader(torch.randn(self.size, 4), batch_size=4)



                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), datamodule=Data())
            """,
            witness=Raises("AttributeError", "'Data' object has no attribute"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Data(pl.LightningDataModule):
                    def __init__(self, batch_size=4):
                    #   ^^^^^^^^ datamodule-without-super-init
                        # What it trains on.
                        self.size = 8

                    def train_dataloader(self):
                        return DataLoader(torch.randn(self.size, 4), batch_size=4)



                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), datamodule=Data(2))
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Data(pl.LightningDataModule):
                    def __init__(self, batch_size=4):
                        # What it trains on.
                        super().__init__()
                        self.size = 8

                    def train_dataloader(self):
                        return DataLoader(torch.randn(self.size, 4), batch_size=4)



                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), datamodule=Data(2))
            """,
            witness=Raises("AttributeError", "'Data' object has no attribute"),
        ),
    ),
    near_misses=(
        # Only made, to keep hyperparameters: it has no loaders, so nobody fits with it.
        """
        from lightning.pytorch import LightningDataModule


        class Data(LightningDataModule):
            def __init__(self, size=1):
                self.save_hyperparameters()


        data = Data()
        """,
        # Called by name, in a base of one's own, and a class that is no data module.
        """
        import torch
        from lightning.pytorch import LightningDataModule, LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Base(LightningDataModule):
            def __init__(self):
                LightningDataModule.__init__(self)


        class Data(Base):
            def train_dataloader(self):
                return DataLoader(torch.randn(8, 4), batch_size=4)


        class Plain:
            def __init__(self):
                self.size = 8



        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                return self.layer(batch).square().mean()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), datamodule=Data())
        """,
    ),
    is_fixable=True,
)
