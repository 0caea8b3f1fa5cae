"""Many calls at once with faults: every one accounted for, nothing piles up."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel, errors, reliability
from langchain_unified.testing import ProviderEmulator, Reply

CONCURRENCY = 256
MODELS = ("gpt-4o", "gpt-5.4", "gpt-5-mini", "gemini-2.5-flash")
FAULTS = (
    Reply(429, {"error": {"message": "slow down"}}, headers={"retry-after": "0"}),
    Reply(500, {"error": {"message": "oh"}}),
    Reply(cut_after=0),
    Reply(cut_after=120),
)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    before = reliability.configure(first_wait=0.01, longest_wait=0.1)
    yield
    reliability.configure(before)
    reliability.reset_breakers()


@pytest.mark.parametrize("calls", [600, pytest.param(20_000, marks=pytest.mark.soak)])
def test_soak(calls: int, record_property: Any) -> None:
    """All calls end, descriptors and threads go back to where they were."""
    if calls > 2_000 and not os.environ.get("SOAK"):
        pytest.skip("set SOAK=1 for the long form")
    with ProviderEmulator(max_recorded=1) as emulator:
        llm = _model(emulator)
        asyncio.run(_burst(llm, 200))
        before = _held()
        emulator.fault_rate(0.05, *FAULTS, seed=9)
        ends = asyncio.run(_burst(llm, calls))
        after = _settled(before)

    record_property("ends", dict(ends))
    record_property("held", (before, after))
    assert calls == ends.total()
    assert set(ends) <= {"answer", "ProviderConnectionError", "MalformedResponseError"}
    assert ends["answer"] >= calls * 0.95
    assert after["descriptors"] <= before["descriptors"] + 4
    assert after["threads"] <= before["threads"] + 2
    assert after["megabytes"] <= before["megabytes"] + 60


def _model(emulator: ProviderEmulator) -> UnifiedChatModel:
    return UnifiedChatModel(
        model="gpt-4o",
        fallbacks=["gpt-4.1-mini"],
        timeout=120,
        providers={
            "openai": {"api_key": "sk-test", "base_url": emulator.openai_base_url},
            "google_genai": {"api_key": "test", "base_url": emulator.google_base_url},
        },
    )


async def _burst(llm: UnifiedChatModel, calls: int) -> Counter[str]:
    ends: Counter[str] = Counter()
    numbers = iter(range(calls))

    async def worker() -> None:
        for number in numbers:
            ends[await _call(llm, number)] += 1

    await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
    return ends


async def _call(llm: UnifiedChatModel, number: int) -> str:
    asked, model = f"call {number}", MODELS[number % len(MODELS)]
    try:
        if number % 2:
            said = (await llm.ainvoke(asked, model=model)).text
        else:
            chunks = [chunk.text async for chunk in llm.astream(asked, model=model)]
            said = "".join(chunks)
    except errors.ProviderError as error:
        return type(error).__name__
    return "answer" if said == asked else f"wrong: {said}"


def _settled(before: dict[str, int]) -> dict[str, int]:
    """Return what is held once the server had time to close its ends."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        held = _held()
        if held["descriptors"] <= before["descriptors"] + 4:
            break
        time.sleep(0.1)
    return held


def _held() -> dict[str, int]:
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    resident = next(x for x in status.splitlines() if x.startswith("VmRSS"))
    return {
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "megabytes": int(resident.split()[1]) // 1024,
    }
