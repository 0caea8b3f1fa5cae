"""What a row of the table of settings says, and the check of a value by it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, NamedTuple, get_args, get_origin

from langchain_unified.errors import (
    InvalidParameterError,
    InvalidTypeError,
    invalid_as,
    shown_value,
)
from langchain_unified.types import EMPTY, Importance

TYPES: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "string": (str,),
    "object": (Mapping,),
    "list": (list, tuple),
    "strings": (str, list, tuple),
    "any": (object,),
}
_WORDS = {
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "string": "a string",
    "object": "a dictionary",
    "list": "a list",
    "strings": "a string or a list of strings",
}
_OF_CLASSES = {
    float: "number",
    int: "integer",
    bool: "boolean",
    str: "string",
    dict: "object",
    list: "list",
}


class Setting(NamedTuple):
    """One setting of calls: what it is called, and which values any model could take.

    Attributes:
        importance: `tuning` may be dropped or clamped with a record; `guarantee` is
            translated, emulated, or refused before sending.
        aliases: Other spellings, beside the alias of its field.
        type: What its values are; that of the annotation if left out.
        min: Smallest value that any provider could take.
        max: Largest value that any provider could take.
        values: The only values.
        neutral: Values that ask for nothing, so that leaving them out loses nothing.
        nullable: Whether OpenAI takes null for it.
        words: The words known so far; a model that does not take one of them is sent
            the nearest. Any other word may be new: it is sent for the provider to
            judge, on record.
        ordered: Whether the words stand in their order.
        parts: Keys of an object that are settings of their own, by the setting; other
            keys have rules under `<object>.<key>`, such as `reasoning.mode`.
        instead: The key of an object that says the same to models that refuse it.
        sent_as: Its name in requests to OpenAI's endpoints, where the rows of models
            say nothing about it.
        fills: The attribute of `Invocation` that it fills; `params` for what is asked
            of the model, empty for what the planner does not read.
        read: Checks a value in place of `type`, and returns it.
        convert: Makes of a value what `Invocation` has.
        shapes_answer: Whether it counts in the cache of answers.
        traced: Whether traces show it.
        shown: Whether errors may show a value that cannot be read.
        declarable: Whether `configurable` may name it.
        name: Its canonical name; that of the field if left out.
    """

    importance: Importance = "guarantee"
    aliases: tuple[str, ...] = ()
    type: str = ""
    min: float | None = None
    max: float | None = None
    values: tuple[Any, ...] | None = None
    neutral: tuple[Any, ...] = ()
    nullable: bool = False
    words: tuple[str, ...] = ()
    ordered: bool = True
    parts: Mapping[str, str] = EMPTY
    instead: str = ""
    sent_as: str = ""
    fills: str = "params"
    read: Callable[[str, Any], Any] | None = None
    convert: Callable[[Any], Any] | None = None
    shapes_answer: bool = True
    traced: bool = True
    shown: bool = True
    declarable: bool = True
    name: str = ""

    def completed(
        self, name: str, annotation: Any, spelling: str | None = None
    ) -> Setting:
        """Return the row with what its place says: name, type and spellings.

        Args:
            name: The name that it is annotated under.
            annotation: The type of its values.
            spelling: The alias of its field, if it has one.
        """
        own = self.name or name
        part = "." in own  # A key of an object, which is given in it alone.
        spellings = dict.fromkeys((None if part else name, spelling, *self.aliases))
        return self._replace(
            name=own,
            type=self.type or type_word(annotation),
            aliases=tuple(one for one in spellings if one and one != own),
        )

    def knows(self, word: Any) -> bool:
        """Tell whether a word is known, or the setting takes no words that may be new.

        Example:
            >>> Setting(words=("auto", "flex")).knows("of-tomorrow")
            False
        """
        return not self.words or not isinstance(word, str) or word in self.words

    def check(self, value: Any, *, model: str | None = None) -> Any:
        """Return the value, or raise `InvalidParameterError` if no model takes it."""
        if self.read is not None:
            return self.read(self.name, value)
        if self.type == "integer" and isinstance(value, float) and value.is_integer():
            value = int(value)
        self._check_type(value, model)
        if self.values is not None and value not in self.values:
            listed = ", ".join(repr(item) for item in self.values)
            raise InvalidParameterError(
                self.name, shown_value(value), f"give one of {listed}.", model=model
            )
        if isinstance(value, (int, float)) and self.type in {"number", "integer"}:
            self._check_range(value, model)
        return [value] if self.type == "strings" and isinstance(value, str) else value

    def _check_type(self, value: Any, model: str | None) -> None:
        is_stray = isinstance(value, bool) and self.type in {"number", "integer"}
        if is_stray or not isinstance(value, TYPES[self.type]):
            shown, accepted = shown_value(value), f"give {_WORDS[self.type]}."
            raise InvalidTypeError(self.name, shown, accepted, model=model)

    def _check_range(self, value: float, model: str | None) -> None:
        low, high = self.min, self.max
        below = low is not None and not value >= low
        if below or (high is not None and not value <= high):
            accepted = f"give {range_words(low, high)}."
            raise InvalidParameterError(self.name, value, accepted, model=model)


class Connects(NamedTuple):
    """Marks a field whose keyword is of the connection to the model's provider."""


class Shown(NamedTuple):
    """Marks a field of the constructor alone whose wrong value errors may show."""


def type_word(annotation: Any) -> str:
    """Return the word for the values that an annotation allows.

    Example:
        >>> type_word(float | None), type_word(list[str] | str | None)
        ('number', 'strings')
    """
    allowed = get_args(annotation) if get_origin(annotation) not in TYPE_FORMS else ()
    kinds = [one for one in allowed or (annotation,) if one is not NoneType]
    if {*kinds} & {list[str]}:
        return "strings"
    kind = get_origin(kinds[0]) or kinds[0]
    return _OF_CLASSES.get(kind, "any") if len(kinds) == 1 else "any"


TYPE_FORMS = (dict, list)
"""Classes whose parameters are no alternatives."""


def range_words(low: float | None, high: float | None) -> str:
    """Return a numeric range in words, for error messages."""
    if low is None:
        return f"a value of at most {high:g}"
    if high is None:
        return f"a value of at least {low:g}"
    return f"a value from {low:g} to {high:g}"


def read_timeout(name: str, value: Any) -> Any:
    """Return a timeout; a text, NaN and what is below 0 fail in the HTTP client."""
    accepted = "give seconds, 0 or more, or an httpx.Timeout."
    if isinstance(value, (int, float)) and not value >= 0:
        raise InvalidParameterError(name, shown_value(value), accepted)
    if not isinstance(value, (int, float, tuple)) and not hasattr(value, "connect"):
        raise InvalidTypeError(name, shown_value(value), accepted)
    return value


def read_retries(name: str, value: Any) -> int:
    """Return a number of attempts after the first."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidParameterError(name, value, "give 0 or more attempts.")
    return value


def read_seconds(name: str, value: Any) -> float:
    """Return a number of seconds above 0."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and math.isfinite(value) and value > 0:
        return float(value)
    raise InvalidParameterError(name, value, "give seconds, more than 0.")


def read_mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Return a setting that has to be a mapping.

    Raises:
        InvalidTypeError: If it is none.
    """
    if not isinstance(value, Mapping):
        raise InvalidTypeError(name, shown_value(value), "give a dictionary.")
    return value


def read_headers(name: str, value: Any) -> Mapping[str, Any]:
    """Return HTTP headers, if they can be sent.

    Raises:
        InvalidTypeError: If a name is no text, or a value neither text nor bytes.
        InvalidParameterError: If one has characters that headers cannot hold.
    """
    found = read_mapping(name, value)
    for key, header in found.items():
        if not isinstance(key, str):
            raise InvalidTypeError(
                name, shown_value(key), "header names must be strings."
            )
        _check_header(name, key, header)
    return found


def _check_header(name: str, key: str, value: Any) -> None:
    """Check one header; its value may be a secret and is never shown."""
    if not isinstance(value, (str, bytes)) and not _is_left_out(value):
        accepted = f"the value of {key[:40]!r} must be a string."
        raise InvalidTypeError(name, "**********", accepted)
    try:
        key.encode("ascii")
        if isinstance(value, str):
            value.encode("ascii")
    except UnicodeEncodeError as error:
        accepted = f"{key[:40]!r}: header names and values must be ASCII."
        raise invalid_as(error, name, "**********", accepted) from None


def _is_left_out(value: Any) -> bool:
    """Tell whether a value is the SDK's mark for a header that is not to be sent."""
    return type(value).__name__ == "Omit"
