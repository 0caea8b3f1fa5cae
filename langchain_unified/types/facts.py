"""The facts about a model: rules, dates, limits, and the source of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from langchain_unified.types.prices import Price
from langchain_unified.types.provenance import Provenance

Accepts = Literal["any", "default", "effort_none", "ignored", "never", "absent"]
"""Whether a model takes a parameter on an endpoint.

`any` takes every valid value; `default` only the provider's default; `effort_none`
only while the effective reasoning effort is `none`; `ignored` answers 200 and does
nothing with it; `never` refuses it; `absent` means the endpoint
does not have it.
"""

Importance = Literal["tuning", "guarantee"]
"""`tuning` may be dropped or clamped with a record; `guarantee` never silently."""

Match = Literal["exact", "alias", "snapshot", "family", "fallback"]
"""How a model name found its row."""

EMPTY: Mapping[str, Any] = MappingProxyType({})


class ParameterRule(NamedTuple):
    """The rule for one parameter on one endpoint of one model.

    Attributes:
        parameter: The name in LangChain.
        name: The name in the request; dots descend into objects (`reasoning.effort`).
        accepts: Whether and when a value is accepted.
        minimum: The minimum, if any.
        maximum: The maximum, if any.
        values: The accepted values, if they are limited.
        max_items: The maximum number of items of a list.
        requires: Another parameter that this one requires.
        provenance: The source of the rule.
        accepts_on: `accepts` by platform, if the provider's platforms differ.
        until: The day on which the provider removes the parameter, if announced.
        refused: Words that the server refused, whatever the rows list.
    """

    parameter: str
    name: str
    accepts: Accepts = "any"
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[Any, ...] | None = None
    max_items: int | None = None
    requires: str | None = None
    provenance: Provenance = Provenance()
    accepts_on: Mapping[str, Accepts] = EMPTY
    until: date | None = None
    refused: tuple[str, ...] = ()

    def has_refused(self, value: Any) -> bool:
        """Tell whether the server has refused a word, however it was spelt."""
        words = (word.casefold() for word in self.refused)
        return isinstance(value, str) and value.casefold() in words


class ParameterMapping(NamedTuple):
    """All parameter rules of one model on one endpoint.

    Attributes:
        endpoint: The endpoint the rules are about, for example `chat`.
        rules: Rules by LangChain's parameter name.
        default_reasoning_effort: The effort the model uses when none is sent;
            `None` for a model without reasoning.
        wire: Name of the object that plans and writes its requests; empty for none.
    """

    endpoint: str
    rules: Mapping[str, ParameterRule]
    default_reasoning_effort: str | None = None
    wire: str = ""

    @property
    def max_tokens_param(self) -> str:
        """The wire name of `max_tokens` on this endpoint."""
        return self.rules["max_tokens"].name

    @property
    def supports_temperature(self) -> bool:
        """Whether a temperature can be sent at the model's default effort."""
        return self.accepts("temperature", self.default_reasoning_effort)

    @property
    def supports_reasoning(self) -> bool:
        """Whether a reasoning effort can be set on this endpoint."""
        return self.accepts("reasoning_effort", None)

    def accepts(self, parameter: str, effort: str | None) -> bool:
        """Tell whether a value of the parameter may be sent at an effective effort."""
        rule = self.rules.get(parameter)
        if rule is not None and rule.accepts == "effort_none":
            return effort == "none"
        return rule is not None and rule.accepts == "any"


class Thinking(NamedTuple):
    """How a model supports reasoning effort.

    Attributes:
        style: `effort` (OpenAI levels), `level` or `budget` (Gemini), `none`.
        levels: Accepted effort levels by endpoint, lowest first.
        default: The effort used when none is sent.
        budget_minimum: The minimum token budget above zero.
        budget_maximum: The maximum token budget.
        can_disable: Whether thinking can be disabled.
        budgets: The token budget of each effort level.
        provenance: The source of these facts.
    """

    style: Literal["effort", "level", "budget", "none"] = "none"
    levels: Mapping[str, tuple[str, ...]] = EMPTY
    default: str | None = None
    budget_minimum: int | None = None
    budget_maximum: int | None = None
    can_disable: bool = False
    budgets: Mapping[str, int] = EMPTY
    provenance: Provenance = Provenance()


class Lifecycle(NamedTuple):
    """The release and shutdown dates of a model.

    Attributes:
        released: The release date, if known.
        deprecated: The date of the deprecation, if known.
        shutdown: The shutdown date, if announced.
        replacement: The model the provider names as successor.
        replacement_with: Settings with which the successor behaves like the model.
        served_by: The model that answers from `served_from` on.
        served_from: The first day on which it answers.
    """

    released: date | None = None
    deprecated: date | None = None
    shutdown: date | None = None
    replacement: str | None = None
    replacement_with: Mapping[str, Any] | None = None
    served_by: str | None = None
    served_from: date | None = None

    @property
    def replacement_call(self) -> str:
        """The arguments of the call that replaces one of this model; empty if none.

        Example:
            >>> Lifecycle(replacement="b", replacement_with={"n": 2}).replacement_call
            "model='b', n=2"
        """
        name = self.replacement or self.served_by
        given = {"model": name, **(self.replacement_with or {})} if name else {}
        return ", ".join(f"{key}={value!r}" for key, value in given.items())


class ModelConfig(NamedTuple):
    """All facts of the registry about one model.

    Attributes:
        model: The name sent to the provider.
        canonical: The row the facts come from; a family name if no row matched.
        provider: LangChain's provider id, for example `google_genai`.
        family: The family whose rules apply.
        match: How the name was matched to its row.
        endpoints: The endpoints of the model, the preferred one first.
        mappings: Parameter rules by endpoint.
        thinking: How the model supports reasoning effort.
        tools: When function tools are supported, by endpoint: `any`, `effort_none`,
            `effort_none_or_omitted` or `never`.
        features: Features by `ModelProfile` key, and a few keys of this package.
        system_roles: Roles accepted for system text; empty if none is.
        limits: Token limits: `context`, `input`, `output`.
        lifecycle: Dates and successor.
        provenance: Source by fact, for example `endpoints` or `temperature`.
        server: The URL of the user's own server; empty for the provider's.
        could_mean: A model of another provider that the name looks like, as it would
            be written to call it there.
        server_name: The name of that server; empty if it has none.
        seen: Make of that server as its answers showed it; empty if they did not.
        passes_on: Whether that server hands requests on to OpenAI itself.
        price: The price that a row of the user's own states, if one does.
        billed_as: Provider whose list prices hold for calls; empty where nobody's do,
            as on a server of the user's own.
        service_tiers: By how much more or less calls of a `service_tier` cost: a
            factor, or a price of their own.
        day: The day these facts are of; prices change by the day.
    """

    model: str
    canonical: str
    provider: str
    family: str
    match: Match
    endpoints: tuple[str, ...]
    mappings: Mapping[str, ParameterMapping]
    thinking: Thinking = Thinking()
    tools: Mapping[str, str] = EMPTY
    features: Mapping[str, Any] = EMPTY
    system_roles: tuple[str, ...] = ("system",)
    limits: Mapping[str, int] = EMPTY
    lifecycle: Lifecycle = Lifecycle()
    provenance: Mapping[str, Provenance] = EMPTY
    server: str = ""
    could_mean: str = ""
    server_name: str = ""
    passes_on: bool = False
    seen: str = ""
    price: Price | None = None
    billed_as: str = ""
    service_tiers: Mapping[str, float | Price] = EMPTY
    day: date | None = None

    @property
    def connection(self) -> str:
        """Whose connection it is called on: a named server's, or the provider's."""
        return self.server_name or self.provider

    @property
    def full_name(self) -> str:
        """The name with its provider, or with the user's own server."""
        return f"{self.connection}:{self.model}"

    def _repr_html_(self) -> str:
        from langchain_unified.types.display import config_html  # noqa: PLC0415

        return config_html(self)

    def supports(self, feature: str) -> bool:
        """Return whether the model supports a feature.

        Args:
            feature: A boolean `ModelProfile` key such as `tool_calling` or
                `image_inputs`, or a key of this package such as `prefill`.

        Returns:
            `False` also if the feature is unknown.
        """
        return bool(self.features.get(feature, False))

    @property
    def longest_answer(self) -> int | None:
        """Most tokens that a call may ask for; more than it gives unasked, perhaps."""
        rules = [mapping.rules.get("max_tokens") for mapping in self.mappings.values()]
        ends = [rule.maximum for rule in rules if rule is not None and rule.maximum]
        return int(max(ends)) if ends else self.limits.get("output")

    @property
    def is_elsewhere(self) -> bool:
        """Whether somebody else than OpenAI may judge what is sent to a server."""
        return bool(self.server) and not self.passes_on

    @property
    def server_decides(self) -> bool:
        """Whether only the user's own server knows what the model takes."""
        return bool(self.server) and self.match == "fallback"

    @property
    def reasons(self) -> bool:
        """Whether the model reasons before it answers."""
        return self.thinking.style != "none" or self.supports("reasoning_output")
