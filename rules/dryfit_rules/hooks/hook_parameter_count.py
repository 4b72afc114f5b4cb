"""A hook takes other parameters than Lightning passes.

What it does:
Compares the parameters of each hook of a `LightningModule`, a `Callback` or a `LightningDataModule` with what the loops
of the installed Lightning pass: by position, but for the clipping values of `configure_gradient_clipping`, which come
by name. Defaults, `*args` and `**kwargs` count as what they can take; `batch_idx` of the steps and `dataloader_idx` are
passed only sometimes, and both ways are fine. Names do not matter where values come by position.

Why it matters:
Python raises `TypeError: ... takes 5 positional arguments but 6 were given` (or `missing 1 required positional
argument`) when the hook is called for the first time: at the end of the first batch, or hours later, at the end of the
epoch.

Fix safety:
Safe. The hook could not be called before. Parameters that are missing are added under Lightning's names, one that
Lightning does not pass is removed if the body does not use it; both only if the other names leave no doubt.

Source:
`lightning.pytorch.trainer.call` and the loops that call it, lightning 2.6.6; signatures of the installed version, and
of 1.5 to 2.6 as they were run.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from dryfit.rulekit import (
    Edit,
    Example,
    Finding,
    Fix,
    Hook,
    OtherCall,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    Site,
    facts,
    insert_after,
    insert_before,
    replace,
    tree,
)

STAGES = {"train": "training", "validation": "validation", "test": "test", "predict": "prediction"}
Parameters = Sequence[tree.Parameter]
Call = Hook | OtherCall


def check(model: SemanticModel) -> Iterator[Finding]:
    for defined in model.facts(facts.HookDefined):
        hook = model.frameworks.hook(defined.kind, defined.name)
        if hook is None or not defined.is_plain or _is_driven_by_hand(defined.owner) or _is_left_out(defined):
            continue
        given = _given(defined)
        counts, named = _passed(hook, given or ()), [word for word in hook.keyword if word not in hook.optional]
        if given is None or not _can_be_called(given, hook):
            passes = f"lightning {model.frameworks.lightning_version or ''}".strip() + " passes"
            text, edits = _remedy(defined, (*hook.positional, *hook.keyword), hook.optional)
            unnamed = [word for word in named if given is not None and not _takes(given, word)]
            message = f"`{defined.name}` takes {_count(given)}, {passes} {_numbers(counts, len(named))}"
            if given is None:
                message = f"`{defined.name}` has no parameter for the object itself"
            elif unnamed and len(given) in [count + len(named) for count in counts]:
                message = f"`{defined.name}` has no parameter `{unnamed[0]}`, which {passes} by name"
            note = f"raises TypeError {_range(model, hook, given)}{_when(defined.name)}"
            yield Finding(defined.site, message, note, text, Fix.safe(text, *edits) if edits else None)


def _is_driven_by_hand(owner: facts.ClassDefined) -> bool:
    """Also by the look of it: a `configure_optimizers` that asks for something is not written for a Trainer."""
    method = owner.methods.get("configure_optimizers")
    given = method.parameters[1:] if method else ()
    return owner.is_driven_by_hand or any(p.default is None and p.kind in ("pos", "posonly", "kw") for p in given)


def _is_left_out(defined: facts.HookDefined) -> bool:
    """What authors call themselves with arguments of their own, and what other rules speak about."""
    name, names = defined.name, [p.name for p in defined.function.parameters]
    if name == "backward":  # `manual_backward` hands it whatever it is given
        return defined.owner.uses_automatic_optimization is not True
    if name in ("setup", "teardown"):
        return "stage" not in names and not any(p.kind == "**" for p in defined.function.parameters)
    return name.endswith("_dataloader") or (name == "training_step" and "optimizer_idx" in names)


def _given(defined: facts.HookDefined) -> Parameters | None:
    """The parameters besides `self`; None if there is none to take the object itself."""
    parameters = defined.function.parameters
    if defined.is_static or (parameters and parameters[0].kind == "*"):
        return parameters
    return parameters[1:] if parameters and parameters[0].kind in ("pos", "posonly") else None


def _passed(call: Call, given: Parameters) -> range:
    """How many values can come by position: `batch_idx` if there is room or a name for it, `dataloader_idx` maybe."""
    is_room = len([p for p in given if p.kind in ("pos", "posonly")]) > 1 or any(p.kind == "*" for p in given)
    has_index = is_room or any(p.name == "batch_idx" for p in given)
    least, most = len([name for name in call.positional if name not in call.optional]), len(call.positional)
    if "batch_idx" in call.optional:
        least, most = (least + 1, most) if has_index else (least, least)
    return range(least, most + 1)


def _can_be_called(given: Parameters, call: Call) -> bool:
    return any(_fits(given, count, call) for count in _passed(call, given))


def _fits(given: Parameters, count: int, call: Call) -> bool:
    """Can it be called with so many values by position, and the names?"""
    positional = [p for p in given if p.kind in ("pos", "posonly")]
    later = [p for p in given if p.kind in ("kw", "**") or p in positional[count:]]
    is_room = count <= len(positional) or any(p.kind == "*" for p in given)
    is_filled = all(p.default is not None or p.kind == "**" or _takes([p], call.keyword) for p in later)
    is_twice = any(p.name in call.keyword and p.kind == "pos" for p in positional[:count])
    is_named = all(word in call.optional or _takes(later, word) for word in call.keyword)
    return is_room and is_filled and not is_twice and is_named


def _range(model: SemanticModel, hook: Hook, given: Parameters | None) -> str:
    """The versions that raise, where others are known to call the hook in a way that fits."""
    fitting = [call for call in hook.otherwise if given is not None and _can_be_called(given, call)]
    earlier = [call.until for call in fitting if call.until and model.frameworks.lightning_since(call.until)]
    later = [call.since for call in fitting if call.since and not model.frameworks.lightning_since(call.since)]
    return f"since lightning {earlier[-1]}, " if earlier else f"before lightning {later[0]}, " if later else ""


def _takes(given: Parameters, words: Sequence[str] | str) -> bool:
    """Can one of these names be given?"""
    words = [words] if isinstance(words, str) else words
    return any(p.kind == "**" or (p.name in words and p.kind in ("pos", "kw")) for p in given)


def _count(given: Parameters | None) -> str:
    """How many arguments it takes, besides `self`."""
    plain = [p for p in given or () if p.kind not in ("*", "**")]
    least = len([p for p in plain if p.default is None])
    return _numbers(range(least, len(plain) + 1)) + (" argument" if len(plain) == 1 else " arguments")


def _numbers(counts: range, more: int = 0) -> str:
    first, last = counts[0] + more, counts[-1] + more
    return f"{first}" if first == last else f"{first} to {last}"


def _when(name: str) -> str:
    _, stage, *rest = f"{name}__".split("_")
    if stage in STAGES and rest[:2] in (["batch", "start"], ["batch", "end"], ["epoch", "start"], ["epoch", "end"]):
        return f"at the {rest[1]} of the first {STAGES[stage]} {rest[0]}"
    return "when Lightning calls it"


def _remedy(defined: facts.HookDefined, expected: Sequence[str], optional: Sequence[str]) -> tuple[str, list[Edit]]:
    """What to do, and the edits if the names leave no doubt."""
    parameters, given = defined.function.parameters, _given(defined) or ()
    names, wanted = [p.name for p in given], [name for name in expected if name not in optional]
    missing, extra = [n for n in wanted if n not in names], [p for p in given if p.name not in expected]
    is_self_missing = parameters and parameters[0].name in wanted[:1]
    if not extra and is_self_missing and _is_within(wanted, [p.name for p in parameters]):
        return "add the missing parameter `self`", [insert_before(_at(defined, parameters[0]), "self, ")]
    if missing and not extra and parameters and _is_within(names, expected):
        text = "add the missing parameter" + ("s " if len(missing) > 1 else " ")
        return text + " and ".join(f"`{name}`" for name in missing), _added(defined, given, expected, missing)
    if len(extra) == 1 and not missing and _is_within(wanted, names):
        return f"remove the parameter `{extra[0].name}`", _removed(defined, extra[0])
    shown = [*(() if defined.is_static else ("self",)), *[n for n in expected if n not in optional or n == "batch_idx"]]
    return f"take `({', '.join(shown)})`", []


def _is_within(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Do the names stand in the whole in the same order?"""
    rest = iter(whole)
    return all(name in rest for name in part)


def _added(defined: facts.HookDefined, given: Parameters, expected: Sequence[str], missing: list[str]) -> list[Edit]:
    """Each name before the one that follows it in the hook's own order, or behind the last one."""
    followers = {p.name: p for p in given if p.kind in ("pos", "posonly")}
    anchors = [next((n for n in expected[expected.index(name) :] if n in followers), "") for name in missing]
    last = [p for p in defined.function.parameters if p.kind in ("pos", "posonly")][-1:]
    if any(p.default is not None for p in given) or not last:
        return []  # a parameter without a default cannot follow one that has one
    edits = []
    for anchor, group in groupby(zip(anchors, missing, strict=True), key=lambda pair: pair[0]):
        text = ", ".join(name for _, name in group)
        if anchor:
            edits.append(insert_before(_at(defined, followers[anchor]), f"{text}, "))
        else:
            edits.append(insert_after(_at(defined, last[0], with_annotation=True), f", {text}"))
    return edits


def _removed(defined: facts.HookDefined, extra: tree.Parameter) -> list[Edit]:
    """The parameter with the comma before it, if the body does not use it and it stands beside its neighbour."""
    parameters = defined.function.parameters
    before = _at(defined, parameters[max(0, parameters.index(extra) - 1)], with_annotation=True)
    here = _at(defined, extra, with_annotation=True)
    is_used = any(isinstance(n, tree.Name) and n.id == extra.name for s in defined.function.body for n in tree.walk(s))
    is_beside = (before.span.end_line, before.span.end_column + 2) == here.span[:2]
    return [] if is_used or not is_beside else [replace(here._replace(span=before.span.at_end.to(here.span)), "")]


def _at(defined: facts.HookDefined, parameter: tree.Parameter, with_annotation: bool = False) -> Site:
    annotation = parameter.annotation if with_annotation else None
    return defined.site._replace(span=parameter.span.to(annotation.span if annotation else parameter.span))


RULE = Rule(
    name="hook-parameter-count",
    severity=Severity.ERROR,
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
                    def on_train_batch_end(self, trainer, pl_module, batch, batch_idx):
                    #   ^^^^^^^^^^^^^^^^^^ hook-parameter-count
                        self.last = batch_idx


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True, callbacks=[Counter()]).fit(Net(), loader)
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
                    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
                        self.last = batch_idx


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True, callbacks=[Counter()]).fit(Net(), loader)
            """,
            witness=Raises("TypeError", "takes 5 positional arguments but 6 were given"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch import nn


                class Base(pl.LightningModule):
                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Net(Base):
                    def __init__(self):
                        super().__init__()
                        self.layer = nn.Linear(4, 2)

                    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer, optimizer_idx: int) -> None:
                    #   ^^^^^^^^^^^^^^^^^^^^^^^^ hook-parameter-count
                        self.rate = optimizer.param_groups[0]["lr"]


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch import nn


                class Base(pl.LightningModule):
                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                class Net(Base):
                    def __init__(self):
                        super().__init__()
                        self.layer = nn.Linear(4, 2)

                    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
                        self.rate = optimizer.param_groups[0]["lr"]


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("TypeError", "missing 1 required positional argument: 'optimizer_idx'"),
        ),
        Example(
            bad="""
                import lightning as L
                import torch


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)
                        self.seen = []

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def on_train_epoch_end(self, outputs):
                    #   ^^^^^^^^^^^^^^^^^^ hook-parameter-count
                        self.seen.append(len(outputs))

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                L.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import lightning as L
                import torch


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)
                        self.outputs, self.seen = [], []

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.outputs.append(loss.item())
                        return loss

                    def on_train_epoch_end(self):
                        self.seen.append(len(self.outputs))
                        self.outputs.clear()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                L.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("TypeError", "missing 1 required positional argument: 'outputs'"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # Another class of that name, driven by another loop.
        """
        class Callback:
            pass


        class Counter(Callback):
            def on_train_batch_end(self, trainer, batch_idx):
                self.last = batch_idx


        Counter().on_train_batch_end(None, 1)
        """,
    ),
    is_fixable=True,
)
