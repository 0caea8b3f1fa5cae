"""Migrating the code of one module."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import libcst as cst

from langchain_unified.migrate.analysis import (
    Analysis,
    Rewrite,
    aliasable,
    analyse,
    renamed_names,
)
from langchain_unified.migrate.bindings import conflicts
from langchain_unified.migrate.glance import may_concern, nested_too_deeply
from langchain_unified.migrate.imports import (
    ImportEdit,
    edit_block,
    edit_small,
    import_edits,
)
from langchain_unified.migrate.mentions import report_mentions
from langchain_unified.migrate.takers import declared_names
from langchain_unified.migrate.text_models import report_text_models
from langchain_unified.migrate.types import Migration, Options, Report
from langchain_unified.migrate.uses import Names

_TOO_DEEP = "is nested too deeply"


class NotUnderstoodError(ValueError):
    """A file cannot be migrated as a whole; the message says why."""


def migrate_module(
    code: str, options: Options, *, kept: Collection[str] = ()
) -> Migration:
    """Migrate the code of a Python module.

    Args:
        code: The code.
        options: How to migrate.
        kept: Names that must stay imported, whatever their uses.

    Raises:
        NotUnderstoodError: If the code does not parse, or would not be kept as it is
            where nothing changes.
    """
    if not may_concern(code):
        return Migration(code)
    if nested_too_deeply(code):
        raise NotUnderstoodError(_TOO_DEEP)
    try:
        return _migrated(code, options, kept)
    except RecursionError:
        raise NotUnderstoodError(_TOO_DEEP) from None


def _migrated(code: str, options: Options, kept: Collection[str]) -> Migration:
    names = Names(_parsed(code))
    found = analyse(names, options)
    promised = (options.exported | declared_names(code)) - options.derived
    aliased = aliasable(found, promised)
    if aliased:
        found = analyse(names, options, aliased)
    found.kept |= set(kept)
    report_mentions(found)
    report_text_models(found)
    if found.rewrites and (taken := sorted(set(conflicts(names)))):
        reason = f"{' and '.join(taken)} already means something else in this file"
        return Migration(code, reports=(Report(1, "imports", "untouched", reason),))
    return _applied(code, found)


def _parsed(code: str) -> cst.Module:
    try:
        module = cst.parse_module(code)
    except cst.ParserSyntaxError as error:
        line = getattr(error, "raw_line", "?")
        msg = f"does not parse (line {line})"
        raise NotUnderstoodError(msg) from None
    if module.code != code:
        msg = "could not be preserved byte for byte"
        raise NotUnderstoodError(msg)
    return module


def _applied(code: str, found: Analysis) -> Migration:
    edits = import_edits(found)
    if found.rewrites or edits:
        rewriter = _Rewriter(found.rewrites, edits)
        code = found.names.module.visit(rewriter).code
        _parsed(code)
    return Migration(
        code,
        changes=tuple(sorted(set(found.changes))),
        reports=tuple(sorted(set(found.reports))),
        renamed=frozenset(renamed_names(found)),
    )


class _Rewriter(cst.CSTTransformer):
    """Applies the decisions, from the innermost node outwards."""

    def __init__(
        self,
        rewrites: dict[cst.CSTNode, Rewrite],
        edits: dict[cst.CSTNode, ImportEdit],
    ) -> None:
        super().__init__()
        self._rewrites, self._edits = rewrites, edits

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        rewrite = self._rewrites.get(original_node)
        if rewrite is not None:
            return rewrite(updated_node)
        if not self._edits:
            return updated_node
        if isinstance(original_node, (cst.Module, cst.IndentedBlock)):
            return self._with_body(original_node, updated_node, edit_block)
        if isinstance(original_node, cst.SimpleStatementSuite) or (
            isinstance(original_node, cst.SimpleStatementLine)
            and len(original_node.body) > 1
        ):
            return self._with_body(original_node, updated_node, edit_small)
        return updated_node

    def _with_body(self, old: Any, new: Any, edit: Any) -> Any:
        body: Sequence[cst.CSTNode] = old.body
        if any(s in self._edits for line in body for s in (line, *_inner(line))):
            return new.with_changes(body=edit(old.body, new.body, self._edits))
        return new


def _inner(line: cst.CSTNode) -> Sequence[cst.CSTNode]:
    return line.body if isinstance(line, cst.SimpleStatementLine) else ()
