"""Rows as TOML text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def toml_of(model: str, row: Mapping[str, Any]) -> str:
    """Return a row as TOML text, the innermost tables inline."""
    head = f"models.{_key(model)}"
    plain = {k: v for k, v in row.items() if not _is_table(v)}
    lines = [f"[{head}]", *(f"{k} = {_value(v)}" for k, v in plain.items())]
    for key, table in row.items():
        if _is_table(table):
            lines += ["", *_table(f"{head}.{key}", table)]
    return "\n".join(lines) + "\n"


def _table(head: str, table: Mapping[str, Any]) -> list[str]:
    deep = {k: v for k, v in table.items() if _is_table(v) and _holds_tables(v)}
    lines = []
    if len(deep) < len(table):
        flat = ((k, v) for k, v in table.items() if k not in deep)
        lines = [f"[{head}]", *(f"{_key(k)} = {_value(v)}" for k, v in flat)]
    for key, inner in deep.items():
        lines += [*([""] if lines else []), *_table(f"{head}.{_key(key)}", inner)]
    return lines


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _holds_tables(value: Mapping[str, Any]) -> bool:
    return any(_is_table(item) for item in value.values())


def _key(name: str) -> str:
    plain = name.replace("_", "").replace("-", "").isalnum() and name.isascii()
    return name if plain else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
