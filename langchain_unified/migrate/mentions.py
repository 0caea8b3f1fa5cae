"""What is only reported: star imports, text, comments, imports used elsewhere."""

from __future__ import annotations

import re

import libcst as cst

from langchain_unified.migrate import text
from langchain_unified.migrate.analysis import Analysis
from langchain_unified.migrate.expressions import code_of, text_of
from langchain_unified.migrate.facts import packages, target_homes, target_names


def report_mentions(found: Analysis) -> None:
    """Report what names a class without being a use of it."""
    found.names.module.visit(_Reporter(found))
    for binding in found.bindings:
        if binding.local in found.aliased:
            continue
        if binding.target and binding.local in found.options.exported:
            reason = f"{binding.local} is imported from this file by others"
        elif binding.target and not binding.accesses:
            reason = f"{binding.local} is imported but not used here: a re-export?"
        else:
            continue
        found.kept.add(binding.local)
        found.report(binding.alias, "imports", "untouched", reason)


class _SerializedReader(cst.CSTVisitor):
    """Reports what a callback reads of a model's class and settings."""

    def __init__(self, found: Analysis) -> None:
        super().__init__()
        self._found = found

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802 - libcst's
        parent = self._found.names.parent(node)
        if node.value == "serialized" and isinstance(
            parent, (cst.Subscript, cst.Attribute)
        ):
            reason = (
                "a callback reads what the model is made of: its id names "
                "UnifiedChatModel now, and its settings have UnifiedChatModel's names"
            )
            self._found.report(node, "text", "check", reason)


class _Reporter(cst.CSTVisitor):
    def __init__(self, found: Analysis) -> None:
        super().__init__()
        self._found = found
        self._locals = {b.local for b in found.bindings}

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:  # noqa: N802 - libcst's
        if isinstance(node.names, cst.ImportStar) and node.module and not node.relative:
            module = code_of(node.module)
            if module in target_homes():
                reason = f"from {module} import *: name what is used"
                self._found.report(node, "imports", "untouched", reason)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802 - libcst's
        if node.name.value in {"on_llm_start", "on_chat_model_start"}:
            node.body.visit(_SerializedReader(self._found))

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - libcst's
        for arg in node.args:
            if (package := text_of(arg.value)) in packages():
                reason = (
                    f"{code_of(node.func)} names the package {package!r} in text: "
                    f"the code needs langchain_unified now"
                )
                self._found.report(arg, "text", "check", reason)

    def visit_Expr(self, node: cst.Expr) -> bool:  # noqa: N802 - libcst's
        return text_of(node.value) is None

    def visit_Annotation(self, node: cst.Annotation) -> bool:  # noqa: N802 - libcst's
        return text_of(node.annotation) is None

    def visit_SimpleString(self, node: cst.SimpleString) -> None:  # noqa: N802 - libcst's
        value = text_of(node)
        if value is None or value in self._found.options.followed:
            return
        if node not in self._found.rewrites:
            self._text(node, value)

    def visit_FormattedStringText(self, node: cst.FormattedStringText) -> None:  # noqa: N802 - libcst's
        self._text(node, node.value)

    def visit_Comment(self, node: cst.Comment) -> None:  # noqa: N802 - libcst's
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
