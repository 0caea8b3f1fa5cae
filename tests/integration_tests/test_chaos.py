"""ChatOpenAI beside us on servers that misbehave alike: we lose no call it saves."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import pytest
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ModelRules, ProviderEmulator, Reply

CALLS = 16
SHARE, SLACK = 1.1, 1.5
"""We finish within this share of ChatOpenAI's time, and seconds for busy machines: the
random part of the waits alone is a quarter."""

When = Callable[[Any], bool]


def _always(_: Any) -> bool:
    return True


@dataclass
class Blip:
    """Bad for some seconds, counted from the first request."""

    seconds: float
    begun: float | None = None
    lock: Any = field(default_factory=threading.Lock)

    def __call__(self, _: Any) -> bool:
        with self.lock:
            now = time.monotonic()
            self.begun = now if self.begun is None else self.begun
            return now - self.begun < self.seconds


@dataclass
class First:
    """Bad for the first requests: faults that are not retried hit just as many."""

    left: int
    lock: Any = field(default_factory=threading.Lock)

    def __call__(self, _: Any) -> bool:
        with self.lock:
            self.left -= 1
            return self.left >= 0


@dataclass
class Bucket:
    """A rate limit: so many calls in each window of time, a refusal for the others."""

    calls: int
    window: float
    left: int = 0
    since: float = 0.0
    lock: Any = field(default_factory=threading.Lock)

    def __call__(self, _: Any) -> bool:
        with self.lock:
            now = time.monotonic()
            if now - self.since >= self.window:
                self.left, self.since = self.calls, now
            granted = self.left > 0
            self.left -= granted
            return not granted


@dataclass
class Dice:
    """Bad at random, the same for the nth attempt at the same prompt on any server."""

    share: float
    seen: Counter[str] = field(default_factory=Counter)
    lock: Any = field(default_factory=threading.Lock)

    def __call__(self, request: Any) -> bool:
        asked = str(request.body.get("messages") or request.body.get("input") or "")
        asked = "".join(c for c in asked + str(request.body) if c.isdigit())[:6]
        with self.lock:
            self.seen[asked] += 1
            turn = self.seen[asked]
        return random.Random(f"{asked}/{turn}").random() < self.share  # noqa: S311


def _in_an_hour() -> str:
    return formatdate(time.time() + 3600, usegmt=True)


def _soon() -> str:
    return formatdate(time.time() + 1.2, usegmt=True)


def _busy(status: int, when: When, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    error = {"message": "come back later", "code": status, "type": "server_error"}
    return Reply(status, {"error": error}, headers=named, when=when, times=0)


FAULTS: dict[str, Callable[[], Reply]] = {
    "blip of 503": lambda: _busy(503, Blip(0.3)),
    "blip of 500": lambda: _busy(500, Blip(0.3)),
    "blip of 429": lambda: _busy(429, Blip(0.3)),
    "blip of 408": lambda: _busy(408, Blip(0.3)),
    "blip of 409": lambda: _busy(409, Blip(0.3)),
    "blip of resets": lambda: Reply(cut_after=0, when=Blip(0.3), times=0),
    "bucket": lambda: _busy(429, Bucket(8, 0.3)),
    "bucket with retry-after": lambda: _busy(429, Bucket(9, 0.9), retry_after="1"),
    "bucket with retry-after-ms": lambda: _busy(
        429, Bucket(9, 0.4), retry_after_ms="450"
    ),
    "retry-after as a date": lambda: _busy(503, Blip(0.5), retry_after=_soon()),
    "retry-after of 0": lambda: _busy(503, Blip(0.3), retry_after="0"),
    "retry-after below 0": lambda: _busy(503, Blip(0.3), retry_after="-5"),
    "retry-after in words": lambda: _busy(503, Blip(0.3), retry_after="soon"),
    "retry-after of an hour": lambda: _busy(503, First(8), retry_after="3600"),
    "retry-after, a date in an hour": lambda: _busy(
        503, First(8), retry_after=_in_an_hour()
    ),
    "should-retry: false": lambda: _busy(503, First(8), x_should_retry="false"),
    "should-retry: true": lambda: _busy(400, Blip(0.3), x_should_retry="true"),
    "quota used up": lambda: _quota(First(8)),
    "5 % of 500": lambda: _busy(500, Dice(0.05)),
    "40 % of 503": lambda: _busy(503, Dice(0.4)),
    "20 % of resets": lambda: Reply(cut_after=0, when=Dice(0.2), times=0),
    "outage": lambda: _busy(503, Blip(5.0)),
    "drip": lambda: Reply(chunk_delay=0.02, delay=0.2, when=_always, times=0),
}


def _quota(when: When) -> Reply:
    said = "You exceeded your current quota."
    code = "insufficient_quota"
    return Reply.openai_error(429, said, code=code, kind=code, when=when, times=0)


ROUTES: dict[str, dict[str, Any]] = {
    "chat": {"model": "gpt-4o"},
    "responses": {"model": "gpt-5.4", "use_responses_api": True},
    "gemini": {"model": "google_genai:gemini-2.5-flash"},
}
FACES = ("invoke", "ainvoke", "stream", "astream")

SHORT = [
    ("blip of 503", "chat", "ainvoke"),
    ("blip of 503", "responses", "stream"),
    ("blip of 503", "gemini", "astream"),
    ("blip of resets", "chat", "astream"),
    ("blip of resets", "gemini", "invoke"),
    ("bucket with retry-after", "responses", "ainvoke"),
    ("bucket with retry-after", "gemini", "ainvoke"),
    ("bucket", "chat", "invoke"),
    ("retry-after of an hour", "chat", "ainvoke"),
    ("should-retry: true", "responses", "astream"),
    ("quota used up", "chat", "stream"),
    ("40 % of 503", "responses", "invoke"),
    ("20 % of resets", "chat", "ainvoke"),
    ("drip", "gemini", "stream"),
]
LONG = [(f, route, face) for f in FAULTS for route in ROUTES for face in FACES]


@pytest.mark.parametrize(("fault", "route", "face"), SHORT)
def test_no_call_is_lost_that_was_saved_before(
    fault: str, route: str, face: str
) -> None:
    """On the same misbehaving server we lose no more calls, and finish no later."""
    _compare(fault, route, face)


@pytest.mark.soak
@pytest.mark.parametrize(("fault", "route", "face"), LONG)
def test_no_call_is_lost_in_any_form(fault: str, route: str, face: str) -> None:
    """The same for every fault on every wire and face."""
    if not os.environ.get("SOAK"):
        pytest.skip("set SOAK=1 for the long form")
    _compare(fault, route, face)


@pytest.mark.parametrize("face", ["invoke", "astream"])
def test_a_server_that_hangs_once_loses_nothing(face: str) -> None:
    """`timeout` is for each attempt, as it was: a hanging one is tried again."""
    hang = Reply(hang=True, times=3)
    with _both(lambda: hang) as (theirs, ours):
        timed = {"timeout": 0.3}
        models = _theirs(theirs, "chat", **timed), _ours(ours, "chat", **timed)
        (lost, _), (mine, _) = _together(*models, face, calls=3)

    assert 0 == lost
    assert 0 == mine


def test_an_answer_slower_than_the_timeout_loses_nothing() -> None:
    """`timeout` bounds each wait for bytes, not the whole of an answer that drips."""
    slow = Reply(chunk_delay=0.15, when=_always, times=0)
    with _both(lambda: slow) as (theirs, ours):
        models = _theirs(theirs, "chat", timeout=0.6), _ours(ours, "chat", timeout=0.6)
        (lost, _), (mine, seconds) = _together(*models, "stream", calls=2)

    assert 0 == lost
    assert 0 == mine
    assert 0.6 < seconds


def test_calls_to_an_unknown_model_wait_for_nobody() -> None:
    """No call waits for another's answer to find out what a model takes."""
    slow = Reply(delay=2.5, when=_always, times=0)
    named: dict[str, Any] = {"model": "ours-1", "temperature": 0.1, "seed": 3}
    with _both(lambda: slow) as (theirs, ours):
        for server in (theirs, ours):
            server.add_rules(ModelRules(id=named["model"]))
        models = _theirs(theirs, "chat", **named), _ours(ours, "chat", **named)
        (lost, seconds), (mine, took) = _together(*models, "ainvoke", calls=8)

    assert (0, 0) == (lost, mine)
    assert took <= seconds * SHARE + SLACK


def _compare(fault: str, route: str, face: str) -> None:
    with _both(FAULTS[fault]) as (theirs, ours):
        models = _theirs(theirs, route), _ours(ours, route)
        (lost, seconds), (mine, took) = _together(*models, face)

    assert mine <= lost
    assert took <= seconds * SHARE + SLACK


@contextmanager
def _both(
    make: Callable[[], Reply],
) -> Iterator[tuple[ProviderEmulator, ProviderEmulator]]:
    """Run two servers that misbehave alike, each used once before it does."""
    with _emulator() as theirs, _emulator() as ours:
        for route in ROUTES:
            _ours(ours, route).invoke("warm")
        _theirs(theirs, "chat").invoke("warm")
        for server in (theirs, ours):
            server.reset()
            server.script(make())
        yield theirs, ours


def _emulator() -> ProviderEmulator:
    return ProviderEmulator(answer=lambda _: "a few words said slowly", max_recorded=1)


def _theirs(server: ProviderEmulator, route: str, **settings: Any) -> Any:
    """Return a ChatOpenAI; where the wire is not its own it is asked on its own."""
    named = ROUTES["chat"] if route == "gemini" else ROUTES[route]
    named = {**named, **settings}
    return ChatOpenAI(**named, api_key="sk-test", base_url=server.openai_base_url)


def _ours(server: ProviderEmulator, route: str, **settings: Any) -> UnifiedChatModel:
    return UnifiedChatModel(
        **{**ROUTES[route], **settings},
        providers={
            "openai": {"api_key": "sk-test", "base_url": server.openai_base_url},
            "google_genai": {"api_key": "test", "base_url": server.google_base_url},
        },
    )


def _together(
    theirs: Any, ours: Any, face: str, calls: int = CALLS
) -> list[tuple[int, float]]:
    """Run both at the same time, each on its own server."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda llm: _run(llm, face, calls), (theirs, ours)))


def _run(llm: Any, face: str, calls: int = CALLS) -> tuple[int, float]:
    """Make calls at once; return how many are lost, and how long it took."""
    started = time.monotonic()
    prompts = [f"call {100_000 + number}" for number in range(calls)]
    if face in {"invoke", "stream"}:
        with ThreadPoolExecutor(calls) as pool:
            ends = list(pool.map(lambda prompt: _lost(llm, face, prompt), prompts))
    else:
        ends = asyncio.run(_gather(llm, face, prompts))
    return sum(ends), time.monotonic() - started


def _lost(llm: Any, face: str, prompt: str) -> bool:
    try:
        if face == "invoke":
            return not llm.invoke(prompt).text
        return not "".join(chunk.text for chunk in llm.stream(prompt))
    except Exception:  # noqa: BLE001 - whatever it is, the call is lost
        return True


async def _gather(llm: Any, face: str, prompts: list[str]) -> list[bool]:
    return await asyncio.gather(*(_alost(llm, face, prompt) for prompt in prompts))


async def _alost(llm: Any, face: str, prompt: str) -> bool:
    try:
        if face == "ainvoke":
            return not (await llm.ainvoke(prompt)).text
        return not "".join([chunk.text async for chunk in llm.astream(prompt)])
    except Exception:  # noqa: BLE001 - whatever it is, the call is lost
        return True
