"""What the messages of a call hold, as far as a plan depends on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_unified.history.ids import PLAIN
from langchain_unified.history.media import read_block
from langchain_unified.history.origin import producer
from langchain_unified.history.pairs import is_item
from langchain_unified.history.reading import read_reply
from langchain_unified.history.turns import is_empty
from langchain_unified.history.upgrade import upgraded
from langchain_unified.types import MediaForm, Traits

FEATURES = {
    "image": "image_inputs",
    "audio": "audio_inputs",
    "video": "video_inputs",
    "file": "pdf_inputs",
}
"""`ModelProfile` key by kind of content."""


def traits_of(messages: Sequence[BaseMessage]) -> Traits:
    """Return what the messages hold, as far as a plan depends on it.

    `Traits.findings` is a set of these words:

    - `late_system`: system text after the first turn
    - `orphan`: a tool result without its call
    - `unanswered`: a tool call without its result
    - `older`: a message in the form of an older version
    - `empty`: a turn that says nothing; `blank`: all of them do
    - `only_system`: system text, and no turn that says anything
    - `doubled`: two turns of the assistant in a row; `headless`: it speaks first
    - `odd_id`: a tool call id with characters other than letters, digits, `_`, `-`
    """
    turns = upgraded(messages)
    last = turns[-1] if turns else None
    replies = [message for message in turns if isinstance(message, AIMessage)]
    media = frozenset(form for message in turns for form in _forms(message))
    ids = [call["id"] or "" for reply in replies for call in reply.tool_calls]
    return Traits(
        inputs=frozenset(
            FEATURES[form.kind]
            for form in media
            if form.place != "assistant" and form.kind in FEATURES
        ),
        system=any(isinstance(message, SystemMessage) for message in turns),
        prefill=isinstance(last, AIMessage) and not last.tool_calls,
        multi_turn=bool(replies),
        media=media,
        findings=frozenset(_findings(messages, turns, ids)),
        bound=frozenset(_bound(replies)),
        longest_call_id=max(map(len, ids), default=0),
    )


def mentions_json(messages: Sequence[BaseMessage]) -> bool:
    """Tell whether some message text contains the word JSON."""
    return any("json" in str(message.content).casefold() for message in messages)


def _forms(message: BaseMessage) -> set[MediaForm]:
    if isinstance(message, AIMessage):
        if not _holds_more(message):
            return set()
        made_by = producer(message)
        media = read_reply(message).media
        return {one.form("assistant", made_by) for one in media}
    if isinstance(message.content, str):
        return set()
    place = "system" if isinstance(message, SystemMessage) else "user"
    place = "tool" if isinstance(message, ToolMessage) else place
    read = [_read(block) for block in message.content]
    return {media.form(place) for media in read if media is not None}


def _read(block: Any) -> Any:
    return read_block(block) if isinstance(block, Mapping) and block else None


def _bound(replies: Sequence[AIMessage]) -> set[tuple[str, str]]:
    return {
        producer(reply)
        for reply in replies
        if _holds_more(reply) and read_reply(reply).bound
    }


def _holds_more(reply: AIMessage) -> bool:
    """Tell whether a reply can hold more than text and tool calls."""
    return not isinstance(reply.content, str) or any(reply.additional_kwargs.values())


def _findings(
    messages: Sequence[BaseMessage], turns: Sequence[BaseMessage], ids: Sequence[str]
) -> set[str]:
    spoken = [turn for turn in turns if not isinstance(turn, SystemMessage)]
    kinds = [type(turn) for turn in spoken if not is_empty(turn)]
    replies = [issubclass(kind, AIMessage) for kind in kinds]
    instructed = any(isinstance(turn, SystemMessage) and turn.content for turn in turns)
    told = {
        "older": any(map(_is_older, messages, turns)),
        "late_system": _has_late_system(turns),
        "empty": any(is_empty(turn) for turn in turns),
        "blank": bool(turns) and not kinds and not instructed,
        "only_system": bool(turns) and not kinds and instructed,
        "doubled": any(one and next_one for one, next_one in pairwise(replies)),
        "headless": bool(replies) and replies[0],
        "odd_id": any(not PLAIN.match(call_id) for call_id in ids),
    }
    return {name for name, holds in told.items() if holds} | _unpaired(turns)


def _is_older(given: BaseMessage, turn: BaseMessage) -> bool:
    return given is not turn and not isinstance(given, AIMessageChunk)


def _has_late_system(turns: Sequence[BaseMessage]) -> bool:
    begun = False
    for turn in turns:
        if isinstance(turn, SystemMessage) and begun:
            return True
        begun = begun or isinstance(turn, (AIMessage, HumanMessage, ToolMessage))
    return False


def _unpaired(turns: Sequence[BaseMessage]) -> set[str]:
    open_calls: list[str] = []
    found: set[str] = set()
    for turn in turns:
        if isinstance(turn, AIMessage):
            open_calls += [call["id"] or "" for call in turn.tool_calls]
        elif isinstance(turn, ToolMessage) and not is_item(turn):
            if turn.tool_call_id in open_calls:
                open_calls.remove(turn.tool_call_id)
            else:
                found.add("orphan")
    return found | ({"unanswered"} if open_calls else set())
