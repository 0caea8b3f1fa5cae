"""Answers of odd shapes and odd bytes: what ChatOpenAI saves is saved, and more."""

from __future__ import annotations

import json
from functools import reduce
from operator import add
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import (
    MalformedResponseError,
    ProviderConnectionError,
    ProviderError,
)
from tests.unit_tests.servers.loopback import chunk
from tests.unit_tests.servers.raw import JSON, STREAM, RawServer, data

MODELS = ("llama-3.1-8b", "o3-mini")
"""One that is called through `ChatOpenAI`, one that is not."""

A, B, END = chunk({"content": "a"}), chunk({"content": "b"}), chunk({}, "stop")
DONE = b"data: [DONE]\n\n"
PLAIN = b"".join(map(data, (A, B, END))) + DONE
TEXT = chunk({"content": "é\u2028😀"})
UTF8 = b"data: %s\n\n" % json.dumps(TEXT, ensure_ascii=False).encode()


async def streamed(
    pieces: list[bytes], model: str, *, asynchronous: bool = False, framed: bool = True
) -> AIMessageChunk:
    """Return what a streamed answer adds up to."""
    with RawServer(pieces, framed=framed) as server:
        llm = UnifiedChatModel(
            model=model, api_key="k", base_url=server.url, max_retries=0
        )
        if asynchronous:
            return reduce(add, [piece async for piece in llm.astream("hi")])
        return reduce(add, llm.stream("hi"))


def whole(body: dict[str, Any], model: str) -> AIMessage:
    """Return the message made of a whole answer."""
    with RawServer([json.dumps(body).encode()], JSON) as server:
        llm = UnifiedChatModel(
            model=model, api_key="k", base_url=server.url, max_retries=0
        )
        return llm.invoke("hi")


def answered(message: dict[str, Any], **keys: Any) -> dict[str, Any]:
    told = {"role": "assistant", "content": None, **message}
    choice = {"index": 0, "message": told, "finish_reason": "stop"}
    return {"id": "c", "model": "m", "choices": [choice], **keys}


BYTES: dict[str, tuple[list[bytes], str]] = {
    "line ends of two bytes": ([PLAIN.replace(b"\n", b"\r\n")], "ab"),
    "line ends of one": ([PLAIN.replace(b"\n", b"\r")], "ab"),
    "line ends cut in two": (
        [
            one
            for part in PLAIN.replace(b"\n", b"\r\n").split(b"\n")
            for one in (part, b"\n")
        ],
        "ab",
    ),
    "byte order mark": ([b"\xef\xbb\xbf" + PLAIN], "ab"),
    "comments": ([b": waiting\n\n" + PLAIN.replace(b"\n\n", b"\n: x\n\n")], "ab"),
    "event lines": ([PLAIN.replace(b"data:", b"event: m\nid: 1\ndata:")], "ab"),
    "data in lines": (
        [data(A).replace(b', "model"', b',\ndata: "model"'), data(B), data(END)],
        "ab",
    ),
    "no space": ([PLAIN.replace(b"data: ", b"data:")], "ab"),
    "byte by byte": ([bytes([byte]) for byte in PLAIN], "ab"),
    "characters cut in two": (
        [bytes([byte]) for byte in UTF8] + [data(END)],
        "é\u2028😀",
    ),
    "no last blank line": ([PLAIN[: -len(DONE) - 1]], "ab"),
    "done twice": ([PLAIN, DONE], "ab"),
    "null error": ([data({**A, "error": None}), data(B), data(END)], "ab"),
}


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", BYTES)
async def test_a_stream_is_read_however_its_bytes_come(
    name: str, model: str, *, asynchronous: bool
) -> None:
    """Line ends, comments and the cut of the pieces say nothing of the answer."""
    pieces, text = BYTES[name]

    answer = await streamed(pieces, model, asynchronous=asynchronous)

    assert (text, "stop") == (
        answer.content,
        answer.response_metadata["finish_reason"],
    )


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("model", MODELS)
async def test_a_stream_needs_no_finish_reason(
    model: str, *, asynchronous: bool
) -> None:
    """After [DONE] an answer is whole, with what was held back for its end."""
    noted = chunk({"content": "b", "notes": ["x"]})
    pieces = [data(A), data(noted), DONE]

    answer = await streamed(pieces, model, asynchronous=asynchronous)

    assert ("ab", ["x"]) == (answer.content, answer.additional_kwargs["notes"])


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("framed", [False, True])
async def test_a_stream_without_any_end_is_an_error(
    model: str, *, asynchronous: bool, framed: bool
) -> None:
    """Without a finish reason and [DONE], nobody knows whether the answer is whole."""
    with pytest.raises(ProviderConnectionError, match="ended before the response"):
        await streamed([data(A)], model, asynchronous=asynchronous, framed=framed)


def call(args: Any, name: str | None = None, **keys: Any) -> dict[str, Any]:
    function = {"arguments": args, **({"name": name} if name else {})}
    return {**keys, "function": function}


def calls(*pieces: Any) -> bytes:
    return data(chunk({"tool_calls": list(pieces)}))


ARGS, FIRST, LAST = '{"word": "yew"}', '{"word":', '"yew"}'
CALLED = data(chunk({}, "tool_calls"))
CALLS: dict[str, list[bytes]] = {
    "id in a later piece": [
        calls(call(FIRST, "lookup", index=0)),
        calls(call(LAST, index=0, id="c1")),
    ],
    "name in pieces": [
        calls(call("", "look", index=0, id="c1")),
        calls(call(ARGS, "up", index=0)),
    ],
    "name told whole again": [
        calls(call("", "lookup", index=0, id="c1")),
        calls(call(ARGS, "lookup", index=0)),
    ],
    "in no list": [data(chunk({"tool_calls": call(ARGS, "lookup", index=0, id="c1")}))],
    "null beside it": [calls(None, call(ARGS, "lookup", index=0, id="c1"))],
    "index as text": [calls(call(ARGS, "lookup", index="0", id="c1"))],
    "a new id for each piece": [
        calls(call(FIRST, "lookup", index=0, id="c1")),
        calls(call(LAST, index=0, id="c2")),
    ],
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", CALLS)
async def test_a_streamed_call_is_one_call(name: str, model: str) -> None:
    """However its id and name come, a call has the server's id and its whole name."""
    answer = await streamed([*CALLS[name], CALLED, DONE], model)

    assert [("lookup", {"word": "yew"}, "c1")] == [
        (one["name"], one["args"], one["id"]) for one in answer.tool_calls
    ]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("model", MODELS)
async def test_a_call_without_an_end_is_no_call(
    model: str, *, asynchronous: bool
) -> None:
    """Half a path is no path where the stream ends without a finish reason."""
    half = calls(call('{"path": "/srv/da', "delete", index=0, id="c1"))

    answer = await streamed([half, DONE], model, asynchronous=asynchronous)

    assert ([], ["delete"]) == (
        answer.tool_calls,
        [one["name"] for one in answer.invalid_tool_calls],
    )


WHOLE: dict[str, tuple[dict[str, Any], list[Any], list[str]]] = {
    "number as id": (call(ARGS, "lookup", id=17), [("lookup", "17")], []),
    "arguments in a list": (call([1], "lookup", id="c1"), [], ["lookup"]),
    "a number for arguments": (call("5", "lookup", id="c1"), [], ["lookup"]),
    "arguments packed twice": (
        call(json.dumps(ARGS), "lookup", id="c1"),
        [],
        ["lookup"],
    ),
}


@pytest.mark.parametrize("in_list", [True, False])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", WHOLE)
def test_an_answer_is_not_lost_for_an_odd_call(
    name: str, model: str, *, in_list: bool
) -> None:
    """Arguments that are no object make an invalid call; the answer is there."""
    given, good, bad = WHOLE[name]
    told = [None, {"id": "c0", "function": None}, given] if in_list else given

    answer = whole(answered({"content": "a", "tool_calls": told}), model)

    assert ("a", good, bad) == (
        answer.content,
        [(one["name"], one["id"]) for one in answer.tool_calls],
        [one["name"] for one in answer.invalid_tool_calls],
    )


ROLES = ("model", "user", "", None)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", ROLES)
def test_an_answer_is_the_models_whatever_its_role_is_called(
    role: str | None, model: str
) -> None:
    """A role of another name makes no message of another kind."""
    answer = whole(answered({"role": role, "content": "a"}), model)

    assert (AIMessage, "a") == (type(answer), answer.content)


CONTENTS: dict[str, tuple[Any, str]] = {
    "number": (5, "5"),
    "object": ({"type": "text", "text": "a"}, "a"),
    "parts": (["a", {"type": "text", "text": "b"}], "ab"),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", CONTENTS)
async def test_content_is_text_whatever_its_form(name: str, model: str) -> None:
    """Content that is no string is not lost, whole or streamed."""
    given, text = CONTENTS[name]

    answer = whole(answered({"content": given}), model)
    pieces = await streamed([data(chunk({"content": given})), data(END)], model)

    assert (text, text) == (answer.content, pieces.content)


COUNTS: dict[str, Any] = {
    "text": {"prompt_tokens": "10", "completion_tokens": "3", "total_tokens": "13"},
    "fractions": {"prompt_tokens": 10.0, "completion_tokens": 3.0, "total_tokens": 13},
    "null details": {
        "prompt_tokens": 10,
        "completion_tokens": 3,
        "completion_tokens_details": None,
        "prompt_tokens_details": {"cached_tokens": None},
    },
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", COUNTS)
async def test_counts_are_whole_numbers(name: str, model: str) -> None:
    """Counts that come as text or with a fraction are counts."""
    usage = COUNTS[name]

    answer = whole(answered({"content": "a"}, usage=usage), model)
    last = {"choices": [], "usage": usage}
    pieces = await streamed([data(A), data(END), data(last)], model)

    for found in (answer.usage_metadata, pieces.usage_metadata):
        assert found is not None
        told = (found["input_tokens"], found["output_tokens"], found["total_tokens"])
        assert (10, 3, 13) == told
        assert {int} == set(map(type, told))


@pytest.mark.parametrize("model", MODELS)
def test_usage_that_is_no_object_is_no_usage(model: str) -> None:
    """A list where the counts should be costs the counts, not the answer."""
    answer = whole(answered({"content": "a"}, usage=[]), model)

    assert ("a", None) == (answer.content, answer.usage_metadata)


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_that_names_no_model_names_none(model: str) -> None:
    """No name of ours stands where the server says nothing."""
    body = answered({"content": "a"})
    del body["model"]

    assert None is whole(body, model).response_metadata["model_name"]


FAILED = {"object": "error", "message": "the engine died", "code": 500}


@pytest.mark.parametrize("model", MODELS)
async def test_an_error_of_vllm_is_an_error_wherever_it_comes(model: str) -> None:
    """An error is told by its `object`, in a stream that had begun as well."""
    with pytest.raises(ProviderError, match="the engine died") as in_stream:
        await streamed([data(A), data(FAILED), DONE], model)
    with pytest.raises(ProviderError, match="the engine died") as in_body:
        whole(FAILED, model)

    for caught in (in_stream, in_body):
        assert not isinstance(caught.value, MalformedResponseError)


GIVEN = {"id": "r1", "object": "response", "status": "completed", "model": "m"}
FUNCTION = {"type": "function_call", "id": "f1", "call_id": "c1", "name": "lookup"}
OBJECT = {**FUNCTION, "arguments": {"word": "yew"}}
LIST = {**FUNCTION, "arguments": "[1]"}
TOLD = {
    "type": "message",
    "id": "m1",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "ab", "annotations": []}],
}


def events_of(item: dict[str, Any], *between: dict[str, Any]) -> list[bytes]:
    """Return the events of a Responses stream with one item."""
    opened = {**item, "arguments": "", "content": []}
    told = [
        {"type": "response.created", "response": {**GIVEN, "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": opened},
        *between,
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {**GIVEN, "output": [item]}},
    ]
    return [data(event) for event in told]


@pytest.mark.parametrize("streaming", [False, True])
def test_arguments_on_responses_are_read_whatever_their_form(
    *, streaming: bool
) -> None:
    """Arguments as an object are arguments; a list of them makes an invalid call."""
    found = []
    for item in (OBJECT, LIST):
        body = json.dumps({**GIVEN, "output": [item]}).encode()
        pieces, kind = (events_of(item), STREAM) if streaming else ([body], JSON)
        with RawServer(pieces, kind) as server:
            llm = UnifiedChatModel(
                model="gpt-oss-20b",
                api_key="k",
                base_url=server.url,
                use_responses_api=True,
                streaming=streaming,
            )
            answer = llm.invoke("hi")
        found.append((len(answer.tool_calls), len(answer.invalid_tool_calls)))

    assert [(1, 0), (0, 1)] == found


def test_a_responses_stream_without_ids_of_items_is_read() -> None:
    """Events that name no item are those of the item that is open."""
    delta = {"type": "response.output_text.delta", "output_index": 0, "delta": "ab"}
    done = {"type": "response.output_text.done", "output_index": 0, "text": "ab"}

    with RawServer(events_of(TOLD, delta, done)) as server:
        llm = UnifiedChatModel(
            model="gpt-oss-20b",
            api_key="k",
            base_url=server.url,
            use_responses_api=True,
        )
        answer = reduce(add, llm.stream("hi"))

    assert "ab" == answer.text
