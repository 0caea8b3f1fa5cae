"""The difference between a request of the path before and ours, part by part.

Each part is explained by a change on the plan or by what the registry knows, or it is
marked as unexplained.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from langchain_unified import vocabulary
from langchain_unified.errors import (
    InvalidParameterError,
    UnknownParameterError,
    UnsupportedError,
)
from langchain_unified.rollout.payloads import (
    ABSENT,
    Absent,
    Carried,
    Payload,
    json_equal,
    leaves,
    roles_of,
    settings_of,
    shown,
    words_of,
)
from langchain_unified.rollout.report import UNKNOWN, Difference, Kind
from langchain_unified.types import CallPlan, Change, ModelConfig

Refusal = InvalidParameterError | UnknownParameterError | UnsupportedError
REFUSALS = (InvalidParameterError, UnknownParameterError, UnsupportedError)
"""What the unified path refuses before anything is sent."""

CHAT_OPENAI = "ChatOpenAI"
OLD_SERVICE = "The old service"

_REFUSED = frozenset({"never", "default"})
_MEDIA = ("url", "data", "file")


ADDED = {
    "stream_options": (
        "The unified path asks for usage while streaming, as the answer counts tokens; "
        "stream_usage=False leaves it out."
    ),
    "include": (
        "The unified path asks for the reasoning in a form that can be sent back."
    ),
}
"""What plans add to every call that takes it, without a change of its own."""


class Pair(NamedTuple):
    """Two requests of the same call, and what is known about them.

    Attributes:
        legacy: The request of the path before.
        unified: Ours.
        plan: The plan behind ours.
        who: Who sends the one before.
        asked: What the call asks for, by LangChain's words.
    """

    legacy: Payload
    unified: Payload
    plan: CallPlan
    who: str = CHAT_OPENAI
    asked: Collection[str] = ()


def refusal(error: Refusal, model: str, legacy: Payload | None) -> list[Difference]:
    """Return the difference of a call the unified path refuses before sending."""
    parameter = vocabulary.canonical_names().get(error.parameter, error.parameter)
    value = UNKNOWN
    if legacy is not None:
        carried = settings_of(legacy).get(parameter)
        value = shown(parameter, carried.value) if carried else "sent"
    meaning = f"The unified path refuses it before anything is sent: {error}"
    return [Difference(model, parameter, value, "refused", meaning, kind="refused")]


def changes_of(plan: CallPlan) -> list[Difference]:
    """Return what the unified path changes, where nobody saw the request before."""
    return [
        Difference(
            plan.model,
            change.parameter,
            UNKNOWN,
            None if change.sent is None else shown(change.parameter, change.sent),
            f"The unified path: {_sentence(change)}",
            kind=change.kind,
        )
        for change in plan.changes
    ]


def differences(pair: Pair) -> list[Difference]:
    """Return what two requests of the same call do not share."""
    return [
        *_server(pair),
        *_endpoint(pair),
        *_headers(pair),
        *_talk(pair),
        *_settings(pair),
    ]


def _settings(pair: Pair) -> Iterator[Difference]:
    ours, theirs = settings_of(pair.unified), settings_of(pair.legacy)
    plan, same_wire = pair.plan, pair.legacy.endpoint == pair.unified.endpoint
    if plan.stop and "stop" not in theirs:
        yield _client_stop(pair)
    for parameter in dict.fromkeys((*theirs, *ours)):
        was, now = theirs.get(parameter), ours.get(parameter)
        if was is None or now is None:
            yield _whole(pair, parameter, was, now)
            continue
        parts = list(leaves(was.value, now.value, parameter))
        if any(where.endswith(".type") for where, _, _ in parts):
            parts = [(parameter, was, now)]  # Another kind of thing altogether.
        renamed = same_wire and was.name != now.name
        if parts == [] and (renamed or _doomed(parameter, pair)):
            yield _whole(pair, parameter, was, now)
        for where, before, after in parts:
            if where == parameter:
                yield _whole(pair, parameter, was, now)
            else:
                yield _part(pair, parameter, where, before, after)


def _whole(
    pair: Pair, parameter: str, was: Carried | None, now: Carried | None
) -> Difference:
    """Return the difference of a setting as a whole."""
    kind, meaning = _meaning(pair, parameter, was, now)
    return Difference(
        pair.plan.model,
        parameter,
        _text(parameter, was, now),
        _text(parameter, now, was),
        meaning,
        kind=kind,
    )


def _part(
    pair: Pair, parameter: str, where: str, before: object, after: object
) -> Difference:
    """Return the difference of one place inside a setting or the messages."""
    change = _change_inside(parameter, where, pair.plan)
    kind: Kind = "unexplained" if change is None else change.kind
    meaning = _unexplained(where) if change is None else _sentence(change)
    name = where.rpartition(".")[2].removesuffix("[]")
    return Difference(
        pair.plan.model,
        parameter,
        _leaf(name, before),
        _leaf(name, after),
        meaning,
        kind=kind,
        where=where,
    )


def _leaf(name: str, value: object) -> str | None:
    return None if isinstance(value, Absent) else shown(name, value)


def _unexplained(where: str) -> str:
    return f"No change on the plan says why {where} differs."


def _doomed(parameter: str, pair: Pair) -> bool:
    """Tell whether the endpoint before lacks a parameter that ours has."""
    plan, endpoint = pair.plan, pair.legacy.endpoint
    mappings = plan.config.mappings
    if endpoint == plan.endpoint or endpoint not in mappings:
        return False
    ours, theirs = mappings[plan.endpoint].rules, mappings[endpoint].rules
    return parameter in ours and parameter not in theirs


def _client_stop(pair: Pair) -> Difference:
    why = f"{pair.who} leaves it out without a word, and the answer runs past it."
    change = _of(pair.plan, "stop")
    meaning = f"{why} {_sentence(change) if change else ''}".strip()
    applied = "applied by the client"
    return Difference(pair.plan.model, "stop", None, applied, meaning, kind="emulated")


def _text(parameter: str, carried: Carried | None, other: Carried | None) -> str | None:
    if carried is None:
        return None
    value = shown(parameter, carried.value)
    if other is None or carried.value != other.value:
        differ = other is not None and value == shown(parameter, other.value)
        return f"{value} (contents differ)" if differ else value
    return f"{carried.name}={value}"


def _server(pair: Pair) -> Iterator[Difference]:
    was, now = pair.legacy.server, pair.unified.server
    if was and now and was != now:
        meaning = f"{pair.who} asks another server."
        yield Difference(
            pair.plan.model, "base_url", was, now, meaning, kind="unexplained"
        )


def _endpoint(pair: Pair) -> Iterator[Difference]:
    legacy, plan = pair.legacy.endpoint, pair.plan
    if legacy == plan.endpoint:
        return
    change = _of(plan, "endpoint")
    kind: Kind = "routed"
    if legacy not in plan.config.endpoints:
        kind = "mended"
        why = f"{plan.model} is not served on {legacy}; {pair.who}'s call fails (404)."
    elif change is not None:
        why = _sentence(change)
    else:
        kind, why = _tools_reason(legacy, pair)
    yield Difference(plan.model, "endpoint", legacy, plan.endpoint, why, kind=kind)


def _tools_reason(legacy: str, pair: Pair) -> tuple[Kind, str]:
    plan = pair.plan
    rule = plan.config.tools.get(legacy)
    if plan.body.get("tools") and rule not in {None, "any"}:
        return "mended", (
            f"{plan.model} takes function tools on {legacy} under the condition "
            f"{rule!r} only; {pair.who}'s call fails (400)."
        )
    return "routed", f"The unified path prefers {plan.endpoint} for this call."


def _headers(pair: Pair) -> Iterator[Difference]:
    for where, was, now in leaves(pair.legacy.headers, pair.unified.headers, "headers"):
        yield _part(pair, "extra_headers", where, was, now)


def _talk(pair: Pair) -> Iterator[Difference]:
    legacy, unified, plan = pair.legacy, pair.unified, pair.plan
    was, now = roles_of(legacy), roles_of(unified)
    if was != now:
        yield _roles(pair, was, now)
    elif legacy.endpoint == unified.endpoint:
        for name in ("messages", "input", "instructions"):
            texts = (legacy.body.get(name, ABSENT), unified.body.get(name, ABSENT))
            for where, before, after in leaves(*texts, name):
                yield _part(pair, "messages", where, before, after)
    elif words_of(legacy) != words_of(unified):
        change = _of(plan, "messages", "fetch_urls")
        kind: Kind = "unexplained" if change is None else change.kind
        why = _sentence(change) if change else _unexplained("what the messages say")
        yield Difference(plan.model, "messages", "(given)", "(given)", why, kind=kind)


def _roles(pair: Pair, was: list[str], now: list[str]) -> Difference:
    plan = pair.plan
    kind: Kind = "mended"
    bad = sorted({"system", "developer"} & set(was) - set(plan.config.system_roles))
    change = _of(plan, "messages", "system")
    if bad:
        why = f"{plan.model} takes no message of role {bad[0]!r}; the call fails (400)."
    elif change is not None:
        kind, why = change.kind, _sentence(change)
    elif _without_system(was) == _without_system(now):
        kind, why = "translated", "Both are accepted; the order and text are the same."
    else:
        kind, why = "unexplained", _unexplained("the order of the messages")
    texts = (shown("messages", was), shown("messages", now))
    return Difference(plan.model, "messages", *texts, why, kind=kind, where="roles")


def _without_system(roles: list[str]) -> list[str]:
    return ["system" if role == "developer" else role for role in roles]


def _meaning(
    pair: Pair, parameter: str, was: Carried | None, now: Carried | None
) -> tuple[Kind, str]:
    """Return what the difference of a setting comes from, and what it means."""
    change = _explaining(_of(pair.plan, parameter), was, now)
    if was is None:
        return _added(pair, parameter, change)
    if change is None and _same_meaning(was, now):
        return "translated", "The same value in another form."
    if now is not None and was.value == now.value:
        return _renamed(pair, parameter, change)
    fate = _fate(parameter, pair.legacy.endpoint, pair.plan.config)
    if parameter == "response_format" and _is_schema(was.value):
        fate = fate or _fate_of_schema(pair.plan.config)
    what = "sends it" if now is None else "sends another value"
    return _sent_before(pair, parameter, change, f"{what}{fate}", doomed=bool(fate))


def _added(pair: Pair, parameter: str, change: Change | None) -> tuple[Kind, str]:
    """Return the meaning of what only our request carries."""
    if change is not None:
        return change.kind, _sentence(change)
    if parameter in ADDED:
        return "defaulted", ADDED[parameter]
    if parameter in pair.asked:
        model = pair.plan.model
        return "kept", f"{pair.who} leaves it out without a word; {model} takes it."
    why = _unexplained(parameter)
    return "unexplained", f"Nobody asked for it, and the unified path adds it. {why}"


def _renamed(pair: Pair, parameter: str, change: Change | None) -> tuple[Kind, str]:
    """Return the meaning of the same value in another place or under another name."""
    if _doomed(parameter, pair):
        fate = _fate(parameter, pair.legacy.endpoint, pair.plan.config)
        return "mended", f"{pair.who} sends it{fate}."
    both = _sentence(change) if change else "both are accepted."
    kind: Kind = "renamed" if change is None else change.kind
    return kind, f"The same value under another name: {both}"


def _sent_before(
    pair: Pair, parameter: str, change: Change | None, what: str, *, doomed: bool
) -> tuple[Kind, str]:
    """Return the meaning of what the request before carries, and ours does not."""
    if change is not None:
        return change.kind, f"{pair.who} {what}. {_sentence(change)}"
    if doomed:
        return "mended", f"{pair.who} {what}. The unified path does not."
    return "unexplained", f"{pair.who} {what}. {_unexplained(parameter)}"


def _same_meaning(was: Carried, now: Carried | None) -> bool:
    """Tell whether one sends null for nothing, or one string for a list of one."""
    if now is None:
        return was.value is None
    return isinstance(was.value, str) and json_equal([was.value], now.value)


def _fate(parameter: str, endpoint: str, config: ModelConfig) -> str:
    """Return what becomes of a call that carries a parameter."""
    mapping = config.mappings.get(endpoint)
    if mapping is None or parameter == "model":
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


def _of(plan: CallPlan, *parameters: str) -> Change | None:
    """Return the first change on the plan that is about one of these."""
    return next((c for c in plan.changes if c.parameter in parameters), None)


def _explaining(
    change: Change | None, was: Carried | None, now: Carried | None
) -> Change | None:
    """Return a change if it is why two settings differ, not merely about the same.

    A renamed setting explains another name, not another value; a dropped one explains
    that ours is gone, if the one before is what the call asked for.
    """
    if change is None:
        return None
    if change.kind == "renamed":
        same = was is not None and now is not None and was.value == now.value
        return change if same else None
    if (change.kind == "dropped") is not (now is None):
        return None
    scalar = isinstance(change.requested, (str, int, float))
    if was is not None and scalar and not json_equal(was.value, change.requested):
        return None
    return change


def _change_inside(parameter: str, where: str, plan: CallPlan) -> Change | None:
    """Return the change on the plan behind a difference inside a setting."""
    if parameter != "messages":
        change = _of(plan, parameter)
        return None if change is None or change.kind == "renamed" else change
    if any(word in where.rpartition("content")[2] for word in _MEDIA):
        return _of(plan, "messages", "fetch_urls")
    return _of(plan, "messages")


def _sentence(change: Change) -> str:
    first, _, _ = change.reason.partition(" ")
    quoted = "_" in first
    text = change.reason if quoted else change.reason[:1].upper() + change.reason[1:]
    return f"{text} [{change.source}]" if change.source else text
