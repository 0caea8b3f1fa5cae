"""The families of models, by the beginnings of the names that belong to them."""

from __future__ import annotations

from collections.abc import Iterable

from langchain_unified.registry.schema import ProviderFile


class Families:
    """An index of prefixes: a name costs a look-up for each length that they have.

    To compare a name with every prefix took half of the time of a refresh.

    Args:
        files: The provider files whose families are indexed.

    Example:
        >>> from langchain_unified.registry.loader import load_shipped
        >>> Families(load_shipped().values()).best("gpt-4o-new", "openai")
        ('openai', 'gpt-4o')
    """

    def __init__(self, files: Iterable[ProviderFile]) -> None:
        """Index the prefixes."""
        self._named: dict[str, list[tuple[str, str]]] = {}
        self._only: set[str] = set()
        for file in files:
            if file.provider.prefix_only:
                self._only.add(file.provider.id)
            for family, row in file.families.items():
                for prefix in row.prefixes:
                    claims = self._named.setdefault(prefix, [])
                    claims.append((file.provider.id, family))
        self._lengths = sorted({len(prefix) for prefix in self._named}, reverse=True)
        self._shortest = self._lengths[-1] if self._lengths else 0
        self._begins = {prefix[: self._shortest] for prefix in self._named}

    def best(self, key: str, provider: str | None) -> tuple[str, str] | None:
        """Return provider and family of the longest prefix that a name begins with.

        Args:
            key: The name in lower case.
            provider: The provider whose families count; if `None`, those of every
                provider whose models are called by their bare names.
        """
        if key[: self._shortest] not in self._begins:
            return None
        for length in self._lengths:
            claims = self._named.get(key[:length], ())
            fitting = [claim for claim in claims if self._counts(claim[0], provider)]
            if fitting:
                return max(fitting)
        return None

    def _counts(self, owner: str, provider: str | None) -> bool:
        return owner == provider if provider else owner not in self._only
