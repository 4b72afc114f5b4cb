"""A loader over an iterable dataset is told in which order to take the samples.

What it does:
Reports a `DataLoader` whose dataset is certainly an `IterableDataset` and that is given `shuffle=True`, a `sampler`
or a `batch_sampler`.

Why it matters:
An iterable dataset hands out its samples in its own order; there are no indices to shuffle. `DataLoader` raises
`ValueError: DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle=True` (or the same
for the sampler) when it is built.

Fix safety:
Safe: the loader could not be built. The order is then that of the dataset, which may shuffle by itself.

Source:
`torch.utils.data.DataLoader.__init__`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Operand, Raises, Rule, SemanticModel, Severity, facts, remove_argument

OPTIONS = (("shuffle", 2), ("sampler", 3), ("batch_sampler", 4))
"""Each with its place among the arguments of DataLoader."""


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.LoaderBuilt):
        dataset = fact.arguments.known(0, "dataset")
        if dataset is None or not all(_is_iterable(option) for option in dataset.options):
            continue
        for name, position in OPTIONS:
            value = fact.arguments.known(position, name)
            if value is not None and _is_given(name, value):
                yield _finding(fact, name, value)
                break


def _is_iterable(dataset: Operand) -> bool:
    """An IterableDataset, and no data pipe: those may be shuffled."""
    return dataset.is_a("torch.utils.data.IterableDataset") and dataset.is_not_a("torch.utils.data.IterDataPipe")


def _is_given(name: str, value: Operand) -> bool:
    return value.literal is True if name == "shuffle" else value.is_not_none


def _finding(fact: facts.LoaderBuilt, name: str, value: Operand) -> Finding:
    written = fact.arguments.written(name)
    help = f"remove `{name}`"
    return Finding(
        value.site if written is None else fact.arguments.site_of(written.span),
        f"`{name}` is given for an iterable dataset, which has an order of its own",
        "raises ValueError when the loader is built",
        help,
        Fix.safe(help, remove_argument(fact.arguments, written)) if written is not None else None,
    )


RULE = Rule(
    name="shuffle-with-iterable-dataset",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from torch.utils.data import DataLoader, IterableDataset


                class Lines(IterableDataset):
                    def __iter__(self):
                        yield from range(8)


                loader = DataLoader(Lines(), batch_size=4, shuffle=True)
                #                                          ^^^^^^^^^^^^ shuffle-with-iterable-dataset
            """,
            good="""
                from torch.utils.data import DataLoader, IterableDataset


                class Lines(IterableDataset):
                    def __iter__(self):
                        yield from range(8)


                loader = DataLoader(Lines(), batch_size=4)
            """,
            witness=Raises("ValueError", "expected unspecified shuffle option, but got shuffle=True"),
        ),
        Example(
            bad="""
                import torch.utils.data as data


                class Stream(data.IterableDataset):
                    def __init__(self, length):
                        self.length = length

                    def __iter__(self):
                        return iter(range(self.length))


                class Numbers(Stream):
                    pass


                def loaders(length):
                    numbers = Numbers(length)
                    order = data.SubsetRandomSampler([0, 2, 4])
                    return data.DataLoader(numbers, sampler=order)
                #                                   ^^^^^^^^^^^^^ shuffle-with-iterable-dataset


                loader = loaders(8)
            """,
            good="""
                import torch.utils.data as data


                class Stream(data.IterableDataset):
                    def __init__(self, length):
                        self.length = length

                    def __iter__(self):
                        return iter(range(self.length))


                class Numbers(Stream):
                    pass


                def loaders(length):
                    numbers = Numbers(length)
                    order = data.SubsetRandomSampler([0, 2, 4])
                    return data.DataLoader(numbers)


                loader = loaders(8)
            """,
            witness=Raises("ValueError", "expected unspecified sampler option"),
        ),
    ),
    near_misses=(
        # Nothing that sets an order.
        """
        from torch.utils.data import DataLoader, IterableDataset


        class Lines(IterableDataset):
            def __iter__(self):
                yield from range(8)


        loader = DataLoader(Lines(), batch_size=4, shuffle=False, sampler=None, batch_sampler=None)
        other = DataLoader(Lines(), shuffle=None)
        """,
        # One or the other: decided by what it is.
        """
        from torch.utils.data import DataLoader, IterableDataset


        class Lines(IterableDataset):
            def __iter__(self):
                yield from range(8)


        def make_loader(is_stream):
            dataset = Lines() if is_stream else list(range(8))
            return DataLoader(dataset, shuffle=not isinstance(dataset, IterableDataset))


        make_loader(True)
        """,
        # A shuffling pipe takes the option.
        """
        from torch.utils.data import DataLoader
        from torch.utils.data.datapipes.iter import IterableWrapper

        loader = DataLoader(IterableWrapper(range(8)), shuffle=True)
        """,
    ),
    is_fixable=True,
)
