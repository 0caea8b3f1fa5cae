"""Chat answers: what ChatOpenAI makes of the same bytes is what we make of them."""

import json
from typing import Any

import pytest
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI

from langchain_unified.errors import MalformedResponseError
from langchain_unified.shims.openai.chat import parse_chat_body
from langchain_unified.shims.openai.chat_stream import ChatStreamParser
from langchain_unified.shims.openai.http import response_class

LIBRARY: Any = __import__(response_class().__module__.partition(".")[0])
USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 30,
    "total_tokens": 50,
    "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 16,
        "audio_tokens": 2,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
TOKEN = {"token": "Hi", "logprob": -0.1, "bytes": [72, 105], "top_logprobs": []}
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "add", "arguments": '{"a": 1}'},
}


def chat_openai(content: bytes, **settings: Any) -> ChatOpenAI:
    """Return a ChatOpenAI that always gets the same bytes as answer."""
    transport = LIBRARY.MockTransport(lambda _: LIBRARY.Response(200, content=content))
    client = LIBRARY.Client(transport=transport)
    return ChatOpenAI(
        model="gpt-5-mini", api_key="k", http_client=client, max_retries=0, **settings
    )


def answer(message: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a chat completion with one choice."""
    choice = {
        "index": 0,
        "finish_reason": fields.pop("finish_reason", "stop"),
        "logprobs": fields.pop("logprobs", None),
        "message": {"role": "assistant", "content": None, "refusal": None, **message},
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-5-mini-2025-08-07",
        "system_fingerprint": "fp_1",
        "service_tier": "default",
        "choices": [choice],
        "usage": USAGE,
        **fields,
    }


BODIES = {
    "text": answer({"content": "Hi"}),
    "nothing": answer({}),
    "null usage": answer({"content": "Hi"}, usage=None),
    "bare usage": answer(
        {"content": "Hi"},
        usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    ),
    "cache writes": answer(
        {"content": "Hi"},
        usage={**USAGE, "prompt_tokens_details": {"cache_write_tokens": 4}},
    ),
    "priority": answer({"content": "Hi"}, service_tier="priority"),
    "flex": answer({"content": "Hi"}, service_tier="flex"),
    "no tier": answer({"content": "Hi"}, service_tier=None, system_fingerprint=None),
    "length": answer({"content": ""}, finish_reason="length"),
    "refusal": answer({"refusal": "I can't"}),
    "annotations": answer({"content": "Hi", "annotations": []}),
    "logprobs": answer(
        {"content": "Hi"}, logprobs={"content": [TOKEN], "refusal": None}
    ),
    "audio": answer(
        {"audio": {"id": "a", "data": "AA==", "expires_at": 9, "transcript": "Hi"}}
    ),
    "function call": answer({"function_call": {"name": "add", "arguments": "{}"}}),
    "tool calls": answer(
        {"tool_calls": [CALL, {**CALL, "id": "call_2"}]}, finish_reason="tool_calls"
    ),
    "no arguments": answer(
        {"tool_calls": [{**CALL, "function": {"name": "now", "arguments": ""}}]}
    ),
    "control characters": answer(
        {"tool_calls": [{**CALL, "function": {"name": "w", "arguments": '{"a":"\n"}'}}]}
    ),
    "broken arguments": answer(
        {"tool_calls": [CALL, {**CALL, "function": {"name": "b", "arguments": "{"}}]}
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_gives_what_chat_openai_gives(name: str) -> None:
    """Message, generation info and LLM output are ChatOpenAI's, field by field."""
    body = BODIES[name]
    expected = chat_openai(json.dumps(body).encode())._generate([])

    actual = parse_chat_body(body)

    assert expected.llm_output == actual.llm_output
    assert expected.generations == actual.generations


def test_several_choices_give_several_generations() -> None:
    """Each choice has its own message and finish reason."""
    first = answer({"content": "A"})["choices"][0]
    second = answer({"content": "B"}, finish_reason="length")["choices"][0]
    body = answer({}, choices=[first, second])
    expected = chat_openai(json.dumps(body).encode())._generate([])

    actual = parse_chat_body(body)

    assert expected.generations == actual.generations


def test_headers_are_kept_where_chat_openai_keeps_them() -> None:
    """Response headers go into the generation info."""
    model = chat_openai(
        json.dumps(BODIES["text"]).encode(), include_response_headers=True
    )
    headers = model._generate([]).generations[0].generation_info["headers"]

    info = parse_chat_body(BODIES["text"], headers=headers).generations[0]

    assert headers == info.generation_info["headers"]


def test_a_custom_tool_call_is_a_tool_call() -> None:
    """The free text of a custom tool is its one argument."""
    call = {"id": "c", "type": "custom", "custom": {"name": "sh", "input": "ls"}}

    message = parse_chat_body(answer({"tool_calls": [call]})).generations[0].message

    assert [
        {"type": "tool_call", "name": "sh", "args": {"__arg1": "ls"}, "id": "c"}
    ] == message.tool_calls


@pytest.mark.parametrize("choices", [None, "x"])
def test_an_answer_without_choices_is_malformed(choices: Any) -> None:
    """A body of some other kind is named in the error."""
    with pytest.raises(MalformedResponseError, match="has no choices"):
        parse_chat_body({"choices": choices})


def chunk(
    delta: dict[str, Any] | None, finish: str | None = None, **fields: Any
) -> dict[str, Any]:
    """Return one chunk of a stream."""
    choice = {
        "index": 0,
        "delta": delta,
        "logprobs": fields.pop("logprobs", None),
        "finish_reason": finish,
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-5-mini-2025-08-07",
        "service_tier": "default",
        "system_fingerprint": "fp_1",
        "choices": [choice],
        "usage": None,
        **fields,
    }


def call_delta(index: int, **fields: Any) -> dict[str, Any]:
    """Return the delta of one tool call."""
    return {"tool_calls": [{"index": index, **fields}]}


FIRST = chunk({"role": "assistant", "content": "", "refusal": None})
LAST = chunk({}, "stop")
TOTALS = chunk({}, choices=[], usage=USAGE)
STREAMS = {
    "text": [FIRST, chunk({"content": "H"}), chunk({"content": "i"}), LAST, TOTALS],
    "no usage": [FIRST, chunk({"content": "Hi"}), LAST],
    "priority": [FIRST, LAST, {**TOTALS, "service_tier": "priority"}],
    "logprobs": [
        chunk({"content": "Hi"}, logprobs={"content": [TOKEN], "refusal": None}),
        LAST,
        TOTALS,
    ],
    "tools": [
        FIRST,
        chunk(
            call_delta(
                0,
                id="call_1",
                type="function",
                function={"name": "add", "arguments": ""},
            )
        ),
        chunk(call_delta(0, function={"arguments": '{"a"'})),
        chunk(call_delta(0, function={"arguments": ": 1}"})),
        chunk(call_delta(1, id="call_2", function={"name": "x", "arguments": "{}"})),
        chunk({}, "tool_calls"),
        TOTALS,
    ],
    "function call": [
        chunk({"function_call": {"name": "add", "arguments": ""}}),
        chunk({"function_call": {"arguments": "{}"}}),
        chunk({}, "function_call"),
    ],
    "running usage": [chunk({"content": "Hi"}, usage=USAGE), LAST],
    "filter results": [chunk({}, choices=[]), FIRST, chunk({"content": "H"}), LAST],
}


def parsed(events: list[dict[str, Any]], **settings: Any) -> list[ChatGenerationChunk]:
    """Return all chunks of a stream."""
    parser = ChatStreamParser(**settings)
    chunks = [parser.parse(event) for event in events]
    return [chunk for chunk in chunks if chunk is not None]


@pytest.mark.parametrize("version", [None, "v1"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_gives_what_chat_openai_gives(name: str, version: str | None) -> None:
    """Every chunk is ChatOpenAI's, and so is what they add up to."""
    events = STREAMS[name]
    data = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    model = chat_openai(f"{data}data: [DONE]\n\n".encode(), output_version=version)
    expected = list(model._stream([]))

    actual = parsed(events, output_version=version)

    assert expected == actual
    assert generate_from_stream(iter(expected)) == generate_from_stream(iter(actual))


def test_streamed_refusals_are_kept() -> None:
    """The pieces of a refusal add up where the whole answer has it."""
    events = [FIRST, chunk({"refusal": "I "}), chunk({"refusal": "can't"}), LAST]

    message = generate_from_stream(iter(parsed(events))).generations[0].message

    assert ("", {"refusal": "I can't"}) == (message.content, message.additional_kwargs)


def test_a_second_end_tells_what_the_first_did_not() -> None:
    """A gateway that ends twice is read once, with the service tier of its second."""
    ends = [chunk({}, "stop", service_tier=None), chunk({}, "stop", usage=USAGE)]

    result = generate_from_stream(iter(parsed([FIRST, *ends]))).generations[0]

    told = result.generation_info or {}
    assert ("stop", "default") == (told["finish_reason"], told["service_tier"])
    assert "gpt-5-mini-2025-08-07" == told["model_name"]


def test_chunks_share_nothing() -> None:
    """A chunk that somebody changes does not change the next one."""
    first, second = parsed([chunk({"content": "a"}), chunk({"content": "b"})])

    first.message.additional_kwargs["x"] = 1
    first.message.response_metadata["x"] = 1
    first.message.tool_calls.append({})

    assert ChatStreamParser().parse(chunk({"content": "b"})) == second


def test_a_chunk_without_a_delta_is_nothing() -> None:
    """A null delta gives no chunk."""
    assert ChatStreamParser().parse(chunk(None)) is None


def test_headers_come_with_the_first_chunk_only() -> None:
    """Response headers are kept once per stream."""
    chunks = parsed(STREAMS["text"], headers={"x-a": "1"})

    assert [{"headers": {"x-a": "1"}}, None] == [
        chunk.generation_info for chunk in chunks[:2]
    ]
