"""Requests of OpenAI's wire as they are compared: under LangChain's names.

Whoever sends one, this package, a plain `ChatOpenAI` or a client that was looked at, it
reads the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx
from langchain_core.messages import BaseMessage

from langchain_unified.history import prepared
from langchain_unified.settings import canonical_names
from langchain_unified.shims.openai.delegate import PlannedChatOpenAI
from langchain_unified.shims.openai.transport import PATHS
from langchain_unified.types import EMPTY, CallPlan

MESSAGES = ("instructions", "messages", "input")
"""The fields of a request that hold what is said."""

_APART = {*MESSAGES, "stream", "extra_body", "extra_headers", "extra_query", "timeout"}
_LOGPROBS = "message.output_text.logprobs"
_NESTED = {
    "reasoning": {"effort": "reasoning_effort"},
    "text": {"verbosity": "verbosity", "format": "response_format"},
}
"""Settings that the Responses API keeps inside others."""

_SAID = frozenset(
    {"text", "content", "url", "image_url", "file_data", "data", "arguments"}
    | {"output", "name", "input", "refusal"}
)
_NOISE = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length"}
    | {"content-type", "host", "user-agent", "traceparent", "tracestate", "baggage"}
    | {"api-key", "x-api-key", "x-goog-api-key", "api-version"}
)
"""Headers that HTTP clients and tracing add; the key is compared by nobody. The
`api-version` of Azure's URLs belongs to the server, which is compared."""

_DEPLOYMENTS = "/openai/deployments/"


class Carried(NamedTuple):
    """A setting as one request carries it: its name on the wire, and its value."""

    name: str
    value: Any


class Payload(NamedTuple):
    """A request.

    Attributes:
        endpoint: `chat` or `responses`.
        body: Its JSON body.
        headers: Its headers, names in lower case, without those that say nothing.
        query: The parameters of its URL.
        server: Its base URL.
    """

    endpoint: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = EMPTY
    query: Mapping[str, str] = EMPTY
    server: str = ""

    def settings(self) -> dict[str, Carried]:
        """Return what is asked for, by LangChain's words; not the messages."""
        body = {**self.body, **(self.body.get("extra_body") or {})}
        names = canonical_names()
        read = _chat_settings if self.endpoint == "responses" else _plain_settings
        return {names.get(k, k): v for k, v in read(body) if k not in _APART}

    def messages(self) -> dict[str, Any]:
        """Return what is said, by the fields of this endpoint."""
        return {name: self.body[name] for name in MESSAGES if name in self.body}

    def words(self) -> list[str]:
        """Return the texts of what is said, in order, whatever the endpoint."""
        return [*_strings([*self.messages().values()])]

    def roles(self) -> list[str]:
        """Return the roles of the messages; text given as instructions comes first."""
        messages = self.body.get("messages") or self.body.get("input") or []
        if isinstance(messages, str):
            messages = [{"role": "user"}]
        head = ["system"] if self.body.get("instructions") else []
        return head + [m["role"] for m in messages if "role" in m]


def planned_payload(
    shim: Any, plan: CallPlan, messages: list[BaseMessage]
) -> Payload | None:
    """Return the request a shim would send for a plan; `None` on another wire."""
    model = getattr(shim, "delegate", None)
    if not isinstance(model, PlannedChatOpenAI):
        return None
    body = model.render(plan, prepared(plan, messages))
    return payload_of_client(model, plan.endpoint, body, plan.headers, plan.query)


def payload_of_client(
    model: Any,
    endpoint: str,
    body: Mapping[str, Any],
    headers: Mapping[str, Any] | None,
    query: Mapping[str, Any] | None,
) -> Payload:
    """Return a request with what the SDK's client of a model adds to each."""
    client = model.root_client or model.root_async_client
    added = getattr(client, "default_headers", EMPTY), headers or EMPTY
    asked = {**getattr(client, "default_query", EMPTY), **(query or EMPTY)}
    server = str(getattr(client, "base_url", ""))
    return Payload(endpoint, body, _headers(*added), _query(asked), _server(server))


def sent_payload(
    url: str, body: Mapping[str, Any], headers: Mapping[str, str]
) -> Payload | None:
    """Return a request that was seen; `None` if it is of another wire.

    A deployment that the URL names is its model.
    """
    place, _, query = url.partition("?")
    for endpoint, path in PATHS.items():
        if place.endswith(path):
            server, _, model = place.removesuffix(path).partition(_DEPLOYMENTS)
            body = {**body, "model": model} if model else body
            named = _headers(headers)
            return Payload(endpoint, body, named, _query(query), _server(server))
    return None


def _server(url: str) -> str:
    """Return a base URL as it is compared; Azure's client has one step more."""
    return url.rstrip("/").removesuffix("/openai")


def _headers(*given: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that matter; later ones replace earlier ones."""
    found = {n.lower(): v for one in given for n, v in one.items()}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, str) and _matters(name)
    }


def _matters(header: str) -> bool:
    return header not in _NOISE and not header.startswith("x-stainless-")


def _query(given: Any) -> dict[str, str]:
    query = httpx.QueryParams(given)
    return {k: ",".join(query.get_list(k)) for k in query if k not in _NOISE}


def _plain_settings(body: Mapping[str, Any]) -> Iterator[tuple[str, Carried]]:
    return ((name, Carried(name, value)) for name, value in body.items())


def _chat_settings(body: Mapping[str, Any]) -> Iterator[tuple[str, Carried]]:
    """Yield the settings of a Responses request by the names of chat completions."""
    for name, value in body.items():
        rest = _chat_form(value) if name in {"tools", "tool_choice"} else value
        if name in _NESTED:
            rest = dict(value or {})
            inside = [key for key in _NESTED[name] if key in rest]
            for key in inside:
                inner = rest.pop(key)
                if inner != {"type": "text"}:
                    own = Carried(f"{name}.{key}", _chat_form(inner))
                    yield _NESTED[name][key], own
        elif name == "include":
            rest = [item for item in value or () if item != _LOGPROBS]
            if _LOGPROBS in (value or ()):
                yield "logprobs", Carried(name, value=True)
        if rest or name not in {*_NESTED, "include"}:
            yield name, Carried(name, rest)


def _chat_form(value: Any) -> Any:
    """Return a tool, a choice or a format as chat completions nest it."""
    if isinstance(value, (list, tuple)):
        return [_chat_form(item) for item in value]
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind not in {"function", "json_schema"} or kind in value:
        return value
    return {"type": kind, kind: {k: v for k, v in value.items() if k != "type"}}


def _strings(value: Any) -> Iterator[str]:
    """Yield everything said in messages, in order, whatever the shape."""
    if isinstance(value, str) and value:
        yield value
    inside: Any = value if isinstance(value, (list, tuple)) else ()
    if isinstance(value, Mapping):
        inside = (
            value[name]
            for name in sorted(value, key=str)
            if name in _SAID or isinstance(value[name], (Mapping, list))
        )
    for one in inside:
        yield from _strings(one)
