"""What a config may set: the settings that were declared, and no other key.

`config["configurable"]` belongs to the application: a graph whose own key is called
`model` must not change the model, so nothing is read that was not declared, in the
words of LangChain's `init_chat_model`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs
from langchain_core.runnables.utils import ConfigurableFieldSpec

from langchain_unified.errors import (
    InvalidParameterError,
    UnknownParameterError,
    shown_value,
)
from langchain_unified.settings import (
    CARRIED_METADATA,
    nearest,
    spellings,
    table,
)

Declared = tuple[str, ...] | Literal["any"] | None
"""Names of settings, `"any"` for all of them, `None` for none."""

ANY = "any"
PROVIDER = "model_provider"
_RUN_SETTINGS = frozenset({"callbacks", "tags", "run_name", "run_id"})
_TYPES: dict[str, Any] = {
    "model": str,
    "temperature": float,
    "max_tokens": int,
    "reasoning_effort": str,
}
"""Types of settings that user interfaces ask for most."""

_FORMS = "give the names of settings, for example ('model', 'temperature'), or 'any'."


def known_settings() -> frozenset[str]:
    """Return every name a config could set."""
    rows = table()
    named = (name for name, of in spellings().items() if rows[of].declarable)
    return frozenset({*named, PROVIDER})


def check_declared(names: Any) -> Declared:
    """Return the names of settings that were declared.

    Raises:
        InvalidParameterError: If they are no names.
        UnknownParameterError: If there is no such setting.
    """
    if names is None or names == ANY:
        return names  # type: ignore[no-any-return]
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise InvalidParameterError("configurable", shown_value(names), _FORMS)
    if not all(isinstance(name, str) for name in names):
        raise InvalidParameterError("configurable", "**********", _FORMS)
    known = known_settings()
    for name in (name for name in names if name not in known):
        raise UnknownParameterError(name, nearest(name, known), where="configurable")
    return tuple(names)


def config_specs(declared: Declared, prefix: str) -> list[ConfigurableFieldSpec]:
    """Return the settings a config may set, as LangChain's interfaces list them."""
    names = tuple(_TYPES) if declared == ANY else declared or ()
    start = key_prefix(prefix)
    return [
        ConfigurableFieldSpec(
            id=f"{start}{name}",
            annotation=_TYPES.get(name, Any) | None,
            name=name,
            description=f"{name} of the call.",
            default=None,
        )
        for name in names
    ]


def key_prefix(prefix: str) -> str:
    """Return what stands before the keys, as `init_chat_model` writes it.

    Example:
        >>> key_prefix("writer"), key_prefix("")
        ('writer_', '')
    """
    return f"{prefix}_" if prefix and not prefix.endswith("_") else prefix


def check_undeclared(config: Mapping[str, Any] | None) -> None:
    """Refuse a `model` that is no name where nobody said whose key it is.

    A name is left to the application, which may mean its own. A dictionary or a number
    is what a web page sends by mistake, or the application's: only the user knows.

    Raises:
        InvalidParameterError: If it is plain data other than text.
    """
    given = ((config or {}).get("configurable") or {}).get("model")
    if isinstance(given, (dict, list, int, float)):
        accepted = (
            "set a model name and declare configurable=('model',), or declare "
            "configurable=() if the key belongs to your application."
        )
        raise InvalidParameterError("config['configurable']['model']", given, accepted)


def carried(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return keywords of a call that langchain-core's `invoke` lets through."""
    if "metadata" not in kwargs:
        return kwargs
    rest = {name: value for name, value in kwargs.items() if name != "metadata"}
    return {**rest, CARRIED_METADATA: kwargs["metadata"]}


def with_run_settings(
    config: RunnableConfig, kwargs: dict[str, Any]
) -> tuple[RunnableConfig, dict[str, Any]]:
    """Return a config and keywords of a call that langchain-core's `invoke` takes.

    `callbacks`, `tags`, `run_name` and `run_id` given as keywords go into the config.
    `metadata` is the setting of the provider.
    """
    if kwargs.keys().isdisjoint(_RUN_SETTINGS):
        return config, carried(kwargs)
    told: Any = {k: v for k, v in kwargs.items() if k in _RUN_SETTINGS and v}
    rest = {k: v for k, v in kwargs.items() if k not in _RUN_SETTINGS}
    return merge_configs(config, told), carried(rest)


def chosen_by(model: Any, config: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the settings that a config chooses, of those that a model declared.

    Args:
        model: The chat model.
        config: The config of a call.

    Example:
        >>> from langchain_unified import UnifiedChatModel
        >>> llm = UnifiedChatModel(model="gpt-4o", configurable=("model",))
        >>> llm.chosen_by({"configurable": {"model": "o3", "temperature": 1}})
        {'model': 'o3'}
    """
    return chosen_settings(config, model.configurable, model.config_prefix)


def read_config(
    model: Any, config: RunnableConfig, kwargs: dict[str, Any]
) -> tuple[RunnableConfig, dict[str, Any]]:
    """Let the config's settings stand for those that a call does not give."""
    if kwargs:
        config, kwargs = with_run_settings(config, kwargs)
    if model.configurable is None:
        if config.get("configurable"):
            check_undeclared(config)
        return config, kwargs
    return config, {**chosen_by(model, config), **kwargs}


def chosen_settings(
    config: Mapping[str, Any] | None, declared: Declared, prefix: str
) -> dict[str, Any]:
    """Return the settings that a config chooses, of those that are declared."""
    given = (config or {}).get("configurable")
    if not given or not declared:
        return {}
    names = known_settings() if declared == ANY else declared
    start = key_prefix(prefix)
    chosen = {n: given[start + n] for n in names if given.get(start + n) is not None}
    provider = chosen.pop(PROVIDER, None)
    model = chosen.get("model")
    if provider and isinstance(model, str) and not model.startswith(f"{provider}:"):
        chosen["model"] = f"{provider}:{model}"
    return chosen
