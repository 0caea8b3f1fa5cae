"""Servers that mean harm: memory stays bounded, and the error says what was wrong."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel, errors, reliability
from langchain_unified.testing import ProviderEmulator, Reply

MIB = 1024 * 1024
JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream"}
Make = Callable[..., UnifiedChatModel]

ROUTES: dict[str, dict[str, Any]] = {
    "patched": {"model": "gpt-4o"},
    "direct": {"model": "gpt-5-mini", "use_responses_api": False},
    "responses": {"model": "gpt-5.4"},
    "gemini": {"model": "gemini-2.5-flash"},
    "anthropic": {"model": "claude-haiku-4-5", "enable": ["anthropic"]},
}


@cache
def _bomb() -> bytes:
    """Return a small body that expands a thousandfold."""
    return gzip.compress(b'{"a":"' + b"x" * (200 * MIB) + b'"}', 6)


def _whole(llm: UnifiedChatModel) -> Any:
    return llm.invoke("hi")


def _stream(llm: UnifiedChatModel) -> Any:
    return list(llm.stream("hi"))


def _awhole(llm: UnifiedChatModel) -> Any:
    return asyncio.run(llm.ainvoke("hi"))


def _astream(llm: UnifiedChatModel) -> Any:
    async def call() -> Any:
        return [chunk async for chunk in llm.astream("hi")]

    return asyncio.run(call())


FACES = {"invoke": _whole, "stream": _stream, "ainvoke": _awhole, "astream": _astream}


@pytest.fixture(autouse=True)
def _usual_limits() -> Iterator[None]:
    reliability.configure(first_wait=0.02, longest_wait=0.05)
    yield
    reliability.configure(reliability.Limits())
    reliability.reset_breakers()


def _llm(model: Make, route: str, **settings: Any) -> UnifiedChatModel:
    return model(**{"max_retries": 2, "timeout": 20, **ROUTES[route], **settings})


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("route", ROUTES)
def test_compressed_bombs(
    route: str, face: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A body that expands a thousandfold is given up before it fills the memory."""
    packed = {**JSON, "content-encoding": "gzip"}
    FACES[face](_llm(model, route))
    provider_emulator.reset()
    provider_emulator.script(Reply(200, raw=_bomb(), headers=packed, times=0))
    reliability.configure(body_bytes=MIB, stream_bytes=MIB)
    llm = _llm(model, route)

    tracemalloc.start()
    with pytest.raises(errors.MalformedResponseError, match="exceeds the limit"):
        FACES[face](llm)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 60 * MIB
    assert 1 == len(provider_emulator.requests)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("route", ROUTES)
def test_bombs_in_bombs(
    route: str, face: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A body packed twice is unpacked twice, a piece at a time, and given up too."""
    packed = {**JSON, "content-encoding": "gzip, gzip"}
    body = gzip.compress(_bomb())
    provider_emulator.script(Reply(200, raw=body, headers=packed, times=0))
    reliability.configure(body_bytes=MIB, stream_bytes=MIB)

    with pytest.raises(errors.MalformedResponseError, match="exceeds the limit"):
        FACES[face](_llm(model, route))


@pytest.mark.parametrize("encoding", ["zstd", "br", "rot13", "identity, none"])
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("route", ROUTES)
def test_encodings(
    route: str,
    face: str,
    encoding: str,
    model: Make,
    provider_emulator: ProviderEmulator,
) -> None:
    """An encoding that was not asked for is a mistake of the server, as for httpx."""
    provider_emulator.script(Reply(headers={"content-encoding": encoding}, times=0))

    assert FACES[face](_llm(model, route))


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "wrong",
    [
        {"headers": {"content-encoding": "gzip"}, "raw": b"no gzip"},
        {"headers": {"content-encoding": "zstd"}, "raw": b"{}"},
        {"cut_after": 1},
    ],
    ids=["not packed", "packed unasked", "cut off"],
)
def test_errors_with_a_wrong_body(
    wrong: dict[str, Any],
    route: str,
    face: str,
    model: Make,
    provider_emulator: ProviderEmulator,
) -> None:
    """Nothing that is wrong with the body of a 503 keeps the call from its retry."""
    provider_emulator.script(Reply(503, times=1, **wrong))

    assert FACES[face](_llm(model, route))
    assert 2 == len(provider_emulator.requests)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("route", ROUTES)
def test_large_errors(
    route: str, face: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """An error of many megabytes keeps its status and says a few thousand letters."""
    body = json.dumps({"error": {"message": "y" * (8 * MIB)}}).encode()
    provider_emulator.script(Reply(500, raw=body, headers=JSON, times=0))

    with pytest.raises(errors.ProviderUnavailableError) as caught:
        FACES[face](_llm(model, route, max_retries=0))

    assert 500 == caught.value.status
    assert len(str(caught.value)) < 5_000


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("route", ["patched", "direct", "responses"])
def test_endless_pings(
    route: str, face: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A stream that only keeps the line open ends with the call's time."""
    pings = Reply(chunks=[b": ping\n\n"] * 4_000, chunk_delay=0.002, headers=SSE)
    provider_emulator.script(pings)
    started = time.monotonic()

    with pytest.raises(errors.ProviderTimeoutError):
        FACES[face](_llm(model, route, deadline=0.5, max_retries=0))

    assert time.monotonic() - started < 3


@pytest.mark.parametrize("face", ["stream", "astream"])
@pytest.mark.parametrize("route", ["patched", "direct", "responses", "gemini"])
def test_endless_answers(
    route: str, face: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A stream that never ends is given up at the limit."""
    provider_emulator.answer = lambda _: "word " * 10_000
    reliability.configure(stream_bytes=50_000)

    with pytest.raises(errors.MalformedResponseError, match="exceeds the limit"):
        FACES[face](_llm(model, route))


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _laughs(depth: int = 28) -> dict[str, Any]:
    """Return a schema of two to the power of `depth` fields, if it were expanded."""
    defs: dict[str, Any] = {f"d{depth}": {"type": "string"}}
    for level in range(depth):
        inner = {"$ref": f"#/$defs/d{level + 1}"}
        defs[f"d{level}"] = _object(left=inner, right=inner)
    return {"title": "L", **_object(a={"$ref": "#/$defs/d0"}), "$defs": defs}


def _circle() -> dict[str, Any]:
    again = {"$ref": "#/$defs/c"}
    return {"title": "C", **_object(c=again), "$defs": {"c": _object(c=again)}}


def _itself() -> dict[str, Any]:
    again = {"$ref": "#/$defs/s"}
    return {"title": "S", **_object(s=again), "$defs": {"s": again}}


SCHEMAS = {"laughs": _laughs, "circle": _circle, "itself": _itself}


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("route", ROUTES)
def test_references(route: str, schema: str, model: Make) -> None:
    """A schema whose references multiply or go in circles is never expanded."""
    llm, given = _llm(model, route), SCHEMAS[schema]()
    started = time.monotonic()

    llm.with_structured_output(given).invoke("hi")
    llm.bind_tools([given]).invoke("hi")

    assert time.monotonic() - started < 10


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("route", ROUTES)
def test_deep_requests(route: str, face: str, model: Make) -> None:
    """A schema nested too deeply to be written down is refused as the caller's."""
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(20_000):
        deep = _object(a=deep)
    function = {"name": "f", "description": "d", "parameters": deep}
    llm: Any = _llm(model, route).bind_tools(
        [{"type": "function", "function": function}]
    )

    with pytest.raises(errors.InvalidParameterError, match="nested"):
        FACES[face](llm)


@pytest.mark.parametrize("face", ["stream", "astream"])
@pytest.mark.parametrize("route", ["patched", "direct"])
def test_a_stream_cut_off_behind_its_end_is_whole(
    route: str, face: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """What comes after the finish reason may be cut off: nothing of the answer is."""
    said = {"delta": {"content": "whole"}, "index": 0, "finish_reason": "stop"}
    event = {"id": "c", "object": "chat.completion.chunk", "choices": [said]}
    data = f"data: {json.dumps(event)}\n\n".encode()
    provider_emulator.script(Reply(chunks=[data, b"data: [DO"], headers=SSE))

    chunks = FACES[face](_llm(model, route, max_retries=0))

    assert "whole" == "".join(chunk.text for chunk in chunks)
