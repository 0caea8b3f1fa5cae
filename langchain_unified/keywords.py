"""The constructor's keywords: sorted, and each given to the provider it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from langchain_unified import choice, connection, vocabulary
from langchain_unified.clients import CLIENTS, connected
from langchain_unified.errors import (
    InvalidParameterError,
    UnknownParameterError,
    shown_value,
)
from langchain_unified.registry import Registry, default_registry
from langchain_unified.servers import owned_keywords, server_of, user_configured
from langchain_unified.transport.secrets import check_url


def read_keywords(
    values: dict[str, Any], spellings: Mapping[str, str], *, where: str
) -> dict[str, Any]:
    """Return the fields that keywords set; the rest goes into `model_kwargs`.

    Args:
        values: The keywords as they were given.
        spellings: The name of each field by every spelling.
        where: Who got them, for error messages.

    Raises:
        UnknownParameterError: For a keyword that does not exist.
    """
    values = _auto(values)
    fields = {**spellings, **dict.fromkeys(CLIENTS, "")}
    known = vocabulary.canonical_names()
    extra = {k: v for k, v in values.items() if k not in fields}
    for name in extra:
        if name not in known:
            near = vocabulary.nearest(name, {*fields, *known})
            raise UnknownParameterError(name, near, where=where)
    kept = {k: v for k, v in values.items() if k in fields}
    if extra:
        kept["model_kwargs"] = {**(kept.get("model_kwargs") or {}), **extra}
    owned = _own_connection(kept)
    return {k: v for k, v in owned.items() if k not in CLIENTS}


def _own_connection(values: dict[str, Any]) -> dict[str, Any]:
    """Give the shared connection keywords to the provider of the model."""
    values["providers"] = connection.checked_providers(values.get("providers"))
    for settings in (values, *values["providers"].values()):
        for name in ("base_url", "openai_api_base", *settings):
            if name.endswith(_ADDRESSES):
                check_url(name, settings.get(name))
    model = values.get("model", values.get("model_name"))
    names = (*connection.SHARED, "openai_api_base")
    given = {k: values[k] for k in names if values.get(k) is not None}
    if not given or not isinstance(model, str):
        return values
    provider, is_set_up = _provider_of(model, values, given)
    if provider == "openai":
        return values
    if is_set_up:
        given.pop("openai_api_base", None)
    for name in given:
        del values[name]
    if "openai_api_base" in given:
        given.setdefault("base_url", given.pop("openai_api_base"))
    own = {name: connection.as_secret(name, v) for name, v in given.items()}
    settings = {**own, **values["providers"].get(provider, {})}
    values["providers"] = {**values["providers"], provider: settings}
    return values


_ADDRESSES = ("base_url", "api_base", "_endpoint")
"""How keywords that hold an address end."""


def _provider_of(
    model: str, values: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[str, bool]:
    """Return whose the constructor's shared keywords are, and if it has others too."""
    registry = values.get("registry")
    registry = registry if isinstance(registry, Registry) else default_registry()
    providers = values["providers"]
    openai = {
        **values,
        **given,
        **connected(values),
        **providers.get("openai", {}),
    }
    openai.setdefault("base_url", values.get("openai_api_base"))
    owned = {
        owner: values[keyword]
        for keyword, (owner, _) in owned_keywords().items()
        if values.get(keyword) is not None
    }
    hosts = registry.servers_with(providers)
    configured = user_configured(providers, owned).difference(hosts)
    config = registry.resolve(
        model,
        base_url=server_of("openai", openai.get).key,
        configured=configured,
        deployments=connection.deployments_of(providers),
        hosts=tuple(hosts.values()),
    )
    return config.connection, config.connection in {*configured, *hosts}


def _auto(values: dict[str, Any]) -> dict[str, Any]:
    """Read a list of models, or a callable that picks one, as `model="auto"`."""
    name = "model" if "model" in values else "model_name"
    model = values.get(name)
    if callable(model):
        return {"choice": model, **values, name: choice.AUTO}
    return {**values, name: choice.spelled(model)} if name in values else values


def as_invalid_parameter(error: ValidationError) -> InvalidParameterError:
    """Return our error for pydantic's, without a value that may be a secret."""
    problem = error.errors()[0]
    inner = problem.get("ctx", {}).get("error")
    if isinstance(inner, InvalidParameterError):
        return inner
    name = str(problem["loc"][0]) if problem["loc"] else "keywords"
    value = shown_value(problem.get("input")) if name in _HARMLESS else _HIDDEN
    return InvalidParameterError(name, value, f"{problem['msg']}.")


_HIDDEN = "**********"
_HARMLESS = frozenset(
    {
        *vocabulary.canonical_names(),
        "budget_usd",
        "deadline",
        "learning",
        "max_concurrency",
        "max_retries",
        "on_unsupported",
        "output_version",
        "streaming",
        "stream_chunk_timeout",
        "stream_usage",
        "timeout",
        "use_responses_api",
        "verbose",
    }
) - {"user", "metadata", "prompt", "text", "tools", "extra_body"}
"""Keywords whose values may stand in an error; of all others nobody knows."""
