"""Edits by place: what a fix is made of. They need no text, so a rule can state them at once."""

from __future__ import annotations

from dryfit.rulekit.finding import Edit
from dryfit.semantic.operand import Arguments, KeywordArgument
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


def insert_line_before(statement: Site, line: str) -> Edit:
    """A line of its own above a statement, at the same indentation."""
    return insert_before(statement, line + "\n")


def rename_argument(keyword: KeywordArgument, new_name: str) -> Edit:
    """Another name for a keyword argument, or for the key of the dict it came from, quoted if it was."""
    span = keyword.name_site.span
    is_bare = span.end_column - span.column == len(keyword.name)
    return Edit(keyword.name_site, new_name if is_bare else f'"{new_name}"')


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
