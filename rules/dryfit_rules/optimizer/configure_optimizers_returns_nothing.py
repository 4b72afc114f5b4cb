"""`configure_optimizers` builds an optimizer and returns nothing.

What it does:
Reports a `configure_optimizers` of a `LightningModule` in automatic optimization that builds an optimizer, keeps it
nowhere and has no `return` with a value.

Why it matters:
Lightning warns once that the fit "will run with no optimizer" and goes on. The loss is computed and sent backward,
`global_step` counts up, and no weight moves. Returning `None` on purpose is legal: a module that builds no optimizer,
that keeps it on `self` or that optimizes by hand is not reported.

Fix safety:
Unsafe. The run changes from one that trains nothing to one that trains.

Source:
`lightning.pytorch.core.optimizer._init_optimizers_and_lr_schedulers`, lightning 2.6.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Edit,
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_after,
    insert_before,
    tree,
)

HELP = "return the optimizer"


def check(model: SemanticModel) -> Iterator[Finding]:
    hook = _automatic_hook(model)
    built = [fact.optimizer for fact in model.facts(facts.OptimizerBuilt)]
    if hook is None or not built or not _returns_nothing(model, hook.name) or _keeps_one(model, built):
        return
    name = built[0].class_name
    yield Finding(
        hook.site,
        f"`configure_optimizers` builds `{name}` and returns nothing",
        "the fit runs without an optimizer, with one warning: no weight moves",
        HELP,
        _fix(hook, built, model),
    )


def _automatic_hook(model: SemanticModel) -> facts.HookDefined | None:
    """`configure_optimizers`, if a Trainer calls it and certainly steps by itself."""
    for hook in model.facts(facts.HookDefined):
        if (hook.kind, hook.name) == ("module", "configure_optimizers") and hook.is_plain:
            if hook.owner.uses_automatic_optimization is True and not hook.owner.is_driven_by_hand:
                return hook
    return None


def _returns_nothing(model: SemanticModel, name: str) -> bool:
    """Every way to the end leads to a return of None."""
    for end in model.facts(facts.FunctionEnded):
        if end.name == name and not end.is_abstract:
            return end.falls_through and all(r.value is None or r.value.is_none for r in end.returns)
    return False


def _keeps_one(model: SemanticModel, built: list[Operand]) -> bool:
    """Is one of the optimizers kept where other code can step it?"""
    return any(fact.to.is_same(optimizer) for fact in model.facts(facts.AttributeSet) for optimizer in built)


def _fix(hook: facts.HookDefined, built: list[Operand], model: SemanticModel) -> Fix | None:
    """A return of the one optimizer, if building it is the last thing that is done."""
    call = next(fact.site for fact in model.facts(facts.OptimizerBuilt))
    has_scheduler = next(model.facts(facts.SchedulerBuilt), None) is not None
    if len(built) != 1 or has_scheduler or call.place != hook.site.place:
        return None
    last = hook.function.body[-1]
    statement = hook.site._replace(span=last.span)
    edit: Edit | None = None
    if isinstance(last, tree.ExpressionStatement) and last.span == call.span:
        edit = insert_before(statement, "return ")
    elif isinstance(last, tree.Assign) and last.value is not None and last.value.span == call.span:
        if len(last.targets) == 1 and isinstance(last.targets[0], tree.Name):
            edit = insert_after(statement, f"\nreturn {last.targets[0].id}")
    return Fix.unsafe(HELP, edit) if edit else None


RULE = Rule(
    name="configure-optimizers-returns-nothing",
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

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                    #   ^^^^^^^^^^^^^^^^^^^^ configure-optimizers-returns-nothing
                        optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)


                net = Net()
                before = net.layer.weight.clone()
                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
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
                        optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)
                        return optimizer


                net = Net()
                before = net.layer.weight.clone()
                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Observes("torch.equal(net.layer.weight, before)"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.optim import SGD as Descent


                class Net(pl.LightningModule):
                    def __init__(self, is_frozen=False):
                        super().__init__()
                        self.is_frozen = is_frozen
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                    #   ^^^^^^^^^^^^^^^^^^^^ configure-optimizers-returns-nothing
                        if self.is_frozen:
                            return None
                        Descent(self.parameters(), lr=0.1)


                net = Net()
                before = net.layer.weight.clone()
                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.optim import SGD as Descent


                class Net(pl.LightningModule):
                    def __init__(self, is_frozen=False):
                        super().__init__()
                        self.is_frozen = is_frozen
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.layer(batch).mean()

                    def configure_optimizers(self):
                        if self.is_frozen:
                            return None
                        return Descent(self.parameters(), lr=0.1)


                net = Net()
                before = net.layer.weight.clone()
                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Observes("torch.equal(net.layer.weight, before)"),
        ),
    ),
    near_misses=(
        # Nothing to train, said on purpose.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer


        class Baseline(LightningModule):
            def __init__(self):
                super().__init__()
                self.mean = torch.nn.Parameter(torch.zeros(1))

            def training_step(self, batch, batch_idx):
                return (batch - self.mean).square().mean()

            def configure_optimizers(self):
                return None


        loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_steps=1, barebones=True).fit(Baseline(), loader)
        """,
    ),
    is_fixable=True,
)
