"""Migrating a notebook: its code cells are one module, since names are shared."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TypeVar

import libcst as cst

from langchain_unified.migrate.glance import mentions_text_model, names_a_target
from langchain_unified.migrate.imports import CELL_BREAK
from langchain_unified.migrate.magics import is_foreign, masked, unmasked
from langchain_unified.migrate.notebook_json import Cell, read_cells, rendered
from langchain_unified.migrate.source import NotUnderstoodError, migrate_module
from langchain_unified.migrate.takers import Source
from langchain_unified.migrate.types import Change, Migration, Options, Report, place_of

_PARTS = re.compile(rf"^{CELL_BREAK}\n", re.MULTILINE)

Place = TypeVar("Place", Change, Report)


def joined_cells(code: str) -> Source:
    """Return the Python of a notebook as one module, with where each line stands.

    Raises:
        NotUnderstoodError: If the text is no notebook.
    """
    used = [c for c in _code_cells(code) if not _foreign(c) and _skipped(c) is None]
    sources = [masked(cell.source, []) for cell in used]
    return Source(_joined(sources), _places(used, sources))


def _joined(sources: list[str]) -> str:
    return "".join(f"{CELL_BREAK}\n{source}\n" for source in sources)


def migrate_notebook(code: str, options: Options) -> Migration:
    """Migrate the code cells of a notebook; everything else stays byte for byte.

    Raises:
        NotUnderstoodError: If the text is no notebook.
    """
    if not (names_a_target(code) or mentions_text_model(code)):
        return Migration(code)
    return _migrated(code, _code_cells(code), options)


def _code_cells(code: str) -> list[Cell]:
    """Return the cells of Python of a notebook."""
    try:
        cells, metadata = read_cells(code)
    except (ValueError, IndexError, TypeError) as error:
        msg = f"is not a notebook: {error}"
        raise NotUnderstoodError(msg) from None
    kernel = metadata.get("kernelspec", {}).get("language", "python")
    language = metadata.get("language_info", {}).get("name", kernel)
    if language.lower() not in {"python", "ipython"}:
        return []
    return [cell for cell in cells if cell.kind == "code"]


def _migrated(code: str, cells: list[Cell], options: Options) -> Migration:
    magics: list[str] = []
    skipped = [report for cell in cells if (report := _skipped(cell))]
    left = {report.cell for report in skipped}
    used = [cell for cell in cells if cell.number not in left and not _foreign(cell)]
    sources = [masked(cell.source, magics) for cell in used]
    kept = _unseen_names(cells, used)
    result = migrate_module(_joined(sources), options, kept=kept)
    new = [unmasked(part[:-1], magics) for part in _PARTS.split(result.code)[1:]]
    if len(new) != len(used):
        msg = "could not be split into its cells again"
        raise NotUnderstoodError(msg)
    places = _places(used, sources)
    reports = [*skipped, *_masked_reports(used), *_placed(result.reports, places)]
    changes = sorted(_placed(result.changes, places), key=place_of)
    told = tuple(sorted(reports, key=place_of))
    return Migration(_spliced(code, used, new), changes=tuple(changes), reports=told)


def _foreign(cell: Cell) -> bool:
    return is_foreign(cell.source)


def _skipped(cell: Cell) -> Report | None:
    """Report a cell that names a class but is no Python that parses."""
    if is_foreign(cell.source):
        reason = "a cell in another language"
    elif _parses(masked(cell.source, [])):
        return None
    else:
        reason = "the cell cannot be parsed"
    if not names_a_target(cell.source):
        return Report(1, "notebook", "untouched", reason, cell.number)
    return Report(1, "notebook", "untouched", f"{reason}: names a class", cell.number)


def _parses(source: str) -> bool:
    try:
        cst.parse_module(source)
    except (cst.ParserSyntaxError, RecursionError):
        return False
    return True


def _magic_lines(cell: Cell) -> list[tuple[int, str]]:
    """Return the magic lines that name a class, numbered from 1."""
    lines = enumerate(cell.source.split("\n"), 1)
    return [(n, x) for n, x in lines if names_a_target(x) and masked(x, []) != x]


def _unseen_names(cells: list[Cell], used: list[Cell]) -> set[str]:
    """Return the words of the code that is not looked into."""
    left = [c.source for c in cells if c not in used and not _foreign(c)]
    magics = [line for cell in used for _, line in _magic_lines(cell)]
    return set(re.findall(r"\w+", "\n".join([*left, *magics])))


def _masked_reports(cells: list[Cell]) -> list[Report]:
    reason = "a magic line names a class"
    return [
        Report(number, "notebook", "untouched", reason, cell.number)
        for cell in cells
        for number, _ in _magic_lines(cell)
    ]


def _places(cells: list[Cell], sources: list[str]) -> list[tuple[int, int]]:
    """Return cell number and line by line of the joined code."""
    places = [(0, 0)]
    for cell, source in zip(cells, sources, strict=True):
        lines = source.count("\n") + 1
        places += [(cell.number, line) for line in range(lines + 1)]
    return places


def _placed(items: tuple[Place, ...], places: list[tuple[int, int]]) -> list[Place]:
    return [
        replace(
            item, cell=places[item.line][0] or None, line=max(places[item.line][1], 1)
        )
        for item in items
    ]


def _spliced(code: str, cells: list[Cell], new: list[str]) -> str:
    """Put the new sources in the places of the old ones."""
    parts, at = [], 0
    for cell, source in zip(cells, new, strict=True):
        if source != cell.source:
            parts += [code[at : cell.start], rendered(code, cell, source)]
            at = cell.end
    return "".join([*parts, code[at:]])
