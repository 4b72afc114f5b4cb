"""What torch and Lightning accept, as the rest of Dryfit asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dryfit.frameworks import history
from dryfit.frameworks.domains import Domain, domains_of
from dryfit.frameworks.history import Addition, OtherCall, Removal
from dryfit.frameworks.lineage import linearised
from dryfit.frameworks.names import RENAMED, candidates, normalised
from dryfit.frameworks.signature import Signature, parse_signature
from dryfit.frameworks.table import ClassEntry, Table

HOOK_CLASSES = MappingProxyType(
    {
        "module": "lightning.pytorch.LightningModule",
        "callback": "lightning.pytorch.Callback",
        "datamodule": "lightning.pytorch.LightningDataModule",
    }
)
_ROOTS = ("torch", "lightning", "pytorch_lightning")
_TRAINER = "lightning.pytorch.Trainer"
_STEPS = r"on_\w+|setup|teardown|prepare_data|transfer_batch_to_device|(train|val|test|predict)_dataloader"
_HOOK_NAMES = {
    "module": re.compile(
        rf"{_STEPS}|\w+_step|\w+_step_end|\w+_epoch_end|configure_\w+|optimizer_zero_grad|backward"
        r"|tbptt_split_batch|log_grad_norm"
    ),
    "callback": re.compile(r"on_\w+|setup|teardown|state_dict|load_state_dict"),
    "datamodule": re.compile(rf"{_STEPS}|state_dict|load_state_dict"),
}


@dataclass(frozen=True, slots=True)
class Hook:
    """What the loops pass to an override, besides its own object.

    `positional`: names in order, of a callback's hook with `trainer` and `pl_module`. `keyword`: what is passed by
    name. `optional`: those among them that are passed only sometimes: `batch_idx` if the override has room for it,
    `dataloader_idx` if there are several loaders. `refused`: names of parameters with which no override is accepted.
    `otherwise`: how earlier and later versions call it, where that is known to differ.
    """

    name: str
    signature: Signature
    positional: tuple[str, ...]
    keyword: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()
    otherwise: tuple[OtherCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Frameworks:
    """The two tables, and the answers that are computed from them.

    `torch_version` and `lightning_version` are those installed or set (public part, without `+cu121`), None where
    another version's table stands in: then nobody may be told what their version does. `notices`: what stands in for
    what was asked for, one line each. All methods take names in any spelling.
    """

    torch: Table
    lightning: Table
    torch_version: str | None = None
    lightning_version: str | None = None
    notices: tuple[str, ...] = ()
    _memo: dict[tuple[str, str], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def is_bundled(self) -> bool:
        """Is neither of the two installed?"""
        return self.torch_version is None and self.lightning_version is None

    # -------------------------------------------------------------------------------------------- versions
    def torch_since(self, version: str) -> bool:
        """Is it this version of torch or a later one? For what no source says; without one installed, the newest."""
        return history.is_since(self.torch.version, version)

    def lightning_since(self, version: str) -> bool:
        """The same of Lightning."""
        return history.is_since(self.lightning.version, version)

    def range_of_argument(self, path: str, argument: str) -> tuple[str, str]:
        """The versions since which and before which a function or a class accepts it; "" where that is not known."""
        names = self.bases(path) or (self.canonical(path),)
        ranges = (history.range_of_argument(name, argument) for name in names)
        return next((found for found in ranges if any(found)), ("", ""))

    # ----------------------------------------------------------------------------------------------- names
    def canonical(self, path: str) -> str:
        """The public name of a class, function, method or module; an unknown path comes back as it is."""
        if not path.startswith(_ROOTS):
            return path
        found: str | None = self._memo.get(("canonical", path))
        if found is None:
            found = self._memo["canonical", path] = self._canonical(path)
        return found

    def _canonical(self, path: str) -> str:
        for candidate in candidates(path):
            table = self._table(candidate)
            head, rest = candidate, ""
            while table is not None and "." in head:
                name = RENAMED.get(head) or table.aliases.get(head) or head
                if name in table.classes or name in table.functions or head in RENAMED:
                    return name + rest
                head, _, last = head.rpartition(".")
                rest = f".{last}{rest}"
        return normalised(path)

    def _table(self, path: str) -> Table | None:
        first = path.partition(".")[0]
        return self.torch if first == "torch" else self.lightning if first == "lightning" else None

    # --------------------------------------------------------------------------------------------- classes
    def bases(self, path: str) -> tuple[str, ...]:
        """Canonical ancestry in resolution order, the class first; `()` if it is not a known class.

        Ancestors from elsewhere (`dict`, `torch._C.TensorBase`) are named, `object` and `Generic` are not.
        """
        found: tuple[str, ...] | None = self._memo.get(("bases", path))
        if found is None:
            name = self.canonical(path)
            if self._entry(name) is None:
                return ()
            found = self._memo["bases", path] = linearised(name, self._direct_bases)
        return found

    def is_subclass(self, path: str, base: str) -> bool:
        """Is it this class or one that inherits from it? False for unknown classes."""
        return self.canonical(base) in self.bases(path)

    def is_closed(self, path: str) -> bool:
        """Are all members of the class and its bases known, so that one that is not there is certainly missing?"""
        entries = [self._entry(name) for name in self.bases(path)]
        return bool(entries) and all(entry is not None and not entry.is_open for entry in entries)

    def has_member(self, path: str, name: str) -> bool:
        """Is it a method or an attribute of the class or its bases? Before claiming that not, ask `is_closed`."""
        entries = [self._entry(base) for base in self.bases(path)]
        return any(entry is not None and (name in entry.methods or name in entry.members) for entry in entries)

    def has_parameters(self, path: str, given: Mapping[str, bool | None] = MappingProxyType({})) -> bool | None:
        """Does an instance of a torch.nn class register parameters of its own, whatever else it is given?

        `given`: the truth of constructor arguments, None where it is not known; the others have their defaults.
        None: it depends on more than that, or is not known.
        """
        entry = self._entry(self.canonical(path))
        if entry is None or entry.parameters is None:
            return None
        if entry.parameters in ("yes", "no"):
            return entry.parameters == "yes"
        if entry.parameters in given:
            return given[entry.parameters]
        signature = self.signature(path)
        deciding = None if signature is None else signature.parameter(entry.parameters)
        return None if deciding is None else deciding.default == "True"

    def _entry(self, name: str) -> ClassEntry | None:
        table = self._table(name)
        return None if table is None else table.classes.get(name)

    def _direct_bases(self, name: str) -> tuple[str, ...]:
        entry = self._entry(name)
        return () if entry is None else tuple(self.canonical(base) for base in entry.bases)

    # ------------------------------------------------------------------------------------------ signatures
    def signature(self, path: str) -> Signature | None:
        """Of a class its constructor, of a function or `Class.method` its own; None if it is not known."""
        found: Signature | None = self._memo.get(("signature", path))
        if found is None:
            text = self._signature_text(self.canonical(path))
            if text is None:
                return None
            found = self._memo["signature", path] = parse_signature(text)
        return found

    def _signature_text(self, name: str) -> str | None:
        if self._entry(name) is not None:
            return self._inherited(name, ("__init__", "__new__"), default="")
        table = self._table(name)
        if table is not None and name in table.functions:
            return table.functions[name]
        owner, _, method = name.rpartition(".")
        return self._inherited(owner, (method,), default=None)

    def _inherited(self, name: str, methods: tuple[str, ...], default: str | None) -> str | None:
        """The first of these methods along the ancestry; None where an unknown ancestor may define it."""
        for base in self.bases(name):
            entry = self._entry(base)
            if entry is None:
                return None
            for method in methods:
                if method in entry.methods:
                    return entry.methods[method]
        return default

    # ----------------------------------------------------------------------------------------------- hooks
    def hook(self, kind: str, name: str) -> Hook | None:
        """`kind`: module, callback or datamodule. None if the loops call no method of this name."""
        return self.hooks(kind).get(name)

    def hooks(self, kind: str) -> Mapping[str, Hook]:
        """Everything that can be overridden and that the loops call, by name."""
        key = ("hooks", kind)
        if key not in self._memo:
            self._memo[key] = MappingProxyType(self._hooks(kind))
        found: Mapping[str, Hook] = self._memo[key]
        return found

    def _hooks(self, kind: str) -> dict[str, Hook]:
        removed = history.removals(f"removed_{kind}_hooks", self.lightning.version)
        names = {
            method: None
            for base in self.bases(HOOK_CLASSES[kind])
            if base.startswith("lightning.") and (entry := self._entry(base)) is not None
            for method in entry.methods
            if _HOOK_NAMES[kind].fullmatch(method) and method not in removed
        }
        return {name: self._hook(kind, name) for name in sorted(names)}

    def _hook(self, kind: str, name: str) -> Hook:
        signature = self.signature(f"{HOOK_CLASSES[kind]}.{name}") or Signature(())
        style = history.call_style(name, self.lightning.version)
        keyword = tuple(word for word in style.keyword if word in style.optional or signature.accepts(word))
        positional = style.positional
        if positional is None:
            positional = tuple(p for p in signature.positional if p not in keyword)
        index = signature.parameter("dataloader_idx")
        sometimes = ("dataloader_idx",) if index is not None and index.default is not None else ()
        return Hook(
            name,
            signature,
            positional,
            keyword,
            style.optional or sometimes,
            history.refused_parameters(kind, name, self.lightning.version),
            history.other_calls(kind, name, self.lightning.version),
        )

    # ---------------------------------------------------------------------------------- what is accepted
    @property
    def accelerators(self) -> frozenset[str] | None:
        """Names for `Trainer(accelerator=)`; more can be registered by other packages and by the program."""
        return self.lightning.accelerators

    @property
    def strategies(self) -> frozenset[str] | None:
        """Names for `Trainer(strategy=)`, in lower case; more can be registered."""
        return self.lightning.strategies

    @property
    def precisions(self) -> frozenset[str] | None:
        """Values for `Trainer(precision=)` as text; the numbers among them are accepted as numbers too."""
        return self.lightning.precisions

    def domains(self, path: str) -> Mapping[str, tuple[Domain, ...]]:
        """What a constructor of torch lets pass, by argument: one domain for a number, several for a sequence."""
        return domains_of(self.canonical(path))

    # -------------------------------------------------------------------------------- what was removed
    def removed_hooks(self, kind: str) -> Mapping[str, Removal]:
        """Hooks that the installed Lightning does not call any more, or never did."""
        base = HOOK_CLASSES[kind]
        return self._removed(
            f"removed_{kind}_hooks", lambda removal: not removal.removed_in and self.has_member(base, removal.name)
        )

    @property
    def removed_trainer_arguments(self) -> Mapping[str, Removal]:
        signature = self.signature(_TRAINER) or Signature(())
        return self._removed("removed_trainer_arguments", lambda removal: signature.accepts(removal.name))

    @property
    def misspelt_trainer_arguments(self) -> Mapping[str, str]:
        """Arguments that no Trainer ever had, and the ones that are meant."""
        return history.misspelt_trainer_arguments()

    @property
    def removed_trainer_methods(self) -> Mapping[str, Removal]:
        return self._removed("removed_trainer_methods", lambda removal: self.has_member(_TRAINER, removal.name))

    @property
    def removed_strategies(self) -> Mapping[str, Removal]:
        accepted = self.strategies or frozenset()
        return self._removed("removed_strategies", lambda removal: removal.name in accepted)

    def removed_name(self, path: str) -> Removal | None:
        """What the installed Lightning does not have any more at this path: a module, or what is imported from it."""
        if ("removed names", "") not in self._memo:
            self._memo["removed names", ""] = history.removed_names(self.lightning.version)
        known: Mapping[str, Removal] = self._memo["removed names", ""]
        head = normalised(path)
        while head.startswith("lightning.pytorch."):
            if head in known:
                is_there = self._entry(self.canonical(path)) is not None or self.signature(path) is not None
                return None if is_there else known[head]
            head = head.rpartition(".")[0]
        return None

    # ------------------------------------------------------------------------------- what later versions have
    def added_hooks(self, kind: str) -> Mapping[str, Addition]:
        """Hooks that only later versions of Lightning call."""
        base = HOOK_CLASSES[kind]
        return self._added(f"added_{kind}_hooks", lambda name: self.has_member(base, name))

    @property
    def added_trainer_arguments(self) -> Mapping[str, Addition]:
        return self._added("added_trainer_arguments", (self.signature(_TRAINER) or Signature(())).accepts)

    @property
    def added_strategies(self) -> Mapping[str, Addition]:
        return self._added("added_strategies", (self.strategies or frozenset()).__contains__)

    @property
    def added_precisions(self) -> Mapping[str, Addition]:
        return self._added("added_precisions", (self.precisions or frozenset()).__contains__)

    def _added(self, section: str, is_there: Callable[[str], bool]) -> Mapping[str, Addition]:
        """A section of the history after the installed version, without what that version has after all."""
        key = ("added", section)
        if key not in self._memo:
            added = history.additions(section, self.lightning.version)
            self._memo[key] = MappingProxyType({name: found for name, found in added.items() if not is_there(name)})
        found: Mapping[str, Addition] = self._memo[key]
        return found

    def _removed(self, section: str, is_still_there: Callable[[Removal], bool]) -> Mapping[str, Removal]:
        """A section of the history up to the installed version, without what that version has after all."""
        key = ("removed", section)
        if key not in self._memo:
            removals = history.removals(section, self.lightning.version)
            self._memo[key] = MappingProxyType({n: r for n, r in removals.items() if not is_still_there(r)})
        found: Mapping[str, Removal] = self._memo[key]
        return found
