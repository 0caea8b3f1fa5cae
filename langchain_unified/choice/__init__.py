"""`model="auto"`: choose a model that supports the call, by a policy.

The policies: `auto:cheapest` (what `auto` means unless told otherwise), `auto:fastest`,
`auto:strongest`, each of them among some models only (`auto:cheapest(<one>, <other>)`),
an ordered list (`auto:<one>,<other>`), or a callable. The choice depends on nothing but
the call, the registry, the day, what is left of a budget, and which providers are
enabled and have credentials.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from langchain_unified.choice.needs import (
    about_tokens,
    has_credentials,
    missing_abilities,
    missing_room,
    needed,
)
from langchain_unified.choice.policies import (
    AUTO,
    DEFAULT_POLICY,
    POLICIES,
    Order,
    Picking,
    is_auto,
    policy_hint,
    read_policy,
    spelled,
)
from langchain_unified.connection import Connection
from langchain_unified.cost import TIER, estimate_plan, estimate_usd
from langchain_unified.errors import (
    InvalidParameterError,
    UnsupportedError,
    shown_name,
)
from langchain_unified.registry import Registry
from langchain_unified.registry.schema import RankRow
from langchain_unified.types import CallPlan, Change, Invocation, ModelConfig

__all__ = [
    "AUTO",
    "POLICIES",
    "Candidate",
    "Chooser",
    "NoModelFitsError",
    "Policy",
    "about_tokens",
    "has_credentials",
    "is_auto",
    "spelled",
]

_USUAL = Order(DEFAULT_POLICY)

Policy = str | Sequence[str] | Callable[[list["Candidate"]], "str | Candidate"]
"""A word of `POLICIES`, model names in order, or what picks from the candidates."""

_TYPICAL_INPUT, _TYPICAL_OUTPUT = 1_000, 500
"""Tokens by which prices are compared when the call says nothing."""


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
    """No candidate supports everything the call needs; the message lists why.

    Attributes:
        lacks: What is missing, by candidate.
    """

    def __init__(self, asked: str, lacks: dict[str, list[str]]) -> None:
        """List every candidate."""
        self.lacks = lacks
        rows = [f"  {name}: missing {', '.join(what)}" for name, what in lacks.items()]
        listed = "\n".join(rows) or "  there are no candidates"
        reason = f"no candidate supports everything the call needs.\n{listed}"
        super().__init__("model", asked, model=asked, reason=reason)
        self.args = (f"model={asked!r}: {reason}",)


class Chooser:
    """Chooses models for one model object.

    Args:
        registry: What is known about models.
        connection: Returns the connection settings of a provider.
        resolve: Returns what is known about a model where this object calls it.
        enable: Providers the model object switches on.
        policy: What `auto` alone means.
        killed: Connections that are switched off.
        left: Returns what is left of the budget of a tenant, in US dollars; `None`
            for no limit.
    """

    def __init__(
        self,
        registry: Registry,
        connection: Callable[[str], Connection],
        resolve: Callable[[str], ModelConfig],
        *,
        enable: Iterable[str] = (),
        policy: Policy | None = None,
        killed: frozenset[str] = frozenset(),
        left: Callable[[str], float | None] | None = None,
    ) -> None:
        """Keep what the choice depends on."""
        self._registry, self._connection = registry, connection
        self._resolve, self._left = resolve, left
        self._enable, self._policy, self._killed = tuple(enable), policy, killed

    def choose(self, call: Invocation) -> tuple[str, Change]:
        """Return the model for a call, and the change that records why.

        Raises:
            NoModelFitsError: If no candidate supports everything the call needs.
            InvalidParameterError: If the policy makes no sense.
        """
        policy = self.check(call.model)
        if callable(policy):
            return self._picked(call, policy)
        for candidate, why in self._in_order(call, policy):
            if next(self._lacks(call, candidate), None) is None:
                return candidate.name, _change(call, candidate, why)
        raise self._nothing(call, policy)

    def check(self, model: str) -> Order | Picking:
        """Return the policy behind a name that leaves the model open.

        Raises:
            InvalidParameterError: If it makes no sense, or names a model that nobody
                knows.
        """
        policy = read_policy(model, self._policy)
        for name in () if callable(policy) else policy.names:
            if self._is_unknown(name):
                hint = f"there is no model {shown_name(name)!r}; {policy_hint(name)}"
                raise InvalidParameterError("model", shown_name(model), hint)
        return policy

    def usual(self, model: str) -> str:
        """Return the model of a plain text call; the name itself if none fits."""
        try:
            return self.choose(Invocation(model, tokens=0))[0]
        except NoModelFitsError:
            return model

    def _picked(self, call: Invocation, pick: Picking) -> tuple[str, Change]:
        """Let the user's own callable choose among those that fit."""
        fitting = [
            candidate
            for candidate, _ in self._in_order(call, _USUAL)
            if next(self._lacks(call, candidate), None) is None
        ]
        if not fitting:
            raise self._nothing(call, _USUAL)
        candidate = self._meant(call, pick(fitting), fitting)
        lacking = list(self._lacks(call, candidate))
        if lacking:
            raise NoModelFitsError(call.model, {candidate.name: lacking})
        told = getattr(pick, "__name__", "the callable")
        return candidate.name, _change(call, candidate, f"chosen by {told}")

    def _meant(
        self, call: Invocation, picked: Any, fitting: Sequence[Candidate]
    ) -> Candidate:
        """Return the candidate that a callable returned, itself or by its name."""
        name = picked.name if isinstance(picked, Candidate) else picked
        for candidate in fitting:
            if name in (candidate.name, candidate.config.model):
                return candidate
        if not isinstance(name, str) or not name or self._is_unknown(name):
            accepted = "the callable must return the name of one of its candidates."
            raise InvalidParameterError("choice", name, accepted)
        return self._named(call, name)

    def _nothing(self, call: Invocation, policy: Order) -> NoModelFitsError:
        candidates = [candidate for candidate, _ in self._in_order(call, policy)]
        lacks = {c.name: list(self._lacks(call, c)) for c in candidates}
        return NoModelFitsError(call.model, lacks)

    def _is_unknown(self, name: str) -> bool:
        """Tell a slip from a model that its user names with its provider or server."""
        prefix, colon, _ = name.partition(":")
        explicit = colon and prefix.casefold() in self._registry.prefixes
        config = self._resolve(name)
        return config.match == "fallback" and not (explicit or config.server)

    def _in_order(
        self, call: Invocation, policy: Order
    ) -> Iterator[tuple[Candidate, str]]:
        """Yield the candidates, the most wanted first, and why each comes there."""
        if not policy.word:
            for place, name in enumerate(policy.names, 1):
                yield self._named(call, name), f"number {place} of the list"
            return
        if policy.names:
            found = [self._named(call, name) for name in policy.names]
            _check_ranks(call, policy, found)
        else:
            found = list(self._ranked(call))
        ranked = sorted(found, key=partial(_place, policy.word))
        priced = any(candidate.price_usd is not None for candidate in ranked)
        for candidate in ranked:
            yield candidate, _reason(policy.word, candidate, priced=priced)

    def _ranked(self, call: Invocation) -> Iterator[Candidate]:
        for known, rank in self._registry.ranked():
            config = self._resolve(known.full_name)
            yield self._candidate(call, config, rank)

    def _named(self, call: Invocation, name: str) -> Candidate:
        rank = self._registry.rank(name)
        return self._candidate(call, self._resolve(name), rank)._replace(named=True)

    def _candidate(
        self, call: Invocation, config: ModelConfig, rank: RankRow | None
    ) -> Candidate:
        strength = (rank.strength if rank else None) or 0
        speed = (rank.speed if rank else None) or 0
        price = _price(call, config)
        return Candidate(config.full_name, config, strength, speed, price)

    def _lacks(self, call: Invocation, candidate: Candidate) -> Iterator[str]:
        """Yield what keeps a model from answering a call; nothing if it can."""
        from langchain_unified.planner.rules import plan  # noqa: PLC0415

        config = candidate.config
        yield from self._absent(config)
        yield from self._past(candidate)
        yield from missing_abilities(call, config)
        yield from missing_room(call, config)
        try:
            made = plan(call, config)
        except UnsupportedError as refusal:
            yield f"support for {refusal.parameter} ({refusal.reason.rstrip('.')})"
        else:
            yield from self._missing_money(call, made)

    def _missing_money(self, call: Invocation, made: CallPlan) -> Iterator[str]:
        """Yield why a call cannot be paid; nothing without a budget."""
        left = self._left(call.tenant) if self._left else None
        if left is None:
            return
        most = estimate_plan(made, call.tokens or 0)
        if most is None:
            yield "a known price (a budget needs one)"
        elif most > left:
            yield f"budget (the call may cost ${most:.6f}; ${left:.6f} is left)"

    def _absent(self, config: ModelConfig) -> Iterator[str]:
        """Yield why a model cannot be reached here and today."""
        registry, provider = self._registry, config.provider
        if not registry.is_enabled(provider, self._enable):
            yield "an enabled provider"
        if config.connection in self._killed:
            yield "a provider that the rollout flag does not switch off"
        connection = self._connection(config.connection)
        row = registry.provider(provider)
        variables = connection.key_env if connection.name else row.key_env
        if not has_credentials(connection, variables):
            yield f"an API key (set {' or '.join(variables)})"
        listed = registry.discovered(provider, connection.server.key)
        names = {config.model.casefold(), config.canonical.casefold()}
        if listed and not names & {name.casefold() for name in listed}:
            yield "an entry in the provider's list of models at the last refresh"

    def _past(self, candidate: Candidate) -> Iterator[str]:
        """Yield why a model is too old to be chosen."""
        end = candidate.config.lifecycle.shutdown
        ahead = timedelta(days=0 if candidate.named else self._registry.warn_days)
        if end is not None and self._registry.today() + ahead >= end:
            yield f"a later shutdown date (it is {end})"


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
        return f"the strongest by rank, {candidate.strength} of 100"
    if policy == "fastest":
        return f"the fastest by rank, {candidate.speed} of 100"
    if not priced:
        return "the smallest, because genai-prices is not installed"
    if candidate.price_usd is None:
        return "no candidate with a known price supports the call"
    return f"the cheapest, about ${candidate.price_usd:.6f}"


def _change(call: Invocation, candidate: Candidate, why: str) -> Change:
    needs = list(dict.fromkeys(needed(call)))
    features = f"supports {', '.join(needs)} and " if needs else ""
    reason = f"{why}; it {features}has credentials."
    return Change("model", "routed", call.model, candidate.name, reason, "choice")


def _price(call: Invocation, config: ModelConfig) -> float | None:
    """Return what a call costs if its answer is as long as it may get.

    A call without a cap is compared as if it had that of a typical one.
    """
    cap = call.params.get("max_tokens") or _TYPICAL_OUTPUT
    size = call.tokens or _TYPICAL_INPUT, cap * (call.params.get("n") or 1)
    rule = config.mappings[config.endpoints[0]].rules.get(TIER)
    tier = call.params.get(TIER) if rule is not None and rule.accepts == "any" else None
    return estimate_usd(config, *size, tier)


def _check_ranks(call: Invocation, policy: Order, found: list[Candidate]) -> None:
    """Refuse a ranking of models that have no rank."""
    if policy.word == "cheapest":
        return
    fact = {"fastest": "speed", "strongest": "strength"}[policy.word]
    for candidate in found:
        if not getattr(candidate, fact):
            accepted = (
                f"{candidate.name!r} has no rank. Register one: "
                f'registry.register("{candidate.name}", '
                f'rank={{"{fact}": 50}}), from 0 to 100.'
            )
            raise InvalidParameterError("model", call.model, accepted)
