"""The model registry: a name in, everything known about the model out.

`resolve` never does I/O after the first call, never logs and never raises for a name
it does not know: an unknown name gets the rules of the family it looks like.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache

from langchain_unified.errors import InvalidParameterError, ProviderNotEnabledError
from langchain_unified.learning import Lesson, Lessons
from langchain_unified.registry.build import build_config
from langchain_unified.registry.loader import load_shipped
from langchain_unified.registry.names import Name, read_name, shorter_names
from langchain_unified.registry.schema import ModelRow, ProviderFile, ProviderRow
from langchain_unified.types import Match, ModelConfig

__all__ = ["ENABLE_VARIABLE", "Registry", "check_name", "default_registry"]

ENABLE_VARIABLE = "LANGCHAIN_UNIFIED_ENABLE"
"""Environment variable that switches providers on, comma separated."""

LEARNED_VARIABLE = "LANGCHAIN_UNIFIED_LEARNED"
"""Environment variable that names a folder for what is learned."""


class Registry:
    """Model rows of all providers.

    Args:
        files: Provider files by provider id.
        clock: Returns today; decides which dated re-routing is in force.
        lessons: What was learned from refused requests; shared by who uses the
            registry.

    Attributes:
        files: Provider files by provider id.
        lessons: What was learned from refused requests.

    Example:
        >>> from langchain_unified.registry import default_registry
        >>> config = default_registry().resolve("openai:GPT-4o")
        >>> config.model, config.supports("image_inputs")
        ('gpt-4o', True)
    """

    def __init__(
        self,
        files: Mapping[str, ProviderFile],
        *,
        clock: Callable[[], date] = date.today,
        lessons: Lessons | None = None,
    ) -> None:
        """Index the rows of the files."""
        self.files = dict(files)
        self.lessons = lessons or Lessons()
        self._clock = clock
        self._prefixes = {
            prefix: file.provider.id
            for file in self.files.values()
            for prefix in (*file.provider.prefixes, file.provider.id)
        }
        self._rows = {
            key: (provider, model)
            for provider, file in reversed(self.files.items())
            for model in file.models
            for key in _keys(model, file.models[model])
        }
        self._resolved: dict[tuple[object, ...], ModelConfig] = {}

    def resolve(
        self,
        model: str,
        *,
        provider: str | None = None,
        base_url: str | None = None,
    ) -> ModelConfig:
        """Return everything known about a model.

        Args:
            model: Any spelling: `openai:gpt-4o`, `models/gemini-2.5-flash`, any case,
                a dated snapshot, a fine-tune (`ft:base:org::id`), an unknown name.
            provider: The provider to assume for a name that names none and fits none.
            base_url: The endpoint of the call, if not the provider's own; a name of no
                known family is then treated as an OpenAI-compatible server's.

        Raises:
            InvalidParameterError: If the name is empty or no string.
        """
        today = self._clock()
        key = (model, provider, base_url, today)
        config = self._resolved.get(key)
        if config is None:
            config = self._resolve(check_name(model), provider, base_url, today)
            self._resolved[key] = config
        return config

    def learned(self) -> list[Lesson]:
        """Return what was learned from refused requests, oldest first."""
        return self.lessons.all()

    def forget(self, model: str | None = None) -> int:
        """Forget what was learned about a model, or everything; return how much.

        Args:
            model: The wire name of a model; everything if left out.
        """
        return self.lessons.forget(model)

    def models(self) -> Iterator[ModelConfig]:
        """Yield the configuration of every registered model id, snapshots included."""
        for key, (provider, _) in self._rows.items():
            yield self.resolve(f"{provider}:{key}")

    def models_with(self, feature: str, *, like: str, most: int = 3) -> tuple[str, ...]:
        """Return living models that have a capability, of the same provider first.

        Args:
            feature: A capability, as `ModelConfig.supports` takes it.
            like: The model to find alternatives for.
            most: How many to return.
        """
        today, provider = self._clock(), self.resolve(like).provider
        found = [
            config
            for config in self.models()
            if config.match == "exact"
            and config.supports(feature)
            and self.files[config.provider].provider.enabled
            and not (config.lifecycle.shutdown and config.lifecycle.shutdown <= today)
        ]
        found.sort(key=lambda config: config.provider != provider)
        return tuple(config.model for config in found[:most])

    def provider(self, provider: str) -> ProviderRow:
        """Return the row of a provider itself."""
        return self.files[provider].provider

    def check_enabled(self, provider: str, enable: Iterable[str] = ()) -> None:
        """Refuse a provider that is switched off.

        Args:
            provider: Provider id.
            enable: Providers the caller switches on; the environment variable
                `LANGCHAIN_UNIFIED_ENABLE` (comma separated) switches on others.

        Raises:
            ProviderNotEnabledError: If it is off; the message says what to set.
        """
        row = self.files[provider].provider
        if row.enabled or provider in enable or provider in _enabled_by_environment():
            return
        raise ProviderNotEnabledError(provider, _how_to_enable(row))

    def _resolve(
        self, model: str, provider: str | None, base_url: str | None, today: date
    ) -> ModelConfig:
        name = read_name(model, self._prefixes, base_url=base_url)
        config = self._by_row(name) or self._by_family(name)
        if config is None:
            config = self._by_fallback(name, provider or "openai", base_url)
        return self._rerouted(config, today)

    def _by_row(self, name: Name) -> ModelConfig | None:
        for key in (name.key, *shorter_names(name.key)):
            provider, canonical = self._rows.get(key, (None, None))
            if provider is None or canonical is None:
                continue
            if name.provider in {None, provider}:
                match = _match(name, key, canonical)
                wire = name.wire if match == "snapshot" else key
                return self._row_config(provider, canonical, _wire(name, wire), match)
        return None

    def _row_config(
        self, provider: str, canonical: str, wire: str, match: Match
    ) -> ModelConfig:
        file = self.files[provider]
        row = file.models[canonical]
        facts = file.models[row.same_as] if row.same_as else row
        family = facts.family or row.family or file.provider.fallback_family
        config = build_config(
            file,
            wire=wire,
            canonical=canonical,
            family=family,
            row=facts,
            match=match,
        )
        return config if facts is row else replace(config, canonical=canonical)

    def _by_family(self, name: Name) -> ModelConfig | None:
        best = max(
            (
                (len(prefix), provider, family)
                for provider, file in self.files.items()
                if name.provider in {None, provider}
                for family, row in file.families.items()
                for prefix in row.prefixes
                if name.key.startswith(prefix)
            ),
            default=None,
        )
        if best is None:
            return None
        _, provider, family = best
        return self._family_config(provider, family, name, "family")

    def _by_fallback(
        self, name: Name, provider: str, base_url: str | None
    ) -> ModelConfig:
        provider = name.provider or provider
        row = self.files[provider].provider
        compatible = row.compatible_family if base_url else None
        family = compatible or row.fallback_family
        return self._family_config(provider, family, name, "fallback")

    def _family_config(
        self, provider: str, family: str, name: Name, match: Match
    ) -> ModelConfig:
        return build_config(
            self.files[provider],
            wire=name.wire,
            canonical=family,
            family=family,
            row=None,
            match=match,
        )

    def _rerouted(self, config: ModelConfig, today: date) -> ModelConfig:
        """Apply the rules of the model that answers from a given day on."""
        life = config.lifecycle
        if life.served_by is None or life.served_from is None:
            return config
        if today < life.served_from:
            return config
        effective = self._row_config(
            config.provider, life.served_by, config.model, config.match
        )
        return replace(effective, canonical=config.canonical, lifecycle=life)


def _enabled_by_environment() -> set[str]:
    names = os.environ.get(ENABLE_VARIABLE, "").split(",")
    return {name.strip() for name in names}


def _how_to_enable(row: ProviderRow) -> str:
    steps = [f"{row.title} is off by default. To use it:"]
    if row.extra:
        steps.append(f'install it: pip install "langchain-unified[{row.extra}]";')
    if row.key_env:
        steps.append(f"set {' or '.join(row.key_env)};")
    steps.append(
        f'switch it on: UnifiedChatModel(..., enable=["{row.id}"]) or '
        f"{ENABLE_VARIABLE}={row.id}."
    )
    return " ".join(steps)


def check_name(model: object) -> str:
    """Return a model name, or raise `InvalidParameterError` if it is none."""
    if not isinstance(model, str) or not model.strip():
        accepted = "give the name of a model, for example 'openai:<model>'."
        raise InvalidParameterError("model", model, accepted)
    return model


def _keys(model: str, row: ModelRow) -> Iterator[str]:
    yield model.casefold()
    yield from (alias.casefold() for alias in row.aliases)
    yield from (f"{model}-{suffix}".casefold() for suffix in row.snapshots)


def _match(name: Name, key: str, canonical: str) -> Match:
    if name.fine_tuned or key != name.key:
        return "snapshot"
    return "exact" if key.startswith(canonical.casefold()) else "alias"


def _wire(name: Name, wire: str) -> str:
    """Keep a gateway's `vendor/model` name and a fine-tune's name as written."""
    return name.wire if name.fine_tuned or "/" in name.wire else wire


@lru_cache(maxsize=1)
def default_registry() -> Registry:
    """Return the registry of the shipped data, loaded at the first call.

    What is learned from refused requests is kept in memory, or in the folder the
    environment variable `LANGCHAIN_UNIFIED_LEARNED` names.
    """
    folder = os.environ.get(LEARNED_VARIABLE)
    lessons = Lessons.at(folder) if folder else Lessons()
    return Registry(load_shipped(), lessons=lessons)
