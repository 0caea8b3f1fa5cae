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
    """Everything a surface has to know besides the request.

    Attributes:
        books: The rules by provider.
        today: The day that shutdowns and re-routing are judged by.
        enforce_shutdown: Whether a model past its shutdown date is refused.
        verified_organization: Whether the organization counts as verified.
        keys: The keys to accept by provider; any without an entry.
        answer: Takes the request and returns the text to answer.
        accept_foreign_tokens: Whether signatures, encrypted items and ids count as
            good that this emulator did not issue.
        unreachable_urls: Beginnings of the URLs that cannot be downloaded.
        strict: The weakest evidence a refusal may have, one of `EVIDENCE`.
    """

    books: Mapping[str, RuleBook]
    today: date
    enforce_shutdown: bool = False
    verified_organization: bool = True
    keys: Mapping[str, frozenset[str]] | None = None
    answer: Callable[[RecordedRequest], str | None] | None = None
    accept_foreign_tokens: bool = False
    unreachable_urls: tuple[str, ...] = ()
    strict: str = "inferred"

    def accepts_key(self, provider: str, key: str) -> bool:
        """Tell whether an API key is good for a provider."""
        if not key:
            return False
        known = (self.keys or {}).get(provider)
        return known is None or key in known
