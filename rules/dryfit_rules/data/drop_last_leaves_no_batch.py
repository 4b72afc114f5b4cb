"""A loader with `drop_last=True` draws from fewer samples than one batch holds.

What it does:
Reports a `DataLoader` that drops the last incomplete batch although its dataset, or the sampler that it is given, has
fewer samples than `batch_size`. Both numbers have to be certain: lists, ranges, tensors of a written size and what
is sliced or split from them, and datasets of the project whose `__len__` can be followed. For a Lightning datamodule
they are those of the instance that `trainer.fit` is given.

Why it matters:
The only batch there is is incomplete, so it is dropped: the loop over the loader has no pass, nothing is trained and
nothing is raised (measured: 40 samples, batches of 64, 0 steps in 3 epochs). Lightning warns that the "Total length of
`DataLoader` across ranks is zero".

Fix safety:
Unsafe. The batches are smaller than asked for then.

Source:
`torch.utils.data.BatchSampler.__iter__`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Observes, Rule, SemanticModel, Severity, facts, remove_argument

BATCH_SIZE, BATCH_SAMPLER, DROP_LAST = 1, 4, 8
"""Their places among the arguments of DataLoader."""

HELP = "keep the last batch"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.LoaderBuilt):
        arguments = fact.arguments
        drop_last = arguments.known(DROP_LAST, "drop_last")
        batch_size = arguments.known(BATCH_SIZE, "batch_size")
        if drop_last is None or drop_last.literal is not True or batch_size is None or fact.samples is None:
            continue
        size = batch_size.literal
        if type(size) is not int or size <= fact.samples or arguments.get(BATCH_SAMPLER, "batch_sampler") is not None:
            continue
        written = arguments.written("drop_last")
        count = "1 sample" if fact.samples == 1 else f"{fact.samples} samples"
        yield Finding(
            drop_last.site if written is None else arguments.site_of(written.span),
            f"`drop_last` drops the only batch: {count}, batches of {size}",
            "the loader yields nothing: no step is taken and nothing is raised",
            HELP,
            Fix.unsafe(HELP, remove_argument(arguments, written)) if written is not None else None,
        )


RULE = Rule(
    name="drop-last-leaves-no-batch",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch.utils.data import DataLoader, TensorDataset

                inputs = torch.randn(40, 8)
                dataset = TensorDataset(inputs, inputs.sum(dim=1))
                loader = DataLoader(dataset, batch_size=64, shuffle=True, drop_last=True)
                #                                                         ^^^^^^^^^^^^^^ drop-last-leaves-no-batch
                batches = sum(1 for _ in loader)
            """,
            good="""
                import torch
                from torch.utils.data import DataLoader, TensorDataset

                inputs = torch.randn(40, 8)
                dataset = TensorDataset(inputs, inputs.sum(dim=1))
                loader = DataLoader(dataset, batch_size=64, shuffle=True)
                batches = sum(1 for _ in loader)
            """,
            witness=Observes("batches == 0"),
        ),
        Example(
            bad="""
                import lightning as L
                import torch
                from torch import nn
                from torch.utils.data import DataLoader, Dataset

                BATCH = 16


                class Pairs(Dataset):
                    def __init__(self, n=256):
                        self.x = torch.randn(n, 4)

                    def __len__(self):
                        return len(self.x)

                    def __getitem__(self, i):
                        return self.x[i], self.x[i].sum()


                class FewShot(L.LightningDataModule):
                    def __init__(self, shots=10):
                        super().__init__()
                        self.shots = shots

                    def setup(self, stage):
                        self.train = Pairs(n=self.shots)

                    def train_dataloader(self):
                        return DataLoader(self.train, BATCH, drop_last=True)
                    #                                        ^^^^^^^^^^^^^^ drop-last-leaves-no-batch


                class Model(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.net = nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.net(batch[0]).squeeze(1).sub(batch[1]).pow(2).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.01)


                def main():
                    trainer = L.Trainer(
                        max_epochs=2,
                        accelerator="cpu",
                        logger=False,
                        enable_checkpointing=False,
                        enable_progress_bar=False,
                        enable_model_summary=False,
                    )
                    trainer.fit(Model(), datamodule=FewShot())
                    return trainer.global_step


                steps = main()
            """,
            good="""
                import lightning as L
                import torch
                from torch import nn
                from torch.utils.data import DataLoader, Dataset

                BATCH = 16


                class Pairs(Dataset):
                    def __init__(self, n=256):
                        self.x = torch.randn(n, 4)

                    def __len__(self):
                        return len(self.x)

                    def __getitem__(self, i):
                        return self.x[i], self.x[i].sum()


                class FewShot(L.LightningDataModule):
                    def __init__(self, shots=10):
                        super().__init__()
                        self.shots = shots

                    def setup(self, stage):
                        self.train = Pairs(n=self.shots)

                    def train_dataloader(self):
                        return DataLoader(self.train, BATCH)


                class Model(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.net = nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.net(batch[0]).squeeze(1).sub(batch[1]).pow(2).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.01)


                def main():
                    trainer = L.Trainer(
                        max_epochs=2,
                        accelerator="cpu",
                        logger=False,
                        enable_checkpointing=False,
                        enable_progress_bar=False,
                        enable_model_summary=False,
                    )
                    trainer.fit(Model(), datamodule=FewShot())
                    return trainer.global_step


                steps = main()
            """,
            witness=Observes("steps == 0"),
        ),
        Example(
            bad="""
                import torch
                from torch.utils import data

                everything = list(range(100))
                train, held_out = data.random_split(everything, [0.95, 0.05])
                options = {"batch_size": 8, "drop_last": True}
                #                                        ^^^^ drop-last-leaves-no-batch
                seen = [len(batch) for batch in data.DataLoader(held_out, **options)]
            """,
            good="""
                import torch
                from torch.utils import data

                everything = list(range(100))
                train, held_out = data.random_split(everything, [0.95, 0.05])
                options = {"batch_size": 8, "drop_last": False}
                seen = [len(batch) for batch in data.DataLoader(held_out, **options)]
            """,
            witness=Observes("not seen"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # One batch fits, and a length that is only known when it runs.
        """
        import torch
        from torch.utils.data import DataLoader, TensorDataset


        class Growing(torch.utils.data.Dataset):
            def __init__(self):
                self.rows = []

            def add(self, row):
                self.rows.append(row)

            def __len__(self):
                return len(self.rows)

            def __getitem__(self, i):
                return self.rows[i]


        exact = DataLoader(TensorDataset(torch.randn(64, 3)), batch_size=64, drop_last=True)
        kept = DataLoader(list(range(3)), batch_size=8)
        growing = Growing()
        for i in range(20):
            growing.add(i)
        loader = DataLoader(growing, batch_size=8, drop_last=True)
        """,
        # A sampler that draws more often than there are samples.
        """
        from torch.utils.data import DataLoader, RandomSampler

        few = list(range(5))
        sampler = RandomSampler(few, replacement=True, num_samples=64)
        loader = DataLoader(few, batch_size=16, sampler=sampler, drop_last=True)
        """,
    ),
    is_fixable=True,
)
