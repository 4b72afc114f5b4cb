"""`training_step` returns something that is no loss, or nothing, and Lightning optimizes by itself.

What it does:
Reports what `training_step` of a `LightningModule` in automatic optimization certainly returns and Lightning does not
take: a number (`loss.item()`, `float(loss)`), a tuple or a list, a dict without `loss`. Reports a step that computes a
loss and has no `return` with a value as well: its end was forgotten. A `return` that skips single batches is legal, and
so is a step that has nothing to do with a loss.

Why it matters:
A number, a tuple or a list raises `MisconfigurationException: In automatic optimization, training_step must return a
Tensor, a dict, or None`; a dict without the key raises `the 'loss' key needs to be present`. Where nothing is returned,
Lightning warns once that `training_step` returned `None` and goes on: 4 steps are counted and no weight moves.

Fix safety:
Unsafe. The forgotten loss is returned, or the dict's entry is renamed: the run changes to one that trains.

Source:
`lightning.pytorch.loops.optimization.automatic.ClosureResult.from_training_step_output`, lightning 2.6.6; the same from
1.9 on.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Example,
    Finding,
    Fix,
    Observes,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    insert_after,
    rewrite_string,
    tree,
)

BY_HAND = ("manual_backward", "optimizers", "backward")
RAISES = "raises MisconfigurationException at the first batch"
HELP = "return the loss, or a dict that has it under `loss`"


def check(model: SemanticModel) -> Iterator[Finding]:
    hook = _automatic_step(model)
    end = next((fact for fact in model.facts(facts.FunctionEnded) if fact.name == "training_step"), None)
    if hook is None or end is None or end.is_abstract:
        return
    if end.falls_through and all(r.value is None or r.value.is_none for r in end.returns):
        yield from _forgotten(model, hook)
    for returned in end.returns:
        if returned.value is not None and returned.site.place == hook.site.place:
            yield from _refused(returned.value)


def _automatic_step(model: SemanticModel) -> facts.HookDefined | None:
    """`training_step`, if a Trainer calls it and certainly steps by itself with what it returns."""
    for hook in model.facts(facts.HookDefined):
        if (hook.kind, hook.name) == ("module", "training_step") and hook.is_plain and not hook.is_static:
            is_own = hook.owner.is_driven_by_hand or hook.is_called_below  # somebody else takes what it returns
            if hook.owner.uses_automatic_optimization is True and not is_own and _can_be_fitted(hook):
                nodes = (node for statement in hook.function.body for node in tree.walk(statement))
                if not any(isinstance(node, tree.Attribute) and node.name in BY_HAND for node in nodes):
                    return hook
    return None


def _can_be_fitted(hook: facts.HookDefined) -> bool:
    """Without `configure_optimizers` it is a part of another module, which calls its step as it likes."""
    built = hook.owner.instance
    return isinstance(built, Operand) and built.method("configure_optimizers") is not None


# --------------------------------------------------------------------------------------------- what is returned
def _refused(value: Operand) -> Iterator[Finding]:
    """Something that is no tensor, no dict with a loss and not None, whichever way it is."""
    what = [_what(option) for option in value.options]
    if all(what):
        option = value.options[0]
        text, note, fix = what[0], RAISES, None
        if option.kind == "dict":
            note = f"{RAISES}: the 'loss' key needs to be present"
            fix = _renamed(option)
        yield Finding(
            value.site,
            f"`training_step` returns {text}",
            note,
            fix.title if fix is not None and len(what) == 1 else HELP,
            fix if len(what) == 1 else None,
        )


def _what(option: Operand) -> str:
    """What it is, in words; "" if it may be accepted."""
    if option.tag == "number" or type(option.literal) in (int, float):
        return "a number"
    if type(option.literal) is str:
        return "a text"
    if option.kind in ("tuple", "list"):
        return f"a {option.kind}, not the loss"
    if option.kind == "dict" and option.entry("loss") is None:
        keys = option.entries
        names = [] if keys is UNKNOWN else [f"`{key.literal}`" for key, _ in keys if isinstance(key.literal, str)]
        return f"a dict with {', '.join(names[:3])}, without `loss`" if names else "a dict without `loss`"
    return ""


def _renamed(option: Operand) -> Fix | None:
    """The one entry that is called after a loss gets the name that is looked for."""
    entries = option.entries
    keys = [] if entries is UNKNOWN else [k for k, _ in entries if isinstance(k.literal, str) and "loss" in k.literal]
    edit = rewrite_string(keys[0], "loss") if len(keys) == 1 else None
    return None if edit is None else Fix.unsafe(f"rename `{keys[0].literal}` to `loss`", edit)


# --------------------------------------------------------------------------------------------- what is forgotten
def _forgotten(model: SemanticModel, hook: facts.HookDefined) -> Iterator[Finding]:
    """Nothing is returned on any way, and a loss was computed."""
    named = _losses(hook.function)
    if not named and next(model.facts(facts.LossCall), None) is None and not _drops_a_result(hook):
        return
    last, fix, text = hook.function.body[-1], None, "return the loss"
    if len(named) == 1 and any(named[0] in _bound(statement) for statement in hook.function.body):
        text = f"return `{named[0]}`"
        if not isinstance(last, tree.Return):
            fix = Fix.unsafe(text, insert_after(hook.site._replace(span=last.span), f"\nreturn {named[0]}"))
    yield Finding(
        hook.site,
        "`training_step` computes a loss and returns nothing",
        "one warning, then steps are counted and no weight moves",
        text,
        fix,
    )


def _losses(function: tree.Function) -> list[str]:
    """The variables that are called after a loss, each once."""
    names = [name for statement in function.body for node in tree.walk(statement) for name in _bound(node)]
    return list(dict.fromkeys(name for name in names if "loss" in name.lower()))


def _bound(node: tree.Node) -> list[str]:
    targets = node.targets if isinstance(node, tree.Assign) else ()
    return [target.id for target in targets if isinstance(target, tree.Name)]


def _drops_a_result(hook: facts.HookDefined) -> bool:
    """Is the last thing done a call of an own method that returns something?"""
    last = hook.function.body[-1]
    call = last.value if isinstance(last, tree.ExpressionStatement) else None
    if not isinstance(call, tree.Call) or not isinstance(call.func, tree.Attribute):
        return False
    owner = call.func.value
    if not isinstance(owner, tree.Name) or owner.id != "self" or hook.owner.instance is UNKNOWN:
        return False
    found = hook.owner.instance.method(call.func.name)
    if found is None or found is UNKNOWN:
        return False
    return any(
        isinstance(node, tree.Return) and node.value is not None
        for statement in found[0].body
        for node in tree.walk(statement)
    )


RULE = Rule(
    name="training-step-returns-no-loss",
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
                    #   ^^^^^^^^^^^^^ training-step-returns-no-loss
                        loss = self.layer(batch).square().mean()
                        self.log("train_loss", loss)

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                before = net.layer.weight.clone()
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
                        loss = self.layer(batch).square().mean()
                        self.log("train_loss", loss)
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                before = net.layer.weight.clone()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Observes("torch.equal(net.layer.weight, before)"),
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
                        loss, metrics = self.shared_step(batch)
                        return loss, metrics
                        #      ^^^^^^^^^^^^^ training-step-returns-no-loss

                    def shared_step(self, batch):
                        loss = self.layer(batch).square().mean()
                        return loss, {"norm": batch.norm()}

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
                        loss, metrics = self.shared_step(batch)
                        return {"loss": loss, **metrics}

                    def shared_step(self, batch):
                        loss = self.layer(batch).square().mean()
                        return loss, {"norm": batch.norm()}

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                before = net.layer.weight.clone()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Raises("MisconfigurationException", "`training_step` must return a Tensor, a dict, or None"),
            fix_is_good=False,
        ),
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
                        loss = self.layer(batch).square().mean()
                        output = {"train_loss": loss, "size": len(batch)}
                        return output
                        #      ^^^^^^ training-step-returns-no-loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                before = net.layer.weight.clone()
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
                        loss = self.layer(batch).square().mean()
                        output = {"loss": loss, "size": len(batch)}
                        return output

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                before = net.layer.weight.clone()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Raises("MisconfigurationException", "the 'loss' key needs to be present"),
        ),
    ),
    near_misses=(
        # A batch is skipped, a step of one's own makes the loss, the module optimizes by hand.
        """
        import torch
        from lightning.pytorch import LightningModule, Trainer
        from torch.utils.data import DataLoader


        class Net(LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 2)

            def training_step(self, batch, batch_idx):
                if batch.isnan().any():
                    return None
                return {"loss": self.layer(batch).mean()}

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        class ByHand(Net):
            def __init__(self):
                super().__init__()
                self.automatic_optimization = False

            def training_step(self, batch, batch_idx):
                loss = self.layer(batch).mean()
                self.manual_backward(loss)
                self.optimizers().step()

        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(Net(), loader)
        Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(ByHand(), loader)
        """,
    ),
    is_fixable=True,
)
