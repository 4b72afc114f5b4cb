"""A layer is built in a hook that runs after the optimizers were made.

What it does:
Reports modules with weights that a `LightningModule` assigns to `self` in `on_fit_start`, `on_train_start`,
`on_train_epoch_start` or `on_train_batch_start`, and that its steps use. Silent if parameters are added to an optimizer
there, or if the layer is put into another mode or switched off somewhere.

Why it matters:
`configure_optimizers` has run before: the layer is used, and its weights never move. Nothing is said. `setup` and
`configure_model` run in time.

Source:
`lightning.pytorch.trainer.Trainer._run`, lightning 2.6.6; the order of the hooks is the same from 1.9 on.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Operand, Rule, SemanticModel, Severity, facts, tree

LATE = ("on_fit_start", "on_train_start", "on_train_epoch_start", "on_train_batch_start")
SPARED = ("requires_grad_", "requires_grad", "eval", "parameters", "load_state_dict", "train")


def check(model: SemanticModel) -> Iterator[Finding]:
    hook = next((hook for hook in model.facts(facts.HookDefined) if hook.name in LATE), None)
    if hook is None or hook.kind != "module" or hook.owner.is_driven_by_hand or hook.owner.is_open:
        return
    if next(model.facts(facts.GroupAdded), None) is not None or _mentions(hook.function, ("optimizers", "trainer")):
        return
    for fact in model.facts(facts.AttributeSet):
        is_own = fact.site.place == hook.site.place and hook.class_name in fact.owner.class_names[:1]
        if is_own and _has_weights(fact.to) and _is_used(hook, fact.name) and not _is_spared(hook, fact.name):
            yield Finding(
                fact.site,
                f"`self.{fact.name}` is built in `{hook.name}`, after the optimizers",
                "no optimizer holds its weights: they never move",
                "build it in `__init__`, `setup` or `configure_model`",
            )


def _has_weights(value: Operand) -> bool:
    return value.kind == "instance" and value.is_a("torch.nn.Module") and not value.has_no_parameters


def _is_used(hook: facts.HookDefined, name: str) -> bool:
    """Does a step or the forward of the class read it?"""
    steps = [method for key, method in hook.owner.methods.items() if key == "forward" or key.endswith("step")]
    return any(_mentions(method, (name,)) for method in steps)


def _is_spared(hook: facts.HookDefined, name: str) -> bool:
    """Is it frozen, put into another mode, or are its parameters taken somewhere in the class?"""
    return any(
        isinstance(node, tree.Attribute)
        and node.name in SPARED
        and isinstance(node.value, tree.Attribute)
        and node.value.name == name
        for method in hook.owner.methods.values()
        for node in tree.walk(method)
    )


def _mentions(function: tree.Function, names: tuple[str, ...]) -> bool:
    return any(isinstance(node, tree.Attribute) and node.name in names for node in tree.walk(function))


RULE = Rule(
    name="layers-built-after-optimizers",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.head(self.layer(batch)).square().mean()

                    def on_fit_start(self):
                        self.head = torch.nn.Linear(2, 1)
                    #   ^^^^^^^^^ layers-built-after-optimizers
                        self.before = self.head.weight.clone()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule, Trainer
                from torch.utils.data import DataLoader


                class Net(LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return self.head(self.layer(batch)).square().mean()

                    def setup(self, stage):
                        self.head = torch.nn.Linear(2, 1)
                        self.before = self.head.weight.clone()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Observes("torch.equal(net.head.weight, net.before)"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return (self(batch) - 1).square().mean()

                    def forward(self, x):
                        return self.head(self.layer(x))

                    def on_train_start(self):
                        head = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(2, 1))
                        self.before = head[1].weight.clone()
                        self.head = head
                    #   ^^^^^^^^^ layers-built-after-optimizers

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        return (self(batch) - 1).square().mean()

                    def forward(self, x):
                        return self.head(self.layer(x))

                    def setup(self, stage):
                        head = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(2, 1))
                        self.before = head[1].weight.clone()
                        self.head = head

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Observes("torch.equal(net.head[1].weight, net.before)"),
        ),
    ),
    near_misses=(
        # A frozen helper, a layer that is added to the optimizer, and one that nothing uses.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                loss = (self.layer(batch) - self.teacher(batch)).square().mean()
                return loss + self.head(self.layer(batch)).square().mean()

            def on_fit_start(self):
                self.teacher = torch.nn.Linear(4, 2)
                self.teacher.requires_grad_(False)
                self.unused = torch.nn.Linear(2, 2)

            def on_train_start(self):
                self.head = torch.nn.Linear(2, 1)
                self.optimizers().add_param_group({"params": self.head.parameters()})

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        net = Net()
        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
        """,
    ),
)
