"""Import statements: the new one where the old one was, the old one gone if unused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from langchain_unified.migrate.analysis import Analysis
from langchain_unified.migrate.bindings import Binding, ImportStatement
from langchain_unified.migrate.expressions import code_of
from langchain_unified.migrate.facts import NEW_CLASS, NEW_MODULE, new_name
from langchain_unified.migrate.layout import merged
from langchain_unified.migrate.uses import leftmost

CELL_BREAK = "# langchain-unified-cell-break"
"""The comment between the cells of a notebook, which are read as one module."""

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


@dataclass(slots=True)
class ImportEdit:
    """What becomes of one import statement.

    Attributes:
        new: The statement that imports what takes the place of the old names.
        gone: Indexes of the names no longer used.
    """

    new: ImportStatement
    gone: set[int] = field(default_factory=set)


def import_edits(found: Analysis) -> dict[cst.CSTNode, ImportEdit]:
    """Decide what becomes of the import statements; record it as changes."""
    edits: dict[cst.CSTNode, ImportEdit] = {}
    for binding in found.bindings:
        moved = [node for node in binding.accesses if leftmost(node) in found.moved]
        if not moved:
            continue
        new = new_import(binding, aliased=binding.local in found.aliased)
        known = edits.get(binding.statement)
        edit = edits[binding.statement] = _joined(known, new)
        stays = len(moved) < len(binding.accesses) or _is_kept(found, binding)
        if not stays:
            edit.gone.add(_names(binding.statement).index(binding.alias))
        verb = "added beside" if stays else "instead of"
        message = f"{code_of(new)} {verb} {code_of(binding.alias).rstrip(', ')}"
        found.change(binding.alias, "imports", message)
    return edits


def _joined(edit: ImportEdit | None, new: ImportStatement) -> ImportEdit:
    """Let one statement import what two names of an old statement need."""
    if edit is None:
        return ImportEdit(new)
    names = {code_of(alias).rstrip(", "): alias for alias in _names(edit.new)}
    names |= {code_of(alias).rstrip(", "): alias for alias in _names(new)}
    if len(names) == 1 or isinstance(new, cst.Import):
        return edit
    ordered = [names[name] for name in sorted(names)]
    space = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    aliases = [one.with_changes(comma=space) for one in ordered[:-1]]
    aliases.append(ordered[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT))
    return ImportEdit(edit.new.with_changes(names=aliases), edit.gone)


def _is_kept(found: Analysis, binding: Binding) -> bool:
    if binding.local in found.aliased:
        return False
    return bool({binding.local, binding.target} & found.kept)


def _names(statement: ImportStatement) -> list[cst.ImportAlias]:
    names = statement.names
    return [] if isinstance(names, cst.ImportStar) else list(names)


def new_import(binding: Binding, *, aliased: bool = False) -> ImportStatement:
    """Return the import of what takes the place of a name.

    Args:
        binding: The old name.
        aliased: Whether the new class keeps the old name.
    """
    if binding.target is None:
        return cst.Import([cst.ImportAlias(cst.Name(NEW_MODULE))])
    new = new_name(binding.target)
    alias = cst.ImportAlias(cst.Name(new))
    if (aliased or new != NEW_CLASS) and binding.local != new:
        alias = alias.with_changes(
            asname=_AS.with_changes(name=cst.Name(binding.local))
        )
    return cst.ImportFrom(module=cst.Name(NEW_MODULE), names=[alias])


_AS = cst.AsName(
    cst.Name("_"),
    whitespace_before_as=cst.SimpleWhitespace(" "),
    whitespace_after_as=cst.SimpleWhitespace(" "),
)


def without(statement: ImportStatement, gone: set[int]) -> ImportStatement | None:
    """Return an import statement without some of its names; None if none is left."""
    names = _names(statement)
    if len(gone) == len(names):
        return None
    for index in sorted(gone, reverse=True):
        _drop(names, index)
    return statement.with_changes(names=names)


def _drop(names: list[cst.ImportAlias], index: int) -> None:
    """Drop a name; the one that becomes the last ends as the last did."""
    dropped = names.pop(index)
    if index < len(names) or not names:
        return
    comma, last = dropped.comma, names[-1]
    if isinstance(comma, cst.Comma) and isinstance(last.comma, cst.Comma):
        before, after = last.comma.whitespace_after, comma.whitespace_after
        space = merged(before, after, end=after, comment=False)
        comma = comma.with_changes(whitespace_after=space)
    names[-1] = last.with_changes(comma=comma)


def edit_block(
    old: Sequence[cst.CSTNode],
    new: Sequence[Statement],
    edits: dict[cst.CSTNode, ImportEdit],
) -> list[Statement]:
    """Edit the import statements among the statements of a block.

    Args:
        old: The statements before anything was rewritten; they key the edits.
        new: The same statements now.
        edits: What becomes of the import statements.
    """
    present: set[str] = set()
    result: list[Statement] = []
    added: list[tuple[Statement, str]] = []
    for at, (before, line) in enumerate(zip(old, new, strict=True)):
        if at == 0 or _begins_cell(line):
            present = _imported(new[at:])
        edit = next((edits[s] for s in _single(before) if s in edits), None)
        lines = [line] if edit is None else _edited(line, edit, present)
        result += lines
        if edit is not None:
            old_module = _module(_single(before)[0])
            added += [(item, old_module) for item in lines if _is_new(item, edit)]
    for line, old_module in added:
        _sink(result, line, old_module)
    return result


def _imported(lines: Sequence[Statement]) -> set[str]:
    """Return what the statements up to the next cell import from this package."""
    found: set[str] = set()
    for at, line in enumerate(lines):
        if at and _begins_cell(line):
            break
        for statement in _single(line):
            if isinstance(statement, (cst.Import, cst.ImportFrom)):
                found |= set(_imports(statement))
    return found


def _imports(statement: ImportStatement) -> Iterator[str]:
    """Yield what a statement imports, each name as a statement of its own."""
    for alias in _names(statement):
        alone = [alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)]
        bare = {"lpar": None, "rpar": None} if _takes_names(statement) else {}
        yield code_of(statement.with_changes(names=alone, **bare))


def _takes_names(statement: ImportStatement) -> bool:
    return isinstance(statement, cst.ImportFrom)


def _begins_cell(line: Statement) -> bool:
    """Tell whether a notebook's cell begins: its imports must be its own."""
    comments = (empty.comment for empty in line.leading_lines)
    return any(c is not None and c.value == CELL_BREAK for c in comments)


def _single(line: cst.CSTNode) -> Sequence[cst.BaseSmallStatement]:
    """Return the statement of a line that holds just one."""
    if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
        return line.body
    return ()


def _is_new(line: Statement, edit: ImportEdit) -> bool:
    return any(code_of(statement) == code_of(edit.new) for statement in _single(line))


def _edited(line: Statement, edit: ImportEdit, present: set[str]) -> list[Statement]:
    """Return the lines that stand for one line with an import."""
    statement = _single(line)[0]
    if not isinstance(statement, (cst.Import, cst.ImportFrom)):
        return [line]
    kept = without(statement, edit.gone)
    lines = [] if kept is None else [line.with_changes(body=[kept])]
    needed = set(_imports(edit.new))
    if needed <= present and not _has_comment(line):
        return lines
    present |= needed
    if lines:
        return [*lines, cst.SimpleStatementLine([edit.new])]
    return [line.with_changes(body=[edit.new])]


def _has_comment(line: Statement) -> bool:
    return any(empty.comment for empty in line.leading_lines)


def _sink(lines: list[Statement], line: Statement, old_module: str) -> None:
    """Move a new import below those that sort between the old module and it."""
    at = next(i for i, item in enumerate(lines) if item is line)
    while at + 1 < len(lines) and _sorts_between(lines[at + 1], old_module, lines[at]):
        upper, lower = lines[at], lines[at + 1]
        lines[at] = lower.with_changes(leading_lines=upper.leading_lines)
        lines[at + 1] = upper.with_changes(leading_lines=[])
        at += 1


def _sorts_between(line: Statement, old_module: str, new: Statement) -> bool:
    if line.leading_lines:
        return False
    one, two = _single(line), _single(new)
    if not one or type(one[0]) is not type(two[0]):
        return False
    return old_module <= _module(one[0]) < _module(two[0])


def _module(statement: cst.CSTNode) -> str:
    if isinstance(statement, cst.ImportFrom):
        relative = statement.relative or statement.module is None
        return "~" if relative or not statement.module else code_of(statement.module)
    if isinstance(statement, cst.Import):
        return code_of(statement.names[0].name)
    return "~"


def edit_small(
    old: Sequence[cst.CSTNode],
    new: Sequence[cst.BaseSmallStatement],
    edits: dict[cst.CSTNode, ImportEdit],
) -> list[cst.BaseSmallStatement]:
    """Edit the import statements among statements that share a line."""
    result: list[cst.BaseSmallStatement] = []
    for before, statement in zip(old, new, strict=True):
        edit = edits.get(before)
        if edit is None or not isinstance(statement, (cst.Import, cst.ImportFrom)):
            result.append(statement)
            continue
        kept = without(statement, edit.gone)
        end = statement.semicolon if kept is None else _SEMICOLON
        result.append(edit.new.with_changes(semicolon=end))
        result += [] if kept is None else [kept]
    return result


_SEMICOLON = cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" "))
