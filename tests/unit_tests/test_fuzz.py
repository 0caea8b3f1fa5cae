"""Whatever a server sends is read, or refused with an error of ours."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from typing import Any

import openai
import pytest
from hypothesis import HealthCheck, Phase, example, given, seed, settings
from hypothesis import strategies as st

from langchain_unified import UnifiedChatModel, errors, reliability
from langchain_unified.reliability.retry import retry_after
from langchain_unified.runner.fallbacks import moves_on
from langchain_unified.shims.openai.errors import to_unified
from langchain_unified.shims.openai.reading import SSEDecoder
from langchain_unified.testing import ProviderEmulator, Reply
from langchain_unified.types.finish import NORMAL, UNKNOWN, normal_reason

SEED = int(os.environ.get("FUZZ_SEED", "20261123"))
CASES = int(os.environ.get("FUZZ_CASES", "60"))

fuzz = settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)

KEYS = st.sampled_from(
    (
        *("choices", "message", "delta", "content", "finish_reason", "tool_calls"),
        *("function", "arguments", "name", "id", "type", "usage", "output", "text"),
        *("index", "status", "role", "parts", "candidates", "finishReason"),
        *("functionCall", "args", "usageMetadata", "error", "response", "item"),
        *("prompt_tokens", "logprobs", "annotations", "code", "details", "summary"),
    )
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["\x00", "data: [DONE]\n\n", "stop", "function_call", "[" * 3000]),
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)
BODIES = st.one_of(
    st.dictionaries(KEYS, JSON, max_size=4),
    JSON.map(lambda x: {"choices": [{"message": x, "finish_reason": "stop"}]}),
    JSON.map(lambda x: {"choices": [{"delta": x, "finish_reason": "stop"}]}),
    JSON.map(lambda x: {"choices": [{"message": {"tool_calls": [x]}}], "usage": x}),
    JSON.map(lambda x: {"output": [x], "status": "completed"}),
    JSON.map(lambda x: {"type": "response.completed", "response": x}),
    JSON.map(lambda x: {"type": "response.output_item.done", "item": x}),
    JSON.map(lambda x: {"candidates": [{"content": {"parts": [x]}}]}),
    JSON.map(lambda x: {"candidates": [x], "usageMetadata": x}),
    JSON.map(lambda x: {"error": x}),
)
ROUTES = {
    "patched": {"model": "gpt-4o"},
    "direct": {"model": "gpt-5-mini", "use_responses_api": False},
    "responses": {"model": "gpt-5.4"},
    "gemini": {"model": "gemini-2.5-flash"},
}
DEEP = b'{"choices": ' + b"[" * 100_000
UNREADABLE = (b"", b"\x00", b"\xff\xfe", b"null", b"[]", b"data: {", DEEP)


@pytest.fixture(scope="module", autouse=True)
def emulator() -> Any:
    """Return one emulator for all cases."""
    before = reliability.configure(first_wait=0.0)
    with ProviderEmulator(max_recorded=1) as one:
        yield one
    reliability.configure(before)


def _answer(emulator: ProviderEmulator, route: str, face: str, reply: Reply) -> None:
    """Make a call; only an error of ours may come out."""
    emulator.reset()
    emulator.script(reply)
    llm = UnifiedChatModel(
        **ROUTES[route],
        max_retries=0,
        timeout=20,
        circuit_breaker=False,
        providers={
            "openai": {"api_key": "sk-x", "base_url": emulator.openai_base_url},
            "google_genai": {"api_key": "x", "base_url": emulator.google_base_url},
        },
    )
    with contextlib.suppress(errors.UnifiedError):
        llm.invoke("hi") if face == "invoke" else list(llm.stream("hi"))


@pytest.mark.parametrize("route", ROUTES)
@seed(SEED)
@fuzz
@given(body=BODIES, status=st.sampled_from([200, 200, 200, 400, 404, 429, 500]))
def test_whole_answers(
    route: str, body: Any, status: int, emulator: ProviderEmulator
) -> None:
    """Any JSON in place of an answer or an error is read or refused."""
    _answer(emulator, route, "invoke", Reply(status, body))


@pytest.mark.parametrize("route", ROUTES)
@seed(SEED)
@fuzz
@given(events=st.lists(BODIES, max_size=4))
def test_streams(route: str, events: list[Any], emulator: ProviderEmulator) -> None:
    """Any JSON in place of events is read or refused."""
    _answer(emulator, route, "stream", Reply.sse(*events, "[DONE]"))


@pytest.mark.parametrize("face", ["invoke", "stream"])
@pytest.mark.parametrize("body", UNREADABLE, ids=lambda b: repr(b[:9]))
@pytest.mark.parametrize("route", ROUTES)
def test_unreadable(
    route: str, body: bytes, face: str, emulator: ProviderEmulator
) -> None:
    """Bytes that are no answer are refused with an error of ours."""
    _answer(emulator, route, face, Reply(200, raw=body))


@seed(SEED)
@fuzz
@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=5))
@example(data=b"data: a\r\n\r\ndata: b\n\n", cuts=[8])
def test_events_do_not_depend_on_cuts(data: bytes, cuts: list[int]) -> None:
    """Bytes give the same events, however the network cuts them."""
    places = [0, *sorted(cuts), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(places)]

    assert _events([data]) == _events([*pieces, data[max(places) :]][: len(pieces)])


def _events(pieces: list[bytes]) -> list[tuple[bytes, bytes]]:
    decoder = SSEDecoder()
    found = [event for piece in pieces for event in decoder.feed(piece)]
    return [*found, *decoder.finish()]


@seed(SEED)
@fuzz
@given(value=st.text(max_size=30) | st.floats().map(str))
@example(value="1e999")
def test_retry_after(value: str) -> None:
    """Any retry-after is a number of seconds, or none."""
    seconds = retry_after({"retry-after": value})

    assert seconds is None or seconds >= 0


@seed(SEED)
@fuzz
@given(body=JSON, message=st.text(max_size=40))
@example(body={"type": {"type": "error"}}, message="")
def test_errors_are_read(body: Any, message: str) -> None:
    """Any body of an error makes an error of ours that can be judged."""
    error = to_unified(openai.APIError(message, None, body=body))  # type: ignore[arg-type]

    assert isinstance(error.is_retryable, bool)
    assert isinstance(moves_on(error, first=True), bool)


@seed(SEED)
@fuzz
@given(raw=JSON)
def test_reasons(raw: Any) -> None:
    """Whatever ends an answer has a normal word; what is unmapped is unknown."""
    assert normal_reason(raw) in {*NORMAL, UNKNOWN}


def test_text_that_looks_like_events(emulator: ProviderEmulator) -> None:
    """Text of an answer that looks like a stream's end is text."""
    emulator.reset()
    said = 'data: [DONE]\n\nevent: error\ndata: {"error": 1}\n\n\x00'
    emulator.answer = lambda _: said
    llm = UnifiedChatModel(
        model="gpt-4o", api_key="sk-x", base_url=emulator.openai_base_url
    )

    assert said == "".join(chunk.text for chunk in llm.stream("hi"))
    assert json.dumps(said) == json.dumps(llm.invoke("hi").text)
    emulator.answer = None
