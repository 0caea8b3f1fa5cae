"""Small parts of a chat answer that servers give in more than one form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def content_text(content: Any) -> str:
    """Return the text of content, which some servers send in parts.

    Mistral's reasoning models stream `content` as a list of `thinking` and `text`
    parts (mistralai/client-python, docs/models/contentchunk.md, 2026-11).
    """
    if isinstance(content, str):
        return content
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


def logprobs_of(choice: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the log probabilities of a choice with every key the SDK's model has."""
    logprobs = choice.get("logprobs")
    if not logprobs or not isinstance(logprobs, Mapping):
        return None
    return {"content": None, "refusal": None, **logprobs}
