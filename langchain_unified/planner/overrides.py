"""`extra_body`: the user's own request fields, merged into the planned body.

Objects are merged at every depth, so that one option more does not take the others
away. What a field of the user's replaces is on record: the user's word goes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.planner.draft import Draft
from langchain_unified.planner.merging import in_camel_case, merged, replaced
from langchain_unified.settings import canonical_names

_SOURCE = "extra_body"
_REST_ENDPOINT = "generate_content"


def apply_extra_body(draft: Draft) -> None:
    """Merge `extra_body` into the body, and record what it replaces."""
    extra = draft.extra_body
    if not extra:
        return
    if draft.endpoint == _REST_ENDPOINT:
        extra = in_camel_case(extra)
    for path, planned, given in replaced(draft.body, extra):
        _note(draft, _parameter(draft, path), planned, {path: given})
    _leave_out_other_names(draft, extra)
    _note_conversation(draft, extra)
    draft.body = merged(draft.body, extra)


_CONVERSATION = {
    "api_chat": ("messages", ""),
    "chat": ("messages", ""),
    "generate_content": ("contents", "systemInstruction"),
    "messages": ("messages", "system"),
    "responses": ("input", ""),
}
"""Where each endpoint has the messages, and where their system text, if it is apart."""


def _note_conversation(draft: Draft, extra: Mapping[str, Any]) -> None:
    """Put on record that the messages, or their system text, are replaced."""
    turns, system = _CONVERSATION.get(draft.endpoint, ("messages", ""))
    replaces_system = system in extra and draft.invocation.traits.system
    for name in (turns, system):
        if name in extra and (name == turns or replaces_system):
            reason = f"extra_body sets {name} and takes precedence."
            sent = {name: extra[name]}
            draft.note("messages", "dropped", sent=sent, reason=reason, source=_SOURCE)
    if "model" in extra and extra["model"] != draft.config.model:
        reason = (
            "extra_body sets model and takes precedence; the rules of the requested "
            "model apply."
        )
        told = {"requested": draft.config.model, "sent": extra["model"]}
        draft.note("model", "dropped", **told, reason=reason, source=_SOURCE)


def _leave_out_other_names(draft: Draft, extra: Mapping[str, Any]) -> None:
    """Leave out what `extra_body` says under another name of the same setting.

    OpenAI refuses `max_tokens` beside `max_completion_tokens`.
    """
    names = canonical_names()
    for key, value in extra.items():
        rule = draft.rule(names.get(key, ""))
        if rule is None or rule.name == key or rule.name not in draft.body:
            continue
        _note(draft, rule.parameter, draft.body[rule.name], {key: value})
        draft.body = {k: v for k, v in draft.body.items() if k != rule.name}


def _parameter(draft: Draft, path: str) -> str:
    """Return the setting that a field of the request stands for."""
    rules = draft.mapping.rules
    exact = [name for name, rule in rules.items() if rule.name == path]
    inside = [name for name, rule in rules.items() if rule.name.startswith(f"{path}.")]
    around = [name for name, rule in rules.items() if path.startswith(f"{rule.name}.")]
    asked = draft.invocation.params
    found = [name for name in (*exact, *inside, *around) if name in asked] or exact
    return found[0] if found else "extra_body"


def _note(draft: Draft, parameter: str, planned: Any, sent: Mapping[str, Any]) -> None:
    """Record a replaced field; a default that nobody asked for is no loss."""
    asked = parameter in draft.invocation.params
    if not asked:
        draft.changes = [
            change
            for change in draft.changes
            if change.kind != "defaulted" or change.parameter != parameter
        ]
    draft.note(
        parameter,
        "dropped" if asked else "translated",
        requested=draft.invocation.params.get(parameter, planned),
        sent=dict(sent),
        reason=f"extra_body sets {next(iter(sent))} and takes precedence.",
        source=_SOURCE,
    )
