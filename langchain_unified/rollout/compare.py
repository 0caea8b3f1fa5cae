"""The difference between ChatOpenAI's payload and ours, and what each part means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_unified.errors import (
    InvalidParameterError,
    UnknownParameterError,
    UnsupportedError,
)
from langchain_unified.rollout.payloads import Sent, roles_of, settings_of, shown
from langchain_unified.rollout.report import Difference
from langchain_unified.types import CallPlan, Change, ModelConfig
from langchain_unified.vocabulary import canonical_names

Payload = tuple[str, Mapping[str, Any]]
"""An endpoint and a request body."""

Refusal = InvalidParameterError | UnknownParameterError | UnsupportedError
REFUSALS = (InvalidParameterError, UnknownParameterError, UnsupportedError)
"""What the unified path refuses before anything is sent."""

_REFUSED = frozenset({"never", "default"})


def refusal(error: Refusal, model: str, legacy: Payload) -> list[Difference]:
    """Return the difference of a call the unified path refuses before sending."""
    parameter = canonical_names().get(error.parameter, error.parameter)
    sent = settings_of(*legacy).get(parameter)
    value = shown(parameter, sent.value) if sent else "sent"
    meaning = f"The unified path refuses it before anything is sent: {error}"
    return [Difference(model, parameter, value, "refused", meaning)]


def differences(legacy: Payload, unified: Payload, plan: CallPlan) -> list[Difference]:
    """Return what two payloads of the same call do not share.

    Args:
        legacy: What ChatOpenAI would send.
        unified: What the unified path would send.
        plan: The plan behind the unified payload.
    """
    ours, theirs = settings_of(*unified), settings_of(*legacy)
    found = [
        *_model(legacy[1], plan),
        *_endpoint(legacy[0], plan),
        *_roles(legacy[1], unified[1], plan),
    ]
    if plan.stop and "stop" not in theirs:
        found.append(_client_stop(plan))
    for parameter in dict.fromkeys((*theirs, *ours)):
        was, now = theirs.get(parameter), ours.get(parameter)
        same = _same(was, now, same_wire=legacy[0] == unified[0])
        if same and not _doomed(parameter, legacy[0], plan):
            continue
        meaning = _meaning(parameter, was, now, legacy[0], plan)
        found.append(
            Difference(
                plan.model,
                parameter,
                _text(parameter, was, now),
                _text(parameter, now, was),
                meaning,
            )
        )
    return found


def _same(was: Sent | None, now: Sent | None, *, same_wire: bool) -> bool:
    if was is None or now is None:
        return False
    return was.value == now.value and (was.name == now.name or not same_wire)


def _doomed(parameter: str, endpoint: str, plan: CallPlan) -> bool:
    """Tell whether ChatOpenAI's endpoint lacks a parameter that ours has."""
    mappings = plan.config.mappings
    if endpoint == plan.endpoint or endpoint not in mappings:
        return False
    ours, theirs = mappings[plan.endpoint].rules, mappings[endpoint].rules
    return parameter in ours and parameter not in theirs


def _client_stop(plan: CallPlan) -> Difference:
    why = "ChatOpenAI leaves it out without a word, and the answer runs past it."
    meaning = f"{why} {_reason('stop', plan)}".strip()
    return Difference(plan.model, "stop", None, "applied by the client", meaning)


def _text(parameter: str, sent: Sent | None, other: Sent | None) -> str | None:
    if sent is None:
        return None
    value = shown(parameter, sent.value)
    if other is None or sent.value != other.value:
        differ = other is not None and value == shown(parameter, other.value)
        return f"{value} (contents differ)" if differ else value
    return f"{sent.name}={value}"


def _model(legacy: Mapping[str, Any], plan: CallPlan) -> list[Difference]:
    was = legacy.get("model")
    if was is None or was == plan.model:
        return []
    meaning = _reason("model", plan) or "The two ask for models of different names."
    return [Difference(plan.model, "model", str(was), plan.model, meaning)]


def _endpoint(legacy: str, plan: CallPlan) -> list[Difference]:
    if legacy == plan.endpoint:
        return []
    if legacy not in plan.config.endpoints:
        why = f"{plan.model} is not served on {legacy}; ChatOpenAI's call fails (404)."
    else:
        why = _reason("endpoint", plan) or _tools_reason(legacy, plan)
    return [Difference(plan.model, "endpoint", legacy, plan.endpoint, why)]


def _tools_reason(legacy: str, plan: CallPlan) -> str:
    rule = plan.config.tools.get(legacy)
    if plan.body.get("tools") and rule not in {None, "any"}:
        return (
            f"{plan.model} takes function tools on {legacy} under the condition "
            f"{rule!r} only; ChatOpenAI's call fails (400)."
        )
    return f"The unified path prefers {plan.endpoint} for this call."


def _roles(
    legacy: Mapping[str, Any], unified: Mapping[str, Any], plan: CallPlan
) -> list[Difference]:
    was, now = roles_of(legacy), roles_of(unified)
    if was == now:
        return []
    roles = plan.config.system_roles
    bad = sorted({"system", "developer"} & set(was) - set(roles))
    if bad:
        why = f"{plan.model} takes no message of role {bad[0]!r}; the call fails (400)."
    else:
        why = "Both are accepted; the order and the text are the same."
    shown_roles = (shown("messages", was), shown("messages", now))
    return [Difference(plan.model, "messages", *shown_roles, why)]


def _meaning(
    parameter: str, was: Sent | None, now: Sent | None, endpoint: str, plan: CallPlan
) -> str:
    reason = _reason(parameter, plan)
    if was is None:
        return reason or (
            f"ChatOpenAI leaves it out without a word; {plan.model} takes it."
        )
    fate = _fate(parameter, endpoint, plan.config)
    if parameter == "response_format" and _is_schema(was.value):
        fate = fate or _fate_of_schema(plan.config)
    if was.value == getattr(now, "value", None) and _doomed(parameter, endpoint, plan):
        return f"ChatOpenAI sends it{fate}."
    if now is None:
        return f"ChatOpenAI sends it{fate}. {reason or 'The unified path does not.'}"
    if was.value == now.value:
        return f"The same value under another name: {reason or 'both are accepted.'}"
    return f"ChatOpenAI sends another value{fate}. {reason or ''}".strip()


def _fate(parameter: str, endpoint: str, config: ModelConfig) -> str:
    """Return what becomes of a call that carries a parameter."""
    mapping = config.mappings.get(endpoint)
    if mapping is None:
        return ""
    rule = mapping.rules.get(parameter)
    if rule is None or rule.accepts == "absent":
        return f", although {endpoint} has no such parameter: the call fails"
    if rule.accepts in _REFUSED:
        return f" and {config.model} refuses it (400)"
    if rule.accepts == "effort_none":
        return f" and {config.model} refuses it unless it does not reason (400)"
    return ""


def _is_schema(form: Any) -> bool:
    return isinstance(form, type) or (
        isinstance(form, Mapping) and form.get("type") == "json_schema"
    )


def _fate_of_schema(config: ModelConfig) -> str:
    if config.supports("structured_output"):
        return ""
    return f", although {config.model} takes no response schema: the call fails (400)"


def _reason(parameter: str, plan: CallPlan) -> str:
    change = next((c for c in plan.changes if c.parameter == parameter), None)
    return "" if change is None else _sentence(change)


def _sentence(change: Change) -> str:
    first, _, _ = change.reason.partition(" ")
    quoted = "_" in first
    text = change.reason if quoted else change.reason[:1].upper() + change.reason[1:]
    return f"{text} [{change.source}]" if change.source else text
