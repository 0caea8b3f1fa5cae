"""Questions about the ends of ranges: one step beyond each, which costs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from langchain_unified.discovery.keys import Ask, Word, ask_word
from langchain_unified.discovery.seen import Seen
from langchain_unified.types import ModelConfig, ParameterRule

BESIDE: Mapping[str, Mapping[str, Any]] = {
    "temperature": {},
    "top_p": {},
    "presence_penalty": {},
    "frequency_penalty": {},
    "top_logprobs": {"logprobs": True},
    "stop": {},
}
"""Settings whose ends are asked about, and what each needs beside it. `n` is not: where
more is taken than the rows state, every answer has its price."""

FIELDS = {"max": "maximum", "min": "minimum", "max_items": "max_items"}
"""The ends by the name that rows give them, and by their attribute of a rule."""

_NUMBER = r"-?\d+(?:\.\d+)?"
_NAMED = {
    "max": re.compile(rf"<= ({_NUMBER})|range \[{_NUMBER}, ({_NUMBER})\]"),
    "min": re.compile(rf">= ({_NUMBER})|range \[({_NUMBER}), "),
    "max_items": re.compile(r"maximum length (\d+)|at most (\d+) stop sequences"),
}
"""OpenAI's and Gemini's words for an end: "Expected a value <= 2", "must be in the
range [0.0, 2.0]" (`corrections.toml` has the sources)."""


class End(NamedTuple):
    """One end of the range of a setting.

    Attributes:
        kind: `max`, `min` or `max_items`.
        stated: What the rows state.
        within: A value at the end.
        beyond: A value one step further.
    """

    kind: str
    stated: float
    within: Any
    beyond: Any


def most_ends() -> int:
    """Return how many calls asking about the ends on one endpoint takes at most."""
    return len(BESIDE) * 2 * 2


def find_ends(seen: Seen, endpoint: str, known: ModelConfig, ask: Ask) -> None:
    """Ask for one step beyond each end that the rows state.

    A right end is a refusal that names it. Where it names none, the end itself is asked
    for as well.

    Args:
        seen: Where to put on record what is found out.
        endpoint: The endpoint asked.
        known: What the rows state.
        ask: Asks one question.
    """
    rules = known.mappings[endpoint].rules if endpoint in known.mappings else {}
    for name in [name for name in BESIDE if name in rules]:
        beside = _beside(seen, endpoint, name)
        if beside is None or rules[name].accepts not in {"any", "effort_none"}:
            continue
        for end in _ends(rules[name]):
            word = Word(name, end.beyond, beside)
            refusal = ask_word(seen.config, endpoint, ask, word)
            if refusal is None:
                continue
            found = _found(end, refusal)
            if found is None:
                word = Word(name, end.within, beside)
                taken = ask_word(seen.config, endpoint, ask, word) == ""
                found = end.stated if taken else f"not {end.stated}"
            seen.ends[endpoint, name, end.kind] = found


def _beside(seen: Seen, endpoint: str, name: str) -> dict[str, Any] | None:
    """Return what a setting was accepted with; `None` if it was not."""
    if (endpoint, name) in seen.accepted:
        return {**BESIDE[name]}
    rule = seen.config.mappings[endpoint].rules.get(name)
    if rule is not None and rule.accepts == "effort_none":
        return {**BESIDE[name], "reasoning_effort": "none"}
    return None


def _ends(rule: ParameterRule) -> Iterator[End]:
    low, high, most = rule.minimum, rule.maximum, rule.max_items
    if high is not None:
        yield End("max", high, high, high + 1)
    if low is not None:
        yield End("min", low, low, low - 1)
    if most is not None:
        words = [f"stop {number}" for number in range(most + 1)]
        yield End("max_items", most, words[:-1], words)


def _found(end: End, refusal: str) -> float | str | None:
    """Return the end that an answer shows; `None` if it was refused without one."""
    if not refusal:
        return f"{'less' if end.kind == 'min' else 'more'} than {end.stated}"
    named = _NAMED[end.kind].search(refusal)
    if named is None:
        return None
    value = float(named[1] or named[2])
    return int(value) if value.is_integer() else value
