"""The import contract: one direction, and each SDK only in its shim."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import langchain_unified

ROOT = Path(langchain_unified.__file__).parent
PACKAGE = "langchain_unified"

LAYERS = (
    {"cli", "migrate", "compat", "otel"},
    {"service", "factory"},
    {"chat_model"},
    {"drop_in"},
    {"rollout"},
    {"runner"},
    {"planning", "structured"},
    {"answer_errors", "call", "answers"},
    {"wiring"},
    {"choice", "discovery", "providers", "scoping"},
    {"shims"},
    {
        "planner",
        "registry",
        "history",
        "connection",
        "stopping",
    },
    {"toolforms"},
    {"learning"},
    {"content", "display", "cost", "list_prices"},
    {"schemas", "servers", "settings", "wires"},
    {"data", "transport"},
    {"reliability", "finish"},
    {"types"},
    {
        "clients",
        "environment",
        "errors",
        "exports",
        "runtime",
        "given",
        "versions",
    },
)
"""From the top: a room may import from rooms below it, and from its own row."""

FREE = {"testing", "__init__"}
"""The emulator stands alone; the package's face loads everything lazily."""

SDKS = {
    "openai": "shims",
    "langchain_openai": "shims",
    "google": "shims",
    "langchain_google_genai": "shims",
    "anthropic": "shims",
    "langchain_anthropic": "shims",
    "ollama": "shims",
    "langchain_ollama": "shims",
}
"""The only room that may import a provider's SDK."""


def _modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py"))


def _room(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def _imports(path: Path) -> set[str]:
    """Return what a module imports when it is loaded; lazy imports are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _level(room: str) -> int:
    return next(i for i, rooms in enumerate(LAYERS) if room in rooms)


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downwards(path: Path) -> None:
    """A room imports only from rooms below it, so that each can be read alone."""
    room = _room(path)
    if room in FREE:
        return
    upwards = [
        name
        for name in _imports(path)
        if name.startswith(f"{PACKAGE}.")
        and name.split(".")[1] not in FREE
        and name.split(".")[1] != room
        and _level(name.split(".")[1]) < _level(room)
    ]

    assert [] == upwards


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_sdks_are_imported_in_shims_only(path: Path) -> None:
    """A provider's SDK is imported inside `shims` only; nothing else loads it."""
    room = _room(path)
    found = [
        name for name in _imports(path) if SDKS.get(name.split(".")[0], room) != room
    ]

    assert [] == found


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_emulator_stands_alone(path: Path) -> None:
    """The emulator and the package import nothing of each other."""
    if path.name == "conformance.py":
        return  # tests of a provider's package, on the public face of this one
    own = _room(path) == "testing"
    names = [n for n in _imports(path) if n.startswith(f"{PACKAGE}.")]
    crossing = [n for n in names if (n.split(".")[1] == "testing") != own]

    assert [] == crossing


def test_the_planner_is_pure() -> None:
    """The planner imports no clock, network, log or client."""
    impure = {"logging", "time", "datetime", "os", "socket", "httpx", "random"}
    found = {
        name.split(".")[0]
        for path in (ROOT / "planner").glob("*.py")
        for name in _imports(path)
    }

    assert set() == found & impure
