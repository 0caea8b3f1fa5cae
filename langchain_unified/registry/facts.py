"""The facts about one model, each with what every layer says about it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from langchain_core.language_models import ModelProfile

from langchain_unified.cost import list_price, price_of
from langchain_unified.errors import InvalidParameterError
from langchain_unified.learning import Lesson
from langchain_unified.registry.build import (
    INPUT_FEATURES,
    LIFECYCLE,
    OUTPUT_FEATURES,
    Found,
    Stratum,
)
from langchain_unified.registry.profiles import profile_of
from langchain_unified.registry.schema import FamilyRow, PriceRow
from langchain_unified.settings import canonical_names, did_you_mean
from langchain_unified.types import ModelConfig, Provenance

_LIMITS = {
    "max_input_tokens": "input",
    "max_output_tokens": "output",
    "context_length": "context",
}
_WHOLE = (
    "endpoints",
    "tools",
    "inputs",
    "outputs",
    "system_roles",
    "limits",
    "price",
    "service_tiers",
    "rank",
)
_KINDS = {"inputs": INPUT_FEATURES, "outputs": OUTPUT_FEATURES}
_CAPABILITY = "features."
"""Before the name of a capability that is also the name of a setting."""
_MODALITIES = {
    **{name: ("inputs", kind) for kind, name in INPUT_FEATURES.items()},
    **{name: ("outputs", kind) for kind, name in OUTPUT_FEATURES.items()},
}


@dataclass(frozen=True, slots=True)
class Say:
    """What one row, or one lesson learned from a 400, states about a fact.

    Attributes:
        place: The row: a family, a model or an endpoint.
        value: The value it states.
        provenance: Its layer, its source, and how reliable the source is.
        endpoint: The endpoint it applies to; empty for all.
        holds: Whether this value is the one in use.
    """

    place: str
    value: Any
    provenance: Provenance
    endpoint: str = ""
    holds: bool = False

    def __str__(self) -> str:
        """Return lines for a terminal: the value with its layer and row, the source."""
        mark = "->" if self.holds else "  "
        place = f"{self.place} on {self.endpoint}" if self.endpoint else self.place
        first = f"{mark} {self.provenance.layer:<10} {place}: {self.value!r}"
        source = textwrap.wrap(f"[{self.provenance}]", 66, break_on_hyphens=False)
        return "\n".join([first, *(" " * 14 + line for line in source)])


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that rows and lessons state about one fact, lowest priority first.

    Attributes:
        model: The model's name.
        fact: The fact.
        value: The value in use.
        says: What each row and each lesson states.
    """

    model: str
    fact: str
    value: Any
    says: tuple[Say, ...]

    def __iter__(self) -> Iterator[Say]:
        """Iterate over the statements, lowest priority first."""
        return iter(self.says)

    def __str__(self) -> str:
        """Return the value in use, then every statement with its source."""
        lines = [f"{self.model}: {self.fact} = {self.value!r}", *map(str, self.says)]
        if not self.says:
            lines.append("   no row states it")
        return "\n".join(lines)


class ModelFacts:
    """The facts about one model.

    Args:
        config: What the layers come to, lessons included.
        found: The rows behind it.
        lessons: What was learned about the model.

    Attributes:
        config: What the layers come to.
    """

    def __init__(
        self, config: ModelConfig, found: Found, lessons: Sequence[Lesson]
    ) -> None:
        """Keep the rows and the lessons."""
        self.config, self._found, self._lessons = config, found, tuple(lessons)

    @property
    def profile(self) -> ModelProfile:
        """The facts under LangChain's `ModelProfile` keys."""
        return profile_of(self.config)

    def why(self, fact: str) -> Why:
        """Tell what every layer says about a fact, and what holds.

        Args:
            fact: A setting (`temperature`), a capability (`tool_calling`, or
                `features.tool_choice` where a setting has the same name), a limit
                (`max_output_tokens`), a date (`shutdown`), `price`, `rank`,
                `endpoints`, `tools`, `thinking`, `family` and the like.

        Raises:
            InvalidParameterError: If there is no such fact.
        """
        name = fact if fact in _LIMITS else canonical_names().get(fact, fact)
        listed, rows = [*self._list_price(name)], [*self._rows(name)]
        own = any(say.provenance.layer != "shipped" for say in rows)
        says = [
            *(listed if own else ()),
            *self._shipped_wires(name),
            *rows,
            *self._learned(name),
            *(() if own else listed),
        ]
        value = self._value(name)
        if value is None and not says:
            self._check(name)
        # What rows say of a deployment's days is about the model behind it.
        told = tuple(says) if value is None else _marked(says)
        return Why(self.config.model, name, value, told)

    def _list_price(self, fact: str) -> Iterator[Say]:
        price = list_price(self.config) if fact == "price" else None
        if price is not None:
            yield Say("list price", price.rates.stated(), price.provenance)

    def _shipped_wires(self, fact: str) -> Iterator[Say]:
        file = self._found.file
        for name, wire in file.endpoints.items():
            row = wire.parameters.get(fact)
            if row is not None and name in self.config.endpoints:
                stratum = Stratum(
                    "shipped",
                    FamilyRow(),
                    wire.title,
                    f"{file.provider.id}.toml",
                    file.sources,
                )
                yield Say(wire.title, _stated(row), stratum.cite(row), name)

    def _rows(self, fact: str) -> Iterator[Say]:
        about = None if self._is_setting(fact) else fact.removeprefix(_CAPABILITY)
        for stratum in self._found.strata:
            for value, cited, endpoint in _statements(stratum, fact, about):
                yield Say(stratum.place, value, cited, endpoint)

    def _is_setting(self, fact: str) -> bool:
        return any(fact in m.rules for m in self.config.mappings.values())

    def _learned(self, fact: str) -> Iterator[Say]:
        for lesson in self._lessons:
            c = lesson.correction
            about = {c.parameter, c.value if isinstance(c.value, str) else None, c.do}
            if fact in about or (fact == "thinking" and c.do.startswith("no_")):
                cited = Provenance(c.said, lesson.learned[:10], "documented", "learned")
                value = c.do if c.value is None else f"{c.do} {c.value!r}"
                yield Say("a rejected request", value, cited, lesson.endpoint)

    def _value(self, fact: str) -> Any:
        config = self.config
        for endpoint in config.endpoints:
            rule = config.mappings[endpoint].rules.get(fact)
            if rule is not None and fact not in _WHOLE:
                return rule.accepts
        capability = fact.removeprefix(_CAPABILITY)
        if capability in config.features:
            return config.features[capability]
        return self._plain_value(fact)

    def _plain_value(self, fact: str) -> Any:
        config = self.config
        if fact in _LIMITS:
            return config.limits.get(_LIMITS[fact])
        if fact in LIFECYCLE:
            return getattr(config.lifecycle, fact)
        if fact == "price":
            return price_of(config)
        if fact in _KINDS:
            listed = _KINDS[fact].items()
            return [kind for kind, name in listed if config.features.get(name)]
        if fact == "rank":
            ranks = [getattr(s.row, "rank", None) for s in self._found.rows]
            return next(filter(None, reversed(ranks)), None)
        return getattr(config, fact, None)

    def _check(self, fact: str) -> None:
        rules = {name for m in self.config.mappings.values() for name in m.rules}
        known = {
            *canonical_names(),
            *rules,
            *self.config.features,
            *(f"{_CAPABILITY}{name}" for name in self.config.features),
            *_LIMITS,
            *LIFECYCLE,
            *_WHOLE,
            "thinking",
            "family",
        }
        if fact not in known:
            hint = did_you_mean(fact, known, otherwise="there is no such fact.")
            raise InvalidParameterError("fact", fact, hint)


def _statements(
    stratum: Stratum, fact: str, capability: str | None
) -> Iterator[tuple[Any, Provenance, str]]:
    """Yield what one row says about a fact: value, provenance, endpoint."""
    row = stratum.row
    rule = (row.parameters or {}).get(fact)
    if rule is not None:
        yield _stated(rule), stratum.cite(rule), ""
    for endpoint, rules in (row.parameters_on or {}).items():
        if fact in rules:
            yield _stated(rules[fact]), stratum.cite(rules[fact]), endpoint
    if fact == "thinking" and row.thinking is not None:
        yield _stated(row.thinking), stratum.cite(row.thinking), ""
    elif row.features is not None and capability in row.features:
        yield row.features[capability], stratum.cite(fact=capability), ""
    else:
        value = _plain_fact(row, fact)
        if value is not None:
            own = [getattr(row, fact)] if fact in {"rank", "price"} else []
            yield (
                value,
                stratum.cite(*own, fact="limits" if fact in _LIMITS else fact),
                "",
            )


def _plain_fact(row: Any, fact: str) -> Any:
    if fact in _MODALITIES:
        side, kind = _MODALITIES[fact]
        listed = getattr(row, side)
        return None if listed is None else kind in listed
    if fact in _LIMITS:
        return getattr(row.limits, _LIMITS[fact], None)
    if fact in {"limits", "price", "rank"}:
        table = getattr(row, fact, None)
        return None if table is None else _stated(table)
    if fact == "service_tiers" and row.service_tiers is not None:
        tiers = row.service_tiers.items()
        return {k: _stated(v) if isinstance(v, PriceRow) else v for k, v in tiers}
    if fact in {*_WHOLE, *LIFECYCLE, "family"}:
        return getattr(row, fact, None)
    return None


def _stated(row: Any) -> dict[str, Any]:
    about = {"source", "checked", "confidence"}
    stated: dict[str, Any] = row.model_dump(exclude_none=True, exclude=about)
    return stated


def _marked(says: Sequence[Say]) -> tuple[Say, ...]:
    """Mark what holds: the last word for each endpoint, and for all."""
    last = {say.endpoint: at for at, say in enumerate(says)}
    general = last.get("", -1)
    holding = {at for endpoint, at in last.items() if at >= general or not endpoint}
    return tuple(
        Say(say.place, say.value, say.provenance, say.endpoint, at in holding)
        for at, say in enumerate(says)
    )


class Certainty(NamedTuple):
    """How many facts there are, and how many of them are inferred.

    Attributes:
        inferred: Facts that are a guess, or that no document was found for.
        facts: All facts.

    Example:
        >>> print(Certainty(2, 10))
        2 of 10 facts are inferred
    """

    inferred: int
    facts: int

    def __str__(self) -> str:
        """Return both numbers as a sentence."""
        return f"{self.inferred} of {self.facts} facts are inferred"


def certainty(configs: Iterable[ModelConfig]) -> Certainty:
    """Count the facts about models, and those among them that are inferred."""
    cited = [one for config in configs for one in citations(config)]
    return Certainty(sum(one.confidence == "inferred" for one in cited), len(cited))


def citations(config: ModelConfig) -> list[Provenance]:
    """Return the source of every fact about a model that a plan may go by."""
    rules = [
        rule.provenance
        for endpoint in config.endpoints
        for rule in config.mappings[endpoint].rules.values()
    ]
    about = {name for m in config.mappings.values() for name in m.rules}
    others = [one for name, one in config.provenance.items() if name not in about]
    return [*rules, *others]
