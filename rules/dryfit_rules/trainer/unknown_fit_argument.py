"""`fit`, `validate`, `test` or `predict` of a Trainer is given an argument that it does not have.

What it does:
Reports keywords that these methods of the installed Lightning do not accept: the singular `train_dataloader` and the
`test_dataloaders` of 1.5 and before, those that only later versions have (`weights_only` before 2.6), misspelt ones.

Why it matters:
Raises `TypeError: Trainer.fit() got an unexpected keyword argument 'train_dataloader'` as soon as the line runs.

Fix safety:
Safe for loaders where the method has but one argument that can be meant: the call could not work before. Unsafe where
the name is only the nearest one.

Source:
`lightning.pytorch.Trainer.fit`, `validate`, `test` and `predict` of the installed version.
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
    replace,
)

TRAINER = "lightning.pytorch.Trainer"
METHODS = ("fit", "validate", "test", "predict")


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.facts(facts.TrainerCall):
        signature = model.frameworks.signature(f"{TRAINER}.{call.method}")
        if signature is None or call.method not in METHODS or call.trainer.class_names[:1] != (TRAINER,):
            continue
        given = {*signature.positional[: len(call.arguments.positional)], *call.arguments.keywords}
        for keyword in call.arguments.keywords.values():
            if not signature.accepts(keyword.name):
                text, fix = _remedy(keyword, [name for name in signature.positional if name not in given])
                yield Finding(
                    keyword.name_site,
                    f"`{call.method}` has no argument `{keyword.name}`{_range(model, call.method, keyword.name)}",
                    f"raises TypeError: Trainer.{call.method}() got an unexpected keyword argument '{keyword.name}'",
                    text,
                    fix,
                )


def _range(model: SemanticModel, method: str, name: str) -> str:
    """The versions that do not have it, as far as they are known."""
    since, until = model.frameworks.range_of_argument(f"{TRAINER}.{method}", name)
    if until and model.frameworks.lightning_since(until):
        return f" since lightning {until}"
    return f" before lightning {since}" if since and not model.frameworks.lightning_since(since) else ""


def _remedy(keyword: KeywordArgument, free: list[str]) -> tuple[str, Fix | None]:
    """What to do; `free`: the arguments that are not given yet."""
    word = keyword.name.partition("_")[0]
    loaders = [name for name in free if name in ("dataloaders", f"{word}_dataloaders")]
    is_loader = keyword.name.rstrip("s").endswith("dataloader")
    near = loaders if is_loader else get_close_matches(keyword.name, free, n=1, cutoff=0.8)
    if not near:
        others = [name for name in free if name.endswith("_dataloaders")] if word == "dataloader" else []
        return f"give it as `{'` or `'.join(others)}`" if others else "remove it", None
    text = f"rename it to `{near[0]}`"
    if keyword.argument is None:
        return text, None
    edit = replace(keyword.name_site, near[0])
    return text, Fix.safe(text, edit) if is_loader else Fix.unsafe(text, edit)


RULE = Rule(
    name="unknown-fit-argument",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), train_dataloader=DataLoader(torch.randn(8, 4)))
                #                  ^^^^^^^^^^^^^^^^ unknown-fit-argument
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), train_dataloaders=DataLoader(torch.randn(8, 4)))
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'train_dataloader'"),
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

                    def test_step(self, batch, batch_idx):
                        return self.layer(batch).mean()


                def evaluate(net, data):
                    trainer = pl.Trainer(accelerator="cpu", barebones=True)
                    return trainer.test(net, test_dataloaders=DataLoader(data))
                    #                        ^^^^^^^^^^^^^^^^ unknown-fit-argument


                evaluate(Net(), torch.randn(8, 4))
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def test_step(self, batch, batch_idx):
                        return self.layer(batch).mean()


                def evaluate(net, data):
                    trainer = pl.Trainer(accelerator="cpu", barebones=True)
                    return trainer.test(net, dataloaders=DataLoader(data))


                evaluate(Net(), torch.randn(8, 4))
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'test_dataloaders'"),
        ),
    ),
    near_misses=(
        # A subclass that takes it, and another class.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                return self.layer(batch).mean()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        class Runner(Trainer):
            def fit(self, model, train_dataloader):
                super().fit(model, train_dataloader)


        class Search:
            def fit(self, model, train_dataloader):
                self.model = model


        loader = DataLoader(torch.randn(8, 4))
        Runner(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), train_dataloader=loader)
        Search().fit(Net(), train_dataloader=loader)
        """,
    ),
    is_fixable=True,
)
