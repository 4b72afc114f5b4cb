"""A loader is given a `batch_sampler` together with an option that it replaces.

What it does:
Reports a `DataLoader` with a `batch_sampler` that is certainly not None and with `batch_size`, `shuffle`, `sampler`
or `drop_last` at another value than the default.

Why it matters:
A batch sampler says which samples make up each batch, so the four options have nothing left to say. `DataLoader`
raises `ValueError: batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last` when
it is built.

Fix safety:
Safe: the loader could not be built. `batch_size=1`, `shuffle=False` and the like are accepted and not reported.

Source:
`torch.utils.data.DataLoader.__init__`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Operand, Raises, Rule, SemanticModel, Severity, facts, remove_argument

EXCLUDED = (("batch_size", 1), ("shuffle", 2), ("sampler", 3), ("drop_last", 8))
"""What a batch sampler replaces, and its place among the arguments of DataLoader."""

BATCH_SAMPLER = 4


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.LoaderBuilt):
        sampler = fact.arguments.known(BATCH_SAMPLER, "batch_sampler")
        if sampler is None or not sampler.is_not_none:
            continue
        for name, position in EXCLUDED:
            value = fact.arguments.known(position, name)
            if value is not None and _excludes(name, value):
                yield _finding(fact, name, value)
                break


def _finding(fact: facts.LoaderBuilt, name: str, value: Operand) -> Finding:
    """Removing one leaves the next to be reported."""
    written = fact.arguments.written(name)
    help = f"remove `{name}`"
    return Finding(
        value.site if written is None else fact.arguments.site_of(written.span),
        f"`{name}` is given together with a batch sampler",
        "raises ValueError when the loader is built: the batch sampler decides alone",
        help,
        Fix.safe(help, remove_argument(fact.arguments, written)) if written is not None else None,
    )


def _excludes(name: str, value: Operand) -> bool:
    """Certainly not the default."""
    if name == "sampler":
        return value.is_not_none
    if name == "batch_size":
        return isinstance(value.literal, int) and value.literal != 1
    return value.literal is True


RULE = Rule(
    name="batch-sampler-with-other-options",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from torch.utils.data import BatchSampler, DataLoader, SequentialSampler


                def make_loader(dataset):
                    batches = BatchSampler(SequentialSampler(dataset), batch_size=4, drop_last=False)
                    return DataLoader(dataset, batch_size=4, batch_sampler=batches)
                #                              ^^^^^^^^^^^^ batch-sampler-with-other-options


                loader = make_loader(list(range(8)))
            """,
            good="""
                from torch.utils.data import BatchSampler, DataLoader, SequentialSampler


                def make_loader(dataset):
                    batches = BatchSampler(SequentialSampler(dataset), batch_size=4, drop_last=False)
                    return DataLoader(dataset, batch_sampler=batches)


                loader = make_loader(list(range(8)))
            """,
            witness=Raises("ValueError", "batch_sampler option is mutually exclusive with batch_size"),
        ),
        Example(
            bad="""
                import torch.utils.data as data

                options = dict(num_workers=0, batch_sampler=[[0, 1], [2, 3]])
                loader = data.DataLoader(list(range(8)), shuffle=True, **options)
                #                                        ^^^^^^^^^^^^ batch-sampler-with-other-options
            """,
            good="""
                import torch.utils.data as data

                options = dict(num_workers=0, batch_sampler=[[0, 1], [2, 3]])
                loader = data.DataLoader(list(range(8)), **options)
            """,
            witness=Raises("ValueError", "batch_sampler option is mutually exclusive"),
        ),
    ),
    near_misses=(
        # The defaults, said by name.
        """
        from torch.utils.data import DataLoader

        loader = DataLoader(
            list(range(8)), batch_size=1, shuffle=False, sampler=None, drop_last=False, batch_sampler=[[0, 1], [2, 3]]
        )
        """,
        # There may be none.
        """
        from torch.utils.data import DataLoader


        def make_loader(dataset, batch_sampler=None, batch_size=4):
            return DataLoader(dataset, batch_size=batch_size, batch_sampler=batch_sampler, drop_last=True)


        make_loader(list(range(8)))
        """,
        # Either the one or the other.
        """
        from torch.utils.data import DataLoader


        def make_loader(dataset, batches):
            options = {"batch_sampler": batches} if batches else {"batch_size": 4, "shuffle": True}
            return DataLoader(dataset, **options)


        make_loader(list(range(8)), [[0, 1], [2, 3]])
        """,
        # Another class of that name.
        """
        class DataLoader:
            def __init__(self, dataset, batch_size, batch_sampler):
                self.batches = batch_sampler or range(batch_size)


        loader = DataLoader(list(range(8)), batch_size=4, batch_sampler=[[0, 1]])
        """,
    ),
    is_fixable=True,
)
