"""Forced tool calls where no tool choice can force them: the answer's form does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from pydantic import BaseModel, Field

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import UnsupportedError
from langchain_unified.testing import ProviderEmulator

MODELS = ("ollama:llama3.2", "ollama:gemma3:4b", "ollama:qwen3:8b", "claude-opus-5-5")
each = pytest.mark.parametrize("model", MODELS)


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"sunny in {city}"


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


TREE = {
    "name": "plant",
    "description": "Plant a tree.",
    "parameters": {
        "type": "object",
        "properties": {"kind": {"$ref": "#/$defs/Kind"}},
        "required": ["kind"],
        "$defs": {"Kind": {"type": "string", "enum": ["oak", "elm"]}},
    },
}
"""A tool whose schema refers to a definition of its own."""


@each
@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("any", {"weather", "add"}),
        ("required", {"weather", "add"}),
        (True, {"weather", "add"}),
        ("add", {"add"}),
        (["add"], {"add"}),
        ({"type": "function", "function": {"name": "add"}}, {"add"}),
        ({"type": "tool", "name": "add"}, {"add"}),
        ({"type": "any"}, {"weather", "add"}),
    ],
)
def test_a_forced_call(
    enabled: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    model: str,
    choice: Any,
    names: set[str],
) -> None:
    """Every spelling of a forced choice gives one call of a tool, and no text."""
    llm = enabled(model).bind_tools([weather, add], tool_choice=choice)
    answer = llm.invoke("1 and 2")
    kinds = {c["kind"] for c in _changes(answer) if c["parameter"] == "tool_choice"}

    assert [] == provider_emulator.errors
    assert {call["name"] for call in answer.tool_calls} <= names
    assert 1 == len(answer.tool_calls)
    assert not answer.text
    assert {"emulated"} == kinds
    assert "tool_calls" == answer.response_metadata["finish_reason"]


def _changes(answer: AIMessage) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = answer.response_metadata["unified"]["changes"]
    return changes


@each
@pytest.mark.parametrize("tools", [[add], [weather, add, TREE]], ids=["one", "many"])
def test_every_face_gives_the_same_call(
    enabled: Callable[..., UnifiedChatModel], model: str, tools: list[Any]
) -> None:
    """Whole or in pieces, asynchronous or not, the call and its end are the same."""
    llm = enabled(model).bind_tools(tools, tool_choice="any")
    whole, later = llm.invoke("1 and 2"), asyncio.run(llm.ainvoke("1 and 2"))
    merged = _merged(list(llm.stream("1 and 2")))
    alater = _merged(asyncio.run(_pieces(llm)))
    told = {
        (a.tool_calls[0]["name"], str(a.tool_calls[0]["args"]))
        for a in (whole, later, merged, alater)
    }

    assert 1 == len(told)
    assert not merged.text
    assert merged.tool_calls[0]["id"]
    assert "tool_calls" == merged.response_metadata["finish_reason"]
    assert ["tool_call"] == [
        block["type"] for block in merged.content_blocks if block["type"] != "reasoning"
    ]


async def _pieces(llm: Any) -> list[Any]:
    return [piece async for piece in llm.astream("1 and 2")]


def _merged(pieces: list[Any]) -> Any:
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    return whole


def test_the_arguments_of_an_only_tool_are_streamed(
    enabled: Callable[..., UnifiedChatModel],
) -> None:
    """The pieces of the text are the pieces of the arguments."""
    llm = enabled("ollama:llama3.2").bind_tools([add], tool_choice="add")
    chunks = [c for piece in llm.stream("1 and 2") for c in piece.tool_call_chunks]

    assert len(chunks) > 1
    assert ["add"] == [chunk["name"] for chunk in chunks if chunk["name"]]


@each
def test_a_whole_tool_loop(
    enabled: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    model: str,
) -> None:
    """The call and its result go back to the model as those of any other call."""
    llm = enabled(model)
    turns: list[BaseMessage] = [HumanMessage("1 and 2")]
    turns.append(llm.bind_tools([add], tool_choice="add").invoke(turns))
    assert isinstance(turns[1], AIMessage)
    turns.append(ToolMessage("3", tool_call_id=turns[1].tool_calls[0]["id"]))
    answer = llm.invoke(turns)

    assert "3" in answer.text
    assert [] == provider_emulator.errors


def test_ollama_reads_of_the_tools_in_words(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """The tools are in the system text, because beside a form none would be called."""
    llm = enabled("ollama:llama3.2").bind_tools([add, TREE], tool_choice="any")
    llm.invoke([("system", "Be brief."), ("user", "1 and 2")])
    sent = provider_emulator.requests[-1].body
    text = sent["messages"][0]["content"]

    assert "tools" not in sent
    assert {"call"} == set(sent["format"]["properties"])
    assert "Add two numbers." in text
    assert "Be brief." in text


def test_claude_keeps_its_tools(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """Claude reads the tools where they always are, and chooses none of them."""
    enabled("claude-opus-5-5").bind_tools([add], tool_choice="add").invoke("1 and 2")
    sent = provider_emulator.requests[-1].body

    assert ["add"] == [tool["name"] for tool in sent["tools"]]
    assert {"type": "none"} == sent["tool_choice"]
    assert {"a", "b"} == set(sent["output_config"]["format"]["schema"]["properties"])


def test_references_hold_where_the_schemas_are_put(
    enabled: Callable[..., UnifiedChatModel],
) -> None:
    """A definition of a tool's own is found among several tools."""
    plan = enabled("ollama:llama3.2").explain(tools=[add, TREE], tool_choice="any")
    form = plan.body["format"]
    kind = form["$defs"]["arguments_1"]["properties"]["kind"]["$ref"]
    found: Any = form
    for step in kind.removeprefix("#/").split("/"):
        found = found[step]

    assert ["oak", "elm"] == found["enum"]


@each
@pytest.mark.parametrize("text", ["no json", '{"a": 1', "[1]"])
@pytest.mark.parametrize("tools", [[add], [weather, add]], ids=["one", "many"])
def test_what_is_no_call_is_an_invalid_call(
    enabled: Callable[..., UnifiedChatModel],
    model: str,
    text: str,
    tools: list[Any],
) -> None:
    """Text that is no call (cut off, say) is kept as a call that cannot be made."""
    with ProviderEmulator(answer=lambda _: text) as emulator:
        llm = enabled(model, providers=_moved(emulator)).bind_tools(
            tools, tool_choice="any"
        )
        answer, merged = llm.invoke("hi"), _merged(list(llm.stream("hi")))

    assert [text] == [call["args"] for call in answer.invalid_tool_calls]
    assert [] == answer.tool_calls
    assert not [call for call in merged.tool_calls if not call["name"]]
    assert 1 == len(merged.tool_calls) + len(merged.invalid_tool_calls)


def _moved(emulator: ProviderEmulator) -> dict[str, dict[str, Any]]:
    return {
        "ollama": {"base_url": emulator.ollama_base_url},
        "anthropic": {"base_url": emulator.anthropic_base_url},
    }


@each
def test_a_form_beside_it_is_refused(
    enabled: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    model: str,
) -> None:
    """The answer has one form: a response format and a forced call are refused."""
    form = {"type": "object", "title": "t", "properties": {"a": {"type": "string"}}}
    with pytest.raises(UnsupportedError, match="tool_choice"):
        enabled(model).invoke(
            "hi", tools=[add], tool_choice="any", response_format=form
        )

    assert [] == provider_emulator.requests


@each
def test_a_tool_that_is_not_there_is_refused(
    enabled: Callable[..., UnifiedChatModel], model: str
) -> None:
    """A choice names a tool that is given."""
    with pytest.raises(UnsupportedError, match="no tool 'gone'"):
        enabled(model).invoke("hi", tools=[add], tool_choice="gone")


def test_free_keys_cannot_be_written_for_claude(
    enabled: Callable[..., UnifiedChatModel],
) -> None:
    """Claude's formats list every key, so a tool with free ones is not imitated."""

    def store(facts: dict[str, str]) -> None:
        """Store facts."""

    with pytest.raises(UnsupportedError, match="not support a forced tool choice"):
        enabled("claude-opus-5-5").invoke("hi", tools=[store], tool_choice="any")


class Person(BaseModel):
    """A person."""

    name: str
    notes: dict[str, str] = Field(default_factory=dict)


@pytest.mark.parametrize(
    ("model", "method"),
    [
        ("claude-opus-5", "function_calling"),
        ("claude-opus-5-5", "instructed"),
        ("claude-mythos-5-1", "instructed"),
        ("ollama:llama3.2", "json_schema"),
    ],
)
def test_structured_output_is_asked_for_in_a_way_that_can_say_it(
    enabled: Callable[..., UnifiedChatModel],
    model: str,
    method: str,
) -> None:
    """A schema with free keys is never sent where its keys would be lost."""
    said = '{"name": "Ada", "notes": {"born": "1815"}}'
    with ProviderEmulator(answer=lambda _: said) as emulator:
        llm = enabled(model, providers=_moved(emulator))
        raw = llm.with_structured_output(Person, include_raw=True).invoke("Ada")

    assert method == raw["raw"].response_metadata["unified"]["structured"]
    if method != "function_calling":
        assert Person(name="Ada", notes={"born": "1815"}) == raw["parsed"]


def test_a_choice_of_types_is_a_choice_of_schemas(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """Claude's formats take one type at a time; a list of types becomes a choice."""
    form = {
        "title": "t",
        "type": "object",
        "properties": {"a": {"type": ["string", "null"], "description": "One."}},
        "required": ["a"],
        "additionalProperties": False,
    }
    enabled("claude-opus-5").invoke("hi", response_format=form)
    schema = provider_emulator.requests[-1].body["output_config"]["format"]["schema"]

    assert {
        "anyOf": [{"type": "string"}, {"type": "null"}],
        "description": "One.",
    } == schema["properties"]["a"]


UNSAYABLE: dict[str, dict[str, Any]] = {
    "free keys": {"type": "object", "additionalProperties": {"type": "string"}},
    "any type": {"type": "object", "properties": {"a": {}}},
    "recursive": {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "$defs": {"A": {"type": "object", "properties": {"b": {"$ref": "#/$defs/A"}}}},
    },
}


@pytest.mark.parametrize("kind", UNSAYABLE)
def test_what_a_format_cannot_say_is_asked_for_by_a_tool(
    enabled: Callable[..., UnifiedChatModel],
    provider_emulator: ProviderEmulator,
    kind: str,
) -> None:
    """The caller of a response format reads the text, so that the call is the text."""
    form = {
        "type": "json_schema",
        "json_schema": {"name": "t", "schema": UNSAYABLE[kind]},
    }
    whole = enabled("claude-opus-5").invoke("hi", response_format=form)
    (tool,) = provider_emulator.requests[-1].body["tools"]
    pieces = enabled("claude-opus-5").stream("hi", response_format=form)
    streamed = "".join(str(piece.text) for piece in pieces)
    record = whole.response_metadata["unified"]["changes"]

    assert {"properties": {}, **UNSAYABLE[kind]} == tool["input_schema"]
    assert [dict, dict] == [type(json.loads(text)) for text in (whole.text, streamed)]
    assert ([], "stop") == (whole.tool_calls, whole.response_metadata["finish_reason"])
    assert "tools" in [c["sent"] for c in record if c["parameter"] == "response_format"]


def test_what_no_tool_can_ask_for_is_refused(
    enabled: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """A model that takes no forced choice is not asked for what its format has not."""
    form = {
        "type": "json_schema",
        "json_schema": {"name": "t", "schema": UNSAYABLE["free keys"]},
    }
    with pytest.raises(UnsupportedError, match="response_format"):
        enabled("claude-mythos-5-1").invoke("hi", response_format=form)

    assert [] == provider_emulator.requests


def test_a_cut_answer_is_told_apart(
    enabled: Callable[..., UnifiedChatModel],
) -> None:
    """The end of an answer is told in one word by every provider."""
    reasons = [
        enabled(model)
        .invoke("one two three four five", max_tokens=most)
        .response_metadata["finish_reason"]
        for model, most in (
            ("claude-haiku-4-5", 99),
            ("claude-haiku-4-5", 2),
            ("ollama:llama3.2", 99),
            ("ollama:llama3.2", 2),
        )
    ]

    assert ["stop", "length", "stop", "length"] == reasons
