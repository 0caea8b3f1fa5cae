"""Values that a prompt mentions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeVar

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\d)")
_QUOTED = re.compile(
    r"(?<!\w)'([^'\n]{1,200})'(?!\w)|\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”"
)
_NAME = r"[A-Z][\w\-]*(?:\s[A-Z][\w\-]*)*"
_PLACE = re.compile(rf"\b(?:in|for|of|at|to|from)\s+({_NAME})")
_PLACES = re.compile(
    rf"\b(?:in|for|of|at)\s+({_NAME}(?:\s*(?:,\s*and\s|,|\band\b|&)\s*(?:in\s+)?{_NAME})+)"
)
_SPLIT = re.compile(r"\s*(?:,\s*and\s|,|\band\b|&)\s*(?:in\s+)?")
_INNER_NAME = re.compile(rf"(?<=[a-z,;:]\s)({_NAME})")
_STATE_CODE = re.compile(r"^[A-Z]{2,3}$")
_IDENTIFIER = re.compile(r"^[A-Za-z_]\w*$")
_T = TypeVar("_T")


@dataclass
class Hints:
    """Numbers, quoted strings and names found in a prompt, taken in their order."""

    text: str
    place: str | None = None
    _taken: dict[str, int] = field(default_factory=dict)

    @property
    def numbers(self) -> list[float]:
        """Every number in the text."""
        return [float(found) for found in _NUMBER.findall(self.text)]

    @property
    def quoted(self) -> list[str]:
        """Every quoted string."""
        return ["".join(groups) for groups in _QUOTED.findall(self.text)]

    @property
    def identifiers(self) -> list[str]:
        """Quoted strings that could be the names of keys."""
        return [word for word in self.quoted if _IDENTIFIER.match(word)]

    @property
    def names(self) -> list[str]:
        """Capitalised names, those after a preposition first."""
        if self.place is not None:
            return [self.place]
        found = [*_PLACE.findall(self.text), *_INNER_NAME.findall(self.text)]
        return list(dict.fromkeys(found))

    @property
    def places(self) -> list[str]:
        """The names of an enumeration such as "in Paris and London"."""
        found = _PLACES.search(self.text)
        names: list[str] = []
        for name in _SPLIT.split(found[1]) if found else []:
            if names and _STATE_CODE.match(name):
                names[-1] = f"{names[-1]}, {name}"
            else:
                names.append(name)
        return names

    def next_number(self) -> float | None:
        """Return the next number that was not used."""
        return self._next("numbers", self.numbers)

    def next_string(self) -> str | None:
        """Return the next quoted string, or else the next name, not used yet."""
        if self.place is None:
            quoted = self._next("quoted", self.quoted)
            if quoted is not None:
                return quoted
        return self._next("names", self.names)

    def mentioned(self, choices: list[object]) -> object | None:
        """Return the first of the choices that occurs in the text."""
        lowered = self.text.lower()
        for choice in choices:
            if isinstance(choice, str) and choice and choice.lower() in lowered:
                return choice
        return None

    def _next(self, kind: str, values: list[_T]) -> _T | None:
        index = self._taken.get(kind, 0)
        if index >= len(values):
            return None
        self._taken[kind] = index + 1
        return values[index]
