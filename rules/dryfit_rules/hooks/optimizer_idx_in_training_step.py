"""`training_step` takes an `optimizer_idx`, which Lightning does not pass since 2.0.

What it does:
Reports a parameter `optimizer_idx` of the `training_step` of a `LightningModule`, where the installed Lightning passes
none. Lightning 1.x called `training_step` once for each optimizer and said which; 2.x does not.

Why it matters:
`fit` raises `RuntimeError: Training with multiple optimizers is only supported with manual optimization. Remove the
optimizer_idx argument from training_step` before the first batch, since 2.1. A default value does not help: the name is
enough. 2.0 calls the step without it: `TypeError: ... missing 1 required positional argument: 'optimizer_idx'`, and
nothing if there is a default.

Fix safety:
Safe. The module was refused. Offered if the body does not use the parameter.

Source:
`lightning.pytorch.core.optimizer._validate_multiple_optimizers_support`, lightning 2.6.6; run on 1.9 to 2.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Edit,
    Example,
    Finding,
    Fix,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    replace,
    tree,
)

NAME = "optimizer_idx"
HELP = "remove the parameter `optimizer_idx`"


def check(model: SemanticModel) -> Iterator[Finding]:
    for defined in model.facts(facts.HookDefined):
        hook = model.frameworks.hook(defined.kind, defined.name)
        if defined.name != "training_step" or hook is None or NAME in hook.positional:
            continue
        if not defined.is_plain or defined.owner.is_driven_by_hand:
            continue
        for parameter in defined.function.parameters[1:]:
            is_refused = NAME in hook.refused
            is_missing = parameter.default is None
            if parameter.name == NAME and parameter.kind in ("pos", "posonly") and (is_refused or is_missing):
                edit = _removed(defined, parameter)
                yield Finding(
                    defined.site._replace(span=parameter.span),
                    "`training_step` takes `optimizer_idx`, which Lightning does not pass since 2.0",
                    "`fit` raises RuntimeError: ... Remove the `optimizer_idx` argument from `training_step`"
                    if is_refused
                    else f"`fit` raises TypeError: missing 1 required positional argument: '{NAME}'",
                    HELP,
                    Fix.safe(HELP, edit) if edit else None,
                )


def _removed(defined: facts.HookDefined, parameter: tree.Parameter) -> Edit | None:
    """The parameter with the comma before it, if the body does not use it and it stands beside its neighbour."""
    parameters = defined.function.parameters
    before, start, end = parameters[parameters.index(parameter) - 1], parameter.span, parameter.span
    for part in (parameter.annotation, parameter.default):
        end = end.to(part.span) if part else end
    left = before.annotation.span if before.annotation else before.span
    is_used = any(isinstance(n, tree.Name) and n.id == NAME for s in defined.function.body for n in tree.walk(s))
    is_beside = before.default is None and (left.end_line, left.end_column + 2) == start[:2]
    is_plain = parameter.default is None or isinstance(parameter.default, tree.Constant)
    return (
        replace(defined.site._replace(span=left.at_end.to(end)), "") if is_beside and is_plain and not is_used else None
    )


RULE = Rule(
    name="optimizer-idx-in-training-step",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx, optimizer_idx=0):
                        #                                     ^^^^^^^^^^^^^ optimizer-idx-in-training-step
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises("RuntimeError", "Remove the `optimizer_idx` argument from `training_step`"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch


                class Gan(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.generator = torch.nn.Linear(4, 4)
                        self.critic = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx, optimizer_idx):
                        #                                     ^^^^^^^^^^^^^ optimizer-idx-in-training-step
                        score = self.critic(self.generator(batch)).mean()
                        return score if optimizer_idx == 0 else -score

                    def configure_optimizers(self):
                        return torch.optim.Adam(self.parameters())


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Gan(), loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch


                class Gan(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.automatic_optimization = False
                        self.generator = torch.nn.Linear(4, 4)
                        self.critic = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        for optimizer, sign in zip(self.optimizers(), (1, -1)):
                            optimizer.zero_grad()
                            self.manual_backward(sign * self.critic(self.generator(batch)).mean())
                            optimizer.step()

                    def configure_optimizers(self):
                        parts = (self.generator, self.critic)
                        return [torch.optim.Adam(part.parameters()) for part in parts]


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Gan(), loader)
            """,
            witness=Raises("RuntimeError", "Remove the `optimizer_idx` argument from `training_step`"),
            fix_is_good=False,
        ),
    ),
    near_misses=(
        # A helper takes it, and the step of a module that no Trainer runs.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                return self.loss(batch, optimizer_idx=0)

            def loss(self, batch, optimizer_idx):
                return self.layer(batch).mean() * (1 - optimizer_idx)

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        class Plain(torch.nn.Module):
            def training_step(self, batch, batch_idx, optimizer_idx):
                return batch.mean() * optimizer_idx


        loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
        """,
    ),
    is_fixable=True,
)
