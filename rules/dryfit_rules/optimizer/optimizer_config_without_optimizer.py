"""The dict that `configure_optimizers` returns has no `optimizer`.

What it does:
Reports a dict (or a list of dicts) that `configure_optimizers` of a `LightningModule` returns and that certainly has no
key `optimizer`: a misspelt key (`opt`), a parameter group (`{"params": ...}`), optimizers under names of one's own.

Why it matters:
`fit` raises `KeyError: 'optimizer'` before the first batch.

Fix safety:
Safe. Offered if one key holds an optimizer, which gets the name `optimizer`; the dict was refused before.

Source:
`lightning.pytorch.core.optimizer._configure_optimizers`, lightning 2.6.6.
"""

from collections.abc import Iterator

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


def check(model: SemanticModel) -> Iterator[Finding]:
    for returned in [fact.value for fact in model.facts(facts.OptimizersReturned)]:
        configs = returned.known_elements if returned.kind in ("list", "tuple") else returned.options
        if not all(config.kind == "dict" and config.entry("optimizer") is None for config in configs):
            continue
        for config in configs:
            yield _finding(config)


def _finding(config: Operand) -> Finding:
    entries = config.entries
    pairs = () if entries is UNKNOWN else entries
    held = [key for key, value in pairs if all(o.is_a("torch.optim.Optimizer") for o in value.options)]
    names = ", ".join(f"`{key.literal}`" for key, _ in pairs)
    text = f"rename `{held[0].literal}` to `optimizer`" if len(held) == 1 else "give the optimizer as `optimizer`"
    edit = rewrite_string(held[0], "optimizer") if len(held) == 1 else None
    return Finding(
        held[0].site if len(held) == 1 else config.site,
        f"the optimizer configuration has no key `optimizer`, only {names}"
        if names
        else "the optimizer configuration is empty",
        "`fit` raises KeyError: 'optimizer'",
        text,
        Fix.safe(text, edit) if edit else None,
    )


RULE = Rule(
    name="optimizer-config-without-optimizer",
    severity=Severity.ERROR,
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
                        opt = torch.optim.SGD(self.parameters(), lr=0.1)
                        return {"opt": opt, "lr_scheduler": StepLR(opt, step_size=1)}
                        #       ^^^^^ optimizer-config-without-optimizer


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
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
                        opt = torch.optim.SGD(self.parameters(), lr=0.1)
                        return {"optimizer": opt, "lr_scheduler": StepLR(opt, step_size=1)}


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("KeyError", "optimizer"),
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

                    def configure_optimizers(self):
                        return {"params": self.parameters(), "lr": 0.1}
                        #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ optimizer-config-without-optimizer


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
                        return torch.optim.SGD([{"params": self.parameters(), "lr": 0.1}])


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("KeyError", "optimizer"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # The key comes from outside: it cannot be told that it is missing.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer


        class Net(LightningModule):
            def __init__(self, extra):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)
                self.extra = extra

            def training_step(self, batch, batch_idx):
                return self.layer(batch).mean()

            def configure_optimizers(self):
                config = {"monitor": "loss"}
                config.update(self.extra(self))
                return config


        def sgd(net):
            return {"optimizer": torch.optim.SGD(net.parameters(), lr=0.1)}


        loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(sgd), loader)
        """,
        # A configuration for the author's own loop.
        """
        import torch


        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def configure_optimizers(self):
                return {"opt": torch.optim.SGD(self.parameters(), lr=0.1)}


        opt = Net().configure_optimizers()["opt"]
        """,
    ),
    is_fixable=True,
)
