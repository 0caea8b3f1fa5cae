"""The difference between a request of the path before and ours, part by part.

Each part is explained by a change on the plan or by what the registry knows, or it is
marked as unexplained.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from langchain_unified import vocabulary
from langchain_unified.errors import UnifiedError
from langchain_unified.rollout.payloads import (
    ABSENT,
    Carried,
    Payload,
    json_equal,
    leaves,
    shown,
)
from langchain_unified.rollout.report import UNKNOWN, Difference, Kind
from langchain_unified.types import CallPlan, Change

REFUSALS = (UnifiedError, ValidationError)
"""What the unified path raises before anything is sent; a provider that is off too."""

CHAT_OPENAI = "ChatOpenAI"
OLD_SERVICE = "The old service"
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

PLACES = {"headers": "extra_headers", "words": "messages", "roles": "messages"}
PLACES |= dict.fromkeys(("messages", "input", "instructions"), "messages")
"""The parameter of what is compared place by place, by where it stands."""

FATES = {
    None: ", although {endpoint} has no such parameter: the call fails",
    "absent": ", although {endpoint} has no such parameter: the call fails",
    "never": " and {model} refuses it (400)",
    "default": " and {model} refuses it (400)",
    "effort_none": " and {model} refuses it unless it does not reason (400)",
}
"""What becomes of a call that carries a setting, by when the endpoint takes it."""

_MEDIA = ("url", "data", "file")
Meaning = tuple[Kind, str]
_MENDED: Meaning = ("mended", "The unified path does not.")


def refusal(error: Exception, model: str, legacy: Payload | None) -> Difference:
    """Return the difference of a call the unified path refuses before sending."""
    said = isinstance(error, UnifiedError)  # What pydantic says repeats the words.
    why = str(error) if said else "what is asked is no message."
    named = getattr(error, "parameter", None) or ("model" if said else "messages")
    parameter = vocabulary.canonical_names().get(named, named)
    carried = legacy.settings().get(parameter) if legacy is not None else None
    value = UNKNOWN if legacy is None else "sent"
    value = shown(parameter, carried.value) if carried else value
    meaning = f"The unified path refuses it before anything is sent: {why}"
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
    who: str = CHAT_OPENAI
    asked: Collection[str] = ()

    def differences(self) -> Iterator[Difference]:
        """Yield what the two requests do not share."""
        settings = self.legacy.settings(), self.unified.settings()
        trees = self.legacy.tree(self.unified), self.unified.tree(self.legacy)
        if self.plan.stop and "stop" not in settings[0]:
            yield self._lost_stop()
        for name in dict.fromkeys(key for tree in trees for key in tree):
            was, now = (tree.get(name, ABSENT) for tree in trees)
            parts = [*leaves(was, now, name)]
            carried = [found.get(name) for found in settings]
            if name in PLACES:
                yield from (self._part(PLACES[name], *part) for part in parts)
            elif self._is_whole(name, parts, *carried):
                yield self._whole(name, was, now, *carried)
            else:
                yield from (self._part(name, *part) for part in parts)

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
        if was is None or now is None:
            return False
        same_wire = self.legacy.endpoint == self.unified.endpoint
        return (same_wire and was.name != now.name) or self._lost(name)

    def _lost_stop(self) -> Difference:
        lost = f"{self.who} leaves it out without a word, and the answer runs past it."
        _, more = _told(self._change("stop")) or ("", "")
        meaning = f"{lost} {more}".strip()
        model, applied = self.plan.model, "applied by the client"
        return Difference(model, "stop", None, applied, meaning, kind="emulated")

    def _whole(
        self, name: str, was: Any, now: Any, *carried: Carried | None
    ) -> Difference:
        """Return the difference of a setting, the server or the endpoint."""
        if name == "base_url":
            why: Meaning = ("unexplained", f"{self.who} asks another server.")
        elif name == "endpoint":
            why = self._why_endpoint()
        else:
            before, after = carried
            why = self._meaning(name, before, after)
            was, now = _text(name, before, after), _text(name, after, before)
        kind, meaning = why
        return Difference(self.plan.model, name, was, now, meaning, kind=kind)

    def _part(self, parameter: str, where: str, was: Any, now: Any) -> Difference:
        """Return the difference of one place inside a setting or the messages."""
        name = where.rpartition(".")[2].removesuffix("[]")
        before, after = (None if v is ABSENT else shown(name, v) for v in (was, now))
        if where == "roles":
            kind, meaning = self._why_roles(was, now)
        else:
            change = self._change_inside(parameter, where)
            kind, meaning = _told(change) or _unexplained(where)
        return Difference(
            self.plan.model, parameter, before, after, meaning, kind=kind, where=where
        )

    def _lost(self, name: str) -> bool:
        """Tell whether the endpoint before lacks a parameter that ours has."""
        mappings, endpoint = self.plan.config.mappings, self.legacy.endpoint
        if endpoint == self.plan.endpoint or endpoint not in mappings:
            return False
        ours, theirs = mappings[self.plan.endpoint].rules, mappings[endpoint].rules
        return name in ours and name not in theirs

    def _why_endpoint(self) -> Meaning:
        plan, legacy = self.plan, self.legacy.endpoint
        if legacy not in plan.config.endpoints:
            fails = f"{self.who}'s call fails (404)."
            return "mended", f"{plan.model} is not served on {legacy}; {fails}"
        if (change := self._change("endpoint")) is not None:
            return "routed", _sentence(change)
        rule = plan.config.tools.get(legacy)
        if plan.body.get("tools") and rule not in {None, "any"}:
            return "mended", (
                f"{plan.model} takes function tools on {legacy} under the condition "
                f"{rule!r} only; {self.who}'s call fails (400)."
            )
        return "routed", f"The unified path prefers {plan.endpoint} for this call."

    def _why_roles(self, was: list[str], now: list[str]) -> Meaning:
        model, taken = self.plan.model, self.plan.config.system_roles
        bad = sorted({"system", "developer"} & set(was) - set(taken))
        if bad:
            takes = f"{model} takes no message of role {bad[0]!r}"
            return "mended", f"{takes}; the call fails (400)."
        form = self._change("response_format")
        added = form if form is not None and form.kind == "emulated" else None
        if why := _told(self._change("messages", "system") or added):
            return why
        plain = [["system" if r == "developer" else r for r in x] for x in (was, now)]
        if plain[0] == plain[1]:
            return "translated", "Both are accepted; the order and text are the same."
        return _unexplained("the order of the messages")

    def _meaning(self, name: str, was: Carried | None, now: Carried | None) -> Meaning:
        """Return what the difference of a setting comes from, and what it means."""
        change = _explaining(self._change(name), was, now)
        if was is None:
            return _told(change) or self._why_added(name)
        if change is None and _same_meaning(was, now):
            return "translated", "The same value in another form."
        fate = self._fate(name, was.value)
        if now is not None and was.value == now.value:
            if self._lost(name):
                return "mended", f"{self.who} sends it{fate}."
            kind, why = _told(change) or ("renamed", "both are accepted.")
            return kind, f"The same value under another name: {why}"
        what = "sends it" if now is None else "sends another value"
        kind, why = _told(change) or (_MENDED if fate else _unexplained(name))
        return kind, f"{self.who} {what}{fate}. {why}"

    def _why_added(self, name: str) -> Meaning:
        """Return the meaning of what only our request carries."""
        if name in ADDED:
            return "defaulted", ADDED[name]
        if name in self.asked:
            takes = f"{self.plan.model} takes it."
            return "kept", f"{self.who} leaves it out without a word; {takes}"
        kind, why = _unexplained(name)
        return kind, f"Nobody asked for it, and the unified path adds it. {why}"

    def _fate(self, name: str, value: Any) -> str:
        """Return what becomes of the call before for carrying a setting."""
        config, endpoint = self.plan.config, self.legacy.endpoint
        mapping = config.mappings.get(endpoint)
        if mapping is not None and name != "model":
            rule = mapping.rules.get(name)
            fate = FATES.get(None if rule is None else rule.accepts)
            if fate is not None:
                return fate.format(endpoint=endpoint, model=config.model)
        kind = value.get("type") if isinstance(value, dict) else None
        schema = isinstance(value, type) or kind == "json_schema"
        if name != "response_format" or not schema:
            return ""
        if config.supports("structured_output"):
            return ""
        return (
            f", although {config.model} takes no response schema: the call fails (400)"
        )

    def _change(self, *parameters: str) -> Change | None:
        """Return the first change on the plan that is about one of these."""
        return next((c for c in self.plan.changes if c.parameter in parameters), None)

    def _change_inside(self, parameter: str, where: str) -> Change | None:
        """Return the change on the plan behind a difference inside a setting."""
        if parameter != "messages":
            change = self._change(parameter)
            return None if change is None or change.kind == "renamed" else change
        inside = where.rpartition("content")[2]
        media = where == "words" or any(word in inside for word in _MEDIA)
        return self._change("messages", *(("fetch_urls",) if media else ()))


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
        same = was is not None and now is not None and was.value == now.value
        return change if same else None
    if (change.kind == "dropped") is not (now is None):
        return None
    scalar = isinstance(change.requested, (str, int, float))
    if was is not None and scalar and not json_equal(was.value, change.requested):
        return None
    return change


def _same_meaning(was: Carried, now: Carried | None) -> bool:
    """Tell whether one sends null for nothing, or one string for a list of one."""
    if now is None:
        return was.value is None
    return isinstance(was.value, str) and json_equal([was.value], now.value)


def _told(change: Change | None) -> Meaning | None:
    return None if change is None else (change.kind, _sentence(change))


def _unexplained(what: str) -> Meaning:
    return "unexplained", f"No change on the plan says why {what} differs."


def _sentence(change: Change) -> str:
    quoted = "_" in change.reason.partition(" ")[0]
    text = change.reason if quoted else change.reason[:1].upper() + change.reason[1:]
    return f"{text} [{change.source}]" if change.source else text
