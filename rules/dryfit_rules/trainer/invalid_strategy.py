"""The Trainer is given a strategy that the installed Lightning does not have.

What it does:
Reports values of `Trainer(strategy=...)` that are certainly no registered name: strategies that were removed (`dp`,
`ddp_sharded`, `horovod`), that only later versions have, misspelt ones (`ddp-spawn`), names of accelerators. Case does
not matter. Other unknown words are not reported, because a program or a plug-in package can register its own.

Why it matters:
Raises `ValueError: You selected an invalid strategy name: strategy='dp'` when the Trainer is built.

Fix safety:
Unsafe. The nearest strategy, or the one that took the place of a removed one, is not the same: `dp` was one process for
all devices, `ddp` is one for each.

Source:
`AcceleratorConnector._check_config_and_set_final_flags` in
`lightning.pytorch.trainer.connectors.accelerator_connector`, lightning 2.6.6; the names of 1.9 to 2.6, run.
"""

from collections.abc import Iterator
from difflib import get_close_matches

from dryfit.rulekit import (
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
    rewrite_string,
)

PLUGINS = ("hpu", "ipu")  # packages of their own register these


def check(model: SemanticModel) -> Iterator[Finding]:
    for built in model.facts(facts.TrainerBuilt):
        keyword = built.arguments.keywords.get("strategy")
        options = keyword.value.options if keyword is not None else ()
        remedies = [_remedy(model, keyword, option) for option in options] if keyword is not None else []
        if keyword is not None and remedies and None not in remedies:
            literal = options[0].literal
            removal = model.frameworks.removed_strategies.get(str(literal).lower())
            added = model.frameworks.added_strategies.get(str(literal).lower())
            text, fix = remedies[0] or ("", None)
            error = "You selected an invalid strategy name"
            yield Finding(
                keyword.value.site,
                f"the strategy `{literal}` was removed in lightning {removal.removed_in}"
                if removal is not None and removal.removed_in
                else f"`{literal!r}` is not a strategy" + (f" before lightning {added.added_in}" if added else ""),
                removal.today if removal is not None else f"raises ValueError: {error}: `strategy={literal!r}`",
                text,
                fix if len(options) == 1 else None,
            )


def _remedy(model: SemanticModel, keyword: KeywordArgument, value: Operand) -> tuple[str, Fix | None] | None:
    """What to do; None if the value is accepted, or is not known to be refused."""
    known, removed = model.frameworks.strategies, model.frameworks.removed_strategies
    if not known or (not isinstance(value.literal, str) and not value.is_none):
        return None
    if value.is_none:
        signature = model.frameworks.signature("lightning.pytorch.Trainer")
        parameter = signature.parameter("strategy") if signature else None
        return ("leave it out", None) if parameter is not None and parameter.default != "None" else None
    name = str(value.literal).lower()
    if name in known:
        return None
    if name in removed and not name.startswith(PLUGINS):
        near = [str(removed[name].replacement)] if removed[name].replacement else []
    elif name.startswith(PLUGINS):
        return None
    elif name in model.frameworks.added_strategies:
        before = model.frameworks.added_strategies[name].replaces
        near = [before] if before in known else []
    elif name in (model.frameworks.accelerators or ()):
        return "give it as `accelerator`", None
    else:
        near = _near(name.replace("-", "_"), sorted(known))
        if not near:
            return None
    text = f'write "{near[0]}"' if near else "name another strategy"
    edit = rewrite_string(keyword.value, near[0]) if near and keyword.argument else None
    return text, Fix.unsafe(text, edit) if edit else None


def _near(name: str, known: list[str]) -> list[str]:
    """The strategy that is meant by a misspelt name: `dpp`, `ddp_spwan`, `ddp_find_unused_parameters`."""
    if f"{name}_true" in known:
        return [f"{name}_true"]
    one_off = [k for k in known if len(k) == len(name) and sum(a != b for a, b in zip(k, name, strict=True)) == 1]
    return one_off[:1] or get_close_matches(name, known, n=1, cutoff=0.85)


RULE = Rule(
    name="invalid-strategy",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from lightning.pytorch import Trainer

                trainer = Trainer(accelerator="cpu", strategy="dp", devices=1, barebones=True)
                #                                             ^^^^ invalid-strategy
            """,
            good="""
                from lightning.pytorch import Trainer

                trainer = Trainer(accelerator="cpu", strategy="ddp", devices=1, barebones=True)
            """,
            witness=Raises("ValueError", "You selected an invalid strategy name: `strategy='dp'`"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl


                def build(strategy):
                    return pl.Trainer(accelerator="cpu", strategy=strategy, devices=1, barebones=True)
                    #                                             ^^^^^^^^ invalid-strategy


                trainer = build("ddp-spawn")
            """,
            good="""
                import pytorch_lightning as pl


                def build(strategy):
                    return pl.Trainer(accelerator="cpu", strategy=strategy, devices=1, barebones=True)


                trainer = build("ddp_spawn")
            """,
            witness=Raises("ValueError", "You selected an invalid strategy name: `strategy='ddp-spawn'`"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # Case does not matter, and a strategy can be an instance or registered by the program.
        """
        from lightning.pytorch import Trainer
        from lightning.pytorch.strategies import SingleDeviceStrategy, StrategyRegistry

        StrategyRegistry.register("mine", SingleDeviceStrategy, description="one device", device="cpu")
        first = Trainer(accelerator="cpu", strategy="DDP", devices=1, barebones=True)
        second = Trainer(strategy=SingleDeviceStrategy(device="cpu"), devices=1, barebones=True)
        third = Trainer(accelerator="cpu", strategy="mine", devices=1, barebones=True)
        """,
        # Another class of that name.
        """
        class Trainer:
            def __init__(self, strategy):
                self.strategy = strategy


        Trainer(strategy="dp")
        """,
    ),
    is_fixable=True,
)
