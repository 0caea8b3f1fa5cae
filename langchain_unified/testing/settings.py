"""What the doors of the emulator are set to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.rules import RuleBook


@dataclass(frozen=True)
class Settings:
    """Everything a surface has to know besides the request."""

    books: Mapping[str, RuleBook]
    today: date
    enforce_shutdown: bool = False
    verified_organization: bool = True
    keys: Mapping[str, frozenset[str]] | None = None
    answer: Callable[[RecordedRequest], str | None] | None = None

    def accepts_key(self, provider: str, key: str) -> bool:
        """Tell whether an API key is good for a provider."""
        if not key:
            return False
        known = (self.keys or {}).get(provider)
        return known is None or key in known
