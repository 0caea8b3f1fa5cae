"""How a chat model travels: as LangChain's JSON, by pickle, as a copy."""

from __future__ import annotations

import copy as copying
from typing import Any, TypeVar

from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from langchain_unified.connection.servers import owned_keywords
from langchain_unified.runner.wiring import Wiring
from langchain_unified.transport.secrets import masked_url, without_passwords

Model = TypeVar("Model", bound=BaseChatModel)

_PRIVATE = ("default_headers", "default_query")
"""Connection settings that may hold keys without being marked as secrets."""

_TOLD_IF_GIVEN = frozenset(
    {"on_unsupported", "stream_chunk_timeout", "use_responses_api"}
)
"""Settings whose values are this machine's or ours where the user said nothing."""

_IMMOVABLE = ("callbacks", "http_client", "http_async_client", "credentials")


PARTS = "_router"
"""Where a chat model keeps its parts, which a copy works out anew."""


def shallow_copy(model: Model) -> Model:
    """Copy the settings; what follows from them is worked out anew."""
    copied = BaseChatModel.__copy__(model)
    copied.__dict__.pop(PARTS, None)
    return copied


def copy(model: Model, /, **kwargs: Any) -> Model:
    """Copy as pydantic 1 did; see `model_copy`."""
    copied = BaseChatModel.copy(model, **kwargs)
    copied.__dict__.pop(PARTS, None)
    return copied


def deep_copy(model: Model, memo: dict[int, Any] | None = None) -> Model:
    """Copy the settings; clients are shared, as they are by equal settings."""
    copied = model.__copy__()
    for name, value in copied.__dict__.items():
        if isinstance(value, (dict, list)):
            copied.__dict__[name] = copying.deepcopy(value, memo)
    return copied


def get_state(model: BaseChatModel) -> dict[Any, Any]:
    """Travel without clients, and without keys the environment gave."""
    state = BaseChatModel.__getstate__(model)
    fields, given = type(model).model_fields, state["__pydantic_fields_set__"]
    kept = {
        name: value
        for name, value in state["__dict__"].items()
        if name in fields and (name in given or fields[name].default_factory is None)
    }
    kept.update(dict.fromkeys(_IMMOVABLE))
    return {**state, "__dict__": kept, "__pydantic_private__": None}


def set_state(model: BaseChatModel, state: dict[Any, Any]) -> None:
    """Arrive: read the environment here, build clients when first needed."""
    BaseChatModel.__setstate__(model, state)
    model.model_post_init(None)
    for name, field in type(model).model_fields.items():
        if name not in model.__dict__:
            model.__dict__[name] = field.get_default(call_default_factory=True)


def lc_secrets(_: Any) -> dict[str, str]:
    """Environment variable by secret keyword."""
    owned = owned_keywords().items()
    return {name: name.upper() for name, (_, of) in owned if of == "api_key"}


def to_json(model: Any) -> Any:
    """Serialize without secrets: each becomes the name of its variable."""
    dumped: Any = BaseChatModel.to_json(model)
    wiring = model.router.runner.planning.wiring
    kwargs = dumped.get("kwargs", {})
    for name in _TOLD_IF_GIVEN - model.model_fields_set:
        kwargs.pop(name, None)
    if kwargs.get("providers"):
        kwargs["providers"] = {
            provider: {
                name: _dumpable(provider, value, wiring)
                for name, value in settings.items()
                if name not in _PRIVATE
            }
            for provider, settings in kwargs["providers"].items()
        }
    for name in _PRIVATE:
        kwargs.pop(name, None)
    if kwargs.get("openai_proxy"):
        kwargs["openai_proxy"] = masked_url(kwargs["openai_proxy"])
    return dumped


def _dumpable(provider: str, value: Any, wiring: Wiring) -> Any:
    if not isinstance(value, SecretStr):
        return without_passwords(value)
    file = wiring.registry.files.get(provider)
    host = wiring.hosts().get(provider)
    variables = file.provider.key_env if file else host.key_env if host else ()
    name = variables[0] if variables else f"{provider.upper()}_API_KEY"
    return {"lc": 1, "type": "secret", "id": [name]}
