"""Mutable things that live as long as the process."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.structure.code import trees

RUNTIME = "runtime.py"
"""The one file that may keep state of the process."""

_HOLDERS = frozenset(
    {
        "Bounded",
        "ContextVar",
        "Lock",
        "PlanCache",
        "RLock",
        "WeakKeyDictionary",
        "WeakSet",
        "WeakValueDictionary",
        "local",
    }
)
"""Classes made to be changed."""

_CHANGING = frozenset(
    {
        "add",
        "append",
        "clear",
        "discard",
        "extend",
        "move_to_end",
        "pop",
        "popitem",
        "remove",
        "setdefault",
        "update",
    }
)


def mutable_globals() -> list[tuple[str, str]]:
    """Return file and name of each module global that is changed while running.

    The emulator runs in a process of the tests and keeps what it likes.
    """
    return sorted(
        (path, name)
        for path, tree in trees().items()
        if path != RUNTIME and not path.startswith("testing/")
        for name in _changed(tree)
    )


def memoized() -> list[tuple[str, str]]:
    """Return file and name of each function that keeps its results for the process."""
    return sorted(
        (path, node.name)
        for path, tree in trees().items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any("cache" in ast.unparse(one) for one in node.decorator_list)
    )


def _changed(tree: ast.Module) -> set[str]:
    held = dict(_globals(tree))
    found = {name for name, value in held.items() if _holds(value)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            found.update(node.names)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            found.add(_name(node.value))
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _CHANGING
        ):
            found.add(_name(node.func.value))
    return found & (held.keys() - _locals(tree))


def _globals(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else ()
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and node.value is not None:
                yield target.id, node.value


def _locals(tree: ast.Module) -> set[str]:
    """Return names that functions give to things of their own."""
    return {
        node.id
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    } - {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Global)
        for name in node.names
    }


def _holds(value: ast.expr) -> bool:
    """Tell whether a global is an instance of a class made to be changed."""
    if isinstance(value, ast.Attribute):
        value = value.value
    return isinstance(value, ast.Call) and _name(value.func) in _HOLDERS


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
