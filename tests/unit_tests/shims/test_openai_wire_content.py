"""One content shape: what is in the string and what is kept beside it."""

import json
import subprocess
import sys
from copy import deepcopy
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.messages.block_translators import get_translator

from langchain_unified.content import (
    NATIVE,
    RECORD,
    flatten,
    native_content,
    register_translators,
    with_native_content,
)

REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "g"}
TEXT = {"type": "text", "text": "Call 555", "annotations": [], "id": "msg_1"}
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "add",
    "arguments": '{"a": 1}',
}
NATIVE_LIST = [REASONING, TEXT, CALL]
THINKING = {"type": "thinking", "thinking": "Hm", "index": 0}
SIGNED = {"type": "text", "text": "Hi", "extras": {"signature": "s"}, "index": 1}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
CODE = {"type": "executable_code", "executable_code": "1", "language": "python"}


@pytest.fixture(autouse=True)
def _translators() -> None:
    register_translators()


def kept(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the metadata of a message, or of a piece, that keeps a block list."""
    return {RECORD: {NATIVE: blocks}}


def message(content: str = "Call 555", **fields: Any) -> AIMessage:
    """Return an answer with reasoning, text and a call."""
    calls = [{"name": "add", "args": {"a": 1}, "id": "call_1"}]
    return AIMessage(
        content=content,
        tool_calls=fields.pop("tool_calls", calls),
        response_metadata={
            "model_provider": fields.pop("provider", "openai"),
            **kept(fields.pop("native", NATIVE_LIST)),
        },
        **fields,
    )


@pytest.mark.parametrize(
    ("native", "content", "kept"),
    [
        ("Hi", "Hi", False),
        ([], "", False),
        ([TEXT, {**TEXT, "text": "!"}], "Call 555!", False),
        (["Hi ", {"type": "text", "text": "there", "index": 1}], "Hi there", False),
        ([TEXT, CALL], "Call 555", False),
        ([{"type": "reasoning", "id": "rs", "summary": []}, TEXT], "Call 555", True),
        (NATIVE_LIST, "Call 555", True),
        ([{**TEXT, "annotations": [{"type": "x"}]}], "Call 555", True),
        ([{**TEXT, "phase": "commentary"}], "Call 555", True),
        ([{**CALL, "namespace": "crm"}], "", True),
        ([{"type": "web_search_call", "id": "ws"}], "", True),
        ([THINKING, SIGNED], "Hi", True),
        ([CODE, "Hi"], "Hi", True),
    ],
)
def test_flatten_keeps_only_what_the_text_cannot_say(
    native: Any, content: str, *, kept: bool
) -> None:
    """The list is kept if, and only if, it says more than text and calls."""
    actual, beside = flatten(native)

    assert content == actual
    assert kept == (beside is not None)


def test_images_stay_a_list() -> None:
    """No string stands for an image."""
    assert ([{"type": "text", "text": "Look"}, IMAGE], None) == flatten(
        [{"type": "text", "text": "Look"}, IMAGE]
    )


def test_the_native_list_comes_back() -> None:
    """The list that was stored is the content again, and is not changed by it."""
    stored = message()
    before = deepcopy(stored)

    restored = with_native_content(stored)

    assert NATIVE_LIST == restored.content
    assert {} == restored.additional_kwargs
    assert before == stored


@pytest.mark.parametrize(
    "plain",
    [
        HumanMessage("hi"),
        AIMessage("hi"),
        AIMessage("hi", response_metadata=kept([])),
        AIMessage([TEXT], response_metadata=kept(NATIVE_LIST)),
    ],
)
def test_a_message_without_a_stored_list_is_returned_itself(plain: Any) -> None:
    """Nothing stored, nothing copied."""
    assert plain is with_native_content(plain)
    assert native_content(plain) is None


def test_streaming_indexes_are_not_restored() -> None:
    """Indexes are for merging chunks and unknown to the provider."""
    part = {"index": 0, "type": "summary_text", "text": "Hm"}
    native = [{"type": "reasoning", "summary": [part], "index": 0}]

    restored = with_native_content(message("", native=native, tool_calls=[]))

    summary = [{"type": "summary_text", "text": "Hm"}]
    assert [{"type": "reasoning", "summary": summary}] == restored.content


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        ("Call [number]", [{"type": "text", "text": "Call [number]", "id": "msg_1"}]),
        ("Call 555!", [TEXT, {"type": "text", "text": "!"}]),
        ("", []),
    ],
)
def test_edited_text_wins(edited: str, expected: list[Any]) -> None:
    """What was redacted on the message does not come back from the stored list."""
    restored = with_native_content(message(edited))

    assert [REASONING, *expected, CALL] == restored.content


def test_one_edit_replaces_all_texts() -> None:
    """Several texts become the one that was written over them."""
    native = [TEXT, REASONING, {**TEXT, "id": "msg_2"}]

    restored = with_native_content(message("new", native=native, tool_calls=[]))

    assert [{"type": "text", "text": "new", "id": "msg_1"}, REASONING] == (
        restored.content
    )


def test_edited_arguments_win() -> None:
    """What a person changed about a call is what the model is told it said."""
    calls = [{"name": "sub", "args": {"a": 2}, "id": "call_1"}]

    restored = with_native_content(message(tool_calls=calls))

    assert {**CALL, "name": "sub", "arguments": '{"a": 2}'} == restored.content[-1]


def test_edited_input_of_a_custom_call_wins() -> None:
    """The free text of a custom call can be changed, too."""
    custom = {"type": "custom_tool_call", "call_id": "c", "name": "sh", "input": "ls"}
    calls = [{"name": "sh", "args": {"__arg1": "pwd"}, "id": "c"}]

    restored = with_native_content(message("", native=[custom], tool_calls=calls))

    assert [{**custom, "input": "pwd"}] == restored.content


def test_a_removed_call_stays_removed() -> None:
    """A call that was taken off takes the reasoning that led to it along."""
    restored = with_native_content(message("", native=[REASONING, CALL], tool_calls=[]))

    assert [] == restored.content


def test_broken_arguments_stay_as_they_were() -> None:
    """A call whose arguments are no JSON goes back as it came."""
    broken = {**CALL, "arguments": "{"}
    call = {"name": "add", "args": "{", "id": "call_1", "error": "x"}

    restored = with_native_content(
        message("", native=[broken], tool_calls=[], invalid_tool_calls=[call])
    )

    assert [broken] == restored.content


def test_content_blocks_follow_edits() -> None:
    """`content_blocks` shows the text that is on the message now."""
    blocks = message("Call [number]").content_blocks

    assert ["reasoning", "text", "tool_call"] == [b["type"] for b in blocks]
    assert "Call [number]" == blocks[1]["text"]


def test_gemini_blocks_are_shown() -> None:
    """Thoughts and code are in `content_blocks` although content is a string."""
    native = [THINKING, CODE, SIGNED]
    expected = AIMessage(native, response_metadata={"model_provider": "google_genai"})

    actual = message("Hi", native=native, tool_calls=[], provider="google_genai")

    assert [
        {k: v for k, v in block.items() if k != "index"}
        for block in expected.content_blocks
    ] == actual.content_blocks


def test_a_signature_that_comes_last_stays_with_its_text() -> None:
    """Text streamed as a string finds its place in the list of a merged stream."""
    provider = {"model_provider": "google_genai"}
    signature = {**SIGNED, "text": ""}
    chunks = [
        AIMessageChunk("", response_metadata=kept([THINKING])),
        AIMessageChunk("Hi ", response_metadata=provider),
        AIMessageChunk("there"),
        AIMessageChunk("", response_metadata=kept([signature])),
    ]

    restored = with_native_content(chunks[0] + chunks[1:])

    assert [
        {"type": "thinking", "thinking": "Hm"},
        {"type": "text", "text": "Hi there", "extras": {"signature": "s"}},
    ] == restored.content


def test_messages_without_native_content_take_the_original_path() -> None:
    """Nothing changes for messages that other code made."""
    translator = get_translator("openai")
    assert translator is not None
    plain = AIMessage("Hi", response_metadata={"model_provider": "openai"})

    assert [{"type": "text", "text": "Hi"}] == plain.content_blocks


def test_registering_again_changes_nothing() -> None:
    """The translators are wrapped once."""
    before = dict(get_translator("openai") or {})

    register_translators()

    assert before == get_translator("openai")


def test_a_stored_list_survives_json() -> None:
    """Checkpoints and caches can keep it."""
    stored = message()

    copied = AIMessage.model_validate(json.loads(stored.model_dump_json()))

    assert with_native_content(stored) == with_native_content(copied)


def test_importing_wraps_nothing_and_needs_no_sdk() -> None:
    """Only a shim that is loaded touches the translators."""
    code = (
        "import sys, langchain_unified.content\n"
        "from langchain_core.messages.block_translators import get_translator\n"
        "assert not hasattr(get_translator('openai')['translate_content'], 'unified')\n"
        "assert not {'openai', 'google'} & set(sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False)  # noqa: S603

    assert 0 == done.returncode
