"""What asking a model showed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from langchain_unified.types import ModelConfig


@dataclass
class Seen:
    """What a probe saw of one model.

    Attributes:
        config: What is known, corrected by each refusal.
        served: Endpoints that answered a plain call.
        elsewhere: Endpoints that refused one because the model is not served there.
        asked: Settings, capabilities and roles by endpoint that a call held.
        accepted: Those that a call was accepted with.
        refused: Those that every call with them was refused for.
        limits: Most tokens of an answer by endpoint: what a refusal of more names,
            `None` if it names nothing, and infinity if more was accepted.
        words: Whether a word of a setting was accepted, by endpoint, setting and word.
        ends: The end of a range that an answer shows, by endpoint, setting and
            `max`, `min` or `max_items`; words where it shows no number.
        ranges: The thinking budgets that a refusal names, by endpoint.
        unverified: Facts of which only an organisation was refused, and not the model.
    """

    config: ModelConfig
    served: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    asked: set[tuple[str, str]] = field(default_factory=set)
    limits: dict[str, float | None] = field(default_factory=dict)
    accepted: set[tuple[str, str]] = field(default_factory=set)
    refused: set[tuple[str, str]] = field(default_factory=set)
    words: dict[tuple[str, str, Any], bool] = field(default_factory=dict)
    ends: dict[tuple[str, str, str], float | str] = field(default_factory=dict)
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict)
    unverified: set[str] = field(default_factory=set)

    def takes(self, fact: str) -> bool:
        """Tell whether something was accepted on every endpoint that answered."""
        return all((endpoint, fact) in self.accepted for endpoint in self.served)
