"""Ollama's chat endpoint: thinking, tools and formats in its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.history.media.wires import IMAGES
from langchain_unified.planner import forced
from langchain_unified.planner.choices import Choice
from langchain_unified.planner.declaring import among
from langchain_unified.planner.draft import Draft
from langchain_unified.planner.effort import DYNAMIC, effort_for_budget, nearest_effort
from langchain_unified.types import ChangeKind
from langchain_unified.wires import MediaForms, ProviderWire

ENDPOINT = "api_chat"


def decide_thinking(draft: Draft) -> None:
    """Say whether, or at which level, the model thinks."""
    if draft.endpoint != ENDPOINT:
        return
    effort = draft.wanted.pop("reasoning_effort", None)
    budget = draft.wanted.pop("thinking_budget", None)
    shown = draft.wanted.pop("include_thoughts", None)
    given = {
        "reasoning_effort": effort,
        "thinking_budget": budget,
        "include_thoughts": shown,
    }
    for parameter, value in given.items():
        if value is not None:
            _decide(draft, parameter, value)


def _decide(draft: Draft, parameter: str, value: Any) -> None:
    if draft.config.thinking.style == "none":
        draft.drop(parameter, value, "the model is not known to support reasoning.")
    elif parameter == "include_thoughts" and draft.body.get("think") and value:
        return
    elif "think" in draft.body:
        reason = "reasoning_effort has the same purpose and takes precedence."
        draft.note(parameter, "dropped", requested=value, reason=reason)
    else:
        _put_think(draft, parameter, value, _as_effort(parameter, value))


def _as_effort(parameter: str, value: Any) -> str | None:
    """Return the effort a setting stands for; `None` for the model's own."""
    if parameter == "thinking_budget":
        return None if value == DYNAMIC else effort_for_budget(value, {})
    if parameter == "include_thoughts":
        return None if value else "none"
    return str(value)


def _put_think(draft: Draft, parameter: str, value: Any, effort: str | None) -> None:
    levels = draft.config.thinking.levels[draft.endpoint]
    think: bool | str = effort != "none"
    if levels and effort is not None:
        think = nearest_effort(effort, levels) or effort
        if think != effort:
            reason = (
                f"the model accepts {', '.join(levels)}; the nearest value is sent."
            )
            draft.clamp(parameter, value, think, reason)
    draft.body["think"] = think
    draft.effort = effort or draft.effort
    reason = "on Ollama its name is think, and most models accept only true and false."
    draft.note(parameter, "translated", requested=value, sent=think, reason=reason)


def decide_truncation(draft: Draft) -> None:
    """Have the server say when a conversation is too long, unless told to cut it.

    Left alone it drops the start of the prompt and answers the rest, with nothing in
    the answer to tell (`truncate` of ollama/ollama 0.12.6 and later, reported
    2026-11-26; whether older servers take no notice of it is not verified).
    """
    if draft.endpoint != ENDPOINT:
        return
    asked = draft.wanted.pop("truncation", None)
    sent = asked not in {None, "disabled"}
    draft.body["truncate"] = sent
    kind: ChangeKind = "defaulted" if asked is None else "translated"
    reason = "on Ollama its name is truncate, with true or false."
    if asked is None:
        reason = "a prompt longer than num_ctx would be truncated silently."
    draft.note("truncation", kind, requested=asked, sent=sent, reason=reason)


def render_tools(
    draft: Draft, tools: Sequence[Any], choice: Choice | None
) -> dict[str, Any]:
    """Return function tools; a choice of none leaves them out, a forced one as well.

    A forced call is held to by the form of the answer. With a form the server gives
    no tool calls (ollama/ollama#8095), so the tools are told in words; the form alone
    tells the model nothing (ollama/ollama#8162).
    """
    for tool in tools:
        if tool.get("type") != "function" or "function" not in tool:
            reason = "Ollama supports function tools only."
            raise draft.refusal("tools", dict(tool), reason)
    if choice is None or not choice.forces:
        return _unforced(draft, tools, choice)
    if not forced.can_be_written(draft):
        reason = (
            "Ollama forces a tool call with a response format, and the call has one "
            "already; use tool_choice='auto', or remove response_format."
        )
        raise draft.refusal("tool_choice", choice.told, reason, feature="tool_choice")
    schema = forced.write_call(draft, tools, choice)
    draft.add_system = forced.instructions(tools, draft.call_as_text)
    return {"format": schema}


def writes_calls(draft: Draft, tools: Sequence[Any], choice: Choice | None) -> bool:
    """Tell whether a call is written as the answer, which any model can do."""
    del draft, tools
    return choice is not None and choice.forces


def _unforced(
    draft: Draft, tools: Sequence[Any], choice: Choice | None
) -> dict[str, Any]:
    if choice is not None and choice.mode == "none":
        reason = "Ollama does not support tool_choice; the tools are left out."
        draft.note("tool_choice", "translated", requested=choice.told, reason=reason)
        return {}
    if choice is not None and choice.names:
        tools = among(draft, tools, choice)
    return {"tools": list(tools)}


def render_format(draft: Draft, asked: Mapping[str, Any]) -> None:
    """Send a JSON schema, or the word `json`, as `format`."""
    schema = (asked.get("json_schema") or {}).get("schema")
    draft.body["format"] = "json" if schema is None else schema
    draft.note(
        "response_format",
        "translated",
        requested=asked.get("type"),
        sent="format",
        reason="Ollama accepts a JSON schema, or the word json, as format.",
    )


WIRE = ProviderWire(
    early_rules=(decide_thinking,),
    rules=(decide_truncation,),
    takes_tools=writes_calls,
    render_tools=render_tools,
    render_format=render_format,
    media=MediaForms(takes=frozenset({("image", "base64")}), mimes={"image": IMAGES}),
    says_end=True,
)
"""What Ollama's endpoint has that others have not."""
