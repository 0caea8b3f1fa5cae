"""Odd input that ChatOpenAI sends to the user's own server reaches it from here too."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import InvalidParameterError
from tests.unit_tests.servers.loopback import CompatibleServer, say

MODELS = ("llama-3.1-8b", "gpt-4o")
SCHEMA = {"type": "object", "properties": {"zone": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "now", "parameters": SCHEMA}}

BLOCKS: dict[str, Any] = {
    "image without a key": {"type": "image_url"},
    "null image": {"type": "image_url", "image_url": None},
    "empty image": {"type": "image_url", "image_url": {}},
    "image without an address": {"type": "image_url", "image_url": {"detail": "low"}},
    "image with an empty address": {"type": "image_url", "image_url": {"url": ""}},
    "film without an address": {"type": "video_url", "video_url": {}},
    "sound without data": {"type": "input_audio"},
    "file without a file": {"type": "file"},
    "image of nothing": {"type": "image"},
    "text without text": {"type": "text"},
    "null text": {"type": "text", "text": None},
    "empty text": {"type": "text", "text": ""},
    "number as text": {"type": "text", "text": 5},
}
SETTINGS: dict[str, dict[str, Any]] = {
    "empty tool": {"tools": [{}]},
    "tool of another type": {"tools": [{"type": "file_search_of_ours"}, TOOL]},
    "tool without a name": {"tools": [{"type": "function", "function": {}}]},
    "choice of another type": {"tools": [TOOL], "tool_choice": {"type": "grammar"}},
    "no response format of OpenAI's": {
        "response_format": {"type": "regex", "pattern": "a+"}
    },
}
AUDIO = AIMessage("", additional_kwargs={"audio": {"id": "a"}})
MESSAGES: dict[str, list[Any]] = {
    "none": [],
    "speech by its id": [HumanMessage("q"), AUDIO, HumanMessage("q")],
    "only a reply": [AIMessage("a")],
}


def sent(kind: Any, model: str, messages: list[Any], **settings: Any) -> Any:
    """Return the only request that a call sends, without what tells streams apart."""
    with CompatibleServer(say("ok")) as server:
        llm = kind(model=model, api_key="k", base_url=server.url, max_retries=0)
        llm.invoke(messages, **settings)
        (body,) = server.bodies
    body.pop("stream", None)
    return server.paths, body


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_without_content_is_the_servers_to_judge(name: str, model: str) -> None:
    """A block that lacks what it should hold is sent as it is, on chat completions."""
    messages = [HumanMessage([BLOCKS[name]])]

    ours = sent(UnifiedChatModel, model, messages)

    assert sent(ChatOpenAI, model, messages) == ours


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_of_another_form_is_the_servers_to_judge(
    name: str, model: str
) -> None:
    """Tools, choices and formats that OpenAI has not are sent as they are."""
    messages = [HumanMessage("q")]
    _, ours = sent(UnifiedChatModel, model, messages, **SETTINGS[name])

    assert SETTINGS[name] == {key: ours[key] for key in SETTINGS[name]}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", MESSAGES)
def test_odd_lists_of_messages_are_the_servers_to_judge(name: str, model: str) -> None:
    """A server may answer without a message, and know a reply by its id."""
    ours = sent(UnifiedChatModel, model, MESSAGES[name])

    assert sent(ChatOpenAI, model, MESSAGES[name]) == ours


def test_openai_itself_is_sent_no_call_without_messages() -> None:
    """What OpenAI refuses is refused before sending."""
    llm = UnifiedChatModel(model="gpt-4o", api_key="k")

    with pytest.raises(InvalidParameterError, match="give at least one"):
        llm.invoke([])
