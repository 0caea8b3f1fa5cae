"""Anthropic on the wire: thinking kept, caching passed, errors and retries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import anthropic
import pytest
from langchain_core.exceptions import ModelRateLimitError
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import SecretStr

from langchain_unified import UnifiedChatModel
from langchain_unified.connection import Connection
from langchain_unified.content import kept_blocks
from langchain_unified.errors import (
    MissingCredentialsError,
    ProviderContextOverflowError,
    ProviderInvalidRequestError,
    ProviderRateLimitError,
    ProviderUnavailableError,
)
from langchain_unified.shims.anthropic.shim import AnthropicShim
from langchain_unified.testing import ProviderEmulator, Reply


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"sunny in {city}"


def _error(status: int, kind: str, message: str, **options: Any) -> Reply:
    error = {"type": kind, "message": message}
    return Reply(status, {"type": "error", "error": error}, **options)


def test_thinking_goes_back_to_its_own_model(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """In a tool loop the thinking block returns with its signature."""
    llm = enabled("claude-haiku-4-5", reasoning_effort="low").bind_tools([weather])
    turns: list[BaseMessage] = [HumanMessage("call weather for Oslo")]
    turns.append(llm.invoke(turns))
    assert isinstance(turns[1], AIMessage)
    call = turns[1].tool_calls[0]
    turns.append(ToolMessage("sunny", tool_call_id=call["id"]))
    answer = llm.invoke(turns)
    sent = provider_emulator.requests[-1].body["messages"][1]["content"]

    assert ["thinking", "tool_use"] == [block["type"] for block in sent]
    assert "sunny" in answer.text
    assert [] == provider_emulator.errors


def test_thinking_stays_behind_when_the_model_changes(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """Another Claude gets the text alone: signatures are bound to their model."""
    llm = enabled()
    first = llm.invoke("hi", model="claude-opus-5")
    llm.invoke([("user", "hi"), first, ("user", "on")], model="claude-sonnet-5-5")

    assert kept_blocks(first)
    assert [] == provider_emulator.errors


def test_a_stream_merges_to_the_whole_answer(
    enabled: Callable[..., UnifiedChatModel],
) -> None:
    """The merged pieces have content, blocks, calls and usage of the whole answer."""
    llm = enabled("claude-opus-4-8", reasoning_effort="low", include_thoughts=True)
    bound = llm.bind_tools([weather])
    whole = bound.invoke("call weather for Oslo")
    pieces = list(bound.stream("call weather for Oslo"))
    merged = pieces[0]
    for piece in pieces[1:]:
        merged += piece

    assert "" == whole.content == merged.content
    assert whole.tool_calls[0]["args"] == merged.tool_calls[0]["args"]
    assert whole.usage_metadata == merged.usage_metadata
    assert ["reasoning", "tool_call"] == [b["type"] for b in merged.content_blocks]


def test_prompt_caching_passes_through(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """Cache marks on blocks and on the request reach the wire."""
    mark = {"type": "ephemeral"}
    system = [{"type": "text", "text": "Be brief.", "cache_control": mark}]
    user = [{"type": "text", "text": "hi", "cache_control": mark}]
    enabled("claude-sonnet-5").invoke(
        [("system", system), ("user", user)], extra_body={"cache_control": mark}
    )
    body = provider_emulator.requests[-1].body

    assert mark == body["system"][0]["cache_control"]
    assert mark == body["messages"][0]["content"][0]["cache_control"]
    assert mark == body["cache_control"]


MARK = {"type": "ephemeral"}
IN_ANTHROPICS_FORM = {
    "name": "f",
    "description": "Do it.",
    "input_schema": {"type": "object", "properties": {}},
    "cache_control": MARK,
}


@tool(extras={"cache_control": MARK})
def marked(city: str) -> str:
    """Tell the weather of a city."""
    return city


@pytest.mark.parametrize(
    "given",
    [
        IN_ANTHROPICS_FORM,
        {
            "type": "function",
            "function": {"name": "f", "parameters": {"type": "object"}},
            "cache_control": MARK,
        },
        marked,
    ],
    ids=["anthropic", "openai", "extras"],
)
def test_cache_marks_of_tools(
    enabled: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    given: Any,
) -> None:
    """A cache mark reaches Claude and a server of the user's own, no other wire."""
    llm = enabled("claude-sonnet-5").bind_tools([given])
    llm.invoke("hi")
    others = [
        llm.invoke("hi", model=model)
        for model in (
            "gpt-4o",
            "gpt-6-sol",
            "gemini-3.1-pro-preview",
            "ollama:llama3.2",
        )
    ]
    marks = [
        str(request.body).count("cache_control")
        for request in provider_emulator.requests
    ]
    dropped = [
        [c["requested"] for c in a.response_metadata["unified"]["changes"]]
        for a in others
    ]

    assert [] == provider_emulator.errors
    assert [1, 1, 0, 0, 0] == marks
    assert all("cache_control" in names for names in dropped[1:])


def test_a_strict_tool_of_anthropics_form_stays_strict(
    enabled: Callable[..., UnifiedChatModel],
) -> None:
    """`strict` of a tool given as Anthropic has it is sent."""
    given = {**IN_ANTHROPICS_FORM, "strict": True}
    plan = enabled("claude-sonnet-5").explain(tools=[given])

    assert plan.body["tools"][0]["strict"] is True


def test_a_name_nobody_knows_goes_to_anthropic() -> None:
    """A Claude that is newer than the registry is Anthropic's, and asked with care."""
    plan = UnifiedChatModel(model="claude-opus-9", enable=["anthropic"]).explain(
        temperature=0
    )

    assert "anthropic" == plan.provider
    assert "temperature" not in plan.body


def test_the_models_of_the_api(provider_emulator: ProviderEmulator) -> None:
    """The shim lists the models the API has."""
    url = provider_emulator.anthropic_base_url
    settings = {"base_url": url, "api_key": SecretStr("k")}
    listed = AnthropicShim(Connection("anthropic", settings)).list_models()

    assert "claude-sonnet-5" in [row["id"] for row in listed]


@pytest.mark.parametrize(
    ("provider", "variable"),
    [
        ("anthropic", "ANTHROPIC_API_KEY"),
        ("azure_openai", "AZURE_OPENAI_API_KEY"),
        ("ollama", "OLLAMA_HOST"),
    ],
)
def test_a_changed_environment_is_another_connection(
    monkeypatch: pytest.MonkeyPatch, provider: str, variable: str
) -> None:
    """A model made after a key was changed does not share the older one's client."""
    monkeypatch.setenv(variable, "one")
    first = Connection(provider, {})
    monkeypatch.setenv(variable, "two")

    assert first != Connection(provider, {})


@pytest.mark.parametrize("variable", ["ANTHROPIC_API_URL", "ANTHROPIC_BASE_URL"])
def test_the_server_of_the_environment(
    provider_emulator: ProviderEmulator,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    """Key and address are read from Anthropic's variables."""
    monkeypatch.setenv(variable, provider_emulator.anthropic_base_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-6666")
    UnifiedChatModel(model="claude-sonnet-5", enable=["anthropic"]).invoke("hi")

    assert "6666" == provider_emulator.requests[-1].key_tail


def test_unknown_fields_of_the_body_are_sent(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """What the SDK has no argument for goes into the body, and the API judges it."""
    with pytest.raises(ProviderInvalidRequestError, match="Extra inputs"):
        enabled("claude-sonnet-5").invoke("hi", extra_body={"made_up": 1})

    assert 1 == provider_emulator.requests[-1].body["made_up"]


@pytest.mark.parametrize(
    ("reply", "kind", "theirs"),
    [
        (
            _error(429, "rate_limit_error", "slow", headers={"retry-after": "7"}),
            ProviderRateLimitError,
            anthropic.RateLimitError,
        ),
        (
            _error(529, "overloaded_error", "Overloaded"),
            ProviderUnavailableError,
            anthropic.OverloadedError,
        ),
        (
            _error(400, "invalid_request_error", "prompt is too long: 9 tokens > 5"),
            ProviderContextOverflowError,
            anthropic.BadRequestError,
        ),
    ],
)
def test_errors_are_ours_and_theirs(
    enabled: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    reply: Reply,
    kind: type[Exception],
    theirs: type[Exception],
) -> None:
    """An error is caught by our class and by the SDK's."""
    provider_emulator.script(reply)
    with pytest.raises(kind) as caught:
        enabled("claude-sonnet-5", max_retries=0).invoke("hi")

    assert isinstance(caught.value, theirs)
    assert "anthropic" == caught.value.provider


def test_an_error_says_how_long_to_wait(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """The seconds the API asks to wait are on the error."""
    limited = _error(429, "rate_limit_error", "slow", headers={"retry-after": "7"})
    provider_emulator.script(limited)
    with pytest.raises(ModelRateLimitError) as caught:
        enabled("claude-sonnet-5", max_retries=0).invoke("hi")

    assert 7 == caught.value.retry_after


def test_an_error_in_mid_stream(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """An error event ends the stream as an error of ours."""
    event = (
        b'event: error\ndata: {"type": "error", "error": '
        b'{"type": "overloaded_error", "message": "Overloaded"}}\n\n'
    )
    provider_emulator.script(Reply(chunks=[event]))
    with pytest.raises(ProviderUnavailableError, match="Overloaded"):
        list(enabled("claude-sonnet-5", max_retries=0).stream("hi"))


def test_retries_are_counted_per_call(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """The attempts of a call are those it asks for."""
    llm = enabled("claude-sonnet-5")
    failing = _error(500, "api_error", "oops", headers={"retry-after-ms": "1"}, times=0)
    provider_emulator.script(failing)
    with pytest.raises(ProviderUnavailableError):
        llm.invoke("hi", max_retries=0)
    once = len(provider_emulator.requests)
    with pytest.raises(ProviderUnavailableError):
        llm.invoke("hi", max_retries=1)

    assert (1, 3) == (once, len(provider_emulator.requests))


def test_without_a_key() -> None:
    """Without a key the error names the variable and the argument."""
    llm = UnifiedChatModel(model="claude-sonnet-5", enable=["anthropic"])
    with pytest.raises(MissingCredentialsError, match="ANTHROPIC_API_KEY"):
        llm.invoke("hi")


def test_one_client_for_many_loops(enabled: Callable[..., UnifiedChatModel]) -> None:
    """Two event loops in a row use the same model object."""
    llm = enabled("claude-sonnet-5")

    assert "one" == asyncio.run(llm.ainvoke("one")).text
    assert "two" == asyncio.run(llm.ainvoke("two")).text
