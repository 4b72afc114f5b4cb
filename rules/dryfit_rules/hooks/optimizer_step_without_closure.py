"""`optimizer_step` is overridden and never runs the closure it is given.

What it does:
Reports an `optimizer_step` of a `LightningModule` in automatic optimization that mentions its `optimizer_closure`
nowhere and does not call the base's method. The closure is what runs `training_step`, clears the gradients and sends
the loss backward.

Why it matters:
Raises `MisconfigurationException: The closure hasn't been executed` at the first batch.

Fix safety:
Safe: the closure is given to the one `optimizer.step()`; the code could not have worked before.

Source:
`lightning.pytorch.loops.optimization.automatic.Closure`, lightning 2.6.6; the same from 1.9 on.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    dotted_name,
    facts,
    insert_before,
    tree,
)


def check(model: SemanticModel) -> Iterator[Finding]:
    for hook in model.facts(facts.HookDefined):
        if (hook.kind, hook.name) != ("module", "optimizer_step") or not hook.is_plain or hook.is_static:
            continue
        if hook.owner.uses_automatic_optimization is not True or hook.owner.is_driven_by_hand:
            continue
        closure = _closure(model, hook)
        end = next((fact for fact in model.facts(facts.FunctionEnded) if fact.name == hook.name), None)
        if not closure or end is None or not (end.falls_through or end.returns):
            continue
        nodes = [node for statement in hook.function.body for node in tree.walk(statement)]
        names = {node.id for node in nodes if isinstance(node, tree.Name)}
        if closure not in names and not names & {"super", "locals"}:
            text = f"give `{closure}` to `optimizer.step`"
            steps = [node for node in nodes if isinstance(node, tree.Call) and _is_step(hook, node)]
            yield Finding(
                hook.site,
                f"`optimizer_step` never runs `{closure}`",
                "raises MisconfigurationException at the first batch: the closure hasn't been executed",
                text,
                _fix(hook, steps, closure, text),
            )


def _closure(model: SemanticModel, hook: facts.HookDefined) -> str:
    """What the closure is called; "" if that is not certain."""
    known = model.frameworks.hook("module", hook.name)
    names = [p.name for p in hook.function.parameters[1:] if p.kind in ("pos", "posonly")]
    if "optimizer_closure" in names:
        return "optimizer_closure"
    fits = known is not None and len(names) == len(known.positional) and "optimizer_closure" in known.positional
    return names[known.positional.index("optimizer_closure")] if known is not None and fits else ""


def _is_step(hook: facts.HookDefined, node: tree.Call) -> bool:
    """A call of `step`, without arguments, on a parameter of the hook."""
    if not isinstance(node.func, tree.Attribute) or node.func.name != "step":
        return False
    return not node.arguments and dotted_name(node.func.value) in [p.name for p in hook.function.parameters]


def _fix(hook: facts.HookDefined, steps: list[tree.Call], closure: str, text: str) -> Fix | None:
    if len(steps) != 1:
        return None
    end = steps[0].span.at_end
    inside = end._replace(column=end.column - 1, end_column=end.end_column - 1)
    return Fix.safe(text, insert_before(hook.site._replace(span=inside), f"closure={closure}"))


RULE = Rule(
    name="optimizer-step-without-closure",
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
                        return self.layer(batch).square().mean()

                    def optimizer_step(self, epoch, batch_idx, optimizer, optimizer_closure):
                    #   ^^^^^^^^^^^^^^ optimizer-step-without-closure
                        optimizer.step()

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

                    def optimizer_step(self, epoch, batch_idx, optimizer, optimizer_closure):
                        optimizer.step(closure=optimizer_closure)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Raises("MisconfigurationException", "The closure hasn't been executed"),
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
                        return self.layer(batch).square().mean()

                    def optimizer_step(self, epoch, step, adam, closure=None):
                    #   ^^^^^^^^^^^^^^ optimizer-step-without-closure
                        for group in adam.param_groups:
                            group["lr"] = 0.1 / (epoch + 1)
                        adam.step()

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
                        return self.layer(batch).square().mean()

                    def optimizer_step(self, epoch, step, adam, closure=None):
                        for group in adam.param_groups:
                            group["lr"] = 0.1 / (epoch + 1)
                        adam.step(closure=closure)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Raises("MisconfigurationException", "The closure hasn't been executed"),
        ),
    ),
    near_misses=(
        # Called by hand, given to the base, and a module that optimizes by hand.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                return self.layer(batch).square().mean()

            def optimizer_step(self, epoch, batch_idx, optimizer, optimizer_closure):
                optimizer_closure()
                optimizer.step()

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        class Passing(Net):
            def optimizer_step(self, *args, **kwargs):
                super().optimizer_step(*args, **kwargs)


        net = Net()
        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
        """,
    ),
    is_fixable=True,
)
