"""Reading provider files: TOML text in, validated rows out."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from langchain_unified import data
from langchain_unified.errors import RegistryError
from langchain_unified.registry.schema import ProviderFile
from langchain_unified.vocabulary import nearest, settings

SCHEMA = 1


def load_shipped() -> dict[str, ProviderFile]:
    """Return every shipped provider file by provider id."""
    loaded = (load(data.read_toml(name), name) for name in data.provider_files())
    return {file.provider.id: file for file in loaded}


def load(table: dict[str, Any], origin: str) -> ProviderFile:
    """Validate a provider file.

    Args:
        table: The parsed TOML.
        origin: File name for error messages.

    Raises:
        RegistryError: If a key is unknown, a type is wrong or a reference leads
            nowhere; the message names the row and the known keys.
    """
    try:
        file = ProviderFile.model_validate(table)
    except ValidationError as error:
        raise RegistryError(_explain(error, origin)) from error
    _check_references(file, origin)
    return file


def _explain(error: ValidationError, origin: str) -> str:
    lines = [f"{origin} cannot be read:"]
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        line = f"  {where}: {problem['msg']}"
        if problem["type"] == "extra_forbidden":
            line += _known_keys(problem["loc"])
        lines.append(line)
    return "\n".join(lines)


def _known_keys(location: tuple[int | str, ...]) -> str:
    model = _model_at(location[:-1])
    if model is None:
        return ""
    known = sorted(field.alias or name for name, field in model.model_fields.items())
    near = nearest(str(location[-1]), known)
    hint = f"; did you mean {near!r}?" if near else ""
    return f"{hint} Known keys: {', '.join(known)}"


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel] | None:
    from langchain_unified.registry import schema  # noqa: PLC0415

    by_table: dict[str, type[BaseModel]] = {
        "provider": schema.ProviderRow,
        "sources": schema.SourceRow,
        "endpoints": schema.EndpointRow,
        "families": schema.FamilyRow,
        "models": schema.ModelRow,
        "parameters": schema.RuleRow,
        "parameters_on": schema.RuleRow,
        "thinking": schema.ThinkingRow,
        "limits": schema.LimitsRow,
        "served_by": schema.ServedBy,
    }
    for part in reversed(location):
        if part in by_table:
            return by_table[str(part)]
    return ProviderFile


def _check_references(file: ProviderFile, origin: str) -> None:
    problems = [
        *_unknown_families(file),
        *_unknown_endpoints(file),
        *_unknown_parameters(file),
    ]
    if problems:
        raise RegistryError("\n  ".join([f"{origin} cannot be read:", *problems]))


def _unknown_families(file: ProviderFile) -> list[str]:
    named = {f"families.{k}": row.inherits for k, row in file.families.items()}
    named |= {f"models.{k}": row.family for k, row in file.models.items()}
    named["provider.fallback_family"] = file.provider.fallback_family
    named["provider.compatible_family"] = file.provider.compatible_family
    return [
        f"{where}: no family {family!r}; known: {', '.join(file.families)}"
        for where, family in named.items()
        if family is not None and family not in file.families
    ]


def _unknown_endpoints(file: ProviderFile) -> list[str]:
    rows = {**file.families, **file.models}
    return [
        f"{name}: no endpoint {endpoint!r}; known: {', '.join(file.endpoints)}"
        for name, row in rows.items()
        for endpoint in (*(row.endpoints or ()), *(row.parameters_on or ()))
        if endpoint not in file.endpoints
    ]


def _unknown_parameters(file: ProviderFile) -> list[str]:
    tables = [(name, row.parameters) for name, row in file.endpoints.items()]
    for name, row in {**file.families, **file.models}.items():
        tables.append((name, row.parameters or {}))
        tables += [(name, rules) for rules in (row.parameters_on or {}).values()]
    return [
        f"{name}: no parameter {parameter!r}; did you mean "
        f"{nearest(parameter, settings())!r}?"
        for name, rules in tables
        for parameter in rules
        if parameter not in settings()
    ]
