"""Structured output: asked for in the best way the model of the call can do."""

from __future__ import annotations

import json

from langchain_unified.planner import anthropic
from langchain_unified.planner.draft import Draft
from langchain_unified.schemas import METHODS, Structure

INSTRUCTED = "instructed"
"""The answer's form is described in words and checked on the client."""


def decide_structure(draft: Draft) -> None:
    """Choose how to ask for the form, and set tools or response format for it."""
    structure = draft.invocation.structure
    if structure is None:
        return
    method = _method(draft, structure)
    draft.structured = method
    if structure.method is not None and method != structure.method:
        _note(draft, structure.method, method)
    if method == "json_schema":
        given = structure.strict
        strict = structure.strict_by_default if given is None else given
        draft.wanted["response_format"] = structure.as_response_format(strict=strict)
    elif method == "function_calling":
        _as_tool(draft, structure)
    elif method == "json_mode":
        draft.wanted["response_format"] = {"type": "json_object"}
    if method == INSTRUCTED or (method == "json_mode" and structure.method != method):
        draft.add_system = _instructions(structure)


def _method(draft: Draft, structure: Structure) -> str:
    wanted = structure.method
    order = [wanted, *METHODS] if wanted else list(METHODS)
    if structure.schema is None:
        order = ["json_mode"]
    for method in order:
        if _can(draft, structure, method):
            return method
    return INSTRUCTED


def _can(draft: Draft, structure: Structure, method: str) -> bool:
    config = draft.config
    together = config.features.get("tools_with_json", True)
    with_tools = bool(draft.wanted.get("tools"))
    if method == "function_calling":
        return _takes_tools(draft)
    if draft.endpoint == "messages" and not anthropic.fits(structure.schema):
        return False
    feature = "structured_output" if method == "json_schema" else "json_mode"
    return config.supports(feature) and (together or not with_tools)


def _takes_tools(draft: Draft) -> bool:
    condition = draft.config.tools.get(draft.endpoint, "any")
    features = draft.config.features
    able = features.get("tool_calling", True) and features.get("tool_choice", True)
    if not able or condition == "never":
        return False
    return condition == "any" or draft.effort == "none"


def _as_tool(draft: Draft, structure: Structure) -> None:
    tools = list(draft.wanted.get("tools") or [])
    draft.wanted["tools"] = [*tools, structure.as_tool()]
    draft.wanted["tool_choice"] = "required" if tools else structure.name
    rule = draft.rule("parallel_tool_calls")
    if rule is not None and rule.accepts == "any":
        draft.wanted.setdefault("parallel_tool_calls", False)
        draft.given["tools"] = True


def _instructions(structure: Structure) -> str:
    schema = json.dumps(structure.schema, ensure_ascii=False)
    return (
        "Answer with one JSON object that matches this JSON Schema, and nothing "
        f"else:\n{schema}"
    )


def _note(draft: Draft, asked: str, used: str) -> None:
    reason = f"the model cannot do {asked} in this call; {used} gives the same form."
    draft.note(
        "response_format",
        "translated",
        requested=asked,
        sent=used,
        reason=reason,
        source=draft.source("structured_output"),
    )
