"""`self.log` is given something that is no number.

What it does:
Reports what `self.log` and `self.log_dict` of a `LightningModule` are given to log if it is certainly a string, None, a
list, tuple, set or dict, a function, or a method of a tensor that was not called (`loss.item`); and a key that is no
string. A dict of numbers belongs to `self.log_dict`; there one in another is refused too. Before 2.0 both took dicts.

Why it matters:
`ValueError: self.log(x, None) was called, but NoneType values cannot be logged`, or TypeError for the key, as soon as
the line is reached.

Fix safety:
Safe. Nothing could be logged that way. Name and value that stand in each other's place are exchanged, a method is
called.

Source:
`lightning.pytorch.LightningModule.log`, lightning 2.6.6.
"""

from collections.abc import Iterator

from dryfit.rulekit import (
    UNKNOWN,
    Arguments,
    Example,
    Finding,
    Fix,
    Operand,
    Raises,
    Rule,
    SemanticModel,
    Severity,
    dotted_name,
    facts,
    insert_after,
    replace,
    tree,
)

LOG = "lightning.pytorch.LightningModule.log"
NUMBERS = frozenset("item mean sum max min detach cpu float clone norm std var".split())
KINDS = frozenset({"list", "tuple", "set", "dict", "generator", "function", "class"})
SWAP = "exchange the name and the value"
CALL = "call it"


def check(model: SemanticModel) -> Iterator[Finding]:
    if any(hook.kind != "module" or hook.owner.is_driven_by_hand for hook in model.facts(facts.HookDefined)):
        return
    takes_dicts = not model.frameworks.lightning_since("2.0")
    for call in model.calls_to(LOG):
        name, value = call.arguments.known(0, "name"), call.arguments.known(1, "value")
        what = "" if value is None else _refused(value, takes_dicts)
        if value is not None and what:
            yield _about_value(call.arguments, name, value, what)
        elif name is not None and name.literal is not UNKNOWN and not isinstance(name.literal, str):
            note = "raises TypeError as soon as it is reached"
            yield Finding(name.site, f"the name of a metric is `{name.literal}`, no string", note, "give it a name")
    for call in model.calls_to(f"{LOG}_dict"):
        given = call.arguments.known(0, "dictionary")
        entries = UNKNOWN if given is None else given.entries
        if given is not None and all(option.kind in ("list", "tuple", "set") for option in given.options):
            note = "raises AttributeError as soon as it is reached: it has no `items`"
            yield Finding(given.site, f"`log_dict` gets a {given.options[0].kind}", note, "give it a dict")
        for key, value in () if entries is UNKNOWN else entries:
            if what := _refused(value, takes_dicts):
                message = f"`log_dict` gets {what}" + (f" for `{key.literal}`" if key.literal is not UNKNOWN else "")
                note = "raises ValueError as soon as it is reached: only numbers and metrics can be logged"
                yield Finding(value.site, message, note, "log a number")


def _refused(value: Operand, takes_dicts: bool) -> str:
    """What it is, on every way, if it cannot be logged."""
    names = ["" if takes_dicts and option.kind == "dict" else _kind(option) for option in value.options]
    return names[0] if all(names) else ""


def _kind(value: Operand) -> str:
    if value.is_none:
        return "None"
    if isinstance(value.literal, str):
        return "a string"
    if value.kind == "method":
        is_of_tensor = value.receiver is not None and value.receiver.kind == "tensor"
        return f"the method `{value.method_name}`" if is_of_tensor and value.method_name in NUMBERS else ""
    return f"a {value.kind}" if value.kind in KINDS else ""


def _about_value(arguments: Arguments, name: Operand | None, value: Operand, what: str) -> Finding:
    shown = f" for `{name.literal}`" if name is not None and isinstance(name.literal, str) else ""
    message = f"`self.log` gets {what}{shown}, no number"
    note = "raises ValueError as soon as it is reached: only numbers and metrics can be logged"
    written = [argument.value for argument in arguments.call.arguments]
    if value.kind == "method":
        is_here = any(isinstance(n, tree.Attribute) and arguments.site_of(n.span) == value.site for n in written)
        return Finding(
            value.site, message, note, CALL, Fix.safe(CALL, insert_after(value.site, "()")) if is_here else None
        )
    if what == "a string" and name is not None and name.kind not in ("constant", "unknown", "one-of", "name"):
        return Finding(value.site, message, note, SWAP, _exchanged(arguments))
    if what == "a dict":
        return Finding(value.site, message, note, "log it with `self.log_dict`")
    return Finding(value.site, message, note, "log a number or a tensor with one element")


def _exchanged(arguments: Arguments) -> Fix | None:
    """The two first arguments, if they are a name and a literal that stand there."""
    written = arguments.call.arguments[:2]
    if len(written) < 2 or any(argument.stars or argument.keyword for argument in written):
        return None
    first, second = written[0].value, written[1].value
    if not dotted_name(first) or not isinstance(second, tree.Constant) or not isinstance(second.value, str):
        return None
    text = second.value
    edits = (
        replace(arguments.site_of(first.span), f'"{text}"'),
        replace(arguments.site_of(second.span), dotted_name(first)),
    )
    return Fix.safe(SWAP, *edits) if text.isprintable() and not set(text) & set('"\\') else None


RULE = Rule(
    name="log-value-not-a-number",
    severity=Severity.ERROR,
    check=check,
    examples=(
        Example(
            bad="""
                import lightning.pytorch as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("loss", loss.item)
                        #                ^^^^^^^^^ log-value-not-a-number
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            good="""
                import lightning.pytorch as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("loss", loss.item())
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("ValueError", "values cannot be logged"),
        ),
        Example(
            bad="""
                import lightning as L
                import torch
                from torch.utils.data import DataLoader


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log(loss, "loss")
                        #              ^^^^^^ log-value-not-a-number
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            good="""
                import lightning as L
                import torch
                from torch.utils.data import DataLoader


                class Net(L.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        self.log("loss", loss)
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = L.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("ValueError", "`str` values cannot be logged"),
        ),
        Example(
            bad="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        metrics = {"loss": loss, "size": None}
                        #                                ^^^^ log-value-not-a-number
                        metrics["norms"] = [w.norm() for w in self.parameters()]
                        #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ log-value-not-a-number
                        self.log_dict(metrics)
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            good="""
                import pytorch_lightning as pl
                import torch
                from torch.utils.data import DataLoader


                class Net(pl.LightningModule):
                    def __init__(self):
                        super().__init__()
                        self.layer = torch.nn.Linear(4, 1)

                    def training_step(self, batch, batch_idx):
                        loss = self.layer(batch).mean()
                        metrics = {"loss": loss, "size": 4}
                        metrics["norm"] = sum(w.norm() for w in self.parameters())
                        self.log_dict(metrics)
                        return loss

                    def configure_optimizers(self):
                        return torch.optim.SGD(self.parameters(), lr=0.1)


                loader = DataLoader(torch.randn(8, 4), batch_size=4)
                trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
                trainer.fit(Net(), loader)
            """,
            witness=Raises("ValueError", "`NoneType` values cannot be logged"),
        ),
    ),
    near_misses=(
        # Tensors, numbers, truth values, and a value that is None on another way only.
        """
        import lightning.pytorch as pl
        import torch
        from torch.utils.data import DataLoader


        class Net(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(4, 1)

            def training_step(self, batch, batch_idx):
                loss = self.layer(batch).mean()
                self.log("loss", loss)
                self.log("loss_number", loss.item())
                self.log("flag", True)
                value = None if batch_idx else loss
                if value is not None:
                    self.log("first", value)
                self.log_dict({"mean": batch.mean(), "max": batch.max()})
                return loss

            def configure_optimizers(self):
                return torch.optim.SGD(self.parameters(), lr=0.1)


        loader = DataLoader(torch.randn(8, 4), batch_size=4)
        trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False)
        trainer.fit(Net(), loader)
        """,
    ),
    is_fixable=True,
)
