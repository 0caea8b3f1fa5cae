"""Values of requests: where two differ, and how one is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from langchain_unified.settings import settings

_MAX_SHOWN = 100
_SHOWN = frozenset(
    {"endpoint", "model", "tools", "tool_choice", "response_format"}
    | {"stream_options", "include", "service_tier", "truncation", "stop"}
    | {"modalities", "reasoning", "roles"}
)
"""Settings whose strings are not what users wrote."""

_OPAQUE = frozenset(
    {"parameters", "schema", "metadata", "logit_bias", "arguments", "input_schema"}
    | {"roles", "words"}
)
"""Objects whose keys users choose: a difference inside is one of the whole, so that
the kinds of difference stay few and nobody's words become a kind."""

ABSENT: Any = object()
"""Stands for what a request does not carry."""


def leaves(was: Any, now: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield where two JSON values differ: `true` is not 1, 1.0 is 1.

    List positions are not part of a place.
    """
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        keys = {**was, **now}
        pairs = ((was.get(key, ABSENT), now.get(key, ABSENT)) for key in keys)
        inside = zip((f"{path}.{key}" for key in keys), pairs, strict=True)
    elif _is_list(was) and _is_list(now) and len(was) == len(now):
        inside = ((f"{path}[]", pair) for pair in zip(was, now, strict=True))  # type: ignore[assignment]
    else:
        if was != now or isinstance(was, bool) is not isinstance(now, bool):
            yield path, was, now
        return
    found = (leaf for place, pair in inside for leaf in leaves(*pair, place))
    if path.rpartition(".")[2] not in _OPAQUE:
        yield from found
    elif any(found):
        yield path, was, now


def json_equal(was: Any, now: Any) -> bool:
    """Tell whether two values are the same JSON."""
    return not any(leaves(was, now))


def shown(parameter: str, value: Any) -> str:
    """Return a value as short JSON; what users wrote is not repeated."""
    setting = settings().get(parameter)
    has_choices = setting is not None and bool(setting.values or setting.words)
    if parameter == "tools" and _is_list(value):
        value = [_tool_name(tool) for tool in value]
    elif parameter == "response_format" and isinstance(value, type):
        value = f"json_schema {value.__name__}"
    elif parameter == "response_format" and isinstance(value, Mapping):
        name = (value.get("json_schema") or {}).get("name")
        value = " ".join(filter(None, [str(value.get("type")), name]))
    elif isinstance(value, (str, Mapping, list, tuple)) and not (
        parameter in _SHOWN or has_choices
    ):
        return "(given)"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def _tool_name(tool: Any) -> Any:
    if not isinstance(tool, Mapping):
        return str(tool)
    function = tool.get("function")
    named = function if isinstance(function, Mapping) else tool
    return named.get("name") or tool.get("type")


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))
