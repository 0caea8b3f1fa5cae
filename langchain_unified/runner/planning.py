"""From a call to its plan: model resolved or chosen, corrected, planned."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.messages import BaseMessage

from langchain_unified.call import LONGEST_NAME, Call, CallReader
from langchain_unified.choice import AUTO, Chooser, about_tokens, is_auto
from langchain_unified.connection import check_ids
from langchain_unified.cost import Purse
from langchain_unified.errors import InvalidParameterError, UnsupportedError
from langchain_unified.history import traits_of
from langchain_unified.history.traits import mentions_json
from langchain_unified.learning import Lessons, Trial
from langchain_unified.planner.cache import PlanCache
from langchain_unified.reliability.scope import Scope
from langchain_unified.runner.scoping import scope_of
from langchain_unified.runner.wiring import Wiring
from langchain_unified.types import CallPlan, Invocation, ModelConfig

LEARNING_VARIABLE = "LANGCHAIN_UNIFIED_LEARNING"
"""Environment variable: `off` and nothing is learned from refused requests."""

_MOST_NAMES = 256
"""Names whose models are kept, for a chat model."""

_OFF = frozenset({"off", "0", "false", "no"})


class Planning:
    """Plans the calls of one chat model; nothing is sent.

    Args:
        fields: The model's fields by name.
        given: The names of the fields that the user set.
        clients: SDK clients that the constructor was given, by keyword.
        names: Canonical name by field, of what holds for calls that say nothing else.
        owner: The class of the model, for error messages.
        purse: What the model has spent.

    Attributes:
        wiring: The servers that the model can call.
        calls: Reads the model's calls.
        killed: Returns the providers that no choice may fall on.
    """

    def __init__(
        self,
        fields: Mapping[str, Any],
        given: set[str],
        clients: Mapping[str, Any],
        *,
        names: Sequence[tuple[str, str]],
        owner: str,
        purse: Purse,
    ) -> None:
        """Start with nothing read."""
        self._fields, self._purse = fields, purse
        self.killed: Callable[[], frozenset[str]] = frozenset
        self._edition: tuple[object, ...] = ()
        self._known: dict[str, ModelConfig] = {}
        self.wiring = Wiring(fields, clients)
        self.calls = CallReader(
            fields,
            given,
            names=names,
            owner=owner,
            platforms=self.wiring.platforms,
        )

    def check(self) -> None:
        """Check the fields by which calls are read and planned.

        Raises:
            UnknownParameterError: If `model_kwargs` holds a setting nobody knows.
            InvalidParameterError: If a field has a wrong value.
        """
        fields, wiring = self._fields, self.wiring
        self.calls.defaults()
        if fields["budget_usd"] is not None:
            self._purse.open()  # Processes forked from now on pay from it too.
        model = fields["model_name"]
        if fields["choice"] is not None or is_auto(model):
            self.chooser().check(model if is_auto(model) else AUTO)
        known = wiring.registry.files
        check_ids(fields["enable"], known, where="enable")
        check_ids(fields["providers"], [*known, *wiring.hosts()], where="providers")

    def explain(self, messages: list[BaseMessage], kwargs: dict[str, Any]) -> CallPlan:
        """Return the plan of a call that is given by its keywords."""
        stream = bool(kwargs.pop("stream", False))
        kwargs.pop("rollout", None)
        call = self.calls.read(kwargs.pop("stop", None), kwargs)
        return self.plan(self.invocation(messages, call, stream=stream))

    def cache_key(self, call: Call, owner: str) -> str:
        """Return the place of a call in the cache; see `Call.cache_key`."""
        config = self.known(call.settings["model"])
        return call.cache_key(config, self.wiring.url(config.connection), owner)

    def invocation(
        self, messages: list[BaseMessage], call: Call, *, stream: bool
    ) -> Invocation:
        """Return a call with what its messages hold."""
        traits, asked = traits_of(messages), call.asked
        wants_form = asked.structure is not None or "response_format" in asked.params
        if wants_form and mentions_json(messages):
            traits = traits._replace(mentions_json=True)
        if asked.tokens is not None:
            asked = asked._replace(tokens=about_tokens(messages, asked.params))
        return asked._replace(traits=traits, stream=stream)

    def attempt(
        self,
        read: Call,
        call: Invocation,
        caution: int = 0,
        trials: tuple[Trial, ...] = (),
    ) -> CallPlan:
        """Return the plan of an attempt at a call, that of the last one if it holds.

        A plan follows from what is asked, the messages' traits, the model as it is
        known and what was learned; the first is the same for a `Call`.
        """
        is_open = call.tokens is not None
        if caution or trials or is_open or not self.wiring.lessons.is_empty:
            return self.plan(call._replace(caution=caution), trials)
        config, kept = self.known(call.model), read.planned
        if kept is not None:
            of, traits, stream, plan = kept
            if of is config and stream == call.stream and traits == call.traits:
                return plan
        plan = self.plan(call)
        if read.is_constant() and self.wiring.is_enabled(config):
            read.planned = (config, call.traits, call.stream, plan)
        return plan

    def plan(self, call: Invocation, trials: tuple[Trial, ...] = ()) -> CallPlan:
        """Return the plan of a call; the only place where one is made.

        Raises:
            ProviderNotEnabledError: If the provider of the model is switched off.
            InvalidParameterError: If a name begins with a misspelt provider or server.
            UnsupportedError: If the model cannot do what is asked for.
        """
        if call.tokens is not None:
            return self._chosen(call, trials)
        config = self._corrected(self.known(call.model), call, trials)
        registry = self.wiring.registry
        if not self.wiring.is_enabled(config):
            registry.check_enabled(config.provider, self._fields["enable"])
        if config.match == "fallback":
            registry.check_prefix(config, self.wiring.named_servers())
        call = self._placed(call, config)
        try:
            return self.wiring.runtime[PlanCache].plan(call, config)
        except UnsupportedError as refusal:
            raise self._with_alternatives(refusal, call, config) from None
        except RecursionError as error:
            accepted = "messages, tools and schemas are nested too deeply."
            raise InvalidParameterError("request", "(nested)", accepted) from error

    def _placed(self, call: Invocation, config: ModelConfig) -> Invocation:
        """Return a call with the server that it is sent to."""
        if config.server_name:
            here = {**call.platforms, config.provider: config.server}
            call = call._replace(platforms=here)
        server = self.wiring.connected(config.connection).server
        return call._replace(server=server.key) if server.key else call

    def _chosen(self, call: Invocation, trials: tuple[Trial, ...]) -> CallPlan:
        """Return the plan of a call that leaves its model open."""
        name, chosen = self.chooser().choose(call)
        made = self.plan(call._replace(model=name, tokens=None), trials)
        changes = (chosen, *made.changes)
        return replace(made, requested_model=call.model, changes=changes)

    def chooser(self) -> Chooser:
        """Return what chooses a model where a call leaves it open."""
        fields, wiring = self._fields, self.wiring
        return Chooser(
            wiring.registry,
            wiring.connected,
            self._resolved,
            enable=fields["enable"],
            policy=fields.get("choice"),
            killed=self.killed(),
            left=self._left,
        )

    def _left(self, tenant: str) -> float | None:
        """Return what is left of a tenant's budget; `None` without a budget."""
        budget = self._fields["budget_usd"]
        return None if budget is None else budget - self._purse.spent(tenant)

    def resolve(self, model: str | None = None) -> ModelConfig:
        """Return what is known about a model, and what was learned."""
        tenant = self._fields["tenant"] or ""
        call = Invocation(model or self._fields["model_name"], tenant=tenant)
        return self._corrected(self.known(model), call)

    def known(self, model: str | None = None) -> ModelConfig:
        """Return what the registry knows, without what was learned."""
        name = model if model is not None else self._fields["model_name"]
        registry, shim = self.wiring.registry, self.wiring.shims.get("openai")
        seen = "" if shim is None else shim.connection.seen
        edition = (registry.resolved, registry.today(), seen)
        if edition != self._edition:  # Other rows, another day, another server.
            self._edition, self._known = edition, {}
        found = self._known.get(name) if isinstance(name, str) else None
        if found is not None:
            return found
        if is_auto(name):
            return self._resolved(self.chooser().usual(name))
        found = self._resolved(name)
        if len(self._known) < _MOST_NAMES and len(name) <= LONGEST_NAME:
            self._known[name] = found
        return found

    def _resolved(self, name: str) -> ModelConfig:
        wiring = self.wiring
        return wiring.registry.resolve(
            name,
            base_url=wiring.url("openai"),
            configured=wiring.configured(),
            deployments=wiring.deployments,
            hosts=wiring.named_servers(),
            billing=wiring.billing(),
            profile=wiring.connected("openai").get("profile", ""),
            seen=wiring.seen("openai"),
        )

    def _corrected(
        self, config: ModelConfig, call: Invocation, trials: tuple[Trial, ...] = ()
    ) -> ModelConfig:
        """Return what the registry says, corrected by what the caller learned."""
        if not trials and self.wiring.lessons.is_empty:
            return config
        lessons = self.lessons()
        if lessons is None:
            return config
        return lessons.apply(config, self.scope(config.connection, call), trials)

    def lessons(self) -> Lessons | None:
        """Return where lessons are kept; `None` if nothing is to be learned."""
        said = self._fields["learning"] or os.environ.get(LEARNING_VARIABLE) or "on"
        off = said.strip().lower() in _OFF
        return None if off else self.wiring.lessons

    def scope(self, provider: str, call: Invocation) -> Scope:
        """Return whose call it is at a provider."""
        return scope_of(self.wiring.connected(provider), call)

    def _with_alternatives(
        self, refusal: UnsupportedError, call: Invocation, config: ModelConfig
    ) -> UnsupportedError:
        """Return the refusal that names what is in the way, and models that could."""
        from langchain_unified.planner.refusals import able, explained  # noqa: PLC0415

        registry = self.wiring.registry
        found = explained(refusal, call, config)
        if refusal.feature is not None and found.parameter == refusal.parameter:
            names = registry.models_with(refusal.feature, like=call.model)
            return found.suggesting(names)
        others = registry.models_like(call.model)
        return found.suggesting(able(call, config, others))
