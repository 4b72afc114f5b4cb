"""The Trainer is given a callback for what is switched off in the same call.

What it does:
Reports `ModelCheckpoint` (or another `Checkpoint`) among the `callbacks` with `enable_checkpointing=False`, and a
progress bar with `enable_progress_bar=False`. `barebones=True` switches both off.

Why it matters:
Raises `MisconfigurationException: Trainer was configured with enable_checkpointing=False but found ModelCheckpoint in
callbacks list` when the Trainer is built.

Source:
`_CallbackConnector._configure_checkpoint_callbacks` and `_configure_progress_bar` in
`lightning.pytorch.trainer.connectors.callback_connector`, lightning 2.6.6; the same from 1.9 on.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Operand, Raises, Related, Rule, SemanticModel, Severity, facts

SWITCHES = (
    ("enable_checkpointing", "lightning.pytorch.callbacks.Checkpoint"),
    ("enable_progress_bar", "lightning.pytorch.callbacks.ProgressBar"),
)


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.TrainerBuilt):
        callbacks = built.arguments.known(None, "callbacks")
        if callbacks is None or built.is_expected_to_fail:
            continue
        for switch, base in SWITCHES:
            off = _switched_off(built, switch)
            for callback in callbacks.known_elements or (callbacks,):
                if off is not None and all(_is_of(model, option, base) for option in callback.options):
                    yield Finding(
                        off[1].site,
                        f"`{off[0]}={off[1].literal}`, and `{callback.class_name}` is among the callbacks",
                        "raises MisconfigurationException when the Trainer is built",
                        f"remove `{off[0]}` or the callback",
                        None,
                        (Related(callback.site, f"`{callback.class_name}` is given here"),),
                    )
                    break


def _switched_off(built: facts.TrainerBuilt, switch: str) -> tuple[str, Operand] | None:
    """The argument that certainly switches it off."""
    value, bare = built.arguments.known(None, switch), built.arguments.known(None, "barebones")
    if value is not None:
        return (switch, value) if value.literal is False else None
    return ("barebones", bare) if bare is not None and bare.literal is True else None


def _is_of(model: SemanticModel, callback: Operand, base: str) -> bool:
    """Certainly an instance of the class or of one below it."""
    return callback.kind == "instance" and model.frameworks.canonical(base) in callback.class_names


RULE = Rule(
    name="callback-of-disabled-feature",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from lightning.pytorch import Trainer
                from lightning.pytorch.callbacks import ModelCheckpoint

                checkpoint = ModelCheckpoint(monitor="val_loss")
                trainer = Trainer(accelerator="cpu", enable_checkpointing=False, logger=False, callbacks=[checkpoint])
                #                                                         ^^^^^ callback-of-disabled-feature
            """,
            good="""
                from lightning.pytorch import Trainer
                from lightning.pytorch.callbacks import ModelCheckpoint

                checkpoint = ModelCheckpoint(monitor="val_loss")
                trainer = Trainer(accelerator="cpu", logger=False, callbacks=[checkpoint])
            """,
            witness=Raises("MisconfigurationException", "found `ModelCheckpoint` in callbacks list"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                from pytorch_lightning import callbacks as c

                options = {"enable_progress_bar": False, "logger": False}
                #                                 ^^^^^ callback-of-disabled-feature


                class Bar(c.TQDMProgressBar):
                    pass


                trainer = pl.Trainer(accelerator="cpu", callbacks=[c.Timer(), Bar()], **options)
            """,
            good="""
                import pytorch_lightning as pl
                from pytorch_lightning import callbacks as c

                options = {"enable_progress_bar": True, "logger": False}


                class Bar(c.TQDMProgressBar):
                    pass


                trainer = pl.Trainer(accelerator="cpu", callbacks=[c.Timer(), Bar()], **options)
            """,
            witness=Raises("MisconfigurationException", "found `Bar` in callbacks list"),
        ),
    ),
    near_misses=(
        # Switched off where it is not given, and given only where it is on.
        """
        import os

        from lightning.pytorch import Trainer
        from lightning.pytorch.callbacks import ModelCheckpoint, Timer

        is_saving = os.name == "none"
        first = Trainer(accelerator="cpu", enable_checkpointing=False, logger=False, callbacks=[Timer()])
        second = Trainer(
            accelerator="cpu",
            enable_checkpointing=is_saving,
            logger=False,
            callbacks=[ModelCheckpoint() if is_saving else Timer()],
        )
        """,
    ),
)
