"""What is learned from a refusal: the smallest change, and where it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from langchain_unified.types import ModelConfig


@dataclass(frozen=True, slots=True)
class Correction:
    """One change to what the registry says about a model.

    Attributes:
        do: What to change; the words are explained in `data/corrections.toml`.
        parameter: The setting, in LangChain's words, if it is about one; a key of an
            object after a dot (`reasoning.mode`).
        value: What `do` needs: a wire name, a limit, a role, a feature, the values.
        said: The provider's message, without what the request itself carried.
        once: Whether it holds for this call only, because it depends on its length.
    """

    do: str
    parameter: str | None = None
    value: Any = None
    said: str = field(default="", compare=False)
    once: bool = field(default=False, compare=False)


class Trial(NamedTuple):
    """A correction that a call tries out before it is remembered.

    Attributes:
        config: The model it is about.
        endpoint: The endpoint that refused.
        correction: What is changed.
    """

    config: ModelConfig
    endpoint: str
    correction: Correction


Key = tuple[str, str, str, str, str, str]
"""What a lesson is about and whose it is: the first six fields of a `Lesson`."""


class Lesson(NamedTuple):
    """A correction, where it holds and when it was learned.

    Attributes:
        provider: Provider id.
        base_url: The server that said so; empty for the provider's own.
        endpoint: The endpoint it holds on.
        model: The wire name of the model.
        credentials: A digest of the credentials it was learned with.
        tenant: The `tenant` of the call it was learned from.
        correction: What to change.
        learned: When, ISO format, UTC.
    """

    provider: str
    base_url: str
    endpoint: str
    model: str
    credentials: str
    tenant: str
    correction: Correction
    learned: str

    @property
    def key(self) -> Key:
        """What the lesson is about, and whose it is."""
        return self[:6]
