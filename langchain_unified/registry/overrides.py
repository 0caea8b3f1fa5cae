"""The user's own rows and names: from a TOML file, or from code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from langchain_unified.data import parse_toml
from langchain_unified.errors import RegistryError
from langchain_unified.registry.checking import check_own
from langchain_unified.registry.layers import Patch
from langchain_unified.registry.loader import check_rows, validated
from langchain_unified.registry.schema import (
    OverrideFile,
    OverrideRow,
    ProviderFile,
    SourceRow,
)


def read_overrides(path: str | Path) -> OverrideFile:
    """Read a file of the user's own rows.

    Raises:
        RegistryError: If it cannot be read; the message says where and why.
    """
    name = str(path)
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8")
        table = parse_toml(text)
    except (OSError, ValueError) as error:
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
