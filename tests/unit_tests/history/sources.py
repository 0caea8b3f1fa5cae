"""Conversations as each provider's models leave them behind."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_unified import UnifiedChatModel
from langchain_unified.content import NATIVE, RECORD
from langchain_unified.testing.answers.media import png
from langchain_unified.testing.signing import issue

CHAT = {"model": "gpt-4o"}
DIRECT = {"model": "gpt-5.2", "use_responses_api": False}
RESPONSES = {"model": "gpt-5.4", "use_responses_api": True}
GEMINI_25 = {"model": "gemini-2.5-flash"}
GEMINI_3 = {"model": "gemini-3-flash-preview"}
GEMINI_LATEST = {"model": "gemini-flash-latest"}
ANTHROPIC = {"model": "claude-opus-5"}
"""As a source its messages are written as ChatAnthropic 1.7.7 returns them."""

SOURCES = {
    "openai-chat": CHAT,
    "openai-direct-chat": DIRECT,
    "openai-responses": RESPONSES,
    "gemini-2.5": GEMINI_25,
    "gemini-3": GEMINI_3,
    "anthropic": ANTHROPIC,
}
TARGETS = {
    **SOURCES,
    "gemini-latest": GEMINI_LATEST,
}
SCENES = (
    "text",
    "tool_loop",
    "parallel_tools",
    "reasoning",
    "image_in",
    "image_out",
    "late_system",
)

PICTURE = {"type": "image", "base64": png(), "mime_type": "image/png"}
STAMP = {"model_provider": "anthropic", "model_name": "claude-opus-5"}


def get_weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"{city}: sunny"


def conversation(
    llm: UnifiedChatModel, source: dict[str, Any], scene: str
) -> list[BaseMessage]:
    """Return a history that ends with what the next model has to answer."""
    return _SCENES[scene](llm, source)


def uses_tools(scene: str) -> bool:
    """Tell whether the next call carries tools."""
    return "tool" in scene


def reply(
    llm: UnifiedChatModel, source: dict[str, Any], history: Any, **settings: Any
) -> AIMessage:
    """Return what the source answers; Anthropic's answers are written by hand."""
    if source is ANTHROPIC:
        return _claude(settings)
    return llm.invoke(history, **source, **settings)


def _text(llm: UnifiedChatModel, source: dict[str, Any]) -> list[BaseMessage]:
    first = HumanMessage("remember blue")
    return [first, reply(llm, source, [first]), HumanMessage("which colour")]


def _tools(
    llm: UnifiedChatModel, source: dict[str, Any], question: str
) -> list[BaseMessage]:
    first = HumanMessage(question)
    asked = reply(llm, source, [first], tools=[get_weather])
    results = [
        ToolMessage(get_weather(**call["args"]), tool_call_id=call["id"])
        for call in asked.tool_calls
    ]
    return [first, asked, *results]


def _tool_loop(llm: UnifiedChatModel, source: dict[str, Any]) -> list[BaseMessage]:
    return _tools(llm, source, "Call get_weather for Paris")


def _parallel(llm: UnifiedChatModel, source: dict[str, Any]) -> list[BaseMessage]:
    return _tools(llm, source, "Call get_weather for Paris and London")


def _reasoning(llm: UnifiedChatModel, source: dict[str, Any]) -> list[BaseMessage]:
    first = HumanMessage("remember blue")
    thoughts = {
        "gemini-2.5-flash": {"include_thoughts": True, "reasoning_effort": "high"},
        "gemini-3-flash-preview": {"include_thoughts": True},
        "gpt-5.4": {"reasoning": {"effort": "high", "summary": "auto"}},
        "gpt-5.2": {"reasoning_effort": "high"},
        "claude-opus-5": {"reasoning_effort": "high"},
    }
    settings = thoughts.get(source["model"], {})
    return [
        first,
        reply(llm, source, [first], **settings),
        HumanMessage("which colour"),
    ]


def _image_in(llm: UnifiedChatModel, source: dict[str, Any]) -> list[BaseMessage]:
    first = HumanMessage([{"type": "text", "text": "look blue"}, PICTURE])
    return [first, reply(llm, source, [first]), HumanMessage("which colour")]


def _image_out(llm: UnifiedChatModel, source: dict[str, Any]) -> list[BaseMessage]:
    """Return a history with a picture, in the form the source's package gives it."""
    drawn = _DRAWN.get(source["model"], _drawn_as_url)(source["model"])
    return [HumanMessage("draw blue"), drawn, HumanMessage("which colour")]


def _late_system(llm: UnifiedChatModel, source: dict[str, Any]) -> list[BaseMessage]:
    first = HumanMessage("remember blue")
    late = SystemMessage("Answer in one word.")
    return [first, reply(llm, source, [first]), late, HumanMessage("which colour")]


_SCENES = {
    "text": _text,
    "tool_loop": _tool_loop,
    "parallel_tools": _parallel,
    "reasoning": _reasoning,
    "image_in": _image_in,
    "image_out": _image_out,
    "late_system": _late_system,
}


def _drawn_as_url(model: str) -> AIMessage:
    provider = "google_genai" if model.startswith("gemini") else "openai"
    url = f"data:image/png;base64,{PICTURE['base64']}"
    return AIMessage(
        ["blue it is", {"type": "image_url", "image_url": {"url": url}}],
        response_metadata={"model_provider": provider, "model_name": "another"},
    )


def _drawn_by_responses(model: str) -> AIMessage:
    call = {
        "type": "image_generation_call",
        "id": "ig_1",
        "status": "completed",
        "result": PICTURE["base64"],
    }
    return AIMessage(
        "blue it is",
        response_metadata={
            "model_provider": "openai",
            "model_name": model,
            RECORD: {
                NATIVE: [call, {"type": "text", "text": "blue it is", "id": "msg_1"}]
            },
        },
    )


def _drawn_by_claude(_: str) -> AIMessage:
    """Return what a Claude that draws would say; none does (2026-11-23)."""
    source = {"type": "base64", "media_type": "image/png", "data": PICTURE["base64"]}
    blocks = [
        {"type": "text", "text": "blue it is"},
        {"type": "image", "source": source},
    ]
    return AIMessage(blocks, response_metadata={**STAMP, "model_name": "another"})


_DRAWN = {"gpt-5.4": _drawn_by_responses, "claude-opus-5": _drawn_by_claude}


def _claude(settings: dict[str, Any]) -> AIMessage:
    """Return an answer as ChatAnthropic 1.7.7 gives it."""
    if "tools" in settings:
        calls = [
            {"name": "get_weather", "args": {"city": city}, "id": f"toolu_{city}"}
            for city in ("Paris", "London")
        ]
        blocks = [
            {"type": "redacted_thinking", "data": "sealed"},
            *(
                {
                    "type": "tool_use",
                    "id": c["id"],
                    "name": c["name"],
                    "input": c["args"],
                }
                for c in calls
            ),
        ]
        return AIMessage(blocks, tool_calls=calls, response_metadata=STAMP)
    if "reasoning_effort" in settings:
        signature = issue(ANTHROPIC["model"], "1")
        thinking = {"type": "thinking", "thinking": "Hm.", "signature": signature}
        said = {"type": "text", "text": "remember blue"}
        return AIMessage([thinking, said], response_metadata=STAMP)
    return AIMessage("remember blue", response_metadata=STAMP)


def body_text(body: dict[str, Any]) -> str:
    """Return a request body as text."""
    return json.dumps(body, ensure_ascii=False)
