"""Responses answers and streams."""

import json
from typing import Any

import pytest
from langchain_core.language_models._utils import _update_message_content_to_blocks
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_openai import ChatOpenAI

from langchain_unified.content import (
    RECORD,
    kept_blocks,
    register_translators,
    without_native,
)
from langchain_unified.errors import MalformedResponseError
from langchain_unified.shims.openai.http import response_class
from langchain_unified.shims.openai.responses import parse_response_body
from langchain_unified.shims.openai.responses_stream import response_stream_parser

LIBRARY: Any = __import__(response_class().__module__.partition(".")[0])
Item = dict[str, Any]


@pytest.fixture(autouse=True)
def _translators() -> None:
    register_translators()


def text_item(text: str, **fields: Any) -> Item:
    """Return a message item with one text part."""
    part = {
        "type": "output_text",
        "text": text,
        "annotations": fields.pop("annotations", []),
        "logprobs": fields.pop("logprobs", []),
    }
    return {
        "id": fields.pop("id", "msg_1"),
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
        **fields,
    }


def call_item(arguments: str = '{"a": 1}', **fields: Any) -> Item:
    """Return a function call item."""
    return {
        "id": "fc_1",
        "type": "function_call",
        "status": "completed",
        "call_id": "call_1",
        "name": "add",
        "arguments": arguments,
        **fields,
    }


def body(*items: Item, **fields: Any) -> dict[str, Any]:
    """Return a Responses answer."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1741476542,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "gpt-5-mini-2025-08-07",
        "output": list(items),
        "parallel_tool_calls": True,
        "service_tier": "default",
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": {
            "input_tokens": 20,
            "input_tokens_details": {"cached_tokens": 8},
            "output_tokens": 30,
            "output_tokens_details": {"reasoning_tokens": 16},
            "total_tokens": 50,
        },
        "user": None,
        **fields,
    }


EMPTY_REASONING = {"id": "rs_0", "type": "reasoning", "summary": []}
REASONING = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [
        {"type": "summary_text", "text": "First I think."},
        {"type": "summary_text", "text": "Then I think again."},
    ],
    "encrypted_content": "gAAA",
    "status": None,
}
SECRET = {"id": "rs_2", "type": "reasoning", "summary": [], "encrypted_content": "gB"}
CITATION = {
    "type": "url_citation",
    "url": "https://x.org",
    "title": "X",
    "start_index": 0,
    "end_index": 2,
}
FILE = {"type": "file_citation", "file_id": "f", "filename": "a.pdf", "index": 3}
SEARCH = {
    "id": "ws_1",
    "type": "web_search_call",
    "status": "completed",
    "action": {"type": "search", "query": "x"},
}
IMAGE = {
    "id": "ig_1",
    "type": "image_generation_call",
    "status": "completed",
    "result": "AAAA",
}
CUSTOM = {
    "id": "ctc_1",
    "type": "custom_tool_call",
    "call_id": "call_9",
    "name": "sh",
    "input": 'echo "x"',
}
REFUSAL = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "refusal", "refusal": "I can't"}],
}
TOKEN = {"token": "Hi", "logprob": -0.1, "bytes": [72, 105], "top_logprobs": []}
BODIES = {
    "text": body(text_item("Hi")),
    "two texts": body(text_item("Hi "), text_item("there", id="msg_2")),
    "empty reasoning": body(EMPTY_REASONING, text_item("Hi")),
    "reasoning": body(REASONING, text_item("Hi")),
    "secret reasoning": body(SECRET, text_item("Hi")),
    "citations": body(SEARCH, text_item("Hi", annotations=[CITATION, FILE])),
    "late citations": body(
        text_item("A "), text_item("B", id="msg_2", annotations=[CITATION])
    ),
    "phases": body(
        text_item("Hm. ", phase="commentary"),
        REASONING,
        text_item("Hi", id="msg_2", phase="final_answer"),
    ),
    "call": body(EMPTY_REASONING, call_item()),
    "calls": body(
        SECRET,
        text_item("Hm."),
        call_item(),
        call_item("{}", id="fc_2", call_id="call_2"),
    ),
    "broken call": body(call_item("{"), call_item(id="fc_2", call_id="call_2")),
    "namespace": body(call_item(namespace="crm")),
    "custom call": body(SECRET, CUSTOM),
    "image": body(IMAGE, text_item("Look")),
    "search then reasoning": body(SEARCH, REASONING, text_item("Hi"), call_item()),
    "refusal": body(REFUSAL),
    "length": body(
        SECRET,
        status="incomplete",
        incomplete_details={"reason": "max_output_tokens"},
    ),
    "priority": body(text_item("Hi"), service_tier="priority"),
    "nothing": body(),
}
PLAIN = ("text", "two texts", "broken call", "priority")


def parse(name: str, version: str | None = None) -> AIMessage:
    """Return the message of a body."""
    result = parse_response_body(BODIES[name], output_version=version)
    message = result.generations[0].message
    assert isinstance(message, AIMessage)
    return message


def chat_openai(response: dict[str, Any], **settings: Any) -> AIMessage:
    """Return the message ChatOpenAI makes of a body."""
    transport = LIBRARY.MockTransport(lambda _: LIBRARY.Response(200, json=response))
    model = ChatOpenAI(
        model="gpt-5-mini",
        api_key="k",
        http_client=LIBRARY.Client(transport=transport),
        use_responses_api=True,
        **settings,
    )
    message = model.invoke("hi")
    assert isinstance(message, AIMessage)
    return message


@pytest.mark.parametrize("name", BODIES)
def test_native_content_is_chat_openais(name: str) -> None:
    """With `responses/v1` the message is ChatOpenAI's, field by field."""
    expected = chat_openai(BODIES[name], output_version="responses/v1")

    actual = parse(name, "responses/v1")

    assert expected == actual


@pytest.mark.parametrize("name", BODIES)
def test_older_content_is_chat_openais(name: str) -> None:
    """With `v0` the message is ChatOpenAI's older one, field by field."""
    expected = chat_openai(BODIES[name], output_version="v0")

    # langchain-core gives a message without an id one of its own.
    actual = parse(name, "v0")
    if actual.id is None:
        actual.id = expected.id

    assert expected == actual


@pytest.mark.parametrize("name", BODIES)
def test_v1_content_is_chat_openais(name: str) -> None:
    """With `v1` langchain-core makes the same blocks of it as of ChatOpenAI's."""
    expected = chat_openai(BODIES[name], output_version="v1")

    actual = _update_message_content_to_blocks(parse(name, "v1"), "v1")

    assert expected.content == actual.content


@pytest.mark.parametrize("name", BODIES)
def test_content_is_a_string(name: str) -> None:
    """By default content is the joined text, and the rest is beside it if it counts."""
    native = parse(name, "responses/v1")

    actual = parse(name)

    assert native.text == actual.content
    assert isinstance(actual.content, str)
    kept = kept_blocks(actual)
    assert kept == (None if name in (*PLAIN, "nothing") else native.content)
    assert native.tool_calls == actual.tool_calls
    assert native.invalid_tool_calls == actual.invalid_tool_calls
    assert native.usage_metadata == actual.usage_metadata


@pytest.mark.parametrize("name", [n for n in BODIES if n not in PLAIN])
def test_content_blocks_are_those_of_native_content(name: str) -> None:
    """`content_blocks` shows reasoning and citations although content is a string."""
    assert parse(name, "responses/v1").content_blocks == parse(name).content_blocks


def test_a_refusal_looks_like_a_chat_refusal() -> None:
    """A refusal is no text, and is where chat has it."""
    message = parse("refusal")

    assert ("", "I can't") == (message.content, message.additional_kwargs["refusal"])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "stop"),
        ({"output": [call_item()]}, "tool_calls"),
        ({"incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"incomplete_details": {"reason": "content_filter"}}, "content_filter"),
        ({"incomplete_details": {"reason": "steered"}}, "stop"),
    ],
)
def test_finish_reasons_are_chats(fields: dict[str, Any], expected: str) -> None:
    """Why an answer ended is said in chat's words."""
    status = "incomplete" if "incomplete_details" in fields else "completed"

    result = parse_response_body(body(status=status, **fields))

    generation = result.generations[0]
    assert expected == generation.message.response_metadata["finish_reason"]
    assert expected == generation.generation_info["finish_reason"]


def test_logprobs_are_chats() -> None:
    """Log probabilities are where chat has them."""
    result = parse_response_body(body(text_item("Hi", logprobs=[TOKEN])))

    metadata = result.generations[0].message.response_metadata
    assert {"content": [TOKEN], "refusal": None} == metadata["logprobs"]


def test_headers_are_kept() -> None:
    """Response headers go into the response metadata."""
    result = parse_response_body(BODIES["text"], headers={"x-a": "1"})

    metadata = result.generations[0].message.response_metadata
    assert {"x-a": "1"} == metadata["headers"]


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (body(error={"code": "server_error", "message": "busy"}), "server_error: busy"),
        ({"id": "x"}, "has no output"),
    ],
)
def test_an_answer_without_output_is_malformed(
    answer: dict[str, Any], named: str
) -> None:
    """What is wrong with the body is in the error."""
    with pytest.raises(MalformedResponseError, match=named):
        parse_response_body(answer)


def stream_of(response: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events with which the provider streams an answer."""
    head = {**response, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": head},
        {"type": "response.in_progress", "response": head},
    ]
    for index, item in enumerate(response["output"]):
        events += _item_events(index, item)
    events.append({"type": f"response.{response['status']}", "response": response})
    return [{**event, "sequence_number": i} for i, event in enumerate(events)]


def _item_events(index: int, item: Item) -> list[dict[str, Any]]:
    started = {**item, "status": "in_progress"}
    inner: list[dict[str, Any]] = []
    if item["type"] == "message":
        started["content"] = []
        for position, part in enumerate(item["content"]):
            inner += [
                {**event, "content_index": position} for event in _part_events(part)
            ]
    elif item["type"] == "function_call":
        started["arguments"] = ""
        kind = "response.function_call_arguments"
        inner += [{"type": f"{kind}.delta", "delta": c} for c in item["arguments"]]
        inner.append({"type": f"{kind}.done", "arguments": item["arguments"]})
    elif item["type"] == "reasoning":
        started = {"id": item["id"], "type": "reasoning", "summary": []}
        for position, part in enumerate(item["summary"]):
            inner += [
                {**event, "summary_index": position} for event in _summary_events(part)
            ]
    where = {"output_index": index}
    return [
        {"type": "response.output_item.added", "item": started, **where},
        *({**event, "item_id": item["id"], **where} for event in inner),
        {"type": "response.output_item.done", "item": item, **where},
    ]


def _part_events(part: dict[str, Any]) -> list[dict[str, Any]]:
    if part["type"] == "refusal":
        return [
            {"type": "response.content_part.added", "part": {**part, "refusal": ""}},
            *({"type": "response.refusal.delta", "delta": c} for c in part["refusal"]),
            {"type": "response.refusal.done", "refusal": part["refusal"]},
        ]
    kind = "response.output_text"
    return [
        {"type": "response.content_part.added", "part": {**part, "text": ""}},
        *({"type": f"{kind}.delta", "delta": c} for c in part["text"]),
        *(
            {"type": f"{kind}.annotation.added", "annotation": a}
            for a in part["annotations"]
        ),
        {"type": f"{kind}.done", "text": part["text"]},
        {"type": "response.content_part.done", "part": part},
    ]


def _summary_events(part: dict[str, Any]) -> list[dict[str, Any]]:
    kind = "response.reasoning_summary"
    return [
        {"type": f"{kind}_part.added", "part": {**part, "text": ""}},
        *({"type": f"{kind}_text.delta", "delta": c} for c in part["text"]),
        {"type": f"{kind}_text.done", "text": part["text"]},
        {"type": f"{kind}_part.done", "part": part},
    ]


def chunks_of(
    events: list[dict[str, Any]], version: str | None = None
) -> list[AIMessageChunk]:
    """Return the message chunks of a stream."""
    parser = response_stream_parser(output_version=version)
    chunks = [parser.parse(event) for event in events]
    return [chunk.message for chunk in chunks if chunk is not None]


def merged(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    """Return the sum of all chunks."""
    return chunks[0] + chunks[1:]


def plain(value: Any) -> Any:
    """Return a value without streaming indexes."""
    if isinstance(value, dict):
        return {k: plain(item) for k, item in value.items() if k != "index"}
    return [plain(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", BODIES)
def test_a_stream_adds_up_to_the_whole_answer(name: str) -> None:
    """Streamed or not, the message is the same."""
    expected = parse(name)

    actual = merged(chunks_of(stream_of(BODIES[name])))

    assert expected.content == plain(actual.content)
    assert expected.additional_kwargs == actual.additional_kwargs
    assert expected.usage_metadata == actual.usage_metadata
    assert kept_blocks(expected) == plain(kept_blocks(actual))
    assert _unrecorded(expected) == _unrecorded(actual)
    assert expected.id == actual.id
    assert "last" == actual.chunk_position
    if name != "broken call":
        assert expected.tool_calls == actual.tool_calls


def _unrecorded(message: AIMessage) -> dict[str, Any]:
    """Return the metadata of a message without what is on its record."""
    metadata = without_native(message).response_metadata
    return {key: value for key, value in metadata.items() if key != RECORD}


@pytest.mark.parametrize("version", ["responses/v1", "v0"])
@pytest.mark.parametrize("name", [n for n in BODIES if n != "broken call"])
def test_a_stream_adds_up_to_chat_openais(name: str, version: str) -> None:
    """Where the content of Responses is asked for, a stream sums up to ChatOpenAI's."""
    events = stream_of(BODIES[name])
    expected = merged(chat_openai_chunks(events, output_version=version))

    actual = merged(chunks_of(events, version))

    assert plain(expected.content) == _as_streamed(plain(actual.content))
    assert expected.additional_kwargs == actual.additional_kwargs
    assert expected.tool_calls == actual.tool_calls
    assert expected.invalid_tool_calls == actual.invalid_tool_calls
    assert expected.response_metadata == actual.response_metadata
    assert expected.usage_metadata == actual.usage_metadata


def _as_streamed(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return blocks without the id of a refusal, which ChatOpenAI's streams lose."""
    return [
        {k: v for k, v in block.items() if block["type"] != "refusal" or k != "id"}
        for block in blocks
    ]


def chat_openai_chunks(
    events: list[dict[str, Any]], **settings: Any
) -> list[AIMessageChunk]:
    """Return the message chunks ChatOpenAI makes of a stream."""
    data = "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()
    transport = LIBRARY.MockTransport(lambda _: LIBRARY.Response(200, content=data))
    model = ChatOpenAI(
        model="gpt-5-mini",
        api_key="k",
        http_client=LIBRARY.Client(transport=transport),
        use_responses_api=True,
        **settings,
    )
    return [chunk.message for chunk in model._stream([])]


def test_a_broken_call_is_kept_in_a_stream() -> None:
    """Arguments that are no JSON lose nothing of the call."""
    chunks = chunks_of(stream_of(body(call_item("x{"))))

    calls = merged(chunks).invalid_tool_calls

    assert [("add", "x{", "call_1")] == [(c["name"], c["args"], c["id"]) for c in calls]


@pytest.mark.parametrize("name", BODIES)
def test_every_chunk_has_string_content(name: str) -> None:
    """A consumer that prints `chunk.content` never meets a list."""
    chunks = chunks_of(stream_of(BODIES[name]))

    assert {str} == {type(chunk.content) for chunk in chunks}
    assert parse(name).content == "".join(str(chunk.content) for chunk in chunks)


@pytest.mark.parametrize("name", BODIES)
def test_chunks_show_every_text_once(name: str) -> None:
    """A consumer of `content_blocks` sees text and reasoning exactly once."""
    expected = parse(name).content_blocks
    chunks = chunks_of(stream_of(BODIES[name]))

    seen = [block for chunk in chunks for block in chunk.content_blocks]

    for kind, key in (("text", "text"), ("reasoning", "reasoning")):
        whole = "".join(b.get(key, "") for b in expected if b["type"] == kind)
        assert whole == "".join(b.get(key, "") for b in seen if b["type"] == kind)


@pytest.mark.parametrize("name", [n for n in BODIES if n != "custom call"])
def test_a_growing_sum_shows_all_text_and_calls(name: str) -> None:
    """At any point of a stream, the sum so far shows what came so far."""
    chunks = chunks_of(stream_of(BODIES[name]))
    total = chunks[0]

    for chunk in chunks[1:]:
        total += chunk
        blocks = total.content_blocks
        texts = [b["text"] for b in blocks if b["type"] == "text"]
        calls = {b["id"] for b in blocks if b["type"].startswith("tool_call")}
        assert total.content == "".join(texts)
        assert {c["id"] for c in total.tool_calls} <= calls


@pytest.mark.parametrize("name", [n for n in BODIES if n != "broken call"])
def test_a_v1_stream_adds_up_to_chat_openais(name: str) -> None:
    """With `v1`, langchain-core makes the same blocks as of ChatOpenAI's stream."""
    events = stream_of(BODIES[name])
    theirs = [
        _update_message_content_to_blocks(chunk, "v1")
        for chunk in chat_openai_chunks(events, output_version="v1")
    ]

    ours = [
        _update_message_content_to_blocks(chunk, "v1")
        for chunk in chunks_of(events, "v1")
    ]

    expected = plain(merged(theirs).content)
    assert _as_streamed(expected) == _as_streamed(plain(merged(ours).content))


@pytest.mark.parametrize("name", [n for n in BODIES if n != "broken call"])
def test_native_chunks_are_chat_openais(name: str) -> None:
    """With `responses/v1`, tool call chunks are ChatOpenAI's, index included."""
    events = stream_of(BODIES[name])
    expected = [c for c in chat_openai_chunks(events) if c.tool_call_chunks]

    actual = [c for c in chunks_of(events, "responses/v1") if c.tool_call_chunks]

    assert [c.tool_call_chunks for c in expected] == [
        c.tool_call_chunks for c in actual
    ]


def test_reasoning_is_shown_as_it_comes() -> None:
    """Summaries are not held back until the end."""
    chunks = chunks_of(stream_of(BODIES["reasoning"]))

    reasoning = [
        block["reasoning"]
        for chunk in chunks
        for block in chunk.content_blocks
        if block.get("reasoning")
    ]

    assert list("First I think.Then I think again.") == reasoning


def test_logprobs_come_with_their_text() -> None:
    """Log probabilities are streamed, and not repeated at the end."""
    response = body(text_item("Hi", logprobs=[TOKEN]))
    events = stream_of(response)
    for event in events:
        if event["type"] == "response.output_text.delta" and event["delta"] == "H":
            event["logprobs"] = [TOKEN]
    parser = response_stream_parser()
    chunks = [chunk for e in events if (chunk := parser.parse(e)) is not None]

    metadata = generate_from_stream(iter(chunks)).generations[0].generation_info

    assert {"content": [TOKEN], "refusal": None} == metadata["logprobs"]


def test_arguments_that_come_only_at_the_end_are_kept() -> None:
    """A server that streams no argument deltas loses no arguments."""
    events = [
        event
        for event in stream_of(BODIES["calls"])
        if "arguments" not in event["type"]
    ]

    for version in (None, "responses/v1"):
        actual = merged(chunks_of(events, version))
        assert parse("calls", version).tool_calls == actual.tool_calls
        assert parse("calls", version).text == actual.text


def test_an_answer_without_item_events_is_taken_from_the_end() -> None:
    """A server that sends only the first and the last event loses no reasoning."""
    events = [e for e in stream_of(BODIES["reasoning"]) if "response" in e]

    actual = merged(chunks_of(events))

    assert kept_blocks(parse("reasoning")) == plain(kept_blocks(actual))


def test_a_failed_event_is_an_error() -> None:
    """A failure fed to the parser does not pass in silence."""
    event = {"type": "error", "code": "server_error", "message": "busy"}

    with pytest.raises(MalformedResponseError, match="busy"):
        response_stream_parser().parse(event)
