"""The Trainer is given a number, a text or a dict that it does not take for this argument.

What it does:
Reports values of `Trainer(...)` that are certainly out of the argument's range or of another kind: counts of epochs and
steps that are texts, floats, None or below -1, shares of an epoch above 1.0, `accumulate_grad_batches` as a dict
(the form of 1.x) or 0, a clipping value as a text, an unknown clipping algorithm.

Why it matters:
Some raise when the Trainer is built (`MisconfigurationException`, `TypeError`), the others in `fit`, with errors that
do not name the argument: `max_steps=None` `TypeError: '<' not supported between instances of 'NoneType' and 'int'`,
`max_epochs=2.5` an `AssertionError` without a text, `accumulate_grad_batches={0: 2}` `TypeError: unsupported operand
type(s) for %: 'int' and 'dict'` since 2.0.

Source:
`lightning.pytorch.Trainer.__init__`, `lightning.pytorch.loops.fit_loop._FitLoop`, lightning 2.6.6; run on 1.9 to 2.6.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from dryfit.rulekit import UNKNOWN, Example, Finding, Operand, Raises, Rule, SemanticModel, Severity, facts

BUILT = "raises MisconfigurationException when the Trainer is built"


class Domain(NamedTuple):
    """What an argument refuses: `is_refused`, what comes of it, what to do, and since which version that is so."""

    is_refused: Callable[[Operand], bool]
    note: str
    help: str
    since: str = ""


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.TrainerBuilt):
        is_own = built.trainer.class_names[:1] == ("lightning.pytorch.Trainer",) and not built.is_expected_to_fail
        for name, keyword in built.arguments.keywords.items() if is_own else ():
            for domain in DOMAINS.get(name, ()):
                is_in_force = not domain.since or model.frameworks.lightning_since(domain.since)
                if is_in_force and all(domain.is_refused(option) for option in keyword.value.options):
                    range_ = f" since lightning {domain.since}" if domain.since else ""
                    yield Finding(
                        keyword.value.site,
                        f"`{name}` {_shown(keyword.value)} is refused by `Trainer`{range_}",
                        domain.note,
                        domain.help,
                    )
                    break


def _shown(value: Operand) -> str:
    option = value.options[0]
    return f"as a {option.kind}" if option.literal is UNKNOWN else f"{option.literal!r}"


# ------------------------------------------------------------------------------------------------- what is refused
def _is_text(value: Operand) -> bool:
    return isinstance(value.literal, str)


def _is_text_or_float(value: Operand) -> bool:
    return isinstance(value.literal, (str, float))


def _is_none(value: Operand) -> bool:
    return value.is_none


def _is_dict(value: Operand) -> bool:
    return value.kind == "dict"


def _is_zero(value: Operand) -> bool:
    return type(value.literal) in (int, float) and value.literal == 0


def _is_negative(value: Operand) -> bool:
    return _is_below(value, 0)


def _is_below_minus_one(value: Operand) -> bool:
    return type(value.literal) is int and _is_below(value, -1)


def _is_below_one(value: Operand) -> bool:
    return type(value.literal) is int and _is_below(value, 1)


def _is_below(value: Operand, least: int) -> bool:
    literal = value.literal
    return isinstance(literal, (int, float)) and literal < least


def _is_no_share(value: Operand) -> bool:
    """A float that is no share of an epoch, or a negative number."""
    literal = value.literal
    return (isinstance(literal, float) and not 0.0 <= literal <= 1.0) or (isinstance(literal, int) and literal < 0)


def _is_no_algorithm(value: Operand) -> bool:
    return isinstance(value.literal, str) and value.literal.lower() not in ("norm", "value")


SHARES = Domain(_is_no_share, f"{BUILT}: it has to be in [0.0, 1.0] or an int", "write a share or a count of batches")
DOMAINS: dict[str, tuple[Domain, ...]] = {
    "max_epochs": (
        Domain(_is_text_or_float, "`fit` raises AssertionError, without a text", "write an integer"),
        Domain(_is_below_minus_one, BUILT, "write -1 for no limit"),
    ),
    "max_steps": (
        Domain(_is_none, "raises TypeError: '<' not supported between 'NoneType' and 'int'", "write -1 for no limit"),
        Domain(_is_text, "raises TypeError: '<' not supported between 'str' and 'int'", "write an integer"),
        Domain(_is_below_minus_one, BUILT, "write -1 for no limit"),
    ),
    **dict.fromkeys(
        ("limit_train_batches", "limit_val_batches", "limit_test_batches", "limit_predict_batches", "overfit_batches"),
        (SHARES,),
    ),
    "val_check_interval": (SHARES,),
    "check_val_every_n_epoch": (Domain(_is_text_or_float, f"{BUILT}: it should be an integer", "write an integer"),),
    "fast_dev_run": (Domain(_is_negative, f"{BUILT}: it should be >= 0", "write True, or a number of batches"),),
    "reload_dataloaders_every_n_epochs": (Domain(_is_negative, f"{BUILT}: it should be >= 0", "write 0 for never"),),
    "num_nodes": (
        Domain(_is_below_one, "raises ValueError when the Trainer is built", "write a positive number", "2.1"),
    ),
    "accumulate_grad_batches": (
        Domain(
            _is_dict,
            "`fit` raises TypeError: unsupported operand type(s) for %: 'int' and 'dict'",
            "give the dict to a `GradientAccumulationScheduler` in `callbacks`",
            "2.0",
        ),
        Domain(
            _is_zero, "`fit` raises ZeroDivisionError: integer modulo by zero", "write 1 for no accumulation", "2.0"
        ),
    ),
    "gradient_clip_val": (
        Domain(
            _is_text, "raises TypeError when the Trainer is built: it should be an int or a float", "write a number"
        ),
    ),
    "gradient_clip_algorithm": (Domain(_is_no_algorithm, BUILT, 'write "norm" or "value"'),),
}


RULE = Rule(
    name="refused-trainer-value",
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
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                steps = None
                trainer = Trainer(accelerator="cpu", barebones=True, max_steps=steps)
                #                                                              ^^^^^ refused-trainer-value
                trainer.fit(Net(), loader)
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
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                steps = 2
                trainer = Trainer(accelerator="cpu", barebones=True, max_steps=steps)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("TypeError", "'<' not supported between instances of 'NoneType' and 'int'"),
        ),
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
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                options = {"max_steps": 1, "accumulate_grad_batches": {0: 2, 5: 4}}
                #                                                     ^^^^^^^^^^^^ refused-trainer-value
                Trainer(accelerator="cpu", barebones=True, **options).fit(Net(), loader)
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
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                options = {"max_steps": 1, "accumulate_grad_batches": 2}
                Trainer(accelerator="cpu", barebones=True, **options).fit(Net(), loader)
            """,
            witness=Raises("TypeError", "unsupported operand type(s) for %: 'int' and 'dict'"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl

                trainer = pl.Trainer(accelerator="cpu", limit_train_batches=1.5, barebones=True)
                #                                                           ^^^ refused-trainer-value
            """,
            good="""
                import pytorch_lightning as pl

                trainer = pl.Trainer(accelerator="cpu", limit_train_batches=0.5, barebones=True)
            """,
            witness=Raises("MisconfigurationException", "You have passed invalid value 1.5 for limit_train_batches"),
        ),
        Example(
            bad="""
                import lightning as L


                def build(clip):
                    return L.Trainer(barebones=True, gradient_clip_algorithm=clip)
                    #                                                        ^^^^ refused-trainer-value


                trainer = build("l2")
            """,
            good="""
                import lightning as L


                def build(clip):
                    return L.Trainer(barebones=True, gradient_clip_algorithm=clip)


                trainer = build("norm")
            """,
            witness=Raises("MisconfigurationException", "`gradient_clip_algorithm` l2 is invalid"),
        ),
    ),
    near_misses=(
        # What is accepted: booleans, counts, time, no limit, None as the default, values that are not known.
        """
        import os

        from lightning.pytorch import Trainer

        first = Trainer(accelerator="cpu", max_epochs=-1, max_steps=int(os.environ.get("STEPS", "5")), barebones=True)
        second = Trainer(accelerator="cpu", max_epochs=None, limit_train_batches=10, limit_val_batches=0)
        third = Trainer(accelerator="cpu", check_val_every_n_epoch=None, val_check_interval=100, barebones=True)
        fourth = Trainer(accelerator="cpu", gradient_clip_val=None, gradient_clip_algorithm="VALUE", barebones=True)
        fifth = Trainer(accelerator="cpu", max_epochs=int("3"), check_val_every_n_epoch=0, barebones=True)


        class Plain:
            def __init__(self, max_steps):
                self.max_steps = max_steps


        Plain(max_steps=None)
        """,
    ),
)
