"""Settings without a rule of their own: sent, clamped, dropped or rejected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.planner.draft import Draft
from langchain_unified.planner.words import legal_value
from langchain_unified.types import ParameterRule

_LOGPROBS_INCLUDE = "message.output_text.logprobs"
_ENCRYPTED_REASONING = "reasoning.encrypted_content"

_REASONS = {
    "absent": "the endpoint does not have this parameter.",
    "never": "the model does not support it.",
    "default": "the model supports only the default value.",
    "effort_none": "the model supports it only with reasoning_effort='none'.",
    "ignored": "the model ignores it.",
}


def decide_logprobs(draft: Draft) -> None:
    """Request log probabilities; for Responses, they are an entry of `include`."""
    if draft.wanted.get("top_logprobs") and "logprobs" not in draft.wanted:
        draft.wanted["logprobs"] = draft.given["logprobs"] = True
        reason = "top_logprobs requires it."
        draft.note("logprobs", "defaulted", sent=True, reason=reason)
    if draft.endpoint != "responses" or "logprobs" not in draft.wanted:
        return
    if not draft.wanted["logprobs"]:
        del draft.wanted["logprobs"]
        return
    rule = draft.rule("logprobs")
    if rule is None or not _taken(draft, rule):
        return
    del draft.wanted["logprobs"]
    _include(draft, _LOGPROBS_INCLUDE)
    sent = {"include": [_LOGPROBS_INCLUDE]}
    reason = "on Responses they are requested by an entry of include."
    draft.note("logprobs", "translated", requested=True, sent=sent, reason=reason)


def decide_include(draft: Draft) -> None:
    """Remove entries of `include` that the model would reject.

    `Encrypted content is not supported with this model.` (400 of models that do not
    reason, param `include`; recorded and pasted, 2026-11-27).
    """
    listed = draft.wanted.get("include")
    if not listed or draft.config.match == "fallback":
        return
    lacking = [entry for entry in listed if _lacks(draft, entry)]
    for entry in lacking:
        reason = f"the model does not support {entry}."
        draft.note("include", "dropped", requested=entry, reason=reason)
    if len(lacking) == len(listed):
        del draft.wanted["include"]
    elif lacking:
        draft.wanted["include"] = [e for e in listed if e not in lacking]


def _lacks(draft: Draft, entry: str) -> bool:
    if entry == _ENCRYPTED_REASONING:
        return draft.endpoint != "responses" or not _has_encrypted(draft)
    if entry == _LOGPROBS_INCLUDE and draft.endpoint == "responses":
        rule = draft.rule("logprobs")
        return rule is None or not _taken(draft, rule)
    return False


def _has_encrypted(draft: Draft) -> bool:
    return bool(draft.config.features.get("encrypted_reasoning", draft.config.reasons))


def decide_rest(draft: Draft) -> None:
    """Send all remaining settings by their rules; objects are merged into the body."""
    for parameter, value in sorted(draft.wanted.items(), key=_is_object):
        del draft.wanted[parameter]
        rule = _rule_in_force(draft, parameter)
        if rule is None:
            draft.drop(parameter, value, _REASONS["absent"])
        elif not _taken(draft, rule):
            draft.drop(parameter, value, _REASONS[rule.accepts])
        elif rule.requires is not None and not _given(draft, rule.requires):
            draft.drop(parameter, value, f"it requires {rule.requires}.")
        else:
            _send(draft, rule, value)


def _rule_in_force(draft: Draft, parameter: str) -> ParameterRule | None:
    """Return the rule of a setting; for a key of an object not taken, that object's."""
    holder = draft.rule(parameter.partition(".")[0])
    is_shut = holder is not None and not _taken(draft, holder)
    return holder if is_shut else draft.rule(parameter)


def _is_object(item: tuple[str, Any]) -> bool:
    return isinstance(item[1], Mapping)


def _taken(draft: Draft, rule: ParameterRule) -> bool:
    return rule.accepts == "any" or (
        rule.accepts == "effort_none" and draft.effort == "none"
    )


def _given(draft: Draft, parameter: str) -> bool:
    if parameter == "stream":
        return draft.stream
    return bool(draft.given.get(parameter))


def _send(draft: Draft, rule: ParameterRule, value: Any) -> None:
    """Send a value, or the nearest legal one, and of an object what is taken."""
    if rule.until is not None:
        reason = f"the provider removes {rule.name} on {rule.until}."
        told = {"requested": value, "sent": value}
        draft.note(rule.parameter, "defaulted", **told, reason=reason)
    if isinstance(value, Mapping):
        sent: Any = _taken_parts(draft, rule.parameter, value) if value else value
        if value and not sent:
            return
    else:
        sent = legal_value(draft, rule, value)
    if sent is not None:
        draft.put(rule.parameter, sent)


def _taken_parts(
    draft: Draft, parameter: str, value: Mapping[str, Any]
) -> dict[str, Any]:
    """Return an object with each key judged by a rule of its own, if it has one."""
    found = {}
    for key, part in value.items():
        rule = draft.rule(f"{parameter}.{key}")
        if rule is None:
            found[key] = part
        elif not _taken(draft, rule):
            if part is not None:
                draft.drop(rule.parameter, part, _REASONS[rule.accepts])
        elif (sent := legal_value(draft, rule, part)) is not None:
            found[key] = sent
    return found


def decide_defaults(draft: Draft) -> None:
    """Keep Responses as private as chat, and its reasoning replayable.

    Responses stores answers by default where chat does not, and a reasoning model
    loses its reasoning between turns unless it is stored or sent back encrypted
    (openai 3.54.0, types/responses/response_create_params.py, read 2026-11-23). Where
    the user chose Responses, its own defaults hold: the next call may name the answer
    by its id.
    """
    store = draft.rule("store")
    if draft.endpoint != "responses" or store is None or not _taken(draft, store):
        return
    if _in_background(draft):
        _keep_stored(draft)
    elif not ("store" in draft.body or _server_state(draft) or draft.chose_responses):
        draft.body["store"] = False
        reason = "Responses stores responses by default, chat completions does not."
        draft.note("store", "defaulted", sent=False, reason=reason)
    if _has_encrypted(draft) and draft.body.get("store") is False:
        _include(draft, _ENCRYPTED_REASONING)


def _in_background(draft: Draft) -> bool:
    asked = draft.invocation.extra_body.get("background", draft.body.get("background"))
    return asked is True


def _keep_stored(draft: Draft) -> None:
    """Store what is made in the background: it is asked for again by its id.

    `background` needs `store=true` (OpenAI's guide to background mode, 2026-11-27).
    """
    background = draft.wanted.get("background", draft.body.get("background"))
    if draft.body.get("store") is False:
        reason = "background responses must be stored; remove store=False."
        raise draft.refusal("background", background, reason)
    draft.body["store"] = True
    if "store" not in draft.invocation.params:
        reason = "background responses are stored until they are retrieved."
        draft.note("store", "defaulted", sent=True, reason=reason)


def _server_state(draft: Draft) -> bool:
    given = draft.invocation.params
    return any(name in given for name in ("previous_response_id", "conversation"))


def _include(draft: Draft, entry: str) -> None:
    listed = list(draft.body.get("include", draft.wanted.pop("include", [])))
    draft.body["include"] = listed if entry in listed else [*listed, entry]
