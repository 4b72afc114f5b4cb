"""The Trainer is given two callbacks that it cannot tell apart.

What it does:
Reports two `ModelCheckpoint` with the same `monitor`, `mode`, `every_n_train_steps`, `every_n_epochs` and
`train_time_interval`, and two `EarlyStopping` with the same `monitor` and `mode`, in one list of callbacks. Other
arguments (`dirpath`, `filename`, `save_top_k`, `patience`) do not count. Values that are not known are silent.

Why it matters:
Raises `RuntimeError: Found more than one stateful callback of type ModelCheckpoint` when the Trainer is built: their
states would lie under one key in the checkpoint.

Source:
`ModelCheckpoint.state_key`, `EarlyStopping.state_key`, `_validate_callbacks_list` in
`lightning.pytorch.trainer.connectors.callback_connector`, lightning 2.6.6; the same from 1.9 on.
"""

from collections.abc import Iterator
from typing import TypeAlias

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Operand,
    Raises,
    Related,
    Rule,
    SemanticModel,
    Severity,
    facts,
    tree,
)

# What a callback's state is kept under, each with its default.
INTERVALS = ("every_n_train_steps", "every_n_epochs", "train_time_interval")
KEYS: dict[str, dict[str, tree.ConstantValue]] = {
    "lightning.pytorch.callbacks.ModelCheckpoint": {"monitor": None, "mode": "min", **dict.fromkeys(INTERVALS)},
    "lightning.pytorch.callbacks.EarlyStopping": {"monitor": None, "mode": "min"},
}
Key: TypeAlias = tuple[str, tuple[tuple[str, object], ...]]  # the class, and each setting with its value


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.TrainerBuilt):
        callbacks = None if built.is_expected_to_fail else built.arguments.known(None, "callbacks")
        seen: dict[Key, Operand] = {}
        for callback in callbacks.known_elements if callbacks is not None else ():
            key = _key(model, callback)
            if key is not None and key in seen:
                what = ", ".join(f"`{name}={value!r}`" for name, value in key[1] if value is not None)
                yield Finding(
                    callback.site,
                    f"a second `{callback.class_name}` {f'with {what}' if what else 'of the same settings'}",
                    "raises RuntimeError when the Trainer is built: more than one stateful callback of this type",
                    "make them differ in what they watch or in how often, or keep one",
                    None,
                    (Related(seen[key].site, "the first one"),),
                )
            elif key is not None:
                seen[key] = callback


def _key(model: SemanticModel, callback: Operand) -> Key | None:
    """What its state is kept under; None if that is not known."""
    name = callback.class_names[0] if callback.kind == "instance" and callback.class_names else ""
    signature = model.frameworks.signature(name) if name in KEYS else None
    given = callback.arguments
    if signature is None or "**" in given:
        return None
    parts: list[tuple[str, object]] = []
    for parameter, default in KEYS[name].items():
        position = signature.positional.index(parameter) if parameter in signature.positional else -1
        value = given.get(parameter, given.get(position))
        literal = default if value is None else value.literal
        if literal is UNKNOWN:
            return None
        parts.append((parameter, literal))
    values = dict(parts)
    if name.endswith("Checkpoint") and all(values[interval] is None for interval in INTERVALS):
        values["every_n_epochs"] = 1
    return name, tuple((parameter, values[parameter] or None) for parameter in values)


RULE = Rule(
    name="same-callback-twice",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from lightning.pytorch import Trainer
                from lightning.pytorch.callbacks import ModelCheckpoint

                best = ModelCheckpoint(monitor="val_loss", filename="best")
                last = ModelCheckpoint(monitor="val_loss", filename="last", every_n_epochs=1)
                trainer = Trainer(accelerator="cpu", logger=False, callbacks=[best, last])
                #                                                                   ^^^^ same-callback-twice
            """,
            good="""
                from lightning.pytorch import Trainer
                from lightning.pytorch.callbacks import ModelCheckpoint

                best = ModelCheckpoint(monitor="val_loss", filename="best")
                last = ModelCheckpoint(filename="last", every_n_epochs=1)
                trainer = Trainer(accelerator="cpu", logger=False, callbacks=[best, last])
            """,
            witness=Raises("RuntimeError", "Found more than one stateful callback of type `ModelCheckpoint`"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl


                def stopping(patience):
                    return pl.callbacks.EarlyStopping("val_loss", patience=patience)


                callbacks = [stopping(3)]
                callbacks += [stopping(10)]
                #             ^^^^^^^^^^^^ same-callback-twice
                trainer = pl.Trainer(accelerator="cpu", logger=False, callbacks=callbacks)
            """,
            good="""
                import pytorch_lightning as pl


                def stopping(patience):
                    return pl.callbacks.EarlyStopping("val_loss", patience=patience)


                callbacks = [stopping(3)]
                trainer = pl.Trainer(accelerator="cpu", logger=False, callbacks=callbacks)
            """,
            witness=Raises("RuntimeError", "Found more than one stateful callback of type `EarlyStopping`"),
        ),
    ),
    near_misses=(
        # They differ in what they watch or in how often; a subclass with a key of its own; a metric that is not known.
        """
        import os

        from lightning.pytorch import Trainer
        from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint


        class Keyed(ModelCheckpoint):
            @property
            def state_key(self):
                return self.filename


        metric = os.environ.get("METRIC", "val_acc")
        first = [ModelCheckpoint(monitor="val_loss"), ModelCheckpoint(monitor="val_loss", every_n_train_steps=100)]
        second = [EarlyStopping("val_loss"), EarlyStopping("val_acc", mode="max"), EarlyStopping(metric)]
        third = [Keyed(filename="a"), Keyed(filename="b"), ModelCheckpoint(monitor=metric), ModelCheckpoint()]
        for callbacks in (first, second, third):
            Trainer(accelerator="cpu", logger=False, callbacks=callbacks)
        Trainer(accelerator="cpu", logger=False, callbacks=first)
        Trainer(accelerator="cpu", logger=False, callbacks=second)
        Trainer(accelerator="cpu", logger=False, callbacks=third)
        """,
    ),
)
