"""Requests as they are compared: under one set of names, whatever the wire's are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from langchain_unified.settings import canonical_names, settings
from langchain_unified.types import EMPTY

MESSAGES = ("instructions", "messages", "input")
_UNCOMPARED = {"stream", "extra_body", "extra_headers", "extra_query", "timeout"}
_LOGPROBS = "message.output_text.logprobs"
_NESTED = {
    "reasoning": {"effort": "reasoning_effort"},
    "text": {"verbosity": "verbosity", "format": "response_format"},
}
"""Settings that the Responses API keeps inside others."""

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


class Carried(NamedTuple):
    """A setting as one request carries it: its name on the wire, and its value."""

    name: str
    value: Any


class Payload(NamedTuple):
    """A request of either path."""

    endpoint: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = EMPTY
    server: str = ""

    def settings(self) -> dict[str, Carried]:
        """Return what is asked for, by LangChain's words; not the messages."""
        body = {**self.body, **(self.body.get("extra_body") or {})}
        names, read = canonical_names(), _plain
        if self.endpoint == "responses":
            read = _chat_settings
        left_out = {*_UNCOMPARED, *MESSAGES}
        return {names.get(k, k): v for k, v in read(body) if k not in left_out}

    def places(self, other: Payload) -> dict[str, Any]:
        """Return everything to compare with another request, by its place."""
        found: dict[str, Any] = {"endpoint": self.endpoint, "headers": self.headers}
        if self.server and other.server:
            found["base_url"] = self.server
        said = {name: self.body[name] for name in MESSAGES if name in self.body}
        if self.roles() != other.roles():
            found["roles"] = self.roles()
        elif self.endpoint == other.endpoint:
            found |= said
        else:
            found["words"] = [*_strings([*said.values()])]
        return found | {name: one.value for name, one in self.settings().items()}

    def roles(self) -> list[str]:
        """Return the roles of the messages; text given as instructions comes first."""
        messages = self.body.get("messages") or self.body.get("input") or []
        if isinstance(messages, str):
            messages = [{"role": "user"}]
        head = ["system"] if self.body.get("instructions") else []
        return head + [m["role"] for m in messages if "role" in m]


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


def _plain(body: Mapping[str, Any]) -> Iterator[tuple[str, Carried]]:
    return ((name, Carried(name, value)) for name, value in body.items())


def _chat_settings(body: Mapping[str, Any]) -> Iterator[tuple[str, Carried]]:
    """Yield the settings of a Responses request by the names of chat completions."""
    for name, value in body.items():
        rest = _chat_form(value) if name in {"tools", "tool_choice"} else value
        if name in _NESTED:
            rest = dict(value or {})
            for key, setting in _NESTED[name].items():
                inner = rest.pop(key, ABSENT)
                if inner not in (ABSENT, {"type": "text"}):
                    yield setting, Carried(f"{name}.{key}", _chat_form(inner))
        elif name == "include":
            rest = [item for item in value or () if item != _LOGPROBS]
            if _LOGPROBS in (value or ()):
                yield "logprobs", Carried(name, value=True)
        if rest or name not in {*_NESTED, "include"}:
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
    """Yield everything said in messages, in order, whatever the shape."""
    if isinstance(value, str) and value:
        yield value
    inside: Any = value if _is_list(value) else ()
    if isinstance(value, Mapping):
        inside = (
            value[name]
            for name in sorted(value, key=str)
            if name in _SAID or isinstance(value[name], (Mapping, list))
        )
    for one in inside:
        yield from _strings(one)


def _tool_name(tool: Any) -> Any:
    if not isinstance(tool, Mapping):
        return str(tool)
    function = tool.get("function")
    named = function if isinstance(function, Mapping) else tool
    return named.get("name") or tool.get("type")


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))
