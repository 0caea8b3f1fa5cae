"""An example text for a regular expression, as JSON Schema's `pattern` has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

LONGEST = 100_000
"""Characters of the longest text that is made up."""

_ALPHABET = "a1A_- .xX0@/" + "".join(map(chr, range(33, 127)))
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_CLASSES = {"d": "1", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}
_NOTHING = frozenset("bBAZzG")
_CODES = {"x": 2, "u": 4}
_REPEATED = re.compile(r"(?:([*+?])|\{(\d*)(?:(,)(\d*))?\})[?+]?")
_KIND = re.compile(
    r"\?(?:P<\w+>|(?P<plain>[aiLmsux-]*:|>)|(?P<look><?[=!]|\#)"
    r"|P=(?P<name>\w+)|(?P<flags>[aiLmsux]+))"
)
"""What may follow the bracket that opens a group."""


def example_of(pattern: str) -> str:
    """Return a text that matches a pattern; look-arounds are not followed.

    Example:
        >>> example_of("^[A-Z]{2}-[0-9]+$")
        'AA-0'
    """
    try:
        names = re.compile(pattern).groupindex
        return _Reader(pattern, names).alternatives()
    except (re.error, IndexError, OverflowError, RecursionError, StopIteration):
        return "text"


class _Reader:
    """Reads a pattern that `re` can read, from left to right."""

    def __init__(self, pattern: str, names: Mapping[str, int]) -> None:
        self._pattern, self._at, self._names = pattern, 0, names
        self._groups: list[str] = []

    def alternatives(self) -> str:
        """Return an example of the first alternative, up to a closing bracket."""
        first = self._sequence()
        while self._next() == "|":
            self._at += 1
            self._sequence()
        return first

    def _next(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]

    def _sequence(self) -> str:
        found = []
        while self._next() not in {"", "|", ")"}:
            one = self._one()
            count = self._count()
            if len(one) * count > LONGEST:
                message = "The text would be too long."
                raise OverflowError(message)
            found.append(one * count)
        return "".join(found)

    def _one(self) -> str:
        char = self._take()
        reader = _READERS.get(char)
        return reader(self) if reader else char

    def _count(self) -> int:
        """Return how often what was just read is repeated in the example."""
        found = _REPEATED.match(self._pattern, self._at)
        if found is None or (found[0].startswith("{") and not (found[2] or found[3])):
            return 1
        self._at = found.end()
        if found[1]:
            return 1
        least = int(found[2] or 0)
        most = int(found[4]) if found[4] else least if not found[3] else least + 1
        return min(max(least, 1), most)

    def group(self) -> str:
        """Return an example of what stands in brackets: `(` was read."""
        kind = _KIND.match(self._pattern, self._at)
        self._at = kind.end() if kind else self._at
        number = len(self._groups)
        is_kept = kind is None or kind.lastgroup is None
        self._groups += [""] * is_kept
        inner = self.alternatives()
        self._at += 1
        if kind and kind["name"]:
            return self._groups[self._names[kind["name"]] - 1]
        if is_kept:
            self._groups[number] = inner
        return "" if kind and kind["look"] else inner

    def escaped(self) -> str:
        """Return what an escape stands for: a backslash was read."""
        char = self._take()
        if char in _NOTHING:
            return ""
        if char.isdigit() and char != "0":
            return self._groups[int(char) - 1]
        if char in _CODES:
            digits = _CODES[char]
            self._at += digits
            return chr(int(self._pattern[self._at - digits : self._at], 16))
        return _CLASSES.get(char) or _ESCAPES.get(char, char)

    def chosen(self) -> str:
        """Return a character of a class: `[` was read."""
        start = self._at - 1
        self._at += self._next() == "^"
        self._at += self._next() == "]"
        while self._next() != "]":
            self._at += 2 if self._next() == "\\" else 1
        self._at += 1
        fits = re.compile(self._pattern[start : self._at]).fullmatch
        first = self._pattern[start + 1]
        likely = first if first not in "^\\" else ""
        return next(char for char in likely + _ALPHABET if fits(char))


_READERS: dict[str, Callable[[_Reader], str]] = {
    "(": _Reader.group,
    "[": _Reader.chosen,
    "\\": _Reader.escaped,
    ".": lambda _: "a",
    "^": lambda _: "",
    "$": lambda _: "",
}
