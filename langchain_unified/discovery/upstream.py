"""What other catalogues say about the same models, next to what the registry says.

A difference is a question for a person: `data/reviewed.toml` keeps those that were
looked at, with a reason and a source each. An id that is no model is in
`data/left_out.toml` with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple

from langchain_unified.data import read_toml
from langchain_unified.discovery.catalogues import (
    ANY_MODEL,
    NUMBERS,
    Claim,
    claims,
)
from langchain_unified.discovery.trials import EFFORTS
from langchain_unified.registry import Registry
from langchain_unified.types import ModelConfig

__all__ = ["Claim", "Disagreement", "claims", "disagreements", "ours_of"]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A claim that differs from what the registry says.

    Attributes:
        claim: The claim.
        ours: What the registry says.
    """

    claim: Claim
    ours: Any

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Source, model, fact and the value claimed: what an acceptance is about."""
        one = self.claim
        return one.source, f"{one.provider}:{one.model}", one.fact, str(one.value)

    def __str__(self) -> str:
        """Return one line for a person."""
        source, model, fact, theirs = self.key
        return (
            f"{model}: {fact} is {theirs} in {source} and {self.ours} in the registry"
        )


@lru_cache(maxsize=1)
def reviewed() -> dict[tuple[str, str, str, str], str]:
    """Return why a claim is not followed, by `Disagreement.key`."""
    return {
        (entry["catalogue"], model, entry["fact"], value): entry["reason"]
        for entry in read_toml("reviewed.toml")["accepted"]
        for model, value in entry["claims"].items()
    }


class LeftOut(NamedTuple):
    """Why names that a catalogue lists have no row.

    Attributes:
        provider: Provider id.
        names: Patterns of names, as a shell writes them.
        reason: Why.
        source: Where that is to be seen.
    """

    provider: str
    names: tuple[str, ...]
    reason: str
    source: str


@lru_cache(maxsize=1)
def left_out() -> tuple[LeftOut, ...]:
    """Return the names that have no row, with the reason."""
    return tuple(
        LeftOut(row["provider"], tuple(row["names"]), row["reason"], row["source"])
        for row in read_toml("left_out.toml")["left_out"]
    )


def why_left_out(provider: str, model: str) -> str | None:
    """Return why a name has no row; `None` if nobody said so.

    Example:
        >>> why_left_out("openai", "gpt-oss-20b")
        'open-weight models: no API of OpenAI serves them'
    """
    for one in left_out():
        if one.provider == provider and any(
            fnmatchcase(model.casefold(), name) for name in one.names
        ):
            return one.reason
    return None


def disagreements(
    registry: Registry, made: Iterable[Claim] | None = None
) -> list[Disagreement]:
    """Return the claims that differ from what the registry says.

    Args:
        registry: The registry to compare.
        made: The claims; those of the installed catalogues if left out.
    """
    compared = (
        _compared(registry, one) for one in (claims() if made is None else made)
    )
    return [one for one in compared if one is not None]


def _compared(registry: Registry, claim: Claim) -> Disagreement | None:
    if claim.model == ANY_MODEL:
        return None
    config = registry.resolve(f"{claim.provider}:{claim.model}")
    if claim.fact == "id":
        known = is_known(config) or why_left_out(claim.provider, claim.model)
        return None if known else Disagreement(claim, "unknown")
    if config.match in {"family", "fallback"}:
        return None
    ours = ours_of(config, claim.fact)
    return None if ours == claim.value else Disagreement(claim, ours)


def is_known(config: ModelConfig) -> bool:
    """Tell whether a name has a row, or a family that says which API serves it."""
    other_api = config.features.get("not_chat") or config.features.get("live_only")
    return config.match not in {"family", "fallback"} or bool(other_api)


def ours_of(config: ModelConfig, fact: str) -> Any:  # noqa: PLR0911 - one per fact
    """Return what the registry says about a fact, in the catalogues' words."""
    if fact == "shutdown":
        return config.lifecycle.shutdown
    if fact == "released":
        return config.lifecycle.released
    if fact in NUMBERS:
        return config.limits.get(fact.removeprefix("max_").removesuffix("_tokens"))
    if fact == "temperature":
        usable = {"any", "effort_none", "ignored"}
        rules = (config.mappings[name].rules for name in config.endpoints)
        return any(rule["temperature"].accepts in usable for rule in rules)
    if fact == "endpoints":
        return tuple(sorted(config.endpoints))
    if fact == "replacement":
        return config.lifecycle.replacement
    if fact in {"reasoning.mode", "reasoning.context"}:
        rules = (config.mappings[name].rules for name in config.endpoints)
        return any(fact in r and r[fact].accepts == "any" for r in rules)
    if fact == "reasoning_effort_levels":
        listed = {x for name in config.endpoints for x in config.thinking.levels[name]}
        return tuple(level for level in EFFORTS if level in listed)
    if fact == "reasoning_output":
        return config.reasons
    return config.supports(fact)
