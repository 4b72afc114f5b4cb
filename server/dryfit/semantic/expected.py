"""Whether code is run to see it fail: a test that waits for the exception, a trial that goes on after it."""

from __future__ import annotations

from dryfit.semantic.names import dotted
from dryfit.syntax import tree

_WAITING = frozenset({"raises", "assertRaises", "assertRaisesRegex", "suppress"})
_BROAD = frozenset(
    {"Exception", "BaseException", "RuntimeError", "ValueError", "TypeError", "MisconfigurationException"}
)


def in_try(node: tree.Try) -> bool:
    """Does a handler catch what a mistake raises, and go on?"""
    return any(_catches(handler.type) and not _raises(handler) for handler in node.handlers)


def in_with(node: tree.With) -> bool:
    """`with pytest.raises(RuntimeError):` and its like."""
    calls = [context for context, _ in node.items if isinstance(context, tree.Call)]
    return any(dotted(call.func).rpartition(".")[2] in _WAITING for call in calls)


def _catches(caught: tree.Expression | None) -> bool:
    if isinstance(caught, tree.Sequence):
        return any(_catches(item) for item in caught.items)
    return caught is None or dotted(caught).rpartition(".")[2] in _BROAD


def _raises(handler: tree.Handler) -> bool:
    return any(isinstance(part, tree.Raise) for statement in handler.body for part in tree.walk(statement))
