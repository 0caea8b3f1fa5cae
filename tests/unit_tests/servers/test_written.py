"""What is written for the user's own server is sent as `ChatOpenAI` sends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from tests.unit_tests.servers.loopback import CompatibleServer, say

TEXT: dict[str, Any] = {"type": "text", "text": "what?"}
IMAGE = {"type": "image_url", "image_url": {"url": "https://a/b.png"}}
CALL = {"name": "now", "args": {}, "id": "c" * 60, "type": "tool_call"}
FUNCTION = {"name": "now", "parameters": {"type": "object", "properties": {}}}
TOOL = {"type": "function", "function": FUNCTION}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "format": "uri"}}}

BLOCKS: dict[str, Any] = {
    "image": IMAGE,
    "image, min_pixels": {**IMAGE, "min_pixels": 9},
    "image, a string": {"type": "image_url", "image_url": "https://a/b.png"},
    "image, LangChain's": {"type": "image", "url": "https://a/b.png"},
    "image, Qwen's": {"type": "image", "image": "https://a/b.png"},
    "video_url": {"type": "video_url", "video_url": {"url": "https://a/b"}, "fps": 2},
    "video, Qwen's": {"type": "video", "video": ["https://a/1.jpg", "https://a/2"]},
    "audio_url": {"type": "audio_url", "audio_url": {"url": "https://a/b.mp3"}},
    "audio, LangChain's": {"type": "audio", "base64": "AA==", "mime_type": "audio/wav"},
    "audio, Qwen's": {"type": "audio", "audio": "https://a/1.mp3"},
    "file": {"type": "file", "file": {"file_id": "f-1"}},
    "document_url": {"type": "document_url", "document_url": "https://a/b.pdf"},
    "no known type": {"type": "hologram", "depth": 3, "index": 1},
    "no type": {"text": "a"},
    "empty text": {"type": "text", "text": ""},
}
PLACES = ("user", "system", "assistant", "tool")


def standing(block: dict[str, Any], place: str) -> list[BaseMessage]:
    """Return a conversation in which a block stands in somebody's turn."""
    content: Any = [TEXT, block]
    question = HumanMessage("q")
    turns: dict[str, list[BaseMessage]] = {
        "user": [HumanMessage(content)],
        "system": [SystemMessage(content), question],
        "assistant": [question, AIMessage(content), question],
        "tool": [
            question,
            AIMessage("", tool_calls=[CALL]),
            ToolMessage(content, tool_call_id=CALL["id"]),
        ],
    }
    return turns[place]


MESSAGES: dict[str, list[BaseMessage]] = {
    **{f"{b}, {p}": standing(BLOCKS[b], p) for b in BLOCKS for p in PLACES},
    "developer": [ChatMessage("d", role="developer"), HumanMessage("q")],
    "unknown role": [ChatMessage("d", role="observation"), HumanMessage("q")],
    "late system": [HumanMessage("q"), SystemMessage("s"), HumanMessage("q")],
    "name": [HumanMessage("q", name="al ice")],
    "nothing but an image": [SystemMessage([IMAGE]), HumanMessage("q")],  # type: ignore[list-item]
    "no blocks": [HumanMessage([])],
    "two replies": [HumanMessage("q"), AIMessage("a"), AIMessage("b")],
    "functions": [HumanMessage("q"), FunctionMessage("r", name="now")],
    "prefill": [HumanMessage("q"), AIMessage("a")],
}

SETTINGS: list[dict[str, Any]] = [
    {"temperature": 0.1, "top_p": 0.5, "seed": 3},
    {"reasoning_effort": "high"},
    {"reasoning_effort": "minimal"},
    {"reasoning_effort": "hardest"},
    {"verbosity": "low"},
    {"modalities": ["text", "audio"], "audio": {"voice": "a", "format": "wav"}},
    {"prediction": {"type": "content", "content": "x"}},
    {"web_search_options": {"search_context_size": "low"}},
    {"logit_bias": {"1": 2}, "logprobs": True, "top_logprobs": 3},
    {"presence_penalty": 1, "frequency_penalty": -1, "n": 2},
    {"stop": ["a", "b"]},
    {"service_tier": "flex", "store": True, "user": "u"},
    {"tools": [TOOL], "parallel_tool_calls": False},
    {"tools": [TOOL], "tool_choice": "required"},
    {"tools": [{**TOOL, "cache_control": {"type": "ephemeral"}, "vendor": 2}]},
    {"tools": [{"googleSearch": {}}]},
    {"functions": [FUNCTION], "function_call": "auto"},
    {"response_format": {"type": "grammar", "value": "root ::= x"}},
    {"response_format": {"type": "structural_tag", "structures": []}},
    {"extra_body": {"top_k": 3, "chat_template_kwargs": {"enable_thinking": False}}},
]


@pytest.fixture(scope="module")
def server() -> Iterator[CompatibleServer]:
    with CompatibleServer(say("fine")) as running:
        yield running


def sent(
    kind: type, server: CompatibleServer, name: str, messages: Any, **keywords: Any
) -> tuple[list[str], list[Any]]:
    """Return the paths and the bodies of a call."""
    server.forget()
    llm = kind(model=name, api_key="k", base_url=server.url, max_retries=0)
    llm.invoke(messages, **keywords)
    return list(server.paths), [dict(body) for body in server.bodies]


MODELS = ("llama-3.1-8b", "gpt-4o", "openai/gpt-4o", "o3-mini")
"""One of the server's own, and models of OpenAI's on both routes."""


def kept(bodies: list[Any]) -> list[Any]:
    """Return bodies without what only says whether a stream is wanted."""
    return [{k: v for k, v in body.items() if k != "stream"} for body in bodies]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("case", MESSAGES)
def test_messages_go_as_chat_openai_sends_them(
    case: str, name: str, server: CompatibleServer
) -> None:
    """Content, roles and names reach the server to the letter, where they stood."""
    theirs = sent(ChatOpenAI, server, name, MESSAGES[case])
    ours = sent(UnifiedChatModel, server, name, MESSAGES[case])

    assert (theirs[0], kept(theirs[1])) == (ours[0], kept(ours[1]))


@pytest.mark.parametrize("name", MODELS[:3])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_settings_go_as_chat_openai_sends_them(
    settings: dict[str, Any], name: str, server: CompatibleServer
) -> None:
    """What a model does not take at OpenAI is sent for another server to judge."""
    theirs = sent(ChatOpenAI, server, name, "hi", **settings)
    ours = sent(UnifiedChatModel, server, name, "hi", **settings)

    assert (theirs[0], kept(theirs[1])) == (ours[0], kept(ours[1]))


@pytest.mark.parametrize(
    "settings",
    [
        {"stop": ["a", "b", "c", "d", "e", "f"]},
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "text"}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x y", "schema": SCHEMA, "strict": True},
            }
        },
        {"tools": [{**TOOL, "function": {**FUNCTION, "name": "a b.c"}}]},
        {"prompt_cache_retention": "24h"},
    ],
    ids=str,
)
def test_a_model_of_the_servers_own_has_no_rules(
    settings: dict[str, Any], server: CompatibleServer
) -> None:
    """OpenAI's limits are not those of a model that OpenAI does not know."""
    theirs = sent(ChatOpenAI, server, "llama-3.1-8b", "hi", **settings)
    ours = sent(UnifiedChatModel, server, "llama-3.1-8b", "hi", **settings)

    assert (theirs[0], kept(theirs[1])) == (ours[0], kept(ours[1]))


MARKED = [{**TEXT, "cache_control": {"type": "ephemeral"}}]

REVIEWED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "the cap": (
        "hi",
        {"max_tokens": 7},
        "promise 2: servers that know max_tokens only would ignore the other name",
    ),
    "words of Responses": (
        [HumanMessage([{"type": "input_text", "text": "a"}])],
        {},
        "promise 2: chat completions says the same in words of its own",
    ),
    "marks of replies": (
        [HumanMessage("q"), AIMessage(MARKED), HumanMessage("q")],
        {},
        "promise 3: keys of content are passed on; ChatOpenAI leaves these out",
    ),
    "reasoning of a reply": (
        [HumanMessage("q"), AIMessage("a", additional_kwargs={"reasoning": "r"})],
        {},
        "promise 3: extra fields of an answer are sent back",
    ),
    "a result without its call": (
        [HumanMessage("q"), ToolMessage("r", tool_call_id="c")],
        {},
        "promise 2: no server takes it; it is told, on record",
    ),
    "a call without its result": (
        [HumanMessage("q"), AIMessage("", tool_calls=[CALL]), HumanMessage("q")],
        {},
        "promise 2: no server takes it; a result says so, on record",
    ),
    "any tool": (
        "hi",
        {"tools": [TOOL], "tool_choice": "any"},
        "promise 2: LangChain's word for what chat completions calls required",
    ),
    "a choice without tools": (
        "hi",
        {"tool_choice": "auto"},
        "promise 1: it is refused without tools, and means nothing",
    ),
    "parallel calls without tools": (
        "hi",
        {"parallel_tool_calls": False},
        "promise 1: it is refused without tools, and means nothing",
    ),
    "options of no stream": (
        "hi",
        {"stream_options": {"include_usage": True}},
        "promise 1: they are refused without a stream, and mean nothing",
    ),
    "top_logprobs alone": (
        "hi",
        {"top_logprobs": 3},
        "promise 1: it is refused without logprobs",
    ),
    "no temperature": (
        "hi",
        {"temperature": None},
        "a setting that is None is not set",
    ),
}
"""What is not sent as `ChatOpenAI` sends it, and the promise that wants it so."""


@pytest.mark.parametrize("case", REVIEWED)
def test_every_difference_has_been_reviewed(
    case: str, server: CompatibleServer
) -> None:
    """The list of differences holds nothing that is none."""
    messages, settings, _ = REVIEWED[case]
    theirs = sent(ChatOpenAI, server, "llama-3.1-8b", messages, **settings)
    ours = sent(UnifiedChatModel, server, "llama-3.1-8b", messages, **settings)

    assert kept(theirs[1]) != kept(ours[1])
    assert ours[0] == ["/v1/chat/completions"]


def test_tools_of_a_gateway_stay_on_chat(server: CompatibleServer) -> None:
    """A tool type of a gateway's own goes where the gateway is spoken to."""
    tools = [TOOL, {"type": "openrouter:web_search", "parameters": {"max": 1}}]
    paths, bodies = sent(UnifiedChatModel, server, "gpt-4o", "hi", tools=tools)

    assert (["/v1/chat/completions"], tools) == (paths, bodies[0]["tools"])


def test_a_gateway_to_openai_keeps_openais_rules(server: CompatibleServer) -> None:
    """Who says that requests go on to OpenAI is spared what OpenAI refuses."""
    there = {"openai": {"base_url": server.url, "profile": "openai", "api_key": "k"}}
    llm = UnifiedChatModel(model="gpt-4o", providers=there)
    plan = llm.explain(
        [SystemMessage([IMAGE]), HumanMessage("q")],  # type: ignore[list-item]
        reasoning_effort="high",
    )

    assert {"messages", "reasoning_effort"} == {c.parameter for c in plan.changes}
