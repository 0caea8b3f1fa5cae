"""What servers of other makes stream is read like OpenAI's own, on both routes."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.tools import tool

from langchain_unified import UnifiedChatModel
from langchain_unified.testing.wire import HttpReply
from tests.unit_tests.servers.loopback import (
    CompatibleServer,
    chunk,
    events,
    refusal,
    whole,
)

MODELS = ("llama-3.1-8b", "gpt-4o", "o3-mini")
"""One of the server's own, one that is called through `ChatOpenAI`, one that is not."""

Chunks = list[dict[str, Any]]


def calls(*pieces: dict[str, Any]) -> dict[str, Any]:
    return chunk({"tool_calls": list(pieces)})


def piece(args: Any = None, name: str | None = None, **keys: Any) -> dict[str, Any]:
    function = {"arguments": args, **({"name": name} if name else {})}
    return {**keys, "function": {k: v for k, v in function.items() if v is not None}}


def usage(output: int) -> dict[str, Any]:
    return {
        "prompt_tokens": 100,
        "completion_tokens": output,
        "total_tokens": 100 + output,
        "completion_tokens_details": {"reasoning_tokens": output},
    }


def merged(chunks: Chunks, model: str, **settings: Any) -> AIMessageChunk:
    """Return what the pieces of a streamed answer add up to."""
    with CompatibleServer(lambda body: events(*chunks)) as server:
        llm = UnifiedChatModel(model=model, api_key="k", base_url=server.url)
        return reduce(add, llm.stream("hi", **settings))


DONE = chunk({}, "stop")
CALLED = chunk({}, "tool_calls")

TEXTS: dict[str, Chunks] = {
    "no delta": [chunk({"content": "a"}), chunk(), chunk({"content": "b"}), DONE],
    "null content": [chunk({"content": None}), chunk({"content": "ab"}), DONE],
    "no choices": [{"id": "x"}, chunk({"content": "ab"}), {"choices": None}, DONE],
    "empty choice": [chunk({"content": "ab"}), {"choices": [{}]}, DONE],
    "finish without delta": [chunk({"content": "ab"}), chunk(None, "stop")],
    "finish twice": [chunk({"content": "ab"}), DONE, DONE],
    "parts": [
        chunk({"content": [{"type": "text", "text": "a"}]}),
        chunk({"content": "b"}),
        DONE,
    ],
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", TEXTS)
def test_text_is_read_whatever_is_left_out(name: str, model: str) -> None:
    """Chunks without the fields OpenAI has neither end the stream nor lose text."""
    answer = merged(TEXTS[name], model)

    assert ("ab", "stop") == (answer.content, answer.response_metadata["finish_reason"])


ONE = [("lookup", {"word": "yew"}, "c1")]
CALLS: dict[str, tuple[Chunks, list[Any]]] = {
    "no index": ([calls(piece('{"word": "yew"}', "lookup", id="c1"))], ONE),
    "no index, in pieces": (
        [calls(piece('{"word":', "lookup", id="c1")), calls(piece('"yew"}'))],
        ONE,
    ),
    "no index, two calls": (
        [
            calls(piece('{"word": "yew"}', "lookup", id="c1")),
            calls(piece('{"word": "oak"}', "lookup", id="c2")),
        ],
        [*ONE, ("lookup", {"word": "oak"}, "c2")],
    ),
    "one index for two": (
        [
            calls(piece('{"word": "yew"}', "lookup", id="c1", index=0)),
            calls(piece('{"word": "oak"}', "lookup", id="c2", index=0)),
        ],
        [*ONE, ("lookup", {"word": "oak"}, "c2")],
    ),
    "repeated name and id": (
        [
            calls(piece('{"word":', "lookup", id="c1", index=0)),
            calls(piece('"yew"}', "lookup", id="c1", index=0)),
        ],
        ONE,
    ),
    "arguments as an object": (
        [calls(piece({"word": "yew"}, "lookup", id="c1", index=0))],
        ONE,
    ),
    "a piece without a function": (
        [calls(piece('{"word": "yew"}', "lookup", id="c1", index=0), {"index": 0})],
        ONE,
    ),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", CALLS)
def test_tool_calls_are_read_whatever_is_left_out(name: str, model: str) -> None:
    """Calls without index, with one index for all, or with repeated names are calls."""
    chunks, expected = CALLS[name]

    answer = merged([*chunks, CALLED], model)

    assert expected == [(c["name"], c["args"], c["id"]) for c in answer.tool_calls]


@pytest.mark.parametrize("streaming", [True, False])
def test_a_call_without_an_id_gets_one(*, streaming: bool) -> None:
    """A result has to name its call, so an id is made where the server gives none."""
    nameless = piece('{"word": "yew"}', "lookup")

    def answer(body: dict[str, Any]) -> HttpReply:
        if not streaming:
            return whole({"tool_calls": [nameless]}, "tool_calls")
        return events(calls(nameless), CALLED)

    with CompatibleServer(answer) as server:
        llm = UnifiedChatModel(
            model="m", api_key="k", base_url=server.url, streaming=streaming
        )
        (call,) = llm.invoke("hi").tool_calls

    assert ("lookup", {"word": "yew"}) == (call["name"], call["args"])
    assert call["id"]


def running(*outputs: int) -> Chunks:
    return [chunk({"content": "a"}, usage=usage(n)) for n in outputs]


USAGES: dict[str, Chunks] = {
    "running": [*running(1, 2, 3), chunk({}, "stop", usage=usage(3))],
    "at the finish and after it": [
        *running(3)[:0],
        chunk({}, "stop", usage=usage(3)),
        {"choices": [], "usage": usage(3)},
    ],
    "on the finish only": [chunk({}, "stop", usage=usage(3))],
    "corrected downwards": [*running(9), chunk({}, "stop", usage=usage(3))],
    "x_groq": [chunk({}, "stop", x_groq={"id": "r", "usage": usage(3)})],
    "in the choice": [
        {
            "choices": [
                {"index": 0, "delta": {}, "finish_reason": "stop", "usage": usage(3)}
            ]
        }
    ],
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", USAGES)
def test_usage_is_what_was_told_last(name: str, model: str) -> None:
    """Totals told more than once are not added up."""
    counts = merged([chunk({"content": "a"}), *USAGES[name]], model).usage_metadata
    assert counts is not None

    assert (100, 3, 103) == (
        counts["input_tokens"],
        counts["output_tokens"],
        counts["total_tokens"],
    )
    assert {"reasoning": 3} == counts["output_token_details"]


@pytest.mark.parametrize("model", MODELS)
def test_a_refusal_in_pieces_is_whole_on_the_message(model: str) -> None:
    """The pieces of a refusal add up, as its text does in an answer that is whole."""
    pieces = [chunk({"refusal": "I can"}), chunk({"refusal": "not."}), DONE]

    assert "I cannot." == merged(pieces, model).additional_kwargs["refusal"]


CUT: dict[str, tuple[Chunks, str]] = {
    "in a string": ([calls(piece('{"path": "/srv/da', "delete", id="c"))], "length"),
    "after an escape": ([calls(piece('{"path": "a\\', "delete", id="c"))], "length"),
    "in a list": ([calls(piece('{"path": "a", "x": [1', "delete", id="c"))], "length"),
    "before it began": ([calls(piece("", "delete", id="c"))], "length"),
    "without a word": (
        [calls(piece('{"path": "/srv', "delete", id="c"))],
        "tool_calls",
    ),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", CUT)
def test_a_call_that_was_cut_off_is_invalid_and_never_run(
    name: str, model: str
) -> None:
    """Half a path is not a path: an agent does not run what is not there in full."""
    ran = []

    @tool
    def delete(path: str = "everything", x: list[int] | None = None) -> str:
        """Deletes a folder."""
        ran.append(path)
        return "gone"

    chunks, finish = CUT[name]

    def answer(body: dict[str, Any]) -> HttpReply:
        if len(server.bodies) > 1:
            return events(chunk({"content": "done"}), DONE)
        return events(*chunks, chunk({}, finish))

    with CompatibleServer(answer) as server:
        llm = UnifiedChatModel(
            model=model, api_key="k", base_url=server.url, streaming=True
        )
        cut = reduce(add, llm.bind_tools([delete]).stream("delete it"))
        server.forget()
        create_agent(llm, [delete]).invoke({"messages": [("user", "delete it")]})

    assert (0, ["delete"]) == (
        len(cut.tool_calls),
        [call["name"] for call in cut.invalid_tool_calls],
    )
    assert [] == ran


DETAILS = [
    {"type": "reasoning.text", "text": "look outside", "index": 0, "format": "x"}
]
THOUGHTS: dict[str, Any] = {
    "reasoning_content": "look outside",
    "reasoning": "look outside",
    "reasoning_details": DETAILS,
    "extra_content": {"google": {"thought_signature": "s"}},
    "vendor_notes": ["a"],
}


def _insisting(key: str, value: Any) -> Callable[[dict[str, Any]], HttpReply]:
    """Refuse to go on after a tool call that comes back without the field."""

    def answer(body: dict[str, Any]) -> HttpReply:
        spoken = [m for m in body["messages"] if m["role"] == "assistant"]
        if any(message.get(key) != value for message in spoken):
            return refusal(400, f"Missing `{key}` in the assistant message.")
        call = {"id": "c", "type": "function", **piece('{"city": "Lyon"}', "weather")}
        message: dict[str, Any] = {key: value, "tool_calls": [call]}
        if spoken:
            message = {"content": "done"}
        if not body.get("stream"):
            return whole(message, "stop" if spoken else "tool_calls")
        parts = [chunk({key: part}) for part in _halves(value)] if not spoken else []
        last = {k: v for k, v in message.items() if k != key}
        return events(
            *parts, chunk(last), chunk({}, "stop" if spoken else "tool_calls")
        )

    return answer


def _halves(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [value[:4], value[4:]]
    if value == DETAILS:
        return [[{**DETAILS[0], "text": half}] for half in ("look", " outside")]
    return [value]


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return "sunny"


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("key", THOUGHTS)
def test_a_servers_own_fields_go_back_to_it(
    key: str, model: str, *, streaming: bool
) -> None:
    """Within a tool loop the server gets what it gave, under its own key."""
    with CompatibleServer(_insisting(key, THOUGHTS[key])) as server:
        llm = UnifiedChatModel(
            model=model, api_key="k", base_url=server.url, streaming=streaming
        )
        agent = create_agent(llm, [weather])
        said = agent.invoke({"messages": [("user", "Lyon?")]})["messages"]

    assert "done" == said[-1].text
    assert THOUGHTS[key] == said[1].additional_kwargs[key]


@pytest.mark.parametrize("streaming", [True, False])
def test_reasoning_is_a_reasoning_block(*, streaming: bool) -> None:
    """`content_blocks` shows the reasoning of a server of another make."""
    with CompatibleServer(_insisting("reasoning", "look outside")) as server:
        llm = UnifiedChatModel(
            model="m", api_key="k", base_url=server.url, streaming=streaming
        )
        blocks = llm.invoke("hi").content_blocks

    assert {"type": "reasoning", "reasoning": "look outside"} == blocks[0]


def test_fields_go_to_no_other_server() -> None:
    """What one server gave is not sent to another, and the record says so."""
    with CompatibleServer(_insisting("reasoning_content", "x")) as one:
        llm = UnifiedChatModel(model="m", api_key="k", base_url=one.url)
        given: AIMessage = llm.invoke("hi")
    with CompatibleServer(lambda body: whole({"content": "ok"})) as other:
        llm = UnifiedChatModel(model="m", api_key="k", base_url=other.url)
        answer = llm.invoke(["hi", given])
        sent = other.bodies[0]["messages"][1]

    assert "reasoning_content" not in sent
    assert "reasoning" in str(answer.response_metadata["unified"]["changes"])


def test_fields_of_a_call_go_back_with_the_call() -> None:
    """A signature that Gemini's endpoint puts on a call stands on it again."""
    signed = {"google": {"thought_signature": "s"}}
    call = {
        "id": "c",
        "type": "function",
        **piece("{}", "now"),
        "extra_content": signed,
    }

    def answer(body: dict[str, Any]) -> HttpReply:
        return events(calls({**call, "index": 0}), CALLED)

    with CompatibleServer(answer) as server:
        llm = UnifiedChatModel(
            model="gemini-3.1-pro-preview",
            api_key="k",
            base_url=server.url,
            streaming=True,
        )
        given = llm.invoke("hi")
        result = {"role": "tool", "content": "noon", "tool_call_id": "c"}
        llm.invoke(["hi", given, result])
        sent = server.bodies[-1]["messages"][1]["tool_calls"][0]

    assert signed == sent["extra_content"]


def test_fields_of_an_answer_are_kept() -> None:
    """What stands beside the choices is in the metadata of the answer."""
    keys = {"citations": ["https://a"], "provider": "acme"}

    with CompatibleServer(lambda body: whole({"content": "a"}, **keys)) as server:
        llm = UnifiedChatModel(model="m", api_key="k", base_url=server.url)
        metadata = llm.invoke("hi").response_metadata
    streamed = merged([chunk({"content": "a"}, **keys), chunk({}, "stop", **keys)], "m")

    assert keys == {name: metadata[name] for name in keys}
    assert keys == {name: streamed.response_metadata[name] for name in keys}
