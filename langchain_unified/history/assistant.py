"""An assistant message for the model of the call: unchanged, or as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage

from langchain_unified.content import (
    CONTENT_PARTS,
    ECHOED,
    kept_blocks,
    with_native_content,
)
from langchain_unified.history.media import Media, read_block
from langchain_unified.history.media.elsewhere import as_given, wire_block
from langchain_unified.history.media.rendering import render_media
from langchain_unified.history.media.wires import has_marks, is_item, is_written
from langchain_unified.history.origin import (
    UNKNOWN,
    gave,
    is_own,
    maker,
    producer,
    takes_back,
)
from langchain_unified.history.reading import BOUND, CALLS, read_reply
from langchain_unified.types import CallPlan
from langchain_unified.wires import wire_at

_STANDARD = frozenset({"audio", "file", "image", "text", "video"})
_ITEM_IDS = ("msg_", "rs_")
_CALL_ITEMS = ("function_call", "custom_tool_call")


def keeps_native(endpoint: str, made_by: tuple[str, str], plan: CallPlan) -> bool:
    """Tell whether a reply is sent back exactly as its model returned it.

    Chat completions has no form for anything but text, calls and the id of speech.
    """
    return endpoint != "chat" and _is_own(made_by, plan)


def _has_items(plan: CallPlan, message: AIMessage) -> bool:
    """Tell whether somebody wrote a reply in the form of Responses for Responses."""
    if plan.endpoint != "responses" or isinstance(message.content, str):
        return False
    if producer(message) != UNKNOWN:
        return False
    blocks = [block for block in message.content if isinstance(block, Mapping)]
    texts = bool(blocks) and all(_is_text(block) for block in message.content)
    return texts or any(map(_is_of_responses, blocks))


def _is_text(block: Any) -> bool:
    """Tell whether a block is text that goes back as it is, one item each."""
    plain = isinstance(block, Mapping) and block.get("type") == "text"
    return plain and block.keys() <= _KEYS_OF_TEXT


_KEYS_OF_TEXT = frozenset({"annotations", "id", "index", "text", "type"})


def _is_of_responses(block: Mapping[str, Any]) -> bool:
    """Tell whether a block is an item of Responses, or a part of one, by its form."""
    kind, made_there = block.get("type"), str(block.get("id")).startswith(_ITEM_IDS)
    thought = kind == "reasoning" and isinstance(block.get("summary"), list)
    return made_there or thought or is_item(str(kind))


def rendered_reply(
    plan: CallPlan, message: AIMessage
) -> tuple[AIMessage, tuple[Media, ...]]:
    """Return a reply in the form of the plan's model, and media to move.

    Args:
        plan: The plan of the call.
        message: A reply with every call in `tool_calls`.

    Returns:
        The reply, and the media that no assistant's turn can hold on this wire.
    """
    made_by = producer(message)
    if keeps_native(plan.endpoint, made_by, plan) or _has_items(plan, message):
        return _native(plan, message), ()
    written = _written_content(plan, message, made_by)
    echoed = {**_echoed(plan, message), **written}
    if _is_plain(message) and not echoed:
        return message, ()
    own = _is_own(made_by, plan)
    written_by_hand = as_given(plan) and not any(made_by)
    speech = _speech_id(message) if own or written_by_hand else {}
    # Where the model does not take one, it is among the tool calls by now.
    called = message.additional_kwargs.get("function_call")
    kept = {**speech, **({"function_call": called} if called else {})}
    spoken = read_reply(message)
    told = AIMessage(
        content=_marked(plan, message, spoken.text),
        tool_calls=message.tool_calls,
        name=message.name,
        additional_kwargs={**kept, **({ECHOED: echoed} if echoed else {})},
    )
    if written:
        return told, ()
    return told, tuple(m for m in spoken.media if not (speech and m.kind == "audio"))


def _marked(plan: CallPlan, message: AIMessage, text: str) -> Any:
    """Return text with the cache marks that blocks had, where there are marks."""
    if isinstance(message.content, str) or not has_marks(plan.config, plan.endpoint):
        return text
    blocks = [block for block in message.content if isinstance(block, Mapping)]
    marked = [block for block in blocks if block.get("cache_control")]
    calls = _marked_calls(message, marked) if plan.endpoint in _MARKS_CALLS else []
    marks = [b["cache_control"] for b in marked if not (calls and _is_call(b))]
    if not text or not (marks or calls):
        return calls or text
    mark = {"cache_control": marks[-1]} if marks else {}
    return [{"type": "text", "text": text, **mark}, *calls]


_MARKS_CALLS = frozenset({"messages"})
"""Endpoints where a call may have a cache mark of its own."""


def _is_call(block: Mapping[str, Any]) -> bool:
    return block.get("type") in CALLS


def _marked_calls(
    message: AIMessage, marked: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the calls of a reply as blocks with their cache marks, none if no mark."""
    marks = {b.get("id"): b["cache_control"] for b in marked if _is_call(b)}
    found = []
    for call in message.tool_calls:
        mark = {"cache_control": marks[call["id"]]} if call["id"] in marks else {}
        block = {"type": "tool_use", "id": call["id"], "name": call["name"], **mark}
        found.append({**block, "input": call["args"]})
    return found if any("cache_control" in block for block in found) else []


def _is_own(made_by: tuple[str, str], plan: CallPlan) -> bool:
    return is_own(made_by, maker(plan.provider, plan.platform), plan.model)


def _is_plain(message: AIMessage) -> bool:
    return (
        isinstance(message.content, str)
        and bool(message.content or message.tool_calls)
        and not any(message.additional_kwargs.values())
        and not kept_blocks(message)
    )


def _written_content(
    plan: CallPlan, message: AIMessage, made_by: tuple[str, str]
) -> dict[str, Any]:
    """Return content in the words of the user's own server, as the user wrote it.

    A turn that another model made, or that holds blocks of another wire, has none.
    """
    if not as_given(plan) or not isinstance(message.content, list):
        return {}
    mine = made_by == UNKNOWN or gave(plan.config.server, made_by)
    has_text = any(isinstance(block, str) for block in message.content)
    refused = has_text and not plan.config.server_decides
    if not mine or refused or kept_blocks(message):
        return {}
    given = [b if isinstance(b, str) else _written(plan, b) for b in message.content]
    return {"content": given} if None not in given else {}


def _written(plan: CallPlan, block: Mapping[str, Any]) -> Any:
    """Return a block for the user's own server; `None` if it is of another wire."""
    kind = str(block.get("type"))
    if kind in BOUND | CALLS or is_item(kind) or kind == "non_standard":
        return None
    found = wire_block(plan, block)
    media = None if found is not None else read_block(block)
    if media is None or media.kind not in _STANDARD:
        return found
    written = is_written(plan.config, plan.endpoint, media.form("assistant"))
    return render_media(plan, media) if written else None


def _echoed(plan: CallPlan, message: AIMessage) -> dict[str, Any]:
    """Return the fields of a server's own that go back to it."""
    is_theirs = bool(plan.config.server) and plan.endpoint == "chat"
    if not is_theirs or not gave(plan.config.server, producer(message)):
        return {}
    extra = dict(message.additional_kwargs)
    parts = _parts_again(message, extra)
    if not takes_back(plan.config):
        return parts
    own = {k: v for k, v in extra.items() if v and k not in _OURS and k[:2] != "__"}
    if isinstance(own.get("reasoning"), Mapping):  # an item of Responses
        del own["reasoning"]
    return {**own, **parts}


def _parts_again(message: AIMessage, extra: dict[str, Any]) -> dict[str, Any]:
    """Return content in the parts in which a server gave it, if its text is the same.

    Mistral's reasoning stands there, and in no field beside (docs.mistral.ai,
    reasoning, 2026-11). It is taken out of the fields.
    """
    parts = extra.pop(CONTENT_PARTS, None)
    texts = [p.get("text") for p in parts or () if p.get("type") == "text"]
    if not parts or "".join(filter(None, texts)) != message.text:
        return {}
    extra.pop("reasoning_content", None)
    return {"content": parts}


_OURS = frozenset(
    {
        "audio",
        "function_call",
        "name",
        "parsed",
        "refusal",
        "tool_calls",
        "tool_outputs",
    }
)


def _speech_id(message: AIMessage) -> dict[str, Any]:
    """Keep the id by which chat completions knows its own speech."""
    audio = message.additional_kwargs.get("audio")
    if isinstance(audio, Mapping) and audio.get("id"):
        return {"audio": {"id": audio["id"]}}
    return {}


def _native(plan: CallPlan, message: AIMessage) -> AIMessage:
    restored = with_native_content(message)
    if not (restored.content or restored.tool_calls or plan.endpoint == "responses"):
        return AIMessage(content=read_reply(message).text, name=message.name)
    if isinstance(restored.content, str):
        return restored
    if (render := wire_at(plan.config, plan.endpoint).render_reply) is not None:
        return render(restored)
    if plan.endpoint == "responses" and plan.body.get("store") is False:
        return _stateless(restored)
    return restored


def _stateless(message: AIMessage) -> AIMessage:
    """Leave out reasoning that only a stored answer could resolve.

    Responses refuses an item that was made after reasoning if it comes with its id
    but without the reasoning (openai_parameters.md, row 54), so the ids go as well.
    """
    if all(not _is_stored_reasoning(block) for block in message.content):
        return message
    kept = [
        _without_id(block)
        for block in message.content
        if not _is_stored_reasoning(block)
    ]
    return message.model_copy(update={"content": kept})


def _is_stored_reasoning(block: Any) -> bool:
    if not isinstance(block, Mapping) or block.get("type") != "reasoning":
        return False
    extras = block.get("extras") or {}
    return not (block.get("encrypted_content") or extras.get("encrypted_content"))


def _without_id(block: Any) -> Any:
    if isinstance(block, Mapping) and block.get("type") in _CALL_ITEMS:
        return {key: value for key, value in block.items() if key != "id"}
    return block
