"""A loader without worker processes is given an option for its workers.

What it does:
Reports a `DataLoader` whose `num_workers` is certainly 0, said or by default, with `persistent_workers=True`, a
`prefetch_factor` or a positive `timeout`.

Why it matters:
`persistent_workers` and `prefetch_factor` raise ValueError when the loader is built. `timeout` is worse: the loader
is built, and the first iteration raises a bare AssertionError.

Fix safety:
Unsafe. Whether workers are wanted or the option is to go is the author's choice; the fix removes the option.

Source:
`torch.utils.data.DataLoader.__init__` and `_SingleProcessDataLoaderIter.__init__`, torch 2.13.0.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    remove_argument,
)

NUM_WORKERS = 5
OPTIONS = (("persistent_workers", None), ("prefetch_factor", None), ("timeout", 9))
"""Each with its place among the arguments of DataLoader, if it may be given by place."""

NOTES = {
    "persistent_workers": "raises ValueError when the loader is built",
    "prefetch_factor": "raises ValueError when the loader is built",
    "timeout": "raises AssertionError when the loader is iterated",
}


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.LoaderBuilt):
        if _has_no_workers(fact):
            for name, position in OPTIONS:
                value = fact.arguments.known(position, name)
                if value is not None and _is_set(name, value):
                    yield _finding(fact, name, value)


def _has_no_workers(fact: facts.LoaderBuilt) -> bool:
    workers = fact.arguments.get(NUM_WORKERS, "num_workers")
    return workers is None or (isinstance(workers, Operand) and workers.literal == 0)


def _is_set(name: str, value: Operand) -> bool:
    """Certainly at a value that needs workers."""
    if name == "persistent_workers":
        return value.literal is True
    is_number = isinstance(value.literal, int | float) and not isinstance(value.literal, bool)
    return is_number and (name == "prefetch_factor" or (isinstance(value.literal, int | float) and value.literal > 0))


def _finding(fact: facts.LoaderBuilt, name: str, value: Operand) -> Finding:
    written = fact.arguments.written(name)
    help = f"remove `{name}`"
    return Finding(
        value.site if written is None else fact.arguments.site_of(written.span),
        f"`{name}` is given to a loader without workers",
        NOTES[name],
        help,
        Fix.unsafe(help, remove_argument(fact.arguments, written)) if written is not None else None,
    )


RULE = Rule(
    name="worker-option-without-workers",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from torch.utils.data import DataLoader

                loader = DataLoader(list(range(8)), batch_size=2, persistent_workers=True)
                #                                                 ^^^^^^^^^^^^^^^^^^^^^^^ worker-option-without-workers
            """,
            good="""
                from torch.utils.data import DataLoader

                loader = DataLoader(list(range(8)), batch_size=2)
            """,
            witness=Raises("ValueError", "persistent_workers option needs num_workers > 0"),
        ),
        Example(
            bad="""
                from torch.utils.data import DataLoader

                WORKERS = 0


                def make_loader(data, **more):
                    return DataLoader(data, num_workers=WORKERS, prefetch_factor=2, **more)
                #                                                ^^^^^^^^^^^^^^^^^ worker-option-without-workers


                loader = make_loader(list(range(8)), batch_size=2)
            """,
            good="""
                from torch.utils.data import DataLoader

                WORKERS = 0


                def make_loader(data, **more):
                    return DataLoader(data, num_workers=WORKERS, **more)


                loader = make_loader(list(range(8)), batch_size=2)
            """,
            witness=Raises("ValueError", "prefetch_factor option could only be specified in multiprocessing"),
        ),
        Example(
            bad="""
                from torch.utils import data

                loader = data.DataLoader(list(range(8)), timeout=30, num_workers=0)
                #                                        ^^^^^^^^^^ worker-option-without-workers
                first = next(iter(loader))
            """,
            good="""
                from torch.utils import data

                loader = data.DataLoader(list(range(8)), num_workers=0)
                first = next(iter(loader))
            """,
            witness=Raises("AssertionError"),
        ),
    ),
    near_misses=(
        # With workers, or with a value that means none.
        """
        from torch.utils.data import DataLoader

        loader = DataLoader(list(range(8)), num_workers=2, persistent_workers=True, prefetch_factor=4, timeout=30)
        other = DataLoader(list(range(8)), num_workers=0, persistent_workers=False, prefetch_factor=None, timeout=0)
        """,
        # As many workers as are asked for.
        """
        from torch.utils.data import DataLoader


        def make_loader(dataset, workers=0):
            return DataLoader(
                dataset,
                num_workers=workers,
                persistent_workers=workers > 0,
                prefetch_factor=2 if workers else None,
            )


        make_loader(list(range(8)))
        """,
        # What else is passed is not known.
        """
        from torch.utils.data import DataLoader


        def make_loader(dataset, **options):
            return DataLoader(dataset, persistent_workers=True, **options)


        make_loader(list(range(8)), num_workers=1)
        """,
        # A subclass with workers of its own.
        """
        from torch.utils.data import DataLoader


        class Loader(DataLoader):
            def __init__(self, dataset, **options):
                super().__init__(dataset, num_workers=1, **options)


        loader = Loader(list(range(8)), persistent_workers=True)
        """,
    ),
    is_fixable=True,
)
