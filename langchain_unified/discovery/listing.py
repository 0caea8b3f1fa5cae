"""Asking a provider for its models, and reading its answer as rows."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

from langchain_unified.registry.layers import Patch
from langchain_unified.registry.own import LONGEST_NAME
from langchain_unified.registry.schema import LimitsRow, ModelRow, RuleRow
from langchain_unified.shims import ProviderShim

_LIST_MODELS = "list_models"
_LOG = logging.getLogger("langchain_unified")


def list_models(shim: ProviderShim) -> list[dict[str, Any]]:
    """Return the rows a provider lists, as it gives them.

    Args:
        shim: The provider's shim: either it has `list_models()`, or its client speaks
            OpenAI's `GET /models`.

    Raises:
        ValueError: If the shim lists none, or what was answered is no list of models.
    """
    own = getattr(shim, _LIST_MODELS, None)
    if own is not None:
        return [_plain(row) for row in own()]
    delegate = getattr(shim, "delegate", None)
    if delegate is None:
        message = f"the shim of {shim.provider} has no {_LIST_MODELS}()"
        raise ValueError(message)
    client = delegate.root_client
    answer: Any = client.get("/models", cast_to=object)
    rows = answer.get("data") if isinstance(answer, Mapping) else None
    given: list[Any] = rows if isinstance(rows, list) else []
    listed = [row for row in given if isinstance(row, Mapping)]
    if not any(map(_name, listed)):
        message = f"the answer is no list of models: {str(answer)[:200]}"
        raise ValueError(message)
    return [dict(row) for row in listed]


def _name(row: Mapping[str, Any]) -> str | None:
    """Return the name of a model; `None` if it has none that can be called."""
    name = row.get("id") or row.get("model") or row.get("name")
    usable = isinstance(name, str) and name.strip() and name.isprintable()
    return name if usable and len(str(name)) <= LONGEST_NAME else None


def _plain(row: Any) -> dict[str, Any]:
    """Return a row without what JSON cannot hold."""
    kept = (str, int, float, bool, list, dict, type(None))
    return {
        str(name): value if isinstance(value, kept) else str(value)
        for name, value in dict(row).items()
    }


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
        _LOG.warning("A model that %s lists is left out: %s", provider, error)
        return None


def _patch(provider: str, row: Mapping[str, Any], day: date) -> Patch | None:
    name = _name(row)
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
