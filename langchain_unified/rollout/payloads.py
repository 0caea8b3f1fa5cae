"""Two payloads side by side: the settings they carry, whatever the wire calls them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from langchain_unified import vocabulary

_UNCOMPARED = frozenset({"model", "stream", "input", "messages", "extra_headers"})
_CALL_OPTIONS = frozenset({"timeout", "extra_query"})
_LOGPROBS = "message.output_text.logprobs"
_MAX_SHOWN = 100
_SAFE_STRINGS = frozenset(
    {
        "endpoint",
        "messages",
        "tools",
        "tool_choice",
        "response_format",
        "stream_options",
    }
    | {"include", "service_tier", "truncation", "stop", "modalities", "reasoning"}
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A setting as one payload carries it.

    Attributes:
        name: Its name on the wire; dots descend into objects.
        value: Its value, in the form chat completions use.
    """

    name: str
    value: Any


def settings_of(endpoint: str, payload: Mapping[str, Any]) -> dict[str, Sent]:
    """Return what a request asks for, by LangChain's words.

    Args:
        endpoint: `chat` or `responses`.
        payload: The request body; `extra_body` counts as part of it.
    """
    merged = {**payload, **(payload.get("extra_body") or {})}
    merged.pop("extra_body", None)
    names = vocabulary.canonical_names()
    return {
        names.get(name, name): sent
        for name, sent in (_items_of_responses if endpoint == "responses" else _items)(
            merged
        )
        if name not in _UNCOMPARED and name not in _CALL_OPTIONS
    }


def roles_of(payload: Mapping[str, Any]) -> list[str]:
    """Return the roles of the messages; text given as instructions comes first."""
    messages = payload.get("messages") or payload.get("input") or []
    if isinstance(messages, str):
        messages = [{"role": "user"}]
    head = ["system"] if payload.get("instructions") else []
    return head + [
        m["role"] for m in messages if isinstance(m, Mapping) and "role" in m
    ]


def _items(payload: Mapping[str, Any]) -> Iterator[tuple[str, Sent]]:
    for name, value in payload.items():
        yield name, Sent(name, value)


def _items_of_responses(payload: Mapping[str, Any]) -> Iterator[tuple[str, Sent]]:
    for name, value in payload.items():
        read = _READERS.get(name)
        if read is None:
            yield name, Sent(name, value)
        else:
            yield from read(value)


def _read_reasoning(value: Any) -> Iterator[tuple[str, Sent]]:
    rest = dict(value or {})
    if "effort" in rest:
        yield "reasoning_effort", Sent("reasoning.effort", rest.pop("effort"))
    if rest:
        yield "reasoning", Sent("reasoning", rest)


def _read_text(value: Any) -> Iterator[tuple[str, Sent]]:
    rest = dict(value or {})
    if "verbosity" in rest:
        yield "verbosity", Sent("text.verbosity", rest.pop("verbosity"))
    form = rest.pop("format", None)
    if form and form.get("type") != "text":
        yield "response_format", Sent("text.format", _nested_format(form))
    if rest:
        yield "text", Sent("text", rest)


def _nested_format(form: Mapping[str, Any]) -> dict[str, Any]:
    if form.get("type") != "json_schema":
        return dict(form)
    inner = {name: value for name, value in form.items() if name != "type"}
    return {"type": "json_schema", "json_schema": inner}


def _read_tools(value: Any) -> Iterator[tuple[str, Sent]]:
    yield "tools", Sent("tools", [_nested_tool(tool) for tool in value or []])


def _nested_tool(tool: Any) -> Any:
    if tool.get("type") != "function" or "function" in tool:
        return tool
    inner = {name: v for name, v in tool.items() if name != "type"}
    return {"type": "function", "function": inner}


def _read_choice(value: Any) -> Iterator[tuple[str, Sent]]:
    if isinstance(value, Mapping) and value.get("type") == "function":
        value = _nested_tool(value)
    yield "tool_choice", Sent("tool_choice", value)


def _read_include(value: Any) -> Iterator[tuple[str, Sent]]:
    rest = list(value or [])
    if _LOGPROBS in rest:
        rest.remove(_LOGPROBS)
        yield "logprobs", Sent("include", value=True)
    if rest:
        yield "include", Sent("include", rest)


_READERS: dict[str, Callable[[Any], Iterator[tuple[str, Sent]]]] = {
    "reasoning": _read_reasoning,
    "text": _read_text,
    "tools": _read_tools,
    "tool_choice": _read_choice,
    "include": _read_include,
}


def shown(parameter: str, value: Any) -> str:
    """Return a value as short JSON; what users wrote is not repeated.

    Args:
        parameter: The setting, in LangChain's words.
        value: Its value.
    """
    if parameter == "tools":
        value = [_tool_name(tool) for tool in value or []]
    elif parameter == "response_format" and isinstance(value, type):
        value = f"json_schema {value.__name__}"
    elif parameter == "response_format" and isinstance(value, Mapping):
        value = _format_name(value)
    elif not _is_safe(parameter, value):
        return "(given)"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def _tool_name(tool: Any) -> Any:
    if not isinstance(tool, Mapping):
        return str(tool)
    function = tool.get("function")
    named = function if isinstance(function, Mapping) else tool
    return named.get("name") or tool.get("type")


def _format_name(form: Mapping[str, Any]) -> str:
    schema = form.get("json_schema") or {}
    return " ".join(filter(None, [str(form.get("type")), schema.get("name")]))


def _is_safe(parameter: str, value: Any) -> bool:
    if value is None or isinstance(value, (bool, int, float)):
        return True
    setting = vocabulary.settings().get(parameter)
    listed = setting is not None and setting.values is not None
    return parameter in _SAFE_STRINGS or listed
