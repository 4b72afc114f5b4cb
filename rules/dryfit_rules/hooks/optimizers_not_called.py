"""`self.optimizers` of a LightningModule is used as if it were the optimizer.

What it does:
Reports `self.optimizers.step()`, `self.optimizers[0]`, `for optimizer in self.optimizers` and the same through a
variable, in methods of a `LightningModule`; `self.lr_schedulers` as well. Both are methods: the optimizers are what a
call of them returns. Silent where the class assigns or defines the name itself.

Why it matters:
Raises `AttributeError: 'function' object has no attribute 'step'`, or `TypeError: 'method' object is
not subscriptable`, at the first batch.

Fix safety:
Safe: the code could not have worked before.

Source:
`lightning.pytorch.LightningModule.optimizers`, lightning 2.6.6; the same from 1.9 on.
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
    insert_after,
    tree,
)

METHODS = ("optimizers", "lr_schedulers")


def check(model: SemanticModel) -> Iterator[Finding]:
    for hook in model.facts(facts.HookDefined):
        if hook.kind != "module" or hook.owner.is_open or hook.is_static:
            continue
        for used in _used_uncalled(hook.function):
            if not _is_own(hook, used.name):
                text = f"write `self.{used.name}()`"
                site = hook.site._replace(span=used.span)
                yield Finding(
                    site,
                    f"`self.{used.name}` is a method, and is not called",
                    "raises AttributeError or TypeError when the line runs: a method has nothing of an optimizer",
                    text,
                    Fix.safe(text, insert_after(site, "()")),
                )


def _used_uncalled(function: tree.Function) -> Iterator[tree.Attribute]:
    """Each `self.optimizers` of which an attribute, an element or an iterator is taken."""
    nodes = [node for statement in function.body for node in tree.walk(statement)]
    names: dict[str, list[tree.Attribute | None]] = {}
    for node in nodes:
        for target in node.targets if isinstance(node, tree.Assign) else ():
            if isinstance(target, tree.Name) and isinstance(node, tree.Assign):
                names.setdefault(target.id, []).append(_method(node.value))
    held = {name: found[0] for name, found in names.items() if len(found) == 1}
    seen: list[tree.Attribute] = []
    for node in nodes:
        inner = node.value if isinstance(node, (tree.Attribute, tree.Subscript)) else None
        inner = node.iter if isinstance(node, tree.For) else inner
        found = held.get(inner.id) if isinstance(inner, tree.Name) else _method(inner)
        if found is not None and found not in seen and not (isinstance(node, tree.Attribute) and "__" in node.name):
            seen.append(found)
            yield found


def _method(node: object) -> tree.Attribute | None:
    is_one = isinstance(node, tree.Attribute) and node.name in METHODS
    if not is_one or not isinstance(node, tree.Attribute):
        return None
    return node if isinstance(node.value, tree.Name) and node.value.id == "self" else None


def _is_own(hook: facts.HookDefined, name: str) -> bool:
    """Does the class, or one of the project above it, define the name, or assign it somewhere?"""
    instance = hook.owner.instance
    kept = instance.attribute(name) if isinstance(instance, Operand) else UNKNOWN
    if isinstance(kept, Operand) or (kept is UNKNOWN and hook.owner.project_bases):
        return True
    if not isinstance(instance, Operand) or instance.method(name) is not None:
        return True
    return name in hook.owner.methods or any(
        isinstance(target, tree.Attribute) and target.name == name
        for method in hook.owner.methods.values()
        for node in tree.walk(method)
        for target in getattr(node, "targets", ())
    )


RULE = Rule(
    name="optimizers-not-called",
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
                        self.automatic_optimization = False
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).square().mean()
                        self.manual_backward(loss)
                        self.optimizers.step()
                        #^^^^^^^^^^^^^^ optimizers-not-called

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
                        self.automatic_optimization = False
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).square().mean()
                        self.manual_backward(loss)
                        self.optimizers().step()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Raises("AttributeError", "has no attribute 'step'"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.automatic_optimization = False
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).square().mean()
                        optimizer = self.optimizers
                        #           ^^^^^^^^^^^^^^^ optimizers-not-called
                        optimizer.zero_grad()
                        self.manual_backward(loss)
                        optimizer.step()

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
                        self.automatic_optimization = False
                        self.layer = torch.nn.Linear(4, 2)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).square().mean()
                        optimizer = self.optimizers()
                        optimizer.zero_grad()
                        self.manual_backward(loss)
                        optimizer.step()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Raises("AttributeError", "has no attribute 'zero_grad'"),
        ),
    ),
    near_misses=(
        # Optimizers of one's own under that name, and the Trainer's list.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.automatic_optimization = False
                self.layer = torch.nn.Linear(4, 2)
                self.optimizers = [torch.optim.SGD(self.layer.parameters(), lr=0.1)]

            def training_step(self, batch, batch_idx):
                self.layer(batch).mean().backward()
                for optimizer in self.optimizers:
                    optimizer.step()
                self.seen = self.trainer.optimizers[:]

            def configure_optimizers(self):
                return None


        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
        """,
    ),
    is_fixable=True,
)
