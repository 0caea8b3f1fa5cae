"""Two requests side by side: the settings they carry, whatever the wire calls them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from langchain_unified import vocabulary

_UNCOMPARED = frozenset({"stream", "extra_headers", "extra_query", "timeout"})
_TALK = frozenset({"messages", "input", "instructions"})
_LOGPROBS = "message.output_text.logprobs"
_MAX_SHOWN = 100
_SAFE_STRINGS = frozenset(
    {
        "endpoint",
        "messages",
        "model",
        "tools",
        "tool_choice",
        "response_format",
        "stream_options",
    }
    | {"include", "service_tier", "truncation", "stop", "modalities", "reasoning"}
)


class Payload(NamedTuple):
    """A request of either path.

    Attributes:
        endpoint: `chat`, `responses`, or another wire's.
        body: Its body; `extra_body` counts as part of it.
        headers: The headers that the user set, names in lower case.
        server: Where it goes; empty if nobody knows.
    """

    endpoint: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    server: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """A setting as one request carries it.

    Attributes:
        name: Its name on the wire; dots descend into objects.
        value: Its value, in the form chat completions use.
    """

    name: str
    value: Any


class Absent:
    """Stands for what a request does not carry."""


ABSENT = Absent()
Leaf = tuple[str, Any, Any]
"""Where two values differ, and both."""

OPAQUE = frozenset(
    {"parameters", "schema", "metadata", "logit_bias", "arguments", "input_schema"}
)
"""Objects whose keys users choose: a difference inside is one of the whole, so that
the kinds of difference stay few and nobody's words become a kind."""


def settings_of(payload: Payload) -> dict[str, Carried]:
    """Return what a request asks for, by LangChain's words; not its messages."""
    merged = {**payload.body, **(payload.body.get("extra_body") or {})}
    merged.pop("extra_body", None)
    names = vocabulary.canonical_names()
    items = _items_of_responses if payload.endpoint == "responses" else _items
    return {
        names.get(name, name): carried
        for name, carried in items(merged)
        if name not in _UNCOMPARED and name not in _TALK
    }


def leaves(was: Any, now: Any, path: str) -> Iterator[Leaf]:
    """Yield where two JSON values differ; list positions are not part of a place."""
    if isinstance(was, Mapping) and isinstance(now, Mapping) and not _opaque(path):
        for key in {**was, **now}:
            before, after = was.get(key, ABSENT), now.get(key, ABSENT)
            yield from leaves(before, after, f"{path}.{key}")
    elif _is_list(was) and _is_list(now) and len(was) == len(now):
        for before, after in zip(was, now, strict=True):
            yield from leaves(before, after, f"{path}[]")
    elif not json_equal(was, now):
        yield path, was, now


def roles_of(payload: Payload) -> list[str]:
    """Return the roles of the messages; text given as instructions comes first."""
    messages = payload.body.get("messages") or payload.body.get("input") or []
    if isinstance(messages, str):
        messages = [{"role": "user"}]
    head = ["system"] if payload.body.get("instructions") else []
    return head + [
        m["role"] for m in messages if isinstance(m, Mapping) and "role" in m
    ]


def words_of(payload: Payload) -> list[str]:
    """Return everything said in the messages, in order, whatever the wire's shape."""
    talk = {name: payload.body[name] for name in _TALK if name in payload.body}
    return list(_strings(talk.pop("instructions", None))) + [
        text for value in talk.values() for text in _strings(value)
    ]


_SAID = frozenset({"text", "content", "url", "image_url", "file_data", "data"})
_SAID |= {"arguments", "output", "name", "input", "refusal"}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from ([value] if value else [])
    elif isinstance(value, Mapping):
        for name, inner in sorted(value.items(), key=lambda pair: str(pair[0])):
            if name in _SAID or isinstance(inner, (Mapping, list)):
                yield from _strings(inner)
    elif _is_list(value):
        for inner in value:
            yield from _strings(inner)


def _opaque(path: str) -> bool:
    return path.rpartition(".")[2] in OPAQUE


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def json_equal(was: Any, now: Any) -> bool:
    """Tell whether two values are the same JSON: `true` is not 1, 1.0 is 1."""
    if isinstance(was, bool) is not isinstance(now, bool):
        return False
    if _is_list(was) and _is_list(now):
        same = len(was) == len(now)
        return same and all(json_equal(a, b) for a, b in zip(was, now, strict=True))
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        return was.keys() == now.keys() and all(json_equal(was[k], now[k]) for k in was)
    return bool(was == now)


def _items(payload: Mapping[str, Any]) -> Iterator[tuple[str, Carried]]:
    for name, value in payload.items():
        yield name, Carried(name, value)


def _items_of_responses(payload: Mapping[str, Any]) -> Iterator[tuple[str, Carried]]:
    for name, value in payload.items():
        read = _READERS.get(name)
        if read is None:
            yield name, Carried(name, value)
        else:
            yield from read(value)


def _read_reasoning(value: Any) -> Iterator[tuple[str, Carried]]:
    rest = dict(value or {})
    if "effort" in rest:
        effort = rest.pop("effort")
        yield "reasoning_effort", Carried("reasoning.effort", effort)
    if rest:
        yield "reasoning", Carried("reasoning", rest)


def _read_text(value: Any) -> Iterator[tuple[str, Carried]]:
    rest = dict(value or {})
    if "verbosity" in rest:
        yield "verbosity", Carried("text.verbosity", rest.pop("verbosity"))
    form = rest.pop("format", None)
    if form and form.get("type") != "text":
        yield "response_format", Carried("text.format", _nested_format(form))
    if rest:
        yield "text", Carried("text", rest)


def _nested_format(form: Mapping[str, Any]) -> dict[str, Any]:
    if form.get("type") != "json_schema":
        return dict(form)
    inner = {name: value for name, value in form.items() if name != "type"}
    return {"type": "json_schema", "json_schema": inner}


def _read_tools(value: Any) -> Iterator[tuple[str, Carried]]:
    yield "tools", Carried("tools", [_nested_tool(tool) for tool in value or []])


def _nested_tool(tool: Any) -> Any:
    if tool.get("type") != "function" or "function" in tool:
        return tool
    inner = {name: v for name, v in tool.items() if name != "type"}
    return {"type": "function", "function": inner}


def _read_choice(value: Any) -> Iterator[tuple[str, Carried]]:
    if isinstance(value, Mapping) and value.get("type") == "function":
        value = _nested_tool(value)
    yield "tool_choice", Carried("tool_choice", value)


def _read_include(value: Any) -> Iterator[tuple[str, Carried]]:
    rest = list(value or [])
    if _LOGPROBS in rest:
        rest.remove(_LOGPROBS)
        yield "logprobs", Carried("include", value=True)
    if rest:
        yield "include", Carried("include", rest)


_READERS: dict[str, Callable[[Any], Iterator[tuple[str, Carried]]]] = {
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
    if parameter == "tools" and _is_list(value):
        value = [_tool_name(tool) for tool in value]
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
