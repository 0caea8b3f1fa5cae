"""Odd text and odd tool calls are content: they arrive as they are, or as invalid."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator, Reply

Make = Callable[..., UnifiedChatModel]
ROUTES: dict[str, dict[str, Any]] = {
    "patched": {"model": "gpt-4o"},
    "direct": {"model": "gpt-5-mini", "use_responses_api": False},
    "responses": {"model": "gpt-5.4", "use_responses_api": True},
    "gemini": {"model": "gemini-2.5-flash"},
}
TEXTS = {
    "like events": 'data: [DONE]\n\nevent: error\ndata: {"error": 1}\n\n: ping',
    "NUL and controls": "a\x00b\x01c\x7fd",
    "outside the basic plane": "\U0001f600 \U0010ffff e\u0301",
    "like JSON": '{"choices": [], "candidates": [], "error": {"message": "x"}}',
    "one long line": "x" * 20_000,
}
SEPARATORS = "a\u2028b\u2029c\x85d"
"""Unicode's own line ends. google-genai 2.34 splits a stream at them, where the event
stream format does not; a Gemini stream that holds them bare ends in a typed error."""

LONG = "x" * 5_000_000
NESTED = '{"a": ' + "[" * 100_000
FACES = ("invoke", "stream", "ainvoke", "astream")


def _said(llm: UnifiedChatModel, face: str, text: str) -> str:
    async def streamed() -> str:
        return "".join([chunk.text async for chunk in llm.astream(text)])

    if face == "invoke":
        return llm.invoke(text).text
    if face == "stream":
        return "".join(chunk.text for chunk in llm.stream(text))
    if face == "ainvoke":
        return asyncio.run(llm.ainvoke(text)).text
    return asyncio.run(streamed())


def _strings(value: Any) -> list[str]:
    """Return every string in a body."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for one in value for text in _strings(one)]
    return [value] if isinstance(value, str) else []


def _answer(route: str, arguments: str) -> dict[str, Any]:
    """Return a whole answer that calls a tool."""
    if route == "gemini":
        part = {"functionCall": {"name": "f", "args": json.loads(arguments)}}
        content = {"role": "model", "parts": [part]}
        return {"candidates": [{"content": content, "finishReason": "STOP"}]}
    if route == "responses":
        call = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f"}
        item = {**call, "arguments": arguments, "status": "completed"}
        return {"id": "resp_1", "status": "completed", "output": [item]}
    function = {"name": "f", "arguments": arguments}
    call = {"id": "c", "type": "function", "function": function}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    return {"id": "1", "model": "m", "choices": [choice]}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("route", ROUTES)
def test_text_arrives_as_it_is(
    route: str, text: str, face: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """What looks like a stream's end, an error or a control is text both ways."""
    provider_emulator.answer = lambda _: TEXTS[text]

    assert TEXTS[text] == _said(model(**ROUTES[route]), face, TEXTS[text])
    assert TEXTS[text] in _strings(provider_emulator.requests[-1].body)


@pytest.mark.parametrize("route", ROUTES)
def test_huge_tool_arguments(
    route: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Arguments of five megabytes are arguments."""
    provider_emulator.script(Reply(200, _answer(route, json.dumps({"a": LONG}))))

    calls = model(**ROUTES[route]).invoke("hi").tool_calls

    assert [{"a": LONG}] == [call["args"] for call in calls]


@pytest.mark.parametrize("route", ["patched", "direct", "responses"])
def test_arguments_that_are_no_json(
    route: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Arguments nested without end are kept as an invalid call, with their text."""
    provider_emulator.script(Reply(200, _answer(route, NESTED)))

    answer = model(**ROUTES[route]).invoke("hi")

    assert [] == answer.tool_calls
    assert [NESTED] == [call["args"] for call in answer.invalid_tool_calls]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("route", ["patched", "direct", "responses"])
def test_line_separators_are_text(
    route: str, face: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """Only the line ends of the event stream format end a line of a stream."""
    provider_emulator.answer = lambda _: SEPARATORS

    assert SEPARATORS == _said(model(**ROUTES[route]), face, "hi")
