"""Merging rows into a `ModelConfig`: endpoint, family chain, model, strongest last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Any

from langchain_unified.registry.schema import (
    FactsRow,
    ModelRow,
    ProviderFile,
    RuleRow,
    ThinkingRow,
)
from langchain_unified.types import (
    Lifecycle,
    Match,
    ModelConfig,
    ParameterMapping,
    ParameterRule,
    Provenance,
    Thinking,
)

_INPUT_FEATURES = {
    "text": "text_inputs",
    "image": "image_inputs",
    "audio": "audio_inputs",
    "video": "video_inputs",
    "pdf": "pdf_inputs",
}
_OUTPUT_FEATURES = {
    "text": "text_outputs",
    "image": "image_outputs",
    "audio": "audio_outputs",
    "video": "video_outputs",
}


def build_config(
    file: ProviderFile,
    *,
    wire: str,
    canonical: str,
    family: str,
    row: ModelRow | None,
    match: Match,
) -> ModelConfig:
    """Merge every layer that speaks about a model.

    Args:
        file: The provider's file.
        wire: The name that is sent.
        canonical: The name of the row, or of the family if there is none.
        family: The family of the model.
        row: The model's own row, if any.
        match: How the name found its row.

    Returns:
        The merged configuration, with the provenance of each fact.
    """
    layers = [*_family_chain(file, family), *([row] if row else [])]
    facts = _Facts(file, layers)
    thinking = facts.thinking()
    endpoints = tuple(facts.value("endpoints") or file.endpoints)
    return ModelConfig(
        model=wire,
        canonical=canonical,
        provider=file.provider.id,
        family=family,
        match=match,
        endpoints=endpoints,
        mappings=MappingProxyType(
            {
                name: ParameterMapping(name, facts.rules(name), thinking.default)
                for name in file.endpoints
            }
        ),
        thinking=thinking,
        tools=facts.tools(file.endpoints),
        features=facts.features(),
        system_roles=tuple(facts.value("system_roles") or ()),
        limits=facts.limits(),
        lifecycle=_lifecycle(row),
        provenance=MappingProxyType(facts.provenance),
    )


def _family_chain(file: ProviderFile, family: str | None) -> list[FactsRow]:
    chain: list[FactsRow] = []
    seen: set[str] = set()
    while family is not None and family not in seen:
        seen.add(family)
        row = file.families[family]
        chain.insert(0, row)
        family = row.inherits
    return chain


class _Facts:
    """The layers of one model, asked fact by fact."""

    def __init__(self, file: ProviderFile, layers: list[FactsRow]) -> None:
        self.file, self.layers = file, layers
        self.provenance: dict[str, Provenance] = {}

    def value(self, fact: str) -> Any:
        """Return the strongest layer's value and note its provenance."""
        for layer in reversed(self.layers):
            found = getattr(layer, fact)
            if found is not None:
                self.provenance[fact] = self.cite(layer)
                return found
        return None

    def cite(self, *rows: Any) -> Provenance:
        """Return the provenance the most specific of the rows states."""
        for row in rows:
            if row is not None and row.source is not None:
                return self._provenance(row)
        return Provenance(source=f"{self.file.provider.id}.toml")

    def _provenance(self, row: Any) -> Provenance:
        known = self.file.sources.get(row.source)
        checked = row.checked or (known.checked if known else None)
        confidence = row.confidence or (known.confidence if known else None)
        return Provenance(
            source=known.text if known else row.source,
            checked=checked.isoformat() if checked else "",
            confidence=confidence or "inferred",
        )

    def rules(self, endpoint: str) -> MappingProxyType[str, ParameterRule]:
        """Return the merged parameter rules of an endpoint."""
        wire = self.file.endpoints[endpoint].parameters
        merged: dict[str, ParameterRule] = {
            name: _rule(name, row, None, self.cite(row)) for name, row in wire.items()
        }
        for layer, name, patch in self._patches(endpoint):
            merged[name] = _rule(name, patch, merged.get(name), self.cite(patch, layer))
        self.provenance |= {n: rule.provenance for n, rule in merged.items()}
        return MappingProxyType(merged)

    def _patches(self, endpoint: str) -> Iterator[tuple[FactsRow, str, RuleRow]]:
        known = self.file.endpoints[endpoint].parameters
        for layer in self.layers:
            for name, patch in (layer.parameters or {}).items():
                if name in known:
                    yield layer, name, patch
            for name, patch in (layer.parameters_on or {}).get(endpoint, {}).items():
                yield layer, name, patch

    def thinking(self) -> Thinking:
        """Return how reasoning effort is taken, merged key by key."""
        merged: dict[str, Any] = {}
        cited: Provenance = Provenance()
        for layer in self.layers:
            if layer.thinking is not None:
                merged |= layer.thinking.model_dump(exclude_none=True)
                cited = self.cite(layer.thinking, layer)
        self.provenance["thinking"] = cited
        return _thinking(ThinkingRow(**merged), cited, self.file)

    def tools(self, endpoints: Iterable[str]) -> MappingProxyType[str, str]:
        """Return when function tools are taken, by endpoint."""
        merged: dict[str, str] = dict.fromkeys(endpoints, "any")
        for layer in self.layers:
            if isinstance(layer.tools, str):
                merged = dict.fromkeys(merged, layer.tools)
            elif layer.tools is not None:
                merged |= layer.tools
            if layer.tools is not None:
                self.provenance["tools"] = self.cite(layer)
        return MappingProxyType(merged)

    def features(self) -> MappingProxyType[str, Any]:
        """Return capabilities, with modalities as `ModelProfile` booleans."""
        merged: dict[str, Any] = {}
        for layer in self.layers:
            for feature, value in (layer.features or {}).items():
                merged[feature] = value
                self.provenance[feature] = self.cite(layer)
        inputs, outputs = self.value("inputs") or (), self.value("outputs") or ()
        merged |= {name: kind in inputs for kind, name in _INPUT_FEATURES.items()}
        merged |= {name: kind in outputs for kind, name in _OUTPUT_FEATURES.items()}
        return MappingProxyType(merged)

    def limits(self) -> MappingProxyType[str, int]:
        """Return token limits, merged key by key."""
        merged: dict[str, int] = {}
        for layer in self.layers:
            if layer.limits is not None:
                merged |= layer.limits.model_dump(exclude_none=True)
                self.provenance["limits"] = self.cite(layer)
        return MappingProxyType(merged)


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
        values=tuple(values) if values is not None else None,
        max_items=pick("max_items", None),
        requires=pick("requires", None),
        provenance=cited,
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


def _lifecycle(row: ModelRow | None) -> Lifecycle:
    if row is None:
        return Lifecycle()
    return Lifecycle(
        released=row.released,
        deprecated=row.deprecated,
        shutdown=row.shutdown,
        replacement=row.replacement,
        served_by=row.served_by.model if row.served_by else None,
        served_from=row.served_by.since if row.served_by else None,
    )
