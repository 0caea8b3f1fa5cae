"""What goes in: content the model can read, and a role for system text."""

from __future__ import annotations

from langchain_unified.planner.draft import Draft

_UNREACHABLE = {
    "live_only": "it is served on the Live API only.",
    "unserved": "the provider lists the name but does not serve it.",
}


def decide_reachable(draft: Draft) -> None:
    """Refuse models that no endpoint of this package can reach."""
    for feature, reason in _UNREACHABLE.items():
        if draft.config.supports(feature):
            raise draft.refusal("model", draft.config.model, reason)


def decide_inputs(draft: Draft) -> None:
    """Refuse content and conversations the model cannot read."""
    traits, config = draft.invocation.traits, draft.config
    for feature in sorted(traits.inputs):
        if not config.supports(feature):
            words = feature.replace("_", " ")
            reason = f"it has no {words}."
            raise draft.refusal("messages", words, reason, feature=feature)
    if traits.prefill and not config.features.get("prefill", True):
        reason = "the conversation must not end with the assistant's turn."
        raise draft.refusal("messages", "prefill", reason, feature="prefill")
    if traits.multi_turn and not config.features.get("multi_turn", True):
        reason = "it takes a single turn."
        raise draft.refusal("messages", "history", reason)
    _check_audio(draft)


def _check_audio(draft: Draft) -> None:
    """Audio models want audio on one side (CherryHQ/cherry-studio#1179)."""
    if not draft.config.supports("needs_audio"):
        return
    asked = draft.invocation.params.get("modalities") or ()
    if "audio_inputs" in draft.invocation.traits.inputs or "audio" in asked:
        return
    reason = "it needs audio in a message or modalities=['text', 'audio']."
    raise draft.refusal("messages", "text", reason)


def decide_system_role(draft: Draft) -> None:
    """Choose the role of system text; a model with none gets it in the user turn."""
    roles = draft.config.system_roles
    draft.system_role = _role(draft, roles)
    if draft.system_role is None and draft.invocation.traits.system:
        reason = "the model takes no system text; it opens the first user turn."
        draft.note(
            "system",
            "translated",
            requested="system",
            sent="user",
            reason=reason,
            source=draft.source("system_roles"),
        )


def _role(draft: Draft, roles: tuple[str, ...]) -> str | None:
    if not roles:
        return None
    return "system" if "system" in roles and not draft.config.reasons else roles[0]
