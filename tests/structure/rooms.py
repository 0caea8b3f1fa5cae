"""The rooms of the package, and which imports which.

A room is a folder of the package or a file beside the folders; in `shims` each provider
has a room of its own. Imports inside functions and for types count.
"""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path

from tests.structure.code import NAME, imports

MAP = Path(__file__).with_name("map.txt")
"""The map as it was reviewed last."""

HEAD = """\
The rooms of langchain_unified from the top down, and what each of them imports, inside
functions and for types included. A room imports only what stands below it. Written by
UPDATE=1 python -m pytest tests/unit_tests/test_architecture.py, to be read in a review.
"""
_WIDTH = 88
FACE = "__init__"
"""The package's own face, which loads everything at its first use."""


def room_of(module: str) -> str:
    """Return the room that a module stands in.

    Example:
        >>> room_of("langchain_unified.shims.openai.delegate")
        'shims.openai'
        >>> room_of("langchain_unified.planner.draft"), room_of("langchain_unified")
        ('planner', '__init__')
    """
    parts = module.removeprefix(NAME).strip(".").split(".")
    deep = 2 if parts[0] == "shims" else 1
    return ".".join(parts[:deep]) or FACE


@cache
def arrows() -> dict[str, frozenset[str]]:
    """Return the rooms that each room imports."""
    found: dict[str, set[str]] = {}
    for module, imported in imports().items():
        room = room_of(module)
        others = {room_of(one) for one in imported} - {room}
        found.setdefault(room, set()).update(others)
    return {room: frozenset(others) for room, others in found.items()}


def layers() -> list[list[str]]:
    """Return the rooms from the top down: each imports from later layers only.

    Raises:
        ValueError: If rooms import each other in a circle.
    """
    left, found = dict(arrows()), list[list[str]]()
    while left:
        lowest = sorted(room for room, others in left.items() if not others & {*left})
        if not lowest:
            message = f"these rooms stand in a circle: {', '.join(sorted(left))}"
            raise ValueError(message)
        found.append(lowest)
        for room in lowest:
            del left[room]
    return found[::-1]


def drawn() -> str:
    """Return the map: a layer a paragraph, a room a line."""
    return "\n".join([HEAD, *("\n".join(map(_line, layer)) for layer in _spaced())])


def _spaced() -> list[list[str]]:
    return [[*layer, ""] for layer in layers()]


def _line(room: str) -> str:
    if not room:
        return ""
    listed = " ".join(sorted(arrows()[room])) or "nothing"
    return textwrap.fill(f"{room}: {listed}", _WIDTH, subsequent_indent="    ")
