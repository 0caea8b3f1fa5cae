"""Models named by a text: in calls such as `create_agent`, and in settings files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import libcst as cst

from langchain_unified.factory import provider_of
from langchain_unified.migrate.analysis import Analysis
from langchain_unified.migrate.expressions import code_of, text_of
from langchain_unified.migrate.facts import NEW_CLASS, callables, facts, target_names
from langchain_unified.migrate.types import Report


def report_text_models(found: Analysis) -> None:
    """Report calls that build a chat model from a text."""
    if any(home in found.names.module.code for home in callables()):
        reporter = _Reporter(found)
        for node in list(found.names.parents):
            if isinstance(node, cst.Call):
                reporter.look_at(node)


class _Reporter:
    def __init__(self, found: Analysis) -> None:
        self._found = found
        self._callables = tuple(callables())
        self._arguments = frozenset(facts()["text_models"]["arguments"])
        self._texts = dict(_assigned(found.names.module))

    def look_at(self, node: cst.Call) -> None:
        names = self._found.names.qualified(node.func)
        if not any(self._builds_a_model(name) for name in names):
            return
        for at, arg in enumerate(node.args):
            if arg.keyword is None and at and not arg.star:
                continue
            if arg.keyword is None or arg.keyword.value in self._arguments:
                for text in self._named(arg.value):
                    self._report(arg, code_of(node.func), text)

    def _builds_a_model(self, name: str) -> bool:
        home, _, function = name.rpartition(".")
        return home.startswith(self._callables) and bool(
            re.fullmatch(facts()["text_models"]["functions"], function)
        )

    def _named(self, node: cst.BaseExpression) -> Iterator[str]:
        """Yield the names of models in an argument, or in what it is assigned from."""
        text = text_of(node)
        if isinstance(node, cst.Name):
            text = self._texts.get(node.value)
        if _is_made_text(node):
            yield code_of(node)
        if isinstance(node, (cst.List, cst.Tuple)):
            for element in node.elements:
                yield from self._named(element.value)
        if text is not None and provider_of(text, None) is not None:
            yield repr(text)

    def _report(self, node: cst.CSTNode, function: str, text: str) -> None:
        reason = (
            f"{function} makes LangChain's own class of {text}: write "
            f"{NEW_CLASS}(model={text}) in its place"
        )
        self._found.report(node, "text", "untouched", reason)


def _assigned(module: cst.Module) -> Iterator[tuple[str, str]]:
    """Yield the texts that a module assigns to names."""
    for line in module.body:
        if not isinstance(line, cst.SimpleStatementLine):
            continue
        for statement in line.body:
            if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
                target, text = statement.targets[0].target, text_of(statement.value)
                if isinstance(target, cst.Name) and text is not None:
                    yield target.value, text


def _is_made_text(node: cst.BaseExpression) -> bool:
    """Tell whether an expression is a text: an f-string, the environment."""
    if isinstance(node, (cst.Call, cst.Subscript)):
        called = node.func if isinstance(node, cst.Call) else node.value
        return code_of(called) in _ENVIRONMENT
    return isinstance(node, cst.FormattedString)


_ENVIRONMENT = ("os.environ", "os.environ.get", "os.getenv", "environ.get", "getenv")


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    providers = "|".join(facts()["text_models"]["providers"])
    return re.compile(rf"(?:{providers}):[\w./:@-]+")


_OLD_CLASS = (
    f"who reads it builds the old class; {NEW_CLASS} is langchain_unified.{NEW_CLASS}"
)
_OLD_MODEL = (
    f"where it is read, write {NEW_CLASS}(model=...) or "
    "langchain_unified.init_chat_model"
)


def settings_reports(path: Path, text: str) -> Iterator[Report]:
    """Yield reports on a settings file that names a class or a model by its provider.

    Args:
        path: A YAML, JSON or TOML file.
        text: Its text.
    """
    kind = path.suffix[1:] or path.name
    classes = re.compile(rf"\b(?:{'|'.join(target_names())})\b")
    for number, line in enumerate(text.splitlines(), 1):
        if named := classes.search(line):
            reason = f"{kind} names {named.group()}: {_OLD_CLASS}"
            yield Report(number, "text", "untouched", reason)
        elif found := _pattern().search(line):
            reason = f"{kind} names the model {found.group()!r}: {_OLD_MODEL}"
            yield Report(number, "text", "check", reason)
