"""A record of the changes to a schema while it is adapted to an API."""

from __future__ import annotations

from typing import Any, NamedTuple

from langchain_unified.schemas.wires import Wire


class Loss(NamedTuple):
    """A part of a schema that an API cannot enforce.

    Attributes:
        word: The word of JSON Schema.
        place: The field it is said of; empty for the root.
        value: What was said.
    """

    word: str
    place: str
    value: Any


class Rewriting(NamedTuple):
    """A part of a schema that was rewritten with the same meaning.

    Attributes:
        word: The word of JSON Schema.
        place: The field it is said of; empty for the root.
        sent: What is said instead.
    """

    word: str
    place: str
    sent: str


class UnsayableError(ValueError):
    """An API cannot express a schema.

    Attributes:
        place: The field in the way; empty for the root.
        what: What it is.
    """

    def __init__(self, place: str, what: str) -> None:
        """Keep both."""
        self.place, self.what = place, what
        article = "an" if what[0] in "aeiou" else "a"
        super().__init__(f"{place or 'the root'} is {article} {what}")


class Notes:
    """The rewritten parts of a schema, and those that cannot be enforced.

    Attributes:
        wire: The wire the schema is for.
        losses: What the wire cannot enforce.
        rewritings: What was said in other words.
    """

    def __init__(self, wire: Wire) -> None:
        """Start with nothing."""
        self.wire = wire
        self.losses: list[Loss] = []
        self.rewritings: list[Rewriting] = []

    def lose(self, word: str, place: str, value: Any) -> None:
        """Note something the wire cannot enforce."""
        self.losses.append(Loss(word, place, value))

    def say(self, word: str, place: str, sent: str) -> None:
        """Note something said in other words with the same meaning."""
        self.rewritings.append(Rewriting(word, place, sent))

    def takes(self, word: str) -> bool:
        """Tell whether the wire takes a word of JSON Schema."""
        return self.wire.keywords is None or word in self.wire.keywords
