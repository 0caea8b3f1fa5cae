"""Names that files import from one another: their imports must stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

from langchain_unified.migrate.facts import target_homes, target_names

_IMPORT = re.compile(
    r"^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*)", re.MULTILINE
)


def exported_names(codes: Mapping[Path, str]) -> dict[Path, set[str]]:
    """Return, by file, the class names that other files import from it.

    Args:
        codes: Code by file.
    """
    found: dict[Path, set[str]] = {}
    for path, code in codes.items():
        for module, names in _imports(code):
            for home in _homes(module, path, codes):
                found.setdefault(home, set()).update(names)
    return found


def _imports(code: str) -> Iterable[tuple[str, set[str]]]:
    for match in _IMPORT.finditer(code):
        words = set(re.findall(r"\w+", match.group(2)))
        names = words & set(target_names())
        if names and match.group(1) not in target_homes():
            yield match.group(1), names


def _homes(module: str, path: Path, codes: Iterable[Path]) -> Iterable[Path]:
    """Yield the files that a module name in a file can stand for."""
    bare = module.lstrip(".")
    dots = len(module) - len(bare)
    parts = tuple(bare.split(".")) if bare else ()
    if dots:
        folder = path.parents[dots - 1] if dots <= len(path.parents) else path.parent
        parts = (*folder.parts, *parts)
    for candidate in codes:
        own = _module_parts(candidate)
        if candidate != path and own[-len(parts) :] == parts:
            yield candidate


def _module_parts(path: PurePath) -> tuple[str, ...]:
    bare = path.with_suffix("")
    return bare.parent.parts if bare.name == "__init__" else bare.parts
