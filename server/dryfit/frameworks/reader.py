"""Reads the sources of an installed torch or Lightning into a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from pathlib import Path

from dryfit.frameworks.accepted import accelerators, precisions, strategies
from dryfit.frameworks.classes import (
    assigned_attributes,
    dataclass_constructor,
    function_text,
    has_computed_members,
    members,
    methods,
)
from dryfit.frameworks.lineage import linearised
from dryfit.frameworks.names import PREFERRED, RENAMED
from dryfit.frameworks.ownership import Ownership
from dryfit.frameworks.sources import Definition, Module, Sources, dotted
from dryfit.frameworks.table import ClassEntry, Table
from dryfit.syntax import tree

# The modules that are read; a trailing `.*` adds everything below.
_TORCH_MODULES = (
    "torch",
    "torch._opaque_base",
    "torch._tensor",
    "torch.amp.*",
    "torch.autograd",
    "torch.autograd.anomaly_mode",
    "torch.autograd.function",
    "torch.autograd.grad_mode",
    "torch.autograd.graph",
    "torch.autograd.profiler",
    "torch.cuda",
    "torch.cuda.amp.*",
    "torch.cuda.memory",
    "torch.cuda.random",
    "torch.cuda.streams",
    "torch.distributed",
    "torch.distributed.algorithms.join",
    "torch.distributed.device_mesh",
    "torch.distributed.distributed_c10d",
    "torch.distributed.fsdp",
    "torch.distributed.fsdp._fully_shard.*",
    "torch.distributed.fsdp.api",
    "torch.distributed.fsdp.fully_sharded_data_parallel",
    "torch.distributed.optim",
    "torch.distributed.optim.zero_redundancy_optimizer",
    "torch.functional",
    "torch.nn",
    "torch.nn.functional",
    "torch.nn.init",
    "torch.nn.modules.*",
    "torch.nn.parallel.*",
    "torch.nn.parameter",
    "torch.nn.utils.*",
    "torch.optim.*",
    "torch.profiler",
    "torch.profiler.profiler",
    "torch.random",
    "torch.serialization",
    "torch.utils._contextlib",
    "torch.utils.checkpoint",
    "torch.utils.data",
    "torch.utils.data._utils.collate",
    "torch.utils.data._utils.worker",
    "torch.utils.data.dataloader",
    "torch.utils.data.datapipes.datapipe",
    "torch.utils.data.dataset",
    "torch.utils.data.distributed",
    "torch.utils.data.sampler",
)
_LIGHTNING_MODULES = ("lightning.pytorch.*", "lightning.fabric.*")
_LIGHTNING_LEFT_OUT = (  # `lightning.pytorch._graveyard` stays: it registers names that are still accepted
    "lightning.pytorch.demos",
    "lightning.pytorch.serve",
    "lightning.pytorch.utilities.migration",
    "lightning.pytorch.utilities.testing",
    "lightning.fabric._graveyard",
    "lightning.fabric.utilities.testing",
)

# Lightning sets attributes of these from outside; the variable's name says which of them is meant.
_SET_FROM_OUTSIDE = {
    "trainer": "lightning.pytorch.trainer.trainer.Trainer",
    "pl_module": "lightning.pytorch.core.module.LightningModule",
    "lightning_module": "lightning.pytorch.core.module.LightningModule",
    "datamodule": "lightning.pytorch.core.datamodule.LightningDataModule",
}

_LEFT_OUT_BASES = frozenset({"object", "typing.Generic", "typing.Protocol", "abc.ABC", "typing_extensions.Protocol"})

# Its `__getattr__` finds only what was registered under a name, and registrations are read.
_HARMLESS_GETATTR = frozenset({"torch.nn.modules.module.Module"})


def read_torch(site_packages: Path, version: str) -> Table | None:
    """None if the sources are not there."""
    sources = Sources({"torch": site_packages / "torch"}, _TORCH_MODULES)
    if sources.module("torch.optim") is None or sources.module("torch.nn") is None:
        return None
    return _Reader(sources).table("torch", version)


def read_lightning(site_packages: Path, version: str) -> Table | None:
    """None if the sources are not there. Either distribution will do: `lightning` or `pytorch-lightning`."""
    sources = Sources(_lightning_packages(site_packages), _LIGHTNING_MODULES, _LIGHTNING_LEFT_OUT)
    if sources.module("lightning.pytorch") is None:
        return None
    return _Reader(sources).table("lightning", version)


class _Reader:
    """The definitions of the listed modules, and their canonical names."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._definitions: dict[str, Definition] = {}
        self._paths: dict[str, set[str]] = {}  # where a definition was made -> all paths that lead to it
        self._orders: dict[str, tuple[str, ...]] = {}
        self._from_outside: dict[str, set[str]] = {}
        for name in sources.names:
            module = sources.module(name)
            if module is not None:
                self._collect(module)
        self._canonical = {path: _canonical(path, leading) for path, leading in self._paths.items()}

    def table(self, distribution: str, version: str) -> Table:
        is_lightning = distribution == "lightning"
        ownership = Ownership(self._sources, self._definitions, self._order)
        classes = {self._canonical[d.path]: self._class_entry(d, ownership) for d in self._kept(tree.Class)}
        functions = {
            self._canonical[d.path]: function_text(d.module, d.node)
            for d in self._kept(tree.Function)
            if isinstance(d.node, tree.Function)
        }
        return Table(
            distribution=distribution,
            version=version,
            classes=classes,
            functions=functions,
            aliases=self._aliases(classes.keys() | functions.keys()),
            accelerators=accelerators(self._sources, self._definitions, self._order) if is_lightning else None,
            strategies=strategies(self._sources, self._definitions, self._order) if is_lightning else None,
            precisions=precisions(self._sources) if is_lightning else None,
        )

    def _collect(self, module: Module) -> None:
        """Own definitions of a module, and what a package offers from elsewhere."""
        for name in _offered(self._sources, module):
            if not module.is_package and isinstance(module.bindings.get(name), str):
                continue  # an import of a plain module is no offer
            found = self._sources.resolve(module, name)
            if isinstance(found, str) or not isinstance(found.node, (tree.Class, tree.Function)):
                continue
            is_own = found.module is module
            if is_own and module.name.startswith("lightning."):
                self._collect_from_outside(found.node)
            if name.startswith("_") and isinstance(found.node, tree.Function):
                continue
            if is_own or (module.is_package and not name.startswith("_")):
                self._definitions[found.path] = found
                self._paths.setdefault(found.path, {found.path}).add(f"{module.name}.{name}")

    def _collect_from_outside(self, definition: tree.Class | tree.Function) -> None:
        """Attributes that code elsewhere gives to a trainer or a module: `trainer.fast_dev_run = ...`."""
        for node in tree.walk(definition):
            for owner, name in assigned_attributes(node):
                target = _SET_FROM_OUTSIDE.get(owner.rpartition(".")[2])
                if target is not None:
                    self._from_outside.setdefault(target, set()).add(name)

    def _base_definitions(self, definition: Definition) -> list[Definition | str]:
        """The bases of a class; what is not a class of the sources is its dotted path, or `?` if it has none."""
        if not isinstance(definition.node, tree.Class):
            return []
        found: list[Definition | str] = []
        for argument in definition.node.bases:
            if argument.keyword is None:
                name = dotted(argument.value)
                base = "?" if name is None else self._sources.resolve(definition.module, name)
                if not isinstance(base, str) and not isinstance(base.node, tree.Class):
                    base = "?"
                if base not in _LEFT_OUT_BASES:
                    found.append(base)
        return found

    def _bases(self, path: str) -> tuple[str, ...]:
        definition = self._definitions.get(path)
        if definition is None:
            return ()
        return tuple(base if isinstance(base, str) else base.path for base in self._base_definitions(definition))

    def _order(self, path: str) -> tuple[str, ...]:
        if path not in self._orders:
            self._orders[path] = linearised(path, self._bases)
        return self._orders[path]

    def _kept(self, kind: type[tree.Class] | type[tree.Function]) -> list[Definition]:
        """Those worth a place in the table: public ones, and private classes that a public one inherits from."""
        found = [d for d in self._definitions.values() if isinstance(d.node, kind) and not self._is_old_name(d.path)]
        public = [d for d in found if "._" not in self._canonical[d.path]]
        if kind is tree.Function:
            return public
        needed = {path for d in public for path in self._order(d.path)}
        return [d for d in found if d.path in needed]

    def _is_old_name(self, path: str) -> bool:
        """Is it kept under the name of a class that stands beside it? `_LRScheduler` is, where there is LRScheduler."""
        return path in RENAMED and RENAMED[path] in self._definitions

    def _class_entry(self, definition: Definition, ownership: Ownership) -> ClassEntry:
        assert isinstance(definition.node, tree.Class)
        bases = self._bases(definition.path)
        body = definition.node.body
        signatures = methods(definition.module, body)
        constructor = dataclass_constructor(definition.module, definition.node)
        if constructor is not None:
            signatures.setdefault("__init__", constructor)
        outside = self._from_outside.get(definition.path, set())
        is_open = "?" in bases or (has_computed_members(body) and definition.path not in _HARMLESS_GETATTR)
        return ClassEntry(
            bases=tuple(self._canonical.get(base, base) for base in bases if base != "?"),
            methods=signatures,
            members=frozenset((members(body) | outside) - signatures.keys()),
            is_open=is_open,
            parameters=ownership.of(definition.path),
        )

    def _aliases(self, kept: Set[str]) -> dict[str, str]:
        """Every other path to what the table holds."""
        return {
            path: self._canonical[definition]
            for definition, leading in self._paths.items()
            for path in leading
            if path != self._canonical[definition] and self._canonical[definition] in kept
        }


def _canonical(path: str, leading: Iterable[str]) -> str:
    """The public path to a definition that is nearest to it and shortest."""
    if path in PREFERRED or path in RENAMED:
        return PREFERRED.get(path) or RENAMED[path]

    def rank(candidate: str) -> tuple[bool, bool, int, str]:
        home = candidate.rpartition(".")[0]
        return "._" in candidate, not path.startswith(home + "."), candidate.count("."), candidate

    return min(leading, key=rank)


def _offered(sources: Sources, module: Module) -> list[str]:
    """The names that can be imported from a module, those of star imports included."""
    names = dict.fromkeys(module.bindings)
    for star in module.stars:
        source = sources.module(star)
        if source is not None:
            listed = _listed_in_all(source)
            names |= dict.fromkeys(name for name in _offered(sources, source) if listed is None or name in listed)
    return list(names)


def _listed_in_all(module: Module) -> set[str] | None:
    binding = module.bindings.get("__all__")
    if not isinstance(binding, tree.Sequence):
        return None
    return {item.value for item in binding.items if isinstance(item, tree.Constant) and isinstance(item.value, str)}


def _lightning_packages(site_packages: Path) -> Mapping[str, Path]:
    """Both halves of Lightning, under either of the names they are shipped as."""
    found: dict[str, Path] = {}
    for package, folders in (
        ("lightning.pytorch", ("lightning/pytorch", "pytorch_lightning")),
        ("lightning.fabric", ("lightning/fabric", "lightning_fabric")),
    ):
        folder = next((f for f in (site_packages / name for name in folders) if f.is_dir()), None)
        if folder is not None:
            found[package] = folder
    return found
