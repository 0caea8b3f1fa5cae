"""Gemini's answers in the content shape of the package."""

from __future__ import annotations

import base64
import logging
import uuid
from collections.abc import Mapping
from enum import Enum
from typing import Any

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    InvalidToolCall,
)
from langchain_core.messages.tool import invalid_tool_call, tool_call_chunk
from langchain_core.outputs import ChatResult

from langchain_unified.content import flatten, keep_native
from langchain_unified.errors import MalformedResponseError
from langchain_unified.types import CallPlan
from langchain_unified.types.finish import normal_reason

_LOG = logging.getLogger("langchain_unified")

PROVIDER = "google_genai"
"""`model_provider` of the messages, by which langchain-core finds their translator."""

# google.genai.types.FinishReason of google-genai 2.34.0, read 2026-11-23.
USUAL = frozenset({None, "STOP", "MAX_TOKENS", "CONTINUATION"})
# The model could not write what it wanted to (google-genai 3.6.1 `FinishReason`).
_BROKEN = frozenset(
    {
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
        "TOO_MANY_TOOL_CALLS",
        "UNEXPECTED_TOOL_CALL",
    }
)
_NOT_WORTH_REPEATING = frozenset({"MISSING_THOUGHT_SIGNATURE"})
_LAST = 1_000
"""Index of a broken call among those of an answer: after all others."""


def shape_result(plan: CallPlan, result: ChatResult) -> ChatResult:
    """Return a whole answer with text as `str` content."""
    blocked = (result.llm_output or {}).get("prompt_feedback")
    for generation in result.generations:
        message = generation.message
        info = generation.generation_info or {}
        message.response_metadata.setdefault("model_provider", PROVIDER)
        if message.additional_kwargs:
            clean(message)
            keep_speech(message, speech_of(message))
        as_list = answers_in_images(plan)
        if as_list or not isinstance(message.content, str):
            content = [standard_block(block) for block in blocks_of(message)]
            _set_content(message, content, as_list=as_list)
        if not info and blocked:
            note_blocked_prompt(plan, message, blocked)
        if info.get("finish_reason") not in USUAL:
            note_finish(plan, message, info["finish_reason"])
    return result


def answers_in_images(plan: CallPlan) -> bool:
    """Tell whether the answer can hold images, so that its content is a list."""
    wanted = plan.body.get("generationConfig", {}).get("responseModalities")
    if wanted is not None:
        return "IMAGE" in {str(one).upper() for one in wanted}
    return bool(plan.config.features.get("image_outputs"))


def blocks_of(message: BaseMessage) -> list[Any]:
    """Return content as a list of blocks."""
    content = message.content
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [
        {"type": "text", "text": one} if isinstance(one, str) else one
        for one in content
    ]


def standard_block(block: dict[str, Any]) -> dict[str, Any]:
    """Return a picture as LangChain's standard block, the SDK's enums as text."""
    if isinstance(block.get("language"), Enum):
        return {**block, "language": block["language"].value}
    if block.get("type") != "image_url":
        return block
    head, _, data = block["image_url"]["url"].partition(";base64,")
    kept: dict[str, Any] = {k: block[k] for k in ("extras", "index") if k in block}
    mime = head.removeprefix("data:")
    return {"type": "image", "base64": data, "mime_type": mime, **kept}


def clean(message: BaseMessage) -> None:
    """Take out what langchain-google-genai 4.4.2 says twice.

    The `function_call` in `additional_kwargs` repeats the first tool call; other
    providers refuse it.
    """
    message.additional_kwargs.pop("function_call", None)


def speech_of(message: BaseMessage) -> bytes:
    """Take out the WAV file langchain-google-genai makes of speech."""
    speech = message.additional_kwargs.pop("audio", b"")
    return speech if isinstance(speech, bytes) else b""


def keep_speech(message: BaseMessage, wav: bytes) -> None:
    """Keep speech as `ChatOpenAI` does; `content_blocks` reads it from there."""
    if wav:
        data = base64.b64encode(wav).decode()
        heard = {"data": data, "format": "wav", "transcript": ""}
        message.additional_kwargs["audio"] = heard


def note_finish(
    plan: CallPlan, message: BaseMessage, reason: Any, *, said: bool = False
) -> None:
    """Log an unusual end, and tell a refusal the way OpenAI's answers do.

    Args:
        plan: The plan of the call.
        message: The answer, or its last piece.
        reason: Gemini's `finishReason`.
        said: Whether pieces before it held a part of the answer.

    Raises:
        MalformedResponseError: If the model could not write the answer, a tool call as
            a rule, and there is nothing else in it; another attempt may do better.
    """
    if reason in USUAL:
        return
    if reason in _BROKEN:
        _tell_broken(message, reason, said=said)
    _LOG.warning("%s: the response ended with %s.", plan.model, reason)
    if normal_reason(reason) == "content_filter":
        told = message.response_metadata.get("finish_message")
        refusal = told or f"Gemini stopped the response: {reason}."
        message.additional_kwargs["refusal"] = refusal


def _tell_broken(message: BaseMessage, reason: str, *, said: bool) -> None:
    """Raise for an answer that broke off before it said anything, else tell in it."""
    # google-genai 3.6 leaves `finishMessage` out on the Developer API (2026-11-27); an
    # error quotes the answer.
    told = (
        message.response_metadata.get("finish_message") or "no tool call was returned."
    )
    if not (said or message.content or getattr(message, "tool_calls", None)):
        error = MalformedResponseError(
            f"Gemini ended the response with {reason}: {told}"
        )
        error.code = reason
        error.is_retryable = reason not in _NOT_WORTH_REPEATING
        raise error
    call_id = f"call_{uuid.uuid4().hex}"
    if isinstance(message, AIMessageChunk):
        # No JSON, so langchain-core takes it for an invalid call when it is merged.
        piece = tool_call_chunk(name=reason, args=f"[{told}]", id=call_id, index=_LAST)
        message.tool_call_chunks.append(piece)
        message.invalid_tool_calls.append(_broken_call(reason, told, call_id))
    elif isinstance(message, AIMessage):
        message.invalid_tool_calls.append(_broken_call(reason, told, call_id))


def _broken_call(reason: str, told: str, call_id: str) -> InvalidToolCall:
    return invalid_tool_call(name=reason, args=f"[{told}]", id=call_id, error=reason)


def note_blocked_prompt(
    plan: CallPlan, message: BaseMessage, feedback: Mapping[str, Any]
) -> None:
    """Tell that the prompt was blocked, and why."""
    reason = feedback.get("block_reason")
    name = str(getattr(reason, "value", reason) or "OTHER")
    _LOG.warning("%s: the prompt was blocked (%s).", plan.model, name)
    message.response_metadata["prompt_feedback"] = dict(feedback)
    message.response_metadata["finish_reason"] = name
    message.additional_kwargs["refusal"] = f"Gemini blocked the prompt: {name}."


def _set_content(message: BaseMessage, blocks: list[Any], *, as_list: bool) -> None:
    if as_list:
        message.content = blocks
        return
    content, native = flatten(blocks)
    message.content = content
    if native is not None:
        keep_native(message, native)
