"""Tools on every wire: names, choices, numbers and the forms they are given in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from google.genai import types
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import StructuredTool
from pydantic import BaseModel

from langchain_unified.errors import UnsupportedError
from tests.unit_tests.schemas.world import World

RESPONSES = {"model": "gpt-4o", "use_responses_api": True}
MODELS: dict[str, dict[str, Any]] = {
    "chat": {"model": "gpt-4o"},
    "responses": RESPONSES,
    "gemini": {"model": "google_genai:gemini-2.5-flash"},
    "claude": {"model": "claude-opus-5"},
    "ollama": {"model": "ollama:llama3.1"},
}
each = pytest.mark.parametrize("wire", MODELS)


@pytest.fixture
def world() -> Iterator[World]:
    """Return a server of every wire that answers with arguments."""
    with World() as server:
        server.value = {"q": "x"}
        yield server


def function(name: str, **more: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"q": {"type": "string"}}}
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": "Looks up.",
            "parameters": {**schema, "required": ["q"]},
            **more,
        },
    }


def sent(world: World, wire: str, tools: Any, **asked: Any) -> dict[str, Any]:
    """Bind tools, call once, and return the request."""
    llm = world.model()
    answer = llm.bind_tools(tools, **asked).invoke("Go.", **MODELS[wire])
    assert [] == world.problems
    world.answer = answer
    return world.body


@each
@pytest.mark.parametrize("name", ["crm.lookup", "größe", "7 up", "x" * 70, "lookup"])
def test_a_name_travels(wire: str, name: str, world: World) -> None:
    """A name is legal on the wire, and the caller sees the tool's own."""
    sent(world, wire, [function(name)], tool_choice=name)

    assert [name] == [call["name"] for call in world.answer.tool_calls]


@each
def test_names_do_not_collide(wire: str, world: World) -> None:
    """Two names that would be spelled alike stay two."""
    llm = world.model().bind_tools([function("a.b"), function("a_b")])
    plan = llm.bound.explain(**llm.kwargs, **MODELS[wire])  # type: ignore[attr-defined]
    wire_names = [plan.tool_names.get(name, name) for name in ("a.b", "a_b")]

    assert 2 == len(set(wire_names))


@each
def test_a_name_in_the_history_is_the_tools(wire: str, world: World) -> None:
    """A call made before is told under the name the tool has now."""
    call = {"name": "crm.lookup", "args": {"q": "x"}, "id": "call_1"}
    history = [
        HumanMessage("hi"),
        AIMessage("", tool_calls=[call]),
        ToolMessage("done", tool_call_id="call_1", name="crm.lookup"),
    ]
    llm = world.model().bind_tools([function("crm.lookup")])
    llm.invoke(history, **MODELS[wire])
    told = json.dumps(world.body)

    assert world.asked is not None
    assert 2 <= told.count(json.dumps(world.asked.name))
    assert [] == world.problems


ONE = "lookup"
FORMS: tuple[Any, ...] = (
    ONE,
    [ONE],
    {"type": "function", "function": {"name": ONE}},
    {"type": "function", "name": ONE},
    {"type": "tool", "name": ONE},
    {"function": {"name": ONE}},
    {
        "type": "allowed_tools",
        "mode": "required",
        "tools": [{"type": "function", "name": ONE}],
    },
    {
        "type": "allowed_tools",
        "allowed_tools": {
            "mode": "required",
            "tools": [{"type": "function", "function": {"name": ONE}}],
        },
    },
    {"function_calling_config": {"mode": "ANY", "allowed_function_names": [ONE]}},
    types.ToolConfig(
        function_calling_config=types.FunctionCallingConfig(
            mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=[ONE]
        )
    ),
)


@each
@pytest.mark.parametrize("choice", FORMS, ids=str)
def test_every_form_of_a_choice_names_the_tool(
    wire: str, choice: Any, world: World
) -> None:
    """A tool is chosen in the endpoint's form, whichever form it is given in."""
    tools = [function("other"), function(ONE)]
    body = sent(world, wire, tools, tool_choice=choice)

    assert _chosen(wire, body) == [ONE]


def _chosen(wire: str, body: dict[str, Any]) -> list[str]:
    """Return the tools one of which must be called."""
    choice = body.get("tool_choice")
    if wire == "gemini":
        config = body["toolConfig"]["functionCallingConfig"]
        return list(config["allowedFunctionNames"]) if config["mode"] == "ANY" else []
    if wire == "ollama":
        return [ONE] if "other" not in json.dumps(body) and body["format"] else []
    if wire == "claude":
        names = [tool["name"] for tool in body["tools"]]
        return names if choice == {"type": "any"} else [choice["name"]]
    if choice["type"] == "allowed_tools":
        inner = choice["allowed_tools"] if wire == "chat" else choice
        assert inner["mode"] == "required"
        tools = inner["tools"]
        return [(t["function"] if wire == "chat" else t)["name"] for t in tools]
    return [(choice["function"] if wire == "chat" else choice)["name"]]


@each
def test_a_limit_of_gemini_limits_on_every_wire(wire: str, world: World) -> None:
    """One allowed name beside a mode that forces nothing leaves the others out."""
    config = {"mode": "VALIDATED", "allowed_function_names": [ONE]}
    tools = [function("other"), function(ONE)]
    choice = {"function_calling_config": config}
    body = sent(world, wire, tools, tool_choice=choice)
    allowed = body.get("tool_choice")

    if wire in {"chat", "responses"}:
        assert "allowed_tools" == allowed["type"]
        assert "other" not in json.dumps(allowed)
    else:
        assert "other" not in json.dumps(body)


PARALLEL = {
    "chat": ["parallel_tool_calls"],
    "responses": ["parallel_tool_calls"],
    "claude": ["tool_choice", "disable_parallel_tool_use"],
}


@pytest.mark.parametrize("wire", PARALLEL)
@pytest.mark.parametrize("kind", ["any", "auto", "tool"])
def test_one_call_at_a_time_in_the_form_of_claude(
    wire: str, kind: str, world: World
) -> None:
    """`disable_parallel_tool_use` of a choice is what the endpoint calls it."""
    choice = {"type": kind, "disable_parallel_tool_use": True}
    choice |= {"name": ONE} if kind == "tool" else {}
    found: Any = sent(world, wire, [function(ONE)], tool_choice=choice)
    for key in PARALLEL[wire]:
        found = found[key]

    assert (wire == "claude") is found


@each
@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"q": {"$ref": "#/$defs/A~1B"}}, "$defs": {"A/B": {}}},
        {"properties": {"q": {"type": "string"}, "$ref": {"type": "string"}}},
    ],
    ids=["an escaped name", "a key called $ref"],
)
def test_references_of_a_servers_schema(
    wire: str, schema: dict[str, Any], world: World
) -> None:
    """What langchain-core cannot put in place is declared as the server wrote it."""
    tool = StructuredTool(
        name=ONE,
        description="Looks up.",
        args_schema={"type": "object", **schema},
        func=lambda **given: str(given),
    )
    sent(world, wire, [tool])

    assert [{"q": "x"}] == [call["args"] for call in world.answer.tool_calls]


@each
@pytest.mark.parametrize(
    "choice",
    ["nobody", ["nobody"], {"type": "function", "function": {"name": "nobody"}}],
    ids=str,
)
def test_a_choice_that_names_no_tool_is_refused(
    wire: str, choice: Any, world: World
) -> None:
    """Nothing is sent, and the error lists the tools there are."""
    bound = world.model().bind_tools([function(ONE)], tool_choice=choice)

    with pytest.raises(UnsupportedError, match="'lookup'") as caught:
        bound.invoke("Go.", **MODELS[wire])
    assert "tool_choice" == caught.value.parameter
    assert {} == world.body


@pytest.mark.parametrize(
    ("wire", "most"), [("chat", 128), ("responses", 128), ("gemini", 512)]
)
def test_more_tools_than_the_api_takes_are_refused(
    wire: str, most: int, world: World
) -> None:
    """As many as are taken are sent; one more is refused before sending."""
    tools = [function(f"f{n}") for n in range(most + 1)]

    assert len(_names(wire, sent(world, wire, tools[:-1]))) == most
    with pytest.raises(UnsupportedError, match=str(most)):
        world.model().bind_tools(tools).invoke("Go.", **MODELS[wire])


def _names(wire: str, body: dict[str, Any]) -> list[str]:
    tools = body["tools"]
    if wire == "gemini":
        tools = tools[0]["functionDeclarations"]
    return [(one["function"] if wire == "chat" else one)["name"] for one in tools]


@each
def test_an_sdks_tool_is_a_tool(wire: str, world: World) -> None:
    """google-genai's own declarations reach every provider."""
    schema = types.Schema(
        type=types.Type.OBJECT,
        properties={"q": types.Schema(type=types.Type.STRING, max_length=9)},
        required=["q"],
    )
    declaration = types.FunctionDeclaration(
        name=ONE, description="Looks up.", parameters=schema
    )
    sent(world, wire, [types.Tool(function_declarations=[declaration])])

    assert world.asked is not None
    assert ONE == world.asked.name
    assert "string" == world.asked.schema["properties"]["q"]["type"]


def test_an_sdks_built_in_tool_is_one(world: World) -> None:
    """google-genai's own built-in tools are sent as they are."""
    tool = types.Tool(google_search=types.GoogleSearch())
    llm = world.model().bind_tools([tool])
    plan = llm.bound.explain(**llm.kwargs, **MODELS["gemini"])  # type: ignore[attr-defined]

    assert [{"google_search": {}}] == plan.body["tools"]


class Leaf(BaseModel):
    """A leaf of a tree."""

    label: str
    children: list[Leaf] = []


PARAMETERS: dict[str, tuple[Any, Any]] = {
    "additionalProperties": (
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"PATH": "/bin"},
    ),
    "patternProperties": (
        {"type": "object", "patternProperties": {"^x": {"type": "string"}}},
        {"x": "1"},
    ),
    "$ref": (
        {
            "$ref": "#/$defs/In",
            "$defs": {
                "In": {"type": "object", "properties": {"q": {"type": "string"}}}
            },
        },
        {"q": "x"},
    ),
    "anyOf": (
        {
            "anyOf": [
                {"type": "object", "properties": {"content": {"type": "string"}}},
                {"type": "object", "properties": {"address": {"type": "string"}}},
            ]
        },
        {"address": "x"},
    ),
    "no type": ({"properties": {"q": {"type": "string"}}}, {"q": "x"}),
    "recursion": (Leaf.model_json_schema(), {"label": "a", "children": []}),
}


@each
@pytest.mark.parametrize("kind", PARAMETERS)
def test_parameters_do_not_vanish(wire: str, kind: str, world: World) -> None:
    """What the schema of an MCP server allows, the declaration allows."""
    schema, world.value = PARAMETERS[kind]
    tool = StructuredTool(
        name="attach", description="Does it.", args_schema=schema, func=print
    )
    sent(world, wire, [tool], tool_choice="attach")

    assert world.value == world.answer.tool_calls[0]["args"]


@each
def test_no_parameters_are_none(wire: str, world: World) -> None:
    """A tool without parameters is declared without, and can be called."""
    world.value = {}
    bare = {"type": "function", "function": {"name": ONE, "description": "Does it."}}
    sent(world, wire, [bare])

    assert {} == world.answer.tool_calls[0]["args"]


def test_optional_arguments_stay_optional_on_responses(world: World) -> None:
    """Responses makes functions strict unless told otherwise; it is told."""
    schema = {"type": "object", "properties": {"q": {"type": "string"}}}
    body = sent(world, "responses", [function(ONE, parameters=schema)])

    assert body["tools"][0]["strict"] is False


def test_a_strict_function_is_strict_where_that_exists(world: World) -> None:
    """OpenAI is sent the strict form; Gemini the schema as it was written."""
    schema = {"type": "object", "properties": {"q": {"type": "string"}}}
    tools = [function(ONE, parameters=schema)]
    on_openai = sent(world, "chat", tools, strict=True)["tools"][0]["function"]
    sent(world, "gemini", tools, strict=True)

    assert on_openai["strict"] is True
    assert ["q"] == on_openai["parameters"]["required"]
    assert world.asked is not None
    assert schema == world.asked.schema
