"""OpenTelemetry spans and metrics of calls, by the GenAI conventions (extra `otel`).

It is a callback handler and not part of the model: without it, tracing costs nothing,
and it receives the same events as any other LangChain handler.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from opentelemetry import metrics, trace

from langchain_unified.connection.servers import Server
from langchain_unified.content import RECORD
from langchain_unified.data import read_toml

_SCOPE = "langchain_unified"
_OPERATION = "chat"
_ROLES = {"human": "user", "ai": "assistant"}
_FACTS = "tracing.toml"


@cache
def _facts() -> Mapping[str, Any]:
    return read_toml(_FACTS)


class _Started(NamedTuple):
    """A call under way: its span, when it began, and what its metrics are told by."""

    span: trace.Span
    seconds: float
    labels: dict[str, Any]


class OpenTelemetryCallback(BaseCallbackHandler):
    """Record a span and the metrics of each call by OpenTelemetry's GenAI conventions.

    The span is named after the operation and the requested model. It has the provider,
    the request's settings, the model that answered, the server, token counts
    by kind and the finish reasons; each change, and each attempt that failed before
    a retry or a fallback, is an event. The metrics are
    `gen_ai.client.operation.duration` (seconds) and `gen_ai.client.token.usage`
    (tokens).

    Args:
        content: Whether messages go on the span, as `gen_ai.input.messages`,
            `gen_ai.output.messages` and `gen_ai.system_instructions`, and the texts of
            errors. They may contain user input. By default, an error is recorded by its
            class and status only.
        tracer_provider: Where spans go; the global provider by default.
        meter_provider: Where metrics go; the global provider by default.

    Example:
        ```python
        from langchain_unified.otel import OpenTelemetryCallback

        llm = UnifiedChatModel(model="gpt-4o", callbacks=[OpenTelemetryCallback()])
        llm.invoke("hi")
        ```
    """

    run_inline = True
    """Called in the caller's context, so that the span has the right parent."""

    def __init__(
        self,
        *,
        content: bool = False,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        """See the class."""
        self._content = content
        self._tracer = trace.get_tracer(_SCOPE, tracer_provider=tracer_provider)
        meter = metrics.get_meter(_SCOPE, meter_provider=meter_provider)
        buckets = _facts()["buckets"]
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="How long a call took.",
            explicit_bucket_boundaries_advisory=buckets["seconds"],
        )
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="How many tokens a call used.",
            explicit_bucket_boundaries_advisory=buckets["tokens"],
        )
        self._calls: dict[UUID, _Started] = {}

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],  # noqa: ARG002
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        metadata: dict[str, Any] | None = None,
        invocation_params: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Start the span of a call."""
        params = invocation_params or {}
        model = params.get("model") or params.get("model_name") or ""
        provider = _provider_name((metadata or {}).get("ls_provider"))
        labels = {
            "gen_ai.operation.name": _OPERATION,
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": str(model),
        }
        span = self._tracer.start_span(
            f"{_OPERATION} {model}".strip(),
            kind=trace.SpanKind.CLIENT,
            attributes={**labels, **_request_attributes(params, metadata or {})},
        )
        if self._content and span.is_recording():
            span.set_attributes(_input_attributes(messages[0] if messages else []))
        self._calls[run_id] = _Started(span, time.perf_counter(), labels)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **_: Any) -> None:
        """End the span of a call with its response."""
        call = self._calls.pop(run_id, None)
        if call is None:
            return
        found = (g for g in response.generations[0] if isinstance(g, ChatGeneration))
        answers = [generation.message for generation in found]
        record = answers[0].response_metadata.get(RECORD, {}) if answers else {}
        call.labels.update(_answered_labels(record, answers))
        call.span.set_attributes({**call.labels, **_response_attributes(answers)})
        _add_events(call.span, record, content=self._content)
        if self._content:
            shown = json.dumps([_shown(answer) for answer in answers])
            call.span.set_attribute("gen_ai.output.messages", shown)
        self._record_tokens(call, answers)
        self._end(call)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        """End the span of a call with its error."""
        call = self._calls.pop(run_id, None)
        if call is None:
            return
        request = vars(error).get("request")  # httpx has a property that can raise.
        call.labels.update(_server_labels(str(getattr(request, "url", ""))))
        call.labels["error.type"] = _error_type(error)
        call.span.set_attributes(call.labels)
        status = getattr(error, "status", None)
        if isinstance(status, int):
            call.span.set_attribute("http.response.status_code", status)
        self._record_error(call.span, error)
        self._end(call)

    def _record_error(self, span: trace.Span, error: BaseException) -> None:
        failed = {"failed": getattr(error, "failed", ())}
        _add_events(span, failed, content=self._content)
        if self._content:
            span.record_exception(error)
        else:
            span.add_event("exception", {"exception.type": _class_name(error)})
        span.set_status(trace.StatusCode.ERROR, type(error).__name__)

    def _record_tokens(self, call: _Started, answers: Sequence[BaseMessage]) -> None:
        usage = _usage(answers)
        for kind in ("input", "output"):
            count = usage.get(f"{kind}_tokens")
            if count is not None:
                self._tokens.record(count, {**call.labels, "gen_ai.token.type": kind})

    def _end(self, call: _Started) -> None:
        self._duration.record(time.perf_counter() - call.seconds, call.labels)
        call.span.end()


def _provider_name(provider: object, platform: object = "") -> str:
    names = _facts()["providers"]
    found = names.get(f"{provider}@{platform}") or names.get(str(provider))
    return str(found or provider or "unknown")


def _request_attributes(
    params: Mapping[str, Any], metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings the caller asked for; the events tell what became of them."""
    found: dict[str, Any] = {}
    for parameter, attribute in _facts()["request"].items():
        value = params.get(parameter)
        if isinstance(value, str) and parameter == "stop":
            value = [value]
        if isinstance(value, (int, float, list, tuple)):
            found[attribute] = value
    conversation = metadata.get("thread_id") or metadata.get("session_id")
    if conversation:
        found["gen_ai.conversation.id"] = str(conversation)
    return found


def _answered_labels(
    record: Mapping[str, Any], answers: Sequence[BaseMessage]
) -> dict[str, Any]:
    """Return who answered, and where: a fallback or a prefix may have changed both."""
    labels: dict[str, Any] = {}
    provider, platform = record.get("provider"), record.get("platform") or ""
    if provider:
        labels["gen_ai.provider.name"] = _provider_name(provider, platform)
        address = record.get("server") or Server.at(str(provider), None).address
        labels |= _server_labels(address)
    if answers:
        metadata = answers[0].response_metadata
        used = metadata.get("model_name") or record.get("model")
        labels["gen_ai.response.model"] = str(used)
    return labels


def _server_labels(address: str) -> dict[str, Any]:
    parts = urlsplit(address)
    if not parts.hostname:
        return {}
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return {"server.address": parts.hostname, **({"server.port": port} if port else {})}


def _response_attributes(answers: Sequence[BaseMessage]) -> dict[str, Any]:
    usage = _usage(answers)
    came_in = usage.get("input_token_details") or {}
    went_out = usage.get("output_token_details") or {}
    metadata = [answer.response_metadata for answer in answers]
    found = {
        "gen_ai.response.id": metadata[0].get("id") if metadata else None,
        "gen_ai.response.finish_reasons": [
            reason for answer in answers if (reason := _finish_reason(answer))
        ],
        "gen_ai.usage.input_tokens": usage.get("input_tokens"),
        "gen_ai.usage.output_tokens": usage.get("output_tokens"),
        "gen_ai.usage.cache_read.input_tokens": came_in.get("cache_read"),
        "gen_ai.usage.cache_creation.input_tokens": came_in.get("cache_creation"),
        "gen_ai.usage.reasoning.output_tokens": went_out.get("reasoning"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _finish_reason(answer: BaseMessage) -> str:
    """Return why a response ended; Responses tells it by a status."""
    metadata = answer.response_metadata
    incomplete = metadata.get("incomplete_details") or {}
    found = metadata.get("finish_reason") or incomplete.get("reason")
    status = str(found or metadata.get("status") or "")
    if status == "completed" and getattr(answer, "tool_calls", None):
        return "tool_calls"
    return str(_facts()["finish_reasons"].get(status, status))


def _usage(answers: Sequence[BaseMessage]) -> Mapping[str, Any]:
    """Return the token counts of a call; each of its answers carries those of all."""
    first = answers[0] if answers else None
    return (isinstance(first, AIMessage) and first.usage_metadata) or {}


def _add_events(span: trace.Span, record: Mapping[str, Any], *, content: bool) -> None:
    """Tell each change and each failed attempt; error texts are content."""
    for change in record.get("changes") or ():
        told = ["parameter", "kind", "reason", "source"]
        shown = {f"{_SCOPE}.{name}": str(change.get(name) or "") for name in told}
        span.add_event(f"{_SCOPE}.change", shown)
    for attempt in (*record.get("retried", ()), *record.get("failed", ())):
        told = [name for name in attempt if content or name != "reason"]
        shown = {f"{_SCOPE}.{name}": str(attempt[name]) for name in told}
        span.add_event(f"{_SCOPE}.attempt", shown)


def _class_name(error: BaseException) -> str:
    """Name the class alone: a provider's text may repeat what it was asked."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _error_type(error: BaseException) -> str:
    """Return the status a provider answered with, else the class."""
    status = getattr(error, "status", None)
    return str(status) if isinstance(status, int) else type(error).__qualname__


def _input_attributes(messages: Sequence[BaseMessage]) -> dict[str, str]:
    system = [
        part for m in messages if isinstance(m, SystemMessage) for part in _parts(m)
    ]
    others = [_shown(m) for m in messages if not isinstance(m, SystemMessage)]
    found = {"gen_ai.input.messages": json.dumps(others)}
    if system:
        found["gen_ai.system_instructions"] = json.dumps(system)
    return found


def _shown(message: BaseMessage) -> dict[str, Any]:
    role = _ROLES.get(message.type, message.type)
    shown: dict[str, Any] = {"role": role, "parts": _parts(message)}
    reason = _finish_reason(message)
    return {**shown, "finish_reason": reason} if reason else shown


def _parts(message: BaseMessage) -> list[dict[str, Any]]:
    """Return a message in the conventions' parts; bytes of media are not repeated."""
    if message.type == "tool":
        identity = getattr(message, "tool_call_id", "")
        part = {"type": "tool_call_response", "id": identity}
        return [{**part, "response": message.text}]
    return [{"type": block["type"], **_said(block)} for block in message.content_blocks]


def _said(block: Mapping[str, Any]) -> dict[str, Any]:
    if block["type"] == "text":
        return {"content": block["text"]}
    if block["type"] == "reasoning":
        return {"content": block.get("reasoning", "")}
    if block["type"] == "tool_call":
        call = {name: block.get(name) for name in ("id", "name")}
        return {**call, "arguments": block["args"]}
    return {}
