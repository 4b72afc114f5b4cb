"""A dataset is given to the Trainer where a loader belongs.

What it does:
Reports an instance of a map-style `torch.utils.data.Dataset` that is given to `fit`, `validate`, `test` or `predict` of
a Trainer as dataloaders, or returned by `train_dataloader`, `val_dataloader`, `test_dataloader`, `predict_dataloader`.
An `IterableDataset` can make batches itself and is not reported.

Why it matters:
Since 2.0 Lightning takes whatever can be iterated. A dataset yields one sample a step, not batched and not shuffled:
measured, 16 samples make 16 steps of shape (4,), without an error or a warning. Statistics of batch norm, the loss's
mean and the learning rate are those of single samples; a loss that needs a batch axis raises. Before 2.0 `fit` raises
`TypeError: Expected data to be int, Sequence or Mapping, but got TensorDataset` for training data, and validates, tests
and predicts sample by sample as it does today.

Source:
`lightning.pytorch.utilities.combined_loader.CombinedLoader` and
`lightning.pytorch.trainer.connectors.data_connector._check_dataloader_iterable`, lightning 2.6.6; run on 1.9, 2.0, 2.1.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Operand, Rule, SemanticModel, Severity, facts

LOADERS = {
    "fit": ((1, "train_dataloaders"), (2, "val_dataloaders")),
    **dict.fromkeys(("validate", "test", "predict"), ((1, "dataloaders"),)),
}
HOOKS = ("train_dataloader", "val_dataloader", "test_dataloader", "predict_dataloader")
NOTE = "each step gets one sample, without a batch axis and in order; no error, no warning"
REFUSED = "`fit` raises TypeError before lightning 2.0: Expected data to be int, Sequence or Mapping"
HELP = "wrap it in a `DataLoader`"


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.TrainerCall):
        for position, name in LOADERS.get(call.method, ()):
            given = call.arguments.known(position, name)
            if given is not None and _is_dataset(given):
                message = f"`{call.method}` gets {_name(given)} as `{name}`, not a loader"
                yield _finding(model, given, message, name == "train_dataloaders")
    for hook in model.facts(facts.HookDefined):
        if hook.name in HOOKS and hook.kind in ("module", "datamodule") and not hook.owner.is_driven_by_hand:
            for end in model.facts(facts.FunctionEnded):
                for returned in end.returns if end.name == hook.name and hook.is_plain else ():
                    if returned.value is not None and _is_dataset(returned.value):
                        message = f"`{hook.name}` returns {_name(returned.value)}, not a loader"
                        yield _finding(model, returned.value, message, hook.name == "train_dataloader")


def _finding(model: SemanticModel, dataset: Operand, message: str, is_for_training: bool) -> Finding:
    if is_for_training and not model.frameworks.lightning_since("2.0"):
        return Finding(dataset.site, message, REFUSED, HELP, severity=Severity.ERROR)
    return Finding(dataset.site, message, NOTE, HELP)


def _is_dataset(value: Operand) -> bool:
    """Certainly a dataset that is indexed."""
    return all(
        option.is_a("torch.utils.data.Dataset") and "torch.utils.data.IterableDataset" not in option.class_names
        for option in value.options
    )


def _name(value: Operand) -> str:
    return f"the dataset `{value.class_name}`"


RULE = Rule(
    name="dataset-given-to-fit",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import TensorDataset


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        x, y = batch
                        return torch.nn.functional.mse_loss(self.layer(x), y)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                dataset = TensorDataset(torch.randn(16, 4), torch.randn(16, 2))
                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), dataset)
                #                  ^^^^^^^ dataset-given-to-fit
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader, TensorDataset


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        x, y = batch
                        return torch.nn.functional.mse_loss(self.layer(x), y)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                dataset = TensorDataset(torch.randn(16, 4), torch.randn(16, 2))
                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), DataLoader(dataset, batch_size=8))
            """,
            witness=Observes("trainer.global_step == 16"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import Dataset


                class Numbers(Dataset):
                    def __len__(self):
                        return 16

                    def __getitem__(self, index):
                        return torch.full((4,), 1 / (16 - index)), torch.tensor([index % 2])


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)
                        self.numbers = Numbers()

                    def training_step(self, batch, batch_idx):
                        x, y = batch
                        return torch.nn.functional.cross_entropy(self.layer(x), y.squeeze(-1).long())

                    def train_dataloader(self):
                        data = self.numbers
                        return data
                        #      ^^^^ dataset-given-to-fit

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net())
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader, Dataset


                class Numbers(Dataset):
                    def __len__(self):
                        return 16

                    def __getitem__(self, index):
                        return torch.full((4,), 1 / (16 - index)), torch.tensor([index % 2])


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)
                        self.numbers = Numbers()

                    def training_step(self, batch, batch_idx):
                        x, y = batch
                        return torch.nn.functional.cross_entropy(self.layer(x), y.squeeze(-1).long())

                    def train_dataloader(self):
                        data = self.numbers
                        return DataLoader(data, batch_size=8)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net())
            """,
            witness=Observes("trainer.global_step > 2"),
        ),
    ),
    near_misses=(
        # Another trainer takes datasets.
        """
        import torch
        from torch.utils.data import TensorDataset


        class Trainer:
            def fit(self, model, dataset):
                self.size = len(dataset)


        Trainer().fit(None, TensorDataset(torch.randn(16, 4)))
        """,
    ),
)
