"""Which corrections are believed: nothing absurd, whoever said it and wherever kept."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from langchain_unified.learning.correction import Correction
from langchain_unified.learning.request import sent
from langchain_unified.settings import canonical_names, settings
from langchain_unified.types import CallPlan, ModelConfig

TOKEN_NAMES = ("max_completion_tokens", "max_tokens")
"""The two names chat completions has had for the cap; one is refused, the other is not
(OpenAI API, max_tokens deprecated in favour of max_completion_tokens)."""

_SMALLEST_CAP = 16
"""Smallest token cap that any provider states as a limit: OpenAI's Responses takes 16
and more (openai_parameters.md, 2026-11-23); less than that leaves no answer."""

_LARGEST_MINIMUM = 4_096
_MOST_VALUES = 40
_WORD = re.compile(r"[A-Za-z0-9][\w.:-]{0,39}")
_NEVER_LEARNED = frozenset({"model", "messages", "input", "contents", "extra_body"})


def is_sane(correction: Correction, plan: CallPlan) -> bool:
    """Tell whether a correction may be tried on a refused request."""
    if not is_well_formed(correction, plan.config):
        return False
    do, parameter, value = correction.do, correction.parameter, correction.value
    if parameter is None:
        return True
    given = sent(parameter, plan)
    if given is None:
        return False
    if do == "maximum":
        size = len(given) if isinstance(given, (list, tuple)) else given
        return _is_number(size) and bool(value < size)
    if do == "minimum":
        return _is_number(given) and bool(value > given)
    return do != "values" or given not in value


def is_well_formed(correction: Correction, config: ModelConfig) -> bool:
    """Tell whether a correction, told or read from a store, makes sense for a model."""
    check = _CHECKS.get(correction.do)
    if correction.parameter is not None and not _is_parameter(correction.parameter):
        return False
    return check is None or bool(check(correction, config))


def _is_parameter(name: str) -> bool:
    base = name.partition(".")[0]
    return base in settings() and base not in _NEVER_LEARNED


def _is_known_name(c: Correction, config: ModelConfig) -> bool:
    """Rename only to a name that this parameter has on some wire of the provider."""
    names = {
        spelling for spelling, of in canonical_names().items() if of == c.parameter
    }
    for mapping in config.mappings.values():
        rule = mapping.rules.get(c.parameter or "")
        names |= {rule.name} if rule else set()
    if c.parameter == "max_tokens":
        names |= {*TOKEN_NAMES}
    return c.value in names


def _is_legal_maximum(c: Correction, _: ModelConfig) -> bool:
    if not _is_number(c.value):
        return False
    if c.parameter == "max_tokens":
        return bool(c.value >= _SMALLEST_CAP)
    if c.parameter in {"stop", "n", "top_logprobs"}:
        return bool(c.value >= 1)
    return _in_general_range(c)


def _is_legal_minimum(c: Correction, _: ModelConfig) -> bool:
    return _is_number(c.value) and c.value <= _LARGEST_MINIMUM and _in_general_range(c)


def _in_general_range(c: Correction) -> bool:
    setting = settings().get(c.parameter or "")
    low = -math.inf if setting is None or setting.min is None else setting.min
    high = math.inf if setting is None or setting.max is None else setting.max
    return bool(low <= c.value <= high)


def _are_values(c: Correction, _: ModelConfig) -> bool:
    setting = settings().get(c.parameter or "")
    if not isinstance(c.value, (tuple, list)) or not 0 < len(c.value) <= _MOST_VALUES:
        return False
    kind = setting.type if setting else "any"
    if kind == "boolean":
        return all(isinstance(value, bool) for value in c.value)
    return all(isinstance(v, str) and _WORD.fullmatch(v) for v in c.value)


def _is_word(c: Correction, _: ModelConfig) -> bool:
    return isinstance(c.value, str) and bool(_WORD.fullmatch(c.value))


def _is_number(value: Any) -> bool:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return plain and math.isfinite(value)


_CHECKS: Mapping[str, Any] = {
    "default": lambda c, _: c.parameter is not None,
    "endpoint": lambda _, config: len(config.mappings) > 1,
    "feature": _is_word,
    "maximum": _is_legal_maximum,
    "minimum": _is_legal_minimum,
    "never": lambda c, _: c.parameter is not None,
    "no_value": _is_word,
    "rename": _is_known_name,
    "role": _is_word,
    "values": _are_values,
}
