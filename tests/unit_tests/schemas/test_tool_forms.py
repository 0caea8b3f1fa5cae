"""Tools of any SDK and any dialect of JSON Schema, as they reach each wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from anthropic import beta_async_tool, beta_tool
from google.genai import types
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from langchain_unified.errors import UnsupportedError
from tests.unit_tests.schemas.test_tools import MODELS, each, function, sent
from tests.unit_tests.schemas.world import World

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"q": {"type": "string"}}}
GOOGLES = {"type": "OBJECT", "properties": {"q": {"type": "STRING"}}}
TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"label": {"type": "string"}, "next": {"$ref": "#"}},
    "required": ["label"],
}


def lookup(q: str) -> str:
    """Look it up."""
    return q


async def search(q: str) -> str:
    """Look it up."""
    return q


FORMS = {
    "beta_tool": beta_tool(lookup),
    "beta_async_tool": beta_async_tool(search),
    "custom with input_schema": {
        "type": "custom",
        "name": "lookup",
        "input_schema": SCHEMA,
    },
    "MCP": {"name": "lookup", "description": "Looks up.", "inputSchema": SCHEMA},
    "FunctionDeclaration": types.FunctionDeclaration(
        name="lookup",
        parameters=types.Schema(
            type=types.Type.OBJECT,
            properties={"q": types.Schema(type=types.Type.STRING)},
        ),
    ),
    "Google's words": {"name": "lookup", "parameters": GOOGLES},
    "Google's JSON Schema": {"name": "lookup", "parametersJsonSchema": SCHEMA},
}


@pytest.fixture
def world() -> Iterator[World]:
    """Return a server of every wire that answers with arguments."""
    with World() as server:
        server.value = {"q": "x"}
        yield server


@each
@pytest.mark.parametrize("form", FORMS)
def test_a_function_of_any_sdk_is_declared(wire: str, form: str, world: World) -> None:
    """Its name and its parameters reach the wire."""
    tool = FORMS[form]
    sent(world, wire, [tool])

    assert world.asked is not None
    assert world.asked.name in {"lookup", "search"}
    assert {"type": "string"} == {
        k: v for k, v in world.asked.schema["properties"]["q"].items() if k == "type"
    }


@each
@pytest.mark.parametrize("schema", [{}, {"type": "object"}])
def test_an_object_of_no_word_on_its_keys_is_open(
    wire: str, schema: dict[str, Any], world: World
) -> None:
    """It allows any arguments, in strict mode too, which has no words for it."""
    tool = function("lookup", parameters=schema, strict=True)
    sent(world, wire, [tool])

    assert world.asked is not None
    assert not world.asked.strict
    assert "object" == world.asked.schema["type"]
    assert world.asked.schema.get("additionalProperties", True) is True


@each
def test_a_list_of_items_is_said_as_today(wire: str, world: World) -> None:
    """OpenAI and Claude refuse the tuples of JSON Schema before 2020-12."""
    pair = {"type": "array", "items": [{"type": "integer"}, {"type": "string"}]}
    low = {"type": "number", "minimum": 0, "exclusiveMinimum": True}
    schema = {"type": "object", "properties": {"pair": pair, "low": low}}
    world.value = {"pair": [1, "a"], "low": 1}
    sent(world, wire, [function("lookup", parameters=schema)])

    assert world.asked is not None
    told = world.asked.schema["properties"]
    assert pair["items"] == told["pair"]["prefixItems"]
    assert told["low"].get("exclusiveMinimum", 0) == 0
    assert told["low"].get("exclusiveMinimum") is not True


@each
def test_arguments_are_an_object_though_the_schema_allows_null(
    wire: str, world: World
) -> None:
    """A call always has arguments: `null` beside an object says nothing."""
    schema = {**SCHEMA, "type": ["object", "null"]}
    sent(world, wire, [function("lookup", parameters=schema)])

    assert world.asked is not None
    assert "object" == world.asked.schema["type"]


@each
def test_an_unbound_tool_of_the_history_has_a_legal_name(
    wire: str, world: World
) -> None:
    """Call and result have one name, though no tool of that name is bound now.

    On the user's own server as well, if it serves a known model: a tool that is bound
    is renamed there, too.
    """
    call = {"name": "crm/lookup", "args": {"q": "x"}, "id": "call_1"}
    history = [
        HumanMessage("hi"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("done", tool_call_id="call_1", name="crm/lookup"),
    ]
    world.model().bind_tools([function("other")]).invoke(history, **MODELS[wire])

    assert ("crm/lookup" in str(world.body)) == (wire == "ollama")
    assert [] == world.problems


def test_a_strict_tool_requires_its_optional_arguments_on_record(world: World) -> None:
    """Strict mode requires every key, so that the model has to give a value."""
    llm = world.model()
    plan = llm.explain(tools=[function("lookup", parameters=SCHEMA, strict=True)])
    change = next(c for c in plan.changes if c.sent == "required")

    assert ["optional: q of lookup"] == change.requested


@pytest.mark.parametrize(
    ("schema", "sent_as"),
    [
        ({"type": "object"}, "an object of any keys"),
        (SCHEMA, None),
        ({"type": "OBJECT", "properties": {}}, "JSON Schema 2020-12"),
    ],
)
def test_what_is_said_in_other_words_is_on_record(
    schema: dict[str, Any], sent_as: str | None, world: World
) -> None:
    """A schema that is not sent as it is has a change on the plan."""
    plan = world.model().explain(tools=[function("lookup", parameters=schema)])
    told = [one for c in plan.changes if c.parameter == "tools" for one in c.sent]

    assert ([] if sent_as is None else [sent_as]) == told


@pytest.mark.parametrize("wire", ["chat", "responses"])
def test_a_strict_tool_without_an_end_is_not_strict(wire: str, world: World) -> None:
    """Required everywhere, a key that leads back to itself could never be given."""
    world.value = {"label": "a", "next": {"label": "b"}}
    sent(world, wire, [function("plant", parameters=TREE, strict=True)])

    assert world.asked is not None
    assert not world.asked.strict
    assert ["label"] == world.asked.schema["required"]


@each
def test_parameters_that_are_no_object_are_refused_by_name(
    wire: str, world: World
) -> None:
    """Arguments are an object on every wire."""
    tool = function("words", parameters={"type": "array"})

    with pytest.raises(UnsupportedError, match="words"):
        sent(world, wire, [tool])
