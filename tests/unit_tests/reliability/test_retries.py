"""Retries, deadlines, breakers, budgets, fallbacks and the end of things."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel, errors, reliability
from langchain_unified.errors import InvalidParameterError, UnknownParameterError
from langchain_unified.testing import ProviderEmulator, Reply

Make = Callable[..., UnifiedChatModel]
NAMES = ("gpt-4o", "gpt-5.4", "gpt-5-mini", "gemini-2.5-flash")
AWAY = Reply(503, {"error": {"message": "away"}}, times=0)


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    before = reliability.configure(first_wait=0.01, longest_wait=0.02)
    yield
    reliability.configure(before)
    reliability.reset_breakers()


@pytest.mark.parametrize(
    ("given", "requests"), [({}, 3), ({"max_retries": 0}, 1), ({"max_retries": 4}, 5)]
)
@pytest.mark.parametrize("name", NAMES)
def test_max_retries(
    name: str,
    given: dict[str, Any],
    requests: int,
    model: Make,
    provider_emulator: ProviderEmulator,
) -> None:
    """`max_retries` counts the attempts after the first, whoever is asked."""
    provider_emulator.script(AWAY)

    with pytest.raises(errors.ProviderUnavailableError):
        model(name, **given).invoke("hi")

    assert requests == len(provider_emulator.requests)


@pytest.mark.parametrize("name", NAMES)
def test_retry_after(
    name: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A provider that names a time is asked again after it."""
    delay = {"error": {"code": 429, "details": [{"retryDelay": "0.3s"}]}}
    provider_emulator.script(Reply(429, delay, headers={"retry-after": "0.3"}))
    llm = model(name)
    started = time.monotonic()

    llm.invoke("hi")

    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("name", NAMES)
def test_retry_after_as_header_and_date(
    name: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A date in the header is read as the seconds until then, whoever sends it."""
    then = formatdate(time.time() + 3600, usegmt=True)
    provider_emulator.script(Reply(429, {"error": {}}, headers={"retry-after": then}))

    with pytest.raises(errors.ProviderRateLimitError) as caught:
        model(name).invoke("hi")

    assert 3500 < (caught.value.retry_after or 0) <= 3600
    assert 1 == len(provider_emulator.requests)


def test_no_retry_after_a_token(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A stream that breaks after its first token raises; nothing is sent again."""
    said = "word " * 200
    provider_emulator.answer = lambda _: said
    provider_emulator.script(Reply(keep_chunks=9, times=0))
    llm = model("gpt-4o", fallbacks=["gpt-4.1-mini"])
    seen = []

    with pytest.raises(errors.ProviderConnectionError):
        seen.extend(llm.stream("hi"))

    assert 1 == len(provider_emulator.requests)


def test_stream_without_done(model: Make, provider_emulator: ProviderEmulator) -> None:
    """A server that never sends [DONE] is complete once it named the end."""
    first = {"choices": [{"index": 0, "delta": {"content": "hi"}}]}
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    provider_emulator.script(Reply.sse(first, last))

    assert "hi" == "".join(c.text for c in model("gpt-4o").stream("hi"))


@pytest.mark.parametrize(
    ("name", "raw", "word"),
    [("gpt-4o", "stop", "stop"), ("gpt-4o", "eos", "unknown")],
)
def test_finish_reason(
    name: str, raw: str, word: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """An end without a word for it is unknown, and the raw one is kept."""
    said = {"role": "assistant", "content": "x"}
    choice = {"index": 0, "message": said, "finish_reason": raw}
    body = {"id": "x", "model": name, "choices": [choice], "usage": None}
    provider_emulator.script(Reply(200, body))

    metadata = model(name).invoke("hi").response_metadata

    assert word == metadata["finish_reason"]
    assert (raw if raw != word else None) == metadata.get("raw_finish_reason")


def test_gemini_speaks_the_same(model: Make) -> None:
    """Gemini's ends have OpenAI's words."""
    metadata = model("gemini-2.5-flash").invoke("hi").response_metadata

    assert ("stop", "STOP") == (
        metadata["finish_reason"],
        metadata["raw_finish_reason"],
    )


def test_fix(model: Make, provider_emulator: ProviderEmulator) -> None:
    """An error about a parameter says what to change, and no fallback is tried."""
    said = "Unsupported parameter: 'top_p' is not supported with this model."
    refusal = Reply.openai_error(400, said, param="top_p", times=0)
    provider_emulator.script(refusal)

    with pytest.raises(errors.ProviderInvalidRequestError) as caught:
        model("gpt-4o", top_p=0.5, fallbacks=["gpt-4.1-mini"]).invoke("hi")

    assert [("never", "top_p")] == [(c.do, c.parameter) for c in caught.value.fix]
    assert {"gpt-4o"} == {one.model for one in provider_emulator.requests}


def test_circuit(model: Make, provider_emulator: ProviderEmulator) -> None:
    """A model that keeps failing is cut off, seen to be, probed and let in again."""
    provider_emulator.script(Reply(503, {}, times=4))
    llm = model(
        "gpt-4o", max_retries=0, circuit_breaker={"failures": 4, "cooldown": 0.2}
    )
    for _ in range(4):
        with pytest.raises(errors.ProviderUnavailableError):
            llm.invoke("hi")

    with pytest.raises(errors.CircuitOpenError):
        llm.invoke("hi")

    assert ["gpt-4o"] == [breaker.model for breaker in reliability.breakers()]
    assert 4 == len(provider_emulator.requests)
    assert "hi" == model("gpt-4.1-mini").invoke("hi").text
    time.sleep(0.25)
    assert "hi" == llm.invoke("hi").text
    assert [] == reliability.breakers()


def test_a_refused_key_cuts_off_nobody(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A refused key is the matter of who has it, with a breaker and without."""
    provider_emulator.script(Reply(401, {"error": {}}, times=10))
    llm = model("gpt-4o", circuit_breaker={"failures": 2})
    for _ in range(5):
        for one in (llm, model("gpt-4o")):
            with pytest.raises(errors.ProviderAuthenticationError):
                one.invoke("hi")

    assert "hi" == llm.invoke("hi").text
    assert [] == reliability.breakers()


def test_no_breaker_by_default(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """However often a model failed, the next call is sent."""
    provider_emulator.script(Reply(503, {}, times=30))
    llm = model("gpt-4o", max_retries=0)
    for _ in range(30):
        with pytest.raises(errors.ProviderUnavailableError):
            llm.invoke("hi")

    assert "hi" == llm.invoke("hi").text


def test_calls_wait_for_an_open_breaker(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """While a breaker is open calls wait, and are answered once the model is back."""
    provider_emulator.script(Reply(503, {}, times=4))
    settings = {"circuit_breaker": {"failures": 2, "cooldown": 0.3}}
    for _ in range(2):
        with pytest.raises(errors.ProviderUnavailableError):
            model("gpt-4o", max_retries=1, **settings).invoke("hi")
    started = time.monotonic()

    with ThreadPoolExecutor(8) as pool:
        said = list(
            pool.map(lambda _: model("gpt-4o", **settings).invoke("hi"), "x" * 8)
        )

    assert ["hi"] * 8 == [message.text for message in said]
    assert 0.2 < time.monotonic() - started


def test_a_call_counts_once_and_a_rate_limit_not(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A breaker counts calls whose retries are used up, not attempts, and no 429."""
    settings = {"circuit_breaker": {"failures": 2, "cooldown": 60}}
    provider_emulator.script(Reply(429, {}, times=9), Reply(503, {}, times=3))
    for _ in range(4):
        with pytest.raises(errors.ProviderError):
            model("gpt-4o", **settings).invoke("hi")

    assert [] == reliability.breakers()
    assert "hi" == model("gpt-4o", **settings).invoke("hi").text


def test_an_open_breaker_turns_to_the_fallback(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Where another model can be tried nobody waits."""
    away = Reply(503, {}, times=0, when=lambda r: r.model == "gpt-4o")
    provider_emulator.script(away)
    llm = model(
        "gpt-4o",
        max_retries=0,
        circuit_breaker={"failures": 1, "cooldown": 60},
        fallbacks=["gpt-4.1-mini"],
    )
    answers = [llm.invoke("hi") for _ in range(3)]

    assert ["hi"] * 3 == [answer.text for answer in answers]
    asked = [one.model for one in provider_emulator.requests]
    assert 1 == asked.count("gpt-4o")


def test_fifteen_retries_make_sixteen_attempts(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Nothing ends the retries of a call before `max_retries` does."""
    provider_emulator.script(AWAY)
    with pytest.raises(errors.ProviderUnavailableError):
        model("gpt-4o", max_retries=15).invoke("hi")

    assert 16 == len(provider_emulator.requests)


@pytest.mark.parametrize("face", ["threads", "tasks"])
def test_max_concurrency(
    face: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """No more requests are under way than the budget allows."""
    provider_emulator.latency = 0.05
    llm = model("gpt-4o", max_concurrency=2)
    started = time.monotonic()

    if face == "threads":
        threads = [threading.Thread(target=llm.invoke, args=("hi",)) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    else:
        asyncio.run(_gather(llm, 8))

    assert time.monotonic() - started >= 4 * 0.05
    assert 8 == len(provider_emulator.requests)


async def _gather(llm: UnifiedChatModel, calls: int) -> None:
    await asyncio.gather(*(llm.ainvoke("hi") for _ in range(calls)))


async def test_cancelled_calls_give_their_place_back(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A cancelled call, waiting or under way, frees the budget for the next."""
    provider_emulator.script(Reply(hang=True, times=2))
    llm = model("gpt-4o", max_concurrency=1)
    tasks = [asyncio.create_task(llm.ainvoke("hi")) for _ in range(3)]
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    provider_emulator.reset()

    assert "hi" == (await asyncio.wait_for(llm.ainvoke("hi"), 10)).text


@pytest.mark.parametrize("name", NAMES)
def test_abandoned_streams(
    name: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A stream left midway, in any loop, keeps no connection."""
    provider_emulator.answer = lambda _: "word " * 50
    llm = model(name)

    async def leave() -> None:
        stream = llm.astream("hi")
        await anext(stream)
        await stream.aclose()

    for _ in range(3):
        asyncio.run(leave())
        stream = llm.stream("hi")
        next(stream)
        stream.close()
    llm.close()
    gc.collect()
    until = time.monotonic() + 5
    while provider_emulator.open_connections and time.monotonic() < until:
        time.sleep(0.02)

    assert 0 == provider_emulator.open_connections
    assert llm.invoke("hi").text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_fork(name: str, model: Make, provider_emulator: ProviderEmulator) -> None:
    """A forked child opens connections of its own; the parent's go on."""
    llm = model(name)
    llm.invoke("hi")
    before = provider_emulator.connections
    child = os.fork()
    if not child:
        os._exit(0 if llm.invoke("hi").text == "hi" else 1)
    _, status = os.waitpid(child, 0)

    assert 0 == status
    assert "hi" == llm.invoke("hi").text
    assert before + 1 == provider_emulator.connections


@pytest.mark.parametrize("name", NAMES)
def test_large_bodies(
    name: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """An answer beyond the limit is refused without reading on, and not tried again."""
    reliability.configure(body_bytes=100_000, stream_bytes=100_000)
    provider_emulator.script(Reply(200, raw=b'{"a": "' + b"x" * 20_000_000, times=0))

    with pytest.raises(errors.MalformedResponseError, match="exceeds the limit"):
        model(name).invoke("hi")

    assert 1 == len(provider_emulator.requests)


@pytest.mark.parametrize("name", NAMES)
def test_errors_travel(
    name: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """An error can be pickled and says what it was about."""
    provider_emulator.script(AWAY)
    with pytest.raises(errors.ProviderUnavailableError) as caught:
        model(name, max_retries=0).invoke("hi")

    error = pickle.loads(pickle.dumps(caught.value))

    assert (name, 503, True) == (error.model, error.status, error.is_retryable)
    assert error.__class__.__name__ == "ProviderUnavailableError"


@pytest.mark.parametrize(
    "settings",
    [
        {"fallbacks": [{"temperature": 1}]},
        {"max_concurrency": 0},
        {"circuit_breaker": {"nonsense": 1}},
    ],
)
def test_bad_settings(settings: dict[str, Any], model: Make) -> None:
    """A setting that makes no sense is refused before any call."""
    with pytest.raises(InvalidParameterError):
        model("gpt-4o", **settings)


def test_bad_limits() -> None:
    """A limit that does not exist, or is none, is refused."""
    with pytest.raises(UnknownParameterError):
        reliability.configure(nonsense=1)
    with pytest.raises(InvalidParameterError):
        reliability.configure(body_bytes=-1)
