"""A module assigns an attribute that Lightning or torch keeps for itself.

What it does:
Reports assignments to the read-only properties of a `LightningModule` (`self.hparams = ...`, `self.device`, `logger`,
`loggers`, `global_step`, `current_epoch`, `global_rank`, `local_rank`, `dtype`), `hparams` of a `LightningDataModule`,
and `self.training = False` in a constructor of a `LightningModule` that reads it. Silent where the project's classes
define the name themselves, and for values that are modules or parameters: torch registers them past the property.

Why it matters:
Raises `AttributeError: property 'hparams' of 'Net' object has no setter` when the object is made, `dtype` RuntimeError.
`training` is the flag of the mode: since lightning 2.2 a module keeps the mode it has before `fit`, and `self.training`
is False in every training step while its layers are in training mode.

Source:
`lightning.pytorch.LightningModule`, `HyperparametersMixin`, `torch.nn.Module.train`, lightning 2.6.6; the properties
are the same from 1.9 on.
"""

from collections.abc import Iterator

from dryfit.rulekit import Example, Finding, Observes, Operand, Raises, Rule, SemanticModel, Severity, facts

PROPERTIES = {
    "module": (
        "current_epoch",
        "device",
        "dtype",
        "global_rank",
        "global_step",
        "hparams",
        "local_rank",
        "logger",
        "loggers",
    ),
    "datamodule": ("hparams",),
}


def check(model: SemanticModel) -> Iterator[Finding]:
    hook = next((hook for hook in model.facts(facts.HookDefined) if hook.kind in PROPERTIES), None)
    if hook is None or hook.owner.is_open:
        return
    seen: set[str] = set()
    for fact in model.facts(facts.AttributeSet):
        is_here = fact.site.place == hook.site.place and hook.class_name in fact.owner.class_names[:1]
        if not is_here or fact.name in seen or fact.owner.method(fact.name) is not None:
            continue
        if fact.name in PROPERTIES[hook.kind] and _is_plain(fact.to):
            seen.add(fact.name)
            error = "RuntimeError" if fact.name == "dtype" else "AttributeError"
            yield Finding(
                fact.site,
                f"`{fact.name}` is a property of `Lightning{'Module' if hook.kind == 'module' else 'DataModule'}`",
                f"raises {error} when the line runs: it has no setter",
                "call `self.save_hyperparameters()`, or give it another name"
                if fact.name == "hparams"
                else "give it another name",
            )
        elif (hook.kind, hook.name, fact.name) == ("module", "__init__", "training") and fact.to.literal is False:
            if model.frameworks.lightning_since("2.2") and fact.owner.reads("training"):
                seen.add(fact.name)
                yield Finding(
                    fact.site,
                    "`self.training` is the flag that says which mode the module is in",
                    "since lightning 2.2 `fit` leaves it False: the module is not in training mode",
                    "give it another name",
                    severity=Severity.WARNING,
                )


def _is_plain(value: Operand) -> bool:
    """Neither a module nor a parameter, which torch would register past the property."""
    return not any(option.kind == "parameter" or option.is_a("torch.nn.Module") for option in value.options)


RULE = Rule(
    name="lightning-attribute-assigned",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule


                class Net(LightningModule):
                    def __init__(self, hparams):
                        super().__init__()
                        self.hparams = hparams
                        #^^^^^^^^^^^ lightning-attribute-assigned
                        self.layer = torch.nn.Linear(4, 2)


                net = Net({"lr": 0.1})
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule


                class Net(LightningModule):
                    def __init__(self, hparams):
                        super().__init__()
                        self.save_hyperparameters()
                        self.layer = torch.nn.Linear(4, 2)


                net = Net({"lr": 0.1})
            """,
            witness=Raises("AttributeError", "property 'hparams' of 'Net' object has no setter"),
        ),
        Example(
            bad="""
                import torch
                from lightning.pytorch import LightningModule


                class Net(LightningModule):
                    def __init__(self, hparams):
                        super().__init__()
                        self.device = torch.device(hparams.get("device", "cpu"))
                        #^^^^^^^^^^ lightning-attribute-assigned
                        self.layer = torch.nn.Linear(4, 2)


                net = Net({"lr": 0.1})
            """,
            good="""
                import torch
                from lightning.pytorch import LightningModule


                class Net(LightningModule):
                    def __init__(self, hparams):
                        super().__init__()
                        self.target = torch.device(hparams.get("device", "cpu"))
                        self.layer = torch.nn.Linear(4, 2)


                net = Net({"lr": 0.1})
            """,
            witness=Raises("AttributeError", "property 'device' of 'Net' object has no setter"),
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
                        self.training = False
                        #^^^^^^^^^^^^ lightning-attribute-assigned

                    def training_step(self, batch, batch_idx):
                        self.seen = self.training
                        return self.layer(batch).square().mean()

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
                        self.is_training = False

                    def training_step(self, batch, batch_idx):
                        self.seen = self.training
                        return self.layer(batch).square().mean()

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                net = Net()
                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                pl.Trainer(accelerator="cpu", max_epochs=1, barebones=True).fit(net, loader)
            """,
            witness=Observes("net.seen is False"),
        ),
    ),
    near_misses=(
        # A class that defines the name, a module behind it, and another kind of object.
        """
        import torch
        from lightning.pytorch import LightningModule


        class Net(LightningModule):
            logger = None

            def __init__(self, device):
                super().__init__()
                self.logger = print
                self.example_input_array = torch.zeros(1, 4)
                self.device_name = device


        class Plain(torch.nn.Module):
            def __init__(self, device):
                super().__init__()
                self.device = device
                self.training = False


        nets = Net("cpu"), Plain("cpu")
        """,
    ),
)
