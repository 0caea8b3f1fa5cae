"""The user's own rows and names: read from a file or from code, and checked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from langchain_unified.data import parse_toml
from langchain_unified.errors import RegistryError
from langchain_unified.registry.build import INPUT_FEATURES, OUTPUT_FEATURES
from langchain_unified.registry.layers import Patch
from langchain_unified.registry.loader import check_rows, load_shipped, validated
from langchain_unified.registry.makes import server_profiles
from langchain_unified.registry.profiles import FEATURES
from langchain_unified.registry.schema import (
    FactsRow,
    ModelRow,
    OverrideFile,
    OverrideRow,
    PriceRow,
    ProviderFile,
    RuleRow,
    SourceRow,
    ThinkingRow,
)
from langchain_unified.settings import did_you_mean
from langchain_unified.types import Rates

ROLES = ("system", "developer", "user")
"""Roles that system text can be given to a model in."""

_BY_KIND = {name: ("inputs", kind) for kind, name in INPUT_FEATURES.items()}
_BY_KIND |= {name: ("outputs", kind) for kind, name in OUTPUT_FEATURES.items()}


def read_overrides(path: str | Path) -> OverrideFile:
    """Read a file of the user's own rows.

    Raises:
        RegistryError: If it cannot be read; the message says where and why.
    """
    name = str(path)
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8")
        table = parse_toml(text)
    except (OSError, ValueError, RecursionError) as error:
        message = f"{name} cannot be read: {error}"
        raise RegistryError(message) from error
    return validated(OverrideFile, table, name)


def read_row(model: str, facts: Mapping[str, Any], origin: str) -> OverrideRow:
    """Validate a row given in code.

    Raises:
        RegistryError: If a key is unknown or a type is wrong.
    """
    table = {"models": {model: _lists(facts)}}
    return validated(OverrideFile, table, origin).models[model]


def checked_patch(
    file: ProviderFile,
    model: str,
    row: OverrideRow,
    origin: str,
    sources: Mapping[str, SourceRow],
) -> Patch:
    """Return a row as a patch, once all it refers to is known to exist.

    Raises:
        RegistryError: If a reference leads nowhere.
    """
    check_rows(file, {model: row}, origin)
    check_own(file, model, row, origin)
    known = {**file.sources, **sources}
    return Patch(file.provider.id, model, row, origin, known)


def _lists(value: Any) -> Any:
    """Turn tuples into the lists that TOML would give."""
    if isinstance(value, Mapping):
        return {str(key): _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, tuple) else value


def check_own(file: ProviderFile, model: str, row: ModelRow, origin: str) -> None:
    """Refuse what no model can have: unknown words and impossible numbers.

    Args:
        file: The provider's file, whose features and levels are known words.
        model: The model's name.
        row: What the user states.
        origin: Where it is from, for people.

    Raises:
        RegistryError: If there is any; the message names all of it.
    """
    problems = [
        *_unknown_features(file, row),
        *_unknown_words("system_roles", row.system_roles or (), ROLES),
        *_unknown_words("thinking.levels", _levels(row.thinking), known_levels()),
        *_empty_lists(row),
        *_impossible_limits(row),
        *_impossible_rules(row),
        *_impossible_dates(row),
        *_impossible_prices(row),
        *_impossible_ranks(row),
    ]
    if problems:
        lines = [
            f"{origin} cannot be read:",
            *(f"models.{model}: {p}" for p in problems),
        ]
        raise RegistryError("\n  ".join(lines))


@lru_cache(maxsize=1)
def known_levels() -> tuple[str, ...]:
    """Return every word that a model of ours takes for a reasoning effort."""
    levels = (level for row in _shipped_rows() for level in _levels(row.thinking))
    return tuple(dict.fromkeys(levels))


def _unknown_features(file: ProviderFile, row: FactsRow) -> Iterator[str]:
    known = {*FEATURES, *_shared_features(), *_features(file.models.values())}
    known |= _features(file.families.values())
    for name in row.features or {}:
        if name in _BY_KIND:
            side, kind = _BY_KIND[name]
            yield f"features.{name}: list {kind!r} in {side} = [...] instead."
        elif name not in known:
            yield f"features: no feature {name!r}{did_you_mean(name, known, '; ', '.')}"


@lru_cache(maxsize=1)
def _shared_features() -> frozenset[str]:
    servers = server_profiles().profiles.values()
    return frozenset(_features([*_shipped_rows(), *servers]))


def _shipped_rows() -> list[FactsRow]:
    rows: list[FactsRow] = []
    for file in load_shipped().values():
        rows += [*file.families.values(), *file.models.values()]
    return rows


def _features(rows: Iterable[FactsRow]) -> set[str]:
    return {name for row in rows for name in row.features or {}}


def _levels(row: ThinkingRow | None) -> tuple[str, ...]:
    if row is None:
        return ()
    special = (level for levels in (row.levels_on or {}).values() for level in levels)
    named = (*(row.levels or ()), *special)
    return named if row.default is None else (*named, row.default)


def _unknown_words(
    place: str, words: Iterable[str], known: tuple[str, ...]
) -> Iterator[str]:
    for word in dict.fromkeys(words):
        if known and word not in known:
            hint = did_you_mean(word, known, "; ", ".")
            yield f"{place}: no {word!r}{hint} Known: {', '.join(known)}."


def _empty_lists(row: ModelRow) -> Iterator[str]:
    for name in ("endpoints", "inputs", "outputs"):
        if getattr(row, name) == []:
            yield f"{name}: the list is empty; add an entry or remove the key."
    for name in ("aliases", "snapshots"):
        if not all(word.strip() for word in getattr(row, name)):
            yield f"{name}: a name is empty."


def _impossible_limits(row: FactsRow) -> Iterator[str]:
    limits = row.limits.model_dump(exclude_none=True) if row.limits else {}
    for name, count in limits.items():
        if count <= 0:
            yield f"limits.{name}: {count} tokens; give a number above 0."
    context = limits.get("context")
    for name in ("input", "output"):
        if context is not None and limits.get(name, 0) > max(context, 0):
            more = f"{limits[name]} is more than limits.context, {context}"
            yield f"limits.{name}: {more}."


def _impossible_rules(row: FactsRow) -> Iterator[str]:
    tables: dict[str, Mapping[str, RuleRow]] = {"parameters": row.parameters or {}}
    for endpoint, rules in (row.parameters_on or {}).items():
        tables[f"parameters_on.{endpoint}"] = rules
    for place, table in tables.items():
        for name, rule in table.items():
            if rule.min is not None and rule.max is not None and rule.min > rule.max:
                yield f"{place}.{name}: min {rule.min} is above max {rule.max}."
            if rule.max_items is not None and rule.max_items < 0:
                yield f"{place}.{name}: max_items {rule.max_items} is below 0."
    low, high = (getattr(row.thinking, name, None) for name in _BUDGET)
    if low is not None and high is not None and low > high:
        yield f"thinking: budget_min {low} is above budget_max {high}."


_BUDGET = ("budget_min", "budget_max")


def _impossible_dates(row: ModelRow) -> Iterator[str]:
    if row.released and row.shutdown and row.released > row.shutdown:
        yield f"shutdown: {row.shutdown} is before released, {row.released}."


def _impossible_prices(row: FactsRow) -> Iterator[str]:
    stated: dict[str, Any] = {"price": row.price}
    for tier, price in (row.service_tiers or {}).items():
        stated[f"service_tiers.{tier}"] = price
    for place, price in stated.items():
        if isinstance(price, (int, float)) and not 0 <= price < math.inf:
            yield f"{place}: {price}; give a factor of the usual price, from 0."
        for rates in (price, *price.tiers) if isinstance(price, PriceRow) else ():
            for name, value in rates.model_dump(include=_RATES).items():
                if value is not None and not 0 <= value < math.inf:
                    more = "give US dollars per million tokens, from 0."
                    yield f"{place}.{name}: {value}; {more}"
        above = [t.above for t in price.tiers] if isinstance(price, PriceRow) else []
        if len(set(above)) < len(above) or any(tokens <= 0 for tokens in above):
            more = "give tokens above 0, each number once."
            yield f"{place}.tiers: above {above}; {more}"


_RATES = set(Rates._fields)


def _impossible_ranks(row: ModelRow) -> Iterator[str]:
    stated = {} if row.rank is None else row.rank.model_dump(include=_RANKED)
    for name, value in stated.items():
        if value is not None and not 0 <= value <= _HIGHEST:
            yield f"rank.{name}: {value}; give a number from 0 to {_HIGHEST}."


_RANKED, _HIGHEST = {"strength", "speed"}, 100
