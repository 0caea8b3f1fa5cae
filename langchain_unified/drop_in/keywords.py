"""The constructor's keywords: sorted, checked, each given to whom it belongs."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from langchain_core.language_models import BaseChatModel, ModelProfile
from langchain_core.runnables import RunnableSerializable
from pydantic import ValidationError

from langchain_unified import choice, connection
from langchain_unified.connection.servers import (
    owned_keywords,
    server_of,
    user_configured,
)
from langchain_unified.data.connections import facts_of
from langchain_unified.errors import (
    InvalidParameterError,
    UnknownParameterError,
    shown_value,
)
from langchain_unified.registry import Registry, check_name, default_registry
from langchain_unified.registry.profiles import profile_of
from langchain_unified.rollout.control import rollout_of
from langchain_unified.runner.clients import CLIENTS, connected
from langchain_unified.settings import (
    Settings,
    canonical_names,
    nearest,
    shown_names,
)
from langchain_unified.settings.declared import check_declared
from langchain_unified.settings.environment import (
    URL_WHEN_MADE,
    from_environment,
)
from langchain_unified.transport.secrets import check_url
from langchain_unified.types import ModelConfig
from langchain_unified.versions import installed_version


def read_keywords(
    values: dict[str, Any], spellings: Mapping[str, str], *, where: str
) -> dict[str, Any]:
    """Return the fields that keywords set; the rest goes into `model_kwargs`.

    Raises:
        UnknownParameterError: For a keyword that does not exist.
    """
    values = _auto(values)
    if "configurable" in values:
        values["configurable"] = check_declared(values["configurable"])
    rollout_of(values.get("rollout"))
    _check_registry(values.get("registry"))
    fields = {**spellings, **dict.fromkeys(CLIENTS, "")}
    known = canonical_names()
    extra = {k: v for k, v in values.items() if k not in fields}
    for name in (name for name in extra if name not in known):
        near = nearest(name, {*fields, *known})
        raise UnknownParameterError(name, near, where=where)
    kept = {k: v for k, v in values.items() if k in fields}
    if extra:
        kept["model_kwargs"] = {**(kept.get("model_kwargs") or {}), **extra}
    owned = _own_connection(kept)
    return {k: v for k, v in owned.items() if k not in CLIENTS}


def _own_connection(values: dict[str, Any]) -> dict[str, Any]:
    """Give the shared connection keywords to the provider of the model."""
    values["providers"] = connection.checked_providers(values.get("providers"))
    _check_addresses(values)
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


def _check_addresses(values: dict[str, Any]) -> None:
    for settings in (values, *values["providers"].values()):
        for name in ("base_url", "openai_api_base", *settings):
            if name.endswith(_ADDRESSES):
                check_url(name, settings.get(name))


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


def _check_registry(value: Any) -> None:
    if value is not None and not isinstance(value, Registry):
        accepted = "give a langchain_unified.Registry."
        raise InvalidParameterError("registry", f"a {type(value).__name__}", accepted)


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
    harmless = name in shown_names() or name == "verbose"
    value = shown_value(problem.get("input")) if harmless else "**********"
    return InvalidParameterError(name, value, f"{problem['msg']}.")


def _check_together(settings: Any) -> None:
    """Refuse settings that cannot hold together.

    Raises:
        InvalidParameterError: If there are such.
    """
    if settings.n is not None and settings.n > 1 and settings.streaming:
        accepted = "it must be 1 with streaming=True."
        raise InvalidParameterError("n", settings.n, accepted)
    if settings.openai_proxy and (settings.http_client or settings.http_async_client):
        accepted = "give either openai_proxy or HTTP clients, not both."
        raise InvalidParameterError("openai_proxy", "**********", accepted)
    # Not LangChain's own fields: its `metadata` is the trace's, not the provider's.
    ours = Settings.model_fields.keys() & settings.model_fields_set
    for name in settings.model_kwargs.keys() & ours:
        value = settings.model_kwargs[name]
        shown = value if name in shown_names() else "**********"
        raise InvalidParameterError(
            name, shown, "it is also in model_kwargs; give it once."
        )


def complete(settings: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Set what ChatOpenAI shows where nothing was said; return the SDK clients given.

    Raises:
        InvalidParameterError: If there are settings that cannot hold together.
    """
    _check_together(settings)
    settings.metadata = _with_versions(settings.metadata)
    given_name = "model_name" in settings.model_fields_set
    if not (given_name or settings.model_name):
        settings.__dict__["model_name"] = default_registry().default_model()
    check_name(settings.model_name)
    given = {name: v for name in CLIENTS if (v := kwargs.get(name)) is not None}
    around = from_environment(*facts_of("openai").url_env)
    settings.__dict__[URL_WHEN_MADE] = around
    _show_theirs(settings, is_usual=not given and _asks_usual_server(settings))
    return given


def _show_theirs(settings: Any, *, is_usual: bool) -> None:
    """Set what ChatOpenAI shows: its key, its route, and usage on its own server."""
    if settings.openai_api_key is None:
        key = type(settings).model_fields["openai_api_key"].get_default
        settings.__dict__["openai_api_key"] = key(call_default_factory=True)
    if settings.use_responses_api is None and _means_responses(settings):
        settings.__dict__["use_responses_api"] = True
    if is_usual:
        settings.__dict__["stream_usage"] = True


def profile(settings: Settings, config: ModelConfig) -> ModelProfile:
    """Return the profile of the model that a constructor names."""
    found = profile_of(config)
    on_responses = settings.use_responses_api
    if on_responses is None:
        on_responses = _means_responses(settings)
    if found.get("mid_conversation_tools") and not on_responses:
        # Only Responses has them; elsewhere the plan of each call chooses.
        found["mid_conversation_tools"] = False
    return found


def _means_responses(settings: Settings) -> bool:
    """Tell whether ChatOpenAI would show that every call goes to Responses.

    It is shown only: the plan of each call chooses, since the call may name a model
    that is not served there.
    """
    says_so = settings.output_version == "responses/v1"
    if says_so or settings.use_previous_response_id:
        return True
    names = ("context_management", "include", "reasoning", "truncation")
    if any(getattr(settings, name) is not None for name in names):
        return True
    registry = settings.registry or default_registry()
    return bool(registry.resolve(settings.model_name).endpoints == ("responses",))


def _asks_usual_server(settings: Settings) -> bool:
    """Tell whether ChatOpenAI would set `stream_usage`: on OpenAI's own server."""
    own = (
        settings.stream_usage,
        settings.openai_api_base,
        settings.openai_proxy,
        settings.http_client,
        settings.http_async_client,
        os.environ.get("OPENAI_BASE_URL"),
        os.environ.get("OPENAI_API_BASE"),
    )
    return all(value is None for value in own)


def _with_versions(metadata: dict[str, Any] | None) -> dict[str, Any]:
    """Name the packages in the metadata of traces, as integrations do."""
    own = _versions_named_in_traces()
    known = (metadata or {}).get("lc_versions")
    versions = {**(known if isinstance(known, dict) else {}), **own}
    return {**(metadata or {}), "lc_versions": versions}


@cache
def _versions_named_in_traces() -> dict[str, str]:
    packages = ("langchain-openai", "langchain-unified")
    return {name: installed_version(name) for name in packages}


def configurable_fields(model: Any, /, **kwargs: Any) -> RunnableSerializable[Any, Any]:
    """Make fields configurable, under their names or ChatOpenAI's aliases."""
    spellings = model.spellings()
    named: dict[str, Any] = {spellings.get(k, k): v for k, v in kwargs.items()}
    return BaseChatModel.configurable_fields(model, **named)


def keep_signatures(model: type[BaseChatModel]) -> None:
    """Keep the signatures that langchain-core asks for at every call."""
    for name in ("_generate", "_agenerate"):
        face = getattr(model, name)
        vars(face)["__signature__"] = inspect.signature(face)
