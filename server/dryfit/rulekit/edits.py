"""Edits by place: what a fix is made of. They need no text, so a rule can state them at once."""

from __future__ import annotations

from dryfit.rulekit.finding import Edit
from dryfit.semantic.arguments import Arguments, KeywordArgument
from dryfit.semantic.operand import Operand
from dryfit.semantic.values import Site
from dryfit.syntax import tree


def dotted_name(node: tree.Expression) -> str:
    """`self.optimizer` as it is written; "" for anything but names and attributes."""
    if isinstance(node, tree.Attribute):
        head = dotted_name(node.value)
        return f"{head}.{node.name}" if head else ""
    return node.id if isinstance(node, tree.Name) else ""


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
    """Another name for a keyword argument, or for the key of the dict it came from, quoted as it was."""
    inside = _inside_quotes(keyword.name_site, keyword.name)
    return Edit(inside, new_name) if inside is not None else Edit(keyword.name_site, f'"{new_name}"')


def rewrite_string(operand: Operand, new_text: str) -> Edit | None:
    """Other text for a string that is written at the operand's place, quotes kept; None if it is written elsewhere."""
    inside = _inside_quotes(operand.site, operand.literal) if isinstance(operand.literal, str) else None
    return None if inside is None else Edit(inside, new_text)


def _inside_quotes(site: Site, text: str) -> Site | None:
    """What stands at the site without one pair of quotes; None if it is not the plain text."""
    span = site.span
    margin = span.end_column - span.column - len(text)
    if span.line != span.end_line or margin not in (0, 2):
        return None
    inside = span._replace(column=span.column + margin // 2, end_column=span.end_column - margin // 2)
    return site._replace(span=inside)


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
