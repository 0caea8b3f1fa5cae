"""What a refusal says in fields of its own, whatever kind of server wrote it."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_BODIES = ("body", "details", "response_json")
"""Attributes in which SDKs keep the decoded body of an error: openai and anthropic;
google-genai (read 2026-11-27)."""

_LONGEST = 20_000


class Detail(NamedTuple):
    """One problem of a list, as pydantic and FastAPI servers give it.

    Attributes:
        path: The field, dotted, without `body`; empty if it is within a list.
        kind: Pydantic's word for the problem, for example `extra_forbidden`.
        message: The problem in words.
        limits: The numbers it names, for example `{"le": 8192}`.
    """

    path: str
    kind: str
    message: str
    limits: Mapping[str, Any]


class Refusal(NamedTuple):
    """An error of a provider, taken apart.

    Attributes:
        message: The provider's own words.
        parameter: The wire parameter it names.
        code: The provider's code for the problem.
        details: Problems field by field.
    """

    message: str
    parameter: str | None
    code: str | None
    details: tuple[Detail, ...]


def read_refusal(error: BaseException) -> Refusal:
    """Take an error apart: fields of the body first, its text where there are none.

    Args:
        error: An error of a shim.
    """
    body = _body(error)
    inner = body.get("error", body) if isinstance(body, Mapping) else body
    if not isinstance(inner, Mapping):
        said = inner if isinstance(inner, str) and inner else str(error)
        return Refusal(said, None, None, ())
    said = inner.get("message", inner.get("error"))
    if said is None and isinstance(inner.get("detail"), str):
        said = inner["detail"]
    listed = _listed(inner.get("detail")) or _listed(said)
    return Refusal(
        said if isinstance(said, str) else "" if listed else str(error),
        _text(inner.get("param")),
        _text(inner.get("code")),
        tuple(detail for row in listed for detail in _details(row)),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def names_a_cause(error: BaseException) -> bool:
    """Tell whether a field of an error says what was wrong."""
    told = read_refusal(error)
    return bool(told.parameter or told.code or told.details)


def _body(error: BaseException | None) -> Any:
    while error is not None:
        for name in _BODIES:
            found = vars(error).get(name)
            if isinstance(found, (Mapping, str)) and found:
                return found
            if isinstance(found, list) and found and isinstance(found[0], Mapping):
                return found[0]
        error = error.__cause__
    return None


def _listed(value: Any) -> list[Any]:
    """Return a list of problems; some servers write it down as text."""
    if isinstance(value, Mapping):
        return _listed(value.get("detail"))
    if isinstance(value, list):
        return value
    if isinstance(value, str) and value.lstrip()[:2] in {"[{", "{'", '{"'}:
        return _listed(_evaluated(value.strip()))
    return []


def _evaluated(text: str) -> Any:
    if len(text) > _LONGEST:
        return None
    return _read(json.loads, text) or _read(ast.literal_eval, text)


def _read(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None


def _details(row: Any) -> Iterator[Detail]:
    if not isinstance(row, Mapping):
        return
    place, message = row.get("loc"), row.get("msg")
    if not isinstance(place, Sequence) or isinstance(place, str):
        return
    if not isinstance(message, str) or not all(isinstance(p, str) for p in place):
        return  # A number is a place in a list: messages, tools, content.
    names = list(place[1:] if place[:1] in (["body"], ("body",)) else place)
    limits = row.get("ctx")
    yield Detail(
        ".".join(names),
        str(row.get("type", "")),
        message,
        limits if isinstance(limits, Mapping) else {},
    )
