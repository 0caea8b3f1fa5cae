"""Merging rows into a `ModelConfig`: endpoint, family chain, model, strongest last."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from langchain_unified.registry.schema import (
    Confidence,
    FactsRow,
    PriceRow,
    ProviderFile,
    RatesRow,
    RuleRow,
    Sourced,
    SourceRow,
    ThinkingRow,
)
from langchain_unified.types import (
    Layer,
    Lifecycle,
    Match,
    ModelConfig,
    ParameterMapping,
    ParameterRule,
    Price,
    Provenance,
    Rates,
    Thinking,
)

_ISSUE = re.compile(r"[\w.-]+/[\w.-]+(?:#| PR )\d+")
"""An issue or a pull request, in which somebody reports what happened."""

INPUT_FEATURES = {
    "text": "text_inputs",
    "image": "image_inputs",
    "audio": "audio_inputs",
    "video": "video_inputs",
    "pdf": "pdf_inputs",
}
"""`ModelProfile` key by kind of content read."""
OUTPUT_FEATURES = {
    "text": "text_outputs",
    "image": "image_outputs",
    "audio": "audio_outputs",
    "video": "video_outputs",
}
"""`ModelProfile` key by kind of content given."""
LIFECYCLE = ("released", "deprecated", "shutdown", "replacement", "replacement_with")
"""The facts of a `Lifecycle` that rows state under the same name."""


class Stratum(NamedTuple):
    """One row that speaks about a model, and the registry layer it belongs to.

    Attributes:
        layer: The registry layer.
        row: What it states.
        place: The row's name, for people.
        origin: Cited for facts whose row names no source.
        sources: Texts of the sources the row cites by key.
    """

    layer: Layer
    row: FactsRow
    place: str
    origin: str
    sources: Mapping[str, SourceRow]

    def cite(self, *rows: Any, fact: str = "") -> Provenance:
        """Return the provenance of a fact.

        Args:
            *rows: Tables inside the row, the most specific first.
            fact: The fact, if the row may cite a source for it alone.
        """
        if fact in self.row.cited:
            return self._provenance(self.row.cited[fact])
        for row in (*rows, self.row):
            if row.source is not None:
                return self._provenance(row.source, row.checked, row.confidence)
        return Provenance(self.origin, layer=self.layer)

    def _provenance(
        self,
        source: str,
        checked: date | None = None,
        confidence: Confidence | None = None,
    ) -> Provenance:
        known = self.sources.get(source)
        if known is not None:
            checked = checked or known.checked
            confidence = confidence or known.confidence
        elif confidence is None and _ISSUE.search(source):
            confidence = "reported"
        return Provenance(
            source=known.text if known else source,
            checked=checked.isoformat() if checked else "",
            confidence=confidence or "inferred",
            layer=self.layer,
        )


class Found(NamedTuple):
    """What a name leads to: the rows that speak about it, weakest first.

    Attributes:
        file: The provider's file.
        wire: The name that is sent.
        canonical: The name of the row, or of the family if there is none.
        family: The family of the model.
        match: How the name found its row.
        rows: Rows about the model itself; those of its family come before them.
        server: Address of the user's own server; empty for the provider's.
        could_mean: A model of another provider that the name looks like.
        passes_on: Whether that server hands requests on to OpenAI itself.
        host: What the user calls that server; empty if it has no name.
    """

    file: ProviderFile
    wire: str
    canonical: str
    family: str
    match: Match
    rows: tuple[Stratum, ...] = ()
    server: str = ""
    could_mean: str = ""
    passes_on: bool = False
    host: str = ""

    @property
    def strata(self) -> tuple[Stratum, ...]:
        """Every row that speaks about the model, its family's first."""
        return (*_family_chain(self.file, self.family), *self.rows)


def shipped(file: ProviderFile, row: FactsRow, place: str) -> Stratum:
    """Return a row of a shipped file as a stratum."""
    origin = f"{file.provider.id}.toml"
    return Stratum("shipped", row, place, origin, file.sources)


def build_config(found: Found) -> ModelConfig:
    """Merge every row that speaks about a model, with the provenance of each fact."""
    file, rows = found.file, found.strata
    facts = _Facts(file, rows)
    thinking = facts.thinking()
    endpoints = tuple(facts.value("endpoints") or file.endpoints)
    mappings = {
        name: ParameterMapping(name, facts.rules(name), thinking.default, row.wire)
        for name, row in file.endpoints.items()
    }
    return ModelConfig(
        model=found.wire,
        canonical=found.canonical,
        provider=file.provider.id,
        family=found.family,
        match=found.match,
        endpoints=endpoints,
        mappings=MappingProxyType(mappings),
        thinking=thinking,
        tools=facts.tools(file.endpoints),
        features=facts.features(),
        system_roles=tuple(facts.value("system_roles") or ()),
        limits=facts.limits(),
        lifecycle=facts.lifecycle(),
        provenance=MappingProxyType(facts.provenance),
        server=found.server,
        passes_on=found.passes_on,
        could_mean=found.could_mean,
        price=facts.price(),
        service_tiers=facts.service_tiers(),
        billed_as="" if found.server else file.provider.id,
    )


def _family_chain(file: ProviderFile, family: str | None) -> list[Stratum]:
    chain: list[Stratum] = []
    seen: set[str] = set()
    while family is not None and family not in seen:
        seen.add(family)
        row = file.families[family]
        chain.insert(0, shipped(file, row, f"family {family}"))
        family = row.inherits
    return chain


class _Facts:
    """The rows about one model, asked fact by fact."""

    def __init__(self, file: ProviderFile, strata: Sequence[Stratum]) -> None:
        self.file, self.strata = file, strata
        self.provenance: dict[str, Provenance] = {}

    def value(self, fact: str) -> Any:
        """Return the strongest row's value and note its provenance."""
        for stratum in reversed(self.strata):
            found = getattr(stratum.row, fact, None)
            if found is not None:
                own = [found] if isinstance(found, Sourced) else []
                self.provenance[fact] = stratum.cite(*own, fact=fact)
                return found
        return None

    def rules(self, endpoint: str) -> MappingProxyType[str, ParameterRule]:
        """Return the merged parameter rules of an endpoint."""
        wire = self.file.endpoints[endpoint]
        base = shipped(self.file, FactsRow(), wire.title)
        merged: dict[str, ParameterRule] = {
            name: _rule(name, row, None, base.cite(row))
            for name, row in wire.parameters.items()
        }
        for stratum, name, patch in self._patches(endpoint):
            merged[name] = _rule(name, patch, merged.get(name), stratum.cite(patch))
        self.provenance |= {n: rule.provenance for n, rule in merged.items()}
        return MappingProxyType(merged)

    def _patches(self, endpoint: str) -> Iterator[tuple[Stratum, str, RuleRow]]:
        known = self.file.endpoints[endpoint].parameters
        for stratum in self.strata:
            for name, patch in (stratum.row.parameters or {}).items():
                if name.partition(".")[0] in known:
                    yield stratum, name, patch
            special = (stratum.row.parameters_on or {}).get(endpoint, {})
            for name, patch in special.items():
                yield stratum, name, patch

    def thinking(self) -> Thinking:
        """Return how reasoning effort is taken, merged key by key."""
        merged: dict[str, Any] = {}
        cited: Provenance = Provenance()
        for stratum in self.strata:
            row = stratum.row.thinking
            if row is not None:
                merged |= row.model_dump(exclude_none=True)
                cited = stratum.cite(row)
        self.provenance["thinking"] = cited
        return _thinking(ThinkingRow(**merged), cited, self.file)

    def tools(self, endpoints: Iterable[str]) -> MappingProxyType[str, str]:
        """Return when function tools are taken, by endpoint."""
        merged: dict[str, str] = dict.fromkeys(endpoints, "any")
        for stratum in self.strata:
            tools = stratum.row.tools
            if isinstance(tools, str):
                merged = dict.fromkeys(merged, tools)
            elif tools is not None:
                merged |= tools
            if tools is not None:
                self.provenance["tools"] = stratum.cite()
        return MappingProxyType(merged)

    def features(self) -> MappingProxyType[str, Any]:
        """Return capabilities, with modalities as `ModelProfile` booleans."""
        merged: dict[str, Any] = {}
        for stratum in self.strata:
            for feature, value in (stratum.row.features or {}).items():
                merged[feature] = value
                self.provenance[feature] = stratum.cite(fact=feature)
        inputs, outputs = self.value("inputs") or (), self.value("outputs") or ()
        merged |= {name: kind in inputs for kind, name in INPUT_FEATURES.items()}
        merged |= {name: kind in outputs for kind, name in OUTPUT_FEATURES.items()}
        return MappingProxyType(merged)

    def limits(self) -> MappingProxyType[str, int]:
        """Return token limits, merged key by key."""
        merged: dict[str, int] = {}
        for stratum in self.strata:
            if stratum.row.limits is not None:
                merged |= stratum.row.limits.model_dump(exclude_none=True)
                self.provenance["limits"] = stratum.cite(fact="limits")
        return MappingProxyType(merged)

    def price(self) -> Price | None:
        """Return what the strongest row that states a price says."""
        row = self.value("price")
        return None if row is None else _price(row, self.provenance["price"])

    def service_tiers(self) -> MappingProxyType[str, float | Price]:
        """Return what calls cost by their service tier, merged key by key."""
        merged: dict[str, float | Price] = {}
        for stratum in self.strata:
            for name, row in (stratum.row.service_tiers or {}).items():
                own = [row] if isinstance(row, PriceRow) else []
                cited = self.provenance["service_tiers"] = stratum.cite(*own)
                priced = _price(row, cited) if isinstance(row, PriceRow) else row
                merged[name.strip().lower()] = priced  # as the words of calls are read
        return MappingProxyType(merged)

    def lifecycle(self) -> Lifecycle:
        """Return the dates and the successor, merged key by key."""
        served = self.value("served_by")
        return Lifecycle(
            **{name: self.value(name) for name in LIFECYCLE},
            served_by=served.model if served else None,
            served_from=served.since if served else None,
        )


def _price(row: PriceRow, cited: Provenance) -> Price:
    tiers = sorted((tier.above, _rates(tier)) for tier in row.tiers)
    return Price(_rates(row), tuple(tiers), cited)


def _rates(row: RatesRow) -> Rates:
    return Rates(**row.model_dump(include=set(Rates._fields)))


def _rule(
    parameter: str, row: RuleRow, base: ParameterRule | None, cited: Provenance
) -> ParameterRule:
    def pick(key: str, default: Any, attribute: str | None = None) -> Any:
        value = getattr(row, key)
        if value is not None:
            return value
        return getattr(base, attribute or key) if base else default

    values = pick("values", None)
    return ParameterRule(
        parameter=parameter,
        name=pick("name", parameter),
        accepts=pick("accepts", "any"),
        minimum=pick("min", None, "minimum"),
        maximum=pick("max", None, "maximum"),
        values=tuple(values) if values else None,  # an empty list lifts a limit
        max_items=pick("max_items", None),
        requires=pick("requires", None),
        provenance=cited,
        accepts_on=MappingProxyType(dict(pick("accepts_on", {}))),
        until=pick("until", None),
    )


def _thinking(row: ThinkingRow, cited: Provenance, file: ProviderFile) -> Thinking:
    common, special = tuple(row.levels or ()), row.levels_on or {}
    levels = {name: tuple(special.get(name, common)) for name in file.endpoints}
    return Thinking(
        style=row.style or "none",
        levels=MappingProxyType(levels),
        default=row.default,
        budget_minimum=row.budget_min,
        budget_maximum=row.budget_max,
        can_disable=bool(row.can_disable),
        budgets=MappingProxyType(file.provider.effort_budgets),
        provenance=cited,
    )
