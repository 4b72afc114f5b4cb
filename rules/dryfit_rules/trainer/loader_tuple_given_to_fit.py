"""The training and the validation loader are given to `fit` as one tuple.

What it does:
Reports a tuple of two `DataLoader`s, the first of which shuffles and the second of which does not, as the
`train_dataloaders` of `fit` without `val_dataloaders`. A list of loaders, or two that both shuffle, is what one writes
to train on both, and is not reported.

Why it matters:
A collection of loaders means several training loaders. Each batch is a tuple with a batch of either, so the validation
data is trained on (or the step fails to unpack the batch), and validation never runs.

Fix safety:
Unsafe. The two loaders become two arguments; the run changes.

Source:
`lightning.pytorch.utilities.combined_loader.CombinedLoader`, lightning 2.6.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Edit,
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_before,
    replace,
)

HELP = "give the two loaders as two arguments"


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.TrainerCall):
        given = call.arguments.known(1, "train_dataloaders")
        has_validation = call.arguments.get(2, "val_dataloaders") is not None
        if call.method == "fit" and given is not None and not has_validation and _is_pair(given):
            edits = _apart(given, call.arguments.keywords.get("train_dataloaders") is not None)
            yield Finding(
                given.site,
                "a tuple of a shuffled and an unshuffled loader is given as `train_dataloaders`",
                "both are trained on, batch beside batch, and validation never runs",
                HELP,
                Fix.unsafe(HELP, *edits) if edits else None,
            )


def _is_pair(given: Operand) -> bool:
    """A loader for training and one for validation, as far as shuffling says."""
    pair = given.elements
    if given.kind != "tuple" or pair is UNKNOWN or len(pair) != 2:
        return False
    return [_shuffles(loader) for loader in pair] == [True, False]


def _shuffles(loader: Operand) -> bool | None:
    """None if it is no loader, or it cannot be told."""
    arguments = loader.arguments
    if not loader.is_a("torch.utils.data.DataLoader") or {"**", 2, "sampler", "batch_sampler"} & set(arguments):
        return None
    shuffle = arguments.get("shuffle")
    literal = shuffle.literal if shuffle is not None else False
    return literal if isinstance(literal, bool) else None


def _apart(given: Operand, is_keyword: bool) -> tuple[Edit, ...]:
    """The parentheses gone, if the tuple is written out in the call."""
    pair, (line, column, end_line, end_column) = given.elements, given.site.span
    if pair is UNKNOWN or any(e.site.place != given.site.place for e in pair):
        return ()
    first, second = pair[0].site.span, pair[1].site.span
    if first[:2] != (line, column + 1) or (second.end_line, second.end_column + 1) != (end_line, end_column):
        return ()
    opened = given.site._replace(span=given.site.span.at_start.to(first.at_start))
    closed = given.site._replace(span=second.at_end.to(given.site.span.at_end))
    named = (insert_before(pair[1].site, "val_dataloaders="),) if is_keyword else ()
    return replace(opened, ""), *named, replace(closed, "")


RULE = Rule(
    name="loader-tuple-given-to-fit",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    validated = 0

                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch[0]).mean()

                    def validation_step(self, batch, batch_idx):
                        self.validated += 1

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                train = DataLoader(torch.randn(8, 4), batch_size=4, shuffle=True)
                val = DataLoader(torch.randn(8, 4), batch_size=4)
                net = Net()
                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(net, (train, val))
                #                ^^^^^^^^^^^^ loader-tuple-given-to-fit
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    validated = 0

                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch[0]).mean()

                    def validation_step(self, batch, batch_idx):
                        self.validated += 1

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                train = DataLoader(torch.randn(8, 4), batch_size=4, shuffle=True)
                val = DataLoader(torch.randn(8, 4), batch_size=4)
                net = Net()
                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(net, train, val)
            """,
            witness=Observes("net.validated == 0"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader as Loader
                from torch.utils.data import TensorDataset


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        x, y = batch
                        return torch.nn.functional.mse_loss(self.layer(x), y)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                def loaders(dataset):
                    return Loader(dataset, shuffle=True), Loader(dataset, shuffle=False)


                data = loaders(TensorDataset(torch.randn(8, 4), torch.randn(8, 2)))
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), train_dataloaders=data)
                #                                    ^^^^ loader-tuple-given-to-fit
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader as Loader
                from torch.utils.data import TensorDataset


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        x, y = batch
                        return torch.nn.functional.mse_loss(self.layer(x), y)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                def loaders(dataset):
                    return Loader(dataset, shuffle=True), Loader(dataset, shuffle=False)


                data = loaders(TensorDataset(torch.randn(8, 4), torch.randn(8, 2)))
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), *data)
            """,
            witness=Raises("TypeError", "argument 'input' (position 1) must be Tensor, not list"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # Two loaders to train on, and validation beside them.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                labelled, unlabelled = batch
                return self.layer(labelled).mean() - self.layer(unlabelled).mean()

            def validation_step(self, batch, batch_idx):
                return self.layer(batch).mean()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        def loader(shuffle):
            return DataLoader(torch.randn(8, 4), batch_size=4, shuffle=shuffle)


        for pair in ((loader(True), loader(True)), [loader(True), loader(False)]):
            Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), pair)
        trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
        trainer.fit(Net(), (loader(True), loader(True)))
        trainer.fit(Net(), [loader(True), loader(False)])
        trainer.fit(Net(), (loader(True), loader(False)), loader(False))
        """,
    ),
    is_fixable=True,
)
