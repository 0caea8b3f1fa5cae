"""The real OpenAI SDK against the emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types import CompletionUsage, Model
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionChunk,
    completion_create_params,
)
from openai.types.responses import (
    Response,
    ResponseStreamEvent,
    response_create_params,
)
from pydantic import TypeAdapter

from langchain_unified.testing import ProviderEmulator, Reply
from langchain_unified.testing.rules import load_fields
from tests.unit_tests.testing.conftest import Post

CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"
HI: Any = [{"role": "user", "content": "hello wide world"}]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL: Any = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
FLAT_TOOL: Any = {"type": "function", "name": "weather", "parameters": SCHEMA}


@pytest.fixture
def client(emulator: ProviderEmulator) -> Iterator[openai.OpenAI]:
    """An SDK client without retries."""
    with openai.OpenAI(
        base_url=emulator.openai_base_url, api_key="sk-test-1234", max_retries=0
    ) as made:
        yield made


def events(raw: bytes) -> list[Any]:
    """The JSON values of a stream."""
    lines = raw.decode().splitlines()
    data = [line[6:] for line in lines if line.startswith("data: ")]
    return [json.loads(line) for line in data if line != "[DONE]"]


def test_chat(client: openai.OpenAI):
    """A chat completion echoes the user and counts tokens."""
    made = client.chat.completions.create(model="gpt-4o", messages=HI, n=2)

    assert [one.message.content for one in made.choices] == ["hello wide world"] * 2
    assert made.choices[0].finish_reason == "stop"
    assert isinstance(made.usage, CompletionUsage)
    assert made.usage.total_tokens == made.usage.prompt_tokens + 6
    assert (made._request_id or "").startswith("req_")


def test_chat_stream(client: openai.OpenAI):
    """A stream starts with the role and ends with usage only when asked."""
    chunks = list(
        client.chat.completions.create(
            model="gpt-4o",
            messages=HI,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    plain = list(
        client.chat.completions.create(model="gpt-4o", messages=HI, stream=True)
    )

    first = chunks[0].choices[0].delta
    assert (first.role, first.content) == ("assistant", "")
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == "hello wide world"
    assert chunks[-1].choices == []
    assert chunks[-1].usage
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert all(chunk.choices for chunk in plain)
    assert plain[-1].choices[0].finish_reason == "stop"


def test_streamed_tool_calls(client: openai.OpenAI):
    """The arguments of parallel calls arrive in pieces that join to JSON."""
    messages: Any = [{"role": "user", "content": "weather in Paris and Rome"}]
    stream = client.chat.completions.create(
        model="gpt-4o", messages=messages, tools=[TOOL], stream=True
    )
    joined: dict[int, str] = {}
    finish = None
    for chunk in stream:
        finish = chunk.choices[0].finish_reason or finish
        for call in chunk.choices[0].delta.tool_calls or []:
            assert call.function
            held = call.function.arguments or ""
            joined[call.index] = joined.get(call.index, "") + held

    cities = [json.loads(text) for text in joined.values()]
    assert cities == [{"city": "Paris"}, {"city": "Rome"}]
    assert finish == "tool_calls"


def test_tool_loop(client: openai.OpenAI):
    """A call and its result lead to an answer with the result."""
    messages: Any = [{"role": "user", "content": "weather in Paris"}]
    made = client.chat.completions.create(
        model="gpt-4o", messages=messages, tools=[TOOL], parallel_tool_calls=False
    )
    message = made.choices[0].message
    assert message.tool_calls
    result = {
        "role": "tool",
        "tool_call_id": message.tool_calls[0].id,
        "content": "dry",
    }
    messages += [message.model_dump(exclude_none=True, exclude={"annotations"}), result]
    done = client.chat.completions.create(
        model="gpt-4o", messages=messages, tools=[TOOL]
    )

    assert made.choices[0].finish_reason == "tool_calls"
    assert done.choices[0].message.content == "The result is dry"


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ("none", False),
        ("auto", False),
        ("required", True),
        ({"type": "function", "function": {"name": "weather"}}, True),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [TOOL]},
            },
            True,
        ),
    ],
)
def test_tool_choice(client: openai.OpenAI, choice, called):
    """The tool choice decides whether a tool is called."""
    made = client.chat.completions.create(
        model="gpt-4o", messages=HI, tools=[TOOL], tool_choice=choice
    )

    assert bool(made.choices[0].message.tool_calls) is called


def test_limits_and_logprobs(client: openai.OpenAI):
    """Stop, cap and log probabilities are honoured."""
    cut = client.chat.completions.create(
        model="gpt-4o",
        messages=HI,
        max_tokens=2,
        logprobs=True,
        top_logprobs=3,
    ).choices[0]
    stopped = client.chat.completions.create(
        model="gpt-4o", messages=HI, stop="wide"
    ).choices[0]

    assert (cut.message.content, cut.finish_reason) == ("hello wide", "length")
    assert cut.logprobs
    assert cut.logprobs.content
    assert [len(one.top_logprobs) for one in cut.logprobs.content] == [3, 3]
    assert (stopped.message.content, stopped.finish_reason) == ("hello ", "stop")


def test_structured_output(client: openai.OpenAI):
    """A response format gets an instance of its schema."""
    made = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "the weather in Rome"}],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "A", "schema": SCHEMA, "strict": True},
        },
    )

    assert json.loads(made.choices[0].message.content or "") == {"city": "Rome"}


def test_reasoning_tokens(client: openai.OpenAI):
    """A reasoning model spends tokens unless the effort is none."""
    spent = []
    for effort in ("none", "low", "high"):
        made = client.chat.completions.create(
            model="gpt-5.5", messages=HI, reasoning_effort=effort
        )
        assert made.usage
        assert made.usage.completion_tokens_details
        spent.append(made.usage.completion_tokens_details.reasoning_tokens)

    assert spent == [0, 64, 512]


def test_responses(client: openai.OpenAI):
    """A response carries text, reasoning with its summary, and usage."""
    made = client.responses.create(
        model="gpt-5.6-sol",
        input="hello wide world",
        store=False,
        reasoning={"effort": "max", "summary": "auto"},
        include=["reasoning.encrypted_content"],
    )
    reasoning = made.output[0]

    assert made.output_text == "hello wide world"
    assert reasoning.type == "reasoning"
    assert reasoning.encrypted_content
    assert reasoning.summary[0].text
    assert made.usage
    assert made.usage.output_tokens_details.reasoning_tokens == 2048


def test_responses_cut_by_the_cap(client: openai.OpenAI):
    """A cap that is reached leaves an incomplete response."""
    made = client.responses.create(
        model="gpt-4o", input="word " * 30, max_output_tokens=16
    )

    assert made.status == "incomplete"
    assert made.incomplete_details
    assert made.incomplete_details.reason == "max_output_tokens"


def test_responses_events(client: openai.OpenAI):
    """The events come in order, numbered, around text, calls and summaries."""
    stream = client.responses.create(
        model="gpt-5.6-sol", input="hello", stream=True, reasoning={"summary": "auto"}
    )
    seen = list(stream)
    names = [event.type.removeprefix("response.") for event in seen]

    assert [event.sequence_number for event in seen] == list(range(len(seen)))
    assert names[:2] == ["created", "in_progress"]
    assert names[-6:] == [
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert "reasoning_summary_text.delta" in names


def test_responses_tool_loop(client: openai.OpenAI):
    """A call on Responses keeps its reasoning through the loop."""
    conversation: list[Any] = [{"role": "user", "content": "weather in Paris"}]
    options: Any = {
        "model": "gpt-5.6-sol",
        "tools": [FLAT_TOOL],
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }
    made = client.responses.create(input=conversation, **options)
    call = made.output[1]
    assert call.type == "function_call"
    conversation += [item.model_dump(exclude_none=True) for item in made.output]
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "dry"}
    done = client.responses.create(input=[*conversation, output], **options)

    assert json.loads(call.arguments) == {"city": "Paris"}
    assert done.output_text == "The result is dry"


def test_models(client: openai.OpenAI):
    """The list has the ids, and shutdown dates, of all listed models."""
    listed = {model.id: model for model in client.models.list()}

    assert {"gpt-4o", "gpt-5-pro", "gpt-4-turbo"} <= set(listed)
    assert not {"gpt-5.6", "gpt-5.1-mini"} & set(listed)
    assert isinstance(client.models.retrieve("gpt-5.6"), Model)
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


def test_errors_are_the_sdks_own(client: openai.OpenAI, emulator: ProviderEmulator):
    """A refusal becomes the exception of its status."""
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="gpt-5", messages=HI, temperature=0)
    emulator.script(Reply.openai_error(429, "Slow down.", code="rate_limit_exceeded"))
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="gpt-4o", messages=HI)
    emulator.script(Reply.sse({"error": {"message": "boom"}}))
    with pytest.raises(openai.APIError, match="boom"):
        list(client.chat.completions.create(model="gpt-4o", messages=HI, stream=True))

    assert (refused.value.param, refused.value.code) == (
        "temperature",
        "unsupported_value",
    )


def test_one_connection_is_reused(client: openai.OpenAI, emulator: ProviderEmulator):
    """The requests of one client share one connection."""
    for streaming in (False, True, False):
        client.chat.completions.create(model="gpt-4o", messages=HI)
        made: Any = client.responses.create(
            model="gpt-4o", input="hi", stream=streaming
        )
        list(made)

    assert emulator.connections == 1


async def test_async_client(emulator: ProviderEmulator):
    """The asynchronous client works too."""
    async with openai.AsyncOpenAI(
        base_url=emulator.openai_base_url, api_key="k"
    ) as client:
        made = await client.chat.completions.create(model="gpt-4o", messages=HI)

    assert made.choices[0].message.content == "hello wide world"


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"tools": [TOOL], "tool_choice": "required"},
        {"logprobs": True, "top_logprobs": 2},
        {"n": 2},
    ],
)
def test_chat_bodies_validate(post: Post, extra):
    """Every body and every chunk is valid for the SDK's models."""
    body = {"model": "gpt-4o", "messages": HI, **extra}

    ChatCompletion.model_validate(post(CHAT, body).body)
    for chunk in events(post(CHAT, {**body, "stream": True}).body):
        ChatCompletionChunk.model_validate(chunk)


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"tools": [FLAT_TOOL], "tool_choice": "required"},
        {"reasoning": {"summary": "detailed"}},
        {"include": ["message.output_text.logprobs"], "reasoning": {"effort": "none"}},
    ],
)
def test_responses_bodies_validate(post: Post, extra):
    """Every response and every event is valid for the SDK's models."""
    body = {"model": "gpt-5.6-sol", "input": "hello there", **extra}

    Response.model_validate(post(RESPONSES, body).body)
    adapter: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    for event in events(post(RESPONSES, {**body, "stream": True}).body):
        adapter.validate_python(event)


@pytest.mark.parametrize(
    ("endpoint", "typed"),
    [
        ("chat", completion_create_params.CompletionCreateParamsBase),
        ("responses", response_create_params.ResponseCreateParamsBase),
    ],
)
def test_known_names_are_the_sdks(endpoint, typed):
    """The arguments the emulator knows are those the SDK can send."""
    known = set(load_fields("openai")[endpoint])

    assert known == {*typed.__annotations__, "stream"}
