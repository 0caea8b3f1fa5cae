"""Deciding, for one module, what is rewritten and what is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from langchain_unified.migrate import places, rules, text
from langchain_unified.migrate.bindings import Binding, find_bindings
from langchain_unified.migrate.expressions import code_of
from langchain_unified.migrate.facts import NEW_CLASS, NEW_MODULE
from langchain_unified.migrate.types import Change, Kind, Options, Report
from langchain_unified.migrate.uses import Names, Use, find_use, leftmost

Rewrite = Callable[[Any], cst.CSTNode]

NEW_NAMES: dict[bool, cst.BaseExpression] = {
    False: cst.Name(NEW_CLASS),
    True: cst.Attribute(cst.Name(NEW_MODULE), cst.Name(NEW_CLASS)),
}
"""The new class's name, plain and dotted, by whether the old one is dotted."""


@dataclass(slots=True)
class Analysis:
    """What is decided about a module.

    Attributes:
        names: The module's names.
        options: How to migrate.
        rewrites: What becomes of a node, by node.
        moved: The accesses that are rewritten, by their first name or string.
        kept: Local names and class names that must stay imported.
    """

    names: Names
    options: Options
    bindings: list[Binding] = field(default_factory=list)
    rewrites: dict[cst.CSTNode, Rewrite] = field(default_factory=dict)
    moved: set[cst.CSTNode] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)

    def change(self, node: cst.CSTNode, rule: str, message: str) -> None:
        """Record a place that is rewritten."""
        self.changes.append(Change(self.names.line(node), rule, message))

    def report(self, node: cst.CSTNode, rule: str, kind: Kind, reason: str) -> None:
        """Record a place to look at."""
        self.reports.append(Report(self.names.line(node), rule, kind, reason))


def analyse(names: Names, options: Options) -> Analysis:
    """Decide what becomes of every use of a class in a module."""
    found = Analysis(names, options, bindings=find_bindings(names))
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
    elif places.is_call(found.names, use.node):
        _decide_call(found, use)
    elif places.is_annotation(found.names, use.node):
        _move(found, use)
        found.change(use.node, "annotations", _becomes(use))
    else:
        reason = places.why_untouched(found.names, use.node)
        found.report(use.node, "uses", "untouched", reason)


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
    found.change(call, use.rule, _becomes(use, "(...)"))


def _only_renamed(call: cst.Call, outcome: rules.Outcome) -> rules.Outcome:
    """Refuse new arguments inside an f-string: their quotes could end it."""
    if outcome.call and code_of(outcome.call) == code_of(call):
        return outcome
    return rules.Outcome(None, ("a call inside an f-string: move it out",))


def _rewritten(found: Analysis, use: Use, updated: cst.Call) -> cst.Call:
    """Rewrite a call again, now that what is in its arguments is rewritten."""
    outcome = rules.rewrite(use.rule, updated, found.options)
    return outcome.call or updated


def _move(found: Analysis, use: Use) -> None:
    found.moved.add(leftmost(use.node))
    found.rewrites[use.node] = lambda updated: _renamed(use, updated)


def _renamed(use: Use, updated: cst.Name | cst.Attribute) -> cst.CSTNode:
    new = NEW_NAMES[use.dotted].deep_clone()
    return new.with_changes(lpar=updated.lpar, rpar=updated.rpar)


def _becomes(use: Use, after: str = "") -> str:
    new = code_of(NEW_NAMES[use.dotted])
    return f"{code_of(use.node)}{after} -> {new}{after}"


def _decide_string(found: Analysis, node: cst.CSTNode) -> None:
    if places.is_metadata(found.names, node):
        return
    try:
        rewritten = text.rewritten_annotation(found.names, node, NEW_NAMES)
    except text.StringTypeError as refused:
        found.report(node, "annotations", "untouched", str(refused))
        return
    if rewritten is None:
        return
    new, _ = rewritten
    found.moved.add(node)
    found.rewrites[node] = lambda _: new
    found.change(node, "annotations", f"{code_of(node)} -> {code_of(new)}")
