"""Spans and metrics by OpenTelemetry's GenAI conventions, read by its exporters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import ProviderError
from langchain_unified.otel import OpenTelemetryCallback
from langchain_unified.testing import ProviderEmulator, Reply

MODELS = {
    "gpt-4o": ("openai", "gpt-4o-2024-08-06"),
    "gpt-6-sol": ("openai", "gpt-6-sol"),
    "gpt-5-pro": ("openai", "gpt-5-pro-2025-10-06"),
    "gemini-3.1-pro-preview": ("gcp.gemini", "gemini-3.1-pro-preview"),
}

pytestmark = pytest.mark.filterwarnings("ignore:.*be shut down:UserWarning")


class Traced(NamedTuple):
    emulator: ProviderEmulator
    spans: InMemorySpanExporter
    metrics: InMemoryMetricReader
    provider: TracerProvider
    build: Callable[..., UnifiedChatModel]

    def span(self) -> ReadableSpan:
        """Return the only span."""
        (found,) = self.spans.get_finished_spans()
        return found

    def points(self, name: str) -> list[Any]:
        data = self.metrics.get_metrics_data()
        assert data is not None
        return [
            point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


@pytest.fixture
def traced(provider_emulator: ProviderEmulator) -> Iterator[Traced]:
    spans, metrics = InMemorySpanExporter(), InMemoryMetricReader()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    meters = MeterProvider([metrics])

    def build(*, content: bool = False, **settings: Any) -> UnifiedChatModel:
        callback = OpenTelemetryCallback(
            content=content, tracer_provider=tracers, meter_provider=meters
        )
        urls = {
            "openai": provider_emulator.openai_base_url,
            "google_genai": provider_emulator.google_base_url,
        }
        providers = {
            name: {"api_key": "key", "base_url": url} for name, url in urls.items()
        }
        return UnifiedChatModel(
            model="gpt-4o",
            providers=providers,
            callbacks=[callback],
            **{"max_retries": 0, **settings},
        )

    yield Traced(provider_emulator, spans, metrics, tracers, build)
    tracers.shutdown()
    meters.shutdown()


async def _astream(llm: UnifiedChatModel, model: str) -> None:
    async for _ in llm.astream("hi", model=model):
        pass


FACES: dict[str, Callable[[UnifiedChatModel, str], object]] = {
    "invoke": lambda llm, model: llm.invoke("hi", model=model),
    "stream": lambda llm, model: list(llm.stream("hi", model=model)),
    "ainvoke": lambda llm, model: asyncio.run(llm.ainvoke("hi", model=model)),
    "astream": lambda llm, model: asyncio.run(_astream(llm, model)),
}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("model", MODELS)
def test_one_span_says_who_was_asked_and_who_answered(
    traced: Traced, model: str, face: str
) -> None:
    """Each call is one client span with both models, tokens and the finish reason."""
    FACES[face](traced.build(), model)
    span = traced.span()
    told = dict(span.attributes or {})
    provider, used = MODELS[model]

    assert f"chat {model}" == span.name
    assert trace.SpanKind.CLIENT == span.kind
    assert "chat" == told["gen_ai.operation.name"]
    assert provider == told["gen_ai.provider.name"]
    assert model == told["gen_ai.request.model"]
    assert used == told["gen_ai.response.model"]
    assert "127.0.0.1" == told["server.address"]
    assert 0 < told["gen_ai.usage.input_tokens"]
    assert 0 < told["gen_ai.usage.output_tokens"]
    assert told["gen_ai.response.finish_reasons"]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("model", MODELS)
def test_an_error_ends_its_span(traced: Traced, model: str, face: str) -> None:
    """A refused call is a span with the error's type and the status ERROR."""
    traced.emulator.script(Reply(401, {"error": {"message": "Wrong key."}}))
    with pytest.raises(ProviderError):
        FACES[face](traced.build(), model)
    span = traced.span()

    assert trace.StatusCode.ERROR == span.status.status_code
    assert "401" == (span.attributes or {})["error.type"]


def test_an_error_names_the_server_that_gave_it(traced: Traced) -> None:
    """The address of the server is on the span of an error, without its path or key."""
    traced.emulator.script(Reply(401, {"error": {"message": "Wrong key."}}))
    with pytest.raises(ProviderError):
        traced.build().invoke("hi", model="gpt-4o")
    told = dict(traced.span().attributes or {})
    port = int(traced.emulator.openai_base_url.split(":")[2].split("/")[0])

    assert ("127.0.0.1", port) == (told["server.address"], told["server.port"])


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("settings", "expected"), [({}, "stop"), ({"max_tokens": 16}, "length")]
)
def test_finish_reasons_on_responses(
    traced: Traced, face: str, settings: dict[str, Any], expected: str
) -> None:
    """A status of the Responses API is told as a finish reason."""
    traced.emulator.answer = lambda _: "word " * 40
    llm = traced.build(use_responses_api=True, **settings)
    FACES[face](llm, "gpt-4o")

    assert (expected,) == (traced.span().attributes or {})[
        "gen_ai.response.finish_reasons"
    ]


@pytest.mark.parametrize("fallbacks", [[], ["gpt-6-sol"]])
def test_an_error_that_repeats_the_prompt_is_content(
    traced: Traced, fallbacks: list[str]
) -> None:
    """The text of an error is on the span with `content=True`, else its class alone."""
    refusal = Reply(500, {"error": {"message": "Cannot read: the secret word"}})
    told = {}
    for content in (False, True):
        traced.spans.clear()
        traced.emulator.script(refusal, refusal)
        with pytest.raises(ProviderError):
            traced.build(content=content, fallbacks=fallbacks).invoke("the secret word")
        told[content] = traced.span()
    events = {event.name: dict(event.attributes or {}) for event in told[False].events}

    assert "secret" not in told[False].to_json()
    assert str(events["exception"]["exception.type"]).endswith("Error")
    assert "secret" in told[True].to_json()


def test_settings_and_changes_are_told(traced: Traced) -> None:
    """Settings asked for are attributes; what became of them are events."""
    traced.build(temperature=0.5, stop="x").invoke("hi", model="gpt-6-sol")
    span = traced.span()
    told = dict(span.attributes or {})
    events = [dict(event.attributes or {}) for event in span.events]
    kinds = {
        e["langchain_unified.parameter"]: e["langchain_unified.kind"] for e in events
    }

    assert 0.5 == told["gen_ai.request.temperature"]
    assert ("x",) == told["gen_ai.request.stop_sequences"]
    assert {"temperature": "dropped", "stop": "emulated"} == kinds


@pytest.mark.parametrize("face", FACES)
def test_a_retry_is_told(face: str, traced: Traced) -> None:
    """A call that succeeds at the second attempt has the first as an event."""
    traced.emulator.script(Reply(500))
    FACES[face](traced.build(max_retries=1), "gpt-4o")
    span = traced.span()
    (attempt,) = (event for event in span.events if event.name.endswith(".attempt"))

    assert span.status.status_code is not trace.StatusCode.ERROR
    assert ("gpt-4o", "500", "1") == tuple(
        (attempt.attributes or {})[f"langchain_unified.{name}"]
        for name in ("model", "status", "retries")
    )


def test_a_fallback_is_told(traced: Traced) -> None:
    """The model that was given up is an event, the one that answered an attribute."""
    traced.emulator.script(Reply(500))
    traced.build(fallbacks=["gpt-6-sol"]).invoke("hi")
    span = traced.span()

    assert "gpt-6-sol" == (span.attributes or {})["gen_ai.response.model"]
    assert "langchain_unified.attempt" in {event.name for event in span.events}


def test_content_is_told_only_where_asked_for(traced: Traced) -> None:
    """Messages are on the span with `content=True`, and nowhere without it."""
    secret = "the secret word"
    traced.build().invoke([("system", secret), ("user", secret)])
    assert secret not in traced.span().to_json()

    traced.spans.clear()
    traced.build(content=True).invoke([("system", "Be brief."), ("user", "Hello.")])
    told = dict(traced.span().attributes or {})
    asked = json.loads(str(told["gen_ai.input.messages"]))
    (answered,) = json.loads(str(told["gen_ai.output.messages"]))

    assert [{"role": "user", "parts": [{"type": "text", "content": "Hello."}]}] == asked
    assert "assistant" == answered["role"]
    assert "Be brief." in str(told["gen_ai.system_instructions"])


def test_a_call_is_a_child_of_the_span_around_it(traced: Traced) -> None:
    """The span hangs below the caller's, also in asynchronous code."""
    tracer = traced.provider.get_tracer("application")
    llm = traced.build()
    with tracer.start_as_current_span("request"):
        llm.invoke("hi")
        asyncio.run(llm.ainvoke("hi"))
    first, second, request = traced.spans.get_finished_spans()

    assert request.context is not None
    for span in (first, second):
        assert span.parent is not None
        assert request.context.span_id == span.parent.span_id


def test_metrics_tell_duration_and_tokens(traced: Traced) -> None:
    """Durations are in seconds, tokens by kind, told by provider and model."""
    traced.build().invoke("hi", model="gpt-6-sol")
    (duration,) = traced.points("gen_ai.client.operation.duration")
    tokens = traced.points("gen_ai.client.token.usage")
    kinds = {point.attributes["gen_ai.token.type"] for point in tokens}

    assert 1 == duration.count
    assert "gpt-6-sol" == duration.attributes["gen_ai.request.model"]
    assert "openai" == duration.attributes["gen_ai.provider.name"]
    assert {"input", "output"} == kinds
