"""What answers are made of: chunks of text, content in parts, and further fields.

What an answer carries beside OpenAI's fields is kept, and sent back where it is from.
Servers of other makes add reasoning (`reasoning_content`, `reasoning`,
`reasoning_details`), signatures (`extra_content`) and more, and some refuse a tool
result unless they get it back (langchain-ai/langchain#37390).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

PROVIDER = "openai"
"""`model_provider` of the messages, by which langchain-core finds their translator."""


def content_text(content: Any) -> str:
    """Return the text of content, which some servers send in parts.

    Mistral's reasoning models stream `content` as a list of `thinking` and `text`
    parts (mistralai/client-python, docs/models/contentchunk.md, 2026-11).
    """
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        return content_text(content.get("text"))
    if isinstance(content, (int, float)):
        return str(content)
    return "".join(_texts(content, "text"))


def thinking_text(content: Any) -> str:
    """Return the reasoning among the parts of content."""
    if isinstance(content, str):
        return ""
    return "".join(_texts(content, "thinking"))


def _texts(content: Any, kind: str) -> Iterator[str]:
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str) and kind == "text":
            yield part
        elif isinstance(part, Mapping) and part.get("type") == kind:
            held = part.get(kind)
            yield held if isinstance(held, str) else content_text(held)


def says_more(content: Any) -> bool:
    """Tell whether content is in parts, and not all of them are text."""
    parts = content if isinstance(content, list) else ()
    return any(isinstance(p, Mapping) and p.get("type") != "text" for p in parts)


class ContentPieces:
    """The content of one stream that comes in parts, put together in its order.

    Attributes:
        text: The pieces of text since the last part of another kind.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._parts: list[dict[str, Any]] = []
        self.text: list[str] = []

    def add(self, content: Any) -> None:
        """Take what a delta says: text, or a list of parts."""
        if isinstance(content, str):
            self.text.append(content)
            return
        for part in content if isinstance(content, list) else ():
            if isinstance(part, str):
                self.text.append(part)
            elif isinstance(part, Mapping) and part.keys() <= _TEXT_KEYS:
                self.text.append(part.get("text") or "")
            elif isinstance(part, Mapping):
                self._end_text()
                _join(self._parts, part)

    def parts(self) -> list[dict[str, Any]]:
        """Return the parts; none if there is nothing but text."""
        self._end_text()
        return self._parts if says_more(self._parts) else []

    def _end_text(self) -> None:
        text, self.text = "".join(self.text), []
        if text:
            self._parts.append({"type": "text", "text": text})


_TEXT_KEYS = frozenset({"type", "text"})


def _join(parts: list[dict[str, Any]], part: Mapping[str, Any]) -> None:
    """Add a part to others; one that continues the last is joined to it."""
    last, kind = parts[-1] if parts else {}, part.get("type")
    if not last or last.get("type") != kind or kind not in _GROWING:
        parts.append(copy.deepcopy(dict(part)))
        return
    for key, value in part.items():
        before = last.get(key)
        if key == kind and isinstance(before, list) and isinstance(value, list):
            for inner in value:
                _join(before, inner if isinstance(inner, Mapping) else {"text": inner})
        elif key == kind and isinstance(before, str) and isinstance(value, str):
            last[key] = before + value
        else:
            last[key] = value


_GROWING = frozenset({"text", "thinking"})


def logprobs_of(choice: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the log probabilities of a choice with every key the SDK's model has."""
    logprobs = choice.get("logprobs")
    if not logprobs or not isinstance(logprobs, Mapping):
        return None
    return {"content": None, "refusal": None, **logprobs}


STREAMED = ("reasoning_content", "reasoning")
"""Text that comes piece by piece, as content does."""

MESSAGE_FIELDS = frozenset(
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
CHOICE_FIELDS = frozenset(
    {"delta", "finish_reason", "index", "logprobs", "message", "usage"}
)
BODY_FIELDS = frozenset(
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
_NOTHING: tuple[Any, ...] = (None, "", [], {})
_GROWING_KEYS = ("text", "summary", "data", "signature")


def further_fields(given: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Return the fields of an answer, or of a part of it, that OpenAI's do not have.

    Args:
        given: The wire object.
        known: The fields it has at OpenAI, for example `MESSAGE_FIELDS`.
    """
    return {
        name: value
        for name, value in given.items()
        if name not in known and value not in _NOTHING
    }


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
        for name, value in further_fields(delta, MESSAGE_FIELDS).items():
            if name in STREAMED and isinstance(value, str):
                shown[name] = value
            else:
                self._held[name] = _joined(self._held.get(name), value)
        return shown

    def rest(self) -> dict[str, Any]:
        """Return what was held back, once."""
        held, self._held = self._held, {}
        return held


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
            grows = name in _GROWING_KEYS and isinstance(known.get(name), str)
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
