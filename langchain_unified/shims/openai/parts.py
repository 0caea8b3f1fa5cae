"""Small parts of a chat answer that servers give in more than one form."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any


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
    """The content of one stream that comes in parts, put together in its order."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._parts: list[dict[str, Any]] = []
        self._text: list[str] = []

    def add(self, content: Any) -> None:
        """Take what a delta says: text, or a list of parts."""
        if isinstance(content, str):
            self._text.append(content)
            return
        for part in content if isinstance(content, list) else ():
            if isinstance(part, str):
                self._text.append(part)
            elif isinstance(part, Mapping) and part.keys() <= _TEXT_KEYS:
                self._text.append(part.get("text") or "")
            elif isinstance(part, Mapping):
                self._end_text()
                _join(self._parts, part)

    def parts(self) -> list[dict[str, Any]]:
        """Return the parts; none if there is nothing but text."""
        self._end_text()
        return self._parts if says_more(self._parts) else []

    def _end_text(self) -> None:
        text, self._text = "".join(self._text), []
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
