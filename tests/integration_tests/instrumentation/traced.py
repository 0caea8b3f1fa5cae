"""Calls under a tracing package; prints what its spans say of ours and of theirs.

    python traced.py PACKAGE.MODULE:INSTRUMENTOR
    python traced.py langfuse
    python traced.py mlflow

It runs in a process of its own, since instrumenting is for the whole process.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator, Reply

NOWHERE = "http://127.0.0.1:9"
ROUTES = {
    "patched": ("gpt-4o", False),
    "direct": ("o3", False),
    "responses": ("gpt-5.4", True),
    "gemini": ("gemini-2.5-flash", None),
}
"""A model of each way that a call is sent, and whether Responses is chosen."""

FACTS = {
    "model": (
        "gen_ai.response.model",
        "llm.model_name",
        "langfuse.observation.model.name",
        "mlflow.llm.model",
        "gen_ai.request.model",
    ),
    "input": ("gen_ai.usage.input_tokens", "llm.token_count.prompt"),
    "output": ("gen_ai.usage.output_tokens", "llm.token_count.completion"),
}
COUNTS = ("langfuse.observation.usage_details", "mlflow.chat.tokenUsage")
"""Where token counts are one JSON object."""

UNSWITCHED = {"opentelemetry.instrumentation.langchain:LangchainInstrumentor"}
"""Packages that name the constructor's model, whatever the call asks for."""

REFUSAL = {"message": "no", "type": "forbidden", "code": 403}


def hook(tool: str, provider: TracerProvider) -> list[Any]:
    """Switch a tracing package on; return the callbacks to hand in."""
    if tool == "mlflow":
        os.environ["MLFLOW_USE_DEFAULT_TRACER_PROVIDER"] = "false"
        os.environ["MLFLOW_TRACKING_URI"] = NOWHERE
        trace.set_tracer_provider(provider)
        importlib.import_module("mlflow").langchain.autolog()
        return []
    if tool == "langfuse":
        keys = {"public_key": "pk-lf-1", "secret_key": "sk-lf-1", "base_url": NOWHERE}
        importlib.import_module("langfuse").Langfuse(tracer_provider=provider, **keys)
        handler = importlib.import_module("langfuse.langchain").CallbackHandler
        return [handler(public_key=keys["public_key"])]
    module, _, attribute = tool.partition(":")
    instrumentor = getattr(importlib.import_module(module), attribute)
    instrumentor().instrument(tracer_provider=provider)
    return []


def facts_of(span: Any) -> dict[str, Any]:
    """Return the model, the tokens and the end of a span, in any package's words."""
    told = dict(span.attributes or {})
    for name in COUNTS:
        counts = json.loads(told.get(name, "{}"))
        for kind in ("input", "output"):
            found = counts.get(kind, counts.get(f"{kind}_tokens"))
            if found is not None:
                told[f"gen_ai.usage.{kind}_tokens"] = found
    facts = {
        fact: next((told[name] for name in names if name in told), None)
        for fact, names in FACTS.items()
    }
    facts["model"] = str(facts["model"]).strip('"')  # MLflow's attributes are JSON.
    return {**facts, "failed": span.status.status_code is trace.StatusCode.ERROR}


def their_model(route: str, emulator: ProviderEmulator, **settings: Any) -> Any:
    """Return LangChain's own class for a route."""
    model, responses = ROUTES[route]
    if responses is None:
        base = emulator.google_base_url
        # One attempt: its retries are counted from one.
        settings |= {"max_retries": 1, "base_url": base, "api_key": "k"}
        return ChatGoogleGenerativeAI(model=model, **settings)
    settings |= {"base_url": emulator.openai_base_url, "stream_usage": True}
    settings |= {"use_responses_api": responses, "api_key": "k", "max_retries": 0}
    return ChatOpenAI(model=model, **settings)


def our_model(route: str, emulator: ProviderEmulator, **settings: Any) -> Any:
    """Return ours for a route, made for another model and switched to the route's."""
    model, responses = ROUTES[route]
    openai = {"base_url": emulator.openai_base_url, "api_key": "k"}
    google = {"base_url": emulator.google_base_url, "api_key": "k"}
    llm = UnifiedChatModel(
        model=model if sys.argv[1] in UNSWITCHED else "gpt-4.1",
        providers={"openai": openai, "google_genai": google},
        use_responses_api=responses,
        stream_usage=True,
        max_retries=0,
        **settings,
    )
    return llm.bind(model=model)


async def drained(pieces: Any) -> None:
    """Read a stream to its end."""
    async for _ in pieces:
        pass


def faces(llm: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield each way of calling a model."""
    yield "invoke", lambda: llm.invoke("hi")
    yield "ainvoke", lambda: llm.ainvoke("hi")
    yield "stream", lambda: list(llm.stream("hi"))
    yield "astream", lambda: drained(llm.astream("hi"))


async def ask(call: Callable[[], Any]) -> None:
    """Make a call, which may fail."""
    # Their errors and ours differ in class; the spans tell what failed.
    with contextlib.suppress(Exception):
        answer = call()
        if asyncio.iscoroutine(answer):
            await answer


async def main() -> None:
    """Print, by class, route, face and end, what the spans of each call say."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    callbacks = hook(sys.argv[1], provider)
    found: dict[str, dict[str, Any]] = {"theirs": {}, "ours": {}}
    with ProviderEmulator() as emulator:
        for who, make in (("theirs", their_model), ("ours", our_model)):
            for route in ROUTES:
                llm = make(route, emulator, callbacks=callbacks or None)
                for face, call in faces(llm):
                    for end in ("answered", "refused"):
                        if end == "refused":
                            emulator.script(Reply(403, body={"error": REFUSAL}))
                        await ask(call)
                        spans = [facts_of(s) for s in exporter.get_finished_spans()]
                        found[who][f"{route} {face} {end}"] = spans
                        exporter.clear()
    print(json.dumps(found), flush=True)  # noqa: T201 - read by the test
    os._exit(0)  # Without the minutes that MLflow then waits for its server.


if __name__ == "__main__":
    asyncio.run(main())  # One loop: ChatOpenAI keeps its client for the next.
