"""A module says that it optimizes by hand in a way that Lightning does not hear.

What it does:
Reports `self.automatic_optimization = False` before `super().__init__()`, and `False` assigned to a misspelt name such
as `automatic_optimisation` that nothing else of the class reads.

Why it matters:
The constructor of `LightningModule` sets the flag to True again, and a misspelt one is never looked at: Lightning goes
on optimizing by itself. `self.manual_backward` raises `MisconfigurationException: to use manual_backward, please
disable automatic optimization`; without it every batch is stepped twice.

Fix safety:
Unsafe: the run changes to one that optimizes by hand.

Source:
`lightning.pytorch.LightningModule.__init__`, `_verify_is_manual_optimization`, lightning 2.6.6; the same from 1.9 on.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher

from dryfit.rulekit import (
    Example,
    Finding,
    Fix,
    Observes,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    facts,
    replace,
    tree,
)

FLAG = "automatic_optimization"
LATER = "set it after `super().__init__()`"
RENAME = f"rename it to `{FLAG}`"


def check(model: SemanticModel) -> Iterator[Finding]:
    hook = next((hook for hook in model.facts(facts.HookDefined) if hook.kind == "module"), None)
    for fact in model.facts(facts.AttributeSet) if hook is not None else ():
        if hook is None or fact.to.literal is not False or fact.site.place != hook.site.place:
            continue
        if fact.name == FLAG and fact.base_initialised is False and _calls_the_base_later(hook, fact):
            yield Finding(
                fact.site,
                f"`self.{FLAG}` is set before `super().__init__()`",
                "the constructor of LightningModule sets it to True again",
                LATER,
            )
        elif _is_misspelt(fact) and not _is_read(hook, fact):
            is_here = fact.site.inside is None and fact.site.span.line == fact.site.span.end_line
            end = fact.site.span.end_column
            name = fact.site._replace(span=fact.site.span._replace(column=end - len(fact.name)))
            yield Finding(
                fact.site,
                f"`{fact.name}` is not the flag `{FLAG}`",
                "nothing reads it: Lightning goes on optimizing by itself",
                RENAME,
                Fix.unsafe(RENAME, replace(name, FLAG)) if is_here else None,
            )


def _is_misspelt(fact: facts.AttributeSet) -> bool:
    """Nearly the flag's name, on a module of Lightning's."""
    if fact.name == FLAG or not fact.owner.is_a("lightning.pytorch.LightningModule"):
        return False
    return SequenceMatcher(None, fact.name.lower().strip("_"), FLAG).ratio() > 0.85


def _is_read(hook: facts.HookDefined, fact: facts.AttributeSet) -> bool:
    return hook.owner.is_open or fact.owner.reads(fact.name) or fact.name in hook.owner.methods


def _calls_the_base_later(hook: facts.HookDefined, fact: facts.AttributeSet) -> bool:
    """Is the base's constructor called further down in the same constructor?"""
    return hook.name == "__init__" and any(
        isinstance(node, tree.Attribute) and node.name == "__init__" and node.span[:2] > fact.site.span[:2]
        for statement in hook.function.body
        for node in tree.walk(statement)
    )


RULE = Rule(
    name="manual-optimization-not-switched-on",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        self.automatic_optimization = False
                    #   ^^^^^^^^^^^^^^^^^^^^^^^^^^^ manual-optimization-not-switched-on
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 2)


                net = Net()
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


                net = Net()
            """,
            witness=Observes("net.automatic_optimization"),
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
                        self.automatic_optimisation = False
                        #^^^^^^^^^^^^^^^^^^^^^^^^^^ manual-optimization-not-switched-on

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).square().mean()
                        self.optimizers().zero_grad()
                        self.manual_backward(loss)
                        self.optimizers().step()

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
                        self.automatic_optimization = False

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).square().mean()
                        self.optimizers().zero_grad()
                        self.manual_backward(loss)
                        self.optimizers().step()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Raises(
                "MisconfigurationException", "to use manual_backward, please disable automatic optimization"
            ),
        ),
    ),
    near_misses=(
        # A property, a flag that the base sets anew on purpose, and a name of one's own.
        """
        import torch
        from lightning.pytorch import LightningModule


        class ByHand(LightningModule):
            def __init__(self):
                super().__init__()
                self.automatic_optimizations = False
                self.layer = torch.nn.Linear(4, 2)

            @property
            def automatic_optimization(self):
                return self.automatic_optimizations


        class Plain:
            def __init__(self):
                self.automatic_optimisation = False


        net = ByHand()
        """,
    ),
    is_fixable=True,
)
