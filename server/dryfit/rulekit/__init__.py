"""The one door for rule packs."""

from dryfit.frameworks import Addition, Domain, Hook, OtherCall
from dryfit.rulekit.edits import (
    insert_after,
    insert_before,
    insert_line_before,
    remove_argument,
    rename_argument,
    replace,
    rewrite_string,
    unwrap,
    wrap,
)
from dryfit.rulekit.example import Argued, Example, Observes, Raises, Verdict, Warns, Witness
from dryfit.rulekit.finding import Applicability, Edit, Finding, Fix, Related, Severity
from dryfit.rulekit.refused import Refused, refused_arguments
from dryfit.rulekit.rule import Rule
from dryfit.semantic import facts
from dryfit.semantic.arguments import Arguments, KeywordArgument
from dryfit.semantic.history import CLOSED
from dryfit.semantic.model import SemanticModel
from dryfit.semantic.names import dotted_name
from dryfit.semantic.operand import Operand
from dryfit.semantic.values import UNKNOWN, Site, Unknown
from dryfit.syntax import tree
from dryfit.text.span import Span

__all__ = [
    "CLOSED",
    "UNKNOWN",
    "Addition",
    "Applicability",
    "Argued",
    "Arguments",
    "Domain",
    "Edit",
    "Example",
    "Finding",
    "Fix",
    "Hook",
    "KeywordArgument",
    "Observes",
    "Operand",
    "OtherCall",
    "Raises",
    "Refused",
    "Related",
    "Rule",
    "SemanticModel",
    "Severity",
    "Site",
    "Span",
    "Unknown",
    "Verdict",
    "Warns",
    "Witness",
    "dotted_name",
    "facts",
    "insert_after",
    "insert_before",
    "insert_line_before",
    "refused_arguments",
    "remove_argument",
    "rename_argument",
    "replace",
    "rewrite_string",
    "tree",
    "unwrap",
    "wrap",
]
