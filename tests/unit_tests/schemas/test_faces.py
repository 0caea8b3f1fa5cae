"""Wrapped answers and renamed tools in streams; response formats; refused schemas."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.tools import StructuredTool
from pydantic import BaseModel, RootModel

from langchain_unified import UnifiedChatModel
from langchain_unified.schemas.tool_forms import neutral_tools
from tests.unit_tests.schemas.test_tools import function
from tests.unit_tests.schemas.world import World
from tests.unit_tests.servers.loopback import (
    CompatibleServer,
    chunk,
    events,
    refusal,
    whole,
)

Make = Callable[..., UnifiedChatModel]
MODELS: dict[str, dict[str, Any]] = {
    "chat": {"model": "gpt-4o"},
    "chat, direct": {"model": "gpt-5.4"},
    "responses": {"model": "gpt-4o", "use_responses_api": True},
    "gemini": {"model": "google_genai:gemini-2.5-flash"},
    "claude": {"model": "claude-opus-5"},
    "ollama": {"model": "ollama:llama3.2"},
}
each = pytest.mark.parametrize("wire", MODELS)
Words = RootModel[list[str]]


class Scores(BaseModel):
    """Points by name."""

    by_name: dict[str, int]


class Tree(BaseModel):
    """A tree."""

    label: str
    children: list[Tree] = []


@each
def test_a_wrapped_answer_streams(wire: str, model: Make) -> None:
    """The last of a stream is the whole list, taken out of its key."""
    llm = model(enable=["anthropic", "ollama"], **MODELS[wire])
    found = list(llm.with_structured_output(Words).stream("Two words"))

    assert isinstance(found[-1], Words)


@each
async def test_a_renamed_tool_streams(wire: str, model: Make) -> None:
    """The pieces of a call have the tool's own name, in both streams."""
    llm = model(enable=["anthropic", "ollama"], **MODELS[wire])
    bound = llm.bind_tools([function("crm.lookup")], tool_choice="any")
    pieces = list(bound.stream("Look it up."))
    later = [piece async for piece in bound.astream("Look it up.")]
    names = [call["name"] for call in _merged(pieces).tool_calls]

    assert ["crm.lookup"] == names
    assert names == [call["name"] for call in _merged(later).tool_calls]


def _merged(pieces: list[Any]) -> AIMessageChunk:
    merged: AIMessageChunk = pieces[0]
    for piece in pieces[1:]:
        merged += piece
    return merged


def test_a_response_format_that_cannot_be_strict_goes_without(model: Make) -> None:
    """The record says so, and the schema is the user's."""
    plan = model().explain(response_format=Scores)
    form = plan.body["response_format"]["json_schema"]
    field = form["schema"]["properties"]["by_name"]

    assert form["strict"] is False
    assert {"type": "integer"} == field["additionalProperties"]
    assert "by_name" in next(c.reason for c in plan.changes if "strict" in c.reason)


LIST = {"title": "Words", "type": "array", "items": {"type": "string"}}
FORMAT = {"type": "json_schema", "json_schema": {"name": "Words", "schema": LIST}}


@each
@pytest.mark.parametrize("more", [{}, {"output_version": "v1"}])
def test_a_response_format_of_a_list_is_answered_with_one(
    wire: str, more: dict[str, Any], model: Make
) -> None:
    """The text is the list alone, whole and streamed; where it was put is on record."""
    llm = model(enable=["anthropic", "ollama"], **MODELS[wire])
    asked = llm.bind(response_format=FORMAT, **more)
    whole = asked.invoke("Two words")
    streamed = _merged(list(asked.stream("Two words")))
    told = str(whole.response_metadata["unified"]["changes"])
    kinds = [type(json.loads(str(one.text))) for one in (whole, streamed)]

    assert [list, list] == kinds
    assert ("key 'value'" in told) is (wire not in {"gemini", "ollama"})


def test_a_class_of_a_list_is_parsed(model: Make) -> None:
    """`parsed` is an instance of the class, as `ChatOpenAI` gives it for objects."""
    found = model().invoke("Two words", response_format=Words)

    assert isinstance(found.additional_kwargs["parsed"], Words)


TEXTS = [
    ('{"value": [1, {"a": "}\\"]"}]}', '[1, {"a": "}\\"]"}]'),
    (' {\n "value" : "a b, }" } ', '"a b, }"'),
    ('{"value":1.50,"more":2}', "1.50"),
    ('{"value": {"value": null}}', '{"value": null}'),
    ('{"value": [1, 2', "[1, 2"),
    ('{"val', '{"val'),
    ('{"valued": 1}', '{"valued": 1}'),
    ("I cannot do that.", "I cannot do that."),
    ("[1, 2]", "[1, 2]"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_an_answer_leaves_its_object_whatever_the_pieces(
    text: str, expected: str
) -> None:
    """Every way to cut the text gives the same; text of another form stays."""
    sizes = range(1, len(text) + 2)
    ways = iter(
        [[text[n : n + size] for n in range(0, len(text), size)] for size in sizes]
    )

    def answer(body: dict[str, Any]) -> Any:
        assert body["response_format"]["json_schema"]["schema"]["required"] == ["value"]
        told = [chunk({"content": piece}) for piece in next(ways)]
        return events(*told, chunk({}, "stop"))

    with CompatibleServer(answer) as server:
        llm = UnifiedChatModel(model="gpt-4o", api_key="k", base_url=server.url)
        found = [
            str(_merged(list(llm.stream("Go.", response_format=FORMAT))).text)
            for _ in sizes
        ]

    assert [expected] * len(sizes) == found


class Leaf(BaseModel):
    """A leaf."""

    label: str


@pytest.mark.parametrize("name", ["gpt-5.4", "gpt-6-sol"])
def test_a_refused_schema_is_sent_without_strict(name: str) -> None:
    """A 400 about a schema is understood, and costs one call; others stay strict."""
    strict: list[bool] = []

    def answer(body: dict[str, Any]) -> Any:
        form = body["response_format"]["json_schema"]
        strict.append(form["strict"])
        if strict[-1] and form["name"] == "Tree":
            told = "In context=('properties', 'label'), 'title' is not permitted."
            return refusal(400, f"Invalid schema for response_format 'Tree': {told}")
        return whole({"content": '{"label": "a"}'})

    with CompatibleServer(answer) as server:
        llm = UnifiedChatModel(
            model=name, api_key="test", base_url=server.url, max_retries=0
        )
        found = llm.with_structured_output(Tree).invoke("Plant it.")
        again = llm.with_structured_output(Tree).invoke("Plant another.")
        leaf = llm.with_structured_output(Leaf).invoke("Pick it.")

    assert (Tree(label="a"), Tree(label="a"), Leaf(label="a")) == (found, again, leaf)
    assert [True, False, False, True] == strict


def test_arguments_that_contain_themselves_keep_their_schema() -> None:
    """langchain-core cuts them; the declaration has them whole."""
    tool = StructuredTool.from_function(
        lambda **given: given, name="plant", description="Plant.", args_schema=Tree
    )
    (neutral,) = neutral_tools([tool])
    parameters = neutral["function"]["parameters"]

    assert {"$ref": "#/$defs/Tree"} == parameters["$defs"]["Tree"]["properties"][
        "children"
    ]["items"]


def test_text_that_holds_json_is_text_on_ollama() -> None:
    """Only an argument that the schema calls an object or a list is read as one."""
    schema = {
        "type": "object",
        "properties": {
            "content": {"type": "string"},
            "options": {"type": "object"},
            "either": {"anyOf": [{"type": "object"}, {"type": "string"}]},
        },
        "additionalProperties": {"type": "string"},
    }
    with World() as world:
        same = {"content": "[1]", "either": "[1]", "more": "{}"}
        world.value = {**same, "options": '{"a": 1}'}
        bound = world.model().bind_tools([function("lookup", parameters=schema)])
        (call,) = bound.invoke("Go.", model="ollama:llama3.2").tool_calls

    assert {**same, "options": {"a": 1}} == call["args"]
