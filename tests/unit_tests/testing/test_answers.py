"""What is answered, and how prompts lead to tool calls and JSON."""

from __future__ import annotations

import json
import re
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from langchain_unified.testing.answers import Answer, Task, ToolSpec, compose
from langchain_unified.testing.answers.hints import Hints
from langchain_unified.testing.answers.instances import instance_of
from langchain_unified.testing.answers.media import pcm, png
from langchain_unified.testing.answers.patterns import example_of
from langchain_unified.testing.text import count_tokens, cut_to_tokens, split_tokens


def tool(name: str, description: str = "", **properties: Any) -> ToolSpec:
    """A function whose properties are all required."""
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return ToolSpec(name, description, schema)


TEXT = {"type": "string"}
WHOLE = {"type": "integer"}
WEATHER = tool("get_weather", "Get the weather at a location.", location=TEXT)
ADD = tool("add", "Add two numbers.", a=WHOLE, b=WHOLE)


def calls(text: str, *tools: ToolSpec, **task: Any) -> list[tuple[str, dict[str, Any]]]:
    """The calls a prompt leads to."""
    answer = compose(Task(text, list(tools), **task))
    return [(call.name, call.arguments) for call in answer.calls]


@pytest.mark.parametrize(
    ("text", "tools", "expected"),
    [
        ("Hello!", [WEATHER], []),
        ("Use add to sum 3 and 4", [ADD], [("add", {"a": 3, "b": 4})]),
        ("What is the weather in San Francisco, CA?", [WEATHER], ["San Francisco"]),
        ("Weather in Paris and London?", [WEATHER], ["Paris", "London"]),
        (
            "Weather in Paris, Rome and New York?",
            [WEATHER],
            ["Paris", "Rome", "New York"],
        ),
        ("The weather 'somewhere nice'", [WEATHER], ["somewhere nice"]),
        (
            "Call add(-1, 2) and get_weather in Oslo",
            [WEATHER, ADD],
            [("get_weather", {"location": "Oslo"}), ("add", {"a": -1, "b": 2})],
        ),
    ],
)
def test_prompts_that_ask_for_tools(text, tools, expected):
    """A tool is called when the prompt names it or speaks of what it does."""
    wanted = [
        ("get_weather", {"location": one}) if isinstance(one, str) else one
        for one in expected
    ]

    assert wanted == calls(text, *tools)


def test_forced_tools():
    """A forced tool is called whatever the prompt says."""
    assert calls("Hello!", WEATHER, ADD, forced=["add"]) == [("add", {"a": 1, "b": 1})]
    assert calls("Hello!", WEATHER, forced=["get_weather"]) == [
        ("get_weather", {"location": "Hello!"})
    ]


def test_one_call_at_a_time():
    """Without parallel calls the second comes after the result of the first."""
    text = "Weather in Paris and London?"
    first = calls(text, WEATHER, parallel=False)
    second = calls(text, WEATHER, parallel=False, calls_made=1, results=["dry"])
    third = compose(
        Task(text, [WEATHER], parallel=False, calls_made=2, results=["dry"])
    )

    assert [first, second] == [
        [("get_weather", {"location": "Paris"})],
        [("get_weather", {"location": "London"})],
    ]
    assert third.calls == []
    assert "dry" in third.text


def test_results_are_reported():
    """After the results the answer contains them."""
    answer = compose(Task("weather?", [WEATHER], results=["sunny", "22"], calls_made=2))

    assert answer == Answer(text="The result is sunny, 22")


def test_choices_in_the_prompt():
    """An enumeration takes the value the prompt mentions."""
    unit = {"type": "string", "enum": ["celsius", "fahrenheit"]}
    spec = tool("convert", unit=unit, degrees={"type": "number"})

    assert calls("convert 21.5 to Fahrenheit", spec) == [
        ("convert", {"unit": "fahrenheit", "degrees": 21.5})
    ]


def test_stop_and_cap():
    """A stop sequence cuts silently, the token cap leaves a mark."""
    assert compose(Task("one two three", stop=["two"])) == Answer(text="one ")
    assert compose(Task("one two three", max_tokens=2)) == Answer(
        "one two", truncated=True
    )
    assert compose(Task("one two three", max_tokens=3)) == Answer("one two three")


def test_reasoning_comes_out_of_the_cap():
    """A cap that reasoning uses up leaves an empty, truncated answer."""
    answer = compose(Task("one two", max_tokens=4, reasoning_tokens=8))

    assert answer == Answer(text="", truncated=True, reasoning_tokens=4)


def test_json_objects():
    """A JSON object follows the keys or the schema in the prompt."""
    keys = compose(Task("JSON with 'setup' and 'punchline' keys", wants_json=True))
    schema = {"properties": {"n": {"type": "integer"}}, "required": ["n"]}
    held = compose(Task(f"As JSON {{x}} like {json.dumps(schema)} 7", wants_json=True))
    plain = compose(Task("any json", wants_json=True))

    assert {"setup", "punchline"} == set(json.loads(keys.text))
    assert json.loads(held.text) == {"n": 7}
    assert json.loads(plain.text) == {"answer": "any json"}


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Node(BaseModel):
    value: int = Field(ge=3, le=9, multiple_of=3)
    children: list[Node] = []
    parent: Node | None = None


class Everything(BaseModel):
    """A schema with most of what pydantic can say."""

    when: datetime
    color: Color
    kind: Literal["only"]
    ratio: float = Field(gt=0, lt=1)
    code: str = Field(pattern=r"^[A-Z]{2}-\d{3}$")
    name: str = Field(min_length=3, max_length=5)
    pair: tuple[int, str]
    many: list[int] = Field(min_length=2, max_length=3)
    either: int | str
    table: dict[str, float]
    tree: Node
    flag: bool
    maybe: str | None


@pytest.mark.parametrize("kind", [Everything, Node, list[Node], dict[str, int], Color])
@pytest.mark.parametrize("only_required", [True, False])
def test_instances_are_valid(kind, only_required):
    """An instance of a schema is accepted by what made the schema."""
    adapter = TypeAdapter(kind)
    built = instance_of(
        adapter.json_schema(), Hints("blue 100 'text'"), only_required=only_required
    )

    assert adapter.validate_python(built)


def test_merged_schemas():
    """The parts of `allOf` are put together."""
    part = {"properties": {"a": WHOLE}, "required": ["a"]}
    schema = {"allOf": [part, {"properties": {"b": TEXT}, "required": ["b"]}]}

    assert instance_of(schema, Hints("4 x")) == {"a": 4, "b": "4 x"}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": ["string", "null"]},
        {"type": "STRING"},
        {"type": "ARRAY", "items": {"type": "INTEGER"}, "minItems": 2},
        {"oneOf": [{"type": "null"}, {"type": "integer"}]},
        {"type": "null"},
        {"anyOf": [{"type": "null"}]},
        {"items": {"type": "string"}},
        {"prefixItems": [{"type": "integer"}, True]},
        {},
    ],
)
def test_odd_schemas_have_instances(schema):
    """Unusual schemas do not break the answer."""
    assert json.dumps(instance_of(schema, Hints("hi")))


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{3}-\d+$",
        r"\w+@\w+\.(com|org)",
        r"[^abc]x?",
        r"(?P<year>\d{4})\s.",
        r"[_-][^a]",
        "plain",
    ],
)
def test_patterns(pattern):
    """The example of a pattern matches it."""
    assert re.search(pattern, example_of(pattern))


def test_broken_patterns():
    """A pattern that cannot be read gives some text."""
    assert example_of("(") == "text"


@pytest.mark.parametrize("text", ["", " a  b ", "word " * 5, "x" * 40, "你好 世界\n"])
def test_tokens_join_to_the_text(text):
    """Cutting into tokens loses nothing."""
    assert text == "".join(split_tokens(text))
    assert cut_to_tokens(text, None) == (text, False)
    assert count_tokens(text) <= max(len(text), 1)


def test_media():
    """The image and the sound are base64 of the right kind."""
    assert png().startswith("iVBORw0KGgo")
    assert len(pcm()) > 1000


def test_annotated_integer_bounds():
    """Exclusive bounds are kept."""
    adapter: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(gt=10, lt=12)])

    assert instance_of(adapter.json_schema(), Hints("99")) == 11
