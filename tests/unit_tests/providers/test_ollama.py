"""Ollama: options per call, thinking, tools, images, timeouts, models of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import ollama
import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.connection import Connection
from langchain_unified.errors import (
    ProviderConnectionError,
    ProviderContextOverflowError,
    ProviderModelNotFoundError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    UnsupportedError,
)
from langchain_unified.shims.ollama.shim import OllamaShim
from langchain_unified.testing import ProviderEmulator, Reply

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"sunny in {city}"


def test_call_settings_join_those_of_the_constructor(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """Options of the constructor and of the call are sent together; the call wins."""
    llm = enabled("ollama:llama3.2", temperature=0.1, seed=7, max_tokens=50)
    llm.invoke("hi", temperature=0.9, stop=["x"], num_ctx=8192, keep_alive="5m")
    body = provider_emulator.requests[-1].body

    assert {
        "temperature": 0.9,
        "seed": 7,
        "num_predict": 50,
        "stop": ["x"],
        "num_ctx": 8192,
    } == body["options"]
    assert "5m" == body["keep_alive"]


def test_further_options_are_merged(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """`options` adds to what other settings say and does not replace it."""
    llm = enabled("ollama:llama3.2", temperature=0.1)
    llm.invoke("hi", options={"min_p": 0.2, "temperature": 1.9})

    assert {"temperature": 0.1, "min_p": 0.2} == provider_emulator.requests[-1].body[
        "options"
    ]


@pytest.mark.parametrize(
    ("model", "setting", "think"),
    [
        ("ollama:qwen3:8b", {"reasoning_effort": "high"}, True),
        ("ollama:qwen3:8b", {"reasoning_effort": "none"}, False),
        ("ollama:qwen3:8b", {"thinking_budget": 0}, False),
        ("ollama:qwen3:8b", {"include_thoughts": True}, True),
        ("ollama:gpt-oss:20b", {"reasoning_effort": "minimal"}, "low"),
        ("ollama:gpt-oss:20b", {"reasoning_effort": "max"}, "high"),
        ("ollama:llama3.2", {"reasoning_effort": "high"}, None),
    ],
)
def test_thinking(
    enabled: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    model: str,
    setting: dict[str, Any],
    think: object,
) -> None:
    """An effort becomes a switch, a level or nothing, as the models take it."""
    enabled(model).invoke("hi", **setting)

    assert think == provider_emulator.requests[-1].body.get("think")
    assert [] == provider_emulator.errors


def test_thinking_text_is_kept_apart(enabled: Callable[..., UnifiedChatModel]) -> None:
    """What the model thinks is a reasoning block, and no part of the text."""
    answer = enabled("ollama:qwen3:8b").invoke("hi")

    assert "hi" == answer.content
    assert ["reasoning", "text"] == [block["type"] for block in answer.content_blocks]


def test_a_choice_of_none(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """A choice of none leaves the tools out."""
    llm = enabled("ollama:llama3.2")
    llm.bind_tools([weather], tool_choice="none").invoke("call weather for Oslo")

    assert "tools" not in provider_emulator.requests[-1].body


def test_tools_beside_a_response_format(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """Beside a form the server calls no tool, so the two are refused together."""
    form = {"type": "object", "title": "t", "properties": {"a": {"type": "string"}}}
    with pytest.raises(UnsupportedError, match="either tools or a response format"):
        enabled("ollama:llama3.2").invoke("hi", tools=[weather], response_format=form)

    assert [] == provider_emulator.requests


def test_images(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """An image is sent as base64; one by URL is refused before it is sent."""
    llm = enabled("ollama:qwen3-vl:8b")
    block = {"type": "image", "base64": PIXEL, "mime_type": "image/png"}
    llm.invoke([("user", [{"type": "text", "text": "what?"}, block])])
    url = {"type": "image", "url": "https://example.com/a.png"}
    with pytest.raises(UnsupportedError):
        llm.invoke([("user", [url])])

    assert [PIXEL] == provider_emulator.requests[-1].body["messages"][0]["images"]


def test_json_and_schema(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """A response format becomes `format`: the word json or the schema."""
    llm = enabled("ollama:llama3.2")
    llm.invoke("json please", response_format={"type": "json_object"})
    schema = {"title": "t", "type": "object", "properties": {"a": {"type": "string"}}}
    llm.invoke("hi", response_format=schema)
    sent = [request.body["format"] for request in provider_emulator.requests]

    assert "json" == sent[0]
    assert "object" == sent[1]["type"]


def test_the_models_of_the_server(provider_emulator: ProviderEmulator) -> None:
    """The shim lists the models the running server has."""
    url = provider_emulator.ollama_base_url
    shim = OllamaShim(Connection("ollama", {"base_url": url}))
    names = [model["model"] for model in shim.list_models()]

    assert "llama3.2:latest" in names
    assert names == [m["model"] for m in asyncio.run(shim.alist_models())]


LONG = "word " * 9000


@pytest.mark.parametrize("setting", [{"num_ctx": 32768}, {"truncation": "auto"}])
def test_a_long_conversation_is_not_cut_in_silence(
    enabled: Callable[..., UnifiedChatModel], setting: dict[str, Any]
) -> None:
    """A prompt beyond the context is an error that says how to go on."""
    llm = enabled("ollama:llama3.2")
    with pytest.raises(ProviderContextOverflowError, match=next(iter(setting))):
        llm.invoke(LONG)

    assert llm.invoke(LONG, **setting).text


@pytest.mark.parametrize(
    ("setting", "sent", "kind"),
    [
        ({}, False, "defaulted"),
        ({"truncation": "auto"}, True, "translated"),
        ({"truncation": "disabled"}, False, "translated"),
    ],
)
def test_truncation(
    enabled: Callable[..., UnifiedChatModel],
    setting: dict[str, Any],
    sent: object,
    kind: str,
) -> None:
    """Truncation is off unless it is asked for, and on record."""
    plan = enabled("ollama:llama3.2").explain(**setting)

    assert sent is plan.body["truncate"]
    assert [kind] == [c.kind for c in plan.changes if c.parameter == "truncation"]


def test_the_server_of_the_environment(
    provider_emulator: ProviderEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a base URL the server that OLLAMA_HOST names is called."""
    monkeypatch.setenv("OLLAMA_HOST", provider_emulator.ollama_base_url)
    llm = UnifiedChatModel(model="ollama:llama3.2", enable=["ollama"])

    assert "hi" == llm.invoke("hi").text


def test_timeouts_per_call(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """A call gives up when its own time is over."""
    provider_emulator.script(Reply(hang=True))
    with pytest.raises(ProviderTimeoutError):
        enabled("ollama:llama3.2").invoke("hi", timeout=0.2, max_retries=0)


def test_the_server_decides_about_unknown_models(
    enabled: Callable[..., UnifiedChatModel],
) -> None:
    """A model the server does not have is told by it; the error is ours and theirs."""
    with pytest.raises(ProviderModelNotFoundError) as caught:
        enabled("ollama:nothing-here").invoke("hi")

    assert isinstance(caught.value, ollama.ResponseError)


def test_no_server() -> None:
    """Without a server the error says how to start one."""
    llm = UnifiedChatModel(
        model="ollama:llama3.2",
        enable=["ollama"],
        providers={"ollama": {"base_url": "http://127.0.0.1:9"}},
    )
    with pytest.raises(ProviderConnectionError, match="ollama serve"):
        llm.invoke("hi", max_retries=0)


def test_an_error_in_mid_stream(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """An error line ends the stream as an error of ours."""
    provider_emulator.script(Reply(chunks=[b'{"error": "llama runner died"}\n']))
    with pytest.raises(ProviderUnavailableError, match="llama runner died"):
        list(enabled("ollama:llama3.2").stream("hi", max_retries=0))


def test_one_client_for_many_loops(enabled: Callable[..., UnifiedChatModel]) -> None:
    """Two event loops in a row use the same model object."""
    llm = enabled("ollama:llama3.2")

    assert "one" == asyncio.run(llm.ainvoke("one")).text
    assert "two" == asyncio.run(llm.ainvoke("two")).text
