"""The shape of a provider's file of rows; unknown keys and wrong types are refused.

A family states what its members share and may inherit from another family; a model
row states what differs. Every table can carry `source`, `checked` and `confidence`,
which hold for all facts of that table.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from langchain_unified.types import Accepts

ToolsCondition = Literal["any", "effort_none", "effort_none_or_omitted", "never"]
Confidence = Literal["verified", "documented", "reported", "inferred"]
Modality = Literal["text", "image", "audio", "video", "pdf"]


class Row(BaseModel):
    """Base of every table: strict types, no unknown keys."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, defer_build=True
    )


class Sourced(Row):
    """A table that says where its facts come from."""

    source: str | None = None
    checked: date | None = None
    confidence: Confidence | None = None


class RuleRow(Sourced):
    """How a parameter is taken; see `langchain_unified.types.ParameterRule`."""

    name: str | None = None
    accepts: Accepts | None = None
    min: float | int | None = None
    max: float | int | None = None
    values: list[Any] | None = None
    max_items: int | None = None
    requires: str | None = None
    until: date | None = None
    accepts_on: dict[str, Accepts] | None = None


Rules = dict[str, RuleRow]


class EndpointRow(Row):
    """What one wire knows, whichever model is called.

    `wire` names the object that plans and writes its requests; see
    `langchain_unified.wires.ProviderWire`.
    """

    title: str
    path: str
    wire: str = ""
    only: list[str] = Field(default_factory=list)
    parameters: Rules = Field(default_factory=dict)


class ThinkingRow(Sourced):
    """How reasoning effort is taken; see `langchain_unified.types.Thinking`."""

    style: Literal["effort", "level", "budget", "none"] | None = None
    levels: list[str] | None = None
    levels_on: dict[str, list[str]] | None = None
    default: str | None = None
    budget_min: int | None = None
    budget_max: int | None = None
    can_disable: bool | None = None


class LimitsRow(Row):
    """Token limits."""

    context: int | None = None
    input: int | None = None
    output: int | None = None


class RatesRow(Row):
    """What tokens cost, in US dollars per million; 0 on a machine of one's own.

    See `langchain_unified.types.Rates` for those that can be left out.
    """

    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None
    cache_write_1h: float | None = None
    input_audio: float | None = None
    input_image: float | None = None
    output_audio: float | None = None
    output_image: float | None = None


class TierRow(RatesRow):
    """Rates of whole calls that read more than `above` tokens."""

    above: int


class PriceRow(RatesRow, Sourced):
    """The price of a model; `tiers` are its rates for larger calls."""

    tiers: list[TierRow] = Field(default_factory=list)


class FactsRow(Sourced):
    """What a family or a model may state about itself.

    `service_tiers` states by `service_tier` what calls cost there: a factor of the
    usual price, or a price. `cited` names a source for a fact that is not from the
    row's own source.
    """

    cited: dict[str, str] = Field(default_factory=dict)
    description: str | None = None
    endpoints: list[str] | None = None
    thinking: ThinkingRow | None = None
    tools: ToolsCondition | dict[str, ToolsCondition] | None = None
    inputs: list[Modality] | None = None
    outputs: list[Modality] | None = None
    features: dict[str, bool] | None = None
    system_roles: list[str] | None = None
    limits: LimitsRow | None = None
    parameters: Rules | None = None
    parameters_on: dict[str, Rules] | None = None
    price: PriceRow | None = None
    service_tiers: dict[str, float | PriceRow] | None = None


class FamilyRow(FactsRow):
    """A set of models with the same rules.

    `prefixes` are the beginnings of model names that belong to the family when no
    row of their own exists; the longest matching prefix wins.
    """

    inherits: str | None = None
    prefixes: list[str] = Field(default_factory=list)


class ServedBy(Row):
    """A dated re-routing by the provider: from a day on another model answers."""

    model: str
    since: date


class RankRow(Sourced):
    """Where a model stands among its peers, 0 to 100; `model="auto"` reads it.

    A model with no rank is never chosen by a ranking: it is special, restricted or
    on its way out.
    """

    strength: int | None = None
    speed: int | None = None


class ModelRow(FactsRow):
    """One model id.

    `snapshots` are suffixes (`2026-03-05`) whose ids `<id>-<suffix>` share this row;
    `aliases` are other names the provider itself accepts; `same_as` names the row
    whose facts an alias such as `-latest` follows while its own name is sent.
    `replacement_with` are the settings that make the successor do as the model did.
    """

    family: str | None = None
    same_as: str | None = None
    aliases: list[str] = Field(default_factory=list)
    snapshots: list[str] = Field(default_factory=list)
    released: date | None = None
    deprecated: date | None = None
    shutdown: date | None = None
    replacement: str | None = None
    replacement_with: dict[str, Any] | None = None
    served_by: ServedBy | None = None
    rank: RankRow | None = None


class OverrideRow(ModelRow):
    """A user's own row: what it states wins over what is shipped and discovered.

    `provider` is needed only for a name that no provider's rows or families know.
    """

    provider: str | None = None


class ConnectionRow(Row):
    """Where the provider is called; see `data.connections.ConnectionFacts`."""

    address: str = ""
    domains: list[str] = Field(default_factory=list)
    url_env: list[str] = Field(default_factory=list)
    read_by_sdk: list[str] = Field(default_factory=list)
    keywords: dict[str, str] = Field(default_factory=dict)
    credentials: list[str] = Field(default_factory=list)
    listed_as: list[str] = Field(default_factory=list)
    file_hosts: list[str] = Field(default_factory=list)
    place: str = ""
    responses_since: str = ""


class ProviderRow(Row):
    """The provider itself.

    `rules_of` names the provider whose models and rules are behind this one's names
    (deployments); `prefix_only` keeps its families to names with its prefix;
    `arguments` are connection settings to name when somebody wants to switch it on;
    `default_model` is what a chat model without `model=` asks for; `settings` are
    connection settings that only this provider has.
    """

    id: str
    title: str
    enabled: bool = True
    package: str
    extra: str | None = None
    packages: list[str] = Field(default_factory=list)
    key_env: list[str] = Field(default_factory=list)
    arguments: list[str] = Field(default_factory=list)
    settings: list[str] = Field(default_factory=list)
    connection: ConnectionRow | None = None
    prefixes: list[str] = Field(default_factory=list)
    prefix_only: bool = False
    rules_of: str | None = None
    fallback_family: str = ""
    compatible_family: str | None = None
    default_model: str | None = None
    effort_budgets: dict[str, int] = Field(default_factory=dict)


class SourceRow(Row):
    """A source that rows cite by its key."""

    text: str
    checked: date
    confidence: Confidence


class SettingRow(Row):
    """A setting of calls that one provider has; see `langchain_unified.settings`."""

    type: Literal[
        "number", "integer", "boolean", "string", "strings", "list", "object", "any"
    ]
    importance: Literal["tuning", "guarantee"]
    aliases: list[str] = Field(default_factory=list)
    min: float | int | None = None
    max: float | int | None = None
    values: list[Any] | None = None
    neutral: list[Any] = Field(default_factory=list)
    nullable: bool = False
    words: list[str] = Field(default_factory=list)
    ordered: bool = True
    instead: str = ""
    parts: dict[str, str] = Field(default_factory=dict)


class ProviderFile(Row):
    """A whole provider file.

    `parameters` are settings of calls that only this provider has; other providers'
    models drop or refuse them, as `importance` says.
    """

    schema_version: Annotated[int, Field(alias="schema")]
    provider: ProviderRow
    sources: dict[str, SourceRow] = Field(default_factory=dict)
    parameters: dict[str, SettingRow] = Field(default_factory=dict)
    endpoints: dict[str, EndpointRow] = Field(default_factory=dict)
    families: dict[str, FamilyRow] = Field(default_factory=dict)
    models: dict[str, ModelRow] = Field(default_factory=dict)


class ShownRow(Row):
    """By what a server shows its make: any of these is enough.

    `headers` and `keys` are names in its answers, `fingerprint` is what it puts into
    `system_fingerprint`.
    """

    headers: list[str] = Field(default_factory=list)
    keys: list[str] = Field(default_factory=list)
    fingerprint: str | None = None


class ServerRow(FactsRow):
    """A server of another make.

    `hosts` are domains whose names belong to it, `ports` those it uses by default on
    the user's machine. `own_models` says that a name of OpenAI's is there a model of
    its own, `passes_on` that requests go on to OpenAI itself. `shows` tells it by its
    answers where the address does not.
    """

    shows: ShownRow = Field(default_factory=ShownRow)
    own_models: bool = False
    passes_on: bool = False

    hosts: list[str] = Field(default_factory=list)
    ports: list[int] = Field(default_factory=list)


class ServersFile(Row):
    """The file of servers.

    `elsewhere` is what holds for every model that is called on one of them.
    """

    schema_version: Annotated[int, Field(alias="schema")]
    sources: dict[str, SourceRow] = Field(default_factory=dict)
    elsewhere: FactsRow = Field(default_factory=FactsRow)
    profiles: dict[str, ServerRow] = Field(default_factory=dict)


class HostRow(Row):
    """A server of the user's own; its models are called `<name>:<model>`.

    `key_env` names the environment variables that can hold its key; without any, none
    is sent. `profile` names a server of `data/servers.toml`, `prices` the provider at
    whose list prices a gateway bills.
    """

    like: str = "openai"
    base_url: str
    key_env: str | list[str] = Field(default_factory=list)
    profile: str = ""
    prices: str = ""


class OverrideFile(Row):
    """A user's own file: rows, and names of the user's own for models.

    An alias stands for its target and sends the target's name; a row with `same_as`
    has the target's facts and sends its own name, as an Azure deployment does.
    """

    schema_version: Annotated[int, Field(alias="schema")] = 1
    aliases: dict[str, str] = Field(default_factory=dict)
    sources: dict[str, SourceRow] = Field(default_factory=dict)
    servers: dict[str, HostRow] = Field(default_factory=dict)
    models: dict[str, OverrideRow] = Field(default_factory=dict)
