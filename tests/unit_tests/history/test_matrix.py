"""Any history goes to any model: every ordered pair, on the strict emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from langchain_core.load import dumpd, load
from langchain_core.messages import (
    BaseMessage,
    HumanMessage,
    ToolMessage,
    messages_from_dict,
    messages_to_dict,
)

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator
from langchain_unified.testing.answers.media import png
from tests.conftest import connections
from tests.unit_tests.history.sources import (
    GEMINI_3,
    SCENES,
    SOURCES,
    TARGETS,
    body_text,
    conversation,
    get_weather,
    uses_tools,
)

SENTINEL = "skip_thought_signature_validator"


@pytest.fixture(scope="module")
def emulator() -> Iterator[ProviderEmulator]:
    """One emulator for the whole module."""
    with ProviderEmulator() as running:
        yield running


@pytest.fixture(scope="module")
def llm(emulator: ProviderEmulator) -> UnifiedChatModel:
    """One model object for all models."""
    return UnifiedChatModel(
        model="gpt-4o", providers=connections(emulator), enable=["anthropic"]
    )


def through_json(messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return messages as a checkpoint gives them back."""
    return messages_from_dict(json.loads(json.dumps(messages_to_dict(messages))))


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", SOURCES)
def test_every_pair(
    llm: UnifiedChatModel,
    emulator: ProviderEmulator,
    source: str,
    target: str,
    scene: str,
) -> None:
    """A conversation begun with one model goes on with any other, nothing refused."""
    emulator.reset()
    history = conversation(llm, SOURCES[source], scene)
    tools = {"tools": [get_weather]} if uses_tools(scene) else {}
    answer = llm.invoke(through_json(history), **TARGETS[target], **tools)
    sent = body_text(emulator.requests[-1].body)

    assert [] == [request.error for request in emulator.errors]
    assert answer.text
    for message in history:
        assert message.text.strip() in sent or not message.text
    if "image" in scene:
        data = png()
        written = (data, data.replace("+", "-").replace("/", "_"))
        # Its own picture goes back by the name under which the server stores it.
        by_name = source == target == "openai-responses" and "ig_1" in sent
        assert by_name or any(form in sent for form in written)
    if uses_tools(scene):
        assert "Paris: sunny" in answer.text


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", SOURCES)
def test_streamed_replies_go_on(
    llm: UnifiedChatModel, emulator: ProviderEmulator, source: str, target: str
) -> None:
    """A tool loop streamed by one model is finished by any other, streamed as well."""
    if source == "anthropic":
        pytest.skip("written by hand, so there is nothing to stream")
    emulator.reset()
    first = HumanMessage("Call get_weather for Paris and London")
    asked = None
    for piece in llm.stream([first], **SOURCES[source], tools=[get_weather]):
        asked = piece if asked is None else asked + piece
    assert asked is not None
    results = [
        ToolMessage(get_weather(**call["args"]), tool_call_id=call["id"])
        for call in asked.tool_calls
    ]
    history = [first, asked, *results]
    pieces = llm.stream(history, **TARGETS[target], tools=[get_weather])
    text = "".join(piece.text for piece in pieces)

    assert [] == [request.error for request in emulator.errors]
    assert "Paris: sunny" in text
    assert "London: sunny" in text


@pytest.mark.filterwarnings("ignore:The function `load` is in beta")
@pytest.mark.parametrize("streamed", [False, True])
def test_gemini_keeps_its_signatures(
    llm: UnifiedChatModel, emulator: ProviderEmulator, *, streamed: bool
) -> None:
    """Two turns with tools on Gemini 3 keep every signature through dumpd and load."""
    emulator.reset()
    history: list[BaseMessage] = []
    for city in ("Paris", "London"):
        history.append(HumanMessage(f"Call get_weather for {city}"))
        for _ in range(2):
            history = load(dumpd(history), allowed_objects="core")
            history.append(_answer(llm, history, streamed=streamed))
            history += [
                ToolMessage(get_weather(**call["args"]), tool_call_id=call["id"])
                for call in history[-1].tool_calls
            ]
    body = emulator.requests[-1].body
    calls = [p for c in body["contents"] for p in c["parts"] if "functionCall" in p]
    texts = [p for c in body["contents"] if c["role"] == "model" for p in c["parts"]]

    assert [] == emulator.errors
    assert 2 == len(calls)
    assert all(part["thoughtSignature"] != SENTINEL for part in calls)
    assert all(part.get("thoughtSignature") for part in texts)


def _answer(
    llm: UnifiedChatModel, history: list[BaseMessage], *, streamed: bool
) -> BaseMessage:
    if not streamed:
        return llm.invoke(history, **GEMINI_3, tools=[get_weather])
    whole = None
    for piece in llm.stream(history, **GEMINI_3, tools=[get_weather]):
        whole = piece if whole is None else whole + piece
    assert whole is not None
    return whole
