"""A key of the optimizer configuration that Lightning does not know.

What it does:
Looks at the dict (or list of dicts) that `configure_optimizers` of a `LightningModule` returns and reports keys other
than `optimizer`, `lr_scheduler` and `monitor`: misspelt ones (`scheduler`, `lr_schedulers`), and those that belong one
level deeper, into the dict under `lr_scheduler` (`interval`, `frequency`, `strict`, `name`).

Why it matters:
Lightning drops the key with one RuntimeWarning, "Found unsupported keys in the optimizer configuration", and trains.
Measured: under `"scheduler"` no scheduler is registered and the learning rate is still 0.1 after three epochs; with
`"interval": "step"` beside `"lr_scheduler"` the interval stays `epoch`.

Fix safety:
Unsafe. The run worked without the key; with it the learning rate changes.

Source:
`lightning.pytorch.core.optimizer._validate_optim_conf`, lightning 2.6.6.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import pairwise, takewhile

from dryfit.rulekit import (
    UNKNOWN,
    Edit,
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_after,
    insert_before,
    rewrite_string,
)

KEYS = ("optimizer", "lr_scheduler", "monitor")
SCHEDULER_KEYS = ("interval", "frequency", "strict", "name", "reduce_on_plateau")
DROPPED = "Lightning drops it with a RuntimeWarning: "
Entries = tuple[tuple[Operand, Operand], ...]


def check(model: SemanticModel) -> Iterator[Finding]:
    for fact in model.facts(facts.OptimizersReturned):
        returned = fact.value
        configs = returned.known_elements if returned.kind in ("list", "tuple") else returned.options
        if not all(config.kind == "dict" for config in configs):
            continue
        for config in configs:
            entries = config.entries
            if entries is not UNKNOWN and isinstance(config.entry("optimizer"), Operand):
                yield from _unknown(entries)
                if fact.is_automatic and _is_frequency_dropped(model):
                    yield from _misplaced(entries, returned)


def _is_frequency_dropped(model: SemanticModel) -> bool:
    """1.x reads it beside the optimizer, to take turns between several."""
    step = model.frameworks.hook("module", "training_step")
    return step is not None and "optimizer_idx" not in step.positional


def _unknown(entries: Entries) -> Iterator[Finding]:
    """Keys that have no meaning anywhere; `lr_scheduler` is meant if a scheduler is kept there."""
    given = [key.literal for key, _ in entries]
    for key, value in entries:
        name = key.literal
        if isinstance(name, str) and name not in KEYS + SCHEDULER_KEYS:
            meant = "lr_scheduler" if _is_scheduler(value) else next(iter(get_close_matches(name, KEYS)), "")
            is_free = meant and meant not in given
            text = f"rename it to `{meant}`" if is_free else "remove it"
            edit = rewrite_string(key, meant) if is_free else None
            yield Finding(
                key.site,
                f"`{name}` is not a key of the optimizer configuration",
                DROPPED + ("the scheduler never steps" if _is_scheduler(value) else "it has no effect"),
                text,
                Fix.unsafe(text, edit) if edit else None,
            )


def _is_scheduler(value: Operand) -> bool:
    """Certainly a scheduler, or its configuration."""
    inner = value.entry("scheduler")
    if isinstance(inner, Operand):
        value = inner
    return all(option.is_a("torch.optim.lr_scheduler.LRScheduler") for option in value.options)


def _misplaced(entries: Entries, returned: Operand) -> Iterator[Finding]:
    """Keys of the scheduler's own dict, reported once, at the first of them."""
    keys = [key for key, _ in entries if key.literal in SCHEDULER_KEYS]
    if keys:
        names = " and ".join(f"`{key.literal}`" for key in keys)
        are = "is a key" if len(keys) == 1 else "are keys"
        text = f"move {names} into the dict under `lr_scheduler`"
        edits = _nested(entries, returned)
        yield Finding(
            keys[0].site,
            f"{names} {are} of the scheduler's configuration, not of the optimizer's",
            DROPPED + "the scheduler keeps its default, one step an epoch",
            text,
            Fix.unsafe(text, *edits) if edits else None,
        )


def _nested(entries: Entries, returned: Operand) -> tuple[Edit, ...]:
    """Braces around the value of `lr_scheduler` and what follows, if that is all that is misplaced."""
    names = [key.literal for key, _ in entries]
    start = names.index("lr_scheduler") if "lr_scheduler" in names else len(names)
    following = list(takewhile(lambda entry: entry[0].literal in (*SCHEDULER_KEYS, "monitor"), entries[start + 1 :]))
    moved = {key.literal for key, _ in following}
    if not following or not moved >= set(SCHEDULER_KEYS) & set(names) or entries[start][1].kind == "dict":
        return ()
    if not _are_neighbours((entries[start], *following), returned):
        return ()
    return insert_before(entries[start][1].site, '{"scheduler": '), insert_after(following[-1][1].site, "}")


def _are_neighbours(entries: Entries, returned: Operand) -> bool:
    """Do the entries stand in the returned display itself, `key: value` side by side or one below the other?"""
    spans = [(key.site.span, value.site.span) for key, value in entries]
    outer, first = returned.site.span, spans[0][0]
    return (
        all(operand.site.place == returned.site.place for entry in entries for operand in entry)
        and (outer[:2] < first[:2] and spans[-1][1][2:] < outer[2:])
        and all((key.end_line, key.end_column + 2) == value[:2] for key, value in spans)
        and all(
            b[:2] in ((a.end_line, a.end_column + 2), (a.end_line + 1, first.column))
            for (_, a), (b, _) in pairwise(spans)
        )
    )


RULE = Rule(
    name="unknown-optimizer-config-key",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.optim.lr_scheduler import StepLR


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        return {"optimizer": optimizer, "scheduler": StepLR(optimizer, step_size=1)}
                        #                               ^^^^^^^^^^^ unknown-optimizer-config-key


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = Trainer(accelerator="cpu", max_epochs=2, barebones=True)
                trainer.fit(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.optim.lr_scheduler import StepLR


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                        return {"optimizer": optimizer, "lr_scheduler": StepLR(optimizer, step_size=1)}


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = Trainer(accelerator="cpu", max_epochs=2, barebones=True)
                trainer.fit(Net(), loader)
            """,
            witness=Observes("trainer.optimizers[0].param_groups[0]['lr'] == 0.1"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch import optim


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        opt = optim.AdamW(self.parameters(), lr=0.1)
                        sched = optim.lr_scheduler.CosineAnnealingLR(opt, T_max=100)
                        return {
                            'optimizer': opt,
                            'lr_scheduler': sched,
                            'interval': 'step',
                        #   ^^^^^^^^^^ unknown-optimizer-config-key
                            'frequency': 1,
                        }


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch import optim


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        opt = optim.AdamW(self.parameters(), lr=0.1)
                        sched = optim.lr_scheduler.CosineAnnealingLR(opt, T_max=100)
                        return {
                            'optimizer': opt,
                            'lr_scheduler': {"scheduler": sched,
                            'interval': 'step',
                            'frequency': 1},
                        }


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True)
                trainer.fit(Net(), loader)
            """,
            witness=Observes("trainer.lr_scheduler_configs[0].interval == 'epoch'"),
        ),
    ),
    near_misses=(
        # A method of that name for another trainer.
        """
        import torch
        from torch.optim.lr_scheduler import StepLR


        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def configure_optimizers(self):
                optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
                return {"optimizer": optimizer, "scheduler": StepLR(optimizer, 1)}


        scheduler = Net().configure_optimizers()["scheduler"]
        """,
    ),
    is_fixable=True,
)
