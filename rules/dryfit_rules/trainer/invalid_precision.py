"""The Trainer is given a precision that Lightning does not know.

What it does:
Reports values of `Trainer(precision=...)` that are certainly none of those that the installed Lightning accepts: words
of other frameworks (`fp16`, `float32`), misspelt ones, other numbers.

Why it matters:
Raises `ValueError: Precision 'fp16' is invalid. Allowed precision values: ...` when the Trainer is built.

Fix safety:
Unsafe. `fp16` can mean mixed precision (`16-mixed`) or half precision throughout (`16-true`); the fix writes the
former, which is what `16` meant in 1.x.

Source:
`lightning.fabric.connector._convert_precision_to_unified_args`, lightning 2.6.6.
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
        if known and keyword is not None and all(_is_refused(option, known) for option in keyword.value.options):
            literal = keyword.value.options[0].literal
            meant = MEANT.get(str(literal).lower(), "")
            near = [meant] if meant in known else get_close_matches(str(literal), sorted(known), n=1, cutoff=0.75)
            text = f'write "{near[0]}"' if near else f"give one of {', '.join(sorted(known))}"
            edit = rewrite_string(keyword.value, near[0]) if near and keyword.argument else None
            yield Finding(
                keyword.value.site,
                f"`{literal!r}` is not a precision",
                f"raises ValueError: Precision {literal!r} is invalid",
                text,
                Fix.unsafe(text, edit) if edit else None,
            )


def _is_refused(value: Operand, known: frozenset[str]) -> bool:
    """A text or a whole number that is not accepted; of numbers, those are whose text is a number alone."""
    literal = value.literal
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
