"""A method of the Trainer that the installed Lightning does not have any more.

What it does:
Reports `trainer.tune`, `Trainer.from_argparse_args`, `Trainer.add_argparse_args`, `trainer.reset_train_dataloader` and
other methods of `lightning.pytorch.Trainer` that were removed, by the history of the installed version.

Why it matters:
Raises `AttributeError: 'Trainer' object has no attribute 'tune'` when the line runs. Some of those that went in 1.8 or
1.9 raise `NotImplementedError` when they are called, until 2.0.

Source:
`lightning.pytorch.Trainer` of the installed version; the history of its methods from 1.5 to 2.6, run.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Raises, Rule, SemanticModel, Severity, facts

HELP = {
    "from_argparse_args": "pass the arguments by name: `Trainer(max_epochs=args.max_epochs, ...)`",
    "add_argparse_args": "declare the arguments with `argparse`, or use `LightningCLI`",
    "tune": "use `Tuner(trainer).lr_find(model)` or `Tuner(trainer).scale_batch_size(model)`",
}


def check(model: SemanticModel) -> Iterator[Finding]:
    for used in model.facts(facts.TrainerAttribute):
        removal = model.frameworks.removed_trainer_methods.get(used.name)
        if removal is not None:
            owner = "type object 'Trainer'" if used.on_class else "'Trainer' object"
            text = f"use `{removal.replacement}`" if removal.replacement else "remove the call"
            yield Finding(
                used.name_site,
                f"`Trainer.{used.name}` was removed in lightning {removal.removed_in}",
                f"raises AttributeError: {owner} has no attribute '{used.name}'"
                if "AttributeError" in removal.today
                else removal.today,
                HELP.get(used.name, text),
            )


RULE = Rule(
    name="removed-trainer-method",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import argparse

                import pytorch_lightning as pl

                args = argparse.Namespace(max_epochs=3)
                trainer = pl.Trainer.from_argparse_args(args, accelerator="cpu", barebones=True)
                #                    ^^^^^^^^^^^^^^^^^^ removed-trainer-method
            """,
            good="""
                import argparse

                import pytorch_lightning as pl

                args = argparse.Namespace(max_epochs=3)
                trainer = pl.Trainer(max_epochs=args.max_epochs, accelerator="cpu", barebones=True)
            """,
            witness=Raises("AttributeError", "type object 'Trainer' has no attribute 'from_argparse_args'"),
        ),
        Example(
            bad="""
                from lightning.pytorch import LightningModule, Trainer


                class Net(LightningModule):
                    lr = 0.1


                def find(module):
                    trainer = Trainer(accelerator="cpu", barebones=True)
                    trainer.tune(module)
                    #       ^^^^ removed-trainer-method


                find(Net())
            """,
            good="""
                from lightning.pytorch import LightningModule, Trainer
                from lightning.pytorch.tuner import Tuner


                class Net(LightningModule):
                    lr = 0.1


                def find(module):
                    trainer = Trainer(accelerator="cpu", barebones=True)
                    return Tuner(trainer)


                find(Net())
            """,
            witness=Raises("AttributeError", "'Trainer' object has no attribute 'tune'"),
        ),
    ),
    near_misses=(
        # Subclasses that have the method, another Trainer, and attributes that are there.
        """
        from lightning.pytorch import Trainer


        class Tuned(Trainer):
            @classmethod
            def from_argparse_args(cls, args):
                return cls(accelerator="cpu", barebones=True)

            def tune(self, model):
                return model


        class Plain:
            def tune(self, model):
                return model


        Tuned.from_argparse_args(None).tune(None)
        Plain().tune(None)
        steps = Trainer(accelerator="cpu", barebones=True).max_steps
        """,
    ),
)
