"""`ModelCheckpoint` is given a metric in the place of its folder.

What it does:
Reports `ModelCheckpoint("val_loss")` and `ModelCheckpoint("val_acc", mode="max")`: the first argument by place is the
name of a metric (`val_loss`, `train/acc`, `valid_f1`), and no `monitor` is given. The first parameter is `dirpath`,
other than that of `EarlyStopping`.

Why it matters:
Nothing is raised: `dirpath` is `val_loss`, `monitor` is None. Checkpoints lie in that folder, and what is kept as
the best is that of the last epoch.

Fix safety:
Unsafe. Given as `monitor`, the metric decides what is kept, and the folder is the default one.

Source:
`lightning.pytorch.callbacks.ModelCheckpoint.__init__`, lightning 2.6.6; the same from 1.9 on.
"""

import re
from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Fix, Observes, Rule, SemanticModel, Severity, insert_before

CHECKPOINT = "lightning.pytorch.callbacks.ModelCheckpoint"
STAGE = r"(train|training|val|valid|validation|test|eval|dev)"
QUANTITY = (
    r"(loss|acc|accuracy|f1|auc|auroc|iou|miou|map|mse|mae|rmse|error|dice|ppl|perplexity|bleu|wer|cer|psnr|score)"
)
METRIC = re.compile(rf"{STAGE}[_/-](\w+[_/-])?{QUANTITY}([_/-](epoch|step))?|{QUANTITY}[_/-]{STAGE}", re.IGNORECASE)
HELP = "give it as `monitor`"


def check(model: SemanticModel) -> Iterator[Finding]:
    for call in model.calls_to(CHECKPOINT):
        first = call.arguments.positional[0] if call.arguments.positional else None
        if first is None or call.receiver is not None or call.arguments.get(2, "monitor") is not None:
            continue
        name = first.literal
        if isinstance(name, str) and METRIC.fullmatch(name):
            is_alone = len(call.arguments.positional) == 1 and not call.arguments.call.arguments[0].stars
            yield Finding(
                first.site,
                f"`{name}` is taken for the folder of the checkpoints",
                "`monitor` is None: the checkpoint of the last epoch is kept, in a folder of that name",
                HELP,
                Fix.unsafe(HELP, insert_before(call.arguments.site_of(first.site.span), "monitor="))
                if is_alone and call.arguments.call.arguments[0].value.span == first.site.span
                else None,
            )


RULE = Rule(
    name="metric-as-checkpoint-folder",
    severity=Severity.WARNING,
    check=check,
    examples=(
        Example(
            bad="""
                from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

                callbacks = [EarlyStopping("val_loss"), ModelCheckpoint("val_loss", mode="min")]
                #                                                       ^^^^^^^^^^ metric-as-checkpoint-folder
            """,
            good="""
                from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

                callbacks = [EarlyStopping("val_loss"), ModelCheckpoint(monitor="val_loss", mode="min")]
            """,
            witness=Observes("callbacks[1].monitor is None"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl


                def build(metric):
                    return pl.callbacks.ModelCheckpoint(metric, save_top_k=1)
                    #                                   ^^^^^^ metric-as-checkpoint-folder


                checkpoint = build("val/loss")
            """,
            good="""
                import pytorch_lightning as pl


                def build(metric):
                    return pl.callbacks.ModelCheckpoint(monitor=metric, save_top_k=1)


                checkpoint = build("val/loss")
            """,
            witness=Observes("checkpoint.monitor is None"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # Folders, a folder said by name, and a metric that is given beside it.
        """
        from lightning.pytorch.callbacks import ModelCheckpoint

        first = ModelCheckpoint("checkpoints")
        second = ModelCheckpoint("runs/val", save_top_k=1)
        third = ModelCheckpoint(dirpath="val_loss")
        fourth = ModelCheckpoint("val_loss", monitor="val_loss")
        """,
    ),
    is_fixable=True,
)
