"""Lists of models that providers gave: kept in files, and read as rows.

There is a file for each provider and server. It is replaced in one step, so whoever
reads sees the old or the new one and never half of one, whichever process writes or
dies meanwhile.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

from langchain_unified.learning.files import FileStore
from langchain_unified.registry.layers import Patch
from langchain_unified.registry.own import LONGEST_NAME
from langchain_unified.registry.schema import LimitsRow, ModelRow, RuleRow
from langchain_unified.settings.environment import cache_folder

VERSION = 1
MONTH = 30 * 86_400.0
"""Seconds a kept list is of use to processes that do not ask."""

_LOG = logging.getLogger("langchain_unified")
_PREFIX = "models-"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a server listed.

    Attributes:
        provider: Provider id.
        server: Base URL; empty for the provider's own.
        fetched: When, in seconds since 1970.
        models: The rows as the provider gave them.
    """

    provider: str
    server: str
    fetched: float
    models: list[dict[str, Any]]

    @property
    def age(self) -> float:
        """Seconds since it was fetched."""
        return max(0.0, time.time() - self.fetched)


class Cache:
    """Entries in a folder.

    Args:
        folder: The folder; by default the one `LANGCHAIN_UNIFIED_CACHE` names, else
            the platform's cache folder. Made at the first write.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        """Name the folder."""
        self._files = FileStore(folder or cache_folder())

    def entries(self) -> list[Entry]:
        """Return everything that is kept and can be read."""
        found = map(self._entry, self._files.yield_keys(prefix=_PREFIX))
        return [entry for entry in found if entry is not None]

    def read(self, provider: str, server: str) -> Entry | None:
        """Return what is kept about a server; `None` if nothing readable is."""
        return self._entry(_file_name(provider, server))

    def write(self, entry: Entry) -> str | None:
        """Keep an entry; return why that failed, if it did."""
        kept = {name: getattr(entry, name) for name in Entry.__slots__}
        text = json.dumps({"version": VERSION, **kept})
        try:
            name = _file_name(entry.provider, entry.server)
            self._files.mset([(name, text.encode())])
        except OSError as error:
            return str(error)
        return None

    def _entry(self, name: str) -> Entry | None:
        try:
            kept = json.loads(self._files.mget([name])[0] or b"null")
            if kept["version"] != VERSION:
                return None
            models = [row for row in kept["models"] if isinstance(row, dict)]
            fetched = float(kept["fetched"])
            return Entry(str(kept["provider"]), str(kept["server"]), fetched, models)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _file_name(provider: str, server: str) -> str:
    digest = sha256(f"{provider}\n{server}".encode()).hexdigest()[:16]
    return f"{_PREFIX}{provider}-{digest}.json"


def listed_name(row: Mapping[str, Any]) -> str | None:
    """Return the name of a model; `None` if it has none that can be called."""
    name = row.get("id") or row.get("model") or row.get("name")
    usable = isinstance(name, str) and name.strip() and name.isprintable()
    return name if usable and len(str(name)) <= LONGEST_NAME else None


def patches_of(
    provider: str, rows: list[dict[str, Any]], fetched: float
) -> list[Patch]:
    """Read the rows of a list as rows of the registry.

    Only plain facts are taken over: limits, dates, the largest temperature. A list
    says nothing about parameters, and a row that makes no sense is left out.

    Args:
        provider: Provider id.
        rows: What the provider listed.
        fetched: When, in seconds since 1970.
    """
    day = datetime.fromtimestamp(fetched, timezone.utc).date()
    patches = (_read(provider, row, day) for row in rows)
    return [patch for patch in patches if patch is not None]


def _read(provider: str, row: Mapping[str, Any], day: date) -> Patch | None:
    """Read one row; one that cannot be read costs only itself."""
    try:
        return _patch(provider, row, day)
    except (ArithmeticError, TypeError, ValueError) as error:
        _LOG.warning("A model in the list of %s is ignored: %s", provider, error)
        return None


def _patch(provider: str, row: Mapping[str, Any], day: date) -> Patch | None:
    name = listed_name(row)
    if name is None:
        return None
    origin = f"{provider}'s list of models"
    facts = ModelRow(
        source=origin,
        checked=day,
        confidence="documented",
        shutdown=_day(row.get("shutdown_date")),
        limits=_limits(row),
        parameters=_parameters(row),
    )
    return Patch(provider, name.removeprefix("models/"), facts, origin)


def _limits(row: Mapping[str, Any]) -> LimitsRow | None:
    found = {
        "context": _count(row.get("context_length") or row.get("max_model_len")),
        # vLLM counts prompt and answer together and names no other limit.
        "input": _count(
            row.get("inputTokenLimit")
            or row.get("max_input_tokens")
            or row.get("max_model_len")
        ),
        "output": _count(row.get("outputTokenLimit") or row.get("max_tokens")),
    }
    known = {name: value for name, value in found.items() if value is not None}
    return LimitsRow(**known) if known else None


def _parameters(row: Mapping[str, Any]) -> dict[str, RuleRow] | None:
    most = row.get("maxTemperature")
    if isinstance(most, (int, float)) and not isinstance(most, bool):
        return {"temperature": RuleRow(max=most)}
    return None


def _count(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and value > 0 else None


def _day(value: Any) -> date | None:
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, timezone.utc).date()
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
