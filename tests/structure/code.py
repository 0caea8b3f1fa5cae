"""What the code of the package shows without being run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import langchain_unified

PACKAGE = Path(langchain_unified.__file__).parent
NAME = "langchain_unified"

TOOLS = ("testing/", "cli/", "migrate/")
"""Rooms beside the product, which need to know every provider and print tables."""


@cache
def trees() -> dict[str, ast.Module]:
    """Return each file of the package, parsed, by its path in the package."""
    return {
        str(path.relative_to(PACKAGE)): ast.parse(path.read_text("utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def core() -> dict[str, ast.Module]:
    """Return the files of the product itself, without its tools."""
    return {path: tree for path, tree in trees().items() if not path.startswith(TOOLS)}


def module_of(path: str) -> str:
    """Return the dotted name of a file."""
    parts = Path(path).with_suffix("").parts
    return ".".join((NAME, *(part for part in parts if part != "__init__")))


@cache
def imports() -> dict[str, set[str]]:
    """Return which modules each module imports, lazily and for types included.

    A module also imports the packages it is in, whose faces are loaded before it. That
    is no arrow here: every package would be in a circle with all it holds.
    """
    modules = {module_of(path) for path in trees()}
    return {
        module_of(path): {
            module
            for name in _imported(tree)
            if (module := _module_in(name, modules)) and module != module_of(path)
        }
        for path, tree in trees().items()
    }


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module_in(name: str, modules: set[str]) -> str | None:
    """Return the module that a dotted name is, or stands in."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name or None


def circles() -> list[list[str]]:
    """Return the groups of modules that import each other in a loop, largest first."""
    graph = imports()
    found, seen = [], set[str]()
    reach = {name: _reachable(graph, name) for name in graph}
    for name in graph:
        if name in seen or name not in reach[name]:
            continue
        group = sorted(other for other in reach[name] if name in reach[other])
        seen.update(group)
        found.append(group)
    return sorted(found, key=len, reverse=True)


def _reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """Return what a module imports, directly or through others."""
    found: set[str] = set()
    open_ = [start]
    while open_:
        for name in graph.get(open_.pop(), ()):
            if name not in found:
                found.add(name)
                open_.append(name)
    return found


def functions() -> list[tuple[int, str]]:
    """Return the lines of each function with its place, shortest first."""
    return sorted(
        (node.end_lineno - node.lineno + 1, f"{path}:{node.name}")
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno is not None
    )
