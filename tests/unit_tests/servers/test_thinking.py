"""Reasoning that stands among the parts of content, as Mistral's does."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage
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

MODELS = ("magistral-medium-latest", "gpt-4o", "o3-mini")


def thinking(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


PARTS = [
    thinking("look outside"),
    {"type": "text", "text": "One moment."},
    {"type": "reference", "reference_ids": [1]},
]


def insisting(body: dict[str, Any]) -> HttpReply:
    """Refuse to go on unless the content comes back in its parts."""
    spoken = [m for m in body["messages"] if m["role"] == "assistant"]
    if any(m["content"] != PARTS or "reasoning_content" in m for m in spoken):
        return refusal(400, "The content is not what was given.")
    function = {"name": "weather", "arguments": '{"city": "Lyon"}'}
    call = {"id": "c", "type": "function", "function": function}
    if not body.get("stream"):
        if spoken:
            return whole({"content": "done"})
        return whole({"content": PARTS, "tool_calls": [call]}, "tool_calls")
    if spoken:
        return events(chunk({"content": "done"}), chunk({}, "stop"))
    return events(
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": [thinking("look ")]}),
        chunk({"content": [thinking("outside")]}),
        chunk({"content": "One "}),
        chunk({"content": [{"type": "text", "text": "moment."}]}),
        chunk({"content": PARTS[2:]}),
        chunk({"tool_calls": [{**call, "index": 0}]}),
        chunk({}, "tool_calls"),
    )


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return "sunny"


@pytest.mark.parametrize("asynchronous", [True, False])
@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("profile", ["mistral", None])
async def test_reasoning_among_the_parts_goes_back_in_its_place(
    profile: str | None, model: str, *, streaming: bool, asynchronous: bool
) -> None:
    """The text is the content, the reasoning a block, and the server gets its parts."""
    with CompatibleServer(insisting) as server:
        llm = UnifiedChatModel(
            model=model,
            api_key="k",
            base_url=server.url,
            streaming=streaming,
            providers={"openai": {"profile": profile}} if profile else {},
        )
        agent, asked = create_agent(llm, [weather]), {"messages": [("user", "Lyon?")]}
        said = await agent.ainvoke(asked) if asynchronous else agent.invoke(asked)

    first: AIMessage = said["messages"][1]
    assert ("One moment.", "done") == (first.content, said["messages"][-1].content)
    thought = {"type": "reasoning", "reasoning": "look outside"}
    assert thought == first.content_blocks[0]


def test_the_text_of_an_edited_reply_is_what_is_sent() -> None:
    """Whoever edits a reply need not know of the parts kept beside it."""
    with CompatibleServer(lambda _: whole({"content": PARTS})) as server:
        llm = UnifiedChatModel(model=MODELS[0], api_key="k", base_url=server.url)
        given: AIMessage = llm.invoke("hi")
        edited = given.model_copy(update={"content": "Two moments."})
        llm.invoke(["hi", edited, "and?"])

        assert "Two moments." == server.bodies[-1]["messages"][1]["content"]
