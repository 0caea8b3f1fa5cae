"""`model="auto"`: a model that can do what the call needs, chosen by a policy.

The policies: `auto:cheapest` (what `auto` means unless told otherwise), `auto:fastest`,
`auto:strongest`, an ordered list (`auto:<one>,<other>`), or a callable. The choice
depends on nothing but the call, the registry, the day and which providers are enabled
and have credentials.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from langchain_core.messages import BaseMessage
from langchain_core.messages.utils import count_tokens_approximately

from langchain_unified.connection import Connection
from langchain_unified.cost import estimate_usd
from langchain_unified.errors import InvalidParameterError, UnsupportedError
from langchain_unified.registry import Registry
from langchain_unified.registry.hosts import Host
from langchain_unified.types import Change, Invocation, ModelConfig
from langchain_unified.vocabulary import nearest

AUTO = "auto"
POLICIES = ("cheapest", "fastest", "strongest")
DEFAULT_POLICY = "cheapest"

Policy = str | Sequence[str] | Callable[[list["Candidate"]], str]
"""A word of `POLICIES`, model names in order, or what picks from the candidates."""

_TYPICAL_INPUT, _TYPICAL_OUTPUT = 1_000, 500
"""Tokens by which prices are compared when the call says nothing."""

_CHARACTERS = 4
"""Characters of a token, about."""

_SECRETS = (
    "api_key",
    "root_client",
    "root_async_client",
    "client",
    "credentials",
    "project",
    "vertexai",
    "azure_ad_token",
    "azure_ad_token_provider",
    "azure_ad_async_token_provider",
)
_VERTEX = "GOOGLE_GENAI_USE_VERTEXAI"
_WORDS = {
    "tool_calling": "tools",
    "structured_output": "a response schema",
    "json_mode": "JSON answers",
    "image_inputs": "image input",
    "audio_inputs": "audio input",
    "video_inputs": "video input",
    "pdf_inputs": "PDF input",
    "image_outputs": "image output",
    "audio_outputs": "audio output",
}


class Candidate(NamedTuple):
    """A model that could be chosen.

    Attributes:
        name: The model, with its provider: `openai:<model>`.
        config: What the registry knows about it.
        strength: Its rank by strength, 0 to 100.
        speed: Its rank by speed, 0 to 100.
        price_usd: What the call would cost; `None` if no price is known.
        named: Whether the user named it; a named model may be about to be shut down.
    """

    name: str
    config: ModelConfig
    strength: int = 0
    speed: int = 0
    price_usd: float | None = None
    named: bool = False


class NoModelFitsError(UnsupportedError):
    """No candidate can do what the call needs; the message lists what each lacks.

    Attributes:
        lacks: What is missing, by candidate.
    """

    def __init__(self, asked: str, lacks: dict[str, list[str]]) -> None:
        """List every candidate."""
        self.lacks = lacks
        rows = [f"  {name}: no {', no '.join(what)}" for name, what in lacks.items()]
        listed = "\n".join(rows) or "  there is no candidate at all"
        reason = f"no candidate can do what the call needs.\n{listed}"
        super().__init__("model", asked, model=asked, reason=reason)


def is_auto(model: object) -> bool:
    """Tell whether a name leaves the model open."""
    if not isinstance(model, str):
        return False
    word, _, _ = model.strip().casefold().partition(":")
    return word == AUTO


def spelled(model: Any) -> Any:
    """Return a list of models as the name that stands for it."""
    if isinstance(model, (list, tuple)) and all(isinstance(one, str) for one in model):
        return f"{AUTO}:{','.join(model)}"
    return model


def about_tokens(messages: Sequence[BaseMessage], settings: Mapping[str, Any]) -> int:
    """Return about how many tokens messages and tools are."""
    tools = settings.get("tools")
    told = len(json.dumps(tools, default=str)) // _CHARACTERS if tools else 0
    return count_tokens_approximately(messages) + told


class Chooser:
    """Chooses models for one model object.

    Args:
        registry: What is known about models.
        connection: Returns the connection settings of a provider.
        enable: Providers the model object switches on.
        policy: What `auto` alone means.
        configured: Providers the user set up, beside OpenAI.
        hosts: Servers that the user named.
    """

    def __init__(
        self,
        registry: Registry,
        connection: Callable[[str], Connection],
        enable: Iterable[str] = (),
        policy: Policy | None = None,
        configured: frozenset[str] = frozenset(),
        *,
        hosts: tuple[Host, ...] = (),
    ) -> None:
        """Keep what the choice depends on."""
        self._configured, self._hosts = configured, hosts
        self._registry, self._connection = registry, connection
        self._enable, self._policy = tuple(enable), policy
        self._killed: frozenset[str] = frozenset()

    def without(self, providers: frozenset[str]) -> Chooser:
        """Return this chooser; it passes over some providers from now on."""
        self._killed = providers
        return self

    def choose(self, call: Invocation) -> tuple[str, Change]:
        """Return the model for a call, and the change that records why.

        Raises:
            NoModelFitsError: If no candidate can do what the call needs.
            InvalidParameterError: If the policy makes no sense.
        """
        policy = self._policy_of(call.model)
        if callable(policy):
            return self._picked(call, policy)
        for candidate, why in self._in_order(call, policy):
            if next(self._lacks(call, candidate), None) is None:
                return candidate.name, _change(call, candidate, why)
        raise self._nothing(call, policy)

    def usual(self, model: str) -> str:
        """Return the model of a plain text call; the name itself if none fits."""
        try:
            return self.choose(Invocation(model, tokens=0))[0]
        except NoModelFitsError:
            return model

    def _picked(
        self, call: Invocation, pick: Callable[[list[Candidate]], str]
    ) -> tuple[str, Change]:
        """Let the user's own callable choose among those that fit."""
        fitting = [
            candidate
            for candidate, _ in self._in_order(call, DEFAULT_POLICY)
            if next(self._lacks(call, candidate), None) is None
        ]
        if not fitting:
            raise self._nothing(call, DEFAULT_POLICY)
        name = pick(fitting)
        candidate = next((c for c in fitting if name in {c.name, c.config.model}), None)
        candidate = candidate or self._named(call, str(name))
        lacking = list(self._lacks(call, candidate))
        if lacking:
            raise NoModelFitsError(call.model, {candidate.name: lacking})
        told = getattr(pick, "__name__", "the callable")
        return candidate.name, _change(call, candidate, f"{told} picked it")

    def _nothing(
        self, call: Invocation, policy: str | Sequence[str]
    ) -> NoModelFitsError:
        candidates = [candidate for candidate, _ in self._in_order(call, policy)]
        lacks = {c.name: list(self._lacks(call, c)) for c in candidates}
        return NoModelFitsError(call.model, lacks)

    def _policy_of(self, model: str) -> Policy:
        _, _, said = model.strip().partition(":")
        if not said:
            policy = self._policy or DEFAULT_POLICY
            if isinstance(policy, str) and policy not in POLICIES:
                return self._policy_of(
                    policy if is_auto(policy) else f"{AUTO}:{policy}"
                )
            return policy
        if said.casefold() in POLICIES:
            return said.casefold()
        names = [name.strip() for name in said.split(",") if name.strip()]
        if len(names) == 1 and self._is_unknown(names[0]):
            near = nearest(said, POLICIES)
            hint = (
                f"did you mean 'auto:{near}'?" if near else "give a policy or models."
            )
            raise InvalidParameterError("model", model, hint)
        return names

    def _is_unknown(self, name: str) -> bool:
        """Tell a misspelt policy from a model that its user names with its provider."""
        return ":" not in name and self._registry.resolve(name).match == "fallback"

    def _in_order(
        self, call: Invocation, policy: str | Sequence[str]
    ) -> Iterator[tuple[Candidate, str]]:
        """Yield the candidates, the most wanted first, and why each comes there."""
        if not isinstance(policy, str):
            for place, name in enumerate(policy, 1):
                yield self._named(call, name), f"the list's number {place}"
            return
        ranked = sorted(self._ranked(call), key=partial(_place, policy))
        priced = any(candidate.price_usd is not None for candidate in ranked)
        for candidate in ranked:
            yield candidate, _reason(policy, candidate, priced=priced)

    def _ranked(self, call: Invocation) -> Iterator[Candidate]:
        for config, rank in self._registry.ranked():
            yield Candidate(
                config.full_name,
                config,
                rank.strength or 0,
                rank.speed or 0,
                _price(call, config),
            )

    def _named(self, call: Invocation, name: str) -> Candidate:
        base_url = self._connection("openai").server.key
        config = self._registry.resolve(
            name,
            base_url=base_url,
            configured=self._configured,
            hosts=self._hosts,
            prices=self._connection("openai").get("prices"),
        )
        deployments = self._connection(config.connection).get("deployments")
        if deployments:
            config = self._registry.resolve(name, deployments=deployments)
        price = _price(call, config)
        return Candidate(config.full_name, config, price_usd=price, named=True)

    def _lacks(self, call: Invocation, candidate: Candidate) -> Iterator[str]:
        """Yield what keeps a model from answering a call; nothing if it can."""
        from langchain_unified.planner.rules import plan  # noqa: PLC0415

        config = candidate.config
        yield from self._absent(config)
        yield from self._past(candidate)
        yield from _missing_abilities(call, config)
        limit = config.limits.get("input") or config.limits.get("context")
        tokens = call.tokens or 0
        if limit is not None and tokens > limit:
            yield f"room for about {tokens} tokens (it reads {limit})"
        try:
            plan(call, config)
        except UnsupportedError as refusal:
            yield f"way to take {refusal.parameter} ({refusal.reason.rstrip('.')})"

    def _absent(self, config: ModelConfig) -> Iterator[str]:
        """Yield why a model cannot be reached here and today."""
        registry, provider = self._registry, config.provider
        if not registry.is_enabled(provider, self._enable):
            yield "permission (its provider is not enabled)"
        if config.connection in self._killed:
            yield "permission (its provider is switched off by the rollout flag)"
        connection, row = (
            self._connection(config.connection),
            registry.provider(provider),
        )
        variables = connection.key_env if connection.name else row.key_env
        if not has_credentials(connection, variables):
            yield f"credentials (set {' or '.join(variables)})"
        listed = registry.discovered(provider, connection.server.key)
        names = {config.model.casefold(), config.canonical.casefold()}
        if listed and not names & {name.casefold() for name in listed}:
            yield "place in the list its provider gave at the last refresh"

    def _past(self, candidate: Candidate) -> Iterator[str]:
        """Yield why a model is too old to be chosen."""
        end = candidate.config.lifecycle.shutdown
        ahead = timedelta(days=0 if candidate.named else self._registry.warn_days)
        if end is not None and self._registry.today() + ahead >= end:
            yield f"future (its shutdown: {end})"


def has_credentials(connection: Connection, variables: Sequence[str]) -> bool:
    """Tell whether a provider has what it needs to be called.

    Args:
        connection: Its connection settings.
        variables: Environment variables that can hold its key.
    """
    if not variables or any(connection.get(name) for name in _SECRETS):
        return True
    in_vertex = os.environ.get(_VERTEX, "").casefold() in {"1", "true"}
    vertex = in_vertex and connection.provider == "google_genai"
    return vertex or any(os.environ.get(name) for name in variables)


def _place(policy: str, candidate: Candidate) -> tuple[float, float, str]:
    price = candidate.price_usd
    cost = float("inf") if price is None else price
    first = {
        "cheapest": cost,
        "fastest": -candidate.speed,
        "strongest": -candidate.strength,
    }[policy]
    second = candidate.strength if policy == "cheapest" else cost
    return first, second, candidate.name


def _reason(policy: str, candidate: Candidate, *, priced: bool) -> str:
    if policy == "strongest":
        return f"the strongest, rank {candidate.strength}"
    if policy == "fastest":
        return f"the fastest, rank {candidate.speed}"
    if not priced:
        return "the smallest, as genai-prices is not installed"
    if candidate.price_usd is None:
        return "no price is known, and none with a price can do it"
    return f"the cheapest, about ${candidate.price_usd:.6f}"


def _change(call: Invocation, candidate: Candidate, why: str) -> Change:
    needs = list(dict.fromkeys(_needed(call)))
    told = f" that can do {', '.join(needs)}" if needs else ""
    reason = f"{why}{told} and has credentials."
    return Change("model", "routed", call.model, candidate.name, reason, "choice")


def _price(call: Invocation, config: ModelConfig) -> float | None:
    cap = call.params.get("max_tokens") or _TYPICAL_OUTPUT
    size = _TYPICAL_INPUT
    while size < (call.tokens or 0):
        size *= 2
    return estimate_usd(config, size, min(cap, _TYPICAL_OUTPUT))


def _needed(call: Invocation) -> Iterator[str]:
    for feature in _features(call):
        yield _WORDS.get(feature, feature)
    if _wants_reasoning(call):
        yield "reasoning"
    if call.stream:
        yield "streaming"


def _missing_abilities(call: Invocation, config: ModelConfig) -> Iterator[str]:
    if not config.supports("text_outputs"):
        yield "text output"
    for feature in _features(call):
        if not config.supports(feature):
            yield _WORDS.get(feature, feature)
    if _wants_reasoning(call) and not config.reasons:
        yield "reasoning"
    if call.stream and not config.features.get("streaming", True):
        yield "streaming"


def _features(call: Invocation) -> Iterator[str]:
    """Yield the capabilities a call needs, as `ModelProfile` keys."""
    yield from sorted(call.traits.inputs)
    if call.params.get("tools") or call.params.get("functions"):
        yield "tool_calling"
    kind = (call.params.get("response_format") or {}).get("type")
    if call.structure is not None or kind == "json_schema":
        yield "structured_output"
    elif kind == "json_object":
        yield "json_mode"
    for modality in call.params.get("modalities") or ():
        if str(modality).casefold() != "text":
            yield f"{str(modality).casefold()}_outputs"


def _wants_reasoning(call: Invocation) -> bool:
    given = call.params
    effort = given.get("reasoning_effort") or (given.get("reasoning") or {}).get(
        "effort"
    )
    return (
        (effort is not None and effort != "none")
        or bool(given.get("thinking_budget"))
        or bool(given.get("include_thoughts"))
    )
