"""`training_step` returns a loss that has left autograd, and Lightning sends it backward.

What it does:
Follows what `training_step` of a `LightningModule` in automatic optimization returns, or has under `loss` in a dict,
and reports the place where it lost its graph: `detach()`, `torch.tensor(loss)`, `.data`, `torch.no_grad` around the
network or on the step itself. Reported are losses that certainly lead to no parameter on any way to the `return`.

Why it matters:
Raises `RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn` at the first batch. With
`requires_grad=True` on the new tensor nothing is raised: steps are counted, and no weight moves.

Source:
`lightning.pytorch.loops.optimization.automatic._AutomaticOptimization`, lightning 2.6.6; `torch.autograd.backward`,
torch 2.13.0; the same from lightning 1.9 on.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Observes,
    Operand,
    Raises,
    Related,
    Rule,
    SemanticModel,
    Severity,
    dotted_name,
    facts,
    tree,
)

NOTHING, LEAF = 2, 1
"""How far a backward can reach, as the histories of tensors count it."""
BY_HAND = ("manual_backward", "optimizers", "backward")


def check(model: SemanticModel) -> Iterator[Finding]:
    hook = _automatic_step(model)
    end = next((fact for fact in model.facts(facts.FunctionEnded) if fact.name == "training_step"), None)
    for returned in end.returns if end is not None and hook is not None else ():
        loss = returned.value
        if loss is not None and loss.kind == "dict":
            found = loss.entry("loss")
            loss = found if isinstance(found, Operand) else None
        if loss is None or any(option.kind != "tensor" or option.tag == "number" for option in loss.options):
            continue
        cut = loss.history.cut
        if cut is None or loss.history.reach not in (NOTHING, LEAF):
            continue
        is_by_decorator = hook is not None and cut.how == "no_grad" and _is_decorated(hook.function)
        yield Finding(
            cut.site if hook is None or not is_by_decorator else hook.site,
            "`training_step` runs without gradients"
            if is_by_decorator
            else "the network is called where no gradients are recorded"
            if cut.how == "no_grad"
            else f"`{'.data' if cut.how == 'data' else cut.how}` cuts the loss of `training_step` off from the network",
            "raises RuntimeError at the first batch: element 0 of tensors does not require grad"
            if loss.history.reach == NOTHING
            else "the backward ends at a tensor that no optimizer holds: no weight moves",
            "remove the decorator" if is_by_decorator else "return the tensor that the network's output leads to",
            None,
            () if is_by_decorator else (Related(returned.site, "is sent backward by Lightning"),),
        )


def _automatic_step(model: SemanticModel) -> facts.HookDefined | None:
    """`training_step`, if a Trainer calls it, certainly steps by itself, and sends back what it returns."""
    for hook in model.facts(facts.HookDefined):
        if (hook.kind, hook.name) == ("module", "training_step") and hook.is_plain and not hook.is_static:
            is_own = hook.owner.is_driven_by_hand or hook.is_called_below  # somebody else takes what it returns
            if hook.owner.uses_automatic_optimization is True and not is_own and _can_be_fitted(hook):
                nodes = (node for statement in hook.function.body for node in tree.walk(statement))
                is_by_hand = any(isinstance(node, tree.Attribute) and node.name in BY_HAND for node in nodes)
                return None if is_by_hand or _sends_backward_itself(hook.owner) else hook
    return None


def _can_be_fitted(hook: facts.HookDefined) -> bool:
    """Without `configure_optimizers` it is a part of another module, which calls its step as it likes."""
    built = hook.owner.instance
    return isinstance(built, Operand) and built.method("configure_optimizers") is not None


def _sends_backward_itself(owner: facts.ClassDefined) -> bool:
    """Does the module, or a class of the project above it, say what a backward is?"""
    instance = owner.instance
    return not isinstance(instance, Operand) or instance.method("backward") is not None


def _is_decorated(function: tree.Function) -> bool:
    names = [dotted_name(d.func if isinstance(d, tree.Call) else d) for d in function.decorators]
    return any(name.endswith(("no_grad", "inference_mode")) for name in names)


RULE = Rule(
    name="training-step-loss-without-graph",
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

                    @torch.no_grad()
                    def training_step(self, batch, batch_idx):
                    #   ^^^^^^^^^^^^^ training-step-loss-without-graph
                        return self.layer(batch).square().mean()

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
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Raises("RuntimeError", "element 0 of tensors does not require grad"),
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
                        loss = self.loss(batch)
                        self.last = loss.detach()
                        #           ^^^^^^^^^^^^^ training-step-loss-without-graph
                        return {"loss": self.last}

                    def loss(self, batch):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                before = net.layer.weight.clone()
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
                        loss = self.loss(batch)
                        self.last = loss.detach()
                        return {"loss": loss}

                    def loss(self, batch):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                before = net.layer.weight.clone()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Raises("RuntimeError", "element 0 of tensors does not require grad"),
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
                        loss = self.loss(batch)
                        loss = torch.tensor(loss.item(), requires_grad=True)
                        #                   ^^^^^^^^^^^ training-step-loss-without-graph
                        return loss

                    def loss(self, batch):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                before = net.layer.weight.clone()
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
                        loss = self.loss(batch)
                        return loss

                    def loss(self, batch):
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                before = net.layer.weight.clone()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Observes("torch.equal(net.layer.weight, before)"),
        ),
    ),
    near_misses=(
        # A teacher without gradients beside a student, and a copy for the eyes.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)
                self.teacher = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                with torch.no_grad():
                    target = self.teacher(batch)
                loss = (self.layer(batch) - target).square().mean()
                return {"loss": loss, "shown": loss.detach()}

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        net = Net()
        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
        """,
    ),
)
