"""Code actions: the fixes of findings, comments that silence them, and all safe fixes at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified

from dryfit.engine.fix import chosen_fixes
from dryfit.engine.ignore import ignore_edit
from dryfit.lsp.application import FIX_ALL
from dryfit.lsp.client import Client
from dryfit.lsp.convert import to_client
from dryfit.lsp.documents import Document, Documents
from dryfit.rulekit import Applicability
from dryfit.text.edit import TextEdit

if TYPE_CHECKING:
    from dryfit.engine.diagnostic import Diagnostic
    from dryfit.text.span import Span

QUICK_FIX = types.CodeActionKind.QuickFix.value
FIX, IGNORE, ALL = "fix", "ignore", "all"  # what an action's data says it does


class Actions:
    """Offers actions, and works out the edit of one: now, or when the client asks for it."""

    def __init__(self, documents: Documents, client: Client) -> None:
        self._documents = documents
        self._client = client

    def offer(self, document: Document, params: types.CodeActionParams) -> list[types.CodeAction]:
        """The actions for a range of a document, of the kinds that are asked for."""
        only = params.context.only
        if only and is_wanted(FIX_ALL, only):
            document.settle()
        span = document.text.span_of(params.range)
        diagnostics = document.diagnostics()
        actions: list[types.CodeAction] = []
        if is_wanted(QUICK_FIX, only):
            here = [d for d in diagnostics if _touch(d.span, span)]
            actions += [action for d in here for action in self._fixes(document, d)]
            actions += self._ignores(document, here)
        if is_wanted(FIX_ALL, only) and chosen_fixes(diagnostics, unsafe=False):
            title = "Apply all safe fixes of Dryfit"
            actions.append(types.CodeAction(title, kind=FIX_ALL, data=_data(document, ALL)))
        return actions if self._client.resolves_edits else list(self._with_edits(actions))

    def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """The action with its edit, for the text as it is now.

        Raises JsonRpcContentModified if what the action is for is not there any more.
        """
        data = action.data if isinstance(action.data, dict) else {}
        document = self._documents.get(str(data.get("uri")))
        edits = self._edits(document, data) if document is not None else ()
        if document is None or not edits:
            raise JsonRpcContentModified("the finding is not there any more; ask for actions again")
        action.edit = self._workspace_edit(document, edits)
        return action

    # -- What is offered

    def _fixes(self, document: Document, diagnostic: Diagnostic) -> Iterator[types.CodeAction]:
        for index, fix in enumerate(diagnostic.fixes):
            is_safe = fix.applicability is Applicability.SAFE
            yield types.CodeAction(
                title=fix.title,
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[self._to_client(document, diagnostic)],
                is_preferred=is_safe and index == 0,
                data=_data(document, FIX, diagnostic, fix.title),
            )

    def _ignores(self, document: Document, diagnostics: Sequence[Diagnostic]) -> Iterator[types.CodeAction]:
        """One for each rule and line."""
        by_place: dict[tuple[str, int], list[Diagnostic]] = {}
        for diagnostic in diagnostics:
            if diagnostic.family != "suppression":
                by_place.setdefault((diagnostic.rule, diagnostic.span.line), []).append(diagnostic)
        for (rule, _), silenced in by_place.items():
            yield types.CodeAction(
                title=f"Ignore {rule} on this line",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[self._to_client(document, diagnostic) for diagnostic in silenced],
                data=_data(document, IGNORE, silenced[0]),
            )

    def _to_client(self, document: Document, diagnostic: Diagnostic) -> types.Diagnostic:
        return to_client(diagnostic, document.uri, document.text, self._documents.text_of, self._client)

    # -- What they change

    def _with_edits(self, actions: Iterable[types.CodeAction]) -> Iterator[types.CodeAction]:
        for action in actions:
            try:
                yield self.resolve(action)
            except JsonRpcContentModified:  # no line of the finding can take a comment
                continue

    def _edits(self, document: Document, data: dict[str, Any]) -> Sequence[TextEdit]:
        if data.get("do") == ALL:
            document.settle()
        diagnostics = document.diagnostics()
        if data.get("do") == ALL:
            return _each_once(edit for fix in chosen_fixes(diagnostics, unsafe=False) for edit in fix.edits)
        place = (data.get("rule"), data.get("at"))
        diagnostic = next((d for d in diagnostics if (d.rule, list(d.span)) == place), None)
        if diagnostic is None:
            return ()
        if data.get("do") == IGNORE:
            edit = ignore_edit(str(document.text), diagnostic)
            return () if edit is None else (edit,)
        return next((fix.edits for fix in diagnostic.fixes if fix.title == data.get("fix")), ())

    def _workspace_edit(self, document: Document, edits: Sequence[TextEdit]) -> types.WorkspaceEdit:
        text = document.text
        written = [
            types.TextEdit(text.range_of(edit.span), edit.new_text.replace("\n", text.line_end(edit.span.line)))
            for edit in edits
        ]
        if not self._client.takes_document_changes:
            return types.WorkspaceEdit(changes={document.uri: written})
        identifier = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, written)])


def is_wanted(kind: str, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Is this kind, or one that it is a part of, asked for? Without a list, all are."""
    if not only:
        return True
    asked = [str(getattr(o, "value", o)) for o in only]
    return any(not o or kind == o or kind.startswith(o + ".") for o in asked)


def _data(document: Document, do: str, diagnostic: Diagnostic | None = None, fix: str | None = None) -> dict[str, Any]:
    """Enough to find the finding again."""
    data: dict[str, Any] = {"uri": document.uri, "do": do}
    if diagnostic is not None:
        data |= {"rule": diagnostic.rule, "at": list(diagnostic.span)}
    return data | {"fix": fix} if fix is not None else data


def _touch(a: Span, b: Span) -> bool:
    """Do the two share text, or an end? A cursor behind the last character still means the finding."""
    return a[:2] <= b[2:] and b[:2] <= a[2:]


def _each_once(edits: Iterable[TextEdit]) -> list[TextEdit]:
    return sorted(dict.fromkeys(edits), key=lambda edit: edit.span)
