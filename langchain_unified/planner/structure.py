"""Structured output, with the best method that the model supports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from langchain_unified.planner.draft import Draft
from langchain_unified.planner.fitting import fitted, note_fit
from langchain_unified.schemas import (
    METHODS,
    Fit,
    Reading,
    Structure,
    UnsayableError,
    fit,
    legal_name,
)
from langchain_unified.schemas.wires import AS_IT_IS

INSTRUCTED = "instructed"
"""The answer's form is described in words and checked on the client."""

_AN_OBJECT = AS_IT_IS._replace(root="object")


class _Asked(NamedTuple):
    """A way to ask, and the schema as it is asked for that way."""

    method: str
    fit: Fit | None = None
    strict: bool = False


def decide_structure(draft: Draft) -> None:
    """Choose the method, and set the tools or the response format for it."""
    structure = draft.invocation.structure
    if structure is None:
        return
    asked = _choose(draft, structure)
    method = draft.structured = asked.method
    if structure.method is not None and method != structure.method:
        _note(draft, structure.method, method)
    if asked.fit is not None:
        _keep_fit(draft, structure, asked)
    if method == "json_schema" and asked.fit is not None:
        form = structure.as_response_format(
            strict=asked.strict, schema=asked.fit.schema
        )
        inner = form["json_schema"]
        inner["name"] = legal_name(inner["name"], draft.endpoint)
        draft.wanted["response_format"] = form
    elif method == "function_calling" and asked.fit is not None:
        _as_tool(draft, structure, asked)
    elif method == "json_mode":
        draft.wanted["response_format"] = {"type": "json_object"}
    if method == INSTRUCTED or (method == "json_mode" and structure.method != method):
        schema = structure.schema if asked.fit is None else asked.fit.schema
        draft.add_system = _instructions(schema or {})


def _choose(draft: Draft, structure: Structure) -> _Asked:
    """Return the first way the model can do and the schema can be said in."""
    wanted = structure.method
    order = [wanted, *METHODS] if wanted else list(METHODS)
    if structure.schema is None:
        order = ["json_mode"]
    for method in order:
        if not _can(draft, method):
            continue
        changes = len(draft.changes)
        try:
            return _asked(draft, structure, method)
        except UnsayableError as obstacle:
            del draft.changes[changes:]
            if not wanted:
                _note(draft, method, None, str(obstacle))
    return _Asked(INSTRUCTED)


def _asked(draft: Draft, structure: Structure, method: str) -> _Asked:
    """Return a way to ask with the schema in its words.

    Raises:
        UnsayableError: If it has none for it.
    """
    schema = structure.schema
    if schema is None:
        return _Asked(method)
    if method == "json_mode":
        own = structure.method == method
        return (
            _Asked(method) if own else _Asked(method, fit(schema, _AN_OBJECT, "answer"))
        )
    as_tool = method == "function_calling"
    given = structure.strict
    default = structure.strict_by_default and not as_tool
    found, strict = fitted(
        draft,
        structure.parameters if as_tool else schema,
        on="tool" if as_tool else "answer",
        form="answer",
        strict=default if given is None else given,
        nulls=True,
        parameter="response_format",
    )
    return _Asked(method, found, strict)


def _keep_fit(draft: Draft, structure: Structure, asked: _Asked) -> None:
    """Keep how the answer is to be read, and put on record what was changed."""
    found = asked.fit
    if found is None:
        return
    note_fit(draft, "response_format", found)
    insisted = bool(structure.strict) and not asked.strict
    checked = not structure.checks_itself and (bool(found.weakened) or insisted)
    draft.reading = Reading(found.wrapped, found.nulls, checked)


def _can(draft: Draft, method: str) -> bool:
    config = draft.config
    if method == "function_calling":
        return _takes_tools(draft) and _may_join(draft)
    together = config.features.get("tools_with_json", True)
    feature = "structured_output" if method == "json_schema" else "json_mode"
    return config.supports(feature) and (together or not draft.wanted.get("tools"))


def _may_join(draft: Draft) -> bool:
    """Tell whether a function tool may stand beside the other tools of the call."""
    tools = draft.wanted.get("tools") or ()
    builtin = any("function" not in tool for tool in tools)
    return not builtin or bool(
        draft.config.features.get("builtin_with_functions", True)
    )


def _takes_tools(draft: Draft) -> bool:
    condition = draft.config.tools.get(draft.endpoint, "any")
    features = draft.config.features
    able = features.get("tool_calling", True) and features.get("tool_choice", True)
    if not able or condition == "never":
        return False
    return condition == "any" or draft.effort == "none"


def _as_tool(draft: Draft, structure: Structure, asked: _Asked) -> None:
    if asked.fit is None:
        return
    tools = list(draft.wanted.get("tools") or [])
    tool = structure.as_tool(asked.fit.schema)
    if structure.strict and not asked.strict:
        del tool["function"]["strict"]
    draft.wanted["tools"] = [*tools, tool]
    draft.wanted["tool_choice"] = "required" if tools else structure.name
    rule = draft.rule("parallel_tool_calls")
    if rule is not None and rule.accepts == "any":
        draft.wanted.setdefault("parallel_tool_calls", False)
        draft.given["tools"] = True


def _instructions(schema: Mapping[str, Any]) -> str:
    told = json.dumps(schema, ensure_ascii=False)
    return (
        "Answer with one JSON value that matches this JSON Schema, and nothing "
        f"else:\n{told}"
    )


def _note(draft: Draft, asked: str, used: str | None, why: str | None = None) -> None:
    reason = f"the model does not support {asked} in this call; {used} is used instead."
    if why is not None:
        reason = f"{why}, which {asked} does not support; another method is used."
    draft.note(
        "response_format",
        "translated",
        requested=asked,
        sent=used,
        reason=reason,
        source=draft.source("structured_output"),
    )
