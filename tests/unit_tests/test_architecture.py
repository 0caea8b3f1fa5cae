"""The import contract: one direction, each SDK in its shim only, and a map of it all.

Imports inside functions and for types count as any other.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable

import pytest

from tests.structure import code, rooms

UPDATE = os.environ.get("UPDATE") == "1"

TOOLS = {"cli", "migrate", "testing", rooms.FACE}

FORBIDDEN: dict[str, Callable[[], tuple[set[str], set[str]]]] = {
    "the core knows no tool": lambda: (set(rooms.arrows()) - TOOLS, {"cli", "migrate"}),
    "the emulator shares nothing with what it tests": lambda: (
        set(rooms.arrows()) - {"cli", "migrate"},
        {"testing"},
    ),
    "what is handed to the core is not known by it": lambda: (
        set(rooms.arrows()) - TOOLS - {"compat"},
        {"discovery", "service", "compat", "otel", "factory"},
    ),
    "the registry knows no network and no model": lambda: (
        {"registry", "data", "settings"},
        {"transport", "shims", "discovery", "chat_model", "planner"},
    ),
    "the planner sees no client, no server and no shim": lambda: (
        {"planner", "schemas", "wires", "history"},
        {"connection", "shims", "registry", "runner", "learning"},
    ),
    "a shim decides nothing": lambda: (
        {room for room in rooms.arrows() if room.startswith("shims")},
        {"runner", "chat_model", "choice"},
    ),
    "values that travel know nobody": lambda: (
        {"types", "errors", "exports"},
        set(rooms.arrows()) - {"types", "errors", "versions"},
    ),
}
"""By its reason: rooms, and those that none of them may import."""

SDKS = {
    "anthropic",
    "google",
    "langchain_anthropic",
    "langchain_google_genai",
    "langchain_ollama",
    "langchain_openai",
    "ollama",
    "openai",
}
"""Packages of providers, which only their shims import."""


def test_the_map_is_as_it_was_reviewed() -> None:
    """A new arrow between rooms shows in the map; `UPDATE=1` writes it for review."""
    if UPDATE:
        rooms.MAP.write_text(rooms.drawn(), encoding="utf-8")

    assert rooms.MAP.read_text(encoding="utf-8") == rooms.drawn()


def test_imports_point_downwards() -> None:
    """Each room imports only what stands below it, so that each can be read alone."""
    above: set[str] = set()
    for layer in rooms.layers():
        above |= set(layer)
        upwards = {room: rooms.arrows()[room] & above for room in layer}

        assert dict.fromkeys(layer, frozenset()) == upwards


def test_no_module_stands_in_a_circle() -> None:
    """Files do not import each other in a loop, within a room either."""
    assert [] == code.circles()


@pytest.mark.parametrize("reason", FORBIDDEN)
def test_what_may_not_be_imported(reason: str) -> None:
    """Each rule of the design holds, by its reason."""
    some, others = FORBIDDEN[reason]()
    found = sorted(
        f"{room} imports {other}"
        for room in some
        for other in rooms.arrows().get(room, ())
        if other in others or other.partition(".")[0] in others
        if not (room.startswith("shims") and other.startswith("shims"))
    )

    assert [] == found


def test_providers_do_not_know_each_other() -> None:
    """A provider's folder is its own; Azure's and the rollback's lean on OpenAI's."""
    paths = code.trees()
    folders = {room for room in rooms.arrows() if f"shims/{room[6:]}/shim.py" in paths}
    found = {
        (room, other)
        for room in folders
        for other in rooms.arrows()[room] & folders
        if other != "shims.openai"
    }

    assert set() == found


def test_sdks_are_imported_in_shims_only() -> None:
    """A provider's SDK is imported inside its shim only; nothing else loads it."""
    found = {
        (path, name)
        for path in code.trees()
        for name in _imported(code.trees()[path])
        if name.partition(".")[0] in SDKS and not path.startswith("shims/")
    }

    assert set() == found


def test_the_planner_is_pure() -> None:
    """The planner, and each provider's part of it, imports no clock, network or log."""
    impure = {"logging", "time", "datetime", "os", "socket", "httpx", "random"}
    pure = [p for p in code.trees() if p.startswith(("planner/", "schemas/"))]
    pure += [
        p for p in code.trees() if p.startswith("shims/") and p.endswith("/wire.py")
    ]
    found = {
        (path, name.partition(".")[0])
        for path in pure
        for name in _imported(code.trees()[path])
    }

    assert set() == {one for one in found if one[1] in impure}


def _imported(tree: ast.Module) -> list[str]:
    """Return what a file imports, wherever it does."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found
