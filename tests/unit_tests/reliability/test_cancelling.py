"""A cancelled call ends at once, in whatever phase it is, and leaves nothing open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel, reliability
from langchain_unified.testing import ProviderEmulator, Reply

ROUTES = {
    "patched": {"model": "gpt-4o"},
    "direct": {"model": "gpt-5-mini", "use_responses_api": False},
    "responses": {"model": "gpt-6-sol"},
    "gemini": {"model": "gemini-2.5-flash"},
}
PHASES = {
    "waiting for the headers": Reply(hang=True),
    "reading the body": Reply(chunks=[b" "] * 600, chunk_delay=0.05),
    "waiting for another attempt": Reply(
        429, {"error": {}}, headers={"retry-after": "30"}, times=0
    ),
}
SOON = 5.0
"""Seconds in which a cancelled call has to end, also on a busy machine."""


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    reliability.reset_breakers()
    yield
    reliability.reset_breakers()


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)


def _others() -> set[Any]:
    """Return the tasks beside the test's own."""
    return asyncio.all_tasks() - {asyncio.current_task()}


async def _cancelled(call: Any, begun: Callable[[], bool]) -> float:
    """Cancel a call once it has begun; return the seconds it took to end."""
    task = asyncio.ensure_future(call)
    await _until(begun)
    await asyncio.sleep(0.1)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.monotonic() - started


async def _drained(llm: UnifiedChatModel) -> None:
    async for _ in llm.astream("hi"):
        pass


@pytest.mark.parametrize("face", ["ainvoke", "astream"])
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("route", ROUTES)
async def test_in_every_phase(
    route: str,
    phase: str,
    face: str,
    model: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
) -> None:
    """Whatever the call waits for, it ends soon, and the next call succeeds."""
    provider_emulator.script(PHASES[phase])
    llm = model(**ROUTES[route], timeout=60)
    call = llm.ainvoke("hi") if face == "ainvoke" else _drained(llm)

    took = await _cancelled(call, lambda: bool(provider_emulator.requests))
    provider_emulator.reset()

    assert took < SOON
    assert set() == _others()
    assert "hi" == (await llm.ainvoke("hi")).text


async def test_while_waiting_for_a_place(
    model: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """A call that waits for its turn gives it up; the one under way goes on."""
    provider_emulator.latency = 0.5
    llm = model("gpt-6-sol", max_concurrency=1, timeout=60)
    first = asyncio.ensure_future(llm.ainvoke("first"))
    await _until(lambda: bool(provider_emulator.open_connections))

    took = await _cancelled(llm.ainvoke("second"), lambda: True)
    answers = [(await first).text, (await llm.ainvoke("third")).text]

    assert took < SOON
    assert ["first", "third"] == answers
    assert 2 == len(provider_emulator.requests)
