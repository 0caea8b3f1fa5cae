"""Requests as they are compared: under one set of names, whatever the wire's are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from langchain_unified import vocabulary

_MESSAGES = frozenset({"messages", "input", "instructions"})
_UNCOMPARED = {"stream", "extra_headers", "extra_query", "timeout", *_MESSAGES}
_LOGPROBS = "message.output_text.logprobs"
_NESTED = {
    "reasoning": {"effort": "reasoning_effort"},
    "text": {"verbosity": "verbosity", "format": "response_format"},
}
"""Settings that the Responses API keeps inside others."""

_FORMED = ("tools", "tool_choice")
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

_SAID = frozenset(
    {"text", "content", "url", "image_url", "file_data", "data", "arguments"}
    | {"output", "name", "input", "refusal"}
)
ABSENT: Any = object()
"""Stands for what a request does not carry."""


class Payload(NamedTuple):
    """A request of either path."""

    endpoint: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    server: str = ""

    def settings(self) -> dict[str, Carried]:
        """Return what is asked for, by LangChain's words; not the messages."""
        merged = {**self.body, **(self.body.get("extra_body") or {})}
        merged.pop("extra_body", None)
        names = vocabulary.canonical_names()
        plain = ((name, Carried(name, value)) for name, value in merged.items())
        items = _chat_settings(merged) if self.endpoint == "responses" else plain
        return {names.get(k, k): v for k, v in items if k not in _UNCOMPARED}

    def tree(self, other: Payload) -> dict[str, Any]:
        """Return everything to compare with another request, by its place."""
        found = {"endpoint": self.endpoint, "headers": self.headers}
        if self.server and other.server:
            found["base_url"] = self.server
        if self.roles() != other.roles():
            found["roles"] = self.roles()
        elif self.endpoint == other.endpoint:
            said = ("messages", "input", "instructions")
            found |= {name: self.body[name] for name in said if name in self.body}
        else:
            found["words"] = self.words()
        return found | {name: one.value for name, one in self.settings().items()}

    def roles(self) -> list[str]:
        """Return the roles of the messages; text given as instructions comes first."""
        messages = self.body.get("messages") or self.body.get("input") or []
        if isinstance(messages, str):
            messages = [{"role": "user"}]
        head = ["system"] if self.body.get("instructions") else []
        return head + [m["role"] for m in messages if "role" in m]

    def words(self) -> list[str]:
        """Return everything said in the messages, in order, whatever the shape."""
        names = ("instructions", "messages", "input")
        return [text for name in names for text in _strings(self.body.get(name))]


class Carried(NamedTuple):
    """A setting as one request carries it."""

    name: str
    value: Any


def leaves(was: Any, now: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield where two JSON values differ; list positions are not part of a place."""
    opaque = path.rpartition(".")[2] in _OPAQUE
    if isinstance(was, Mapping) and isinstance(now, Mapping) and not opaque:
        for key in {**was, **now}:
            before, after = was.get(key, ABSENT), now.get(key, ABSENT)
            yield from leaves(before, after, f"{path}.{key}")
    elif _is_list(was) and _is_list(now) and len(was) == len(now) and not opaque:
        for before, after in zip(was, now, strict=True):
            yield from leaves(before, after, f"{path}[]")
    elif not json_equal(was, now):
        yield path, was, now


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


def shown(parameter: str, value: Any) -> str:
    """Return a value as short JSON; what users wrote is not repeated."""
    if parameter == "tools" and _is_list(value):
        value = [_tool_name(tool) for tool in value]
    elif parameter == "response_format" and isinstance(value, type):
        value = f"json_schema {value.__name__}"
    elif parameter == "response_format" and isinstance(value, Mapping):
        name = (value.get("json_schema") or {}).get("name")
        value = " ".join(filter(None, [str(value.get("type")), name]))
    elif not (_is_plain(value) or parameter in _SHOWN or _has_choices(parameter)):
        return "(given)"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def _chat_settings(body: Mapping[str, Any]) -> Iterator[tuple[str, Carried]]:
    """Yield the settings of a Responses request by the names of chat completions."""
    for name, value in body.items():
        if name in _NESTED:
            rest: Any = dict(value or {})
            for key, setting in _NESTED[name].items():
                inner = rest.pop(key, ABSENT)
                if inner not in (ABSENT, {"type": "text"}):
                    yield setting, Carried(f"{name}.{key}", _chat_form(inner))
        elif name == "include":
            rest = [item for item in value or () if item != _LOGPROBS]
            if _LOGPROBS in (value or ()):
                yield "logprobs", Carried(name, value=True)
        else:
            yield name, Carried(name, _chat_form(value) if name in _FORMED else value)
            continue
        if rest:
            yield name, Carried(name, rest)


def _chat_form(value: Any) -> Any:
    """Return a tool, a choice or a format as chat completions nest it."""
    if _is_list(value):
        return [_chat_form(item) for item in value]
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind not in {"function", "json_schema"} or kind in value:
        return value
    return {"type": kind, kind: {k: v for k, v in value.items() if k != "type"}}


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


def _tool_name(tool: Any) -> Any:
    if not isinstance(tool, Mapping):
        return str(tool)
    function = tool.get("function")
    named = function if isinstance(function, Mapping) else tool
    return named.get("name") or tool.get("type")


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float))


def _has_choices(parameter: str) -> bool:
    setting = vocabulary.settings().get(parameter)
    return setting is not None and bool(setting.values or setting.words)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))
