"""A list of batches is given to the Trainer, which takes it for a collection of loaders.

What it does:
Reports lists and tuples of batches that are given to `fit`, `validate`, `test` or `predict` of a Trainer as
dataloaders: `[(x1, y1), (x2, y2)]`, `[[x, y]]`, where a batch is certainly a tuple, list or dict of tensors.

Why it matters:
Lists, tuples and dicts are opened down to what is none of them, and that is taken for a loader: here every tensor,
whose batches are its rows. The step gets the same nesting with one row of each. For `[[x, y]]` that is
`[[x[0], y[0]]]`, and `x, y = batch` raises `ValueError: not enough values to unpack (expected 2, got 1)`; for two pairs
`x` is a pair of rows and the first layer raises `TypeError`. In `validate`, `test` and `predict` the step gets the rows
one after the other.

Source:
`lightning.pytorch.utilities.combined_loader.CombinedLoader`, lightning 2.6.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import UNKNOWN, Example, Finding, Operand, Raises, Rule, SemanticModel, Severity, facts

LOADERS = {
    "fit": ((1, "train_dataloaders"), (2, "val_dataloaders")),
    **dict.fromkeys(("validate", "test", "predict"), ((1, "dataloaders"),)),
}


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.TrainerCall):
        for position, name in LOADERS.get(call.method, ()):
            given = call.arguments.known(position, name)
            if given is not None and all(_are_batches(option) for option in given.options):
                yield Finding(
                    given.site,
                    f"`{call.method}` gets a {given.options[0].kind} of batches as `{name}`",
                    _note(call.method, given.options[0]),
                    "wrap it in `DataLoader(..., batch_size=None)`",
                )


def _are_batches(value: Operand) -> bool:
    elements = [*value.known_elements, *([value.any_element] if value.any_element else [])]
    return value.kind in ("list", "tuple") and bool(elements) and all(_is_batch(element) for element in elements)


def _is_batch(value: Operand) -> bool:
    """Certainly a tuple, list or dict of tensors and nothing else."""
    entries = value.entries if value.kind == "dict" else UNKNOWN
    parts = value.elements if entries is UNKNOWN else tuple(inner for _, inner in entries)
    return parts is not UNKNOWN and bool(parts) and all(part.kind == "tensor" for part in parts)


def _note(method: str, given: Operand) -> str:
    if method != "fit":
        return "every tensor is taken for a loader of its rows: the step gets single rows, not batches"
    first = given.known_elements[0] if given.known_elements else given
    if given.elements is not UNKNOWN and len(given.known_elements) == 1 and len(first.known_elements) == 2:
        return "every tensor is taken for a loader: `x, y = batch` raises ValueError, the batch is `[[x[0], y[0]]]`"
    return "every tensor is taken for a loader of its rows: the step gets a row of each, nested in the same way"


RULE = Rule(
    name="batches-given-to-fit",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 4)

                    def training_step(self, batch, batch_idx):
                        x, y = batch
                        return torch.nn.functional.mse_loss(self.layer(x), y)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                x, y = torch.randn(2, 4), torch.randn(2, 4)
                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), [[x, y]])
                #                  ^^^^^^^^ batches-given-to-fit
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 4)

                    def training_step(self, batch, batch_idx):
                        x, y = batch
                        return torch.nn.functional.mse_loss(self.layer(x), y)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                x, y = torch.randn(2, 4), torch.randn(2, 4)
                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), DataLoader([[x, y]], batch_size=None))
            """,
            witness=Raises("ValueError", "not enough values to unpack (expected 2, got 1)"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 4)

                    def training_step(self, batch, batch_idx):
                        x, y = batch
                        return torch.nn.functional.mse_loss(self.layer(x), y)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                batches = []
                for _ in range(2):
                    batches.append((torch.randn(2, 4), torch.zeros(2, 4)))
                net = Net()
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(net, batches)
                #                ^^^^^^^ batches-given-to-fit
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 4)

                    def training_step(self, batch, batch_idx):
                        x, y = batch
                        return torch.nn.functional.mse_loss(self.layer(x), y)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                batches = []
                for _ in range(2):
                    batches.append((torch.randn(2, 4), torch.zeros(2, 4)))
                net = Net()
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(net, DataLoader(batches, batch_size=None))
            """,
            witness=Raises("TypeError", "argument 'input' (position 1) must be Tensor, not tuple"),
        ),
    ),
    near_misses=(
        # A list of loaders, a loader of batches, and two tensors that are loaders of their rows.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 4)

            def training_step(self, batch, batch_idx):
                x, y = batch
                return torch.nn.functional.mse_loss(self.layer(x), y)

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        def fit(data):
            Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), data)


        fit([DataLoader(torch.randn(4, 4)), DataLoader(torch.randn(4, 4))])
        fit(DataLoader([(torch.randn(2, 4), torch.randn(2, 4))], batch_size=None))
        fit([torch.randn(2, 4), torch.zeros(2, 4)])
        """,
    ),
)
