"""The Trainer is given an accelerator that Lightning does not know.

What it does:
Reports values of `Trainer(accelerator=...)` that are certainly none of the names that the installed Lightning
registers: misspelt ones, names in upper case, names of strategies. Instances of accelerators are not looked at, and
neither are the names that plug-in packages register (`hpu`, `ipu`, `xpu`, `npu`).

Why it matters:
Raises `ValueError: You selected an invalid accelerator name: accelerator='CPU'` when the Trainer is built, not
`MisconfigurationException`, and not in `fit`.

Fix safety:
Safe for a name in upper case: the value was refused. Unsafe for the nearest name, and for the name of a strategy, which
is given as `strategy` instead.

Source:
`AcceleratorConnector._check_config_and_set_final_flags` in
`lightning.pytorch.trainer.connectors.accelerator_connector`, lightning 2.6.6.
"""

from collections.abc import Iterator
from difflib import get_close_matches

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Fix,
    KeywordArgument,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    replace,
    rewrite_string,
)

PLUGINS = ("hpu", "ipu", "xpu", "npu")


def check(model: SemanticModel) -> Iterator[Finding]:
    known = model.frameworks.accelerators
    for built in model.facts(facts.TrainerBuilt):
        keyword = built.arguments.keywords.get("accelerator")
        if known and keyword is not None and all(_is_refused(model, o, known) for o in keyword.value.options):
            options = sorted(keyword.value.options, key=lambda option: option.is_none)
            literal = options[0].literal
            text, fix = _remedy(model, keyword, options[0], built)
            yield Finding(
                keyword.value.site,
                f"`{literal!r}` is not an accelerator",
                f"raises ValueError: You selected an invalid accelerator name: `accelerator={literal!r}`",
                text,
                fix if len(options) == 1 else None,
            )


def _is_refused(model: SemanticModel, value: Operand, known: frozenset[str]) -> bool:
    """A constant that is no name. None was the default until 2.0."""
    if value.literal is None:
        signature = model.frameworks.signature("lightning.pytorch.Trainer")
        parameter = signature.parameter("accelerator") if signature else None
        return parameter is not None and parameter.default != "None"
    return value.literal is not UNKNOWN and value.literal not in (*known, *PLUGINS)


def _remedy(
    model: SemanticModel, keyword: KeywordArgument, value: Operand, built: facts.TrainerBuilt
) -> tuple[str, Fix | None]:
    name, known = str(value.literal), model.frameworks.accelerators or frozenset()
    if value.is_none:
        return "leave it out", None
    near = [name.lower()] if name.lower() in known else get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    if name in (model.frameworks.strategies or ()) or name in model.frameworks.removed_strategies:
        is_free = "strategy" not in built.arguments.keywords and keyword.argument is not None
        text = "give it as `strategy`"
        return text, Fix.unsafe(text, replace(keyword.name_site, "strategy")) if is_free else None
    if not near:
        return f"name one of {', '.join(sorted(known))}", None
    text, edit = f'write "{near[0]}"', rewrite_string(value, near[0]) if keyword.argument else None
    if edit is None:
        return text, None
    return text, Fix.safe(text, edit) if near[0] == name.lower() else Fix.unsafe(text, edit)


RULE = Rule(
    name="invalid-accelerator",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from lightning.pytorch import Trainer

                trainer = Trainer(accelerator="CPU", max_epochs=1, barebones=True)
                #                             ^^^^^ invalid-accelerator
            """,
            good="""
                from lightning.pytorch import Trainer

                trainer = Trainer(accelerator="cpu", max_epochs=1, barebones=True)
            """,
            witness=Raises("ValueError", "You selected an invalid accelerator name: `accelerator='CPU'`"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl

                settings = dict(max_epochs=1, barebones=True)
                settings["accelerator"] = "my_cpu"
                #                         ^^^^^^^^ invalid-accelerator
                trainer = pl.Trainer(**settings)
            """,
            good="""
                import pytorch_lightning as pl

                settings = dict(max_epochs=1, barebones=True)
                settings["accelerator"] = "cpu"
                trainer = pl.Trainer(**settings)
            """,
            witness=Raises("ValueError", "You selected an invalid accelerator name: `accelerator='my_cpu'`"),
            fix_is_good=False,
        ),
        Example(
            bad="""
                import lightning as L

                trainer = L.Trainer(accelerator="ddp", devices=1, barebones=True)
                #                               ^^^^^ invalid-accelerator
            """,
            good="""
                import lightning as L

                trainer = L.Trainer(strategy="ddp", devices=1, barebones=True)
            """,
            witness=Raises("ValueError", "You selected an invalid accelerator name: `accelerator='ddp'`"),
        ),
    ),
    near_misses=(
        # An instance, and a name that is put together from outside.
        """
        import os

        from lightning.pytorch import Trainer
        from lightning.pytorch.accelerators import CPUAccelerator

        first = Trainer(accelerator=CPUAccelerator(), devices=1, barebones=True)
        second = Trainer(accelerator=os.environ.get("ACCELERATOR", "cpu"), devices=1, barebones=True)
        """,
        # Another class of that name.
        """
        class Trainer:
            def __init__(self, accelerator):
                self.accelerator = accelerator


        Trainer(accelerator="CPU")
        """,
    ),
    is_fixable=True,
)
