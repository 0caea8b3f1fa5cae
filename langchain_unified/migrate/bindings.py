"""The imports that bind the classes, and every access to what they bind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst
from libcst import metadata

from langchain_unified.migrate.expressions import code_of
from langchain_unified.migrate.facts import NEW_CLASS, NEW_MODULE, targets
from langchain_unified.migrate.uses import Names

ImportStatement = cst.Import | cst.ImportFrom


@dataclass(eq=False, slots=True)
class Binding:
    """One name of one import statement.

    Attributes:
        statement: The import statement.
        alias: The name in it.
        local: What it is called in the code.
        target: The class it is, or None for a module.
        rule: The rule of the class, or None for a module.
        accesses: Every access to it.
    """

    statement: ImportStatement
    alias: cst.ImportAlias
    local: str
    target: str | None
    rule: str | None = None
    accesses: set[cst.CSTNode] = field(default_factory=set)


def find_bindings(names: Names) -> list[Binding]:
    """Return the bindings of a module that can lead to a class."""
    found: dict[cst.ImportAlias, Binding] = {}
    for assignment in names.bindings():
        alias = _alias_of(assignment)
        if alias is None:
            continue
        binding = found.get(alias) or _binding(names, assignment, alias)
        found[alias] = binding
        binding.accesses |= {access.node for access in assignment.references}
    return sorted(found.values(), key=lambda b: names.line(b.alias))


def _binding(
    names: Names, assignment: metadata.ImportAssignment, alias: cst.ImportAlias
) -> Binding:
    statement = assignment.node
    if not isinstance(statement, (cst.Import, cst.ImportFrom)):
        raise TypeError(statement)
    imported = names.imported(assignment)
    name = next((name for name in sorted(imported) if name in targets()), "")
    target = name.rpartition(".")[2] or None
    return Binding(statement, alias, local_name(alias), target, targets().get(name))


def _alias_of(assignment: metadata.ImportAssignment) -> cst.ImportAlias | None:
    statement = assignment.node
    if isinstance(statement, (cst.Import, cst.ImportFrom)) and not isinstance(
        statement.names, cst.ImportStar
    ):
        for alias in statement.names:
            local = local_name(alias)
            if local == assignment.name or local.startswith(f"{assignment.name}."):
                return alias
    return None


def local_name(alias: cst.ImportAlias) -> str:
    """Return what an import's name is called in the code; may be dotted."""
    if alias.asname is not None:
        return code_of(alias.asname.name)
    return code_of(alias.name)


def conflicts(names: Names) -> Iterator[str]:
    """Yield the new names that a module already uses for something else."""
    for scope in names.all_scopes():
        for assignment in scope.assignments:
            if assignment.name not in {NEW_CLASS, NEW_MODULE}:
                continue
            if isinstance(assignment, metadata.BuiltinAssignment):
                continue
            if not isinstance(assignment, metadata.ImportAssignment) or not any(
                name.split(".")[0] == NEW_MODULE for name in names.imported(assignment)
            ):
                yield assignment.name
