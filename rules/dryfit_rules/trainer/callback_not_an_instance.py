"""The Trainer is given a callback's class, or None in the list, where a callback belongs.

What it does:
Reports what is certainly no callback in `Trainer(callbacks=...)`: a class that was not called (`[EarlyStopping]`), and
None, as it is left by a condition, among the elements of a list. `callbacks=None` is legal.

Why it matters:
A class raises `ValueError: Expected a parent` when the Trainer is built, before lightning 2.6; since then `fit` raises
`TypeError: ...missing 1 required positional argument`, about a hook. None raises `X or the like.

Fix safety:
Safe for a class that can be made without arguments: the code could not have worked before.

Source:
`lightning.pytorch.trainer.connectors.callback_connector._CallbackConnector`, lightning 2.6.6; run on 1.9 to 2.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Operand, Raises, Rule, SemanticModel, Severity, facts, insert_after

CALLBACK = "lightning.pytorch.Callback"
HELP = "make an instance of it"


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.TrainerBuilt):
        given = None if built.is_expected_to_fail else built.arguments.known(None, "callbacks")
        elements = () if given is None else given.known_elements
        for callback in (*elements, *((given,) if given is not None and given.is_class_of(CALLBACK) else ())):
            if all(option.is_class_of(CALLBACK) for option in callback.options):
                yield Finding(
                    callback.site,
                    f"`{callback.class_name}` is a class, not a callback",
                    "`fit` raises TypeError: the hooks are called without an object"
                    if model.frameworks.lightning_since("2.6")
                    else "raises ValueError when the Trainer is built: Expected a parent",
                    HELP,
                    _fix(model, built, callback),
                )
            elif callback.is_none:
                yield Finding(
                    callback.site,
                    "a callback is None",
                    "raises AttributeError: 'NoneType' object has no attribute of a callback",
                    "leave it out of the list",
                )


def _fix(model: SemanticModel, built: facts.TrainerBuilt, callback: Operand) -> Fix | None:
    """A call, if it needs no arguments and the class is named where the list is written."""
    signature = model.frameworks.signature(callback.class_names[0])
    is_written_there = built.site[:2] == callback.site[:2] and callback.site != built.site
    if signature is None or signature.required or not is_written_there or callback.site.inside is not None:
        return None
    return Fix.safe(HELP, insert_after(callback.site, "()"))


RULE = Rule(
    name="callback-not-an-instance",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from lightning.pytorch.callbacks import Timer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = Trainer(max_epochs=1, barebones=True, callbacks=[Timer])
                #                                                          ^^^^^ callback-not-an-instance
                trainer.fit(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from lightning.pytorch.callbacks import Timer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = Trainer(max_epochs=1, barebones=True, callbacks=[Timer()])
                trainer.fit(Net(), loader)
            """,
            witness=Raises("TypeError", "missing 1 required positional argument"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                callbacks = [pl.callbacks.Timer()]
                callbacks.append(None)
                #                ^^^^ callback-not-an-instance
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True, callbacks=callbacks).fit(Net(), loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                callbacks = [pl.callbacks.Timer()]
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True, callbacks=callbacks).fit(Net(), loader)
            """,
            witness=Raises("AttributeError", "'NoneType' object has no attribute"),
        ),
    ),
    near_misses=(
        # No callbacks at all, a class that is called later, a list with a condition.
        """
        import os

        from lightning.pytorch import Trainer
        from lightning.pytorch.callbacks import Timer

        made = [kind() for kind in [Timer]]
        first = Trainer(accelerator="cpu", barebones=True, callbacks=None)
        second = Trainer(accelerator="cpu", barebones=True, callbacks=made)
        third = Trainer(accelerator="cpu", barebones=True, callbacks=[Timer() if os.name else None])
        """,
    ),
    is_fixable=True,
)
