"""Edits by place: what a fix is made of. They need no text, so a rule can state them at once."""

from __future__ import annotations

from dryfit.rulekit.finding import Edit
from dryfit.semantic.arguments import Arguments, KeywordArgument
from dryfit.semantic.operand import Operand
from dryfit.semantic.values import Site
from dryfit.syntax import tree


def replace(site: Site, new_text: str) -> Edit:
    """Put `new_text` where the site is."""
    return Edit(site, new_text)


def insert_before(site: Site, new_text: str) -> Edit:
    return Edit(site._replace(span=site.span.at_start), new_text)


def insert_after(site: Site, new_text: str) -> Edit:
    return Edit(site._replace(span=site.span.at_end), new_text)


def wrap(site: Site, before: str, after: str) -> tuple[Edit, Edit]:
    """Text before and after what stands at the site."""
    return insert_before(site, before), insert_after(site, after)


def unwrap(arguments: Arguments, name: str) -> tuple[Edit, Edit] | None:
    """A call gone but for its first argument, which has this name; None if that is not written as such."""
    call = arguments.call
    first = call.arguments[0] if call.arguments else None
    if first is None or first.stars or first.keyword not in (None, name):
        return None
    before, after = call.span.at_start.to(first.value.span.at_start), first.value.span.at_end.to(call.span)
    return replace(arguments.site_of(before), ""), replace(arguments.site_of(after), "")


def insert_line_before(statement: Site, line: str) -> Edit:
    """A line of its own above a statement, at the same indentation."""
    return insert_before(statement, line + "\n")


def rename_argument(keyword: KeywordArgument, new_name: str) -> Edit | None:
    """Another name for a keyword argument, or for the key of the dict it came from, quoted as it was.

    None if the name is not written out: `**overrides`, where a variable is the key.
    """
    return rewrite_string(keyword.key, new_name)


def rewrite_string(operand: Operand, new_text: str) -> Edit | None:
    """Other text for a string, a dict's key or the name in `dict(name=...)`, quoted as it was.

    None if it is not written out at the operand's site, or not as plain text between one pair of quotes.
    """
    if not isinstance(operand.literal, str) or not operand.is_written:
        return None
    span = operand.site.span
    quotes = span.end_column - span.column - len(operand.literal)
    if span.line != span.end_line or quotes not in (0, 2):
        return None
    inside = span._replace(column=span.column + quotes // 2, end_column=span.end_column - quotes // 2)
    return Edit(operand.site._replace(span=inside), new_text)


def remove_argument(arguments: Arguments, argument: tree.Argument) -> Edit:
    """Take an argument out of its call, with the comma that belongs to it."""
    written = arguments.call.arguments
    index = next(i for i, a in enumerate(written) if a is argument)
    if index + 1 < len(written):
        span = argument.span._replace(end_line=written[index + 1].span.line, end_column=written[index + 1].span.column)
        return Edit(arguments.site_of(span), "")
    if index:
        span = written[index - 1].span.at_end.to(argument.span)
        return Edit(arguments.site_of(span), "")
    # The only one: everything between the callee and the end of the call, so that no trailing comma is left alone.
    span = arguments.call.func.span.at_end.to(arguments.call.span)
    return Edit(arguments.site_of(span), "()")
