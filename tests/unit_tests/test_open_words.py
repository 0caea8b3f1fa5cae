"""Words newer than this version: sent for the provider to judge, and learned from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnifiedError
from langchain_unified.registry import Registry
from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply, HttpRequest
from langchain_unified.types import CallPlan, Change

NEW: list[tuple[str, dict[str, Any]]] = [
    ("gpt-5.6", {"reasoning_effort": "ultra"}),
    ("gpt-6-astra", {"reasoning_effort": "ultra"}),
    ("google_genai:gemini-4-argon", {"reasoning_effort": "ultra"}),
    ("gpt-4o", {"service_tier": "warp"}),
    ("gpt-5.6", {"service_tier": "warp", "use_responses_api": True}),
    ("google_genai:gemini-4-argon", {"service_tier": "warp"}),
    ("gpt-5.6", {"verbosity": "epic"}),
    ("gpt-5.6", {"verbosity": "epic", "use_responses_api": True}),
]


def plan(name: str, **settings: Any) -> CallPlan:
    """Return the plan of a call."""
    return UnifiedChatModel(model=name).explain(**settings)


def _about(made: CallPlan, parameter: str) -> list[Change]:
    return [c for c in made.changes if c.parameter == parameter and c.kind != "renamed"]


def _values(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [inner for one in value.values() for inner in _values(one)]
    return [value]


@pytest.mark.parametrize(("name", "settings"), NEW)
def test_a_new_word_is_sent_on_record(name: str, settings: dict[str, Any]) -> None:
    """No release of ours is needed for a word that a provider adds."""
    parameter, word = next(iter(settings.items()))
    made = plan(name, **settings)
    (change,) = _about(made, parameter)

    assert word in _values(dict(made.body))
    assert ("defaulted", word, word) == (change.kind, change.requested, change.sent)


KNOWN: list[tuple[str, dict[str, Any], str]] = [
    ("gpt-5.4", {"reasoning_effort": "max"}, "clamped"),
    ("gpt-5.6", {"reasoning_effort": "minimal"}, "clamped"),
    ("gpt-4o", {"verbosity": "high"}, "clamped"),
    ("gpt-4o", {"verbosity": "epic"}, "dropped"),
    ("gpt-4o", {"reasoning_effort": "ultra"}, "dropped"),
    ("gpt-6-sol", {"service_tier": "ultrafast", "endpoint": "chat"}, "dropped"),
    ("gpt-6-sol", {"service_tier": "ultrafast"}, "dropped"),
    ("google_genai:gemini-4-argon", {"service_tier": "ultrafast"}, "dropped"),
    ("google_genai:gemini-4-argon", {"reasoning_effort": "max"}, "clamped"),
]


@pytest.mark.parametrize(("name", "settings", "kind"), KNOWN)
def test_a_known_word_that_is_not_taken_is_not_sent(
    name: str, settings: dict[str, Any], kind: str
) -> None:
    """What a model is known to refuse is left out, or the nearest is sent."""
    parameter, word = next(iter(settings.items()))
    if settings.get("endpoint"):
        settings = {parameter: word, "use_responses_api": False}
    made = plan(name, **settings)

    assert [kind] == [change.kind for change in _about(made, parameter)]
    assert word not in _values(dict(made.body))


@pytest.mark.parametrize("name", ["gpt-5.6-sol", "gpt-6.1-sol"])
def test_the_fastest_tier_draws_a_call_to_responses(name: str) -> None:
    """`ultrafast` is a tier of Responses, and of two models."""
    made = plan(name, service_tier="ultrafast")

    assert ("responses", "ultrafast") == (made.endpoint, made.body["service_tier"])


def test_a_new_kind_of_tool_is_sent_on_record() -> None:
    """A tool of tomorrow goes to the provider, a known one without a word."""
    made = plan("gpt-5.6", tools=[{"type": "warp_drive"}, {"type": "web_search"}])

    assert ["warp_drive", "web_search"] == [t["type"] for t in made.body["tools"]]
    assert ["warp_drive"] == [change.sent for change in _about(made, "tools")]


def test_a_new_tool_of_gemini_is_sent_on_record() -> None:
    """Its tools are objects with one key, in either spelling."""
    tools: list[Any] = [{"warp_drive": {}}, {"googleSearch": {}}, {"url_context": {}}]
    made = plan("google_genai:gemini-4-argon", tools=tools)

    assert tools == made.body["tools"]
    assert ["warp_drive"] == [change.sent for change in _about(made, "tools")]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("hologram", {}), ("input_hologram", {"use_responses_api": True})],
)
def test_a_new_kind_of_block_is_sent_on_record(
    kind: str, settings: dict[str, Any]
) -> None:
    """Content of a type that no row knows is for the provider to judge."""
    message = HumanMessage([{"type": kind, "data": "x"}])
    made = UnifiedChatModel(model="gpt-5.4").explain([message], **settings)

    assert [kind] == [change.sent for change in _about(made, "messages")]


@pytest.mark.parametrize("kind", ["computer_call_output", "mcp_approval_response"])
def test_a_known_item_is_sent_without_a_word(kind: str) -> None:
    """Items of the Responses API are as well known as parts of its messages."""
    message = HumanMessage([{"type": kind, "data": "x"}])
    made = UnifiedChatModel(model="gpt-5.4").explain([message], use_responses_api=True)

    assert [] == _about(made, "messages")


class Refusing:
    """An OpenAI that refuses what it does not know, in OpenAI's words."""

    def __init__(self, param: str, word: str, legal: str) -> None:
        said = f"Invalid value: '{word}'. Supported values are: {legal}."
        error = {"message": said, "type": "invalid_request_error", "param": param}
        self.error = {"error": {**error, "code": "invalid_value"}}
        self.word, self.seen = word, 0
        self.server = LoopbackServer(self._respond)

    def _respond(self, request: HttpRequest) -> HttpReply:
        self.seen += 1
        kind = {"content-type": "application/json"}
        if f'"{self.word}"' in request.raw.decode():
            return HttpReply(400, kind, json.dumps(self.error).encode())
        return HttpReply(200, kind, json.dumps(ANSWER).encode())


ANSWER = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "ok"},
        }
    ],
}


def _at(refusing: Refusing, name: str, **settings: Any) -> UnifiedChatModel:
    where = f"http://127.0.0.1:{refusing.server.port}/v1"
    there = {"base_url": where, "api_key": "k", "profile": "openai"}
    return UnifiedChatModel(
        model=name, providers={"openai": there}, registry=Registry(), **settings
    )


@pytest.mark.parametrize(
    ("parameter", "word", "legal"),
    [
        ("service_tier", "warp", "'auto', 'default', 'flex' and 'priority'"),
        ("reasoning_effort", "ultra", "'low', 'medium' and 'high'"),
        ("verbosity", "epic", "'low', 'medium' and 'high'"),
    ],
)
def test_a_new_word_that_is_refused_is_learned(
    parameter: str, word: str, legal: str
) -> None:
    """The call is answered, and the next one does not send the word."""
    refusing = Refusing(parameter, word, legal)
    refusing.server.start()
    try:
        llm = _at(refusing, "gpt-5.4", **{parameter: word})
        first, second = llm.invoke("hi"), llm.invoke("hi")
    finally:
        refusing.server.stop()

    assert ("ok", "ok", 3) == (first.text, second.text, refusing.seen)


def test_a_new_tool_that_is_refused_is_refused_before_sending() -> None:
    """A tool may not be dropped: the second call does not reach the server."""
    refusing = Refusing("tools[0].type", "warp_drive", "'function' and 'mcp'")
    refusing.server.start()
    try:
        llm = _at(refusing, "gpt-5.6", tools=[{"type": "warp_drive"}])
        for _ in range(2):
            with pytest.raises(UnifiedError, match="warp_drive"):
                llm.invoke("hi")
    finally:
        refusing.server.stop()

    assert 1 == refusing.seen


GEMINI: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"thinking_config": {"of_tomorrow": 1, "include_thoughts": True}},
        {"generationConfig": {"thinkingConfig": {"ofTomorrow": 1}}},
    ),
    ({"tools": [{"warp_drive": {"a": 1}}]}, {"tools": [{"warp_drive": {"a": 1}}]}),
    ({"service_tier": "warp"}, {"serviceTier": "warp"}),
    (
        {"reasoning_effort": "ultra"},
        {"generationConfig": {"thinkingConfig": {"thinkingLevel": "ULTRA"}}},
    ),
    (
        {"reasoning_effort": "xhigh"},
        {"generationConfig": {"thinkingConfig": {"thinking_level": "XHIGH"}}},
    ),
]


def _within(part: Any, whole: Any) -> bool:
    if isinstance(part, dict):
        return all(_within(value, whole.get(key)) for key, value in part.items())
    return bool(part == whole)


@pytest.mark.parametrize(("settings", "sent"), GEMINI)
def test_what_is_new_reaches_the_wire_of_gemini(
    settings: dict[str, Any], sent: dict[str, Any]
) -> None:
    """The SDK's own shapes, which forbid new keys, do not stop it."""
    seen: list[Any] = []
    candidate = {"content": {"parts": [{"text": "ok"}]}, "finishReason": "STOP"}

    def respond(request: HttpRequest) -> HttpReply:
        seen.append(json.loads(request.raw))
        kind = {"content-type": "application/json"}
        return HttpReply(200, kind, json.dumps({"candidates": [candidate]}).encode())

    server = LoopbackServer(respond)
    server.start()
    where = {"base_url": f"http://127.0.0.1:{server.port}", "api_key": "k"}
    try:
        UnifiedChatModel(
            model="google_genai:gemini-4-hydrogen", providers={"google_genai": where}
        ).invoke("hi", **settings)
    finally:
        server.stop()

    assert _within(sent, seen[-1])
