"""Values that a rule lists: the nearest legal one, and words that may be new."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from langchain_unified.planner.draft import Draft
from langchain_unified.planner.merging import camel
from langchain_unified.schemas.wires import facts
from langchain_unified.settings import nearest_word, settings
from langchain_unified.types import ParameterRule

TOOL_KIND = "tool:"
"""Before the type of a tool, as the name of a capability that a server may lack."""


def legal_value(draft: Draft, rule: ParameterRule, value: Any) -> Any:
    """Return a value, or the nearest legal one; `None` for none, put on record."""
    legal = rule.values
    if legal is None or value in legal:
        return _in_range(draft, rule, value)
    if is_new_word(draft, rule.parameter, value, legal):
        return value
    listed = ", ".join(repr(item) for item in legal)
    nearest = nearest_word(rule.parameter, value, legal)
    if nearest is None:
        draft.drop(rule.parameter, value, f"the model takes {listed}.")
    else:
        draft.clamp(rule.parameter, value, nearest, f"the model takes {listed}.")
    return nearest


def is_new_word(
    draft: Draft, parameter: str, word: Any, legal: Collection[Any]
) -> bool:
    """Tell whether a word may be newer than the rows; put on record that it is sent.

    A provider adds words between two versions of this package. What it refuses is
    learned from, and then its list is what holds; where a model has no choice, there
    is nothing that a new word could be.
    """
    setting = settings().get(parameter)
    if setting is None or setting.knows(word) or draft.knows_values(parameter):
        return False
    if len(legal) == 1:
        return False
    listed = ", ".join(map(str, legal))
    reason = f"no row knows the word (known: {listed}); it is sent as it is."
    draft.note(parameter, "defaulted", requested=word, sent=word, reason=reason)
    return True


def check_tool_kinds(draft: Draft, tools: Sequence[Mapping[str, Any]]) -> None:
    """Put on record the tools of kinds that may be newer than the rows.

    Raises:
        UnsupportedError: If the server has refused a kind before.
    """
    for kind in map(_kind, tools):
        if draft.config.features.get(f"{TOOL_KIND}{kind}") is False:
            reason = f"its server knows no tool of type {kind!r}, and refused one."
            raise draft.refusal("tools", [kind], reason)
        note_new_kind(draft, "tools", "tool_kinds", kind)


def _kind(tool: Mapping[str, Any]) -> str:
    """Return the kind of a tool: its type, or the one key of Gemini's."""
    return str(tool.get("type") or next(iter(tool), ""))


def note_new_kind(draft: Draft, parameter: str, table: str, kind: str) -> None:
    """Put on record that something of a kind is sent that nobody here knows."""
    known = facts()[table].get(draft.endpoint, {}).get("kinds")
    if known is None or draft.is_elsewhere or kind in known:
        return
    if kind in map(camel, known):
        return
    reason = f"no row knows the type {kind!r}; it is sent as it is."
    draft.note(parameter, "defaulted", requested=kind, sent=kind, reason=reason)


def _in_range(draft: Draft, rule: ParameterRule, value: Any) -> Any:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return value
    sent = value
    if rule.minimum is not None and value < rule.minimum:
        sent = rule.minimum
    if rule.maximum is not None and value > rule.maximum:
        sent = rule.maximum
    if sent != value:
        reason = f"the model takes {rule.minimum} to {rule.maximum}."
        draft.clamp(rule.parameter, value, sent, reason)
    return sent
