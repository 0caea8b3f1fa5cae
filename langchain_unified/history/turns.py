"""The order and the form of messages, as the API of the call requires."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_unified.content import ECHOED
from langchain_unified.history.assistant import rendered_reply
from langchain_unified.history.media import Media, read_block, render_media
from langchain_unified.history.media.elsewhere import as_given, wire_block
from langchain_unified.history.media.reading import MARK, mark_of
from langchain_unified.history.media.rendering import rendered_mark
from langchain_unified.history.media.wires import (
    forms_of,
    has_marks,
    is_written,
    verdict_at,
)
from langchain_unified.types import CallPlan, ModelConfig

KEEPS_LATE_SYSTEM = frozenset({"chat", "responses"})
"""Endpoints on which system text may stand anywhere."""

CONTINUES = "(The conversation continues here.)"
"""The user's turn before a conversation that begins with the assistant's."""

_SHOWN = {
    "assistant": "From the assistant's turn:",
    "tool": "From the tool's result:",
    "system": "",
}
_TOLD_APART = "The result is in the next message."
_NOT_IN_NAMES = re.compile(r"[\s<|\\/>]+")


def rendered_turns(
    plan: CallPlan, messages: Iterable[BaseMessage]
) -> list[BaseMessage]:
    """Return the messages with content in the API's form.

    Media that cannot stay in an assistant's, a tool's or the system's turn open the
    next user's turn.
    """
    found: list[BaseMessage] = []
    waiting: list[dict[str, Any]] = []
    for message in messages:
        if waiting and not isinstance(message, ToolMessage):
            if isinstance(message, HumanMessage):
                blocks = [*waiting, *_content(plan, message)[0]]
                found.append(message.model_copy(update={"content": blocks}))
                waiting = []
                continue
            found.append(HumanMessage(waiting))  # type: ignore[arg-type]
            waiting = []
        turn, place, moved = _turn(plan, message)
        found.append(turn)
        if moved:
            waiting += (
                [{"type": "text", "text": _SHOWN[place]}] if _SHOWN[place] else []
            )
            waiting += [render_media(plan, media) for media in moved]
    return [*found, HumanMessage(waiting)] if waiting else found  # type: ignore[arg-type]


def _turn(
    plan: CallPlan, message: BaseMessage
) -> tuple[BaseMessage, str, Sequence[Media]]:
    if isinstance(message, AIMessage):
        reply, media = rendered_reply(plan, message)
        return _named(plan, reply), "assistant", media
    if isinstance(message.content, str):
        return _named(plan, message), "user", ()
    place = _place(message)
    content: Any
    content, moved = _content(plan, message)
    if place == "tool":
        content = _tool_content(plan, content, moved=bool(moved))
    update: dict[str, Any] = {"content": content}
    if place == "tool" and as_given(plan) and isinstance(content, list):
        # ChatOpenAI keeps nothing but the text of a result's blocks (1.7.4).
        update["additional_kwargs"] = {ECHOED: {"content": content}}
    return _named(plan, message.model_copy(update=update)), place, moved


def _place(message: BaseMessage) -> str:
    if isinstance(message, ToolMessage):
        return "tool"
    return "system" if isinstance(message, SystemMessage) else "user"


def _content(
    plan: CallPlan, message: BaseMessage
) -> tuple[list[dict[str, Any]], list[Media]]:
    """Return the blocks that stay, in the wire's form, and the media that move."""
    content = message.content
    place = _place(message)
    blocks: list[Any] = []
    moved: list[Media] = []
    for block in [content] if isinstance(content, str) else content:
        if isinstance(block, str):
            keeps = plan.config.server_decides and not isinstance(content, str)
            blocks += [block] if keeps else _as_block(block)
            continue
        given = wire_block(plan, block) if block else None
        if given is not None:
            blocks.append(given)
            continue
        media = read_block(block) if block else None
        if media is None:
            blocks += _text_block(plan, block)
        elif _is_left_out(plan, media, place):
            continue
        elif _stays(plan, media, place):
            blocks.append(render_media(plan, media, place))
        else:
            moved.append(media)
    return blocks, moved


def _is_left_out(plan: CallPlan, media: Media, place: str) -> bool:
    form = media.form(place)
    verdict = verdict_at(plan.config, plan.endpoint, form, plan.platform)[0]
    return verdict == "leave"


def _stays(plan: CallPlan, media: Media, place: str) -> bool:
    written = is_written(plan.config, plan.endpoint, media.form(place))
    return written or stays(plan.config, plan.endpoint, media.kind, place)


def stays(config: ModelConfig, endpoint: str, kind: str, place: str) -> bool:
    """Tell whether content of a kind can stay in its message."""
    if place == "user" or kind in {"text", "block"}:
        return True
    return place == "tool" and kind in forms_of(config, endpoint).in_tools


def _as_block(text: str) -> list[Any]:
    return [{"type": "text", "text": text}] if text else []


def _text_block(plan: CallPlan, block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a text block with the keys the wire knows; empty text is left out."""
    if not block.get("text"):
        return []
    mark = rendered_mark(plan, mark_of(block))
    if has_marks(plan.config, plan.endpoint):
        kept = {key: value for key, value in block.items() if key != MARK}
        return [{**mark, **kept}]
    return [{"type": "text", "text": block["text"], **mark}]


def _tool_content(
    plan: CallPlan, blocks: list[dict[str, Any]], *, moved: bool
) -> str | list[Any]:
    """Return a result as text if it is nothing else; OpenAI takes blocks of text."""
    marked = has_marks(plan.config, plan.endpoint) and any(
        "cache_control" in block for block in blocks
    )
    keeps_list = plan.endpoint in KEEPS_LATE_SYSTEM and bool(blocks)
    if as_given(plan) and (blocks or not moved):
        return blocks
    is_text = all(block.get("type") == "text" for block in blocks)
    if is_text and not (marked or keeps_list):
        text = "\n".join(block["text"] for block in blocks)
        return text or (_TOLD_APART if moved else "")
    if plan.endpoint == "generate_content":
        return [b["text"] if b.get("type") == "text" else b for b in blocks]
    return blocks


def _named(plan: CallPlan, message: BaseMessage) -> BaseMessage:
    """Keep a name to the characters chat completions takes."""
    if plan.endpoint != "chat" or as_given(plan) or not message.name:
        return message
    name = _NOT_IN_NAMES.sub("_", message.name)
    legal = {"name": name}
    return message if name == message.name else message.model_copy(update=legal)


def with_system_first(
    messages: Sequence[BaseMessage], *, as_blocks: bool = False
) -> list[BaseMessage]:
    """Return the messages with all system text joined at the beginning.

    Args:
        messages: Messages in the wire's own form.
        as_blocks: Whether the joined text keeps its blocks, and with them its marks.
    """
    system = [m for m in messages if isinstance(m, SystemMessage)]
    if not system or (len(system) == 1 and messages[0] is system[0]):
        return list(messages)
    others = [m for m in messages if not isinstance(m, SystemMessage)]
    if as_blocks and any(isinstance(m.content, list) for m in system):
        joined: Any = [block for m in system for block in _as_list(m.content)]
        return [SystemMessage(joined), *others]
    return [SystemMessage("\n\n".join(m.text for m in system)), *others]


def folded(messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return the messages with all system text at the head of the first user turn."""
    system = [m for m in messages if isinstance(m, SystemMessage)]
    others = [m for m in messages if not isinstance(m, SystemMessage)]
    if not system:
        return messages
    text = "\n\n".join(message.text for message in system)
    for at, message in enumerate(others):
        if isinstance(message, HumanMessage):
            joined = message.model_copy(update={"content": _headed(text, message)})
            return [*others[:at], joined, *others[at + 1 :]]
    return [HumanMessage(text), *others]


def _headed(text: str, message: HumanMessage) -> Any:
    if isinstance(message.content, str):
        return f"{text}\n\n{message.content}"
    return [{"type": "text", "text": text}, *message.content]


def is_empty(message: BaseMessage) -> bool:
    """Tell whether a message is empty."""
    if isinstance(message, ToolMessage) or message.content:
        return False
    extra = message.additional_kwargs
    calls = isinstance(message, AIMessage) and message.tool_calls
    return not (calls or extra.get("audio") or extra.get("refusal"))


def alternating(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return alternating messages: no empty ones, beginning with the user's.

    Gemini refuses a turn without parts, and a function call that does not come after
    a user's turn or a function response (gemini_parameters.md, c 14).
    """
    found: list[BaseMessage] = []
    for message in itertools.filterfalse(is_empty, messages):
        last = found[-1] if found else None
        if isinstance(message, AIMessage) and isinstance(last, AIMessage):
            found[-1] = _joined(last, message)
        else:
            found.append(message)
    leading = itertools.takewhile(lambda one: isinstance(one, SystemMessage), found)
    first = sum(1 for _ in leading)
    if first < len(found) and isinstance(found[first], AIMessage):
        found.insert(first, HumanMessage(CONTINUES))
    return found


def _joined(first: AIMessage, second: AIMessage) -> AIMessage:
    """Return two turns of the assistant as one; what only the second had is kept."""
    content: Any
    if isinstance(first.content, str) and isinstance(second.content, str):
        content = "\n\n".join(filter(None, [first.content, second.content]))
    else:
        content = [*_as_list(first.content), *_as_list(second.content)]
    return second.model_copy(
        update={
            "content": content,
            "tool_calls": [*first.tool_calls, *second.tool_calls],
            "additional_kwargs": first.additional_kwargs | second.additional_kwargs,
            "response_metadata": second.response_metadata or first.response_metadata,
        }
    )


def _as_list(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content)
