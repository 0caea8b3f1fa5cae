"""Connections and generators end where their use ends, and end quietly."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator

ROUTES = {
    "patched": {"model": "gpt-4o"},
    "direct": {"model": "gpt-5-mini", "use_responses_api": False},
    "responses": {"model": "gpt-6-sol"},
    "gemini": {"model": "gemini-2.5-flash"},
}
MORE_THAN_KEPT = 40


@pytest.mark.parametrize("route", ROUTES)
def test_an_abandoned_stream_ends_quietly(
    route: str,
    model: Callable[..., UnifiedChatModel],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A stream left midway leaves no complaint when its event loop shuts down."""
    llm = model(**ROUTES[route])

    async def main() -> None:
        async for _ in llm.astream("tell me a long story"):
            break

    asyncio.run(main())

    assert [] == [one.getMessage() for one in caplog.records if one.name == "asyncio"]


@pytest.mark.parametrize("route", ["patched", "responses", "gemini"])
def test_connections_close_with_the_last_use(
    route: str, provider_emulator: ProviderEmulator
) -> None:
    """Settings used no longer give up their connections, without a word."""
    for number in range(MORE_THAN_KEPT):
        _called(provider_emulator, f"key-{number}", **ROUTES[route])
    gc.collect()

    assert _settled(lambda: provider_emulator.open_connections < MORE_THAN_KEPT)


def test_a_model_for_each_request_keeps_its_connection(
    provider_emulator: ProviderEmulator,
) -> None:
    """Models made one after the other with equal settings share one connection."""
    for _ in range(5):
        _called(provider_emulator, "the same", model="gpt-5-mini")
        gc.collect()

    assert 1 == provider_emulator.connections


def _called(emulator: ProviderEmulator, key: str, **settings: Any) -> None:
    llm = UnifiedChatModel(
        **settings,
        providers={
            "openai": {"api_key": key, "base_url": emulator.openai_base_url},
            "google_genai": {"api_key": key, "base_url": emulator.google_base_url},
        },
    )
    llm.invoke("hi")


def _settled(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()
