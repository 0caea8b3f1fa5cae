"""Response schemas that `output_config.format` does not support, sent as a tool.

Its objects list all their keys (Anthropic, Structured outputs: limitations), those of a
tool's input need not. The input of the call is given back as the text of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.planner.draft import Draft
from langchain_unified.planner.fitting import names_of, note_fit
from langchain_unified.schemas import (
    Fit,
    UnsayableError,
    fit,
    is_legal,
    legal_name,
    wire_of,
)
from langchain_unified.shims.anthropic.thinking import ENDPOINT


def decide_answer_tool(draft: Draft) -> None:
    """Request the response schema as a tool if the format does not support it."""
    if draft.endpoint != ENDPOINT or draft.structured:
        return
    inner = _json_schema(draft.wanted.get("response_format"))
    schema = inner.get("schema")
    if not isinstance(schema, Mapping) or not draft.config.supports("tool_choice"):
        return
    try:
        fit(schema, wire_of(draft.endpoint, "answer"), "answer")
    except UnsayableError as obstacle:
        found = fit(schema, wire_of(draft.endpoint, "tool"), "answer")
        _ask_by_tool(draft, inner, found, str(obstacle))


def _json_schema(asked: Any) -> Mapping[str, Any]:
    """Return name and schema of a response format; nothing if it has none."""
    if not isinstance(asked, Mapping) or asked.get("type") != "json_schema":
        return {}
    inner = asked.get("json_schema")
    return inner if isinstance(inner, Mapping) else asked


def _ask_by_tool(
    draft: Draft, inner: Mapping[str, Any], found: Fit, obstacle: str
) -> None:
    tools = list(draft.wanted.get("tools") or ())
    name = _name(draft, str(inner.get("name") or "answer"), tools)
    told = {"name": name, "parameters": found.schema}
    if inner.get("description"):
        told["description"] = inner["description"]
    del draft.wanted["response_format"]
    draft.wanted["tools"] = [*tools, {"type": "function", "function": told}]
    draft.wanted["tool_choice"] = _choice(draft, name, tools)
    draft.wanted["parallel_tool_calls"] = False
    draft.answer_tool, draft.unwrap = name, found.wrapped
    draft.note(
        "response_format",
        "translated",
        requested="json_schema",
        sent="tools",
        reason=f"{obstacle}, which the response format does not support; a tool is "
        "used, and the text of the response is the input of its call.",
        source=found.wire.source,
    )
    note_fit(draft, "response_format", found)


def _name(draft: Draft, name: str, tools: list[Any]) -> str:
    """Return a name for the tool that no other tool has."""
    taken = set(names_of(tools))
    if name not in taken and is_legal(name, draft.endpoint):
        return name
    made = legal_name(f"{name} answer", draft.endpoint, taken=taken)
    return made if made not in taken else legal_name(f"{name} answer!", draft.endpoint)


def _choice(draft: Draft, name: str, tools: list[Any]) -> Any:
    """Have one of the tools called: one of the user's, or the answer."""
    given = draft.wanted.get("tool_choice")
    if given == "none" or not tools:
        return name
    return "any" if given in (None, False, "auto") else given
