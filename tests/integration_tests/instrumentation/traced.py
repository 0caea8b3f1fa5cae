"""Calls of a class under a tracing package; prints what each span says.

    python traced.py PACKAGE.MODULE:INSTRUMENTOR CLASS

It runs in a process of its own, since instrumenting is for the whole process.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from langchain_unified.testing import ProviderEmulator

MODELS = ("gpt-4o", "o3", "gpt-5.4")
FACTS = {
    "model": ("gen_ai.request.model", "llm.model_name"),
    "input": ("gen_ai.usage.input_tokens", "llm.token_count.prompt"),
    "output": ("gen_ai.usage.output_tokens", "llm.token_count.completion"),
}


def imported(name: str) -> Any:
    """Return what `module:attribute` names."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def facts_of(span: Any) -> dict[str, Any]:
    """Return the model and the tokens that a span tells, in any package's words."""
    told = span.attributes or {}
    return {
        fact: next((told[name] for name in names if name in told), None)
        for fact, names in FACTS.items()
    }


async def calls(llm: Any) -> None:
    """Ask in each of the four ways, and with another model than the constructor's."""
    for model in MODELS:
        llm.invoke("hi", model=model)
        await llm.ainvoke("hi", model=model)
        list(llm.stream("hi", model=model))
        [piece async for piece in llm.astream("hi", model=model)]


async def main() -> None:
    """Print the spans of chat completions and of Responses, in order."""
    instrumentor, cls = map(imported, sys.argv[1:3])
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor().instrument(tracer_provider=provider)
    found = []
    with ProviderEmulator() as emulator:
        for responses in (False, True):
            llm = cls(
                model="gpt-4.1",
                base_url=emulator.openai_base_url,
                api_key="k",
                use_responses_api=responses,
                stream_usage=True,
                max_retries=0,
            )
            await calls(llm)
            found += [facts_of(span) for span in exporter.get_finished_spans()]
            exporter.clear()
    print(json.dumps(found))  # noqa: T201 - read by the test


if __name__ == "__main__":
    asyncio.run(main())  # One loop: ChatOpenAI keeps its client for the next.
