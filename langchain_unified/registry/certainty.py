"""How sure the registry is: facts that nobody states anywhere are counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from langchain_unified.types import ModelConfig, Provenance


class Certainty(NamedTuple):
    """How many facts there are, and how many of them are inferred.

    Attributes:
        inferred: Facts that are a guess, or that no document was found for.
        facts: All facts.

    Example:
        >>> print(Certainty(2, 10))
        2 of 10 facts are inferred
    """

    inferred: int
    facts: int

    def __str__(self) -> str:
        """Return both numbers as a sentence."""
        return f"{self.inferred} of {self.facts} facts are inferred"


def certainty(configs: Iterable[ModelConfig]) -> Certainty:
    """Count the facts about models, and those among them that are inferred."""
    cited = [one for config in configs for one in citations(config)]
    return Certainty(sum(one.confidence == "inferred" for one in cited), len(cited))


def citations(config: ModelConfig) -> list[Provenance]:
    """Return the source of every fact about a model that a plan may go by."""
    rules = [
        rule.provenance
        for endpoint in config.endpoints
        for rule in config.mappings[endpoint].rules.values()
    ]
    about = {name for m in config.mappings.values() for name in m.rules}
    others = [one for name, one in config.provenance.items() if name not in about]
    return [*rules, *others]
