"""Claude: documents and marks, white space, server tools, pauses and refusals."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from pydantic import BaseModel

from langchain_unified import RefusalError, UnifiedChatModel
from langchain_unified.errors import UnsupportedError
from langchain_unified.testing import ProviderEmulator, Reply

Enabled = Callable[..., UnifiedChatModel]
CLAUDE = "claude-haiku-4-5"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(24)).decode()
PDF = base64.b64encode(b"%PDF-1.4\n%%EOF").decode()
MARK = {"type": "ephemeral"}
MARKS = {
    "title": "Third quarter",
    "context": "Figures.",
    "citations": {"enabled": True},
    "cache_control": MARK,
}
LOOK_UP = {
    "type": "function",
    "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}},
}
FACES = ["invoke", "ainvoke", "stream", "astream"]


def answer(*content: dict[str, Any], stop: str = "end_turn", **more: Any) -> Any:
    """Return an answer of the API."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": CLAUDE,
        "content": list(content),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
        **more,
    }


OK = Reply(200, answer({"type": "text", "text": "ok"}))


def asked(llm: Any, face: str, given: Any = "hi") -> AIMessage:
    """Return the answer that one of the four faces gives."""

    async def pieces() -> Any:
        whole = None
        async for piece in llm.astream(given):
            whole = piece if whole is None else whole + piece
        return whole

    if face == "astream":
        return asyncio.run(pieces())  # type: ignore[no-any-return]
    if face == "ainvoke":
        return asyncio.run(llm.ainvoke(given))  # type: ignore[no-any-return]
    if face == "invoke":
        return llm.invoke(given)  # type: ignore[no-any-return]
    whole = None
    for piece in llm.stream(given):
        whole = piece if whole is None else whole + piece
    return whole  # type: ignore[return-value]


def sent(emulator: ProviderEmulator) -> dict[str, Any]:
    """Return the last body sent."""
    found: dict[str, Any] = emulator.requests[-1].body
    return found


def turned(content: Any, **call: Any) -> list[Any]:
    """Return a conversation that ends with the result of a tool."""
    calls = [{"name": "look_up", "args": call, "id": "call_1"}]
    return [
        HumanMessage("hi"),
        AIMessage("", tool_calls=calls),
        ToolMessage(content, tool_call_id="call_1"),
    ]


CHUNKS = [{"type": "text", "text": "first"}, {"type": "text", "text": "second"}]
SOURCES = [
    {"type": "base64", "media_type": "application/pdf", "data": PDF},
    {"type": "text", "media_type": "text/plain", "data": "hello"},
    {"type": "url", "url": "https://example.org/a.pdf"},
    {"type": "file", "file_id": "file_1"},
    {"type": "content", "content": CHUNKS},
    {"type": "content", "content": "one chunk"},
    {"type": "of_tomorrow", "anything": 1},
]


@pytest.mark.parametrize("source", SOURCES, ids=lambda one: str(one["type"]))
def test_a_document_arrives_as_it_was_given(
    enabled: Enabled, provider_emulator: ProviderEmulator, source: dict[str, Any]
) -> None:
    """Every source, with title, context, citations and cache mark."""
    provider_emulator.script(OK)
    document = {"type": "document", "source": source, **MARKS}
    enabled(CLAUDE).invoke([HumanMessage([document])])

    (block,) = sent(provider_emulator)["messages"][0]["content"]
    assert document == block


STANDARD = [
    {"type": "file", "base64": PDF, "mime_type": "application/pdf", **MARKS},
    {"type": "file", "base64": PDF, "mime_type": "application/pdf", "extras": MARKS},
    {"type": "text-plain", "text": "hello", "mime_type": "text/plain", **MARKS},
    {"type": "file", "url": "https://example.org/a.pdf", **MARKS},
]


@pytest.mark.parametrize("block", STANDARD)
def test_marks_of_standard_blocks(
    enabled: Enabled, provider_emulator: ProviderEmulator, block: dict[str, Any]
) -> None:
    """LangChain's own blocks carry the marks beside their data or in `extras`."""
    provider_emulator.script(OK)
    enabled(CLAUDE).invoke([HumanMessage([block])])
    (document,) = sent(provider_emulator)["messages"][0]["content"]

    assert MARKS == {key: document.get(key) for key in MARKS}


def test_a_text_document_is_plain_text_elsewhere(
    enabled: Enabled, provider_emulator: ProviderEmulator
) -> None:
    """Models of other providers read the chunks of a document as text."""
    source = {"type": "content", "content": CHUNKS}
    block = {"type": "document", "source": source, "title": "Notes"}
    enabled("gpt-4o").invoke([HumanMessage([block])])
    (part,) = sent(provider_emulator)["messages"][0]["content"]

    assert "Notes:\n\nfirst\n\nsecond" == part["text"]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "text", "text": "a city", "cache_control": MARK},
        {
            "type": "image",
            "base64": PNG,
            "mime_type": "image/png",
            "cache_control": MARK,
        },
    ],
)
def test_a_cache_mark_on_a_tool_result(
    enabled: Enabled, provider_emulator: ProviderEmulator, block: dict[str, Any]
) -> None:
    """The mark of a result's content stands on the result, where the API takes it."""
    provider_emulator.script(OK)
    enabled(CLAUDE).invoke(turned([block]), tools=[LOOK_UP])
    (result,) = sent(provider_emulator)["messages"][-1]["content"]

    assert MARK == result["cache_control"]


def test_cache_marks_on_images_and_on_past_answers(
    enabled: Enabled, provider_emulator: ProviderEmulator
) -> None:
    """A picture, the assistant's own text and each system text keep their marks."""
    provider_emulator.script(OK)
    image = {"type": "image", "base64": PNG, "mime_type": "image/png"}
    text = {"type": "text", "text": "A.", "cache_control": MARK}
    enabled(CLAUDE).invoke(
        [
            SystemMessage([text]),
            SystemMessage("B."),
            HumanMessage([{**image, "cache_control": MARK}]),
            AIMessage([text]),
            HumanMessage("go on"),
        ]
    )
    body = sent(provider_emulator)

    assert [text, {"type": "text", "text": "B."}] == body["system"]
    assert MARK == body["messages"][0]["content"][0]["cache_control"]
    assert [text] == body["messages"][1]["content"]


WORDS: dict[str, Any] = {"type": "text", "text": "I look."}
LOOK: dict[str, Any] = {
    "type": "tool_use",
    "id": "call_1",
    "name": "look_up",
    "input": {},
    "cache_control": MARK,
}


@pytest.mark.parametrize(
    "content", [[LOOK], [WORDS, LOOK], [{**WORDS, "cache_control": MARK}, LOOK]]
)
@pytest.mark.parametrize(
    "made_by", [{}, {"model_provider": "anthropic", "model_name": CLAUDE}]
)
def test_a_cache_mark_on_a_past_call(
    enabled: Enabled,
    provider_emulator: ProviderEmulator,
    content: list[dict[str, Any]],
    made_by: dict[str, str],
) -> None:
    """The mark of a call stands on the call, whoever made it, and on nothing else."""
    provider_emulator.script(OK)
    human, said, result = turned("found")
    said = said.model_copy(update={"content": content, "response_metadata": made_by})
    enabled(CLAUDE).invoke([human, said, result], tools=[LOOK_UP])
    messages = sent(provider_emulator)["messages"]

    assert content == messages[1]["content"]
    assert "cache_control" not in messages[2]["content"][0]


def test_the_metadata_of_older_blocks_is_read(
    enabled: Enabled, provider_emulator: ProviderEmulator
) -> None:
    """LangChain's first data blocks keep title and citations under `metadata`."""
    provider_emulator.script(OK)
    marks = {"title": "Third quarter", "citations": {"enabled": True}}
    block = {"type": "file", "source_type": "base64", "data": PDF}
    block |= {"mime_type": "application/pdf", "metadata": marks}  # type: ignore[dict-item]
    enabled(CLAUDE).invoke([HumanMessage([block])])
    (document,) = sent(provider_emulator)["messages"][0]["content"]

    assert marks == {key: document.get(key) for key in marks}


BLANK = [" ", "\n\n", "\t", "\u00a0"]


@pytest.mark.parametrize("blank", BLANK)
def test_white_space_alone_is_not_sent(
    enabled: Enabled, provider_emulator: ProviderEmulator, blank: str
) -> None:
    """Text without a visible character is left out everywhere, on record."""
    provider_emulator.script(OK)
    part = {"type": "text", "text": blank}
    result = enabled(CLAUDE).invoke(
        [
            SystemMessage(blank),
            HumanMessage([part, {"type": "text", "text": "hi"}]),
            *turned("x")[1:2],
            ToolMessage([part], tool_call_id="call_1"),
            AIMessage(blank),
            HumanMessage("go"),
        ]
    )
    body = sent(provider_emulator)

    assert "system" not in body
    assert blank not in [
        block.get("text")
        for message in body["messages"]
        for block in message["content"]
        if isinstance(block, dict)
    ]
    changes = result.response_metadata["unified"]["changes"]
    assert "white space as text" in {change["requested"] for change in changes}


def test_nothing_but_white_space_is_refused(enabled: Enabled) -> None:
    """What Claude would refuse is refused before it is sent."""
    with pytest.raises(UnsupportedError, match="white space"):
        enabled(CLAUDE).invoke(" \n")


def test_a_prefill_ends_with_a_character(
    enabled: Enabled, provider_emulator: ProviderEmulator
) -> None:
    """White space at the end of the last turn of the assistant is refused."""
    provider_emulator.script(OK)
    enabled(CLAUDE).invoke([HumanMessage("hi"), AIMessage("Yes, \n")])

    assert "Yes," == sent(provider_emulator)["messages"][-1]["content"]


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("stop", "kept"),
    [(["\n\n"], None), (["END", "\n\n"], ["END"]), (["\n\n", " x"], [" x"])],
)
def test_a_stop_of_white_space_is_applied_here(
    enabled: Enabled,
    provider_emulator: ProviderEmulator,
    stop: list[str],
    kept: list[str] | None,
    face: str,
) -> None:
    """Claude takes the others; the answer is cut at whichever comes first."""
    llm = enabled(CLAUDE, stop=stop)
    text = {"type": "text", "text": "one\n\ntwo"}
    reply = streamed(text) if "stream" in face else Reply(200, answer(text))
    provider_emulator.script(reply)

    assert "one" == asked(llm, face).text
    assert kept == sent(provider_emulator).get("stop_sequences")


def streamed(*blocks: dict[str, Any], stop: str = "end_turn", **ended: Any) -> Reply:
    """Return a stream of blocks, the input of tools in pieces."""
    start = answer(stop=None)  # type: ignore[arg-type]
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    for at, block in enumerate(blocks):
        if block["type"] == "text":
            opened, pieces = {**block, "text": ""}, [block["text"]]
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
        elif "input" in block:
            opened, text = {**block, "input": {}}, json.dumps(block["input"])
            deltas = [
                {"type": "input_json_delta", "partial_json": piece}
                for piece in ("", text[:4], text[4:])
            ]
        else:
            opened, deltas = block, []
        events.append(
            {"type": "content_block_start", "index": at, "content_block": opened}
        )
        events += [
            {"type": "content_block_delta", "index": at, "delta": delta}
            for delta in deltas
        ]
        events.append({"type": "content_block_stop", "index": at})
    delta = {"stop_reason": stop, "stop_sequence": None, **ended}
    usage = {"input_tokens": 1, "output_tokens": 1}
    events.append({"type": "message_delta", "delta": delta, "usage": usage})
    events.append({"type": "message_stop"})
    lines = [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events]
    return Reply(200, chunks=[line.encode() for line in lines])


WEB_SEARCH = {"type": "web_search_20250305", "name": "web_search"}
SEARCH = {
    "type": "server_tool_use",
    "id": "srvtoolu_1",
    "name": "web_search",
    "input": {"query": "rome"},
}
FOUND = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [
        {
            "type": "web_search_result",
            "url": "https://example.org",
            "title": "t",
            "encrypted_content": "e",
            "page_age": None,
        }
    ],
}


def replied(face: str, *blocks: dict[str, Any], stop: str = "end_turn") -> Reply:
    """Return an answer as the face wants it."""
    if "stream" in face:
        return streamed(*blocks, stop=stop)
    return Reply(200, answer(*blocks, stop=stop))


@pytest.mark.parametrize("face", FACES)
def test_the_input_of_a_server_tool(
    enabled: Enabled, provider_emulator: ProviderEmulator, face: str
) -> None:
    """What a server's tool was asked is on the message, whole or streamed."""
    text = {"type": "text", "text": "sunny"}
    provider_emulator.script(replied(face, SEARCH, FOUND, text))
    message = asked(enabled(CLAUDE).bind(tools=[WEB_SEARCH]), face)

    calls = [b for b in message.content_blocks if b["type"] == "server_tool_call"]
    assert [{"query": "rome"}] == [call["args"] for call in calls]
    assert "sunny" == message.text


def test_a_paused_turn_of_another_model_is_a_prefill(enabled: Enabled) -> None:
    """Only the model that was paused can go on."""
    stamp = {
        "model_provider": "anthropic",
        "model_name": "claude-opus-4-8",
        "stop_reason": "pause_turn",
    }
    paused = AIMessage("Let me see", response_metadata=stamp)
    with pytest.raises(UnsupportedError, match="assistant message"):
        enabled("claude-opus-4-7").invoke([HumanMessage("hi"), paused])


class City(BaseModel):
    """A city."""

    name: str


@pytest.mark.parametrize("face", FACES)
def test_a_refusal_says_so(
    enabled: Enabled, provider_emulator: ProviderEmulator, face: str
) -> None:
    """`stop_reason: refusal` is a refusal where the other providers have theirs."""
    provider_emulator.script(replied(face, stop="refusal"))
    message = asked(enabled(CLAUDE), face)

    assert message.additional_kwargs["refusal"]
    assert "refusal" == message.response_metadata["finish_reason"]


def test_a_refusal_of_structured_output(
    enabled: Enabled, provider_emulator: ProviderEmulator
) -> None:
    """With a form asked for it is a `RefusalError`."""
    provider_emulator.script(replied("invoke", stop="refusal"))
    with pytest.raises(RefusalError):
        enabled(CLAUDE).with_structured_output(City).invoke("hi")


def test_numbers_that_json_has_not(
    enabled: Enabled, provider_emulator: ProviderEmulator
) -> None:
    """NaN among the arguments of a past call goes as text, on record."""
    provider_emulator.script(OK)
    history = turned("x", mean=float("nan"), most=[float("-inf")])
    result = enabled(CLAUDE).invoke(history, tools=[LOOK_UP])
    (call,) = sent(provider_emulator)["messages"][1]["content"]

    assert {"mean": "NaN", "most": ["-Infinity"]} == call["input"]
    changes = result.response_metadata["unified"]["changes"]
    assert "messages" in {change["parameter"] for change in changes}
