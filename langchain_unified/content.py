"""One content shape: a string in `content`, everything else beside it.

A provider's answer is an ordered list of blocks. Where the text alone is the answer,
`message.content` is that text and nothing else is kept. Where the list says more
(reasoning, citations, built-in tools), `message.content` is still the text and the
list is kept on the record, `response_metadata["unified"]["content"]`, from where
`with_native_content` puts it back for the wire and `message.content_blocks` reads it.

The text, the tool calls and their arguments on the message are the truth: whoever
edits them (redaction, human review) need not know about the stored list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages import content as content_types
from langchain_core.messages.block_translators import (
    get_translator,
    register_translator,
)

from langchain_unified.data.installed import shipped_ids

Block = dict[str, Any]
"""One native content block, as the provider's LangChain package writes it."""

Content = str | list[Any]
"""What `message.content` can be."""

Translate = Callable[[Any], list[Any]]
"""A function from a message to its standard content blocks."""

MessageT = TypeVar("MessageT", bound=BaseMessage)

RECORD = "unified"
"""Key of the package's record in `response_metadata`."""

NATIVE = "content"
"""Key of the record under which a native block list is kept."""

_OLDER_NATIVE = "__unified_content__"
"""Key of `additional_kwargs` where versions before 0.2 kept it; still read."""

CALL_FIELDS = "tool_call_fields"
"""Key of `additional_kwargs` for a server's own fields of tool calls, by call id."""

CONTENT_PARTS = "content_parts"
"""Key of `additional_kwargs` for content that a server gave in parts, as it gave it."""

ECHOED = "__unified_echoed__"
"""Key of `additional_kwargs` for the fields that go back to the server they are from;
only on messages about to be sent."""

CALLS = frozenset({"function_call", "custom_tool_call"})
"""Block types that are also in `message.tool_calls`."""

_ANSWERS = frozenset(
    {"audio", "file", "file_data", "image", "image_url", "media", "video"}
)
_STANDARD = frozenset({"audio", "file", "image", "video"})
_SILENT = frozenset({"text", "reasoning", "thinking", "redacted_thinking"})
_FORGETTABLE = {
    "text": frozenset({"type", "text", "id", "index"}),
    "reasoning": frozenset({"type", "index", "status"}),
    "thinking": frozenset({"type", "id", "index"}),
    "function_call": frozenset(
        {"type", "id", "index", "status", "call_id", "name", "arguments"}
    ),
}


def flatten(content: Content) -> tuple[Content, list[Block] | None]:
    """Split a native block list into message content and what is kept beside it.

    Args:
        content: A native block list, or content that is a string already.

    Returns:
        The content and the list to keep with `keep_native`. The content is the joined
        text, except for a list with images or other output that no string can stand
        for, which stays as it is. The list is `None` if the content says it all.

    Example:
        >>> flatten([{"type": "text", "text": "Hi", "annotations": []}])
        ('Hi', None)
    """
    if isinstance(content, str):
        return content, None
    blocks = [_as_block(item) for item in content]
    if any(block.get("type") in _ANSWERS for block in blocks):
        return content, None
    kept = blocks if any(map(says_more, blocks)) else None
    return text_of(blocks), kept


def says_more(block: Block) -> bool:
    """Tell whether a block holds more than text and a tool call can carry."""
    forgettable = _FORGETTABLE.get(str(block.get("type")))
    if forgettable is None:
        return True
    return any(value for key, value in block.items() if key not in forgettable)


def text_of(blocks: Iterable[Block]) -> str:
    """Join the texts of the text blocks."""
    return "".join(b.get("text") or "" for b in blocks if b.get("type") == "text")


def says_nothing(message: BaseMessage) -> bool:
    """Tell whether a message, or a piece of one, holds no part of an answer."""
    extra = message.additional_kwargs
    if extra.get("refusal") or extra.get("audio") or extra.get("function_call"):
        return False
    if isinstance(message, AIMessageChunk) and message.tool_call_chunks:
        return False
    if isinstance(message, AIMessage) and (
        message.tool_calls or message.invalid_tool_calls
    ):
        return False
    return not (_holds_more(message.content) or _holds_more(kept_blocks(message)))


def _holds_more(content: Any) -> bool:
    if isinstance(content, str):
        return bool(content)
    return any(
        block if isinstance(block, str) else _is_answer(block)
        for block in content or ()
    )


def _is_answer(block: Mapping[str, Any]) -> bool:
    return block.get("type") not in _SILENT or bool(block.get("text"))


def native_content(message: BaseMessage) -> list[Block] | None:
    """Return the native block list stored on a message, if there is one."""
    if not isinstance(message, AIMessage) or not isinstance(message.content, str):
        return None
    return kept_blocks(message)


def kept_blocks(message: BaseMessage) -> list[Block] | None:
    """Return the block list kept on a message, whatever its content is."""
    record = message.response_metadata.get(RECORD)
    blocks = record.get(NATIVE) if isinstance(record, dict) else None
    blocks = blocks or message.additional_kwargs.get(_OLDER_NATIVE)
    return blocks if isinstance(blocks, list) and blocks else None


def keep_native(message: BaseMessage, blocks: list[Block]) -> None:
    """Keep a block list on the record of a message, or of a piece of one."""
    message.response_metadata.update(on_record(message, {NATIVE: blocks}))


def replace_native(message: BaseMessage, blocks: list[Block]) -> None:
    """Put another block list in the place of the one kept on a message."""
    metadata = without_native(message).response_metadata
    message.response_metadata = metadata
    keep_native(message, blocks)


def on_record(message: BaseMessage, entries: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a message with further entries, as its metadata has it.

    Args:
        message: The message; it is not changed.
        entries: What to add; what is on record already stays.
    """
    known = message.response_metadata.get(RECORD)
    return {RECORD: {**entries, **(known if isinstance(known, dict) else {})}}


def without_native(message: MessageT) -> MessageT:
    """Return a message without its kept block list."""
    record = message.response_metadata.get(RECORD)
    extra = message.additional_kwargs
    metadata = message.response_metadata
    if isinstance(record, dict) and NATIVE in record:
        rest = {k: v for k, v in record.items() if k != NATIVE}
        metadata = {**metadata, RECORD: rest}
    if _OLDER_NATIVE in extra:
        extra = {k: v for k, v in extra.items() if k != _OLDER_NATIVE}
    return message.model_copy(
        update={"additional_kwargs": extra, "response_metadata": metadata}
    )


def with_native_content(message: MessageT) -> MessageT:
    """Put the stored native block list back into `content`.

    Text, tool calls and arguments that were edited on the message since are taken
    over into the list.

    Args:
        message: Any message; it is not changed.

    Returns:
        A message whose content is the native list, without streaming indexes; the
        message itself if nothing is stored on it.
    """
    blocks = native_content(message)
    if blocks is None:
        return message
    blocks = _with_text([_without_index(block) for block in blocks], message.text)
    if not message.text:
        blocks = [block for block in blocks if not _is_empty_text(block)]
    return _restored(message, _with_calls(blocks, cast("AIMessage", message)))


def register_translators() -> None:
    """Let `message.content_blocks` read stored native lists.

    Wraps langchain-core's translators of the providers whose shims store such lists.
    Messages without one take the original path. Calling it again changes nothing.
    """
    for provider in sorted(shipped_ids()):
        translator = get_translator(provider)
        if translator is None or hasattr(translator["translate_content"], "unified"):
            continue
        register_translator(
            provider,
            _reading_native(translator["translate_content"]),
            _reading_native(translator["translate_content_chunk"]),
        )


def _reading_native(translate: Translate) -> Translate:
    def translated(message: AIMessage) -> list[Any]:
        native = native_content(message)
        if native is None:
            blocks = [_unwrapped(block) for block in translate(message)]
        else:
            blocks = _translated(message, native, translate)
        blocks = _with_all_calls(message, blocks)
        told = blocks + _speech(message, blocks) + _refusal(message, blocks)
        return _thoughts(message, blocks) + told

    translated.unified = True  # type: ignore[attr-defined]
    return translated


def _with_all_calls(message: AIMessage, shown: list[Any]) -> list[Any]:
    """Add the tool calls that a translator reads from content alone."""
    known = {block.get("id") for block in shown if _is_call(block)}
    partial = isinstance(message, AIMessageChunk) and message.chunk_position != "last"
    calls: list[Any] = list(message.tool_calls)
    if partial:
        chunks = cast("AIMessageChunk", message).tool_call_chunks
        calls = [{**chunk, "type": "tool_call_chunk"} for chunk in chunks]
    missing = [call for call in calls if call.get("id") not in known]
    if missing and not message.text:
        shown = [block for block in shown if block.get("type") != "text"]
    return [*shown, *missing]


def _unwrapped(block: Block) -> Block:
    """Return a standard block that a translator took for one it does not know."""
    value = block.get("value")
    if block.get("type") == "non_standard" and isinstance(value, dict):
        standard = value.get("type") in _STANDARD and (
            "base64" in value or "url" in value
        )
        return value if standard else block
    return block


def _refusal(message: AIMessage, blocks: list[Block]) -> list[Block]:
    """Return a refusal block for an answer that the provider stopped.

    langchain-core reads one off the provider's own finish reason, in whose place
    OpenAI's word stands here; blocks of refusals exist from 1.7.5 on.
    """
    refusal = message.additional_kwargs.get("refusal")
    known = any(block.get("type") == "refusal" for block in blocks)
    if not refusal or known or not hasattr(content_types, "RefusalContentBlock"):
        return []
    raw = message.response_metadata.get("raw_finish_reason")
    extras = {"extras": {"finish_reason": raw}} if raw else {}
    return [{"type": "refusal", "refusal": str(refusal), **extras}]


def _thoughts(message: AIMessage, blocks: list[Block]) -> list[Block]:
    """Return reasoning that a server of another make gave beside the content."""
    if any(block.get("type") == "reasoning" for block in blocks):
        return []
    for name in ("reasoning_content", "reasoning"):
        thought = message.additional_kwargs.get(name)
        if isinstance(thought, str) and thought:
            return [{"type": "reasoning", "reasoning": thought}]
    return []


def _speech(message: AIMessage, blocks: list[Block]) -> list[Block]:
    """Return speech that is kept with its format beside the content."""
    audio = message.additional_kwargs.get("audio")
    if not isinstance(audio, dict) or not (audio.get("data") and audio.get("format")):
        return []
    if any(block.get("type") == "audio" for block in blocks):
        return []
    mime = f"audio/{audio['format']}"
    return [{"type": "audio", "base64": audio["data"], "mime_type": mime}]


def _translated(
    message: AIMessage, blocks: list[Block], translate: Translate
) -> list[Any]:
    if not isinstance(message, AIMessageChunk):
        blocks = [_without_index(block) for block in blocks]
    restored = _restored(message, _with_text(blocks, str(message.content)))
    shown = [_unwrapped(block) for block in translate(restored)]
    known = {block.get("id") for block in shown if _is_call(block)}
    known |= {b.get("call_id") for b in blocks if b.get("type") in CALLS}
    calls = translate(message.model_copy(update={"content": ""}))
    return shown + [c for c in calls if _is_call(c) and c.get("id") not in known]


def _restored(message: MessageT, blocks: list[Block]) -> MessageT:
    plain = without_native(message)
    extra = plain.additional_kwargs
    if any(block.get("type") == "refusal" for block in blocks):
        extra = {k: v for k, v in extra.items() if k != "refusal"}
    return plain.model_copy(update={"content": blocks, "additional_kwargs": extra})


def _as_block(item: Any) -> Block:
    return item if isinstance(item, dict) else {"type": "text", "text": str(item)}


def _is_call(block: Block) -> bool:
    return block.get("type") in ("tool_call", "tool_call_chunk", "invalid_tool_call")


def _is_empty_text(block: Block) -> bool:
    is_text = block.get("type") == "text"
    return is_text and not block.get("text") and not block.get("extras")


def _without_index(block: Block) -> Block:
    plain = {key: value for key, value in block.items() if key != "index"}
    if isinstance(summary := plain.get("summary"), list):
        plain["summary"] = [_without_index(part) for part in summary]
    return plain


def _with_text(blocks: list[Block], text: str) -> list[Block]:
    stored = text_of(blocks)
    if stored == text:
        return blocks
    if text.startswith(stored):
        return _with_rest(blocks, text[len(stored) :])
    return _with_edited(blocks, text)


def _with_rest(blocks: list[Block], rest: str) -> list[Block]:
    last = max(
        (i for i, block in enumerate(blocks) if block.get("type") == "text"), default=-1
    )
    if last >= 0 and not blocks[last].get("text"):
        return [*blocks[:last], {**blocks[last], "text": rest}, *blocks[last + 1 :]]
    end = len(blocks)
    while end and blocks[end - 1].get("type") in CALLS:
        end -= 1
    return [*blocks[:end], {"type": "text", "text": rest}, *blocks[end:]]


def _with_edited(blocks: list[Block], text: str) -> list[Block]:
    if not text:
        return [{**b, "text": ""} if b.get("type") == "text" else b for b in blocks]
    edited: list[Block] = []
    replacement: Block | None = {"type": "text", "text": text}
    for block in blocks:
        if block.get("type") != "text":
            edited.append(block)
        elif replacement is not None:
            same: Block = {key: block[key] for key in ("id", "phase") if key in block}
            edited.append({**replacement, **same})
            replacement = None
    return edited


def _with_calls(blocks: list[Block], message: AIMessage) -> list[Block]:
    calls: dict[Any, Any] = {
        call["id"]: call for call in (*message.tool_calls, *message.invalid_tool_calls)
    }
    kept: list[Block] = []
    for block in blocks:
        if block.get("type") not in CALLS:
            kept.append(block)
        elif block.get("call_id") in calls:
            kept.append(_with_arguments(block, calls[block["call_id"]]))
    if len(kept) < len(blocks):
        _drop_dangling_reasoning(kept)
    return kept


def _drop_dangling_reasoning(blocks: list[Block]) -> None:
    # 2026-11-23, openai_parameters.md row 54: Responses refuses a reasoning item
    # "without its required following item".
    while blocks and blocks[-1].get("type") == "reasoning":
        blocks.pop()


def _with_arguments(block: Block, call: dict[str, Any]) -> Block:
    args = call["args"]
    if not isinstance(args, dict):
        return block
    if block["type"] == "custom_tool_call":
        return {**block, "input": args.get("__arg1", block.get("input"))}
    if _loaded(block.get("arguments")) == args and block.get("name") == call["name"]:
        return block
    arguments = json.dumps(args, ensure_ascii=False)
    return {**block, "name": call["name"], "arguments": arguments}


def _loaded(arguments: str | None) -> Any:
    try:
        return json.loads(arguments or "{}", strict=False)
    except ValueError:
        return None
