"""Sampling and the token cap of the Messages API."""

from __future__ import annotations

from langchain_unified.planner.draft import Draft
from langchain_unified.shims.anthropic.thinking import ENDPOINT, thinks

_FALLBACK_CAP = 4096
_LOWEST_TOP_P = 0.95


def decide_sampling(draft: Draft) -> None:
    """Drop sampling settings that cannot be combined with thinking or each other."""
    if draft.endpoint != ENDPOINT or not _takes(draft, "temperature"):
        return
    if thinks(draft.body.get("thinking")):
        reason = "the model supports it only without thinking."
        for parameter in ("temperature", "top_k", "top_p"):
            value = draft.wanted.get(parameter)
            if value is not None and not _beside_thinking(parameter, value):
                draft.drop(parameter, draft.wanted.pop(parameter), reason)
    pair = {"temperature", "top_p"} <= set(draft.wanted)
    if pair and not draft.config.supports("sampling_pair"):
        reason = "the model accepts temperature or top_p, not both."
        draft.drop("top_p", draft.wanted.pop("top_p"), reason)


def _beside_thinking(parameter: str, value: float) -> bool:
    if parameter == "temperature":
        return value == 1
    return parameter == "top_p" and value >= _LOWEST_TOP_P


def _takes(draft: Draft, parameter: str) -> bool:
    rule = draft.rule(parameter)
    return rule is not None and rule.accepts == "any"


def decide_default_cap(draft: Draft) -> None:
    """Send a default token limit, which the endpoint requires."""
    if draft.endpoint != ENDPOINT or "max_tokens" in draft.body:
        return
    rule = draft.rule("max_tokens")
    most = rule.maximum if rule is not None else None
    cap = int(most or draft.config.limits.get("output", _FALLBACK_CAP))
    draft.body["max_tokens"] = cap
    reason = "the endpoint requires a token limit; the model's maximum is sent."
    draft.note("max_tokens", "defaulted", sent=cap, reason=reason)


MOST_RESUMES = 10
"""The API pauses a turn after ten uses of a server's tool (Anthropic's API pages, read
2026-11-27); a turn that is not done after a hundred is handed over as it is."""


def decide_resuming(draft: Draft) -> None:
    """Continue a turn that the API pauses, which it does only with its own tools."""
    if draft.endpoint != ENDPOINT:
        return
    tools = draft.body.get("tools") or ()
    runs_tools = any("input_schema" not in tool for tool in tools)
    if runs_tools or "mcp_servers" in draft.body:
        draft.resumes = MOST_RESUMES
