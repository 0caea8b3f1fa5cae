"""Where a notebook's cells are in its JSON text, so that the rest stays as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import JSONDecoder
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a notebook.

    Attributes:
        number: Its number, from 1, all kinds of cells counted.
        kind: `code`, `markdown` or `raw`.
        source: Its text.
        start: Where the JSON value of `source` starts.
        end: Where it ends.
    """

    number: int
    kind: str
    source: str
    start: int
    end: int


def read_cells(text: str) -> tuple[list[Cell], dict[str, Any]]:
    """Return the cells of a notebook and its metadata.

    Raises:
        ValueError: If the text is no notebook.
    """
    top = _members(text, _skip(text, 0))
    if "cells" not in top:
        msg = "it has no cells"
        raise ValueError(msg)
    start, _ = top["cells"]
    cells = [_cell(text, i, at) for i, at in enumerate(_items(text, start), 1)]
    metadata = _value(text, top["metadata"]) if "metadata" in top else {}
    return cells, metadata if isinstance(metadata, dict) else {}


def _cell(text: str, number: int, at: int) -> Cell:
    members = _members(text, at)
    kind = _value(text, members["cell_type"]) if "cell_type" in members else "raw"
    span = members.get("source", (at, at))
    source = _value(text, span) if "source" in members else ""
    joined = source if isinstance(source, str) else "".join(source)
    return Cell(number, str(kind), joined, *span)


def _value(text: str, span: tuple[int, int]) -> Any:
    return json.loads(text[slice(*span)])


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _end(text: str, at: int) -> int:
    """Return where the JSON value at a place ends."""
    return JSONDecoder().raw_decode(text, at)[1]


def _members(text: str, at: int) -> dict[str, tuple[int, int]]:
    """Return the span of each member's value of the object at a place."""
    spans: dict[str, tuple[int, int]] = {}
    if text[at : at + 1] != "{":
        msg = "an object was expected"
        raise ValueError(msg)
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, at = JSONDecoder().raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        end = _end(text, start)
        spans[name] = (start, end)
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at
    return spans


def _items(text: str, at: int) -> Iterator[int]:
    """Yield where each item of the array at a place starts."""
    at = _skip(text, at + 1)
    while text[at] != "]":
        yield at
        at = _skip(text, _end(text, at))
        at = _skip(text, at + 1) if text[at] == "," else at


def rendered(text: str, cell: Cell, source: str) -> str:
    """Return the JSON value of a cell's new source, in the style of the old one."""
    encode = encode_basestring_ascii if text.isascii() else encode_basestring
    raw = text[cell.start : cell.end]
    if not raw.startswith("["):
        return encode(source)
    starts = list(_items(text, cell.start))
    ends = [_end(text, at) for at in starts]
    known = {
        _value(text, span): text[slice(*span)]
        for span in zip(starts, ends, strict=True)
    }
    opening = text[cell.start : starts[0]]
    between = text[ends[0] : starts[1]] if len(starts) > 1 else "," + opening[1:]
    closing = text[ends[-1] : cell.end]
    lines = source.splitlines(keepends=True)
    return opening + between.join(known.get(x) or encode(x) for x in lines) + closing
