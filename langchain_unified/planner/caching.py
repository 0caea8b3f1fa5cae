"""Prompt cache breakpoints: their position in the content, and their lifetime."""

from __future__ import annotations

from langchain_unified.history.media.wires import has_marks
from langchain_unified.planner.draft import Draft
from langchain_unified.types import BREAKPOINT, CACHE_CONTROL

_HOLDS = {"5m": 300, "1h": 3600}
"""How long a mark can hold, in seconds (Anthropic's API pages, read 2026-11-27)."""

_ASKED = {**_HOLDS, "in_memory": 300, "in-memory": 300, "30m": 1800, "24h": 86_400}
"""What OpenAI's retention and `ttl` say, in seconds (openai 2.46)."""


def decide_marks(draft: Draft) -> None:
    """Record how cache breakpoints on content are converted for another API."""
    findings = draft.invocation.traits.findings
    written = draft.wire.cache_mark
    if BREAKPOINT in findings and written != BREAKPOINT:
        _note(draft, BREAKPOINT, written)
        if written == CACHE_CONTROL:
            _decide_time(draft)
    passed_on = draft.is_elsewhere and draft.endpoint == "chat"
    if CACHE_CONTROL in findings and not (
        passed_on or has_marks(draft.config, draft.endpoint)
    ):
        _note(draft, CACHE_CONTROL, None)


def _note(draft: Draft, mark: str, written: str | None) -> None:
    if written:
        reason = f"on {draft.endpoint} its name is {written}."
        draft.note(
            "messages", "translated", requested=mark, sent=written, reason=reason
        )
    else:
        reason = f"{draft.endpoint} does not support {mark} on content."
        draft.note("messages", "dropped", requested=mark, reason=reason)


def _asked_time(draft: Draft) -> tuple[str, object]:
    """Return the setting that says how long the cache is to hold, and what it says."""
    options = draft.wanted.get("prompt_cache_options")
    ttl = options.get("ttl") if isinstance(options, dict) else None
    name = "prompt_cache_options" if ttl else "prompt_cache_retention"
    return name, ttl or draft.wanted.get(name)


def _decide_time(draft: Draft) -> None:
    """Send how long the cache is asked to hold with the marks, as long as they can."""
    name, asked = _asked_time(draft)
    seconds = _ASKED.get(str(asked))
    if seconds is None or draft.rule(name) is not None:
        return
    fitting = (one for one, holds in _HOLDS.items() if holds <= seconds)
    draft.cache_ttl = max(fitting, key=_HOLDS.__getitem__)
    value = draft.wanted.pop(name)
    reason = "the marks on the content state the same."
    if _HOLDS[draft.cache_ttl] == seconds:
        sent = {"ttl": draft.cache_ttl}
        draft.note(name, "translated", requested=value, sent=sent, reason=reason)
    else:
        longest = f"{reason[:-1]}; they hold {', '.join(_HOLDS)}."
        draft.clamp(name, value, {"ttl": draft.cache_ttl}, longest)
