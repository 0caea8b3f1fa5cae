"""What an answer carries beside OpenAI's fields: kept, and sent back where it is from.

Servers of other makes add reasoning (`reasoning_content`, `reasoning`,
`reasoning_details`), signatures (`extra_content`) and more, and some refuse a tool
result unless they get it back (langchain-ai/langchain#37390).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages import BaseMessage

from langchain_unified.content import CALL_FIELDS, ECHOED
from langchain_unified.shims.openai.call_pieces import own_fields
from langchain_unified.shims.openai.parts import thinking_text

STREAMED = ("reasoning_content", "reasoning")
"""Text that comes piece by piece, as content does."""

_MESSAGE = frozenset(
    {
        "audio",
        "content",
        "function_call",
        "id",
        "name",
        "parsed",
        "refusal",
        "role",
        "tool_calls",
    }
)
_CHOICE = frozenset({"delta", "finish_reason", "index", "logprobs", "message", "usage"})
_BODY = frozenset(
    {
        "choices",
        "created",
        "error",
        "headers",
        "id",
        "model",
        "model_name",
        "model_provider",
        "obfuscation",
        "object",
        "service_tier",
        "system_fingerprint",
        "token_usage",
        "unified",
        "usage",
    }
)
_GROWING = ("text", "summary", "data", "signature")


def message_fields(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a message, or of a delta, that OpenAI's do not have."""
    if message.keys() <= _MESSAGE:
        return {}
    return {k: v for k, v in message.items() if k not in _MESSAGE and _says(v)}


def choice_fields(choice: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a choice that OpenAI's do not have."""
    if choice.keys() <= _CHOICE:
        return {}
    return {k: v for k, v in choice.items() if k not in _CHOICE and _says(v)}


def body_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an answer, or of a chunk, that OpenAI's do not have."""
    further = body.keys() - _BODY
    return {k: body[k] for k in further if _says(body[k])} if further else {}


def kept_fields(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a whole message in `additional_kwargs`."""
    kept = message_fields(message)
    if thought := thinking_text(message.get("content")):
        kept["reasoning_content"] = thought
    calls = {
        str(call.get("id")): own
        for call in message.get("tool_calls") or ()
        if isinstance(call, Mapping) and (own := own_fields(call))
    }
    return {**kept, CALL_FIELDS: calls} if calls else kept


class FieldPieces:
    """The further fields of one stream, put together."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._held: dict[str, Any] = {}

    def streamed(self, delta: Mapping[str, Any]) -> dict[str, Any]:
        """Return what can be passed on at once; hold the rest to the end."""
        shown = {}
        if thought := thinking_text(delta.get("content")):
            shown["reasoning_content"] = thought
        for name, value in message_fields(delta).items():
            if name in STREAMED and isinstance(value, str):
                shown[name] = value
            else:
                self._held[name] = _joined(self._held.get(name), value)
        return shown

    def rest(self) -> dict[str, Any]:
        """Return what was held back, once."""
        held, self._held = self._held, {}
        return held


def with_fields(
    rendered: Sequence[dict[str, Any]], messages: Sequence[BaseMessage]
) -> None:
    """Write the fields that go back to their server into rendered messages.

    Args:
        rendered: Chat messages as they go on the wire; they are changed.
        messages: What they were rendered from, one for one.
    """
    for wire, message in zip(rendered, messages, strict=True):
        echoed = dict(message.additional_kwargs.get(ECHOED) or {})
        calls = echoed.pop(CALL_FIELDS, {})
        wire.update(echoed)
        for call in wire.get("tool_calls") or ():
            call.update(calls.get(call.get("id"), {}))


def _says(value: Any) -> bool:
    return value is not None and value not in ("", [], {})


def _joined(before: Any, now: Any) -> Any:
    if isinstance(before, list) and isinstance(now, list):
        return _merged(before, now)
    if isinstance(before, str) and isinstance(now, str):
        return before if before == now else before + now
    return _merged([], now) if isinstance(now, list) else now


def _merged(before: list[Any], now: list[Any]) -> list[Any]:
    """Return pieces of a list with those of one index and type put together."""
    found = list(before)
    for item in now:
        place = _place(found, item)
        if place is None:
            found.append(dict(item) if isinstance(item, Mapping) else item)
            continue
        known = found[place]
        for name, value in item.items():
            grows = name in _GROWING and isinstance(known.get(name), str)
            if value is not None:
                known[name] = known[name] + value if grows else value
    return found


def _place(found: list[Any], item: Any) -> int | None:
    if not isinstance(item, Mapping) or item.get("index") is None:
        return None
    key = (item["index"], item.get("type"))
    keys = [(known.get("index"), known.get("type")) for known in map(_mapping, found)]
    return keys.index(key) if key in keys else None


def _mapping(item: Any) -> Mapping[str, Any]:
    return item if isinstance(item, Mapping) else {}
