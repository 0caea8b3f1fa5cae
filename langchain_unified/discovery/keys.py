"""Questions about single words and keys of objects: each is sent by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from langchain_unified.discovery.seen import Seen
from langchain_unified.discovery.trials import Trial
from langchain_unified.types import EMPTY, ModelConfig, ParameterRule

Ask = Callable[[Trial, str, ModelConfig, tuple[str, Any]], "str | None"]
"""Sends a trial on an endpoint as a configuration has it; see `Asking`."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "verbosity": ("low", "medium", "high"),
    "reasoning.mode": ("standard",),
    "reasoning.context": ("all_turns",),
    "reasoning.summary": ("auto", "concise", "detailed"),
    "prompt_cache_options.mode": ("implicit", "explicit"),
    "prompt_cache_options.ttl": ("30m", "12h"),
    "prompt_cache_retention": ("24h",),
    "media_resolution": ("MEDIA_RESOLUTION_LOW",),
}
"""The words asked about: those that cost no more than a plain call, so `standard` for
`reasoning.mode` and not `pro` (openai 3.57.0, types/shared/reasoning.py)."""

_WHERE_STATED = frozenset({"prompt_cache_retention", "media_resolution"})
"""Settings without effect on a call this short, with no image and nothing to cache:
that one is accepted where the rows say it is not proves nothing against them."""
_BUDGET = "thinking_budget"
UNVERIFIED = "organization must be verified"
"""OpenAI's 400 to organisations, not about the model (continuedev/continue#9854)."""

_RANGE = re.compile(r"\bbetween (-?\d+) and (\d+)\b")
"""Gemini's words: "The thinking budget 9 is invalid. Please choose a value between 128
and 32768." (`gemini_parameters`, 2026-11-23)."""


class Word(NamedTuple):
    """One word of a setting, or one number.

    Attributes:
        parameter: The setting; a key of an object after a dot.
        value: The word.
        beside: Further settings it needs.
    """

    parameter: str
    value: Any
    beside: Mapping[str, Any] = EMPTY

    @property
    def trial(self) -> Trial:
        """The smallest call that holds it."""
        base, _, key = self.parameter.partition(".")
        return Trial(base, {key: self.value} if key else self.value, self.beside)


def most_words() -> int:
    """Return how many words are asked about on an endpoint at most."""
    return sum(map(len, WORDS.values())) + len(("off", "low", "high"))


def find_words(seen: Seen, endpoint: str, known: ModelConfig, ask: Ask) -> None:
    """Ask about each word, whatever was found out about its setting before.

    Args:
        seen: Where to put on record what is found out.
        endpoint: The endpoint asked.
        known: What the rows state.
        ask: Asks one question.
    """
    for parameter, words in WORDS.items():
        for word in words if _is_asked(known, endpoint, parameter) else ():
            refusal = ask_word(seen.config, endpoint, ask, Word(parameter, word))
            if refusal is not None and UNVERIFIED not in refusal:
                seen.words[endpoint, parameter, word] = not refusal
    refusal = ask_word(seen.config, endpoint, ask, Word(_BUDGET, 0))
    if refusal is not None:
        seen.words[endpoint, _BUDGET, 0] = not refusal
        _find_range(seen, endpoint, known, ask)


def _is_asked(known: ModelConfig, endpoint: str, parameter: str) -> bool:
    """Tell whether a server's taking a word, or refusing it, decides about a row."""
    mapping = known.mappings.get(endpoint)
    rule = mapping.rules.get(parameter) if mapping is not None else None
    stated = rule is not None and rule.accepts != "never"
    return stated or parameter not in _WHERE_STATED


def _find_range(seen: Seen, endpoint: str, known: ModelConfig, ask: Ask) -> None:
    """Ask for a thinking budget below and above the range that the rows state."""
    thinking = known.thinking
    low, high = thinking.budget_minimum, thinking.budget_maximum
    below = low - 1 if low is not None and low > 1 else None
    above = high + 1 if high is not None else None
    for budget in filter(None, (below, above)):
        refusal = ask_word(seen.config, endpoint, ask, Word(_BUDGET, budget))
        named = _RANGE.search(refusal) if refusal else None
        if named is not None:
            seen.ranges[endpoint] = int(named[1]), int(named[2])
            seen.accepted.add((endpoint, _BUDGET))
        elif refusal == "":
            seen.words[endpoint, _BUDGET, budget] = True


def ask_word(config: ModelConfig, endpoint: str, ask: Ask, word: Word) -> str | None:
    """Return what a server says against a word; `None` if it cannot be sent."""
    opened = _opened(config, endpoint, word.parameter)
    if opened is None:
        return None
    open_config, name = opened
    return ask(word.trial, endpoint, open_config, (name, word.value))


def _opened(
    config: ModelConfig, endpoint: str, parameter: str
) -> tuple[ModelConfig, str] | None:
    """Return a configuration by which any word is sent, and its place on the wire."""
    mapping, (base, _, key) = config.mappings[endpoint], parameter.partition(".")
    holder = mapping.rules.get(base)
    if holder is None or holder.accepts == "absent":
        return None
    own = mapping.rules.get(parameter) or ParameterRule(
        parameter, f"{holder.name}.{key}"
    )
    opened = {
        rule.parameter: ParameterRule(rule.parameter, rule.name)
        for rule in (holder, own)
    }
    rules = MappingProxyType({**mapping.rules, **opened})
    mappings = {**config.mappings, endpoint: mapping._replace(rules=rules)}
    thinking = config.thinking._replace(
        can_disable=True, budget_minimum=None, budget_maximum=None
    )
    open_config = config._replace(
        mappings=MappingProxyType(mappings), thinking=thinking
    )
    return open_config, own.name
