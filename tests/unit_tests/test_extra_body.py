"""`extra_body` and settings given as objects: merged at every depth, on record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import InvalidParameterError
from langchain_unified.testing import ProviderEmulator
from langchain_unified.types import CallPlan

CASES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (
        "gemini-2.5-flash",
        {"temperature": 0.25, "max_tokens": 100},
        {"generationConfig": {"topK": 5}},
        {"generationConfig": {"temperature": 0.25, "maxOutputTokens": 100, "topK": 5}},
    ),
    (
        "gemini-2.5-flash",
        {"temperature": 0.25, "labels": {"own_key": "a"}},
        {"generation_config": {"top_k": 5}, "labels": {"second_key": "b"}},
        {
            "generationConfig": {"temperature": 0.25, "topK": 5},
            "labels": {"own_key": "a", "second_key": "b"},
        },
    ),
    (
        "ollama:llama3.1",
        {"temperature": 0.25, "num_ctx": 32000},
        {"options": {"repeat_penalty": 1.1}},
        {"options": {"temperature": 0.25, "num_ctx": 32000, "repeat_penalty": 1.1}},
    ),
    (
        "gpt-5.4",
        {"reasoning_effort": "low", "use_responses_api": True},
        {"reasoning": {"summary": "auto"}},
        {"reasoning": {"effort": "low", "summary": "auto"}},
    ),
    (
        "claude-sonnet-4-5",
        {"user": "me"},
        {"metadata": {"trace": "t"}},
        {"metadata": {"user_id": "me", "trace": "t"}},
    ),
    (
        "claude-sonnet-4-5",
        {"reasoning_effort": "low"},
        {"thinking": {"type": "disabled"}},
        {"thinking": {"type": "disabled"}},
    ),
]


def plan(name: str, settings: dict[str, Any], extra: dict[str, Any]) -> CallPlan:
    """Return the plan of a call with fields of the user's own."""
    llm = UnifiedChatModel(model=name, enable=["anthropic", "ollama"])
    return llm.explain(extra_body=extra, **settings)


@pytest.mark.parametrize(("name", "settings", "extra", "expected"), CASES)
def test_objects_are_merged(
    name: str,
    settings: dict[str, Any],
    extra: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    """One option more does not take the planned ones away."""
    body = plan(name, settings, extra).body

    assert expected == {key: body[key] for key in expected}


OVERRIDES = [
    ("gpt-4o", "temperature", 0.5, {"temperature": 0.1}),
    ("gpt-4o", "max_tokens", 20, {"max_tokens": 30}),
    ("gpt-5", "max_tokens", 20, {"max_completion_tokens": 30}),
    ("gemini-2.5-flash", "temperature", 0.5, {"generationConfig": {"temperature": 1}}),
    ("ollama:llama3.1", "max_tokens", 9, {"options": {"num_predict": 5}}),
]


@pytest.mark.parametrize(("name", "setting", "value", "extra"), OVERRIDES)
def test_what_is_replaced_is_on_record(
    name: str, setting: str, value: Any, extra: dict[str, Any]
) -> None:
    """The user's own field goes first, and the record says what it replaced."""
    made = plan(name, {setting: value}, extra)
    lost = [c for c in made.changes if c.kind == "dropped" and c.parameter == setting]

    assert [value] == [change.requested for change in lost]
    assert "extra_body" in lost[0].reason


def test_a_setting_is_not_sent_under_two_names() -> None:
    """OpenAI refuses `max_tokens` beside `max_completion_tokens`."""
    body = plan("gpt-4o", {"max_tokens": 20}, {"max_tokens": 30}).body

    assert (30, None) == (body["max_tokens"], body.get("max_completion_tokens"))


def test_a_default_that_is_replaced_is_not_recorded_as_sent() -> None:
    """The record of a default of ours goes with the default."""
    made = plan("gpt-5.4", {"use_responses_api": True}, {"store": True})

    assert made.body["store"] is True
    assert [] == [c for c in made.changes if c.kind == "defaulted"]


def test_a_setting_of_its_own_goes_before_an_object() -> None:
    """`options` says the same as `temperature` otherwise: on record, not in silence."""
    settings = {"temperature": 0.5, "options": {"temperature": 0.1, "mirostat": 2}}
    made = plan("ollama:llama3.1", settings, {})
    lost = [c for c in made.changes if c.kind == "dropped"]

    assert {"temperature": 0.5, "mirostat": 2} == made.body["options"]
    assert [{"temperature": 0.1}] == [change.requested for change in lost]


def test_unknown_fields_stand_where_they_were_given(
    model: Callable[..., UnifiedChatModel], provider_emulator: Any
) -> None:
    """A field that the SDK does not know is sent at its place, not at the top."""
    answer = {"candidates": [{"content": {"parts": [{"text": "ok"}]}}]}
    answer["candidates"][0]["finishReason"] = "STOP"  # type: ignore[assignment]
    from langchain_unified.testing import Reply

    provider_emulator.script(Reply(200, answer))
    extra = {"generationConfig": {"ofTomorrow": 1}, "alsoNew": 2}
    model("gemini-2.5-flash").invoke("hi", extra_body=extra)
    body = provider_emulator.requests[-1].body

    assert (1, 2) == (body["generationConfig"]["ofTomorrow"], body["alsoNew"])


@pytest.mark.parametrize(
    ("name", "mode", "context"),
    [
        ("gpt-5.4", None, "all_turns"),
        ("gpt-5", None, None),
        ("gpt-5.6-sol", "pro", "all_turns"),
        ("gpt-6-sol", "pro", "all_turns"),
    ],
)
def test_parts_of_the_reasoning_object(
    name: str, mode: str | None, context: str | None
) -> None:
    """`mode` and `context` go to models that take them; else the record says so."""
    reasoning = {"mode": "pro", "context": "all_turns", "effort": "high"}
    made = plan(name, {"reasoning": reasoning, "use_responses_api": True}, {})
    sent = made.body["reasoning"]
    lost = {c.parameter for c in made.changes if c.kind == "dropped"}

    assert (mode, context, "high") == (
        sent.get("mode"),
        sent.get("context"),
        sent["effort"],
    )
    assert {
        *(() if mode else ("reasoning.mode",)),
        *(() if context else ("reasoning.context",)),
    } == lost


SYSTEM = [SystemMessage("Own words."), HumanMessage("hi")]
REPLACED: list[tuple[str, dict[str, Any], str]] = [
    ("gemini-2.5-flash", {"systemInstruction": {"parts": [{"text": "s"}]}}, "s"),
    ("gemini-2.5-flash", {"system_instruction": {"parts": [{"text": "s"}]}}, "s"),
    ("claude-haiku-4-5", {"system": "be brief"}, "be brief"),
    ("gpt-4o", {"messages": [{"role": "user", "content": "other"}]}, "other"),
    ("gpt-5.4", {"model": "gpt-4.1"}, "gpt-4.1"),
]


@pytest.mark.parametrize(("name", "extra", "told"), REPLACED)
def test_messages_that_are_replaced_are_on_record(
    model: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    name: str,
    extra: dict[str, Any],
    told: str,
) -> None:
    """What the user sets in the body goes first, and the record says what it takes."""
    llm = model(name, enable=["anthropic"])
    answer = llm.invoke(SYSTEM, extra_body=extra)
    body = provider_emulator.requests[-1].body
    changes = answer.response_metadata["unified"]["changes"]
    lost = {c["parameter"] for c in changes if c["kind"] == "dropped"}

    assert told in str(body)
    assert {"model" if "model" in extra else "messages"} == lost


def test_a_part_of_a_response_format_that_is_replaced_is_on_record() -> None:
    """The setting that loses a part is named, not only `extra_body`."""
    inner = {"name": "a", "schema": {"type": "object", "properties": {}}}
    form = {"type": "json_schema", "json_schema": {**inner, "strict": True}}
    extra = {"response_format": {"json_schema": {"strict": False}}}
    made = plan("gpt-4o", {"response_format": form}, extra)
    lost = [c.parameter for c in made.changes if c.kind == "dropped"]

    assert made.body["response_format"]["json_schema"]["strict"] is False
    assert ["response_format"] == lost


@pytest.mark.parametrize("name", ["extra_body", "extra_headers", "extra_query"])
@pytest.mark.parametrize("value", [["x"], "x", 5])
def test_what_is_no_dictionary_is_refused(name: str, value: Any) -> None:
    """By its name, before sending."""
    with pytest.raises(InvalidParameterError, match=name):
        UnifiedChatModel(model="gpt-4o", api_key="k").invoke("hi", **{name: value})
