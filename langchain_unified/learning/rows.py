"""Lessons as bytes in a store: versioned, and read with distrust."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from langchain_unified.learning.correction import Correction, Key, Lesson
from langchain_unified.learning.overlay import KINDS

PREFIX = "langchain-unified-learned-"
VERSION = 2
"""Raised whenever a row of this version could be misread by the one before."""

_LARGEST = 256 * 1024
_LONGEST = 2_048
_WHERE = Lesson._fields[:6]
_CHANGE = ("do", "parameter", "value", "said")


class StoreError(ValueError):
    """Something in the store is not what this version writes."""


def name_of(key: Key) -> str:
    """Return the name in the store of what is known under a key."""
    return PREFIX + sha256("\n".join(key).encode()).hexdigest()[:32]


def write_rows(lessons: Iterable[Lesson]) -> bytes:
    """Return lessons as bytes."""
    rows = [_row(lesson) for lesson in lessons]
    return json.dumps({"version": VERSION, "lessons": rows}).encode()


def read_rows(data: bytes) -> list[Lesson]:
    """Return the lessons that some bytes hold.

    Raises:
        StoreError: If they are damaged, or of another version.
    """
    if not isinstance(data, bytes) or len(data) > _LARGEST:
        message = f"expected at most {_LARGEST} bytes."
        raise StoreError(message)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        message = f"a learned rule cannot be read ({type(error).__name__})."
        raise StoreError(message) from error
    version = found.get("version") if isinstance(found, Mapping) else None
    if version != VERSION:
        message = f"a learned rule has version {str(version)[:20]}, not {VERSION}."
        raise StoreError(message)
    return list(_lessons(found.get("lessons")))


def _row(lesson: Lesson) -> dict[str, Any]:
    row, c = lesson._asdict(), lesson.correction
    del row["correction"]
    return {
        **row,
        "do": c.do,
        "parameter": c.parameter,
        "value": c.value,
        "said": c.said,
    }


def _lessons(rows: Any) -> Iterator[Lesson]:
    for row in rows if isinstance(rows, list) else [None]:
        if not isinstance(row, Mapping) or not _is_readable(row):
            message = "a learned rule has an unknown field."
            raise StoreError(message)
        value = tuple(row["value"]) if isinstance(row["value"], list) else row["value"]
        correction = Correction(row["do"], row["parameter"], value, row["said"])
        told = {name: row[name] for name in (*_WHERE, "learned")}
        yield Lesson(**told, correction=correction)


def _is_readable(row: Mapping[str, Any]) -> bool:
    texts = [row.get(name) for name in (*_WHERE, "learned", "do", "said")]
    if not all(isinstance(text, str) and len(text) <= _LONGEST for text in texts):
        return False
    plain = (str, int, float, list, type(None))
    return (
        row["do"] in KINDS
        and isinstance(row.get("parameter", 0), (str, type(None)))
        and isinstance(row.get("value", {}), plain)
        and _is_date(row["learned"])
    )


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
