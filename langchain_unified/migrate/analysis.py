"""Deciding, for one module, what is rewritten and what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from langchain_unified.migrate import places, rules, text
from langchain_unified.migrate.bindings import Binding, find_bindings
from langchain_unified.migrate.expressions import code_of
from langchain_unified.migrate.facts import (
    NEW_CLASS,
    NEW_MODULE,
    is_class,
    keeps_its_calls,
)
from langchain_unified.migrate.layout import shifted
from langchain_unified.migrate.rules import init_chat_model
from langchain_unified.migrate.types import Change, Kind, Options, Report
from langchain_unified.migrate.uses import Names, Use, find_use, leftmost

Rewrite = Callable[[Any], cst.CSTNode]


@dataclass(slots=True)
class Analysis:
    """What is decided about a module.

    Attributes:
        names: The module's names.
        options: How to migrate.
        rewrites: What becomes of a node, by node.
        moved: The accesses that are rewritten, by their first name or string.
        kept: Local names and class names that must stay imported.
        aliased: Local names that go on standing for the class, now the new one.
    """

    names: Names
    options: Options
    bindings: list[Binding] = field(default_factory=list)
    rewrites: dict[cst.CSTNode, Rewrite] = field(default_factory=dict)
    moved: set[cst.CSTNode] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    aliased: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)

    def change(self, node: cst.CSTNode, rule: str, message: str) -> None:
        """Record a place that is rewritten."""
        self.changes.append(Change(self.names.line(node), rule, message))

    def report(self, node: cst.CSTNode, rule: str, kind: Kind, reason: str) -> None:
        """Record a place to look at."""
        self.reports.append(Report(self.names.line(node), rule, kind, reason))


_NEW_NAMES: dict[bool, cst.BaseExpression] = {
    False: cst.Name(NEW_CLASS),
    True: cst.Attribute(cst.Name(NEW_MODULE), cst.Name(NEW_CLASS)),
}


def analyse(names: Names, options: Options, aliased: Iterable[str] = ()) -> Analysis:
    """Decide what becomes of every use of a class in a module.

    Args:
        names: The module's names.
        options: How to migrate.
        aliased: Local names that go on standing for the class.
    """
    found = Analysis(names, options, find_bindings(names), aliased=set(aliased))
    accesses = {node: None for b in found.bindings for node in b.accesses}
    for node in accesses:
        if isinstance(node, (cst.Name, cst.Attribute)):
            _decide_use(found, find_use(names, node))
        else:
            _decide_string(found, node)
    return found


def _decide_use(found: Analysis, use: Use | tuple[cst.CSTNode, str] | None) -> None:
    if use is None:
        return
    if isinstance(use, tuple):
        found.report(use[0], "imports", "untouched", use[1])
    elif not is_class(use.rule):
        _move(found, use)
        _note_function(found, use)
    elif places.is_call(found.names, use.node):
        _decide_call(found, use)
    elif places.is_annotation(found.names, use.node):
        _move(found, use)
        if not _keeps_its_name(found, use):
            found.change(use.node, "annotations", _becomes(use))
    else:
        reason = places.why_untouched(found.names, use.node)
        found.report(use.node, "uses", "untouched", reason)


def _note_function(found: Analysis, use: Use) -> None:
    """Report a call of a moved function whose model is not seen."""
    call = found.names.parent(use.node)
    if isinstance(call, cst.Call) and call.func is use.node:
        for note in init_chat_model.notes(call):
            found.report(call, use.rule, "check", note)
    if use.dotted:
        found.change(use.node, "imports", _becomes(use))


def _decide_call(found: Analysis, use: Use) -> None:
    call = found.names.parent(use.node)
    if not isinstance(call, cst.Call):
        return
    outcome = rules.rewrite(use.rule, call, found.options)
    if outcome.call and places.is_in_text(found.names, call):
        outcome = _only_renamed(call, outcome)
    kind: Kind = "check" if outcome.call else "untouched"
    for note in outcome.notes:
        found.report(call, use.rule, kind, note)
    if outcome.call is None:
        return
    _move(found, use)
    found.rewrites[call] = lambda updated: _rewritten(found, use, updated)
    _record_call(found, use, call, outcome.call)


def _record_call(found: Analysis, use: Use, call: cst.Call, new: cst.Call) -> None:
    if not _keeps_its_name(found, use):
        found.change(call, use.rule, _becomes(use, "(...)"))
    elif code_of(new) != code_of(call):
        found.change(call, use.rule, f"arguments of {code_of(use.node)}(...)")


def _only_renamed(call: cst.Call, outcome: rules.Outcome) -> rules.Outcome:
    """Refuse new arguments inside an f-string: their quotes could end it."""
    if outcome.call and code_of(outcome.call) == code_of(call):
        return outcome
    return rules.Outcome(
        None, ("a call inside an f-string: move it to a line of its own",)
    )


def _rewritten(found: Analysis, use: Use, updated: cst.Call) -> cst.Call:
    """Rewrite a call again, now that what is in its arguments is rewritten."""
    outcome = rules.rewrite(use.rule, updated, found.options)
    new = outcome.call or updated
    wider = len(code_of(new.func)) - len(code_of(use.node))
    indent = found.names.aligned_indent(found.names.parent(use.node))
    return new if indent is None else shifted(new, indent, wider)


def _move(found: Analysis, use: Use) -> None:
    found.moved.add(leftmost(use.node))
    if not _keeps_its_name(found, use):
        found.rewrites[use.node] = lambda updated: _renamed(use, updated)


def _keeps_its_name(found: Analysis, use: Use) -> bool:
    """Tell whether the name stays, and only what it is imported from changes."""
    if use.dotted:
        return False
    return not is_class(use.rule) or code_of(use.node) in found.aliased


def _renamed(use: Use, updated: cst.Name | cst.Attribute) -> cst.CSTNode:
    new = use.new_name()
    return new.with_changes(lpar=updated.lpar, rpar=updated.rpar)


def _becomes(use: Use, after: str = "") -> str:
    return f"{code_of(use.node)}{after} -> {code_of(use.new_name())}{after}"


def _decide_string(found: Analysis, node: cst.CSTNode) -> None:
    if places.is_metadata(found.names, node):
        return
    try:
        rewritten = text.rewritten_annotation(found.names, node, _NEW_NAMES)
    except text.StringTypeError as refused:
        found.report(node, "annotations", "untouched", str(refused))
        return
    if rewritten is None:
        return
    new, _ = rewritten
    found.moved.add(node)
    if any(node in b.accesses and b.local in found.aliased for b in found.bindings):
        return
    found.rewrites[node] = lambda _: new
    found.change(node, "annotations", f"{code_of(node)} -> {code_of(new)}")


def aliasable(found: Analysis, taken: Iterable[str]) -> set[str]:
    """Return the names that can stand for the new class where others take them.

    A name can if the new class takes the same keywords, and every use of the name in
    its own file is moved: then `import UnifiedChatModel as ChatOpenAI` serves all.

    Args:
        found: What was decided about the file.
        taken: Local names that others take from the file.
    """
    return {name for name in taken if _is_aliasable(found, name)}


def _is_aliasable(found: Analysis, name: str) -> bool:
    bindings = [b for b in found.bindings if b.local == name]
    return bool(bindings) and all(
        binding.rule is not None
        and keeps_its_calls(binding.rule)
        and bool(binding.accesses)
        and all(leftmost(node) in found.moved for node in binding.accesses)
        for binding in bindings
    )


def renamed_names(found: Analysis) -> set[str]:
    """Return the local names some use of which was given the new class's name."""
    return {
        binding.local
        for binding in found.bindings
        if binding.rule is not None
        and is_class(binding.rule)
        and binding.local not in found.aliased
        and any(leftmost(node) in found.moved for node in binding.accesses)
    }
