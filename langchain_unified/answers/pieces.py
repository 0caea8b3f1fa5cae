"""Streamed answers: pieces with the record, cut where a stop string says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from langchain_unified.answers.empty import empty_answer, reason_of_status
from langchain_unified.answers.names import own_names, restore_names
from langchain_unified.answers.parsed import PARSED, check_end, parsed
from langchain_unified.answers.stopping import StopCutter
from langchain_unified.answers.unwrapping import MessageUnwrapper
from langchain_unified.answers.whole import COST, normalise, summed
from langchain_unified.content import RECORD, kept_blocks, on_record, says_nothing
from langchain_unified.cost import TIER, answer_cost
from langchain_unified.errors import MalformedResponseError
from langchain_unified.reliability.exchange import current
from langchain_unified.reliability.limits import limits
from langchain_unified.types import CallPlan
from langchain_unified.wires import wire_at

_FINISH = "finish_reason"


class Pieces:
    """The streamed pieces of one answer: the record on the first, stop strings cut."""

    def __init__(self, plan: CallPlan) -> None:
        """Start before the first piece."""
        self._plan = plan
        self._recorded = False
        self._own_names = own_names(plan)
        self._priced = False
        self._usages: list[Mapping[str, Any]] = []
        self._metadata: dict[str, Any] = {}
        self._said: list[str] = []
        self._calls = False
        self._ended = self._spoke = self._answered = False
        self._reason: str | None = None
        self._cutter = StopCutter(plan.stop) if plan.stop else None
        self._unwrapper = MessageUnwrapper(plan.unwrap) if plan.unwrap else None

    @property
    def done(self) -> bool:
        """Whether a stop string ended the answer."""
        return self._cutter is not None and self._cutter.done

    def feed(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Return what can be passed on of a piece."""
        message = chunk.message
        if not self._recorded:
            self._recorded = True
            message.response_metadata.update(on_record(message, self._plan.record()))
        if self._own_names:
            restore_names(message, self._own_names)
        if self._unwrapper is not None:
            self._unwrapper.feed(message)
        last = getattr(message, "chunk_position", None) == "last"
        self._note(chunk, last=last)
        if self._plan.has_form:
            self._said.append(str(message.text))
        if self._cutter is None:
            return self._with_cost(chunk) if last else chunk
        return self._with_cost(self._cutter.feed(chunk))

    def _note(self, chunk: ChatGenerationChunk, *, last: bool) -> None:
        """Note what a piece says of the answer."""
        message, info = chunk.message, chunk.generation_info or {}
        metadata = message.response_metadata
        self._spoke = self._spoke or says_something(chunk)
        self._calls = self._calls or bool(getattr(message, "tool_call_chunks", None))
        self._answered = self._answered or not says_nothing(message)
        ends = metadata.get(_FINISH) or info.get(_FINISH) or "status" in metadata
        if ends or last:
            self._note_end(chunk, last=last)
        if tier := metadata.get(TIER) or info.get(TIER):
            self._metadata = {TIER: tier}
        if isinstance(message, AIMessageChunk) and message.usage_metadata:
            self._usages.append(message.usage_metadata)

    def _note_end(self, chunk: ChatGenerationChunk, *, last: bool) -> None:
        """Note that the answer ended, and why."""
        reason = normalise(chunk.message, chunk.generation_info, calls=self._calls)
        self._ended = self._ended or reason is not None or last
        self._reason = reason or reason_of_status(chunk.message) or self._reason

    def _with_cost(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Put the cost on the last piece; pieces merge, so it is on no other."""
        message = chunk.message
        last = getattr(message, "chunk_position", None) == "last"
        if last and not self._priced:
            self._priced = True
            known = message.response_metadata.get(RECORD, {})
            cost = answer_cost(self._plan, self._usage(), self._metadata)
            message.response_metadata[RECORD] = {**known, COST: cost, **self._silence()}
        return chunk

    def _silence(self) -> dict[str, Any]:
        """Return what goes on record of an answer that said nothing."""
        if self._answered or self._reason is None:
            return {}
        return empty_answer(self._plan, self._reason, self._usage())

    def _usage(self) -> Mapping[str, Any] | None:
        """Return what the pieces count together."""
        return summed(self._usages) if self._usages else None

    def _whole(self) -> AIMessage:
        """Return the answer as far as its form and its end tell."""
        metadata = {"finish_reason": self._reason, RECORD: self._plan.record()}
        return AIMessage("".join(self._said), response_metadata=metadata)

    def rest(self) -> Iterator[ChatGenerationChunk]:
        """Yield text held back because it could have begun a stop string.

        Raises:
            MalformedResponseError: If the stream broke off, or said nothing at all.
        """
        if self._unwrapper is not None and (held := self._unwrapper.rest()):
            yield ChatGenerationChunk(message=AIMessageChunk(content=held))
        if self._cutter is not None:
            yield from map(self._with_cost, self._cutter.rest())
        unrecorded = self._ended and not self._answered
        if (self._usages or unrecorded) and not self._priced:
            last = AIMessageChunk(content="", chunk_position="last")
            yield self._with_cost(ChatGenerationChunk(message=last))
        if self._plan.has_form:
            yield from self._form()
        if not (self.done or self._ended):
            self._check_broken_off()

    def _form(self) -> Iterator[ChatGenerationChunk]:
        """Yield the object that the answer holds, if the call gave its class."""
        if self._plan.parse_as is None and not self._calls:
            check_end(self._whole(), current())
        if self._plan.parse_as is not None and self._said:
            found = parsed(self._plan, self._whole(), current())
            piece = AIMessageChunk(content="", additional_kwargs={PARSED: found})
            yield ChatGenerationChunk(message=piece)

    def _check_broken_off(self) -> None:
        """Raise for an answer without an end where its end is always told."""
        plan = self._plan
        if wire_at(plan.config, plan.endpoint).says_end or not self._spoke:
            message = "The stream ended before the response was complete."
            raise MalformedResponseError(message)


class Opening:
    """Holds the pieces before the first token back, so that a retry shows nothing.

    Attributes:
        is_open: Whether a piece has gone on; the next ones do at once.
    """

    def __init__(self) -> None:
        """Start before the first piece."""
        self._held: list[ChatGenerationChunk] = []
        self.is_open = False

    def passed(self, piece: ChatGenerationChunk) -> list[ChatGenerationChunk]:
        """Return the pieces that can go on now."""
        self._held.append(piece)
        if not says_something(piece) and len(self._held) <= limits().quiet_pieces:
            return []
        self.is_open = True
        return self.rest()

    def rest(self) -> list[ChatGenerationChunk]:
        """Return the pieces that are held back."""
        held, self._held = self._held, []
        return held


def says_something(piece: ChatGenerationChunk) -> bool:
    """Tell whether a piece carries a part of the answer."""
    message = piece.message
    if not isinstance(message, AIMessageChunk):
        return True
    return bool(
        message.content
        or message.tool_call_chunks
        or message.additional_kwargs
        or kept_blocks(message)
    )
