"""`prepare_data` sets an attribute that other methods read.

What it does:
Reports attributes of `self` that only `prepare_data` of a `LightningDataModule` or a `LightningModule` assigns and that
another method of the class reads (`setup`, `train_dataloader`).

Why it matters:
`prepare_data` runs in one process of a node only, `setup` in each. With one device all goes well; with two every other
process raises `AttributeError: 'Data' object has no attribute 'train_set'`.

Source:
`lightning.pytorch.trainer.connectors.data_connector._DataConnector.prepare_data`, lightning 2.6.6; 1.9 to 2.6
are alike.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Raises, Related, Rule, SemanticModel, Severity, facts, tree

HELP = "assign it in `setup`"


def check(model: SemanticModel) -> Iterator[Finding]:
    hook = next((hook for hook in model.facts(facts.HookDefined) if hook.name == "prepare_data"), None)
    if hook is None or hook.kind == "callback" or hook.owner.is_open or hook.owner.project_bases or hook.is_static:
        return
    seen: set[str] = set()
    for fact in model.facts(facts.AttributeSet):
        is_here = fact.site.place == hook.site.place and hook.class_name in fact.owner.class_names[:1]
        if not is_here or fact.name in seen or fact.to.is_constant or _is_set_elsewhere(hook, fact.name):
            continue
        seen.add(fact.name)
        reader = next(
            (name for name in hook.owner.methods if name != hook.name and _reads(hook, name, fact.name)), None
        )
        if reader is not None:
            yield Finding(
                fact.site,
                f"`self.{fact.name}` is set in `prepare_data`, and `{reader}` reads it",
                "with several devices `prepare_data` runs in one process: the others raise AttributeError",
                HELP,
                None,
                (Related(hook.site, "runs once a node"),),
            )


def _is_set_elsewhere(hook: facts.HookDefined, attribute: str) -> bool:
    """Does another method assign it, or the class itself have it?"""
    others = (method for name, method in hook.owner.methods.items() if name != hook.name)
    return attribute in hook.owner.methods or any(
        isinstance(target, tree.Attribute) and target.name == attribute
        for method in others
        for node in tree.walk(method)
        for target in (*getattr(node, "targets", ()), getattr(node, "target", None))
    )


def _reads(hook: facts.HookDefined, method: str, attribute: str) -> bool:
    return any(
        isinstance(node, tree.Attribute)
        and node.name == attribute
        and isinstance(node.value, tree.Name)
        and node.value.id == "self"
        for node in tree.walk(hook.owner.methods[method])
    )


RULE = Rule(
    name="state-set-in-prepare-data",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningDataModule, LightningModule, Trainer
                from lightning.pytorch.strategies import SingleDeviceStrategy
                from torch.utils.data import DataLoader


                class Data(LightningDataModule):
                    def prepare_data(self):
                        self.train_set = torch.randn(8, 4)
                    #   ^^^^^^^^^^^^^^ state-set-in-prepare-data

                    def train_dataloader(self):
                        return DataLoader(self.train_set, batch_size=4)



                class SecondProcess(SingleDeviceStrategy):
                    def __init__(self):
                        super().__init__("cpu")
                        self.local_rank = 1  # what the other processes of a node see


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(strategy=SecondProcess(), max_epochs=1, barebones=True)
                trainer.fit(Net(), datamodule=Data())
            """,
            good="""
                import torch
                from lightning.pytorch import LightningDataModule, LightningModule, Trainer
                from lightning.pytorch.strategies import SingleDeviceStrategy
                from torch.utils.data import DataLoader


                class Data(LightningDataModule):
                    def setup(self, stage):
                        self.train_set = torch.randn(8, 4)

                    def train_dataloader(self):
                        return DataLoader(self.train_set, batch_size=4)



                class SecondProcess(SingleDeviceStrategy):
                    def __init__(self):
                        super().__init__("cpu")
                        self.local_rank = 1  # what the other processes of a node see


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(strategy=SecondProcess(), max_epochs=1, barebones=True)
                trainer.fit(Net(), datamodule=Data())
            """,
            witness=Raises("AttributeError", "'Data' object has no attribute 'train_set'"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from pytorch_lightning.strategies import SingleDeviceStrategy
                from torch.utils.data import DataLoader


                class Data(pl.LightningDataModule):
                    def prepare_data(self):
                        data = torch.randn(12, 4)
                        self.train_set, self.val_set = data[:8], data[8:]
                    #   ^^^^^^^^^^^^^^ state-set-in-prepare-data

                    def train_dataloader(self):
                        return DataLoader(self.train_set, batch_size=4)



                class SecondProcess(SingleDeviceStrategy):
                    def __init__(self):
                        super().__init__("cpu")
                        self.local_rank = 1  # what the other processes of a node see


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                pl.Trainer(strategy=SecondProcess(), max_epochs=1, barebones=True).fit(Net(), datamodule=Data())
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from pytorch_lightning.strategies import SingleDeviceStrategy
                from torch.utils.data import DataLoader


                class Data(pl.LightningDataModule):
                    def setup(self, stage):
                        data = torch.randn(12, 4)
                        self.train_set, self.val_set = data[:8], data[8:]

                    def train_dataloader(self):
                        return DataLoader(self.train_set, batch_size=4)



                class SecondProcess(SingleDeviceStrategy):
                    def __init__(self):
                        super().__init__("cpu")
                        self.local_rank = 1  # what the other processes of a node see


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                pl.Trainer(strategy=SecondProcess(), max_epochs=1, barebones=True).fit(Net(), datamodule=Data())
            """,
            witness=Raises("AttributeError", "'Data' object has no attribute 'train_set'"),
        ),
    ),
    near_misses=(
        # Set everywhere, for itself only, or as a default that is there in every process.
        """
        import torch
        from lightning.pytorch import LightningDataModule, LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Data(LightningDataModule):
            def __init__(self):
                super().__init__()
                self.size = 0

            def prepare_data(self):
                self.size = len(torch.randn(8))
                self.path = str(self.size)
                print(self.path)

            def setup(self, stage):
                self.train_set = torch.randn(self.size or 8, 4)

            def train_dataloader(self):
                return DataLoader(self.train_set, batch_size=4)



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
)
