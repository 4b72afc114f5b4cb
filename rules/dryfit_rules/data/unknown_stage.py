"""`setup` or `teardown` compares its stage with a text that is none.

What it does:
Reports comparisons of the `stage` parameter of `setup` and `teardown`, in data modules, modules and callbacks, with a
text that Lightning never passes, such as `stage == "train"`. The stages are `fit`, `validate`, `test` and `predict`,
and None where the author calls `setup()` himself. In a tuple or list, as in `stage in ("train", None)`, the same.

Why it matters:
The branch never runs and nothing is said. What it sets is missing later: `AttributeError: 'Data' object has no
attribute 'train_set'` in `train_dataloader`.

Fix safety:
Unsafe. `train` becomes `fit` and `val` becomes `validate`; `validate` is not the validation within `fit`, which has the
stage `fit` too.

Source:
`lightning.pytorch.trainer.states.TrainerFn`, `lightning.pytorch.trainer.call._call_setup_hook`, lightning 2.6.6; the
same from 1.9 on.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Edit,
    Example,
    Finding,
    Fix,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    replace,
    tree,
)

STAGES = ("fit", "validate", "test", "predict")
MEANT = {
    **dict.fromkeys(("train", "training", "trainer", "fitting"), "fit"),
    **dict.fromkeys(("val", "valid", "validation"), "validate"),
    **dict.fromkeys(("testing", "evaluate", "eval"), "test"),
    **dict.fromkeys(("inference", "predicting", "prediction"), "predict"),
}


def check(model: SemanticModel) -> Iterator[Finding]:
    for hook in model.facts(facts.HookDefined):
        stage = _stage(hook)
        if not stage or hook.owner.is_driven_by_hand:
            continue
        compared = list(_compared(hook.function, stage))
        known = {text.value for text in compared}
        is_own = any(word in known for word in ("train", "val")) and _calls_itself(hook)
        for text in compared:
            if text.value not in STAGES and text.value in MEANT and not is_own:
                name = MEANT[str(text.value)]
                fix = _fix(hook, text, name) if name not in known else None
                yield Finding(
                    hook.site._replace(span=text.span),
                    f"`{stage}` is never {text.value!r}",
                    "the branch never runs: stages are 'fit', 'validate', 'test' and 'predict'",
                    f'write "{name}"',
                    fix,
                )


def _stage(hook: facts.HookDefined) -> str:
    """What the hook calls its stage, if nothing else is ever bound to that name; "" if it has none."""
    places = {"callback": 3, "module": 1, "datamodule": 1}
    parameters = hook.function.parameters
    if hook.name not in ("setup", "teardown") or hook.is_static or len(parameters) <= places[hook.kind]:
        return ""
    name = parameters[places[hook.kind]].name
    names = [t.id for node in _nodes(hook.function) for t in getattr(node, "targets", ()) if isinstance(t, tree.Name)]
    return "" if name in names else name


def _compared(function: tree.Function, stage: str) -> Iterator[tree.Constant]:
    """The texts that the stage is compared with."""
    for node in _nodes(function):
        if isinstance(node, tree.Comparison):
            if any(isinstance(side, tree.Name) and side.id == stage for side in node.items):
                for side in node.items:
                    for part in side.items if isinstance(side, tree.Sequence) else (side,):
                        if isinstance(part, tree.Constant) and isinstance(part.value, str):
                            yield part


def _nodes(function: tree.Function) -> Iterator[tree.Node]:
    for statement in function.body:
        yield from tree.walk(statement)


def _calls_itself(hook: facts.HookDefined) -> bool:
    """Does the class call the hook itself, with stages of its own?"""
    return hook.is_called_above or any(
        isinstance(node, tree.Attribute) and node.name == hook.name and not isinstance(node.value, tree.Call)
        for name, method in hook.owner.methods.items()
        for node in tree.walk(method)
        if name != hook.name
    )


def _fix(hook: facts.HookDefined, text: tree.Constant, name: str) -> Fix | None:
    """The stage that is meant, between the same quotes."""
    span = text.span
    if span.line != span.end_line or span.end_column - span.column != len(str(text.value)) + 2:
        return None
    inside = span._replace(column=span.column + 1, end_column=span.end_column - 1)
    edit: Edit = replace(hook.site._replace(span=inside), name)
    return Fix.unsafe(f'write "{name}"', edit)


RULE = Rule(
    name="unknown-stage",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningDataModule, LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Data(LightningDataModule):
                    def setup(self, stage=None):
                        if stage == "train":
                        #           ^^^^^^^ unknown-stage
                            self.train_set = torch.randn(8, 4)

                    def train_dataloader(self):
                        return DataLoader(self.train_set, batch_size=4)



                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), datamodule=Data())
            """,
            good="""
                import torch
                from lightning.pytorch import LightningDataModule, LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Data(LightningDataModule):
                    def setup(self, stage=None):
                        if stage == "fit":
                            self.train_set = torch.randn(8, 4)

                    def train_dataloader(self):
                        return DataLoader(self.train_set, batch_size=4)



                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), datamodule=Data())
            """,
            witness=Raises("AttributeError", "'Data' object has no attribute 'train_set'"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Data(pl.LightningDataModule):
                    def setup(self, stage: str):
                        if stage in ['train', None]:
                        #            ^^^^^^^ unknown-stage
                            self.train_set = torch.randn(8, 4)

                    def train_dataloader(self):
                        return DataLoader(self.train_set, batch_size=4)



                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), datamodule=Data())
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Data(pl.LightningDataModule):
                    def setup(self, stage: str):
                        if stage in ['fit', None]:
                            self.train_set = torch.randn(8, 4)

                    def train_dataloader(self):
                        return DataLoader(self.train_set, batch_size=4)



                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), datamodule=Data())
            """,
            witness=Raises("AttributeError", "'Data' object has no attribute 'train_set'"),
        ),
    ),
    near_misses=(
        # Both spellings, the Trainer's own words elsewhere, and a stage that the author passes on.
        """
        import torch
        from lightning.pytorch import LightningDataModule, LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Data(LightningDataModule):
            def prepare_data(self):
                self.load("train")

            def load(self, stage):
                self.is_train = stage == "train"

            def setup(self, stage):
                stage = "train" if stage == "fit" else stage
                if stage == "train":
                    self.load(stage)


        class Own:
            def setup(self, stage):
                self.is_train = stage == "train"


        Own().setup("train")
        Data().setup("fit")
        """,
    ),
    is_fixable=True,
)
