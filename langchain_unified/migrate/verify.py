"""Importing changed modules before and after, and comparing what they offer.

A module is imported in a child process, with keys that open nothing and the emulator as
every provider, so that what it does when imported reaches nobody.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from langchain_unified.migrate.facts import NEW_MODULE, new_names, target_names
from langchain_unified.migrate.types import Verified

Verify = Literal["definitions", "all", "none"]
"""Which changed modules are imported: those that only define things, all, or none."""

SECONDS = 60.0
"""Most seconds for all modules of one side."""

_CHILD = """
import importlib, json, sys
out = open(sys.argv[1], "w", encoding="utf-8")
for path, folder, name in json.loads(sys.argv[2]):
    sys.path.insert(0, folder)
    try:
        module = importlib.import_module(name)
        said = {"names": sorted(n for n in vars(module) if not n.startswith("_"))}
    except BaseException as error:
        said = {"error": f"{type(error).__name__}: {error}"[:300]}
    finally:
        sys.path.remove(folder)
    out.write(json.dumps({"path": path, **said}) + "\\n")
    out.flush()
"""


def verified(
    codes: Mapping[Path, str], change: Callable[[], None], *, verify: Verify
) -> tuple[Verified, ...]:
    """Import modules, change them, import them again, and tell what differs.

    Args:
        codes: Code by module, before the change.
        change: Makes the change.
        verify: Which modules may be imported.

    Returns:
        One entry for each module; its `problem` is empty if all is the same.
    """
    runs = {path: _runs_code(code) for path, code in codes.items()}
    chosen = [p for p, line in runs.items() if verify == "all" or not line]
    before = _imported(chosen)
    change()
    after = _imported([path for path in chosen if "names" in before[path]])
    return tuple(
        Verified(path, _problem(before[path], after.get(path)))
        if path in before
        else Verified(path, f"not imported: line {line} runs code (--verify all does)")
        for path, line in runs.items()
    )


def _problem(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> str:
    if "names" not in before:
        return f"not imported: it could not be before: {before['error']}"
    if after is None or "names" not in after:
        error = "no answer" if after is None else after["error"]
        return f"BROKEN: imported before, not after: {error}"
    moved = {*target_names(), *new_names(), NEW_MODULE, "langchain_openai"}
    lost = sorted(set(before["names"]) - set(after["names"]) - moved)
    return f"BROKEN: no longer offers {', '.join(lost)}" if lost else ""


def _imported(paths: Sequence[Path]) -> dict[Path, dict[str, Any]]:
    """Return names or error of each module, imported in a child process."""
    found: dict[Path, dict[str, Any]] = {
        path: {"error": f"not done within {SECONDS:g} seconds"} for path in paths
    }
    if not paths:
        return found
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "said")
        jobs = [[str(path), *_module(path)] for path in paths]
        _run([sys.executable, "-c", _CHILD, str(said), json.dumps(jobs)])
        lines = said.read_text(encoding="utf-8").splitlines() if said.exists() else []
        found |= {Path(line["path"]): line for line in map(json.loads, lines)}
    return found


def _run(command: list[str]) -> None:
    from langchain_unified.testing import ProviderEmulator  # noqa: PLC0415

    with ProviderEmulator() as emulator:
        try:
            subprocess.run(  # noqa: S603 - this Python, on the user's own modules
                command,
                env={**os.environ, **dummy_environment(emulator)},
                timeout=SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            return  # what was imported by then is known


def dummy_environment(emulator: Any) -> dict[str, str]:
    """Return the variables that send every provider's calls to an emulator."""
    return {
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": emulator.openai_base_url,
        "GOOGLE_API_KEY": "none",
        "GOOGLE_GEMINI_BASE_URL": emulator.google_base_url,
        "ANTHROPIC_API_KEY": "none",
        "ANTHROPIC_BASE_URL": emulator.anthropic_base_url,
        "AZURE_OPENAI_API_KEY": "none",
        "AZURE_OPENAI_ENDPOINT": emulator.azure_endpoint,
        "OLLAMA_HOST": emulator.ollama_base_url,
        "LANGSMITH_TRACING": "false",
    }


def _module(path: Path) -> tuple[str, str]:
    """Return the folder a module is imported from, and its dotted name."""
    path = path.resolve()
    parts = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").exists():
        parts.insert(0, folder.name)
        folder = folder.parent
    return str(folder), ".".join(parts)


def _runs_code(code: str) -> int:
    """Return the line where a module does more than define things; 0 if none does."""
    return next(_running(ast.parse(code).body), 0)


_DEFINING = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Pass,
)


def _running(body: Sequence[ast.stmt]) -> Iterator[int]:
    for node in body:
        if isinstance(node, ast.If):
            if "__name__" not in ast.unparse(node.test):
                yield from _running([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            handled = [one for handler in node.handlers for one in handler.body]
            yield from _running([*node.body, *handled, *node.orelse, *node.finalbody])
        elif not isinstance(node, _DEFINING) and not _is_text(node):
            yield node.lineno


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
