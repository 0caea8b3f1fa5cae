"""Every fault on every route and face: an answer, or a typed error in time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel, errors, reliability
from langchain_unified.testing import ProviderEmulator, Reply

TIMEOUT = 0.4
"""Seconds allowed for a call that can only end by its deadline."""

AMPLE = 30.0
"""Seconds allowed for a call that has to end by itself, also on a busy machine."""

SLACK = 2.0
"""Seconds allowed beyond the deadline, for busy machines."""

TEXT = "a text that is long enough to be sent in many pieces, one after the other " * 3

ROUTES: dict[str, dict[str, Any]] = {
    "patched": {"model": "gpt-4o"},
    "direct": {"model": "gpt-5-mini", "use_responses_api": False},
    "responses": {"model": "gpt-5.4", "use_responses_api": True},
    "gemini": {"model": "gemini-2.5-flash"},
}


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and what may come of it."""

    replies: tuple[Reply, ...] = ()
    answers: bool = True
    raises: tuple[type[Exception], ...] = ()
    base_url: str | None = None
    timeout: float = AMPLE
    after: int = 0
    """How many calls succeed before."""


def once(*args: Any, **options: Any) -> Fault:
    """Return a fault after which the next attempt succeeds."""
    return Fault((Reply(*args, **options),))


def always(*raises: type[Exception], **options: Any) -> Fault:
    """Return a fault that stays."""
    reply = Reply(times=0, **options)
    return Fault((reply,), answers=False, raises=raises)


def endless(**options: Any) -> Fault:
    """Return a fault that only the deadline ends."""
    late = errors.ProviderTimeoutError
    return replace(always(late, **options), timeout=TIMEOUT)


LOST = (errors.ProviderConnectionError, errors.ProviderTimeoutError)
BROKEN = (errors.MalformedResponseError, errors.ProviderConnectionError)
BODY = {"status": 200, "headers": {"content-type": "application/json"}}

FAULTS: dict[str, Fault] = {
    "429 with retry-after": once(429, {"error": {}}, headers={"retry-after": "0.05"}),
    "429": once(429, {"error": {"message": "slow down"}}),
    "429 for ever": always(errors.ProviderRateLimitError, status=429, body={}),
    "429 for an hour": always(
        errors.ProviderRateLimitError,
        status=429,
        body={"error": {"details": [{"retryDelay": "3600s"}]}},
        headers={"retry-after": "3600"},
    ),
    "500": once(500, {"error": {"message": "oh"}}),
    "500 for ever": always(errors.ProviderUnavailableError, status=500, body={}),
    "503": once(503, b"<html>"),
    "hang": endless(hang=True),
    "reset before headers": Fault(answers=False, raises=LOST, base_url="reset"),
    "reset after headers": once(cut_after=0),
    "reset in the body": Fault((Reply(cut_after=300),), raises=LOST),
    "reset for ever": always(*LOST, cut_after=0),
    "truncated stream": Fault((Reply(keep_chunks=1),), raises=BROKEN),
    "malformed json": Fault((Reply(raw=b'{"choices": [{', **BODY),), raises=BROKEN),
    "malformed json for ever": always(*BROKEN, raw=b'{"choices": [{', **BODY),
    "no json for ever": always(*BROKEN, raw=b"\x00\xff<html>", **BODY),
    "empty choices": always(
        *BROKEN, body={"choices": [], "output": None, "candidates": []}
    ),
    "wrong types": always(
        *BROKEN, body={"choices": {"a": 1}, "output": 3, "candidates": "x"}
    ),
    "wrong content type": always(
        *BROKEN,
        status=200,
        raw=b"<html>a login page</html>",
        headers={"content-type": "text/html"},
    ),
    "slow drip": endless(chunks=[b" "] * 400, chunk_delay=0.02),
    "tls": Fault(answers=False, raises=LOST, base_url="tls"),
    "tls hang": Fault(
        answers=False, raises=LOST, base_url="silent tls", timeout=TIMEOUT
    ),
    "dns": Fault(answers=False, raises=LOST, base_url="dns"),
    "redirect": always(
        errors.ProviderConnectionError,
        status=307,
        headers={"location": "http://localhost:1/v1"},
    ),
    "401 in the middle": replace(
        always(
            errors.ProviderAuthenticationError,
            status=401,
            body={"error": {"message": "no", "code": 401}},
        ),
        after=2,
    ),
}


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    before = reliability.configure(first_wait=0.02, longest_wait=0.05)
    reliability.reset_breakers()
    yield
    reliability.configure(before)
    reliability.reset_breakers()


@pytest.fixture(scope="module")
def emulator() -> Iterator[ProviderEmulator]:
    """Return one emulator for all cases, every route used once before the clock."""
    with ProviderEmulator(answer=lambda _: TEXT) as one:
        for route in ROUTES:
            _whole(_model(one.google_base_url, route))
            _awhole(_model(one.google_base_url, route))
        yield one


@pytest.fixture(scope="module")
def rude() -> Iterator[int]:
    """Return the port of a server that knows no HTTP and resets connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_reset_all, args=(server,), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def _reset_all(server: socket.socket) -> None:
    while True:
        try:
            peer, _ = server.accept()
        except OSError:
            return
        with contextlib.suppress(OSError), peer:
            if peer.recv(1024).startswith(b"\x16"):
                peer.sendall(b"this is no TLS\r\n")
                peer.recv(1024)
            linger = struct.pack("ii", 1, 0)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def _url(fault: Fault, emulator: ProviderEmulator, rude: int) -> str:
    urls = {
        "tls": f"https://127.0.0.1:{rude}",
        "silent tls": emulator.google_base_url.replace("http:", "https:"),
        "dns": "http://nowhere.invalid",
        "reset": f"http://127.0.0.1:{rude}",
    }
    return urls.get(fault.base_url or "", emulator.google_base_url)


def _whole(llm: UnifiedChatModel) -> str:
    return llm.invoke("hi").text


def _stream(llm: UnifiedChatModel) -> str:
    return "".join(chunk.text for chunk in llm.stream("hi"))


def _awhole(llm: UnifiedChatModel) -> str:
    async def call() -> str:
        return (await llm.ainvoke("hi")).text

    return asyncio.run(call())


def _astream(llm: UnifiedChatModel) -> str:
    async def call() -> str:
        return "".join([chunk.text async for chunk in llm.astream("hi")])

    return asyncio.run(call())


FACES: dict[str, Callable[[UnifiedChatModel], str]] = {
    "invoke": _whole,
    "stream": _stream,
    "ainvoke": _awhole,
    "astream": _astream,
}


def _model(url: str, route: str, **settings: Any) -> UnifiedChatModel:
    return UnifiedChatModel(
        **{"deadline": AMPLE, **ROUTES[route], **settings},
        providers={
            "openai": {"api_key": "sk-test", "base_url": f"{url}/v1"},
            "google_genai": {"api_key": "test", "base_url": url},
        },
    )


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault(
    fault: str, route: str, face: str, emulator: ProviderEmulator, rude: int
) -> None:
    """A fault ends in an answer or in an error of its kind, within the deadline."""
    what = FAULTS[fault]
    emulator.reset()
    llm = _model(_url(what, emulator, rude), route, deadline=what.timeout)
    assert [TEXT] * what.after == [FACES[face](llm) for _ in range(what.after)]
    emulator.script(*what.replies)
    started = time.monotonic()

    said, error = _outcome(FACES[face], llm)
    seconds = time.monotonic() - started

    assert seconds < what.timeout + SLACK
    if error is None:
        assert what.answers
        assert TEXT == said
        return
    assert isinstance(error, what.raises), repr(error)
    assert (llm.model_name, True) == (error.model, error.provider is not None)


def _outcome(
    face: Callable[[UnifiedChatModel], str], llm: UnifiedChatModel
) -> tuple[str, errors.ProviderError | None]:
    try:
        return face(llm), None
    except errors.ProviderError as error:
        return "", error


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("route", ROUTES)
def test_fallback(route: str, face: str, emulator: ProviderEmulator) -> None:
    """A model that stays away is replaced by the next, with its own parameters."""
    emulator.reset()
    name = ROUTES[route]["model"]
    away = Reply(503, {"error": {}}, times=0, when=lambda r: r.model == name)
    emulator.script(away)
    llm = _model(
        emulator.google_base_url,
        route,
        fallbacks=[{"model": "o4-mini", "reasoning_effort": "low"}],
        max_retries=1,
        temperature=0.5,
        use_responses_api=None,
    )

    assert TEXT == FACES[face](llm)
    assert [name, name, "o4-mini"] == [one.model for one in emulator.requests]
    assert "temperature" not in emulator.requests[-1].body
