"""The traits of a call's messages that a plan depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_unified.content import kept_blocks
from langchain_unified.history.finite import is_finite
from langchain_unified.history.ids import PLAIN
from langchain_unified.history.media import read_block
from langchain_unified.history.origin import producer
from langchain_unified.history.pairs import is_item
from langchain_unified.history.reading import read_reply
from langchain_unified.history.turns import is_empty
from langchain_unified.history.upgrade import is_function_form, upgraded
from langchain_unified.types import BREAKPOINT, CACHE_CONTROL, MediaForm, Traits

FEATURES = {
    "image": "image_inputs",
    "audio": "audio_inputs",
    "video": "video_inputs",
    "file": "pdf_inputs",
}
"""`ModelProfile` key by kind of content."""


def surveyed(messages: Sequence[BaseMessage]) -> Traits:
    """Return the traits of messages; see `langchain_unified.history.traits_of`.

    `Traits.findings` is a set of these words:

    - `late_system`: system text after the first turn
    - `orphan`: a tool result without its call
    - `unanswered`: a tool call without its result
    - `functions`: a `function_call`, or its result, of the form before tool calls;
      `function_orphan` and `function_unanswered`: one without the other
    - `older`: a message in the form of another older version
    - `empty`: a turn that says nothing; `blank`: all of them do
    - `only_system`: system text, and no turn that says anything
    - `doubled`: two turns of the assistant in a row; `headless`: it speaks first
    - `odd_id`: a tool call id with characters other than letters, digits, `_`, `-`
    - `white`: a turn that holds nothing but white space; `all_white`: all of them do
    - `trailing_white`: the last turn is the assistant's and ends with white space
    - `not_finite`: a tool call with NaN or an infinity among its arguments
    - `prompt_cache_breakpoint`, `cache_control`: a block with such a mark
    """
    survey = _Survey()
    for given, turn in zip(messages, upgraded(messages), strict=True):
        survey.read(given, turn)
    return survey.traits()


def _visible(text: str) -> bool:
    """Tell whether there is more than white space in a text."""
    return bool(text) and not text.isspace()


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


def _marks(content: Any) -> set[str]:
    """Return the marks of prompt caches among blocks, on them or in their `extras`."""
    blocks = [b for b in content if isinstance(b, Mapping)] if content else []
    held = [p for b in blocks for p in (b, b.get("extras")) if isinstance(p, Mapping)]
    return {mark for mark in (BREAKPOINT, CACHE_CONTROL) for p in held if mark in p}


def _read(block: Any) -> Any:
    return read_block(block) if isinstance(block, Mapping) and block else None


def _holds_more(reply: AIMessage) -> bool:
    """Tell whether a reply can hold more than text and tool calls."""
    return (
        not isinstance(reply.content, str)
        or any(reply.additional_kwargs.values())
        or kept_blocks(reply) is not None
    )


class _Survey:
    """What the turns read so far hold; each turn is looked at once."""

    __slots__ = (
        "bound",
        "findings",
        "functions",
        "instructed",
        "last",
        "longest",
        "media",
        "open_calls",
        "replied",
        "reply_before",
        "seen",
        "spoken",
        "system",
        "turned",
    )

    def __init__(self) -> None:
        self.media: set[MediaForm] = set()
        self.bound: set[tuple[str, str]] = set()
        self.findings: set[str] = set()
        self.open_calls: list[str] = []
        self.functions: set[str | None] = set()
        self.longest = 0
        self.system = self.instructed = self.turned = False
        self.spoken = self.replied = self.reply_before = self.seen = False
        self.last: BaseMessage | None = None

    def read(self, given: BaseMessage, turn: BaseMessage) -> None:
        """Look at a turn, and at the message as it was given."""
        self.last = turn
        form = self._form(given, turn)
        if form:
            self.findings.add(form)
        if not isinstance(turn.content, str) or isinstance(turn, AIMessage):
            self.media |= _forms(turn)
            self.findings |= _marks(turn.content)
        empty = is_empty(turn)
        if empty:
            self.findings.add("empty")
        self._look_for_white(turn)
        if isinstance(turn, SystemMessage):
            self._system(turn)
            return
        if isinstance(turn, AIMessage):
            self._reply(turn)
            if form == "functions":
                self.functions |= {call["id"] for call in turn.tool_calls}
        elif isinstance(turn, ToolMessage) and not is_item(turn):
            self._result(turn, "function_orphan" if form == "functions" else "orphan")
        self.turned = self.turned or isinstance(turn, _TURNS)
        if not empty:
            self._spoken(replied=isinstance(turn, AIMessage))

    def _form(self, given: BaseMessage, turn: BaseMessage) -> str | None:
        """Return the word for a message in the form of an older version, if it is."""
        if given is turn:
            return None
        if isinstance(given, FunctionMessage) and isinstance(turn, ToolMessage):
            called = set(self.open_calls) - self.functions
            return "older" if turn.tool_call_id in called else "functions"
        if is_function_form(given):
            return "functions"
        return None if isinstance(given, AIMessageChunk) else "older"

    def _look_for_white(self, turn: BaseMessage) -> None:
        """Note white space where some wires want something to see."""
        blanks = [text for text in _texts(turn) if not _visible(text)]
        if any(blanks):
            self.findings.add("white")
        if not isinstance(turn, SystemMessage):
            self.seen = self.seen or _shows_something(turn)

    def _system(self, turn: SystemMessage) -> None:
        self.system = True
        self.instructed = self.instructed or bool(turn.content)
        if self.turned:
            self.findings.add("late_system")

    def _spoken(self, *, replied: bool) -> None:
        if replied and not self.spoken:
            self.findings.add("headless")
        if replied and self.reply_before:
            self.findings.add("doubled")
        self.spoken, self.reply_before = True, replied

    def _reply(self, turn: AIMessage) -> None:
        self.replied = True
        if _holds_more(turn) and read_reply(turn).bound:
            self.bound.add(producer(turn))
        for call in turn.tool_calls:
            if not is_finite(call["args"]):
                self.findings.add("not_finite")
            call_id = call["id"] or ""
            self.open_calls.append(call_id)
            self.longest = max(self.longest, len(call_id))
            if not PLAIN.match(call_id):
                self.findings.add("odd_id")

    def _result(self, turn: ToolMessage, orphan: str) -> None:
        if turn.tool_call_id in self.open_calls:
            self.open_calls.remove(turn.tool_call_id)
        else:
            self.findings.add(orphan)

    def _conclude(self, last: BaseMessage | None) -> None:
        """Note what only the end of the conversation shows."""
        for call_id in self.open_calls:
            function = call_id in self.functions
            self.findings.add("function_unanswered" if function else "unanswered")
        if last is not None and not self.spoken:
            self.findings.add("only_system" if self.instructed else "blank")
        if last is not None and self.spoken and not self.seen:
            self.findings.add("all_white")
        if _continues(last) and _ends_white(last):
            self.findings.add("trailing_white")

    def traits(self) -> Traits:
        """Return what was found."""
        self._conclude(self.last)
        return Traits(
            inputs=frozenset(
                FEATURES[form.kind]
                for form in self.media
                if form.place != "assistant" and form.kind in FEATURES
            ),
            system=self.system,
            prefill=_continues(self.last),
            multi_turn=self.replied,
            media=frozenset(self.media),
            findings=frozenset(self.findings),
            bound=frozenset(self.bound),
            longest_call_id=self.longest,
            paused=_paused_by(self.last),
        )


def _texts(turn: BaseMessage) -> list[str]:
    content = turn.content
    if isinstance(content, str):
        return [content]
    return [
        block if isinstance(block, str) else str(block.get("text") or "")
        for block in content
        if isinstance(block, str) or block.get("type") == "text"
    ]


def _shows_something(turn: BaseMessage) -> bool:
    """Tell whether a turn holds a visible character, a call, or other content."""
    if isinstance(turn, ToolMessage) or getattr(turn, "tool_calls", None):
        return True
    texts = _texts(turn)
    more = not isinstance(turn.content, str) and len(turn.content) > len(texts)
    return more or bool(turn.additional_kwargs) or any(map(_visible, texts))


def _continues(last: BaseMessage | None) -> bool:
    """Tell whether the last turn is the assistant's, to be continued."""
    return isinstance(last, AIMessage) and not last.tool_calls


def _ends_white(reply: Any) -> bool:
    texts = _texts(reply)
    return bool(texts) and _visible(texts[-1]) and texts[-1] != texts[-1].rstrip()


def _paused_by(message: BaseMessage | None) -> tuple[str, str] | None:
    """Return who made a reply that is to be continued as it is, if it is one.

    `stop_reason: pause_turn` ends a long turn of server tools; it is resumed by sending
    the answer back (Anthropic's API pages, read 2026-11-27).
    """
    if not isinstance(message, AIMessage):
        return None
    names = ("stop_reason", "finish_reason", "raw_finish_reason")
    said = {str(message.response_metadata.get(name)) for name in names}
    return producer(message) if "pause_turn" in said else None


_TURNS = (AIMessage, HumanMessage, ToolMessage)
