"""The Trainer is given a precision that Lightning does not know.

What it does:
Reports values of `Trainer(precision=...)` that are certainly none of those that the installed Lightning accepts: words
of other frameworks (`fp16`, `float32`), misspelt ones, other numbers.

Why it matters:
Raises `ValueError: Precision 'fp16' is invalid. Allowed precision values: ...` when the Trainer is built; before 2.0 it
was `MisconfigurationException`, with the same text. `16-mixed`, `32-true` and the like are accepted since 2.0;
`16-true`, `bf16-true` and `None` since 2.1.

Fix safety:
Unsafe. `fp16` can mean mixed precision (`16-mixed`) or half precision throughout (`16-true`); the fix writes the
former, which is what `16` meant in 1.x. What a version does not have yet becomes what it had instead, of the same kind.

Source:
`lightning.fabric.connector._convert_precision_to_unified_args`, lightning 2.6.6; run on 1.9 to 2.6.
"""

from collections.abc import Iterator
from difflib import get_close_matches

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    rewrite_string,
)

MEANT = {
    **dict.fromkeys(("fp16", "float16", "half", "mixed", "amp", "16_mixed", "f16", "16bit"), "16-mixed"),
    **dict.fromkeys(("bfloat16", "bf16_mixed", "bfloat16-mixed", "bfloat"), "bf16-mixed"),
    **dict.fromkeys(("fp32", "float32", "full", "single", "float", "32_true", "f32", "32bit"), "32-true"),
    **dict.fromkeys(("fp64", "float64", "double", "64_true", "f64", "64bit"), "64-true"),
}


def check(model: SemanticModel) -> Iterator[Finding]:
    known = model.frameworks.precisions
    for built in model.facts(facts.TrainerBuilt):
        keyword = built.arguments.keywords.get("precision")
        options = keyword.value.options if keyword is not None else ()
        if known and keyword is not None and all(_is_refused(model, option, known) for option in options):
            literal = options[0].literal
            added = model.frameworks.added_precisions.get(str(literal))
            near = _near(model, str(literal), known)
            text = f'write "{near[0]}"' if near else f"give one of {', '.join(sorted(known))}"
            error = "ValueError" if model.frameworks.lightning_since("2.0") else "MisconfigurationException"
            edit = rewrite_string(keyword.value, near[0]) if near and keyword.argument else None
            yield Finding(
                keyword.value.site,
                f"`{literal!r}` is not a precision" + (f" before lightning {added.added_in}" if added else ""),
                f"raises {error}: Precision {literal!r} is invalid",
                text if literal is not None else "leave it out",
                Fix.unsafe(text, edit) if edit else None,
            )


def _near(model: SemanticModel, literal: str, known: frozenset[str]) -> list[str]:
    """The value that is meant, under the name that this version has for it."""
    added = model.frameworks.added_precisions
    meant = MEANT.get(literal.lower(), literal)
    if meant in added:
        return [str(added[meant].replaces)] if added[meant].replaces in known else []
    return [meant] if meant in known else get_close_matches(literal, sorted(known), n=1, cutoff=0.75)


def _is_refused(model: SemanticModel, value: Operand, known: frozenset[str]) -> bool:
    """A text or a whole number that is not accepted; of numbers, those are whose text is a number alone.

    None is accepted where it is the default.
    """
    literal = value.literal
    if literal is None:
        signature = model.frameworks.signature("lightning.pytorch.Trainer")
        parameter = signature.parameter("precision") if signature else None
        return parameter is not None and parameter.default != "None"
    if literal is UNKNOWN or not isinstance(literal, str | int) or isinstance(literal, bool):
        return False
    return str(literal) not in known


RULE = Rule(
    name="invalid-precision",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from lightning.pytorch import Trainer

                trainer = Trainer(accelerator="cpu", precision="float64", barebones=True)
                #                                              ^^^^^^^^^ invalid-precision
            """,
            good="""
                from lightning.pytorch import Trainer

                trainer = Trainer(accelerator="cpu", precision="64-true", barebones=True)
            """,
            witness=Raises("ValueError", "Precision 'float64' is invalid"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl

                HALF = "bf16_mixed"
                trainer = pl.Trainer(accelerator="cpu", precision=HALF, barebones=True)
                #                                                 ^^^^ invalid-precision
            """,
            good="""
                import pytorch_lightning as pl

                HALF = "bf16-mixed"
                trainer = pl.Trainer(accelerator="cpu", precision=HALF, barebones=True)
            """,
            witness=Raises("ValueError", "Precision 'bf16_mixed' is invalid"),
            fix_is_good=False,
        ),
        Example(
            bad="""
                import lightning as L

                trainer = L.Trainer(accelerator="cpu", precision=8, barebones=True)
                #                                                ^ invalid-precision
            """,
            good="""
                import lightning as L

                trainer = L.Trainer(accelerator="cpu", precision="bf16-true", barebones=True)
            """,
            witness=Raises("ValueError", "Precision 8 is invalid"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # The old numbers and their texts are accepted, and so is no precision at all.
        """
        from lightning.pytorch import Trainer

        for precision in (64, 32, "64", "32", "bf16", None):
            Trainer(accelerator="cpu", precision=precision, barebones=True)
        first = Trainer(accelerator="cpu", precision=32, barebones=True)
        second = Trainer(accelerator="cpu", precision="bf16", barebones=True)
        """,
        # Another class of that name.
        """
        class Trainer:
            def __init__(self, precision):
                self.precision = precision


        Trainer(precision="fp16")
        """,
    ),
    is_fixable=True,
)
