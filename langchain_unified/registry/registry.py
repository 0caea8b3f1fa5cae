"""The model registry: rows and the layers above them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_unified.connection import check_ids
from langchain_unified.connection.servers import Server
from langchain_unified.errors import (
    ProviderNotEnabledError,
    RegistryError,
)
from langchain_unified.learning import Lesson, Lessons, corrected
from langchain_unified.registry.billing import LIST_PRICES, Billing, billed
from langchain_unified.registry.enabling import (
    enabled_by_environment,
    how_to_enable,
)
from langchain_unified.registry.hosts import Host
from langchain_unified.registry.layers import DEFAULT_PROVIDER
from langchain_unified.registry.lifecycle import SOON, warn_of_shutdown
from langchain_unified.registry.lists import MONTH, Cache, patches_of
from langchain_unified.registry.names import OWN, Place
from langchain_unified.registry.outcomes import Probe, Refreshed, Schedule
from langchain_unified.registry.own import OwnRows, check_name
from langchain_unified.runtime import Bounded, Runtime, runtime
from langchain_unified.types import Match, ModelConfig

if TYPE_CHECKING:
    from langchain_unified.registry.facts import ModelFacts
    from langchain_unified.registry.layers import Patch
    from langchain_unified.registry.schema import ProviderFile, ProviderRow, RankRow

_Hosts = tuple[Host, ...]
_Asked = tuple[
    str, str | None, str | None, frozenset[str], _Hosts | None, Billing, str, str, date
]


class Registry(OwnRows):
    """Model rows of all providers, and the layers above them.

    Args:
        files: Provider files by provider id; the shipped ones if left out.
        overrides: A file with your own rows.
        clock: Returns the current date, by which shutdowns and prices are judged.
        lessons: The rules learned from 400 errors; shared by all users of the
            registry.
        warn_days: Days before a model's shutdown from which a warning is logged, once
            per process; 0 for none.
        enable: Providers to enable in addition to the default ones.

    Attributes:
        files: Provider files by provider id.
        resolved: What names mean on a day; another object once the rows are others.
        today: Returns the day by which dates are judged.
        lessons: The rules learned from 400 errors.
        warn_days: Days before a model's shutdown from which a warning is logged.

    Example:
        >>> from langchain_unified.registry import default_registry
        >>> config = default_registry().resolve("openai:GPT-4o")
        >>> config.model, config.supports("image_inputs")
        ('gpt-4o', True)
    """

    def __init__(
        self,
        files: Mapping[str, ProviderFile] | None = None,
        *,
        overrides: str | Path | None = None,
        clock: Callable[[], date] = date.today,
        lessons: Lessons | None = None,
        warn_days: int = SOON,
        enable: Iterable[str] = (),
    ) -> None:
        """Index the rows of the files."""
        from langchain_unified.registry.catalog import Catalog  # noqa: PLC0415

        self._given_files = files
        self._catalog = Catalog(files)
        self.files = self._catalog.files
        check_ids(enable, self.files, where="enable")
        self._enabled = frozenset(enable)
        self.lessons = lessons or Lessons()
        self.warn_days = warn_days
        self.today = clock
        self.resolved: Bounded[tuple[object, ...], ModelConfig] = Bounded()
        if overrides is not None:
            self.load(overrides)

    def __getstate__(self) -> dict[str, Any]:
        """Travel with the rows of the user's own, and without what was resolved."""
        kept = {k: v for k, v in vars(self).items() if k not in {"_catalog", "files"}}
        return {**kept, "resolved": None, "_rows": self._catalog.state}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Arrive: index the rows again."""
        from langchain_unified.registry.catalog import Catalog  # noqa: PLC0415

        rows = state.pop("_rows")
        vars(self).update(state)
        self._catalog = Catalog(self._given_files)
        self._catalog.state = rows
        self.files, self.resolved = self._catalog.files, Bounded()

    def resolve(
        self,
        model: str,
        *,
        provider: str | None = None,
        base_url: str | None = None,
        configured: frozenset[str] = frozenset(),
        deployments: Mapping[str, str] | None = None,
        hosts: tuple[Host, ...] | None = None,
        billing: Billing = LIST_PRICES,
        profile: str = "",
        seen: str = "",
    ) -> ModelConfig:
        """Return everything known about a model, except what was learned.

        Args:
            model: Any spelling: `openai:gpt-4o`, `models/gemini-2.5-flash`, any case,
                a dated snapshot, a fine-tune (`ft:base:org::id`), an alias of the
                user's own, an unknown name.
            provider: The provider to assume for a name that names none and fits none.
            base_url: Where OpenAI's wire is spoken to, if not OpenAI's own address; a
                name is then that server's and sent to the letter.
            configured: Other providers that the user set up; their models' names mean
                them beside such a server too.
            deployments: Model by deployment, for providers with `rules_of`.
            hosts: Servers that the user named; those of the registry if left out.
            billing: Who bills for calls to servers of the user's own, by provider or
                name of the server.
            profile: Name of what is known about the make of the server at `base_url`;
                what its address tells if left out.
            seen: Name of the make that its answers showed, if they did.

        Raises:
            InvalidParameterError: If the name is empty or no string.
        """
        name, today = check_name(model), self.today()
        about = (billing, profile, seen, today)
        asked = (name, provider, base_url, configured, hosts, *about)
        if not deployments:
            config = self.resolved.find(asked)
            if config is not None:
                return config
        return self._resolved_with(asked, deployments or {})

    def _resolved_with(
        self, asked: _Asked, deployments: Mapping[str, str]
    ) -> ModelConfig:
        model, provider, base_url, configured, hosts, *_ = asked
        billing, profile, seen, today = asked[5:]
        resolved, catalog = self.resolved, self._catalog
        known = self.servers if hosts is None else {host.name: host for host in hosts}
        place = _place(base_url, configured, profile or seen)
        found, name = catalog.locate(
            model, provider, place, hosts=known, deployments=deployments, today=today
        )
        config = catalog.config(found, name)._replace(day=today)
        host = known.get(found.host)
        if host is not None:
            config = config._replace(server_name=host.name, billed_as=host.prices)
        elif seen and config.server and not profile:
            config = config._replace(seen=seen)
        if host is None or not host.prices:
            config = billed(config, billing)
        if not deployments:
            resolved.put(asked, config)
        return config

    def match(self, model: str, base_url: str | None = None) -> Match:
        """Return how a name finds its row, without working out what the rows say.

        Args:
            model: Any spelling, as `resolve` takes it.
            base_url: The endpoint of the call, if not the provider's own.

        Example:
            >>> from langchain_unified.registry import default_registry
            >>> default_registry().match("gpt-4o-2024-11-20")
            'exact'
        """
        return self._catalog.lookup.match(model, _place(base_url))

    def unregistered(
        self, models: Iterable[str], base_url: str | None = None
    ) -> list[str]:
        """Return the names that no row is about: only their family's rules apply.

        Args:
            models: Names in any spelling, as `resolve` takes them.
            base_url: The endpoint of the calls, if not the provider's own.

        Example:
            >>> from langchain_unified.registry import default_registry
            >>> default_registry().unregistered(["gpt-4o", "openai:gpt-4o-new"])
            ['openai:gpt-4o-new']
        """
        match, place = self._catalog.lookup.match, _place(base_url)
        return [m for m in models if match(m, place) in {"family", "fallback"}]

    def get(
        self,
        model: str,
        *,
        provider: str | None = None,
        base_url: str | None = None,
    ) -> ModelFacts:
        """Return the facts about a model, each of which can be asked where it is from.

        Args:
            model: Any spelling, as `resolve` takes it.
            provider: The provider to assume, as `resolve` takes it.
            base_url: The endpoint of the call, if not the provider's own.

        Example:
            >>> from langchain_unified.registry import default_registry
            >>> default_registry().get("gpt-5").why("temperature").value
            'default'
        """
        from langchain_unified.registry.facts import ModelFacts  # noqa: PLC0415

        config = self.resolve(model, provider=provider, base_url=base_url)
        catalog, place, today = self._catalog, _place(base_url), self.today()
        found, name = catalog.locate(
            model, provider, place, hosts=self.servers, deployments={}, today=today
        )
        found = catalog.with_deployment(found, name)
        server = Server.at(config.provider, found.server or base_url).key
        lessons = self.lessons.about(config, server)
        learned = config
        for lesson in lessons:
            learned = corrected(learned, lesson.endpoint, [lesson.correction])
        return ModelFacts(learned, found, lessons)

    def default_model(self) -> str:
        """Return the model of a chat model that was given none.

        Raises:
            RegistryError: If no provider names one.

        Example:
            >>> from langchain_unified.registry import default_registry
            >>> default_registry().default_model()
            'gpt-3.5-turbo'
        """
        named = (file.provider.default_model for file in self.files.values())
        found = next(filter(None, named), None)
        if found is None:
            message = "no provider has a default model; pass model=..."
            raise RegistryError(message)
        return found

    def discovered(self, provider: str, base_url: str | None = None) -> tuple[str, ...]:
        """Return the names a provider listed when it was last asked."""
        return self._catalog.discovered(provider, base_url or "")

    def discover(self, provider: str, server: str, patches: list[Patch]) -> None:
        """Take over what was discovered at a server."""
        self._catalog.discover(provider, server, patches)
        self.resolved = Bounded()

    def load_lists(self, folder: str | Path | None = None) -> int:
        """Lay the lists that `refresh` kept, here or elsewhere, over the rows.

        Args:
            folder: Where they are; the platform's cache folder if left out.

        Returns:
            How many lists were found. Those older than thirty days are left out, and
            so are those of other servers on another wire than OpenAI's: only there is
            a list told by the address of its server.
        """
        kept = 0
        for entry in Cache(folder).entries():
            told_by_address = not entry.server or entry.provider == DEFAULT_PROVIDER
            if entry.age < MONTH and entry.provider in self.files and told_by_address:
                patches = patches_of(entry.provider, entry.models, entry.fetched)
                self.discover(entry.provider, entry.server, patches)
                kept += 1
        return kept

    def refresh(self, llm: Any = None, **options: Any) -> Refreshed:
        """Ask providers which models they have; see `langchain_unified.discovery`.

        Args:
            llm: A chat model whose connections are used; those of the environment if
                left out.
            **options: `max_age` in seconds, `providers`, `folder`, `timeout` in seconds
                for each list.

        Returns:
            What was found where; nothing is raised for a provider out of reach.
        """
        found: Refreshed = runtime.discovery().refresh(self, llm, **options)
        return found

    async def arefresh(self, llm: Any = None, **options: Any) -> Refreshed:
        """Do what `refresh` does in a thread, so that the event loop goes on."""
        return await asyncio.to_thread(self.refresh, llm, **options)

    def refresh_every(
        self, seconds: float, llm: Any = None, **options: Any
    ) -> Schedule:
        """Refresh in the background, now and then at an interval, until stopped."""
        options = {"max_age": seconds, **options}
        return Schedule(partial(self.refresh, llm, **options), seconds)

    def probe(self, model: str, llm: Any = None, *, dry_run: bool = True) -> Probe:
        """Find out a model's parameter rules by asking it.

        Args:
            model: The model's name.
            llm: A chat model whose connections are used.
            dry_run: Whether only to say how many calls it takes and what they cost at
                most.

        Returns:
            The bounds; after a run also the rules, which print as a TOML row.
        """
        found: Probe = runtime.discovery().probe(self, model, llm, dry_run=dry_run)
        return found

    def _repr_html_(self) -> str:
        from langchain_unified.types.display import registry_html  # noqa: PLC0415

        return registry_html(self)

    def learned(self) -> list[Lesson]:
        """Return what was learned from refused requests, oldest first."""
        return self.lessons.all()

    def forget(self, model: str | None = None) -> int:
        """Forget what was learned about a model, or everything; return how much.

        Args:
            model: The wire name of a model; everything if left out.
        """
        return self.lessons.forget(model)

    def models(self, provider: str | None = None) -> Iterator[ModelConfig]:
        """Yield the configuration of every registered model id, snapshots included.

        Args:
            provider: Yield this provider's only.
        """
        for row in self._catalog.rows():
            if provider in {None, row[0]}:
                yield self.resolve(self._full_name(*row))

    def _full_name(self, provider: str, model: str) -> str:
        """Return a name with its provider, unless it is of a named server."""
        hosted = self._catalog.hosted(model, self.servers)
        return model if hosted else f"{provider}:{model}"

    def rank(self, model: str) -> RankRow | None:
        """Return where a model stands among its peers, if a row says so."""
        return self._catalog.rank(model, self.today())

    def ranked(self) -> list[tuple[ModelConfig, RankRow]]:
        """Return the models that have a rank among their peers."""
        catalog, today = self._catalog, self.today()
        names = [self._full_name(*row) for row in catalog.rankable()]
        ranked = [(self.resolve(name), catalog.rank(name, today)) for name in names]
        return [(config, rank) for config, rank in ranked if rank is not None]

    def models_with(self, feature: str, *, like: str, most: int = 3) -> tuple[str, ...]:
        """Return living models that have a capability, of the same provider first.

        Args:
            feature: A capability, as `ModelConfig.supports` takes it.
            like: The model to find alternatives for.
            most: How many to return.
        """
        able = (c for c in self.models_like(like) if c.supports(feature))
        return tuple(config.model for config in islice(able, most))

    def models_like(self, like: str) -> list[ModelConfig]:
        """Return living models that can be called, of the same provider first.

        Args:
            like: The model to find others for.
        """
        today, provider = self.today(), self.resolve(like).provider
        found = [
            config
            for config in self.models()
            if config.match == "exact"
            and self.is_enabled(config.provider)
            and not (config.lifecycle.shutdown and config.lifecycle.shutdown <= today)
        ]
        return sorted(found, key=lambda config: config.provider != provider)

    def provider(self, provider: str) -> ProviderRow:
        """Return the row of a provider itself."""
        return self.files[provider].provider

    def is_enabled(self, provider: str, enable: Iterable[str] = ()) -> bool:
        """Tell whether a provider is switched on, by itself or by the caller."""
        return (
            self.files[provider].provider.enabled
            or provider in self._enabled
            or provider in enable
            or provider in enabled_by_environment()
        )

    def check_enabled(self, provider: str, enable: Iterable[str] = ()) -> None:
        """Refuse a provider that is switched off.

        Args:
            provider: Provider id.
            enable: Providers the caller switches on; the environment variable
                `LANGCHAIN_UNIFIED_ENABLE` (comma separated) switches on others.

        Raises:
            ProviderNotEnabledError: If it is off; the message says what to set.
        """
        if not self.is_enabled(provider, enable):
            row = self.files[provider].provider
            raise ProviderNotEnabledError(provider, how_to_enable(row))

    def warn_of_shutdown(self, config: ModelConfig, kept: Runtime = runtime) -> None:
        """Log, once per runtime and model, that a model's shutdown is near."""
        warn_of_shutdown(config, self.today(), self.warn_days, kept)


def _place(
    base_url: str | None, configured: frozenset[str] = frozenset(), profile: str = ""
) -> Place:
    server = Server.at(DEFAULT_PROVIDER, base_url)
    if server.is_own:
        return OWN
    return Place(server.address, configured, profile=profile)
