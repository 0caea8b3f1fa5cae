"""What is only reported: star imports, text, comments, imports used elsewhere."""

from __future__ import annotations

import re

import libcst as cst

from langchain_unified.migrate import text
from langchain_unified.migrate.analysis import Analysis
from langchain_unified.migrate.expressions import code_of, text_of
from langchain_unified.migrate.facts import packages, target_homes, target_names

_CALLBACKS = ("on_llm_start", "on_chat_model_start")
_SERIALIZED = (
    "a callback reads what the model is made of: its id names UnifiedChatModel now, "
    "and its settings have UnifiedChatModel's names"
)


def report_mentions(found: Analysis) -> None:
    """Report what names a class without being a use of it."""
    reporter = _Reporter(found)
    for node in list(found.names.parents):
        reporter.look_at(node)
    for binding in found.bindings:
        if binding.local in found.aliased:
            continue
        if binding.target and binding.local in found.options.exported:
            reason = f"{binding.local} is imported from this file by other files"
        elif binding.target and not binding.accesses:
            reason = (
                f"{binding.local} is imported but not used in this file; it may be a "
                "re-export"
            )
        else:
            continue
        found.kept.add(binding.local)
        found.report(binding.alias, "imports", "untouched", reason)


class _Reporter:
    """Reports the nodes that name a class, or read it, without being a use of it."""

    def __init__(self, found: Analysis) -> None:
        self._found = found
        self._locals = {b.local for b in found.bindings}

    def look_at(self, node: cst.CSTNode) -> None:
        """Report a node if it is of a kind that names a class."""
        if isinstance(node, cst.ImportFrom):
            self._star(node)
        elif isinstance(node, cst.Name) and node.value == "serialized":
            self._serialized(node)
        elif isinstance(node, cst.Call):
            self._package(node)
            self._getattr(node)
        elif isinstance(node, cst.SimpleString):
            self._string(node)
        elif isinstance(node, cst.FormattedStringText):
            self._text(node, node.value)
        elif isinstance(node, cst.Comment):
            self._type_comment(node)

    def _star(self, node: cst.ImportFrom) -> None:
        if isinstance(node.names, cst.ImportStar) and node.module and not node.relative:
            module = code_of(node.module)
            if module in target_homes():
                reason = f"from {module} import *: name what is used"
                self._found.report(node, "imports", "untouched", reason)

    def _serialized(self, node: cst.Name) -> None:
        """Report what a callback reads of a model's class and settings."""
        names = self._found.names
        if not isinstance(names.parent(node), (cst.Subscript, cst.Attribute)):
            return
        if any(
            isinstance(around, cst.FunctionDef) and around.name.value in _CALLBACKS
            for around in names.around(node)
        ):
            self._found.report(node, "text", "check", _SERIALIZED)

    def _package(self, node: cst.Call) -> None:
        for arg in node.args:
            if (package := text_of(arg.value)) in packages():
                reason = (
                    f"{code_of(node.func)} names the package {package!r} in a "
                    "string: the code now needs langchain_unified"
                )
                self._found.report(arg, "text", "check", reason)

    def _getattr(self, node: cst.Call) -> None:
        """Report `getattr(module, name)` on a module that has a class."""
        if code_of(node.func) != "getattr" or len(node.args) < 2:  # noqa: PLR2004
            return
        homes = self._found.names.qualified(node.args[0].value) & target_homes()
        name = text_of(node.args[1].value)
        if homes and (name is None or name in target_names()):
            reason = (
                f"{code_of(node)} gets a class by name: use UnifiedChatModel, "
                "of langchain_unified, if the class was replaced"
            )
            self._found.report(node, "text", "untouched", reason)

    def _string(self, node: cst.SimpleString) -> None:
        value = text_of(node)
        if value is None or value in self._found.options.followed:
            return
        if node not in self._found.rewrites and not self._is_prose(node):
            self._text(node, value)

    def _is_prose(self, node: cst.CSTNode) -> bool:
        """Tell whether a string is a docstring or an annotation, all of its pieces."""
        parent = self._found.names.parent(node)
        while isinstance(parent, cst.ConcatenatedString):
            parent = self._found.names.parent(parent)
        return isinstance(parent, (cst.Expr, cst.Annotation))

    def _type_comment(self, node: cst.Comment) -> None:
        if not re.match(r"#\s*type:\s*(?!ignore)", node.value):
            return
        for name in self._locals & set(re.findall(r"\w+", node.value)):
            self._found.kept.add(name)
            reason = f"type comment names {name}"
            self._found.report(node, "annotations", "untouched", reason)

    def _text(self, node: cst.CSTNode, value: str) -> None:
        name = text.mentioned(value)
        if name is None and value in self._locals:
            name = value
        if name is None or (name == value and not self._binds(name)):
            return
        reason = text.why_kept(self._found.names, node, value)
        if name not in target_names() and not reason.startswith("__all__"):
            return
        if name in self._found.aliased and name == value:
            return
        self._found.kept.add(name)
        self._found.report(node, "text", "untouched", reason)

    def _binds(self, name: str) -> bool:
        return any(name in (b.local, b.target) for b in self._found.bindings)
