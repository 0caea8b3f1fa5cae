"""The input: content that the model supports, and the role of system text."""

from __future__ import annotations

from langchain_unified.history import KEEPS_LATE_SYSTEM
from langchain_unified.planner.caching import decide_marks
from langchain_unified.planner.draft import Draft
from langchain_unified.planner.media import decide_media
from langchain_unified.planner.turns import decide_turns
from langchain_unified.settings import importance

_UNREACHABLE = {
    "not_chat": "it is not a chat model.",
    "live_only": "it is available on the Live API only.",
    "unserved": "the provider lists the name but does not serve the model.",
}


def decide_reachable(draft: Draft) -> None:
    """Reject models that no supported endpoint serves."""
    for feature, reason in _UNREACHABLE.items():
        if draft.config.supports(feature):
            raise draft.refusal("model", draft.config.model, reason)


def decide_inputs(draft: Draft) -> None:
    """Refuse content and conversations the model cannot read; note what is changed."""
    decide_media(draft)
    decide_marks(draft)
    decide_turns(draft)
    _check_audio(draft)
    _check_cached_content(draft)
    _default_modality(draft)


def _check_audio(draft: Draft) -> None:
    """Audio models want audio on one side (CherryHQ/cherry-studio#1179)."""
    if not draft.config.supports("needs_audio"):
        return
    asked = draft.invocation.params.get("modalities") or ()
    if "audio_inputs" in draft.invocation.traits.inputs or "audio" in asked:
        return
    reason = "it needs audio in a message or modalities=['text', 'audio']."
    raise draft.refusal("messages", "text", reason)


def _check_cached_content(draft: Draft) -> None:
    """Gemini wants tools and system text inside the cached content, not beside it."""
    if not draft.wanted.get("cached_content") or draft.rule("cached_content") is None:
        return
    beside = [name for name in ("tools", "tool_config") if draft.wanted.get(name)]
    beside += ["system text"] if draft.invocation.traits.system else []
    if beside:
        reason = (
            f"{' and '.join(beside)} cannot be sent with it; "
            "include them in the cached content."
        )
        raise draft.refusal("cached_content", draft.wanted["cached_content"], reason)


def _default_modality(draft: Draft) -> None:
    """A model that only speaks is asked for speech, or it refuses the call.

    `models/... accepts the following combination of response modalities: * AUDIO`
    (Gemini API, 400 of the speech models; langchain-google-genai sends it as well).
    """
    config, rule = draft.config, draft.rule("modalities")
    if rule is None or rule.accepts != "any" or "modalities" in draft.wanted:
        return
    if not config.supports("audio_outputs") or config.supports("text_outputs"):
        return
    draft.wanted["modalities"] = ["AUDIO"]
    reason = "the model responds with audio only."
    draft.note("modalities", "defaulted", sent=["AUDIO"], reason=reason)


def decide_system_role(draft: Draft) -> None:
    """Choose the role of system text; without one, it is part of the user's message."""
    traits = draft.invocation.traits
    draft.system_role = _role(draft, draft.config.system_roles)
    reason = (
        "the model does not support system messages; the text is added to the first "
        "user message."
    )
    if "only_system" in traits.findings and draft.endpoint not in KEEPS_LATE_SYSTEM:
        draft.system_role = None
        reason = "the API requires a user message, and there are only system messages."
    if draft.system_role is None and traits.system:
        draft.note(
            "system",
            "translated",
            requested="system",
            sent="user",
            reason=reason,
            source=draft.source("system_roles"),
        )


def decide_caution(draft: Draft) -> None:
    """After several rejected requests, send the required fields only."""
    caution = draft.invocation.caution
    reason = "earlier attempts were rejected; only the required parts are sent."
    if caution > 0:
        for parameter, value in list(draft.wanted.items()):
            if importance(parameter) == "tuning":
                del draft.wanted[parameter]
                draft.drop(parameter, value, reason)
    if caution > 1:
        draft.system_role = None
        if draft.stream:
            draft.stream = False
            draft.note("stream", "emulated", requested=True, sent=False, reason=reason)


def _role(draft: Draft, roles: tuple[str, ...]) -> str | None:
    if not roles:
        return None
    # Responses takes both for every model (recorded with gpt-5, 2026-11-27), and
    # ChatOpenAI leaves the role there as it is.
    return "system" if draft.endpoint == "responses" and "system" in roles else roles[0]
