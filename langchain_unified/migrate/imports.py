"""Import statements: the new one where the old one was, the old one gone if unused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst

from langchain_unified.migrate.analysis import Analysis
from langchain_unified.migrate.bindings import Binding, ImportStatement
from langchain_unified.migrate.expressions import code_of
from langchain_unified.migrate.facts import NEW_CLASS, NEW_MODULE
from langchain_unified.migrate.layout import merged
from langchain_unified.migrate.uses import leftmost

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


@dataclass(slots=True)
class ImportEdit:
    """What becomes of one import statement.

    Attributes:
        gone: Indexes of the names no longer used.
        dotted: Whether `import langchain_unified` is needed instead of the class.
    """

    dotted: bool
    gone: set[int] = field(default_factory=set)


def import_edits(found: Analysis) -> dict[cst.CSTNode, ImportEdit]:
    """Decide what becomes of the import statements; record it as changes."""
    edits: dict[cst.CSTNode, ImportEdit] = {}
    for binding in found.bindings:
        moved = [node for node in binding.accesses if leftmost(node) in found.moved]
        if not moved:
            continue
        edit = edits.setdefault(binding.statement, ImportEdit(binding.target is None))
        stays = len(moved) < len(binding.accesses) or _is_kept(found, binding)
        if not stays:
            edit.gone.add(_names(binding.statement).index(binding.alias))
        new = code_of(new_import(dotted=edit.dotted))
        verb = "added beside" if stays else "instead of"
        message = f"{new} {verb} {code_of(binding.alias).rstrip(', ')}"
        found.change(binding.alias, "imports", message)
    return edits


def _is_kept(found: Analysis, binding: Binding) -> bool:
    return bool({binding.local, binding.target} & found.kept)


def _names(statement: ImportStatement) -> list[cst.ImportAlias]:
    names = statement.names
    return [] if isinstance(names, cst.ImportStar) else list(names)


def new_import(*, dotted: bool) -> ImportStatement:
    """Return the import of the new class, or of its package."""
    if dotted:
        return cst.Import([cst.ImportAlias(cst.Name(NEW_MODULE))])
    alias = cst.ImportAlias(cst.Name(NEW_CLASS))
    return cst.ImportFrom(module=cst.Name(NEW_MODULE), names=[alias])


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
    present = {code_of(s) for line in new for s in _single(line)}
    result: list[Statement] = []
    added: list[tuple[Statement, str]] = []
    for before, line in zip(old, new, strict=True):
        edit = next((edits[s] for s in _single(before) if s in edits), None)
        lines = [line] if edit is None else _edited(line, edit, present)
        result += lines
        if edit is not None:
            old_module = _module(_single(before)[0])
            added += [(item, old_module) for item in lines if _is_new(item)]
    for line, old_module in added:
        _sink(result, line, old_module)
    return result


def _single(line: cst.CSTNode) -> Sequence[cst.BaseSmallStatement]:
    """Return the statement of a line that holds just one."""
    if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
        return line.body
    return ()


def _is_new(line: Statement) -> bool:
    news = {code_of(new_import(dotted=dotted)) for dotted in (True, False)}
    return any(code_of(statement) in news for statement in _single(line))


def _edited(line: Statement, edit: ImportEdit, present: set[str]) -> list[Statement]:
    """Return the lines that stand for one line with an import."""
    statement = _single(line)[0]
    if not isinstance(statement, (cst.Import, cst.ImportFrom)):
        return [line]
    kept = without(statement, edit.gone)
    new = new_import(dotted=edit.dotted)
    lines = [] if kept is None else [line.with_changes(body=[kept])]
    if code_of(new) in present and not _has_comment(line):
        return lines
    present.add(code_of(new))
    if lines:
        return [*lines, cst.SimpleStatementLine([new])]
    return [line.with_changes(body=[new])]


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
        added = new_import(dotted=edit.dotted)
        if kept is None:
            result.append(added.with_changes(semicolon=statement.semicolon))
        else:
            space = cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" "))
            result += [added.with_changes(semicolon=space), kept]
    return result
