"""Diagnostics in the protocol's words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

import dryfit
from dryfit.lsp.client import Client
from dryfit.lsp.documents import uri_of
from dryfit.lsp.texts import Text

if TYPE_CHECKING:
    from dryfit.engine.diagnostic import Diagnostic, RelatedPlace
    from dryfit.text.span import Span

SOURCE = "dryfit"
_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}


def to_client(
    diagnostic: Diagnostic, uri: str, text: Text, text_of: Callable[[str], Text | None], client: Client
) -> types.Diagnostic:
    """A diagnostic of the document at `uri`; `text_of` knows the other open documents."""
    related = [_related(place, uri, text, text_of) for place in diagnostic.related] if client.shows_related else []
    tags = [tag for tag in _tags(diagnostic) if tag in client.tags]
    return types.Diagnostic(
        range=text.range_of(diagnostic.span),
        message=message_of(diagnostic),
        severity=_SEVERITIES[diagnostic.severity.value],
        code=diagnostic.rule,
        code_description=types.CodeDescription(page_address(diagnostic.url)),
        source=SOURCE,
        related_information=related or None,
        tags=tags or None,
        # Where the finding is and what it says is all that it takes to find its fixes again. They are not listed: they
        # come and go while the code around them is broken, which is no reason to send the list again.
        data={"rule": diagnostic.rule, "at": list(diagnostic.span)},
    )


def message_of(diagnostic: Diagnostic) -> str:
    """The fact on the first line, then what follows from it and what helps."""
    return f"{diagnostic.message}\nnote: {diagnostic.note}\nhelp: {diagnostic.help}"


def page_address(url: str) -> str:
    """Where a rule's page lies: what is relative is relative to the folder above the package's source folder."""
    if ":" in url:
        return url
    package = Path(dryfit.__file__).parent
    # A wheel brings the pages inside the package; in a checkout they lie above it.
    above = package if package.joinpath("docs").is_dir() else package.parents[1]
    return above.joinpath(url).as_uri()


def _related(
    place: RelatedPlace, uri: str, text: Text, text_of: Callable[[str], Text | None]
) -> types.DiagnosticRelatedInformation:
    where = uri_of(place.path)
    there = text if where == uri else text_of(place.path)
    # The columns of a file that is not open stay in code points: it is not worth a look at the disk with each key.
    range_ = there.range_of(place.span) if there is not None else _range(place.span)
    return types.DiagnosticRelatedInformation(types.Location(uri if there is text else where, range_), place.message)


def _range(span: Span) -> types.Range:
    return types.Range(types.Position(span.line, span.column), types.Position(span.end_line, span.end_column))


def _tags(diagnostic: Diagnostic) -> list[types.DiagnosticTag]:
    """Faded: what does nothing. Struck out: old spellings, which are what hints are for."""
    if diagnostic.family == "suppression":
        return [types.DiagnosticTag.Unnecessary]
    return [types.DiagnosticTag.Deprecated] if diagnostic.severity.value == "hint" else []
