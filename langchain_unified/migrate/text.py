"""Class names in text: string annotations, `__all__`, patch targets."""

from __future__ import annotations

import re

import libcst as cst

from langchain_unified.migrate.expressions import code_of, text_of
from langchain_unified.migrate.facts import target_names
from langchain_unified.migrate.uses import Names, Scope, rules_of


class StringTypeError(Exception):
    """A string annotation cannot be rewritten; the message says why."""


def rewritten_annotation(
    names: Names, node: cst.CSTNode, new_names: dict[bool, cst.BaseExpression]
) -> tuple[cst.SimpleString, set[bool]] | None:
    """Return a string annotation with the new names, and which of them it uses.

    Args:
        names: The module's names.
        node: The string.
        new_names: The new name, plain and dotted, by whether the old one is dotted.

    Returns:
        None if the annotation names nothing that is moved.

    Raises:
        StringTypeError: If the string cannot be rewritten.
    """
    if not isinstance(node, cst.SimpleString):
        msg = "a string annotation in pieces"
        raise StringTypeError(msg)
    text, scope = text_of(node), names.scope(node)
    if text is None or scope is None or node.raw_value != text:
        msg = "a string annotation with escapes"
        raise StringTypeError(msg)
    try:
        tree = cst.parse_expression(text)
    except cst.ParserSyntaxError:
        msg = "a string annotation that does not parse"
        raise StringTypeError(msg) from None
    replacer = _Replacer(names, scope, new_names)
    changed = tree.visit(replacer)
    if not replacer.used or not isinstance(changed, cst.BaseExpression):
        return None
    quote = node.prefix + node.quote
    return node.with_changes(
        value=f"{quote}{code_of(changed)}{node.quote}"
    ), replacer.used


class _Replacer(cst.CSTTransformer):
    def __init__(
        self, names: Names, scope: Scope, new_names: dict[bool, cst.BaseExpression]
    ) -> None:
        super().__init__()
        self._names, self._scope, self._new = names, scope, new_names
        self.used: set[bool] = set()

    def visit_Attribute(self, node: cst.Attribute) -> bool:  # noqa: N802 - libcst's
        return not self._is_moved(node)

    def leave_Attribute(  # noqa: N802 - libcst's
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.BaseExpression:
        return self._moved(original_node, updated_node)

    def leave_Name(  # noqa: N802 - libcst's
        self, original_node: cst.Name, updated_node: cst.Name
    ) -> cst.BaseExpression:
        return self._moved(original_node, updated_node)

    def _is_moved(self, node: cst.CSTNode) -> bool:
        rules = rules_of(self._names.qualified(node, self._scope))
        if rules - {None} and len(rules) > 1:
            msg = f"{code_of(node)} can also be something else here"
            raise StringTypeError(msg)
        return bool(rules - {None})

    def _moved(
        self, node: cst.Name | cst.Attribute, updated: cst.BaseExpression
    ) -> cst.BaseExpression:
        if not self._is_moved(node):
            return updated
        dotted = isinstance(node, cst.Attribute)
        self.used.add(dotted)
        return self._new[dotted].deep_clone()


def mentioned(value: str) -> str | None:
    """Return the class that a text names, alone or at the end of a dotted path.

    Example:
        >>> mentioned("app.models.ChatOpenAI")
        'ChatOpenAI'
        >>> mentioned("Ask ChatOpenAI something") is None
        True
    """
    found = re.fullmatch(
        rf"(?:[\w.]*[.:])?({'|'.join(target_names())})(?:\.\w+)*", value
    )
    return found.group(1) if found else None


def why_kept(names: Names, node: cst.CSTNode, value: str) -> str:
    """Return what a text that names a class is, for the report."""
    around = names.parent(node)
    while not isinstance(around, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
        if isinstance(around, cst.Call):
            return f"{code_of(around.func)} of {value!r}: names the class in text"
        around = names.parent(around)
    if isinstance(around, (cst.Assign, cst.AnnAssign, cst.AugAssign)):
        target = around.targets[0] if isinstance(around, cst.Assign) else around
        if code_of(target.target) == "__all__":
            return f"__all__ exports {value!r}"
    return f"the text {value!r} names the class"
