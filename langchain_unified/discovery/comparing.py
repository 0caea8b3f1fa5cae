"""What the rows state about a model, next to what was seen when it was asked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from langchain_unified.discovery.ends import FIELDS
from langchain_unified.discovery.keys import WORDS
from langchain_unified.discovery.rows import rules_of
from langchain_unified.discovery.seen import Seen
from langchain_unified.discovery.trials import (
    EFFORTS,
    ROLES,
    SAMPLING,
    asked_value,
    trials,
)
from langchain_unified.types import ModelConfig, ParameterRule

Verdict = Literal["confirmed", "contradicted"]

_ABILITIES = {
    "tool_choice": False,
    "structured_output": False,
    "json_mode": False,
    "streaming": True,
    "tools_with_json": True,
}
"""Capabilities by the name that rows give them, asked about on each endpoint, and
whether a model has one of which its rows say nothing."""
INPUTS = ("image_inputs", "pdf_inputs", "audio_inputs")
_BUDGET = "thinking_budget"
_ENDS = ("thinking.budget_min", "thinking.budget_max")
_BEYOND = {-1: "less", 1: "more"}
_BASES = tuple(dict.fromkeys(name.partition(".")[0] for name in WORDS if "." in name))
_OTHERWISE = {
    *(trial.parameter for trial in trials() if trial.feature),
    *_BASES,
    *WORDS,
    ROLES,
    "reasoning_effort",
}
"""Settings that are compared as a capability, as levels or word by word."""
_REFUSED = {"never", "default", "absent"}
"""Rules by which a value that is not the default is refused."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about a model that it was asked about.

    Attributes:
        model: The model's name.
        endpoint: The endpoint asked; empty where the fact is about all.
        fact: The fact, as a row has it: `parameters.temperature`, `limits.output`.
        stated: What the rows state.
        seen: What was seen.
        verdict: Whether the rows are right.
        source: Where the rows have it from.
    """

    model: str
    endpoint: str
    fact: str
    stated: Any
    seen: Any
    verdict: Verdict
    source: str = ""

    def __str__(self) -> str:
        """Return one line for a person."""
        where = f" on {self.endpoint}" if self.endpoint else ""
        told = f"{self.model}: {self.fact}{where} is {_plain(self.stated)}"
        if self.verdict == "confirmed":
            return told
        return f"{told} by the rows ({self.source}), and {_plain(self.seen)} when asked"

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as data for JSON."""
        return asdict(self)


def compare(known: ModelConfig, seen: Seen) -> list[Finding]:
    """Return what asking a model confirms and contradicts of its rows.

    Args:
        known: What the registry knows.
        seen: What was seen; an endpoint that was not asked to the end counts for
            nothing.
    """
    return list(_Comparison(known, seen))


class _Comparison:
    """The rows about one model and what was seen of it, fact by fact."""

    def __init__(self, known: ModelConfig, seen: Seen) -> None:
        self._known, self._seen = known, seen

    def __iter__(self) -> Iterator[Finding]:
        seen, known = self._seen, self._known
        for endpoint in (*seen.served, *seen.elsewhere):
            stated, found = endpoint in known.endpoints, endpoint in seen.served
            yield self._found(endpoint, "endpoints", stated, found, cite="endpoints")
        for endpoint in [name for name in seen.served if name in known.endpoints]:
            yield from self._rules(endpoint)
            yield from self._levels(endpoint)
            yield from self._thinking(endpoint)
            yield from self._words(endpoint)
            yield from self._ends(endpoint)
            yield from self._abilities(endpoint)
            yield from self._limit(endpoint)
        yield from self._roles()

    def _found(
        self,
        endpoint: str,
        fact: str,
        stated: Any,
        seen: Any,
        *,
        same: bool | None = None,
        cite: str = "",
    ) -> Finding:
        right = stated == seen if same is None else same
        cited = self._known.provenance.get(cite)
        return Finding(
            self._known.model,
            endpoint,
            fact,
            stated,
            seen,
            "confirmed" if right else "contradicted",
            str(cited or ""),
        )

    def _rules(self, endpoint: str) -> Iterator[Finding]:
        stated = self._known.mappings[endpoint].rules
        for name, row in rules_of(self._seen, endpoint).items():
            rule = stated.get(name)
            if (
                rule is None
                or name in _OTHERWISE
                or not self._was_asked(endpoint, name)
            ):
                continue
            if name == "max_tokens":
                fact = f"parameters.{name}.name"
                yield self._found(endpoint, fact, rule.name, row["name"], cite=name)
                continue
            said = _effective(rule)
            found = _effective(self._seen.config.mappings[endpoint].rules[name])
            found = "never" if "never" in (found, row["accepts"]) else row["accepts"]
            if self._knows(name, said, found):
                same = self._agree(said, found)
                fact = f"parameters.{name}"
                yield self._found(endpoint, fact, said, found, same=same, cite=name)

    def _was_asked(self, endpoint: str, name: str) -> bool:
        needs_tools = name == "parallel_tool_calls"
        if needs_tools and not self._takes_tools(endpoint):
            return False
        return name == "max_tokens" or (endpoint, name) in self._seen.asked

    def _knows(self, name: str, said: str, found: str) -> bool:
        """Tell whether an answer decides: conditions are tried for `SAMPLING` only."""
        least = self._known.thinking.budget_minimum or 0
        if name == "thinking_budget" and asked_value(name) < least:
            return False
        return not (said == "effort_none" and found == "never" and name not in SAMPLING)

    def _agree(self, said: str, found: str) -> bool:
        if said == "effort_none" and found == "any":
            return self._known.thinking.default == "none"
        if said == "ignored":
            return found == "any"
        return said == found or {said, found} <= _REFUSED

    def _levels(self, endpoint: str) -> Iterator[Finding]:
        thinking, seen = self._known.thinking, self._seen
        if thinking.style == "budget":
            return
        found = (endpoint, "reasoning_effort") in seen.accepted
        levels = seen.config.thinking.levels.get(endpoint, ()) if found else ()
        stated = thinking.levels.get(endpoint, ())
        both = [tuple(x for x in EFFORTS if x in said) for said in (stated, levels)]
        yield self._found(endpoint, "thinking.levels", *both, cite="thinking")

    def _thinking(self, endpoint: str) -> Iterator[Finding]:
        """Compare the range of thinking budgets, and whether 0 is taken."""
        thinking, words = self._known.thinking, self._seen.words
        rule = self._known.mappings[endpoint].rules.get(_BUDGET)
        off = words.get((endpoint, _BUDGET, 0))
        taken = (endpoint, _BUDGET) in self._seen.accepted
        if rule is None or rule.accepts != "any" or not taken:
            return
        if off is not None:
            stated = thinking.can_disable
            yield self._found(
                endpoint, "thinking.can_disable", stated, off, cite="thinking"
            )
        named = self._seen.ranges.get(endpoint, (None, None))
        ends = (thinking.budget_minimum, thinking.budget_maximum)
        for name, end, seen, by in zip(_ENDS, ends, named, (-1, 1), strict=True):
            if end is None or (name == _ENDS[0] and end <= 1):
                continue
            if (endpoint, _BUDGET, end + by) in words:
                told = f"{_BEYOND[by]} than {end}"
                yield self._found(endpoint, name, end, told, cite="thinking")
            elif seen is not None:
                yield self._found(endpoint, name, end, seen, cite="thinking")

    def _words(self, endpoint: str) -> Iterator[Finding]:
        """Compare the keys of objects, and settings word by word."""
        rules = self._known.mappings[endpoint].rules
        asked = {name: self._asked(endpoint, name) for name in WORDS}
        taken = {
            base: self._is_held(endpoint, base)
            or any(any(asked[n].values()) for n in asked if n.startswith(f"{base}."))
            for base in _BASES
        }
        for base in _BASES:
            if base in rules and any(asked[n] for n in asked if n.startswith(base)):
                said = _effective(rules[base])
                found = "any" if taken[base] else "never"
                same = self._agree(said, found)
                fact = f"parameters.{base}"
                yield self._found(endpoint, fact, said, found, same=same, cite=base)
        for name, words in asked.items():
            if words and taken.get(name.partition(".")[0], True):
                yield self._word(endpoint, name, words)

    def _word(self, endpoint: str, name: str, asked: dict[str, bool]) -> Finding:
        rules, base = self._known.mappings[endpoint].rules, name.partition(".")[0]
        rule, holder = rules.get(name), rules.get(base)
        said = [one for one in (rule, holder) if one is not None]
        shut = any(one.accepts not in {"any", "effort_none"} for one in said)
        listed = rule.values if rule is not None and rule.values is not None else asked
        stated = () if shut or not said else tuple(w for w in asked if w in listed)
        seen = tuple(word for word, taken in asked.items() if taken)
        cite = name if name in self._known.provenance else base
        if len(asked) == 1:
            # What is the default and nothing else is taken where it is sent.
            is_default = rule is not None and rule.accepts == "default"
            yes = "default" if is_default else "any"
            told = [yes if one else "never" for one in (stated or is_default, seen)]
            return self._found(endpoint, f"parameters.{name}", *told, cite=cite)
        fact = f"parameters.{name}.values"
        return self._found(endpoint, fact, stated, seen, cite=cite)

    def _ends(self, endpoint: str) -> Iterator[Finding]:
        """Compare the ends of ranges."""
        rules = self._known.mappings[endpoint].rules
        for (where, name, kind), found in self._seen.ends.items():
            if where == endpoint:
                stated = getattr(rules[name], FIELDS[kind])
                fact = f"parameters.{name}.{kind}"
                yield self._found(endpoint, fact, stated, found, cite=name)

    def _asked(self, endpoint: str, name: str) -> dict[str, bool]:
        words = self._seen.words
        at = {word: (endpoint, name, word) for word in WORDS[name]}
        return {word: words[key] for word, key in at.items() if key in words}

    def _is_held(self, endpoint: str, base: str) -> bool:
        """Tell whether an effort was taken that is a key of this object."""
        rule = self._known.mappings[endpoint].rules.get("reasoning_effort")
        place = "" if rule is None else rule.name.partition(".")[0]
        return place == base and (endpoint, "reasoning_effort") in self._seen.accepted

    def _takes_tools(self, endpoint: str) -> bool:
        stated = self._known.tools.get(endpoint) != "never"
        return stated and (endpoint, "tool_calling") in self._seen.accepted

    def _abilities(self, endpoint: str) -> Iterator[Finding]:
        seen, known = self._seen, self._known
        taken = (endpoint, "tool_calling") in seen.accepted
        said = known.tools.get(endpoint, "any")
        found = seen.config.tools[endpoint] if taken else "never"
        same = (said != "never") == taken
        yield self._found(endpoint, "tools", said, found, same=same, cite="tools")
        for name, by_default in _ABILITIES.items():
            if name in seen.unverified:
                continue
            if self._decides(endpoint, name):
                stated = bool(known.features.get(name, by_default))
                accepted = (endpoint, name) in seen.accepted
                fact = f"features.{name}"
                yield self._found(endpoint, fact, stated, accepted, cite=name)
        for name in [one for one in INPUTS if (endpoint, one) in seen.asked]:
            stated, accepted = known.supports(name), (endpoint, name) in seen.accepted
            yield self._found(endpoint, name, stated, accepted, cite="inputs")

    def _decides(self, endpoint: str, name: str) -> bool:
        """Tell whether an answer is about a capability and not about one it needs."""
        if name == "tools_with_json":
            needed = {(endpoint, "json_mode"), (endpoint, "tool_calling")}
            return (endpoint, name) in self._seen.asked and (
                needed <= self._seen.accepted
            )
        return name != "tool_choice" or self._takes_tools(endpoint)

    def _limit(self, endpoint: str) -> Iterator[Finding]:
        stated = self._known.longest_answer
        if stated is None or endpoint not in self._seen.limits:
            return
        plain = stated == self._known.limits.get("output")
        fact = "limits.output" if plain else "parameters.max_tokens.max"
        found = self._seen.limits[endpoint]
        if found == math.inf:
            found = f"more than {stated}"  # type: ignore[assignment]
        seen = stated if found is None else found
        yield self._found(endpoint, fact, stated, seen, cite="limits")

    def _roles(self) -> Iterator[Finding]:
        seen, stated = self._seen, self._known.system_roles
        if not seen.served:
            return
        taken = tuple(role for role in stated if seen.takes(f"role {role}"))
        others = tuple(seen.config.system_roles) if _any_role(seen) else ()
        same = bool(taken) if stated else not others
        found = taken if same else others
        yield self._found(
            "", ROLES, stated, found or (), same=same, cite="system_roles"
        )


def _any_role(seen: Seen) -> bool:
    return any(fact.startswith("role ") for _, fact in seen.accepted)


def _effective(rule: ParameterRule) -> str:
    """Return what a rule says about the value that is asked with."""
    value = asked_value(rule.parameter)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    above = is_number and rule.maximum is not None and value > rule.maximum
    listed = rule.values is None or value is None or value in rule.values
    if rule.accepts == "any" and (above or not listed):
        return "never"
    return "never" if rule.accepts == "absent" else rule.accepts


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
