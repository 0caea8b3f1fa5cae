"""Values from a list: the nearest supported one, and values that may be new."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from langchain_unified.planner.draft import Draft
from langchain_unified.planner.merging import camel
from langchain_unified.schemas.tool_forms import kind_of
from langchain_unified.schemas.wires import facts
from langchain_unified.settings import nearest_word, settings
from langchain_unified.types import ParameterRule

TOOL, BLOCK = "tool", "block"
"""What has a type that a server may not know."""


def legal_value(draft: Draft, rule: ParameterRule, value: Any) -> Any:
    """Return a value, or the nearest legal one; `None` for none, put on record."""
    legal = rule.values
    if rule.has_refused(value):
        legal = tuple(one for one in legal or () if not rule.has_refused(one))
    if legal is None or value in legal:
        return _in_range(draft, rule, value)
    if is_new_word(draft, rule.parameter, value, legal):
        return value
    listed = ", ".join(repr(item) for item in legal)
    reason = (
        (f"the model accepts {listed}.")
        if legal
        else ("the model does not support it.")
    )
    nearest = nearest_word(rule.parameter, value, legal)
    if nearest is None:
        draft.drop(rule.parameter, value, reason)
    else:
        draft.clamp(rule.parameter, value, nearest, reason)
    return nearest


def is_new_word(
    draft: Draft, parameter: str, word: Any, legal: Collection[Any]
) -> bool:
    """Tell whether a value may be newer than the registry; record that it is sent.

    A provider adds words between two versions of this package. What it refuses is
    learned from, and then its list is what holds; where a model has no choice, there
    is nothing that a new word could be.
    """
    setting, rule = settings().get(parameter), draft.rule(parameter)
    if setting is None or setting.knows(word) or draft.knows_values(parameter):
        return False
    if rule is not None and rule.has_refused(word):
        return False
    if len(legal) == 1:
        return False
    listed = ", ".join(map(str, legal))
    reason = (
        f"the value is not in the registry (known: {listed}); it is sent unchanged."
    )
    draft.note(parameter, "defaulted", requested=word, sent=word, reason=reason)
    return True


def check_tool_kinds(draft: Draft, tools: Sequence[Mapping[str, Any]]) -> None:
    """Record tools of types that may be newer than the registry.

    Raises:
        UnsupportedError: If the server has refused a kind before.
    """
    served = (draft.endpoint,) if draft.is_elsewhere else draft.config.mappings
    for kind in map(kind_of, tools):
        if has_refused_kind(draft, TOOL, kind, served):
            reason = f"the server rejected a tool of type {kind!r}."
            raise draft.refusal("tools", [kind], reason)
        note_new_kind(draft, "tools", "tool_kinds", kind)


def has_refused_kind(
    draft: Draft, what: str, kind: str, endpoints: Iterable[str]
) -> bool:
    """Tell whether one of some endpoints has refused a tool or a block of a type."""
    known = draft.config.features
    return any(known.get(f"{what}:{kind}@{at}") is False for at in endpoints)


def note_new_kind(draft: Draft, parameter: str, table: str, kind: str) -> None:
    """Record that a tool or a block of an unknown type is sent."""
    known = facts()[table].get(draft.endpoint, {}).get("kinds")
    if known is None or draft.is_elsewhere or kind in known:
        return
    if kind in map(camel, known):
        return
    reason = f"the type {kind!r} is not in the registry; it is sent unchanged."
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
        reason = f"the model accepts {rule.minimum} to {rule.maximum}."
        draft.clamp(rule.parameter, value, sent, reason)
    return sent
