"""Reading and writing expressions."""

from __future__ import annotations

import libcst as cst

_BLANK = cst.Module([])


def code_of(node: cst.CSTNode) -> str:
    """Return the code of a node."""
    return _BLANK.code_for_node(node)


def text_of(node: cst.CSTNode | None) -> str | None:
    """Return the value of a text literal, or None."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def is_name(node: cst.CSTNode | None, *names: str) -> bool:
    """Tell whether a node is one of some bare names, such as `None`."""
    return isinstance(node, cst.Name) and node.value in names


def string(value: str) -> cst.SimpleString:
    """Return a text literal in double quotes."""
    return cst.SimpleString(f'"{value}"')


def prefixed(prefix: str, node: cst.BaseExpression) -> cst.BaseExpression:
    """Return an expression for `prefix` followed by the text of another expression.

    Example:
        >>> code_of(prefixed("openai:", cst.parse_expression("'x'")))
        "'openai:x'"
        >>> code_of(prefixed("openai:", cst.parse_expression("NAME")))
        'f"openai:{NAME}"'
    """
    if isinstance(node, cst.SimpleString):
        return _prefixed_literal(prefix, node)
    if isinstance(node, cst.ConcatenatedString):
        return node.with_changes(left=prefixed(prefix, node.left))
    if isinstance(node, cst.FormattedString):
        text = cst.FormattedStringText(prefix)
        return node.with_changes(parts=[text, *node.parts])
    return _prefixed_value(prefix, node)


def _prefixed_literal(prefix: str, node: cst.SimpleString) -> cst.SimpleString:
    start = len(node.prefix) + len(node.quote)
    return node.with_changes(value=node.value[:start] + prefix + node.value[start:])


def _prefixed_value(prefix: str, node: cst.BaseExpression) -> cst.BaseExpression:
    code = code_of(node)
    quote = "'" if '"' in code else '"'
    plain = isinstance(node, (cst.Name, cst.Attribute, cst.Call, cst.Subscript))
    if plain and not node.lpar and not any(c in code for c in (quote, "\\", "\n", "#")):
        return cst.parse_expression(f"f{quote}{prefix}{{{code}}}{quote}")
    inner = node if node.lpar else _in_parentheses(node)
    return cst.BinaryOperation(string(prefix), cst.Add(), inner)


def _in_parentheses(node: cst.BaseExpression) -> cst.BaseExpression:
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def without_prefix(prefix: str, node: cst.BaseExpression) -> cst.BaseExpression:
    """Return a text literal without the text it starts with, if it does."""
    if isinstance(node, cst.ConcatenatedString):
        left = without_prefix(prefix, node.left)
        return node.with_changes(left=left)
    if not isinstance(node, cst.SimpleString):
        return node
    start = len(node.prefix) + len(node.quote)
    if not node.value.startswith(prefix, start):
        return node
    return node.with_changes(
        value=node.value[:start] + node.value[start + len(prefix) :]
    )
