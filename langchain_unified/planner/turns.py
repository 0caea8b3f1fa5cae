"""The conversation: messages of other models, and the order of the turns."""

from __future__ import annotations

from langchain_unified.history import KEEPS_LATE_SYSTEM, SERVER_STATE
from langchain_unified.history.blanks import REFUSES_BLANKS
from langchain_unified.history.finite import STRUCTURED_ARGUMENTS
from langchain_unified.history.ids import MAX_CALL_ID
from langchain_unified.history.origin import gave, is_own, maker, takes_back
from langchain_unified.history.upgrade import takes_functions
from langchain_unified.planner.draft import Draft
from langchain_unified.types import Traits

_SOURCE = "facts of 2026-11-23: signatures, reasoning items, provider switches"

_REASONS = {
    "older": (
        "older form",
        "tool_calls",
        "a message of an older version is converted.",
    ),
    "functions": (
        "function_call",
        "tool_calls",
        "function calls are deprecated; the model accepts tool calls.",
    ),
    "orphan": (
        "tool result without its call",
        "user turn",
        "every API rejects it; its text is sent in a user message.",
    ),
    "unanswered": (
        "tool call without a result",
        "synthetic result",
        "every API rejects it; a result is added that says it was not executed.",
    ),
    "empty": ("empty turn", None, "the API rejects an empty message."),
    "doubled": (
        "two assistant messages in a row",
        "one turn",
        "the API rejects a function call after an assistant message.",
    ),
    "headless": (
        "the assistant message comes first",
        "a user message before it",
        "the API requires the first message to be the user's.",
    ),
    "odd_id": (
        "tool call ids",
        "short ids",
        "the API accepts short ids only; call and result have the same new id.",
    ),
    "white": (
        "white space as text",
        None,
        "the API rejects text of white space only.",
    ),
    "trailing_white": (
        "white space at the end of an assistant message",
        None,
        "the API rejects white space at the end.",
    ),
    "not_finite": (
        "NaN or an infinity among a tool call's arguments",
        "text",
        "JSON has no such numbers.",
    ),
    "late_system": (
        "late system text",
        "system text at the head",
        "the API accepts a system message only at the start.",
    ),
}
_FUNCTION_PAIRS = ("function_orphan", "function_unanswered")
_REASONS |= {name: _REASONS[name.partition("_")[2]] for name in _FUNCTION_PAIRS}
_WHITE = ("trailing_white", "white")
_ALTERNATING = ("empty", "doubled", "headless", "late_system")
_ANY_ID = ("chat", "responses", "generate_content")


def decide_turns(draft: Draft) -> None:
    """Reject conversations that the model does not support; record changes to others.

    Raises:
        UnsupportedError: For a prefill or a history where there may be none, and for
            messages that say nothing.
    """
    traits, config = draft.invocation.traits, draft.config
    continues = traits.prefill and not _is_resumed(draft)
    if continues and not config.features.get("prefill", True):
        reason = "the conversation must not end with an assistant message."
        raise draft.refusal("messages", "prefill", reason, feature="prefill")
    if traits.multi_turn and not config.features.get("multi_turn", True):
        reason = "it accepts a single message."
        raise draft.refusal("messages", "history", reason)
    if "blank" in traits.findings and draft.endpoint not in KEEPS_LATE_SYSTEM:
        raise draft.refusal("messages", "", "all messages are empty.")
    if "all_white" in traits.findings and draft.endpoint in REFUSES_BLANKS:
        reason = "all messages contain only white space, which the API rejects."
        raise draft.refusal("messages", " ", reason)
    _note_bound(draft, traits)
    _note_findings(draft, traits)


def sends_as_given(draft: Draft) -> bool:
    """Tell whether the messages are plain text that the endpoint takes as it is."""
    plain = draft.invocation.traits.plain
    if draft.endpoint in KEEPS_LATE_SYSTEM and draft.system_role is not None:
        return bool(plain)
    return plain == "one" and draft.add_system is None


def _is_resumed(draft: Draft) -> bool:
    """Tell whether the last turn is the model's own, to be continued as it is."""
    paused = draft.invocation.traits.paused
    mine = maker(draft.config.provider, draft.platform)
    return paused is not None and is_own(paused, mine, draft.config.model)


def _note_bound(draft: Draft, traits: Traits) -> None:
    """Note whose reasoning and signatures stay behind."""
    config = draft.config
    mine = maker(config.provider, draft.platform)
    for made_by in sorted(traits.bound):
        own = is_own(made_by, mine, config.model)
        taken_back = takes_back(config) and gave(config.server, made_by)
        if taken_back if draft.endpoint == "chat" else own:
            continue
        name = ":".join(filter(None, made_by)) or "an unknown model"
        only = "chat completions takes none" if own else "only that model can read it"
        draft.note(
            "messages",
            "translated",
            requested=f"reasoning of {name}",
            reason=f"{only}; its text, tool calls and results are sent.",
            source=_SOURCE,
        )


def _note_findings(draft: Draft, traits: Traits) -> None:
    stateful = any(draft.wanted.get(name) for name in SERVER_STATE)
    keeps = draft.endpoint in KEEPS_LATE_SYSTEM
    functions = takes_functions(draft.config, draft.endpoint)
    applies = {
        **dict.fromkeys(("orphan", "unanswered"), not stateful),
        **dict.fromkeys(_FUNCTION_PAIRS, not (stateful or functions)),
        "functions": not functions,
        **dict.fromkeys(_ALTERNATING, not keeps),
        "older": True,
        "odd_id": draft.endpoint not in _ANY_ID,
        **dict.fromkeys(_WHITE, draft.endpoint in REFUSES_BLANKS),
        "not_finite": draft.endpoint in STRUCTURED_ARGUMENTS,
        **dict.fromkeys(("all_white", "blank", "only_system"), False),
    }
    found = {name for name in traits.findings if applies.get(name)}
    most = None if draft.is_elsewhere else MAX_CALL_ID.get(draft.endpoint)
    if most is not None and traits.longest_call_id > most:
        found.add("odd_id")
    for name in sorted(found):
        requested, sent, reason = _REASONS[name]
        draft.note(
            "messages",
            "translated",
            requested=requested,
            sent=sent,
            reason=reason,
            source=_SOURCE,
        )
