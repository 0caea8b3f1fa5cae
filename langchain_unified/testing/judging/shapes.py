"""The shape of an answer: which objects it has, their keys and the keys' types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from langchain_unified.testing.judging.exchanges import Event

Shape = dict[str, dict[str, set[str]]]

_OPAQUE = frozenset(
    {
        *("args", "arguments", "format", "instructions", "labels", "metadata"),
        *("parameters", "response_schema", "schema", "tool_choice", "tools"),
        *("prompt_cache_options", "functionResponse", "input"),
    }
)
"""Keys whose values repeat the request, or are whatever the model made up."""

_MARKS = (
    *("functionCall", "executableCode", "codeExecutionResult", "inlineData"),
    *("toolCall", "toolResponse", "thought", "text"),
    *("tool_calls", "function_call", "audio", "role", "delta"),
)
"""Keys that tell the kind of an object which has no `type`."""

_SAME_EVERYWHERE = ("response", "item", "part")
_NAMES: dict[type, str] = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    dict: "object",
    list: "array",
    type(None): "null",
}


def shape_of(answer: Any, events: Iterable[Event] | None) -> Shape:
    """Return the objects in an answer by their place.

    Args:
        answer: The JSON body of an answer that was not streamed.
        events: The events of one that was.

    Returns:
        For each place, such as `choices[].message<tool_calls>`, the keys of the
        objects there and the JSON types of their values.
    """
    shape: Shape = {}
    if events is None:
        _add(shape, answer, "")
    for _, event in events or ():
        _add(shape, event, str(event.get("type") or ""))
    return shape


def merged(shapes: Iterable[Shape]) -> Shape:
    """Return the union of several shapes."""
    whole: Shape = {}
    for shape in shapes:
        for place, keys in shape.items():
            known = whole.setdefault(place, {})
            for key, types in keys.items():
                known.setdefault(key, set()).update(types)
    return whole


def _add(shape: Shape, value: Any, place: str) -> None:
    if isinstance(value, list):
        for item in value:
            _add(shape, item, f"{place}[]")
    if not isinstance(value, dict):
        return
    place += _mark(value, place)
    keys = shape.setdefault(f"{place}{_ending_of(value)}", {})
    for key, entry in value.items():
        keys.setdefault(key, set()).add(_NAMES[type(entry)])
        if key in _OPAQUE or entry is None:
            continue
        own = key if key in _SAME_EVERYWHERE else f"{place}.{key}".lstrip(".")
        _add(shape, entry, own)


def _ending_of(value: Mapping[str, Any]) -> str:
    """Return a mark for the keys of an object alone: its end depends on its kind."""
    if "choices" in value and "delta" in str(value["choices"]):
        return "(piece)"
    content = value.get("content")
    if "finishReason" not in value or not isinstance(content, dict):
        return ""
    called = any("functionCall" in part for part in content.get("parts") or ())
    return "(calls)" if called else "(text)"


def _mark(value: Mapping[str, Any], place: str) -> str:
    kind = value.get("type")
    if isinstance(kind, str) and place.endswith(("[]", "item", "part", "action")):
        return f"<{kind}>"
    mark = next((key for key in _MARKS if value.get(key) is not None), None)
    if mark in ("tool_calls", "function_call") and place.endswith("delta"):
        mark += " first" if "role" in value else ""
    nested = place.endswith(("message", "delta", "parts[]"))
    return f"<{mark}>" if mark and nested else ""
