"""`configure_optimizers` returns several optimizers while Lightning steps by itself.

What it does:
Reports a list or tuple of two or more optimizers (bare, as dicts, or as the first of two lists) that
`configure_optimizers` of a `LightningModule` returns, where `automatic_optimization` is certainly left on.

Why it matters:
`fit` raises `RuntimeError: Training with multiple optimizers is only supported with manual optimization` before the
first batch. Lightning 1.x called `training_step` once for each, with an `optimizer_idx`; that went in 2.0. There it is
a `ValueError` if the step has no such parameter.

Source:
`lightning.pytorch.core.optimizer._validate_multiple_optimizers_support`, lightning 2.6.6; run on 1.9 to 2.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import UNKNOWN, Example, Finding, Operand, Raises, Rule, SemanticModel, Severity, facts

NOTE = "`fit` raises RuntimeError: multiple optimizers are only supported with manual optimization"
HELP = "set `self.automatic_optimization = False` and step each optimizer in `training_step`"
BEFORE = "take `optimizer_idx` in `training_step`, or set `self.automatic_optimization = False`"


def check(model: SemanticModel) -> Iterator[Finding]:
    note, help = NOTE, HELP
    step = model.frameworks.hook("module", "training_step")
    if step is None or "optimizer_idx" in step.positional:
        if not _lacks_index(model):
            return  # 1.x calls the step once for each optimizer
        note, help = "`fit` raises ValueError: `training_step` is missing the `optimizer_idx` argument", BEFORE
    for returned in [fact.value for fact in model.facts(facts.OptimizersReturned) if fact.is_automatic]:
        names = [_optimizers(option) for option in returned.options]
        if all(len(found) > 1 for found in names):
            shown = ", ".join(f"`{name}`" for name in names[0][:3]) + (", ..." if len(names[0]) > 3 else "")
            yield Finding(
                returned.site,
                f"`configure_optimizers` returns {len(names[0])} optimizers ({shown}) in automatic optimization",
                note,
                help,
            )


def _lacks_index(model: SemanticModel) -> bool:
    """Has the class a `training_step` that no index can be given to?"""
    for hook in model.facts(facts.HookDefined):
        step = hook.owner.methods.get("training_step")
        if step is not None and not step.decorators:
            return all(p.name != "optimizer_idx" and p.kind not in ("*", "**") for p in step.parameters)
    return False


def _optimizers(returned: Operand) -> list[str]:
    """Class names of the optimizers in a list or tuple that holds nothing else, or in the first of two lists."""
    elements = returned.elements
    if elements is UNKNOWN:
        return []
    if len(elements) == 2 and elements[0].kind == "list":
        return _optimizers(elements[0])
    names = []
    for element in elements:
        optimizer = element.entry("optimizer") if element.kind == "dict" else element
        if not isinstance(optimizer, Operand) or not all(o.is_a("torch.optim.Optimizer") for o in optimizer.options):
            return []
        names.append(optimizer.class_name)
    return names


RULE = Rule(
    name="several-optimizers-automatic",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer


                class Gan(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.generator = torch.nn.Linear(4, 4)
                        self.critic = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.critic(self.generator(batch)).mean()

                    def configure_optimizers(self):
                        for_generator = torch.optim.Adam(self.generator.parameters())
                        for_critic = torch.optim.SGD(self.critic.parameters(), lr=0.1)
                        return [for_generator, for_critic]
                        #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^ several-optimizers-automatic


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Gan(), loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer


                class Gan(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.automatic_optimization = False
                        self.generator = torch.nn.Linear(4, 4)
                        self.critic = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        for optimizer, sign in zip(self.optimizers(), (-1, 1)):
                            optimizer.zero_grad()
                            self.manual_backward(sign * self.critic(self.generator(batch)).mean())
                            optimizer.step()

                    def configure_optimizers(self):
                        for_generator = torch.optim.Adam(self.generator.parameters())
                        for_critic = torch.optim.SGD(self.critic.parameters(), lr=0.1)
                        return [for_generator, for_critic]


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Gan(), loader)
            """,
            witness=Raises(
                "RuntimeError", "Training with multiple optimizers is only supported with manual optimization"
            ),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.optim import AdamW as Optimizer


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.body = torch.nn.Linear(4, 4)
                        self.head = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.head(self.body(batch)).mean()

                    def optimizer(self, part, lr):
                        return {"optimizer": Optimizer(part.parameters(), lr=lr)}

                    def configure_optimizers(self):
                        head = self.optimizer(self.head, 1e-3)
                        return self.optimizer(self.body, 1e-4), head
                        #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ several-optimizers-automatic


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.optim import AdamW as Optimizer


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.body = torch.nn.Linear(4, 4)
                        self.head = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        return self.head(self.body(batch)).mean()

                    def group(self, part, lr):
                        return {"params": part.parameters(), "lr": lr}

                    def configure_optimizers(self):
                        return Optimizer([self.group(self.body, 1e-4), self.group(self.head, 1e-3)])


                loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
            """,
            witness=Raises(
                "RuntimeError", "Training with multiple optimizers is only supported with manual optimization"
            ),
        ),
    ),
    near_misses=(
        # Manual optimization, switched on in the hook itself.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.body = torch.nn.Linear(4, 4)
                self.head = torch.nn.Linear(4, 1)

            def training_step(self, batch, batch_idx):
                for optimizer in self.optimizers():
                    optimizer.zero_grad()
                self.manual_backward(self.head(self.body(batch)).mean())
                for optimizer in self.optimizers():
                    optimizer.step()

            def configure_optimizers(self):
                self.automatic_optimization = False
                return torch.optim.Adam(self.body.parameters()), torch.optim.Adam(self.head.parameters())


        loader = torch.utils.data.DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
        """,
    ),
)
