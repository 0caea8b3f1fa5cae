"""Kinds of schemas that people ask for, each with an answer of a model."""

from __future__ import annotations

import enum
import typing
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, Optional, TypeVar

import typing_extensions
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, RootModel

# Optional[...] is what people write, and what langchain's own examples have.
# ruff: noqa: UP045

Item = TypeVar("Item")


class Color(enum.Enum):
    """A color."""

    RED = "red"
    BLUE = "blue"


class Scores(BaseModel):
    """Points by name."""

    by_name: dict[str, int]


class Nested(BaseModel):
    """Points by game and name."""

    by_game: dict[str, dict[str, int]]


class OptionalMap(BaseModel):
    """Points that may be missing."""

    by_name: Optional[dict[str, int]] = None


class Rows(BaseModel):
    """Rows of a table."""

    rows: list[dict[str, Any]]


class Anything(BaseModel):
    """A value of any kind."""

    value: Any


class Pair(BaseModel):
    """Two of a kind."""

    pair: tuple[int, int]


class Mixed(BaseModel):
    """Two of different kinds."""

    pair: tuple[int, str]


class Tags(BaseModel):
    """Tags."""

    tags: set[str]


class Choices(BaseModel):
    """Words and numbers."""

    word: Literal["good", "bad"]
    stars: Literal[1, 2, 3]
    mixed: Literal["none", 0] | None


class Colors(BaseModel):
    """Colors."""

    color: Color


class Constant(BaseModel):
    """Always the same."""

    version: Literal[1]


class Card(BaseModel):
    """A payment by card."""

    kind: Literal["card"]
    number: str


class Transfer(BaseModel):
    """A payment by transfer."""

    kind: Literal["transfer"]
    iban: str


class Order(BaseModel):
    """An order."""

    payment: Annotated[Card | Transfer, Field(discriminator="kind")]


class Plain(BaseModel):
    """A payment."""

    payment: Card | Transfer | int


class Tree(BaseModel):
    """A tree."""

    label: str
    children: list[Tree] = []


class Person(BaseModel):
    """A person."""

    name: str
    nickname: Optional[str] = None
    age: int = 30


class Needed(BaseModel):
    """A value that must be given and may be null."""

    nickname: Optional[str]


class Aliased(BaseModel):
    """Keys of another spelling."""

    model_config = ConfigDict(populate_by_name=True)
    first_name: str = Field(alias="firstName")


class Limits(BaseModel):
    """Limits."""

    count: int = Field(gt=0, le=10)
    share: float = Field(gt=0, lt=1)
    name: str = Field(min_length=1, max_length=20, pattern="^[a-z]+$")
    few: list[int] = Field(min_length=2, max_length=3)


class Formats(BaseModel):
    """Formats."""

    day: date
    wait: timedelta
    page: AnyUrl
    data: bytes


class Price(BaseModel):
    """A price."""

    amount: Decimal


class Box(BaseModel, Generic[Item]):
    """A box."""

    item: Item


class Empty(BaseModel):
    """Nothing to fill in."""


class Open(BaseModel):
    """Other keys are welcome."""

    model_config = ConfigDict(extra="allow")
    name: str


class Place(typing_extensions.TypedDict):
    """A place."""

    name: str
    country: typing_extensions.NotRequired[str]


class Old(typing.TypedDict):
    """A place."""

    name: Annotated[str, ..., "Its name"]


@dataclass
class Point:
    """A point."""

    x: int
    labels: list[str] = field(default_factory=list)


class Kind(typing.NamedTuple):
    """A kind of schema.

    Attributes:
        name: What it is, in the table.
        target: What is given to `with_structured_output`.
        answer: The JSON value a model answers with.
    """

    name: str
    target: Any
    answer: Any


EITHER = {
    "title": "attach",
    "type": "object",
    "anyOf": [
        {"properties": {"content": {"type": "string"}}, "required": ["content"]},
        {"properties": {"address": {"type": "string"}}, "required": ["address"]},
    ],
}
PATTERNS = {
    "title": "headers",
    "type": "object",
    "patternProperties": {"^x-": {"type": "string"}},
    "additionalProperties": False,
}
CONDITION = {
    "title": "form",
    "type": "object",
    "properties": {"kind": {"type": "string"}, "note": {"type": "string"}},
    "required": ["kind"],
    "if": {"properties": {"kind": {"const": "other"}}},
    "then": {"required": ["note"]},
}
PARTS = {
    "title": "whole",
    "allOf": [
        {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
        {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"]},
    ],
}
_REFERRED = {
    "title": "answer",
    "$ref": "#/definitions/Inner",
    "definitions": {
        "Inner": {"type": "object", "properties": {"a": {"type": "integer"}}}
    },
}
_LONG = {
    "title": "x" * 80,
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
}
_CARD = {"kind": "card", "number": "4111"}
_FORMATS = {
    "day": "2026-11-27",
    "wait": "PT1H",
    "page": "https://example.com/",
    "data": "abc",
}
_LIMITS = {"count": 3, "share": 0.5, "name": "ann", "few": [1, 2]}
_TREE = {"label": "a", "children": [{"label": "b", "children": []}]}

KINDS = (
    Kind("dict of integers", Scores, {"by_name": {"ann": 3}}),
    Kind("dict of dicts", Nested, {"by_game": {"chess": {"ann": 3}}}),
    Kind("optional dict", OptionalMap, {"by_name": {"ann": 3}}),
    Kind("list of dicts", Rows, {"rows": [{"a": 1, "b": "x"}]}),
    Kind("any value", Anything, {"value": [1, "a"]}),
    Kind("tuple of one kind", Pair, {"pair": [1, 2]}),
    Kind("tuple of two kinds", Mixed, {"pair": [1, "a"]}),
    Kind("set", Tags, {"tags": ["a"]}),
    Kind("Literal", Choices, {"word": "good", "stars": 3, "mixed": None}),
    Kind("Enum", Colors, {"color": "red"}),
    Kind("constant", Constant, {"version": 1}),
    Kind("discriminated union", Order, {"payment": _CARD}),
    Kind("plain union", Plain, {"payment": 3}),
    Kind("recursion", Tree, _TREE),
    Kind("$ref at the root", _REFERRED, {"a": 1}),
    Kind("optional, defaults", Person, {"name": "Ann"}),
    Kind("null, required", Needed, {"nickname": None}),
    Kind("alias", Aliased, {"firstName": "Ann"}),
    Kind("constraints", Limits, _LIMITS),
    Kind("date, duration, URL, bytes", Formats, _FORMATS),
    Kind("Decimal", Price, {"amount": 1.5}),
    Kind("generic class", Box[int], {"item": 3}),
    Kind("long name", _LONG, {"a": 1}),
    Kind("no keys", Empty, {}),
    Kind("further keys", Open, {"name": "Ann", "more": 1}),
    Kind("list at the root", RootModel[list[str]], ["a"]),
    Kind("list[int]", list[int], [1, 2]),
    Kind("Enum at the root", Color, "red"),
    Kind("union at the root", Card | Transfer, _CARD),
    Kind("TypedDict, NotRequired", Place, {"name": "Rome"}),
    Kind("TypedDict of typing", Old, {"name": "Rome"}),
    Kind("dataclass", Point, {"x": 1, "labels": ["a"]}),
    Kind("schema: anyOf of keys", EITHER, {"content": "a"}),
    Kind("schema: patternProperties", PATTERNS, {"x-a": "b"}),
    Kind("schema: if and then", CONDITION, {"kind": "other", "note": "a"}),
    Kind("schema: allOf", PARTS, {"a": 1, "b": "c"}),
)
