"""A loader is given both `shuffle=True` and a sampler.

What it does:
Reports a `DataLoader` whose `shuffle` is True and whose `sampler` is certainly not None. `shuffle=(sampler is None)`,
`shuffle=False` and a sampler that is None are right.

Why it matters:
Both decide the order of the samples. `DataLoader` raises `ValueError: sampler option is mutually exclusive with
shuffle` when it is built.

Fix safety:
Safe: the loader could not be built, and the sampler is the choice that says more.

Source:
`torch.utils.data.DataLoader.__init__`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Raises, Rule, SemanticModel, Severity, facts, remove_argument

SHUFFLE, SAMPLER = 2, 3
"""Their places among the arguments of DataLoader."""

HELP = "remove `shuffle`"


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.LoaderBuilt):
        shuffle = fact.arguments.known(SHUFFLE, "shuffle")
        sampler = fact.arguments.known(SAMPLER, "sampler")
        if shuffle is None or sampler is None or shuffle.literal is not True or not sampler.is_not_none:
            continue
        written = fact.arguments.written("shuffle")
        yield Finding(
            shuffle.site if written is None else fact.arguments.site_of(written.span),
            "`shuffle` is True and a sampler is given",
            "raises ValueError when the loader is built: the two exclude each other",
            HELP,
            Fix.safe(HELP, remove_argument(fact.arguments, written)) if written is not None else None,
        )


RULE = Rule(
    name="shuffle-with-sampler",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler


                def make_loader(dataset, batch_size=2, balance=True):
                    sampler = None
                    if balance:
                        sampler = WeightedRandomSampler(torch.ones(len(dataset)), num_samples=len(dataset))
                    return DataLoader(
                        dataset,
                        batch_size=batch_size,
                        shuffle=True,
                    #   ^^^^^^^^^^^^ shuffle-with-sampler
                        sampler=sampler,
                    )


                loader = make_loader(TensorDataset(torch.randn(8, 3)))
            """,
            good="""
                import torch
                from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler


                def make_loader(dataset, batch_size=2, balance=True):
                    sampler = None
                    if balance:
                        sampler = WeightedRandomSampler(torch.ones(len(dataset)), num_samples=len(dataset))
                    return DataLoader(
                        dataset,
                        batch_size=batch_size,
                        sampler=sampler,
                    )


                loader = make_loader(TensorDataset(torch.randn(8, 3)))
            """,
            witness=Raises("ValueError", "sampler option is mutually exclusive with shuffle"),
        ),
        Example(
            bad="""
                from torch.utils import data

                dataset = list(range(8))
                options = {"batch_size": 2, "shuffle": True}
                #                                      ^^^^ shuffle-with-sampler
                loader = data.DataLoader(dataset, sampler=data.SubsetRandomSampler([0, 2, 4]), **options)
            """,
            good="""
                from torch.utils import data

                dataset = list(range(8))
                options = {"batch_size": 2, "shuffle": False}
                loader = data.DataLoader(dataset, sampler=data.SubsetRandomSampler([0, 2, 4]), **options)
            """,
            witness=Raises("ValueError", "sampler option is mutually exclusive with shuffle"),
        ),
        Example(
            bad="""
                import torch.utils.data


                class EveryOther(torch.utils.data.Sampler):
                    def __init__(self, length):
                        self.length = length

                    def __iter__(self):
                        return iter(range(0, self.length, 2))

                    def __len__(self):
                        return self.length // 2


                def loaders(train):
                    chosen = EveryOther(len(train))
                    return torch.utils.data.DataLoader(train, 2, True, chosen)
                #                                                ^^^^ shuffle-with-sampler


                loader = loaders(list(range(8)))
            """,
            good="""
                import torch.utils.data


                class EveryOther(torch.utils.data.Sampler):
                    def __init__(self, length):
                        self.length = length

                    def __iter__(self):
                        return iter(range(0, self.length, 2))

                    def __len__(self):
                        return self.length // 2


                def loaders(train):
                    chosen = EveryOther(len(train))
                    return torch.utils.data.DataLoader(train, 2, False, chosen)


                loader = loaders(list(range(8)))
            """,
            witness=Raises("ValueError", "sampler option is mutually exclusive with shuffle"),
        ),
    ),
    near_misses=(
        # Said by name, and None.
        """
        from torch.utils.data import DataLoader

        options = dict(shuffle=True, sampler=None, num_workers=0)
        loader = DataLoader(list(range(8)), **options)
        other = DataLoader(list(range(8)), shuffle=False, sampler=[1, 2, 3])
        """,
        # What the helper or the caller gives is not known.
        """
        from torch.utils.data import DataLoader


        def make_loader(dataset, sampler=None, **options):
            return DataLoader(dataset, shuffle=True, sampler=sampler, **options)


        make_loader(list(range(8)))
        """,
        # A subclass that settles it.
        """
        from torch.utils.data import DataLoader


        class Loader(DataLoader):
            def __init__(self, dataset, shuffle=True, sampler=None):
                super().__init__(dataset, shuffle=shuffle and sampler is None, sampler=sampler)


        loader = Loader(list(range(8)), shuffle=True, sampler=[1, 2, 3])
        """,
    ),
    is_fixable=True,
)
