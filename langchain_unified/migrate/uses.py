"""Where the classes are used: the names really bound to them, and in what place."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import libcst as cst
from libcst import metadata

from langchain_unified.migrate.expressions import code_of
from langchain_unified.migrate.facts import (
    NEW_CLASS,
    NEW_MODULE,
    is_class,
    target_homes,
    targets,
)

Scope = metadata.Scope

_TYPING = ("typing.", "typing_extensions.")


@dataclass(frozen=True, eq=False, slots=True)
class Use:
    """One use of a class.

    Attributes:
        node: The name, `ChatOpenAI` or `langchain_openai.ChatOpenAI`.
        rule: The rule of the class.
        dotted: Whether the name is reached through an imported module.
    """

    node: cst.Name | cst.Attribute
    rule: str
    dotted: bool

    def new_name(self) -> cst.Name | cst.Attribute:
        """Return what stands in its place; a function of the same name keeps it."""
        old = code_of(self.node).rpartition(".")[2]
        new = cst.Name(NEW_CLASS if is_class(self.rule) else old)
        return cst.Attribute(cst.Name(NEW_MODULE), new) if self.dotted else new


class Names:
    """A module's names, resolved.

    Args:
        module: The module.
    """

    def __init__(self, module: cst.Module) -> None:
        """Work out parents; scopes and positions follow when they are asked for."""
        self._wrapper = metadata.MetadataWrapper(module, unsafe_skip_copy=True)
        self.module = self._wrapper.module
        self.parents = _parents(self.module)

    @cached_property
    def scopes(self) -> Mapping[cst.CSTNode, Scope | None]:
        """Scope by node."""
        return self._wrapper.resolve(metadata.ScopeProvider)

    @cached_property
    def positions(self) -> Mapping[cst.CSTNode, metadata.CodeRange]:
        """Position by node."""
        return self._wrapper.resolve(metadata.PositionProvider)

    def line(self, node: cst.CSTNode) -> int:
        """Return the line a node starts in."""
        return self.positions[node].start.line

    def parent(self, node: cst.CSTNode) -> cst.CSTNode:
        """Return the node around a node."""
        return self.parents[node]

    def aligned_indent(self, call: cst.CSTNode) -> str | None:
        """Return the indentation of arguments that stand below the first one.

        None for a call that lays out its arguments in another way.
        """
        if not isinstance(call, cst.Call) or len(call.args) <= 1 or _hangs(call):
            return None
        column = self.positions[call.args[0]].start.column
        for before, arg in itertools.pairwise(call.args):
            comma = before.comma
            space = comma.whitespace_after if isinstance(comma, cst.Comma) else None
            if isinstance(space, cst.ParenthesizedWhitespace):
                aligned = self.positions[arg].start.column == column
                return space.last_line.value if aligned else None
        return None

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield the nodes around a node, from the innermost outwards."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def scope(self, node: cst.CSTNode) -> Scope | None:
        """Return the scope a node is looked up in."""
        found = (self.scopes.get(one) for one in (node, *self.around(node)))
        return next((scope for scope in found if scope is not None), None)

    def qualified(self, node: cst.CSTNode, scope: Scope | None = None) -> set[str]:
        """Return the dotted names a node can stand for."""
        scope = scope or self.scope(node)
        found = scope.get_qualified_names_for(node) if scope else ()
        return {
            name.name
            if name.source is not metadata.QualifiedNameSource.LOCAL
            else f"<local>.{name.name}"
            for name in found
        }

    def is_typing(self, node: cst.CSTNode) -> bool:
        """Tell whether a node is a name of the typing modules."""
        return any(name.startswith(_TYPING) for name in self.qualified(node))

    def all_scopes(self) -> set[Scope]:
        """Return every scope of the module."""
        return {scope for scope in self.scopes.values() if scope is not None}

    def bindings(self) -> Iterator[metadata.ImportAssignment]:
        """Yield the imports that can lead to a class."""
        for scope in self.all_scopes():
            for one in scope.assignments:
                if isinstance(one, metadata.ImportAssignment) and self._leads(one):
                    yield one

    def _leads(self, assignment: metadata.ImportAssignment) -> bool:
        names = self.imported(assignment)
        return any(name in targets() or name in target_homes() for name in names)

    def imported(self, assignment: metadata.ImportAssignment) -> set[str]:
        """Return the dotted names an import binds."""
        found = assignment.get_qualified_names_for(assignment.name)
        return {name.name for name in found}


def _hangs(call: cst.Call) -> bool:
    """Tell whether the first argument is on a line of its own."""
    return isinstance(call.whitespace_before_args, cst.ParenthesizedWhitespace)


def _parents(module: cst.Module) -> dict[cst.CSTNode, cst.CSTNode]:
    """Return the node around each node, eight times faster than LibCST's provider.

    A module just parsed holds every node once, so it need not be copied for this.
    """
    parents: dict[cst.CSTNode, cst.CSTNode] = {}
    pending: list[cst.CSTNode] = [module]
    while pending:
        node = pending.pop()
        for name in node.__dataclass_fields__:
            value = getattr(node, name)
            for inner in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(inner, cst.CSTNode):
                    parents[inner] = node
                    pending.append(inner)
    return parents


def rules_of(names: set[str]) -> set[str | None]:
    """Return the rules of dotted names; None for those that are not moved."""
    return {targets().get(name) for name in names}


def leftmost(node: cst.CSTNode) -> cst.CSTNode:
    """Return the first name of a dotted name."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return node


def find_use(names: Names, node: cst.CSTNode) -> Use | tuple[cst.CSTNode, str] | None:
    """Return the use that starts with a name, or why it is ambiguous.

    Args:
        names: The module's names.
        node: The node of an access to an imported name.
    """
    node = leftmost(node)
    dotted = False
    while isinstance(node, (cst.Name, cst.Attribute)):
        rules = rules_of(names.qualified(node))
        if rules - {None}:
            rule = next(rule for rule in sorted(rules, key=str) if rule is not None)
            if len(rules) > 1 and (dotted or is_class(rule)):
                return node, f"{code_of(node)} can also be something else here"
            return Use(node, rule, dotted)
        parent = names.parent(node)
        if not isinstance(parent, cst.Attribute) or parent.value is not node:
            return None
        node, dotted = parent, True
    return None
