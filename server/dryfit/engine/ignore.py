"""The edit that silences a finding: a suppression comment that is added, or one that learns another name."""

from __future__ import annotations

import tokenize

from dryfit.engine.diagnostic import Diagnostic
from dryfit.engine.suppress import Suppression, suppressions_in
from dryfit.text.edit import TextEdit
from dryfit.text.span import Span


def ignore_edit(text: str, diagnostic: Diagnostic) -> TextEdit | None:
    """Silence the diagnostic in its text; None if none of its lines can take a comment."""
    lines = text.split("\n")
    for line in _lines_for_a_comment(lines, diagnostic.span):
        written = [s for s in suppressions_in(text) if s.span.line == line and not s.is_file]
        if written:
            return _extended(written[0], lines[line], diagnostic.rule)
        end = len(lines[line].rstrip(" \t\f"))
        return TextEdit(Span(line, end, line, len(lines[line])), f"  # dryfit: ignore[{diagnostic.rule}]")
    return None


def _extended(suppression: Suppression, line: str, rule: str) -> TextEdit:
    if suppression.names:
        return TextEdit(suppression.names[-1].span.at_end, f", {rule}")
    start = line.index("ignore", suppression.span.column) + len("ignore")
    end = line.index("]", start) + 1 if line[start:].lstrip().startswith("[") else start
    return TextEdit(Span(suppression.span.line, start, suppression.span.line, end), f"[{rule}]")


def _lines_for_a_comment(lines: list[str], span: Span) -> list[int]:
    """Where a comment would hold for the finding and be one: its lines, then the first line of its statement.

    A line that ends inside a string or in a backslash has no room for a comment.
    """
    open_ended: set[int] = set()
    first = 0  # of the statement that is being read
    is_inside = False
    try:
        for token in tokenize.generate_tokens(iter([line + "\n" for line in lines]).__next__):
            line, end = token.start[0] - 1, token.end[0] - 1
            if token.type in (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT):
                continue
            if token.type == tokenize.NEWLINE:
                is_inside = False
                if line >= span.end_line:
                    break
                continue
            if not is_inside:
                first, is_inside = line, True
            open_ended.update(range(line, end))
    except (tokenize.TokenError, SyntaxError):
        pass
    open_ended.update(i for i in range(first, span.end_line + 1) if lines[i].endswith("\\"))
    return [line for line in (*range(span.line, span.end_line + 1), first) if line not in open_ended]
