"""Facts of the rows, each with whoever says the same, and whoever says otherwise."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from langchain_unified.discovery.catalogues import (
    ANY_MODEL,
    NUMBERS,
    Claim,
    claims,
    release_of,
)
from langchain_unified.discovery.upstream import Disagreement, ours_of, reviewed
from langchain_unified.registry import Registry
from langchain_unified.registry.build import LIFECYCLE
from langchain_unified.types import ModelConfig, ParameterRule, Provenance

_WHOLE_MODEL = ("temperature", "reasoning.mode", "reasoning.context")
"""Settings about which catalogues say whether a model takes them at all."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact, and what stands behind it.

    Attributes:
        model: The model, with its provider.
        fact: What it is about; a rule is named `<endpoint>: <setting>`.
        value: What the row says.
        cited: Where the row has it from.
        agreeing: Releases of installed packages that say the same.
        differing: What installed packages say otherwise, with the reason why the row
            does not follow; `""` where nobody reviewed it.
    """

    model: str
    fact: str
    value: Any
    cited: Provenance
    agreeing: tuple[str, ...] = ()
    differing: dict[str, str] = field(default_factory=dict)

    @property
    def is_independent(self) -> bool:
        """Whether anybody but the rows says so: a citation, or a package."""
        return self.cited.confidence != "inferred" or bool(self.agreeing)


def sample_of(
    registry: Registry, count: int, seed: int | None = None
) -> tuple[list[Evidence], int]:
    """Draw facts at random; return them and how many there are.

    Args:
        registry: The registry whose facts are drawn.
        count: How many at most.
        seed: The same seed draws the same facts of the same rows.
    """
    facts = [one for config in registry.models() for one in facts_of(config)]
    drawn = random.Random(seed).sample(facts, min(count, len(facts)))  # noqa: S311
    made = _by_fact(claims())
    return [_weighed(config, found, made) for config, found in drawn], len(facts)


Fact = tuple[ModelConfig, tuple[str, Any, Provenance, str]]
"""A model and, of a fact about it: name, value, source, and what catalogues call it."""


def facts_of(config: ModelConfig) -> Iterator[Fact]:
    """Yield the facts about a model that a plan, or a person, may go by."""
    for endpoint in config.endpoints:
        for name, rule in config.mappings[endpoint].rules.items():
            told = (f"{endpoint}: {name}", _rule(rule), rule.provenance)
            yield config, (*told, _claimed_rule(endpoint, name, rule))
    for fact, value in _others(config):
        cited = config.provenance.get(_ROW.get(fact, fact))
        if cited is not None and value is not None:
            yield config, (fact, value, cited, fact)


_ROW = {
    **dict.fromkeys(NUMBERS, "limits"),
    "reasoning_effort_levels": "thinking",
}


def _others(config: ModelConfig) -> Iterator[tuple[str, Any]]:
    for fact in (*NUMBERS, "endpoints", "reasoning_effort_levels"):
        yield fact, ours_of(config, fact)
    for fact in LIFECYCLE:
        yield fact, getattr(config.lifecycle, fact)
    yield "tools", {name: config.tools[name] for name in config.endpoints}
    yield "system_roles", config.system_roles
    yield from config.features.items()


def _rule(rule: ParameterRule) -> str:
    words = [rule.accepts, f"as {rule.name}"]
    if rule.values is not None:
        words.append(f"of {', '.join(map(str, rule.values))}")
    bounds = {"from": rule.minimum, "to": rule.maximum}
    words += [f"{word} {x:g}" for word, x in bounds.items() if x is not None]
    return " ".join(words)


def _claimed_rule(endpoint: str, name: str, rule: ParameterRule) -> str:
    """Return what catalogues call a rule; an SDK can only say that a field exists."""
    if name in _WHOLE_MODEL:
        return name
    narrowed = (rule.values, rule.minimum, rule.maximum, rule.max_items)
    if rule.accepts != "any" or any(bound is not None for bound in narrowed):
        return ""
    field_ = rule.name.removeprefix("generationConfig.")
    return f"{endpoint}: {field_.removeprefix('thinkingConfig.')}"


_Claims = dict[tuple[str, str, str], list[Claim]]


def _by_fact(made: Iterable[Claim]) -> _Claims:
    found: _Claims = {}
    for one in made:
        key = (one.provider, one.model.casefold(), one.fact)
        found.setdefault(key, []).append(one)
    return found


def _weighed(
    config: ModelConfig, found: tuple[str, Any, Provenance, str], made: _Claims
) -> Evidence:
    fact, value, cited, claimed = found
    agreeing, differing = [], {}
    names = (config.model.casefold(), ANY_MODEL)
    for name in names if claimed else ():
        for claim in made.get((config.provider, name, claimed), ()):
            ours = claim.value if name == ANY_MODEL else ours_of(config, claimed)
            if ours == claim.value:
                agreeing.append(release_of(claim.source))
            else:
                said = f"{release_of(claim.source)}: {claim.value}"
                differing[said] = reviewed().get(Disagreement(claim, ours).key, "")
    return Evidence(
        config.full_name, fact, value, cited, tuple(dict.fromkeys(agreeing)), differing
    )
