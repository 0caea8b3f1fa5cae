"""Counting and cutting text."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\s*\S{1,12}|\s+")
_CHARACTERS_PER_TOKEN = 8
IMAGE_TOKENS = 85
MEDIA_TOKENS = 260


def split_tokens(text: str) -> list[str]:
    """Split text into pieces of a word or less; joined they give the text."""
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    """Estimate the tokens of a text: words, or an eighth of its characters."""
    return max(len(text.split()), len(text) // _CHARACTERS_PER_TOKEN)


def cut_at_stop(text: str, stop: list[str]) -> str:
    """Return the text before the first stop sequence in it."""
    found = [index for word in stop if word and (index := text.find(word)) >= 0]
    return text[: min(found)] if found else text


def cut_to_tokens(text: str, limit: int | None) -> tuple[str, bool]:
    """Return at most `limit` tokens of a text, and whether it had more."""
    if limit is None:
        return text, False
    pieces = split_tokens(text)
    return "".join(pieces[: max(limit, 0)]), len(pieces) > limit
