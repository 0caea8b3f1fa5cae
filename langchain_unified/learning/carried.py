"""What a request carries, so that an error that repeats it teaches nothing.

Servers of the FastAPI kind put the input into their refusals. A prompt that holds the
words of a refusal must not be read as one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_SHORTEST = 12
"""Texts below this length, or of one word, are names and values of settings, which a
refusal names rightly; no wording of a refusal fits in."""

_MOST_TEXTS = 10_000
_DEEPEST = 40
_HOLE = "\0"
_LETTERS = re.compile(r"[^a-z0-9]+")
_ESCAPED = re.compile(r"\\(?:u00|x)([2-7][0-9a-fA-F])")
_SHORTEST_REPEAT, _LONG_REPEAT = 16, 24


def texts_of(value: Any, *, most: int = _MOST_TEXTS) -> list[str]:
    """Return the texts in messages and settings that an error could repeat.

    Args:
        value: Messages, dictionaries, lists, texts.
        most: How many texts are looked at.
    """
    found: list[str] = []
    for text in _texts(value, 0):
        if len(text) >= _SHORTEST and len(text.split(None, 1)) > 1:
            found.append(text)
        if len(found) >= most:
            break
    return found


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth > _DEEPEST:
        return
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(key, depth + 1)
            yield from _texts(item, depth + 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _texts(item, depth + 1)
    elif hasattr(value, "model_dump") and not isinstance(value, type):
        yield from _texts(value.model_dump(), depth + 1)


def without(message: str, texts: Iterable[str]) -> str:
    """Return a message with every text that the request carried taken out.

    Args:
        message: What the provider said.
        texts: What the request carried; see `texts_of`.

    Returns:
        The message, with a NUL, which no wording holds, where a text was.

    Example:
        >>> len(without("Refused: 'a long prompt'.", ["a long prompt"]))
        13
    """
    forms = {form for text in texts for form in _written(text) if form in message}
    for form in sorted(forms, key=len, reverse=True):
        message = message.replace(form, _HOLE)
    return message


def _written(text: str) -> Iterator[str]:
    """Yield a text as it is, and as JSON and Python write it."""
    yield text
    yield text.strip()
    yield repr(text)[1:-1]
    for ascii_only in (True, False):
        once = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield once
        yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]


def repeats(wording: str, texts: Sequence[str]) -> bool:
    """Tell whether part of a wording stands in what the request carried.

    However written: escaped, cut off or with other spaces, only letters and digits are
    compared. Where too much is found in common, one thing less is learned.
    """
    plain, carried = _plain(wording), "".join(map(_plain, texts))
    size = min(len(plain), _LONG_REPEAT)
    starts = range(len(plain) - size + 1) if size >= _SHORTEST_REPEAT else ()
    return any(plain[start : start + size] in carried for start in starts)


def holds_all(words: Iterable[str], texts: Sequence[str]) -> bool:
    """Tell whether all these words stand in what the request carried, in any order.

    A server may answer with a prompt as it is, or put it between quotes without
    escaping it: fields of the error are then the prompt's.

    Args:
        words: What fields of the error say.
        texts: What the request carried; see `texts_of`.
    """
    if not texts:
        return False
    carried = _plain("".join(texts))
    return all(_plain(word) in carried for word in words)


def _plain(text: str) -> str:
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return _LETTERS.sub("", text.casefold())
