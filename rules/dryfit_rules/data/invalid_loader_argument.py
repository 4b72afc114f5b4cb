"""A loader or a sampler is given a value that its constructor refuses.

What it does:
Compares what is certainly given to `DataLoader`, `BatchSampler` and `WeightedRandomSampler` with what they check: a
batch size that is 0, negative, a fraction, a text or True, a negative number of workers, `drop_last` where
`batch_size=None` switches batches off.

Why it matters:
The loader is not built: `ValueError: batch_size should be a positive integer value, but got batch_size=16.0` after a
division, `ValueError: num_workers option should be non-negative`. The samplers take counts alike.

Fix safety:
Safe where a fraction without remainder is written as a whole number: the call was refused.

Source:
`torch.utils.data.DataLoader.__init__`, `BatchSampler.__init__`, `WeightedRandomSampler.__init__`, torch 2.13.0; run on
2.0 to 2.15.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Arguments,
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Refused,
    Rule,
    SemanticModel,
    Severity,
    facts,
    refused_arguments,
    replace,
)

LOADER = "torch.utils.data.DataLoader"
SAMPLERS = ("torch.utils.data.BatchSampler", "torch.utils.data.WeightedRandomSampler")
BATCH_SIZE, BATCH_SAMPLER, DROP_LAST = 1, 4, 8  # positions in DataLoader's signature


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.LoaderBuilt):
        if built.loader.class_names[:1] == (LOADER,) and not built.arguments.is_expected_to_fail:
            for refused in refused_arguments(model.frameworks, LOADER, built.arguments):
                if refused.name != "batch_size" or _is_none(built.arguments.get(BATCH_SAMPLER, "batch_sampler")):
                    yield _finding(refused, LOADER)
            yield from _drop_last(built.arguments)
    for call in model.calls_to(*SAMPLERS):
        for refused in refused_arguments(model.frameworks, call.name, call.arguments):
            yield _finding(refused, call.name)


def _is_none(value: object) -> bool:
    """Certainly not given, or None."""
    return value is None or (isinstance(value, Operand) and value.is_none)


def _finding(refused: Refused, path: str) -> Finding:
    kind, _, text = refused.error.partition(": ")
    what = "the loader" if path == LOADER else "the sampler"
    number = refused.value.literal
    title, fix = f"give `{refused.name}` {refused.wanted}", None
    if isinstance(number, float) and number == int(number) and refused.domain.refusal(int(number)) is None:
        title = f"write `{int(number)}`"
        fix = Fix.safe(title, replace(refused.value.site, str(int(number)))) if refused.value.is_written else None
    return Finding(
        refused.value.site,
        f"{refused.message}, and `{path.rpartition('.')[2]}` takes {refused.wanted}",
        f"raises {kind} when {what} is built: {text}",
        title,
        fix,
    )


def _drop_last(arguments: Arguments) -> Iterator[Finding]:
    batch_size = arguments.known(BATCH_SIZE, "batch_size")
    drop_last = arguments.known(DROP_LAST, "drop_last")
    if batch_size is None or drop_last is None or not batch_size.is_none or drop_last.literal is not True:
        return
    if _is_none(arguments.get(BATCH_SAMPLER, "batch_sampler")):
        yield Finding(
            drop_last.site,
            "`drop_last` is True and `batch_size=None` makes no batches",
            "raises ValueError when the loader is built: `batch_size=None` excludes `drop_last`",
            "leave out `drop_last`",
        )


RULE = Rule(
    name="invalid-loader-argument",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from torch.utils.data import DataLoader

                EFFECTIVE_BATCH = 64
                ACCUMULATE = 4
                loader = DataLoader(list(range(128)), batch_size=EFFECTIVE_BATCH / ACCUMULATE, shuffle=True)
                #                                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ invalid-loader-argument
            """,
            good="""
                from torch.utils.data import DataLoader

                EFFECTIVE_BATCH = 64
                ACCUMULATE = 4
                loader = DataLoader(list(range(128)), batch_size=EFFECTIVE_BATCH // ACCUMULATE, shuffle=True)
            """,
            witness=Raises("ValueError", "batch_size should be a positive integer value, but got batch_size=16.0"),
        ),
        Example(
            bad="""
                from torch.utils import data

                config = {"batch_size": 0, "num_workers": 0}
                #                       ^ invalid-loader-argument
                loader = data.DataLoader(list(range(8)), **config)
            """,
            good="""
                from torch.utils import data

                config = {"batch_size": 1, "num_workers": 0}
                loader = data.DataLoader(list(range(8)), **config)
            """,
            witness=Raises("ValueError", "batch_size should be a positive integer value, but got batch_size=0"),
        ),
        Example(
            bad="""
                import torch.utils.data as tud


                def loader(dataset, workers=-1):
                    return tud.DataLoader(dataset, batch_size=4, num_workers=workers)
                #                                                            ^^^^^^^ invalid-loader-argument


                batches = loader(list(range(8)))
            """,
            good="""
                import torch.utils.data as tud


                def loader(dataset, workers=0):
                    return tud.DataLoader(dataset, batch_size=4, num_workers=workers)


                batches = loader(list(range(8)))
            """,
            witness=Raises("ValueError", "num_workers option should be non-negative"),
        ),
        Example(
            bad="""
                from torch.utils.data import DataLoader

                loader = DataLoader(list(range(8)), batch_size=None, drop_last=True)
                #                                                              ^^^^ invalid-loader-argument
            """,
            good="""
                from torch.utils.data import DataLoader

                loader = DataLoader(list(range(8)), batch_size=None)
            """,
            witness=Raises("ValueError", "is mutually exclusive with drop_last"),
        ),
        Example(
            bad="""
                from torch.utils.data import DataLoader, WeightedRandomSampler

                weights = [0.1, 0.1, 0.8, 0.8]
                sampler = WeightedRandomSampler(weights, num_samples=4.0)
                #                                                    ^^^ invalid-loader-argument
                loader = DataLoader(list(range(4)), batch_size=2, sampler=sampler)
            """,
            good="""
                from torch.utils.data import DataLoader, WeightedRandomSampler

                weights = [0.1, 0.1, 0.8, 0.8]
                sampler = WeightedRandomSampler(weights, num_samples=4)
                loader = DataLoader(list(range(4)), batch_size=2, sampler=sampler)
            """,
            witness=Raises("ValueError", "num_samples should be a positive integer value, but got num_samples=4.0"),
        ),
    ),
    near_misses=(
        # None and the defaults, and what is made a whole number.
        """
        from torch.utils.data import BatchSampler, DataLoader, SequentialSampler

        data = list(range(8))
        DataLoader(data, batch_size=None, drop_last=False)
        DataLoader(data, batch_size=int(16 / 4), num_workers=0, timeout=0)
        DataLoader(data, batch_size=len(data) // 2)
        DataLoader(data, batch_size=round(8 / 3))
        DataLoader(data, batch_sampler=BatchSampler(SequentialSampler(data), batch_size=4, drop_last=True))
        """,
        # A number that stands for "all", and is replaced before it is used.
        """
        from torch.utils.data import DataLoader

        BATCH_SIZE = -1
        WORKERS = -1


        def loader(data, batch_size=BATCH_SIZE, workers=WORKERS):
            if batch_size <= 0:
                batch_size = len(data)
            return DataLoader(data, batch_size=batch_size, num_workers=max(workers, 0))


        batches = loader(list(range(8)))
        """,
        # A class of that name, and a value that is not known.
        """
        import sys

        from torch.utils import data


        class DataLoader:
            def __init__(self, dataset, batch_size):
                self.batch_size = batch_size or len(dataset)


        first = DataLoader(list(range(8)), batch_size=0)
        second = data.DataLoader(list(range(8)), batch_size=len(sys.argv))
        """,
    ),
    is_fixable=True,
)
