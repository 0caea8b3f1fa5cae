"""Tool calls that the token limit cut off: kept for who looks, run by nobody."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.tools import tool

from langchain_unified import UnifiedChatModel
from langchain_unified.testing.wire import HttpReply
from tests.unit_tests.servers.loopback import (
    CompatibleServer,
    chunk,
    events,
    json_reply,
    say,
    whole,
)

CUT = {
    "in a string": '{"path": "/srv/da',
    "before its end": '{"path": "/srv"',
    "before it began": "",
    "after a comma": '{"path": "/srv", "dry',
    "after an escape": '{"path": "a\\',
}
FIRST = {"id": "c0", "name": "delete", "arguments": '{"path": "/srv/whole"}'}


def on_chat(calls: list[dict[str, Any]], *, stream: bool) -> HttpReply:
    """Return an answer of chat completions that the limit ended."""
    wire = [
        {
            "id": call["id"],
            "type": "function",
            "index": place,
            "function": {"name": call["name"], "arguments": call["arguments"]},
        }
        for place, call in enumerate(calls)
    ]
    if not stream:
        return whole({"tool_calls": wire}, "length")
    return events(*[chunk({"tool_calls": [one]}) for one in wire], chunk({}, "length"))


def on_responses(calls: list[dict[str, Any]], *, stream: bool) -> HttpReply:
    """Return an answer of Responses that the limit ended."""
    last = len(calls) - 1
    items = [
        {
            "type": "function_call",
            "id": f"fc_{place}",
            "call_id": call["id"],
            "name": call["name"],
            "arguments": call["arguments"],
            "status": "incomplete" if place == last else "completed",
        }
        for place, call in enumerate(calls)
    ]
    body = {
        "id": "resp_1",
        "object": "response",
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
        "output": items,
    }
    if not stream:
        return json_reply(body)
    told: list[dict[str, Any]] = [{"type": "response.created", "response": body}]
    for place, item in enumerate(items):
        empty = {**item, "arguments": "", "status": "in_progress"}
        where = {"output_index": place}
        told.append({"type": "response.output_item.added", "item": empty, **where})
        if item["arguments"]:
            delta = {"item_id": item["id"], "delta": item["arguments"], **where}
            kind = "response.function_call_arguments.delta"
            told.append({"type": kind, **delta})
        told.append({"type": "response.output_item.done", "item": item, **where})
    return events(*told, {"type": "response.incomplete", "response": body})


def done(*, responses: bool, stream: bool) -> HttpReply:
    """Return the answer to the results."""
    if not responses:
        return say("done")({"stream": stream})
    text = {"type": "output_text", "text": "done", "annotations": []}
    item = {"type": "message", "id": "m", "role": "assistant", "content": [text]}
    body = {"id": "resp_2", "object": "response", "status": "completed"}
    body |= {"output": [item]}
    if not stream:
        return json_reply(body)
    delta = {"output_index": 0, "item_id": "m", "content_index": 0, "delta": "done"}
    return events(
        {"type": "response.created", "response": {**body, "output": []}},
        {"type": "response.output_text.delta", **delta},
        {"type": "response.completed", "response": body},
    )


async def ran_by_an_agent(
    calls: list[dict[str, Any]], *, responses: bool, stream: bool, asynchronous: bool
) -> list[str]:
    """Return what an agent deletes that is answered with some calls first."""
    ran = []

    @tool
    def delete(path: str = "everything", dry_run: bool = True) -> str:  # noqa: FBT001, FBT002
        """Deletes a folder."""
        ran.append(path if dry_run else "")
        return "gone"

    def answer(body: dict[str, Any]) -> HttpReply:
        stream = bool(body.get("stream"))
        if len(server.bodies) > 1:
            return done(responses=responses, stream=stream)
        return (on_responses if responses else on_chat)(calls, stream=stream)

    path = "/responses" if responses else "/chat/completions"
    with CompatibleServer(answer, path) as server:
        llm = UnifiedChatModel(
            model="gpt-4o",
            api_key="k",
            base_url=server.url,
            streaming=stream,
            use_responses_api=responses,
        )
        agent, asked = create_agent(llm, [delete]), {"messages": [("user", "delete")]}
        if asynchronous:
            await agent.ainvoke(asked)
        else:
            agent.invoke(asked)
    return ran


FACES = pytest.mark.parametrize(
    ("responses", "stream", "asynchronous"),
    [(r, s, a) for r in (False, True) for s in (False, True) for a in (False, True)],
)


@FACES
@pytest.mark.parametrize("name", CUT)
async def test_a_call_that_was_cut_off_is_not_run(
    name: str, *, responses: bool, stream: bool, asynchronous: bool
) -> None:
    """Of two calls the whole one is run, and the one that was cut off is not."""
    cut = {"id": "c1", "name": "delete", "arguments": CUT[name]}
    faces = {"responses": responses, "stream": stream, "asynchronous": asynchronous}

    assert [] == await ran_by_an_agent([cut], **faces)
    assert ["/srv/whole"] == await ran_by_an_agent([FIRST, cut], **faces)


@FACES
async def test_a_call_that_is_closed_is_run(
    *, responses: bool, stream: bool, asynchronous: bool
) -> None:
    """An object that is closed is whole, though the answer ended at its limit."""
    ran = await ran_by_an_agent(
        [FIRST], responses=responses, stream=stream, asynchronous=asynchronous
    )

    assert ["/srv/whole"] == ran


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("finish", ["length", "tool_calls"])
def test_free_text_of_a_custom_call_is_whole_or_invalid(
    finish: str, *, stream: bool
) -> None:
    """Free text does not show that some is missing; the end of the answer does."""
    call = {"id": "c", "type": "custom", "custom": {"name": "sql", "input": 'a "b'}}
    rest = {"custom": {"input": "\nc"}, "index": 0}

    def answer(body: dict[str, Any]) -> HttpReply:
        if not body.get("stream"):
            custom = {"name": "sql", "input": 'a "b\nc'}
            return whole({"tool_calls": [{**call, "custom": custom}]}, finish)
        first = chunk({"tool_calls": [{**call, "index": 0}]})
        return events(first, chunk({"tool_calls": [rest]}), chunk({}, finish))

    with CompatibleServer(answer) as server:
        llm = UnifiedChatModel(
            model="gpt-4o", api_key="k", base_url=server.url, streaming=stream
        )
        said = llm.invoke("hi")

    whole_calls = [c["args"] for c in said.tool_calls]
    cut = [c["name"] for c in said.invalid_tool_calls]
    expected = ([], ["sql"]) if finish == "length" else ([{"__arg1": 'a "b\nc'}], [])
    assert expected == (whole_calls, cut)
