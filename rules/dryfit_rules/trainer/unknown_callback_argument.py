"""A callback of Lightning is built with an argument that it does not have, or without one that it needs.

What it does:
Compares the arguments of Lightning's own callbacks (`ModelCheckpoint`, `EarlyStopping`, `StochasticWeightAveraging`,
`Timer` and the others), those from a `**mapping` whose keys are known included, with the signature in the installed
version: arguments of Lightning 0.x and 1.x (`filepath`, `period`, `prefix`), of other frameworks
(`restore_best_weights`, `save_best_only`), misspelt ones, and required ones that are missing (`monitor`, `swa_lrs`).

Why it matters:
Raises `TypeError: EarlyStopping.__init__() got an unexpected keyword argument 'restore_best_weights'`, or `missing 1
required positional argument: 'monitor'`, when the callback is built.

Fix safety:
Safe where the argument has another name today and takes the same values: the call could not work before. Unsafe where
the name is only the nearest one.

Source:
`lightning.pytorch.callbacks` of the installed version; 1.9 to 2.6 accept and need the same of those named here.
"""

from collections.abc import Iterator
from difflib import get_close_matches

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    KeywordArgument,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    rename_argument,
)

CALLBACK = "lightning.pytorch.Callback"
# Other names for an argument that takes the same values.
RENAMED = {
    "period": "every_n_epochs",
    "every_n_val_epochs": "every_n_epochs",
    "every_n_steps": "every_n_train_steps",
    "swa_lr": "swa_lrs",
    "delta": "min_delta",
    "metric": "monitor",
}
INSTEAD = {
    "filepath": "give the folder as `dirpath` and the name as `filename`",
    "prefix": "put it into `filename`",
    "save_best_only": "remove it: `save_top_k=1` keeps the best",
    "restore_best_weights": "remove it, and load `best_model_path` of a `ModelCheckpoint`",
}


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.FrameworkCall):
        is_call = call.receiver is None and not call.is_expected_to_fail
        if is_call and model.frameworks.is_subclass(call.name, CALLBACK):
            signature = model.frameworks.signature(call.name)
            if signature is None:
                continue
            for keyword in call.arguments.keywords.values():
                if not signature.accepts(keyword.name):
                    names = [p.name for p in signature.parameters if p.name not in call.arguments.keywords]
                    yield _unknown(model, call, keyword, names[len(call.arguments.positional) :])
            given = {*signature.positional[: len(call.arguments.positional)], *call.arguments.keywords}
            missing = [name for name in signature.required if name not in given]
            is_misspelt = any(not signature.accepts(name) for name in call.arguments.keywords)
            if missing and call.arguments.are_complete and not is_misspelt:
                yield _missing(call, missing)


def _unknown(model: SemanticModel, call: facts.FrameworkCall, keyword: KeywordArgument, free: list[str]) -> Finding:
    name = call.name.rpartition(".")[2]
    text, fix = INSTEAD.get(keyword.name, "remove it"), None
    renamed = RENAMED.get(keyword.name, "")
    near = [renamed] if renamed in free else get_close_matches(keyword.name, free, n=1, cutoff=0.8)
    if near and keyword.name not in INSTEAD:
        text = f"rename it to `{near[0]}`"
        edit = rename_argument(keyword, near[0])
        if edit is not None:
            fix = Fix.safe(text, edit) if near[0] == renamed else Fix.unsafe(text, edit)
    return Finding(
        keyword.name_site,
        f"`{name}` has no argument `{keyword.name}`{_range(model, call.name, keyword.name)}",
        f"raises TypeError when it is built: unexpected keyword argument '{keyword.name}'",
        text,
        fix,
    )


def _range(model: SemanticModel, path: str, name: str) -> str:
    """The versions that do not have it, as far as they are known."""
    since, until = model.frameworks.range_of_argument(path, name)
    if until and model.frameworks.lightning_since(until):
        return f" since lightning {until}"
    return f" before lightning {since}" if since and not model.frameworks.lightning_since(since) else ""


def _missing(call: facts.FrameworkCall, missing: list[str]) -> Finding:
    names = " and ".join(f"`{name}`" for name in missing)
    return Finding(
        call.arguments.site_of(call.arguments.call.func.span),
        f"`{call.name.rpartition('.')[2]}` is built without {names}",
        f"raises TypeError when it is built: missing {len(missing)} required argument{'s' * (len(missing) > 1)}",
        f"give it {names}",
    )


RULE = Rule(
    name="unknown-callback-argument",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from lightning.pytorch.callbacks import EarlyStopping

                stopping = EarlyStopping(monitor="val_loss", restore_best_weights=True)
                #                                            ^^^^^^^^^^^^^^^^^^^^ unknown-callback-argument
            """,
            good="""
                from lightning.pytorch.callbacks import EarlyStopping

                stopping = EarlyStopping(monitor="val_loss")
            """,
            witness=Raises("TypeError", "got an unexpected keyword argument 'restore_best_weights'"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl

                options = {"monitor": "val_loss", "period": 5}
                #                                 ^^^^^^^^ unknown-callback-argument
                checkpoint = pl.callbacks.ModelCheckpoint("checkpoints", **options)
            """,
            good="""
                import pytorch_lightning as pl

                options = {"monitor": "val_loss", "every_n_epochs": 5}
                checkpoint = pl.callbacks.ModelCheckpoint("checkpoints", **options)
            """,
            witness=Raises("TypeError", "got an unexpected keyword argument 'period'"),
        ),
        Example(
            bad="""
                from lightning.pytorch import callbacks


                def averaging(start):
                    return callbacks.StochasticWeightAveraging(swa_epoch_start=start)
                    #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ unknown-callback-argument


                averages = averaging(0.8)
            """,
            good="""
                from lightning.pytorch import callbacks


                def averaging(start):
                    return callbacks.StochasticWeightAveraging(0.05, swa_epoch_start=start)


                averages = averaging(0.8)
            """,
            witness=Raises("TypeError", "missing 1 required positional argument: 'swa_lrs'"),
        ),
    ),
    near_misses=(
        # A subclass with arguments of its own, another library's callback, and settings that are not known.
        """
        import json

        from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, Timer


        class Stopping(EarlyStopping):
            def __init__(self, restore_best_weights, **options):
                super().__init__("val_loss", **options)
                self.restores = restore_best_weights


        class Checkpoint:
            def __init__(self, filepath):
                self.filepath = filepath


        first = Stopping(restore_best_weights=True, patience=3)
        second = Checkpoint(filepath="x")
        third = EarlyStopping(**json.loads('{"monitor": "val_loss"}'))
        fourth = ModelCheckpoint("checkpoints", None, "val_loss", mode="min", save_weights_only=True)
        fifth = Timer()
        """,
    ),
    is_fixable=True,
)
