"""An example text for a regular expression."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:
    import sre_parse as parser

_CANDIDATES = "a1A_- .xX0@/"


def example_of(pattern: str) -> str:
    """Return a text that matches a pattern; look-arounds are not followed."""
    try:
        return _join(parser.parse(pattern))
    except (re.error, KeyError, ValueError):
        return "text"


def _join(nodes: Any) -> str:
    return "".join(_one(str(kind), value) for kind, value in nodes)


def _one(kind: str, value: Any) -> str:
    writer = _WRITERS.get(kind)
    return writer(value) if writer else ""


def _repeated(value: Any) -> str:
    least, most, inner = value
    count = min(max(int(least), 1), int(most))
    return _join(inner) * count


def _from_class(items: Any) -> str:
    kind, value = items[0]
    if str(kind) == "NEGATE":
        refused = {chr(v) for k, v in items[1:] if str(k) == "LITERAL"}
        return next(char for char in _CANDIDATES if char not in refused)
    if str(kind) == "RANGE":
        return chr(value[0])
    if str(kind) == "LITERAL":
        return chr(value)
    return {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " "}.get(str(value), "a")


_WRITERS: dict[str, Callable[[Any], str]] = {
    "LITERAL": chr,
    "IN": _from_class,
    "MAX_REPEAT": _repeated,
    "MIN_REPEAT": _repeated,
    "POSSESSIVE_REPEAT": _repeated,
    "SUBPATTERN": lambda value: _join(value[-1]),
    "BRANCH": lambda value: _join(value[1][0]),
    "ANY": lambda _: "a",
    "NOT_LITERAL": lambda value: "b" if value == ord("a") else "a",
}
