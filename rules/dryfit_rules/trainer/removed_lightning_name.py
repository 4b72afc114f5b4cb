"""A file imports what the installed Lightning does not have any more.

What it does:
Reports imports, at the top of a file and under no condition, of modules and names of `lightning.pytorch` and
`pytorch_lightning` that are gone: `pytorch_lightning.metrics`, `pytorch_lightning.utilities.cli`, `DDPPlugin`,
`LightningLoggerBase`, `GPUStatsMonitor` and others, by the history of the installed version. Calls through the package
(`pl.metrics.Accuracy()`) as well. Imports in `try` and under `if` have something else in store and are left alone.

Why it matters:
A module raises `ModuleNotFoundError: No module named 'pytorch_lightning.metrics'`, a name `ImportError: cannot import
name 'DDPPlugin'`: nothing of the file runs.

Source:
The names of `lightning.pytorch` in 1.9 to 2.6, each version run; looked up in the installed one as well.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Raises, Rule, SemanticModel, Severity, Site, dotted_name, facts


def check(model: SemanticModel) -> Iterator[Finding]:
    seen: set[tuple[Site, str]] = set()
    for imported in model.facts(facts.FrameworkImported):
        yield from _findings(model, imported.site, imported.path, "raises ImportError when the file is run", seen)
    for call in model.facts(facts.FrameworkCall):
        written = dotted_name(call.arguments.call.func)
        if call.receiver is None and call.name.startswith("lightning.pytorch.") and written.count(".") > 1:
            site = call.arguments.site_of(call.arguments.call.func.span)
            package = "pytorch_lightning" if call.package == "pytorch_lightning" else "lightning.pytorch"
            path = call.name.replace("lightning.pytorch", package, 1)
            yield from _findings(model, site, path, "raises AttributeError when the line runs", seen)


def _findings(model: SemanticModel, site: Site, path: str, note: str, seen: set[tuple[Site, str]]) -> Iterator[Finding]:
    removal = model.frameworks.removed_name(path)
    if removal is None or (site, removal.name) in seen:
        return
    seen.add((site, removal.name))
    package = "pytorch_lightning" if path.startswith("pytorch_lightning.") else "lightning.pytorch"
    name, instead = removal.name.replace("lightning.pytorch", package, 1), removal.replacement or ""
    yield Finding(
        site,
        f"`{name}` is not there any more since lightning {removal.removed_in}",
        note,
        f"use `{instead.replace('lightning.pytorch', package, 1)}`" if instead else "remove it",
    )


RULE = Rule(
    name="removed-lightning-name",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                from pytorch_lightning.loggers import CSVLogger, LightningLoggerBase
                #^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ removed-lightning-name


                class Logger(LightningLoggerBase):
                    name = version = "mine"
            """,
            good="""
                from pytorch_lightning.loggers import CSVLogger, Logger as Base


                class Logger(Base):
                    name = version = "mine"
            """,
            witness=Raises("ImportError", "cannot import name 'LightningLoggerBase'"),
        ),
        Example(
            bad="""
                from lightning.pytorch import Trainer
                from lightning.pytorch.plugins import DDPPlugin
                #^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ removed-lightning-name

                trainer = Trainer(accelerator="cpu", strategy=DDPPlugin(), barebones=True)
            """,
            good="""
                from lightning.pytorch import Trainer
                from lightning.pytorch.strategies import DDPStrategy

                trainer = Trainer(accelerator="cpu", devices=1, strategy=DDPStrategy(), barebones=True)
            """,
            witness=Raises("ImportError", "cannot import name 'DDPPlugin'"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl

                monitor = pl.callbacks.GPUStatsMonitor()
                #         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ removed-lightning-name
            """,
            good="""
                import pytorch_lightning as pl

                monitor = pl.callbacks.DeviceStatsMonitor()
            """,
            witness=Raises("AttributeError", "has no attribute 'GPUStatsMonitor'"),
        ),
    ),
    near_misses=(
        # Names that are there, those of other packages, and an import that may fail.
        """
        try:
            from pytorch_lightning.utilities.distributed import rank_zero_only
        except ImportError:
            from pytorch_lightning.utilities.rank_zero import rank_zero_only
        from lightning.pytorch.callbacks import ProgressBar
        from lightning.pytorch.plugins import MixedPrecision
        from lightning.pytorch.profilers import SimpleProfiler

        if ProgressBar is None:
            from pytorch_lightning.metrics import Accuracy
        """,
    ),
)
