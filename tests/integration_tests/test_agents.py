"""Agents of `langchain.agents` on `UnifiedChatModel`: tools, formats, middleware."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    LLMToolSelectorMiddleware,
    ModelFallbackMiddleware,
    SummarizationMiddleware,
    wrap_model_call,
)
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.load import dumpd
from langchain_core.messages import AIMessage, AIMessageChunk, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.prebuilt import ToolNode
from pydantic import BaseModel

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator, Reply

MODELS = (
    "gpt-4o",
    "gpt-5.4",
    "gpt-6-sol",
    "gemini-2.5-flash",
    "gemini-3.1-pro-preview",
)
FORMATS_WITH_TOOLS = set(MODELS) - {"gemini-2.5-flash"}
QUESTION = {"messages": [("user", "What is the weather in Paris?")]}
Make = Callable[..., UnifiedChatModel]


class Report(BaseModel):
    """A weather report."""

    city: str
    degrees: int


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"20 degrees in {city}"


@tool
def get_population(city: str) -> str:
    """Get the population of a city."""
    return f"2 million in {city}"


@tool
def break_down(city: str) -> str:
    """Break down."""
    message = f"no machine in {city}"
    raise ValueError(message)


@pytest.fixture(autouse=True)
def _nothing_refused(provider_emulator: ProviderEmulator) -> Iterator[None]:
    yield
    refused = [e.error for e in provider_emulator.errors if not e.scripted]
    assert [] == refused


class City(BaseModel):
    """A city."""

    name: str


@pytest.mark.parametrize("face", ["invoke", "ainvoke"])
def test_a_form_beside_tools_on_ollama(
    provider_emulator: ProviderEmulator, face: str
) -> None:
    """Ollama takes a form or tools; the form is asked for by a tool, as theirs is."""
    for name, arguments in (("get_weather", {"city": "Rome"}), ("City", {"name": "R"})):
        call = {"call": {"name": name, "arguments": arguments}}
        message = {"role": "assistant", "content": json.dumps(call)}
        told = {"model": "llama3.2", "message": message, "done": True}
        provider_emulator.script(Reply(200, told))
    llm = UnifiedChatModel(
        model="ollama:llama3.2",
        enable=["ollama"],
        providers={"ollama": {"base_url": provider_emulator.ollama_base_url}},
    )
    agent = create_agent(llm, [get_weather], response_format=City)
    given: Any = QUESTION
    ran = agent.invoke(given) if face == "invoke" else asyncio.run(agent.ainvoke(given))

    assert City(name="R") == ran["structured_response"]


def _roles(state: dict[str, Any]) -> list[str]:
    return [message.type for message in state["messages"]]


def _models(emulator: ProviderEmulator) -> list[str | None]:
    return [request.model for request in emulator.requests]


@pytest.mark.parametrize("name", MODELS)
def test_a_tool_loop_ends_with_an_answer(name: str, model: Make) -> None:
    """The model calls the tool, reads its result and answers."""
    agent = create_agent(model(name), [get_weather], system_prompt="Be brief.")
    state = agent.invoke(QUESTION)

    assert ["human", "ai", "tool", "ai"] == _roles(state)
    assert "20 degrees in Paris" in state["messages"][-1].text


@pytest.mark.parametrize("name", MODELS)
async def test_a_tool_loop_runs_asynchronously(name: str, model: Make) -> None:
    """`ainvoke` gives the same conversation."""
    state = await create_agent(model(name), [get_weather]).ainvoke(QUESTION)

    assert ["human", "ai", "tool", "ai"] == _roles(state)


@pytest.mark.parametrize("name", MODELS)
def test_several_tools_are_called_at_once(name: str, model: Make) -> None:
    """Parallel calls are each answered before the model goes on."""
    question = "What are the weather and the population of Paris?"
    agent = create_agent(model(name), [get_weather, get_population])
    state = agent.invoke({"messages": [("user", question)]})

    called = {m.name for m in state["messages"] if isinstance(m, ToolMessage)}
    assert {"get_weather", "get_population"} == called


@pytest.mark.parametrize("strategy", [None, ProviderStrategy, ToolStrategy])
@pytest.mark.parametrize("name", MODELS)
def test_a_response_format_is_kept(
    name: str,
    strategy: Any,
    model: Make,
    provider_emulator: ProviderEmulator,
) -> None:
    """The response is an object, asked for the provider's way where it can be."""
    together = name in FORMATS_WITH_TOOLS and strategy is not ToolStrategy
    tools = [get_weather] if together else []
    wanted = Report if strategy is None else strategy(Report)
    agent = create_agent(model(name), tools, response_format=wanted)
    state = agent.invoke(QUESTION, {"recursion_limit": 12})

    assert isinstance(state["structured_response"], Report)
    native = any(_has_format(request.body) for request in provider_emulator.requests)
    assert (strategy is not ToolStrategy) == native


def _has_format(body: dict[str, Any]) -> bool:
    config = body.get("generationConfig") or {}
    text = body.get("text") or {}
    return bool(
        body.get("response_format")
        or text.get("format")
        or config.get("responseMimeType")
        or config.get("responseJsonSchema")
    )


@pytest.mark.parametrize("backup", ["gpt-5.4", "gemini-2.5-flash"])
def test_a_failing_model_falls_back(
    backup: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """`ModelFallbackMiddleware` goes on with the next model."""
    provider_emulator.script(
        Reply.openai_error(
            500,
            "Down.",
            kind="server_error",
            when=lambda r: r.model == "gpt-4o",
            times=0,
        )
    )
    first = model("gpt-4o", max_retries=0)
    fallback = ModelFallbackMiddleware(model(backup))
    state = create_agent(first, [get_weather], middleware=[fallback]).invoke(QUESTION)

    assert backup == state["messages"][-1].response_metadata["unified"]["model"]


def test_a_long_conversation_is_summarized(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """`SummarizationMiddleware` summarizes with its own model, here of Gemini."""
    summary = SummarizationMiddleware(
        model("gemini-2.5-flash"), trigger=("messages", 4), keep=("messages", 2)
    )
    agent = create_agent(model("gpt-6-sol"), [], middleware=[summary])
    turns = [("user", "One"), ("ai", "Two"), ("user", "Three"), ("ai", "Four")]
    state = agent.invoke({"messages": [*turns, ("user", "Five")]})

    assert ["gemini-2.5-flash", "gpt-6-sol"] == _models(provider_emulator)
    assert "summary" in state["messages"][0].text.lower()


def test_a_summary_is_triggered_by_a_share_of_the_context(model: Make) -> None:
    """The middleware reads the input limit from the model's profile."""
    summary = SummarizationMiddleware(
        model("gpt-4o-mini"), trigger=("fraction", 0.9), keep=("fraction", 0.1)
    )
    agent = create_agent(model("gpt-4o"), [], middleware=[summary])

    assert ["human", "ai"] == _roles(agent.invoke({"messages": [("user", "Hi")]}))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_selects_tools(name: str, model: Make) -> None:
    """`LLMToolSelectorMiddleware` asks for a structured choice of tools."""
    selector = LLMToolSelectorMiddleware(model=model(name), max_tools=1)
    agent = create_agent(
        model("gpt-4o"), [get_weather, get_population], middleware=[selector]
    )

    assert "ai" == _roles(agent.invoke(QUESTION))[-1]


@pytest.mark.parametrize("other", MODELS)
def test_middleware_overrides_the_model_object(
    other: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """`request.override(model=...)` sends the call to another model object."""
    replacement = model(other)

    @wrap_model_call
    def swap(request: Any, handler: Any) -> Any:
        return handler(request.override(model=replacement))

    create_agent(model("gpt-4.1"), [get_weather], middleware=[swap]).invoke(QUESTION)

    assert [other, other] == _models(provider_emulator)


@pytest.mark.parametrize("other", MODELS)
def test_middleware_overrides_the_model_by_a_setting(
    other: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """`model_settings={"model": ...}` is enough to switch."""

    @wrap_model_call
    def swap(request: Any, handler: Any) -> Any:
        settings = {"model": other, "temperature": 0, "max_tokens": 2000}
        return handler(request.override(model_settings=settings))

    create_agent(model("gpt-4.1"), [get_weather], middleware=[swap]).invoke(QUESTION)

    assert [other, other] == _models(provider_emulator)


def test_middleware_reads_the_profile(model: Make) -> None:
    """`request.model.profile` tells what the model can do."""
    seen = []

    @wrap_model_call
    def look(request: Any, handler: Any) -> Any:
        seen.append(request.model.profile["max_input_tokens"])
        return handler(request)

    create_agent(model("gpt-4o"), [], middleware=[look]).invoke(QUESTION)

    assert [128_000] == seen


@pytest.mark.parametrize("name", MODELS)
def test_messages_are_streamed(name: str, model: Make) -> None:
    """`stream_mode="messages"` gives the answer in pieces."""
    agent = create_agent(model(name), [get_weather])
    pieces = [
        piece
        for piece, _ in agent.stream(QUESTION, stream_mode="messages")
        if isinstance(piece, AIMessageChunk)
    ]

    assert "20 degrees in Paris" in "".join(piece.text for piece in pieces)
    assert any(piece.tool_call_chunks for piece in pieces)


@pytest.mark.parametrize("name", MODELS)
async def test_updates_and_values_are_streamed(name: str, model: Make) -> None:
    """`updates` gives each step, `values` the state after it."""
    agent = create_agent(model(name), [get_weather])
    steps = [s async for s in agent.astream(QUESTION, stream_mode="updates")]
    states = [s async for s in agent.astream(QUESTION, stream_mode="values")]

    assert ["model", "tools", "model"] == [next(iter(step)) for step in steps]
    assert ["human", "ai", "tool", "ai"] == _roles(states[-1])


@pytest.mark.parametrize("first", MODELS)
@pytest.mark.parametrize("second", MODELS)
def test_the_model_is_switched_between_turns(
    first: str, second: str, model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A conversation with tool calls goes on with any other model, by config."""
    llm = model(configurable=("model",))
    agent = create_agent(llm, [get_weather], checkpointer=InMemorySaver())
    for name in (first, second):
        settings = {"thread_id": "1", "model": name}
        agent.invoke(QUESTION, {"configurable": settings})

    assert [first, first, second, second] == _models(provider_emulator)


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_state_is_json(name: str, model: Make) -> None:
    """What a checkpointer keeps of a conversation is plain data."""
    agent = create_agent(model(name), [get_weather], checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "1"}}
    agent.invoke(QUESTION, config)
    messages = agent.get_state(config).values["messages"]

    assert len(messages) == len(json.loads(json.dumps([dumpd(m) for m in messages])))


@pytest.mark.parametrize("name", MODELS)
def test_a_failing_tool_is_told_to_the_model(name: str, model: Make) -> None:
    """`ToolNode` gives the error to the model, which answers."""
    asked = model(name).bind_tools([break_down]).invoke("break_down in Paris, please")
    node = ToolNode([break_down], handle_tool_errors=True)
    told = _in_graph(node, asked)
    answer = (
        model(name)
        .bind_tools([break_down])
        .invoke([("user", "break_down in Paris, please"), asked, *told])
    )

    assert ["error"] == [message.status for message in told]
    assert isinstance(answer, AIMessage)


def _in_graph(node: ToolNode, asked: AIMessage) -> list[ToolMessage]:
    from langgraph.graph import START, MessagesState, StateGraph

    graph = StateGraph(MessagesState)
    graph.add_node("tools", node)
    graph.add_edge(START, "tools")
    return graph.compile().invoke({"messages": [asked]})["messages"][1:]
