"""The streamed pieces of one answer, which add up to the answer given whole."""

from __future__ import annotations

import io
import wave
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from langchain_unified.content import keep_native, says_more, says_nothing, text_of
from langchain_unified.shims.google_genai.shape import (
    PROVIDER,
    answers_in_images,
    blocks_of,
    clean,
    keep_speech,
    note_blocked_prompt,
    note_finish,
    speech_of,
    standard_block,
)
from langchain_unified.types import CallPlan

_GROWING = frozenset({"text", "thinking"})
_LAST_ONLY = ("grounding_metadata", "safety_ratings")


class Pieces:
    """Shapes the pieces of one stream.

    Text is passed on as it comes. What can only be told at the end (speech as one
    file, grounding that Gemini repeats and extends) is kept for the last piece.
    """

    def __init__(self, plan: CallPlan) -> None:
        """Start before the first piece."""
        self._plan = plan
        self._as_list = answers_in_images(plan)
        self._index, self._kind = -1, ""
        # Text is held in case a later piece says more about it, such as a signature.
        self._held: list[dict[str, Any]] = []
        self._texts: list[str] = []
        self._native = False
        self._speech: list[bytes] = []
        self._has_said = False
        self._last: dict[str, Any] = {}

    def shape(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """Return a piece with text as `str` content."""
        message = chunk.message
        message.response_metadata.setdefault("model_provider", PROVIDER)
        if message.additional_kwargs:
            clean(message)
        self._has_said = self._has_said or not says_nothing(message)
        if message.additional_kwargs and (wav := speech_of(message)):
            self._speech.append(wav)
        if isinstance(message.content, str) and not (self._as_list or self._native):
            self._hold_text(message.content)
        else:
            self._set_content(message)
        info = chunk.generation_info
        if info is None:
            info = chunk.generation_info = {}
        self._hold_back(message, info)
        if info.get("finish_reason"):
            self._finish(chunk)
        blocked = message.response_metadata.get("prompt_feedback")
        if blocked:
            note_blocked_prompt(self._plan, message, blocked)
        return chunk

    def _numbered(self, block: dict[str, Any]) -> dict[str, Any]:
        """Number a block so that only pieces of one block are merged."""
        kind = str(block.get("type"))
        if kind != self._kind or kind not in _GROWING:
            self._index += 1
            self._kind = kind
        return {**block, "index": self._index}

    def _hold_text(self, text: str) -> None:
        """Hold text as `_append` does, without a block for each piece."""
        if not text:
            return
        if self._kind != "text" or not self._held:
            self._settle()
            self._held.append(self._numbered({"type": "text", "text": ""}))
        self._texts.append(text)

    def _settle(self) -> None:
        """Put the text held since the last block into its block."""
        if self._texts:
            self._held[-1]["text"] += "".join(self._texts)
            self._texts = []

    def _set_content(self, message: BaseMessage) -> None:
        self._settle()
        blocks = [self._numbered(standard_block(block)) for block in blocks_of(message)]
        if self._as_list:
            message.content = blocks  # type: ignore[assignment]
            return
        message.content = text_of(blocks)
        for block in blocks:
            _append(self._held, block)
        if self._native or any(map(says_more, blocks)):
            held, self._held, self._native = self._held, [], True
            if held:
                keep_native(message, held)

    def _hold_back(self, message: BaseMessage, info: dict[str, Any]) -> None:
        metadata, last = message.response_metadata, self._last
        for name in _LAST_ONLY:
            metadata.pop(name, None)
            value = info.pop(name, None)
            if value:
                last[name] = value
            elif value is not None:
                last.setdefault(name, value)

    def _finish(self, chunk: ChatGenerationChunk) -> None:
        message, info = chunk.message, chunk.generation_info or {}
        info |= self._last
        grounding = self._last.get("grounding_metadata")
        if grounding:
            message.response_metadata["grounding_metadata"] = grounding
            info.pop("grounding_metadata")
        keep_speech(message, joined(self._speech))
        note_finish(self._plan, message, info.get("finish_reason"), said=self._has_said)


def _append(blocks: list[dict[str, Any]], block: dict[str, Any]) -> None:
    """Add a block, or join it with the last if both are pieces of one."""
    last = blocks[-1] if blocks else {}
    if last.get("index") != block["index"]:
        blocks.append(block)
        return
    grown: dict[str, Any] = {
        key: last.get(key, "") + block.get(key, "")
        for key in ("text", "thinking")
        if key in last or key in block
    }
    blocks[-1] = {**last, **block, **grown}


def joined(files: list[bytes]) -> bytes:
    """Return WAV files of one format as one."""
    if len(files) < 2:  # noqa: PLR2004
        return b"".join(files)
    whole = io.BytesIO()
    with wave.open(whole, "wb") as writer:
        for number, file in enumerate(files):
            with wave.open(io.BytesIO(file), "rb") as reader:
                if not number:
                    writer.setparams(reader.getparams())
                writer.writeframes(reader.readframes(reader.getnframes()))
    return whole.getvalue()
