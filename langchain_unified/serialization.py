"""How a chat model travels: as LangChain's JSON, by pickle, as a copy."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from langchain_unified.transport.secrets import masked_url, without_passwords
from langchain_unified.wiring import Wiring

_PRIVATE = ("default_headers", "default_query")
"""Connection settings that may hold keys without being marked as secrets."""

_IMMOVABLE = ("callbacks", "http_client", "http_async_client", "credentials")


def without_secrets(dumped: Any, wiring: Wiring) -> Any:
    """Return LangChain's JSON of a model; each key becomes the name of its variable."""
    given = dumped.get("kwargs", {})
    if given.get("providers"):
        given["providers"] = {
            provider: {
                name: _dumpable(provider, value, wiring)
                for name, value in settings.items()
                if name not in _PRIVATE
            }
            for provider, settings in given["providers"].items()
        }
    for name in _PRIVATE:
        given.pop(name, None)
    if given.get("openai_proxy"):
        given["openai_proxy"] = masked_url(given["openai_proxy"])
    return dumped


def _dumpable(provider: str, value: Any, wiring: Wiring) -> Any:
    if not isinstance(value, SecretStr):
        return without_passwords(value)
    file = wiring.registry.files.get(provider)
    host = wiring.hosts().get(provider)
    variables = file.provider.key_env if file else host.key_env if host else ()
    name = variables[0] if variables else f"{provider.upper()}_API_KEY"
    return {"lc": 1, "type": "secret", "id": [name]}


def movable(state: Mapping[Any, Any], kind: type[BaseModel]) -> dict[Any, Any]:
    """Return the state of a model without clients, and without the environment's keys.

    Args:
        state: What pydantic would pickle.
        kind: The class of the model.
    """
    fields, given = kind.model_fields, state["__pydantic_fields_set__"]
    kept = {
        name: value
        for name, value in state["__dict__"].items()
        if name in fields and (name in given or fields[name].default_factory is None)
    }
    kept.update(dict.fromkeys(_IMMOVABLE))
    return {**state, "__dict__": kept, "__pydantic_private__": None}


def fill_in(model: BaseModel) -> None:
    """Read the environment for the fields that a model arrived without."""
    for name, field in type(model).model_fields.items():
        if name not in model.__dict__:
            model.__dict__[name] = field.get_default(call_default_factory=True)


def deepen(model: BaseModel, memo: dict[int, Any] | None) -> None:
    """Copy the containers that a copy of a model shares with its original."""
    for name, value in model.__dict__.items():
        if isinstance(value, (dict, list)):
            model.__dict__[name] = copy.deepcopy(value, memo)
