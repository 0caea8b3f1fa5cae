"""Reading provider files: TOML text in, validated rows out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from langchain_unified import data
from langchain_unified.errors import RegistryError
from langchain_unified.registry import schema
from langchain_unified.registry.schema import (
    FactsRow,
    FamilyRow,
    ModelRow,
    ProviderFile,
)
from langchain_unified.settings import did_you_mean, settings

SCHEMA = 1

Shape = TypeVar("Shape", bound=BaseModel)


def load_shipped() -> dict[str, ProviderFile]:
    """Return every shipped provider file by provider id."""
    return dict(_shipped())


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, ProviderFile]:
    """Read the files once: all registries share their rows, which nobody changes."""
    loaded = (load(data.read_rows(name), name) for name in data.provider_files())
    return MappingProxyType({file.provider.id: file for file in loaded})


def load(table: Mapping[str, Any], origin: str) -> ProviderFile:
    """Validate a provider file.

    Args:
        table: The parsed TOML.
        origin: File name for error messages.

    Raises:
        RegistryError: If a key is unknown, a type is wrong or a reference leads
            nowhere; the message names the row and the known keys.
    """
    file = validated(ProviderFile, table, origin)
    _check_references(file, origin)
    return file


def validated(shape: type[Shape], table: Mapping[str, Any], origin: str) -> Shape:
    """Read a table into its shape.

    Raises:
        RegistryError: If a key is unknown or a type is wrong.
    """
    stated = table.get("schema", SCHEMA)
    if isinstance(stated, int) and stated > SCHEMA:
        message = f"{origin} cannot be read: schema {stated} is newer than {SCHEMA}."
        raise RegistryError(message)
    try:
        return shape.model_validate(table)
    except ValidationError as error:
        raise RegistryError(_explain(error, shape, origin)) from error


def _explain(error: ValidationError, shape: type[BaseModel], origin: str) -> str:
    lines = [f"{origin} cannot be read:"]
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        line = f"  {where}: {problem['msg']}"
        if problem["type"] == "extra_forbidden":
            line += _known_keys(problem["loc"], shape)
        elif problem["type"] == "literal_error":
            words = re.findall(r"'([^']*)'", problem["ctx"]["expected"])
            line += did_you_mean(str(problem["input"]), words, "; ")
        lines.append(line)
    return "\n".join(lines)


def _known_keys(location: tuple[int | str, ...], shape: type[BaseModel]) -> str:
    model = _model_at(location[:-1]) or shape
    known = sorted(field.alias or name for name, field in model.model_fields.items())
    hint = did_you_mean(str(location[-1]), known, "; ", ".")
    return f"{hint} Known keys: {', '.join(known)}"


_ROW_OF: dict[int | str, type[BaseModel]] = {
    "provider": schema.ProviderRow,
    "connection": schema.ConnectionRow,
    "sources": schema.SourceRow,
    "endpoints": schema.EndpointRow,
    "families": schema.FamilyRow,
    "models": schema.ModelRow,
    "parameters": schema.RuleRow,
    "parameters_on": schema.RuleRow,
    "thinking": schema.ThinkingRow,
    "limits": schema.LimitsRow,
    "served_by": schema.ServedBy,
    "rank": schema.RankRow,
    "servers": schema.HostRow,
    "price": schema.PriceRow,
    "tiers": schema.TierRow,
    "service_tiers": schema.PriceRow,
}


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel] | None:
    named = (part for part in reversed(location) if part in _ROW_OF)
    return next((_ROW_OF[part] for part in named), None)


def check_rows(file: ProviderFile, rows: Mapping[str, FactsRow], origin: str) -> None:
    """Check that what rows of a provider refer to exists.

    Raises:
        RegistryError: If a reference leads nowhere.
    """
    _raise(
        [
            *_unknown_families(file, rows),
            *_unknown_endpoints(file, rows),
            *_unknown_parameters(rows),
        ],
        origin,
    )


def _check_references(file: ProviderFile, origin: str) -> None:
    rows: dict[str, FactsRow] = {**file.families, **file.models}
    fallbacks = {
        "provider.fallback_family": file.provider.fallback_family or None,
        "provider.compatible_family": file.provider.compatible_family,
    }
    wires = {name: row.parameters for name, row in file.endpoints.items()}
    _raise(
        [
            *_no_such_family(file, fallbacks),
            *(line for name, rules in wires.items() for line in _unknown(name, rules)),
        ],
        origin,
    )
    check_rows(file, rows, origin)


def _raise(problems: list[str], origin: str) -> None:
    if problems:
        raise RegistryError("\n  ".join([f"{origin} cannot be read:", *problems]))


def _unknown_families(file: ProviderFile, rows: Mapping[str, FactsRow]) -> list[str]:
    named = {
        name: row.inherits if isinstance(row, FamilyRow) else row.family
        for name, row in rows.items()
        if isinstance(row, (FamilyRow, ModelRow))
    }
    return _no_such_family(file, named)


def _no_such_family(file: ProviderFile, named: Mapping[str, str | None]) -> list[str]:
    return [
        f"{where}: no family {family!r}"
        f"{did_you_mean(family, file.families, '; ', '.')} Known: "
        f"{', '.join(file.families)}"
        for where, family in named.items()
        if family is not None and family not in file.families
    ]


def _unknown_endpoints(file: ProviderFile, rows: Mapping[str, FactsRow]) -> list[str]:
    return [
        f"{name}: no endpoint {endpoint!r}"
        f"{did_you_mean(endpoint, file.endpoints, '; ', '.')} Known: "
        f"{', '.join(file.endpoints)}"
        for name, row in rows.items()
        for endpoint in dict.fromkeys(_endpoints_named(row))
        if endpoint not in file.endpoints
    ]


def _endpoints_named(row: FactsRow) -> Iterator[str]:
    """Yield the endpoints that a row says something about."""
    yield from row.endpoints or ()
    yield from row.parameters_on or ()
    yield from row.tools if isinstance(row.tools, dict) else ()
    yield from (row.thinking.levels_on or ()) if row.thinking else ()


def _unknown_parameters(rows: Mapping[str, FactsRow]) -> list[str]:
    return [
        line
        for name, row in rows.items()
        for rules in (row.parameters or {}, *(row.parameters_on or {}).values())
        for line in _unknown(name, rules)
    ]


def _unknown(where: str, rules: Mapping[str, object]) -> list[str]:
    return [
        f"{where}: no parameter {parameter!r}"
        f"{did_you_mean(parameter, settings(), '; ', '.')}"
        for parameter in rules
        if parameter.partition(".")[0] not in settings()
    ]
