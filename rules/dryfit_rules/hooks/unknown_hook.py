"""A method is named almost like a hook, and Lightning never calls it.

What it does:
Reports methods of a `LightningModule`, a `Callback` or a `LightningDataModule` whose name is a misspelt hook
(`on_train_epoch_ends`, `configure_optimizer`), a hook with another word for the same thing (`on_val_epoch_end`,
`train_step`), a hook of another framework (`on_epoch_begin`), or a hook that only later versions call
(`configure_model` before 2.1). Only where the hook itself is not there, no method of the class uses the name, and all
bases are known.

Why it matters:
Nothing checks the names: the method is never called, without an error or a warning. Only a module that is left without
a `training_step` or `configure_optimizers` is refused, with `MisconfigurationException`.

Fix safety:
Unsafe. The method runs under its new name, which it did not before. Offered if it takes what the hook is passed.

Source:
`lightning.pytorch.trainer.call`, lightning 2.6.6: hooks are looked up by name. The hooks of 1.5 to 2.6, each version
run.
"""

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from dryfit.rulekit import (
    Addition,
    Example,
    Finding,
    Fix,
    Observes,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    replace,
    tree,
)

BASES = {
    "module": "lightning.pytorch.LightningModule",
    "callback": "lightning.pytorch.Callback",
    "datamodule": "lightning.pytorch.LightningDataModule",
}
KERAS = {"on_epoch_begin": "on_train_epoch_start", "on_batch_begin": "on_train_batch_start"}
# Words that other frameworks and other parts of Lightning use for the same thing.
SAME = {"begin": "start", "val": "validation", "valid": "validation", "training": "train", "testing": "test"}


def check(model: SemanticModel) -> Iterator[Finding]:
    for defined in model.facts(facts.HookDefined):
        if _is_known(model, defined) or defined.owner.is_open or defined.owner.is_driven_by_hand or _is_used(defined):
            continue
        added = model.frameworks.added_hooks(defined.kind).get(defined.name)
        if added is not None:
            if added.replaces not in defined.owner.methods:  # who has both writes for both versions
                yield _too_early(model, defined, added)
            continue
        hook = KERAS.get(defined.name) or _meant(defined.name, model.frameworks.hooks(defined.kind))
        if hook and hook not in defined.owner.methods and not defined.owner.project_bases:
            text = f"rename it to `{hook}`"
            yield Finding(
                defined.site,
                f"`{defined.name}` is not a hook of Lightning, `{hook}` is",
                "never called, no error, no warning"
                if hook not in ("training_step", "configure_optimizers")
                else f"`fit` raises MisconfigurationException: No `{hook}()` method defined",
                text,
                Fix.unsafe(text, replace(defined.site, hook)) if _fits(model, defined, hook) else None,
            )


def _too_early(model: SemanticModel, defined: facts.HookDefined, added: Addition) -> Finding:
    """A hook that a later version calls."""
    text = f"rename it to `{added.replaces}`" if added.replaces else f"require lightning {added.added_in}"
    fits = added.replaces is not None and _fits(model, defined, added.replaces)
    return Finding(
        defined.site,
        f"`{defined.name}` is a hook since lightning {added.added_in}",
        f"never called before lightning {added.added_in}, no error, no warning",
        text,
        Fix.unsafe(text, replace(defined.site, added.replaces)) if added.replaces and fits else None,
    )


def _is_known(model: SemanticModel, defined: facts.HookDefined) -> bool:
    """A hook, a former hook, something else that Lightning defines, or a private name."""
    name, base = defined.name, BASES[defined.kind]
    is_member = model.frameworks.has_member(base, name) or not model.frameworks.bases(base)
    return name.startswith("_") or is_member or name in model.frameworks.removed_hooks(defined.kind)


def _is_used(defined: facts.HookDefined) -> bool:
    """Does a method of the class speak of the name?"""
    return any(
        isinstance(node, tree.Attribute) and node.name == defined.name
        for method in defined.owner.methods.values()
        for node in tree.walk(method)
    )


def _fits(model: SemanticModel, defined: facts.HookDefined, name: str) -> bool:
    """Does the method take what the hook is passed?"""
    hook, parameters = model.frameworks.hook(defined.kind, name), defined.function.parameters
    if (
        hook is None
        or defined.is_static
        or not defined.is_plain
        or any(p.kind not in ("pos", "posonly") for p in parameters)
    ):
        return False
    least = len([p for p in parameters[1:] if p.default is None])
    counts = range(len(hook.positional) - len(hook.optional), len(hook.positional) + 1)
    return not hook.keyword and any(least <= count < len(parameters) for count in counts)


def _meant(name: str, hooks: Iterable[str]) -> str:
    """The one hook that a name stands for."""
    ours, theirs = _normal(name), {_normal(hook): hook for hook in hooks}
    if ours in theirs:
        return theirs[ours]
    near = [hook for normal, hook in theirs.items() if _is_misspelt(ours, normal) or _is_misspelt(name, hook)]
    return near[0] if len(near) == 1 else ""


def _normal(name: str) -> str:
    """The same words for the same things: `on_val_batch_begin` and `on_validation_batch_start` are one."""
    return "_".join(SAME.get(word, word) for word in name.lower().split("_"))


def _is_misspelt(name: str, hook: str) -> bool:
    """One letter too many, too few or another, or two exchanged, in a name of more than ten."""
    if len(hook) <= 10 or abs(len(name) - len(hook)) > 1:
        return False
    if len(name) == len(hook):
        wrong = [i for i, (a, b) in enumerate(zip(name, hook, strict=True)) if a != b]
        is_exchange = len(wrong) == 2 and wrong[1] == wrong[0] + 1 and name[wrong[0]] == hook[wrong[1]]
        return len(wrong) == 1 or (is_exchange and name[wrong[1]] == hook[wrong[0]])
    matched = sum(block.size for block in SequenceMatcher(None, name, hook, autojunk=False).get_matching_blocks())
    return matched == min(len(name), len(hook))


RULE = Rule(
    name="unknown-hook",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import Callback, LightningModule, Trainer


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Counter(Callback):
                    epochs = 0

                    def on_train_epoch_begin(self, trainer, pl_module):
                    #   ^^^^^^^^^^^^^^^^^^^^ unknown-hook
                        self.epochs += 1


                counter = Counter()
                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=2, barebones=True, callbacks=[counter]).fit(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import Callback, LightningModule, Trainer


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Counter(Callback):
                    epochs = 0

                    def on_train_epoch_start(self, trainer, pl_module):
                        self.epochs += 1


                counter = Counter()
                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=2, barebones=True, callbacks=[counter]).fit(Net(), loader)
            """,
            witness=Observes("counter.epochs == 0"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizer(self):
                    #   ^^^^^^^^^^^^^^^^^^^ unknown-hook
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("MisconfigurationException", "No `configure_optimizers()` method defined"),
        ),
    ),
    near_misses=(
        # The callback of another framework.
        """
        class Callback:
            def on_epoch_begin(self, epoch):
                self.epoch = epoch


        Callback().on_epoch_begin(1)
        """,
    ),
    is_fixable=True,
)
