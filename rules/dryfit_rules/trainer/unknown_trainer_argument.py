"""The Trainer is given an argument that it does not have.

What it does:
Reports keywords that `Trainer(...)` of the installed Lightning does not accept, in the call or in a dict that is
unpacked into it: removed ones (`gpus`, `progress_bar_refresh_rate`), those that only later versions have (`barebones`
before 2.0), misspelt ones (`max_epoch`), unknown ones.

Why it matters:
Raises `TypeError: Trainer.__init__() got an unexpected keyword argument 'gpus'` as soon as the line runs.

Fix safety:
Safe where the argument has another name now and takes the same values: the call could not work before. `gpus=2` becomes
`accelerator="gpu", devices=2`, `gpus=0` becomes `accelerator="cpu"`. Unsafe where the name is only the nearest one.

Source:
`lightning.pytorch.Trainer.__init__` of the installed version; the history of its arguments from 1.5 to 2.6, run.
"""

from collections.abc import Iterator
from difflib import get_close_matches

from dryfit.rulekit import (
    Edit,
    Example,
    Finding,
    Fix,
    KeywordArgument,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    rename_argument,
    replace,
)

TRAINER = "lightning.pytorch.Trainer"
# Removed or misspelt arguments that have another name now and take the same values.
RENAMED = {
    **dict.fromkeys(("epochs", "max_epoch"), "max_epochs"),
    "device": "devices",
    "callback": "callbacks",
    "gradient_clip": "gradient_clip_val",
    "accumulate_grad_batch": "accumulate_grad_batches",
    "val_every_n_epoch": "check_val_every_n_epoch",
    "replace_sampler_ddp": "use_distributed_sampler",
}
ACCELERATORS = {"gpus": "gpu", "tpu_cores": "tpu"}


def check(model: SemanticModel) -> Iterator[Finding]:
    signature = model.frameworks.signature(TRAINER)
    for built in model.facts(facts.TrainerBuilt):
        for keyword in built.arguments.keywords.values():
            if signature is not None and not signature.accepts(keyword.name):
                names = [p.name for p in signature.parameters if p.name not in built.arguments.keywords]
                is_passed_on = any(a.value.span == keyword.name_site.span for a in built.arguments.call.arguments)
                text, fix = _remedy(model, keyword, names)
                yield Finding(
                    keyword.name_site,
                    _message(model, keyword.name),
                    f"raises TypeError: Trainer.__init__() got an unexpected keyword argument '{keyword.name}'",
                    text,
                    None if is_passed_on else fix,  # `**overrides`: the name itself stands somewhere else
                )


def _message(model: SemanticModel, name: str) -> str:
    removal = model.frameworks.removed_trainer_arguments.get(name)
    if removal is not None and removal.removed_in:
        return f"`{name}` was removed from `Trainer` in lightning {removal.removed_in}"
    added = model.frameworks.added_trainer_arguments.get(name)
    if added is not None:
        return f"`Trainer` has no argument `{name}` before lightning {added.added_in}"
    return f"`Trainer` has no argument `{name}`"


def _remedy(model: SemanticModel, keyword: KeywordArgument, free: list[str]) -> tuple[str, Fix | None]:
    """What to do; `free`: the arguments that are not given yet."""
    accelerator = ACCELERATORS.get(keyword.name, "")
    if accelerator and {"accelerator", "devices"} <= set(free) and _is_count(keyword):
        text = f'write `accelerator="{accelerator}"` and `devices`'
        return text, Fix.safe(text, _with_accelerator(keyword, accelerator))
    if accelerator and "accelerator" in free and keyword.value.literal in (0, None):
        text = 'write `accelerator="cpu"`'
        if keyword.argument is None:
            return text, None
        whole = keyword.name_site._replace(span=keyword.argument.span)
        return text, Fix.safe(text, replace(whole, 'accelerator="cpu"'))
    added = model.frameworks.added_trainer_arguments.get(keyword.name)
    meant = RENAMED.get(keyword.name, "") if added is None else str(added.replaces)
    if keyword.name == "checkpoint_callback" and isinstance(keyword.value.literal, bool):
        meant = "enable_checkpointing"
    if meant in free:
        text = f"rename it to `{meant}`"
        edit = rename_argument(keyword, meant)
        return text, Fix.safe(text, edit) if edit else None
    removal = model.frameworks.removed_trainer_arguments.get(keyword.name)
    instead = removal.replacement if removal else model.frameworks.misspelt_trainer_arguments.get(keyword.name)
    near = [] if removal or added or instead else get_close_matches(keyword.name, free, n=1, cutoff=0.8)
    if not near:
        is_new = instead and (removal is not None or instead in free)
        return f"use `{instead}`" if is_new else "remove it", None
    text = f"rename it to `{near[0]}`"
    edit = rename_argument(keyword, near[0])
    return text, Fix.unsafe(text, edit) if edit else None


def _is_count(keyword: KeywordArgument) -> bool:
    """A number of devices, all of them, or a list of their numbers."""
    elements, literal = keyword.value.elements, keyword.value.literal
    is_list = isinstance(elements, tuple) and all(type(e.literal) is int for e in elements) and bool(elements)
    return is_list or (type(literal) is int and literal != 0)


def _with_accelerator(keyword: KeywordArgument, accelerator: str) -> Edit:
    """Two arguments for one: in a call, `dict(...)` included, or as two entries of a dict."""
    is_bare = keyword.name_site.span.end_column - keyword.name_site.span.column == len(keyword.name)
    as_entries = f'"accelerator": "{accelerator}", "devices"'
    return replace(keyword.name_site, f'accelerator="{accelerator}", devices' if is_bare else as_entries)


RULE = Rule(
    name="unknown-trainer-argument",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from lightning.pytorch import Trainer

                trainer = Trainer(accelerator="cpu", max_epoch=3, logger=False, barebones=True)
                #                                    ^^^^^^^^^ unknown-trainer-argument
            """,
            good="""
                from lightning.pytorch import Trainer

                trainer = Trainer(accelerator="cpu", max_epochs=3, logger=False, barebones=True)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'max_epoch'"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl

                config = {"max_epochs": 3, 'replace_sampler_ddp': False}
                #                          ^^^^^^^^^^^^^^^^^^^^^ unknown-trainer-argument
                config["barebones"] = True
                trainer = pl.Trainer(accelerator="cpu", **config)
            """,
            good="""
                import pytorch_lightning as pl

                config = {"max_epochs": 3, 'use_distributed_sampler': False}
                config["barebones"] = True
                trainer = pl.Trainer(accelerator="cpu", **config)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'replace_sampler_ddp'"),
        ),
        Example(
            bad="""
                import lightning as L

                trainer = L.Trainer(gpus=1, max_epochs=3, barebones=True)
                #                   ^^^^ unknown-trainer-argument
            """,
            good="""
                import lightning as L

                trainer = L.Trainer(accelerator="auto", devices=1, max_epochs=3, barebones=True)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'gpus'"),
            fix_is_good=False,
        ),
        Example(
            bad="""
                import lightning as L

                trainer = L.Trainer(gpus=0, max_epochs=3, barebones=True)
                #                   ^^^^ unknown-trainer-argument
            """,
            good="""
                import lightning as L

                trainer = L.Trainer(accelerator="cpu", max_epochs=3, barebones=True)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'gpus'"),
        ),
        Example(
            bad="""
                from lightning.pytorch import Trainer

                trainer = Trainer(accelerator="cpu", progress_bar_refresh_rate=0, barebones=True)
                #                                    ^^^^^^^^^^^^^^^^^^^^^^^^^ unknown-trainer-argument
            """,
            good="""
                from lightning.pytorch import Trainer

                trainer = Trainer(accelerator="cpu", enable_progress_bar=False, barebones=True)
            """,
            witness=Raises("TypeError", "unexpected keyword argument 'progress_bar_refresh_rate'"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # A subclass that takes more, and arguments from outside.
        """
        import argparse

        from lightning.pytorch import Trainer


        class Distributed(Trainer):
            def __init__(self, gpus=0, **rest):
                super().__init__(accelerator="gpu" if gpus else "cpu", **rest)


        arguments = argparse.Namespace(max_epochs=1, barebones=True)
        first = Distributed(gpus=0, barebones=True)
        second = Trainer(accelerator="cpu", **vars(arguments))
        """,
        # Another class of that name.
        """
        class Trainer:
            def __init__(self, gpus, epochs):
                self.gpus = gpus


        Trainer(gpus=1, epochs=3)
        """,
    ),
    is_fixable=True,
)
