"""What a migrated project must depend on, and the line that says so in its files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from langchain_unified.migrate.facts import facts
from langchain_unified.migrate.types import Dependency, Migration

_NAME = "langchain-unified"
_FILES = (
    "pyproject.toml",
    "requirements*.txt",
    "requirements/*.txt",
    "requirements*.in",
    "environment.y*ml",
    "Pipfile",
    "setup.cfg",
    "setup.py",
)


def find_dependencies(root: Path, migrations: Iterable[Migration]) -> list[Dependency]:
    """Return what to add to the files that list a project's dependencies.

    Args:
        root: The project's folder.
        migrations: What became of its files.
    """
    rules = {change.rule for m in migrations for change in m.changes}
    if not rules:
        return []
    needed = requirement(rules)
    found = [_read(path, needed) for path in _dependency_files(root)]
    return [dependency for dependency in found if dependency is not None]


def requirement(rules: Iterable[str]) -> str:
    """Return this package as a requirement, with the extras that rules need.

    Example:
        >>> requirement(["openai", "anthropic"]).partition(">")[0]
        'langchain-unified[anthropic]'
    """
    extras = sorted(set(rules) & set(facts()["files"]["extras"]))
    named = f"[{','.join(extras)}]" if extras else ""
    try:
        return f"{_NAME}{named}>={version(_NAME)}"
    except PackageNotFoundError:
        return f"{_NAME}{named}"


def _dependency_files(root: Path) -> Iterator[Path]:
    for pattern in _FILES:
        yield from sorted(path for path in root.glob(pattern) if path.is_file())


def _read(path: Path, needed: str) -> Dependency | None:
    """Return what a file needs; `None` if it names the package already."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if "langchain-unified" in text.lower().replace("_", "-"):
        return None
    if path.name == "pyproject.toml":
        return _in_pyproject(path, text, needed)
    if path.suffix in {".txt", ".in"}:
        return _in_requirements(path, text, needed)
    quoted = f"- {needed}" if path.suffix in {".yml", ".yaml"} else needed
    return Dependency(path, quoted)


def _in_pyproject(path: Path, text: str, needed: str) -> Dependency | None:
    """Add to the dependencies of the project, or of Poetry's own table."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError:
        return None
    project: Any = document.get("project", {})
    poetry: Any = document.get("tool", {}).get("poetry", {})
    if "dependencies" in project:
        project["dependencies"].append(needed)
        return Dependency(path, f'"{needed}"', tomlkit.dumps(document))
    if "dependencies" in poetry:
        name, least, extras = _taken_apart(needed)
        table = {"version": least, "extras": extras} if extras else least
        poetry["dependencies"][name] = table
        line = f"{name} = {tomlkit.item(table).as_string()}"
        return Dependency(path, line, tomlkit.dumps(document))
    return Dependency(path, f'"{needed}"') if project else None


def _taken_apart(needed: str) -> tuple[str, str, list[str]]:
    """Return name, version and extras of a requirement."""
    whole, _, least = needed.partition(">=")
    name, _, extras = whole.partition("[")
    return (
        name,
        f">={least}" if least else "*",
        [e for e in extras[:-1].split(",") if e],
    )


def _in_requirements(path: Path, text: str, needed: str) -> Dependency | None:
    if not re.search(r"^\s*langchain", text, re.MULTILINE):
        return None
    end = "" if not text or text.endswith("\n") else "\n"
    return Dependency(path, needed, f"{text}{end}{needed}\n")


def told(dependencies: Sequence[Dependency], needed: str) -> Iterator[str]:
    """Yield the lines of a report about what to depend on."""
    if not dependencies:
        yield f"The code now needs: pip install '{needed}'"
    for dependency in dependencies:
        yield f"Add to {dependency.path}: {dependency.line}"
