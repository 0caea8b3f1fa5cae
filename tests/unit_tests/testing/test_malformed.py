"""Requests no API can read, and tools that take text."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from openai import BadRequestError, NotFoundError, OpenAI

from tests.unit_tests.testing.conftest import request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_unified.testing import ProviderEmulator

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
GEMINI = "/v1beta/models/gemini-2.5-flash:generateContent"
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "enum": ["Paris"], "minLength": 1},
        "days": {"type": "array", "items": {"type": "integer", "minimum": 1}},
    },
    "required": ["city", "days"],
    "additionalProperties": False,
}
FUNCTION = {"name": "weather", "description": "The weather.", "parameters": SCHEMA}
CODE = {"name": "run_code", "description": "Runs code."}
CALLED = {"name": "weather", "arguments": "{}"}
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "hi"}]},
    {"role": "assistant", "tool_calls": [{"id": "1", "type": "function"}]},
    {"role": "tool", "tool_call_id": "1", "content": "sunny"},
]
MESSAGES[2]["tool_calls"][0]["function"] = CALLED
BODIES: dict[str, dict[str, Any]] = {
    CHAT: {
        "model": "gpt-4o",
        "messages": MESSAGES,
        "tools": [{"type": "function", "function": FUNCTION}],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "stop": ["x"],
        "n": 2,
        "response_format": {"type": "json_schema"},
    },
    RESPONSES: {
        "model": "gpt-5",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "function_call", "call_id": "1", **CALLED},
            {"type": "function_call_output", "call_id": "1", "output": "sunny"},
            {"role": "user", "content": "weather"},
        ],
        "tools": [{"type": "function", **FUNCTION}, {"type": "custom", **CODE}],
        "tool_choice": {"type": "function", "name": "weather"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"format": {"type": "text"}, "verbosity": "low"},
    },
    GEMINI: {
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "tools": [{"functionDeclarations": [{"name": "a", "parameters": SCHEMA}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "generationConfig": {
            "stopSequences": ["x"],
            "candidateCount": 1,
            "thinkingConfig": {"thinkingBudget": 100},
        },
    },
}
BODIES[CHAT]["response_format"]["json_schema"] = {"name": "a", "schema": SCHEMA}
del BODIES[GEMINI]["tools"][0]["functionDeclarations"][0]["parameters"]
BODIES[GEMINI]["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"] = SCHEMA
ODD = [None, 5, -1, 1.5, True, "", "x", [], [5], ["x"], [None], {}, {"a": 5}, 10**30]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to everything in a body but the model's name."""
    if path and path != ("model",):
        yield path
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    for key, entry in inner:
        yield from places(entry, (*path, key))


def altered(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """Return a body with another value at a place."""
    changed = copy.deepcopy(body)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("strict", ["inferred", "recorded"])
def test_no_request_breaks_the_emulator(path: str, strict: str):
    """Whatever stands wherever in a request, the answer is one of the API's own."""
    from langchain_unified.testing import ProviderEmulator

    body = BODIES[path]
    cases = [(place, value) for place in places(body) for value in ODD]
    chosen = random.Random(7).sample(cases, 300)  # noqa: S311
    with ProviderEmulator(strict=strict) as emulator:
        assert 200 == request(emulator, path, body).status
        for place, value in chosen:
            reply = request(emulator, path, altered(body, place, value))
            assert reply.status in (200, 400, 404), (place, value)
            assert emulator.requests[-1].failure is None, (place, value)


@pytest.mark.parametrize("text", ['{"model": NaN}', "[" * 100_000, "{"])
def test_what_is_no_json_is_refused(emulator: ProviderEmulator, text: str):
    """NaN, endless nesting and half a body are refused as the API refuses them."""
    import httpx

    reply = httpx.post(
        f"{emulator.openai_base_url}/chat/completions",
        content=text,
        headers={"authorization": "Bearer k"},
    )

    assert 400 == reply.status_code
    assert "We could not parse the JSON body" in reply.json()["error"]["message"]


@pytest.fixture
def client(emulator: ProviderEmulator) -> OpenAI:
    """Return OpenAI's own client on the emulator."""
    return OpenAI(base_url=emulator.openai_base_url, api_key="k", max_retries=0)


@pytest.mark.parametrize(
    "choice", ["required", {"type": "custom", "custom": {"name": "run_code"}}]
)
def test_a_custom_tool_is_called_on_chat(client: OpenAI, choice: Any):
    """A tool that takes text is called with text."""
    answer = client.chat.completions.create(
        model="gpt-5",
        messages=[{"role": "user", "content": 'Run "1 + 1".'}],
        tools=[{"type": "custom", "custom": CODE}],
        tool_choice=choice,
    )

    call = (answer.choices[0].message.tool_calls or [])[0]
    assert "custom" == call.type
    assert ("run_code", "1 + 1") == (call.custom.name, call.custom.input)


def test_a_custom_tool_is_called_on_responses(client: OpenAI):
    """The stream of a custom tool's text has the recorded events."""
    with client.responses.stream(
        model="gpt-5",
        input='Run "1 + 1".',
        tools=[{"type": "custom", **CODE}],
        tool_choice={"type": "custom", "name": "run_code"},
    ) as stream:
        kinds = {event.type for event in stream}
        item = stream.get_final_response().output[-1]

    assert "response.custom_tool_call_input.delta" in kinds
    assert "response.custom_tool_call_input.done" in kinds
    assert ("custom_tool_call", "1 + 1") == (item.type, item.input)


@pytest.mark.parametrize("kind", ["web_search", "code_interpreter", "tool_search"])
def test_a_forced_built_in_tool_is_answered_with_text(client: OpenAI, kind: str):
    """Built-in tools are accepted and not run, forced ones too."""
    tools: Any = [{"type": kind}]
    answer = client.responses.create(
        model="gpt-5.4", input="hi", tools=tools, tool_choice={"type": kind}
    )

    assert "hi" == answer.output_text


@pytest.mark.parametrize(
    ("model", "expected"), [("gpt-5.4", ["commentary"]), ("gpt-5", [])]
)
def test_a_model_speaks_before_it_calls(
    client: OpenAI, model: str, expected: list[str]
):
    """Asked to, models that say their phase announce a call in a commentary."""
    function: Any = {"type": "function", **FUNCTION, "strict": False}
    answer = client.responses.create(
        model=model,
        input="State your answer and then generate a tool call for weather.",
        tools=[function],
    )

    said = [one for one in answer.output if one.type == "message"]
    assert expected == [one.phase for one in said]
    assert "function_call" == answer.output[-1].type


def test_schemas_without_an_end_are_answered(emulator: ProviderEmulator):
    """Lists and texts of any size asked for end somewhere."""
    huge = {"type": "string", "minLength": 10**15}
    most = {"type": "array", "minItems": 10**15, "items": huge}
    schema = {"type": "object", "properties": {"a": most}, "required": ["a"]}
    schema["properties"]["b"] = {"type": "string", "pattern": "(a{60000}){60000}"}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    body = {**BODIES[CHAT], "messages": MESSAGES[:2], "tools": [tool]}
    body |= {"tool_choice": "required", "n": 1}
    del body["response_format"]

    reply = request(emulator, CHAT, body)
    assert 200 == reply.status
    assert "function" in json.dumps(reply.body)


def test_a_stored_response_is_fetched_and_deleted(client: OpenAI):
    """What was stored is there with its input until it is deleted."""
    made = client.responses.create(model="gpt-4o", input="hi")
    asked: Any = client.responses.input_items.list(made.id).data[0]

    assert made.output_text == client.responses.retrieve(made.id).output_text
    assert ("user", "hi") == (asked.role, asked.content[0].text)
    with pytest.raises(BadRequestError, match="Cannot cancel a synchronous"):
        client.responses.cancel(made.id)
    client.responses.delete(made.id)
    with pytest.raises(NotFoundError):
        client.responses.retrieve(made.id)
