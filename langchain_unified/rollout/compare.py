"""The difference between a request of the path before and ours, part by part.

Each part is explained by a change on the plan or by what the registry knows, or it is
marked as unexplained.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from langchain_unified.errors import UnifiedError
from langchain_unified.rollout.report import UNKNOWN, Difference, Kind
from langchain_unified.rollout.values import ABSENT, json_equal, leaves, shown
from langchain_unified.settings import canonical_names
from langchain_unified.shims.openai.payloads import MESSAGES, Carried, Payload
from langchain_unified.types import CallPlan, Change

REFUSALS = (UnifiedError, ValidationError)
"""What the unified path raises before anything is sent; a provider that is off too."""

ADDED = {
    "stream_options": (
        "The unified path requests usage while streaming, because it counts tokens; "
        "stream_usage=False leaves it out."
    ),
    "include": (
        "The unified path requests the reasoning in a form that can be sent back."
    ),
}
"""What plans add to every call that takes it, without a change of its own."""

PLACES = {"headers": "extra_headers", "query": "extra_query"}
PLACES |= dict.fromkeys((*MESSAGES, "words", "roles"), "messages")
"""The parameter of what is compared place by place, by where it stands."""

FATES = {
    None: ", although {endpoint} has no such parameter: the call fails",
    "absent": ", although {endpoint} has no such parameter: the call fails",
    "never": " and {model} rejects it (400)",
    "default": " and {model} rejects it (400)",
    "effort_none": " and {model} rejects it unless reasoning_effort is 'none' (400)",
}
"""What becomes of a call that carries a setting, by when the endpoint takes it."""

_NO_SCHEMA = (
    ", although {model} does not support response schemas: the call fails (400)"
)
_MEDIA = ("url", "data", "file")
Meaning = tuple[Kind, str]


def refusal(error: Exception, model: str, legacy: Payload | None) -> Difference:
    """Return the difference of a call the unified path refuses before sending."""
    said = isinstance(error, UnifiedError)  # What pydantic says repeats the words.
    why = str(error) if said else "the input is not a message."
    named = getattr(error, "parameter", None) or ("model" if said else "messages")
    parameter, value = canonical_names().get(named, named), UNKNOWN
    if legacy is not None:
        carried = legacy.settings().get(parameter)
        value = shown(parameter, carried.value) if carried else "sent"
    meaning = f"The unified path raises an error before sending: {why}"
    return Difference(model, parameter, value, "refused", meaning, kind="refused")


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


@dataclass(frozen=True)
class Comparison:
    """Two requests of the same call, and what is known about them."""

    legacy: Payload
    unified: Payload
    plan: CallPlan
    who: str
    asked: Collection[str]

    def differences(self) -> Iterator[Difference]:
        """Yield what the two requests do not share."""
        settings = self.legacy.settings(), self.unified.settings()
        places = [*map(self._places, (self.legacy, self.unified), settings)]
        if self.plan.stop and "stop" not in settings[0]:
            yield self._row("stop", None, "applied by the client", self._why_stop())
        for name in dict.fromkeys(key for place in places for key in place):
            was, now = (place.get(name, ABSENT) for place in places)
            parts = [*leaves(was, now, name)]
            before, after = (found.get(name) for found in settings)
            if name in {"base_url", "endpoint"} and parts:
                yield self._row(name, was, now, self._why_elsewhere(name))
            elif name not in PLACES and self._is_whole(name, parts, before, after):
                texts = _text(name, before, after), _text(name, after, before)
                yield self._row(name, *texts, self._why(name, before, after))
            else:
                yield from (self._part(PLACES.get(name, name), *part) for part in parts)

    def _why_stop(self) -> Meaning:
        lost = f"{self.who} drops it silently, and the response continues past"
        _, more = _told(self._change("stop")) or ("", "")
        return "emulated", f"{lost} it. {more}".strip()

    def _places(
        self, payload: Payload, settings: Mapping[str, Carried]
    ) -> dict[str, Any]:
        """Return everything to compare of a request, by its place."""
        legacy, unified = self.legacy, self.unified
        found: dict[str, Any] = {
            name: getattr(payload, name) for name in ("endpoint", "headers", "query")
        }
        if legacy.server and unified.server:
            found["base_url"] = payload.server
        if legacy.roles() != unified.roles():
            found["roles"] = payload.roles()
        elif legacy.endpoint == unified.endpoint:
            found |= payload.messages()
        else:
            found["words"] = payload.words()
        return found | {name: one.value for name, one in settings.items()}

    def _row(
        self,
        parameter: str,
        was: str | None,
        now: str | None,
        why: Meaning,
        where: str = "",
    ) -> Difference:
        kind, meaning = why
        model = self.plan.model
        return Difference(model, parameter, was, now, meaning, 1, kind, where)

    def _is_whole(
        self,
        name: str,
        parts: list[tuple[str, Any, Any]],
        was: Carried | None,
        now: Carried | None,
    ) -> bool:
        """Tell whether a setting differs as a whole: in value, kind, name or fate."""
        if parts:
            return any(p[0] == name or p[0].endswith(".type") for p in parts)
        same_wire = self.legacy.endpoint == self.unified.endpoint
        renamed = same_wire and was and now and was.name != now.name
        return bool(renamed) or self._lost(name)

    def _part(self, parameter: str, where: str, was: Any, now: Any) -> Difference:
        """Return the difference of one place inside a setting or the messages."""
        name = where.rpartition(".")[2].removesuffix("[]")
        before, after = (None if v is ABSENT else shown(name, v) for v in (was, now))
        if where == "roles":
            why = self._why_roles(was, now)
            return self._row(parameter, before, after, why, where)
        change = self._change(parameter)
        if parameter == "messages":
            inside = where.rpartition("content")[2]
            media = where == "words" or any(word in inside for word in _MEDIA)
            change = self._change("messages", *(("fetch_urls",) if media else ()))
        elif change is not None and change.kind == "renamed":
            change = None
        why = _told(change) or _unexplained(where)
        return self._row(parameter, before, after, why, where)

    def _lost(self, name: str) -> bool:
        """Tell whether the endpoint before lacks a parameter that ours has."""
        mappings, endpoint = self.plan.config.mappings, self.legacy.endpoint
        if endpoint == self.plan.endpoint or endpoint not in mappings:
            return False
        ours, theirs = mappings[self.plan.endpoint].rules, mappings[endpoint].rules
        return name in ours and name not in theirs

    def _why_elsewhere(self, name: str) -> Meaning:
        """Return why the two requests go to different servers or endpoints."""
        plan, legacy = self.plan, self.legacy.endpoint
        if name == "base_url":
            return "unexplained", f"{self.who} calls another server."
        if legacy not in plan.config.endpoints:
            fails = f"{self.who}'s call fails (404)."
            return "mended", f"{plan.model} is not available on {legacy}; {fails}"
        if why := _told(self._change("endpoint")):
            return why
        rule = plan.config.tools.get(legacy)
        if plan.body.get("tools") and rule not in {None, "any"}:
            return "mended", (
                f"{plan.model} supports function tools on {legacy} only under the "
                f"condition {rule!r}; {self.who}'s call fails (400)."
            )
        return "routed", f"The unified path prefers {plan.endpoint} for this call."

    def _why_roles(self, was: list[str], now: list[str]) -> Meaning:
        model, taken = self.plan.model, self.plan.config.system_roles
        if bad := sorted({"system", "developer"} & set(was) - set(taken)):
            takes = f"{model} does not accept messages of the role {bad[0]!r}"
            return "mended", f"{takes}; the call fails (400)."
        form = self._change("response_format")
        added = form if form is not None and form.kind == "emulated" else None
        if why := _told(self._change("messages", "system") or added):
            return why
        plain = [["system" if r == "developer" else r for r in x] for x in (was, now)]
        if plain[0] == plain[1]:
            return "translated", "Both are accepted; order and text are the same."
        return _unexplained("the order of the messages")

    def _why(self, name: str, was: Carried | None, now: Carried | None) -> Meaning:
        """Return what the difference of a setting comes from, and what it means."""
        why = _told(_explaining(self._change(name), was, now))
        if was is None:
            return why or self._why_added(name)
        same = json_equal([was.value], now.value) if now else was.value is None
        if why is None and same and (now is None or isinstance(was.value, str)):
            return "translated", "The same value in another form."
        fate = self._fate(name, was.value)
        if now is not None and was.value == now.value:
            if self._lost(name):
                return "mended", f"{self.who} sends it{fate}."
            kind, text = why or ("renamed", "Both are accepted.")
            return kind, f"The same value under another name: {text}"
        what = "sends it" if now is None else "sends another value"
        mended: Meaning = ("mended", "The unified path does not.")
        kind, text = why or (mended if fate else _unexplained(name))
        return kind, f"{self.who} {what}{fate}. {text}"

    def _why_added(self, name: str) -> Meaning:
        """Return the meaning of what only our request carries."""
        if name in ADDED:
            return "defaulted", ADDED[name]
        if name in self.asked:
            takes = f"{self.plan.model} supports it."
            return "kept", f"{self.who} drops it silently; {takes}"
        kind, why = _unexplained(name)
        return kind, f"The unified path adds it. {why}"

    def _fate(self, name: str, value: Any) -> str:
        """Return what becomes of the call before for carrying a setting."""
        config, endpoint = self.plan.config, self.legacy.endpoint
        fate, mapping = None, config.mappings.get(endpoint)
        if mapping is not None and name != "model":
            rule = mapping.rules.get(name)
            fate = FATES.get(None if rule is None else rule.accepts)
        kind = value.get("type") if isinstance(value, dict) else None
        schema = isinstance(value, type) or kind == "json_schema"
        if fate is None and name == "response_format" and schema:
            fate = None if config.supports("structured_output") else _NO_SCHEMA
        return (fate or "").format(endpoint=endpoint, model=config.model)

    def _change(self, *parameters: str) -> Change | None:
        """Return the first change on the plan that is about one of these."""
        return next((c for c in self.plan.changes if c.parameter in parameters), None)


def _text(name: str, carried: Carried | None, other: Carried | None) -> str | None:
    """Return a setting for the report, so that it reads unlike the other one."""
    if carried is None:
        return None
    value = shown(name, carried.value)
    if other is not None and carried.value == other.value:
        return f"{carried.name}={value}"
    alike = other is not None and value == shown(name, other.value)
    return f"{value} (contents differ)" if alike else value


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
        return change if was and now and was.value == now.value else None
    if (change.kind == "dropped") is not (now is None):
        return None
    scalar = isinstance(change.requested, (str, int, float))
    other = was is not None and not json_equal(was.value, change.requested)
    return None if scalar and other else change


def _told(change: Change | None) -> Meaning | None:
    return None if change is None else (change.kind, _sentence(change))


def _unexplained(what: str) -> Meaning:
    return "unexplained", f"No change in the plan explains why {what} differs."


def _sentence(change: Change) -> str:
    quoted = "_" in change.reason.partition(" ")[0]
    text = change.reason if quoted else change.reason[:1].upper() + change.reason[1:]
    return f"{text} [{change.source}]" if change.source else text
