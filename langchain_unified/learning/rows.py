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
_WHERE = ("provider", "base_url", "endpoint", "model", "credentials", "tenant")


class StoreError(ValueError):
    """Something in the store is not what this version writes."""


def write_rows(key: Key, lessons: Iterable[Lesson]) -> tuple[str, bytes]:
    """Return the name of a key in the store, and its lessons as bytes."""
    name = PREFIX + sha256("\n".join(key).encode()).hexdigest()[:32]
    rows = [_row(lesson) for lesson in lessons]
    return name, json.dumps({"version": VERSION, "lessons": rows}).encode()


def read_rows(data: bytes) -> list[dict[str, Any]]:
    """Return the fields of the lessons that some bytes hold.

    Raises:
        StoreError: If they are damaged, or of another version.
    """
    if not isinstance(data, bytes) or len(data) > _LARGEST:
        message = f"expected at most {_LARGEST} bytes."
        raise StoreError(message)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        message = f"a learned rule is damaged ({type(error).__name__})."
        raise StoreError(message) from error
    version = found.get("version") if isinstance(found, Mapping) else None
    if version != VERSION:
        message = f"a learned rule has version {str(version)[:20]}, not {VERSION}."
        raise StoreError(message)
    return list(_lessons(found.get("lessons")))


def _row(lesson: Lesson) -> dict[str, Any]:
    c = lesson.correction
    return {
        **lesson.key._asdict(),
        "learned": lesson.learned,
        "do": c.do,
        "parameter": c.parameter,
        "value": c.value,
        "said": c.said,
    }


def _lessons(rows: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(rows, list):
        message = "a file of learned rules holds no list of lessons."
        raise StoreError(message)
    for row in rows:
        if not isinstance(row, Mapping) or not _is_readable(row):
            message = "a learned rule has a field that this version does not know."
            raise StoreError(message)
        value = tuple(row["value"]) if isinstance(row["value"], list) else row["value"]
        correction = Correction(row["do"], row["parameter"], value, row["said"])
        where = {name: row[name] for name in _WHERE}
        yield {**where, "correction": correction, "learned": row["learned"]}


def _is_readable(row: Mapping[str, Any]) -> bool:
    texts = (*_WHERE, "learned", "do", "said")
    if not all(isinstance(row.get(name), str) for name in texts):
        return False
    if any(len(row[name]) > _LONGEST for name in texts) or row["do"] not in KINDS:
        return False
    if not {"parameter", "value"} <= row.keys():
        return False
    plain = (str, int, float, list, type(None))
    if not isinstance(row["parameter"], (str, type(None))):
        return False
    return isinstance(row["value"], plain) and _is_date(row["learned"])


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
