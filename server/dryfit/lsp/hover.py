"""Hover: what a finding means, and what a suppression comment silences."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from lsprotocol import types

from dryfit.engine.diagnostic import Diagnostic
from dryfit.engine.suppress import MARK, Suppression, suppressions_in
from dryfit.lsp.convert import page_address
from dryfit.lsp.documents import Document
from dryfit.rulekit import Rule


class Hovers:
    """Answers hovers, in Markdown or in plain text."""

    def __init__(self, rules: Mapping[str, Rule], families: Collection[str], reads_markdown: bool) -> None:
        self._rules = rules
        self._families = families
        self._kind = types.MarkupKind.Markdown if reads_markdown else types.MarkupKind.PlainText

    def at(self, document: Document, position: types.Position) -> types.Hover | None:
        """What there is to say about the suppression comment at a position, else about the findings there."""
        here = document.text.span_of(types.Range(position, position))[:2]
        if MARK in document.text.line(here[0]):
            for suppression in suppressions_in(str(document.text)):
                if suppression.span[:2] <= here <= suppression.span[2:]:
                    text = "\n\n".join(self._suppression(suppression))
                    return types.Hover(self._markup(text), document.text.range_of(suppression.span))
        found = [d for d in document.diagnostics() if d.span[:2] <= here <= d.span[2:]]
        if not found:
            return None
        text = self._rule_off.join("\n\n".join(self._finding(diagnostic)) for diagnostic in found)
        return types.Hover(self._markup(text), document.text.range_of(found[0].span))

    def _finding(self, diagnostic: Diagnostic) -> Iterator[str]:
        yield f"{self._strong(diagnostic.severity.value)}: {diagnostic.message}"
        yield f"{self._strong('note')}: {diagnostic.note}"
        yield f"{self._strong('help')}: {diagnostic.help}"
        rule = self._rules.get(diagnostic.rule)
        summary = f": {rule.summary}" if rule is not None else ""
        yield f"{self._link(diagnostic.rule, diagnostic.url)}{summary}"

    def _suppression(self, suppression: Suppression) -> Iterator[str]:
        where = "in this file" if suppression.is_file else "here"
        if not suppression.names:
            yield f"Silences nothing: it names no rule. Write {self._code('# dryfit: ignore[rule-name]')}."
            return
        yield f"Silences {where}:"
        for name in suppression.names:
            rule = self._rules.get(name.text)
            if rule is not None:
                yield f"{self._link(rule.name, f'docs/rules/{rule.name}.md')}: {rule.summary}"
            elif name.text in self._families:
                yield f"{self._code(name.text)}: all rules of this family."
            else:
                yield f"{self._code(name.text)}: no rule or family is called so."

    # -- Markup

    @property
    def _is_markdown(self) -> bool:
        return self._kind is types.MarkupKind.Markdown

    @property
    def _rule_off(self) -> str:
        return "\n\n---\n\n" if self._is_markdown else "\n\n"

    def _markup(self, text: str) -> types.MarkupContent:
        return types.MarkupContent(self._kind, text)

    def _strong(self, text: str) -> str:
        return f"**{text}**" if self._is_markdown else text

    def _code(self, text: str) -> str:
        return f"`{text}`" if self._is_markdown else text

    def _link(self, text: str, url: str) -> str:
        return f"[{text}]({page_address(url)})" if self._is_markdown else f"{text} ({page_address(url)})"
