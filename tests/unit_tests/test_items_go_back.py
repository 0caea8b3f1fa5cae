"""Items of Responses are received, shown and sent back as they came, whatever they are.

The server answers with one item and a text, whole or streamed as the API does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import (
    AIMessage,
    FunctionMessage,
    HumanMessage,
    ToolMessage,
)

from langchain_unified import UnifiedChatModel
from langchain_unified.testing.wire import HttpReply
from tests.unit_tests.servers.loopback import (
    CompatibleServer,
    chunk,
    events,
    json_reply,
    whole,
)

MODEL = "gpt-5.4"
VERSIONS = (None, "v0", "responses/v1", "v1")
DONE = {"status": "completed"}
ITEMS: list[dict[str, Any]] = [
    {
        "type": "shell_call",
        "id": "sh_1",
        "call_id": "c1",
        "action": {"commands": ["l"]},
    },
    {"type": "local_shell_call", "id": "ls_1", "call_id": "c1", "action": {"env": {}}},
    {"type": "apply_patch_call", "id": "ap_1", "call_id": "c1", "operation": {"a": 1}},
    {
        "type": "computer_call",
        "id": "cu_1",
        "call_id": "c1",
        "action": {"type": "wait"},
    },
    {
        "type": "custom_tool_call",
        "id": "ct_1",
        "call_id": "c1",
        "name": "f",
        "input": "1",
    },
    {
        "type": "mcp_call",
        "id": "mc_1",
        "server_label": "s",
        "name": "f",
        "arguments": "{}",
        "output": "x",
    },
    {"type": "mcp_approval_request", "id": "ma_1", "server_label": "s", "name": "f"},
    {
        "type": "tool_search_call",
        "id": "ts_1",
        "call_id": "c1",
        "arguments": {"q": "x"},
    },
    {"type": "compaction", "id": "cm_1", "encrypted_content": "abc"},
    {"type": "code_interpreter_call", "id": "ci_1", "code": "1", "container_id": "k"},
    {"type": "file_search_call", "id": "fs_1", "queries": ["x"]},
    {
        "type": "web_search_call",
        "id": "ws_1",
        "action": {"type": "search", "query": "x"},
    },
    {"type": "dream_call", "id": "dr_1", "depth": {"of": [1]}},
    {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "t"}],
        "encrypted_content": "e",
        **DONE,
    },
]
SAID = {"type": "output_text", "text": "Done.", "annotations": []}
TEXT = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "content": [SAID],
    **DONE,
}


class Items:
    """Answers with an item and a text, then with a text alone."""

    def __init__(self) -> None:
        self.item: dict[str, Any] = {}

    def answer(self, body: dict[str, Any]) -> HttpReply:
        asked = body["input"]
        first = isinstance(asked, str) or len(asked) == 1
        output = [self.item, TEXT] if first else [TEXT]
        found = {"id": "r", "object": "response", "model": MODEL, **DONE}
        found = {**found, "created_at": 1, "output": output, "metadata": {}}
        return events(*_events(found)) if body.get("stream") else json_reply(found)


def _events(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"type": "response.created", "response": {**found, "output": []}}
    for at, item in enumerate(found["output"]):
        place = {"output_index": at, "item_id": item["id"]}
        begun = {**item, "summary": []} if "summary" in item else item
        yield {"type": "response.output_item.added", **place, "item": begun}
        if item["type"] == "message":
            told = {**place, "content_index": 0}
            yield {"type": "response.output_text.delta", **told, "delta": "Done."}
            yield {"type": "response.output_text.done", **told, "text": "Done."}
        for part in item.get("summary", ()):
            told = {**place, "summary_index": 0}
            empty = {"type": "summary_text", "text": ""}
            yield {
                "type": "response.reasoning_summary_part.added",
                **told,
                "part": empty,
            }
            said = {"delta": part["text"]}
            yield {"type": "response.reasoning_summary_text.delta", **told, **said}
        yield {"type": "response.output_item.done", **place, "item": item}
    yield {"type": "response.completed", "response": found}


@pytest.fixture(scope="module")
def items() -> Iterator[tuple[Items, CompatibleServer]]:
    """Return a server of Responses, and what it answers."""
    told = Items()
    with CompatibleServer(told.answer, "/responses") as server:
        yield told, server


def merged(pieces: Any) -> Any:
    """Return the message that pieces make."""
    first, *rest = pieces
    return sum(rest, first)


async def _received(llm: Any, face: str) -> AIMessage:
    """Return the answer by one of the faces."""
    answer: Any
    if face == "invoke":
        answer = llm.invoke("q")
    elif face == "stream":
        answer = merged(llm.stream("q"))
    elif face == "astream":
        answer = merged([piece async for piece in llm.astream("q")])
    else:
        said = await create_agent(llm, []).ainvoke({"messages": [("user", "q")]})
        answer = said["messages"][-1]
    return answer


@pytest.mark.parametrize("face", ["invoke", "stream", "astream", "agent"])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["type"])
@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_an_item_goes_back_once_as_it_came(
    items: Any, item: dict[str, Any], version: str | None, face: str
) -> None:
    """An item is shown in `content_blocks`, and sent back once, as the model's own."""
    told, server = items
    told.item = item
    llm = UnifiedChatModel(
        model=MODEL,
        base_url=server.url,
        api_key="k",
        use_responses_api=True,
        output_version=version,
    )
    if item["type"] == "custom_tool_call" and face == "agent":
        face = "invoke"  # An agent without the tool would answer for it.
    answer = await _received(llm, face)
    output = {"type": f"{item['type']}_output", "call_id": "c1", "output": "1"}
    said = [{"type": "text", "text": "r"}]
    told_back = [output, *said] if "call_id" in item else said
    llm.invoke([HumanMessage("q"), answer, HumanMessage(told_back)])
    sent = server.bodies[-1]["input"]

    assert 2 <= len(answer.content_blocks)
    assert [item] == [one for one in sent if one.get("id") == item["id"]]
    assert ["user", "assistant", "user"] == [o["role"] for o in sent if o.get("role")]


FUNCTION = {
    "name": "look_up",
    "parameters": {"type": "object", "properties": {"word": {"type": "string"}}},
}


def _called(body: dict[str, Any]) -> HttpReply:
    """Call the function twice, then answer."""
    results = [one["content"] for one in body["messages"] if one["role"] == "function"]
    if len(results) > 1:
        said = {"content": " ".join(results)}
        is_streamed = body.get("stream")
        return events(chunk(said), chunk({}, "stop")) if is_streamed else whole(said)
    call = {"name": "look_up", "arguments": json.dumps({"word": f"w{len(results)}"})}
    if body.get("stream"):
        begun = {"function_call": {"name": "look_up", "arguments": ""}}
        rest = {"function_call": {"arguments": call["arguments"]}}
        return events(chunk(begun), chunk(rest), chunk({}, "function_call"))
    return whole({"content": None, "function_call": call}, "function_call")


@pytest.mark.parametrize("face", ["invoke", "stream", "astream"])
@pytest.mark.parametrize("model", ["gpt-4o", MODEL])
async def test_an_agent_of_functions_goes_on(model: str, face: str) -> None:
    """`bind(functions=...)` calls over two turns, and each result goes back as one."""
    with CompatibleServer(_called) as server:
        llm = UnifiedChatModel(model=model, base_url=server.url, api_key="k")
        bound = llm.bind(functions=[FUNCTION])
        turns: list[Any] = [HumanMessage("q")]
        for _ in range(3):
            answer = await _turn(bound, turns, face)
            if call := answer.additional_kwargs.get("function_call"):
                word = json.loads(call["arguments"])["word"]
                turns += [answer, FunctionMessage(name="look_up", content=word)]
        sent = server.bodies[-1]["messages"]

    assert "w0 w1" == answer.content
    assert ["user", *["assistant", "function"] * 2] == [one["role"] for one in sent]
    assert {"look_up"} == {o["function_call"]["name"] for o in sent[1::2]}


async def _turn(llm: Any, turns: list[Any], face: str) -> Any:
    """Return the next answer of an agent."""
    if face == "invoke":
        return llm.invoke(turns)
    if face == "stream":
        return merged(llm.stream(turns))
    return merged([piece async for piece in llm.astream(turns)])


def _cut(body: dict[str, Any]) -> HttpReply:
    """Answer with a call cut off in its arguments and a whole one, then with a text."""
    call = {"type": "function_call", "name": "f", **DONE}
    output: list[dict[str, Any]] = [
        {**call, "id": "fc_1", "call_id": "c1", "arguments": '{"a": '},
        {**call, "id": "fc_2", "call_id": "c2", "arguments": '{"a": 1}'},
    ]
    asked = body["input"]
    output = output if isinstance(asked, str) or len(asked) == 1 else [TEXT]
    found = {"id": "r", "object": "response", "model": MODEL, **DONE}
    return json_reply({**found, "created_at": 1, "output": output, "metadata": {}})


@pytest.mark.parametrize("version", VERSIONS)
def test_a_call_cut_off_is_told_in_its_place(version: str | None) -> None:
    """It has no result, so it goes back in words, once; the whole call stays behind."""
    with CompatibleServer(_cut, "/responses") as server:
        llm = UnifiedChatModel(
            model=MODEL,
            base_url=server.url,
            api_key="k",
            use_responses_api=True,
            output_version=version,
        )
        answer = llm.invoke("q")
        llm.invoke([HumanMessage("q"), answer, ToolMessage("1", tool_call_id="c2")])
        _, told, *rest = server.bodies[-1]["input"]

    assert '[Unreadable call of f: {"a": ]' == told["content"][0]["text"]
    assert ["c2", "c2"] == [item["call_id"] for item in rest]
