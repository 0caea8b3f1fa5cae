"""Names that have one place: those of providers, and private ones of other packages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.structure.code import core, trees

WIRES = ("anthropic", "azure", "gemini", "google", "ollama")
"""Words that only a provider's folder and data need to know."""

SEAMS = frozenset(
    {
        "shims/anthropic/delegate.py",
        "shims/core_seam.py",
        "shims/google_genai/delegate.py",
        "shims/google_genai/seam.py",
        "shims/ollama/delegate.py",
        "shims/openai/delegate.py",
    }
)
"""Files that may reach for private names of other packages; see `test_seams`."""

_PRIVATE = re.compile(r"_[a-zA-Z]\w*")
_OF_TUPLES = frozenset({"_asdict", "_fields", "_make", "_replace"})


def provider_names() -> dict[str, list[str]]:
    """Return, by word, the files outside the provider's folder whose code has it."""
    return {
        word: [path for path, tree in core().items() if _tells(word, path, tree)]
        for word in WIRES
    }


def _tells(word: str, path: str, tree: ast.Module) -> bool:
    if path.startswith("shims/") and word in path:
        return False
    if word in {"gemini", "google"} and path.startswith("shims/google"):
        return False
    return any(word in text.lower() for text in _words(tree))


def _words(tree: ast.Module) -> Iterator[str]:
    """Yield the names and texts of code; docstrings and comments are prose."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in prose:
                yield node.value
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        else:
            for name in ("id", "attr", "arg", "name"):
                found = getattr(node, name, None)
                if isinstance(found, str):
                    yield found


def foreign_private_names() -> list[tuple[str, str]]:
    """Return file and name where one of another package is reached for."""
    own = {name for tree in trees().values() for name in _given(tree)}
    return sorted(
        (path, name)
        for path, tree in trees().items()
        if path not in SEAMS
        for name in set(_reached(tree))
        if _PRIVATE.fullmatch(name) and name not in own | _OF_TUPLES
    )


def _given(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a file gives to something of its own."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Attribute, ast.Name)):
            if isinstance(node.ctx, ast.Store):
                yield node.attr if isinstance(node, ast.Attribute) else node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Assign) and _names(node.targets, "__slots__"):
            yield from ast.literal_eval(node.value)


def _names(targets: list[ast.expr], name: str) -> bool:
    return any(getattr(target, "id", "") == name for target in targets)


def _reached(tree: ast.Module) -> Iterator[str]:
    """Yield each name that a file takes from something else."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
            yield from (node.module or "").split(".")
        elif isinstance(node, ast.Attribute):
            yield node.attr
