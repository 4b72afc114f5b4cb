"""jedi, asked about installed sources, and kept from importing or starting anything of that environment."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jedi
from jedi.api.environment import InterpreterEnvironment
from jedi.inference.compiled.subprocess import InferenceStateSameProcess

_WARMING = """\
import collections, functools, typing
@functools.wraps(print)
def first() -> typing.Optional[collections.OrderedDict]: ...
result = first()
result
"""


class _StandardLibraryOnly(InferenceStateSameProcess):  # type: ignore[misc]
    """What jedi asks of "the interpreter". jedi would import a module that has no source, to look at its members."""

    def load_module(self, *, dotted_name: str, sys_path: Sequence[str]) -> Any:
        """None, unless it belongs to this Python; the given path, which has the user's packages, is not used."""
        if dotted_name.partition(".")[0] not in sys.stdlib_module_names:
            return None
        load = super().__getattr__("load_module")
        return load(dotted_name=dotted_name, sys_path=list(sys.path))


class _OwnInterpreter(InterpreterEnvironment):  # type: ignore[misc]
    """This process; so none is started."""

    def get_inference_state_subprocess(self, inference_state: Any) -> Any:
        return _StandardLibraryOnly(inference_state)


class LimitedJedi:
    """jedi with the user's packages as sources to read, behind this interpreter's standard library."""

    def __init__(self, site_packages: Sequence[Path], cache: Path) -> None:
        jedi.settings.cache_directory = cache
        # Types of parameters guessed from calls elsewhere make the answer depend on more than the question, and slow.
        jedi.settings.dynamic_params = False
        jedi.settings.auto_import_modules = []
        self._environment = _OwnInterpreter()
        self._project = jedi.Project(cache, added_sys_path=[str(f) for f in site_packages], smart_sys_path=False)

    def warm_up(self) -> None:
        """Read what nearly every question needs, stubs of the standard library; seconds if it was never done before."""
        self._script(_WARMING).infer(5, 0)

    def returned_classes(self, module: str, callee: str, is_decorated: bool) -> frozenset[str | None]:
        """The classes of what jedi takes a call without arguments to return; None stands for what has no name.

        Empty if it knows none. Where jedi does not understand a decorator it goes on as if there were none: if a
        decorated function comes out as it is written, nothing was understood.
        """
        script = self._script(f"import {module}\nfound = {callee}\nfound\nresult = found()\nresult\n")
        if is_decorated and callee in {name.full_name for name in script.infer(3, 0)}:
            return frozenset()
        return frozenset(name.full_name if name.type == "instance" else None for name in script.infer(5, 0))

    def _script(self, source: str) -> Any:
        script = jedi.Script(source, project=self._project, environment=self._environment)
        # jedi would leave out the branches that a call without arguments does not take.
        script._inference_state.flow_analysis_enabled = False
        return script
