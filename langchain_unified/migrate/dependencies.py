"""What a migrated project must depend on, and the line that says so in its files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
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


def find_dependencies(
    root: Path, migrated: Mapping[Path, Migration]
) -> list[Dependency]:
    """Return what to add to the files that list a project's dependencies.

    A file's project is the nearest folder around it that lists any. One above the
    folder given is told, and left to be written by hand.

    Args:
        root: The folder that was migrated.
        migrated: What became of its files.
    """
    rules: dict[Path, set[str]] = {}
    for path, migration in migrated.items():
        changed = {change.rule for change in migration.changes}
        project = _project_of(path, root) if changed else None
        if project is not None:
            rules.setdefault(project, set()).update(changed)
    found = [
        _read(path, requirement(of), inside=project.is_relative_to(root))
        for project, of in sorted(rules.items())
        for path in _dependency_files(project)
    ]
    return [dependency for dependency in found if dependency is not None]


_ABOVE = 3
"""How many folders above the one given may hold its project."""


def _project_of(path: Path, root: Path) -> Path | None:
    """Return the nearest folder around a file that lists dependencies."""
    inside = [one for one in path.parents if one.is_relative_to(root)]
    above = root.resolve().parents[:_ABOVE]
    return next((one for one in (*inside, *above) if any(_dependency_files(one))), None)


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


def _read(path: Path, needed: str, *, inside: bool) -> Dependency | None:
    """Return what a file needs; `None` if it names the package already."""
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if "langchain-unified" in text.lower().replace("_", "-"):
        return None
    if path.name == "pyproject.toml":
        found = _in_pyproject(path, text, needed)
    elif path.suffix in {".txt", ".in"}:
        found = _in_requirements(path, text, needed)
    else:
        line = f"- {needed}" if path.suffix in {".yml", ".yaml"} else needed
        found = Dependency(path, line)
    return found if inside or found is None else replace(found, code=None)


def _add_to_poetry(dependencies: Any, needed: str) -> str:
    """Add a dependency to Poetry's own table and return its line."""
    name, least, extras = _taken_apart(needed)
    table = {"version": least, "extras": extras} if extras else least
    dependencies[name] = table
    return f"{name} = {tomlkit.item(table).as_string()}"


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
        line = _add_to_poetry(poetry["dependencies"], needed)
        return Dependency(path, line, tomlkit.dumps(document))
    return Dependency(path, f'"{needed}"') if project else None


def _taken_apart(needed: str) -> tuple[str, str, list[str]]:
    """Return name, version and extras of a requirement."""
    whole, _, least = needed.partition(">=")
    name, _, extras = whole.partition("[")
    named = [extra for extra in extras[:-1].split(",") if extra]
    return name, f">={least}" if least else "*", named


def _in_requirements(path: Path, text: str, needed: str) -> Dependency | None:
    if not re.search(r"^\s*langchain", text, re.MULTILINE | re.IGNORECASE):
        return None
    if "--hash" in text:
        return Dependency(path, needed)  # without a hash of its own, pip refuses all
    line = "\r\n" if "\r\n" in text else "\n"
    end = "" if text.endswith("\n") else line
    return Dependency(path, needed, f"{text}{end}{needed}{line}")
