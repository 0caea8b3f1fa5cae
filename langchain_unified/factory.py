"""`init_chat_model`, with `UnifiedChatModel` for the providers of this package."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ensure_config
from typing_extensions import override

from langchain_unified.chat_model import UnifiedChatModel
from langchain_unified.data import parse_toml
from langchain_unified.errors import InvalidParameterError
from langchain_unified.registry import default_registry

Fields = Literal["any"] | list[str] | tuple[str, ...]

_BY_DEFAULT = ("model", "model_provider")


def init_chat_model(
    model: str | None = None,
    *,
    model_provider: str | None = None,
    configurable_fields: Fields | None = None,
    config_prefix: str | None = None,
    **kwargs: Any,
) -> Any:
    """Return a chat model by its name, as `langchain.chat_models.init_chat_model` does.

    Names of OpenAI, Gemini, Azure OpenAI, Anthropic and Ollama give a
    `UnifiedChatModel`; names of every other provider give what LangChain's own function
    gives, which needs the package `langchain`.

    Args:
        model: Name of the model, alone or as `provider:name`. A bare name that starts
            with `gemini` is one of the Gemini API.
        model_provider: Provider of the model, if its name does not include it.
        configurable_fields: Settings that `config["configurable"]` may set at each
            call, or `"any"`. Without a model: `model` and `model_provider`.
        config_prefix: Prefix of those keys, without its underscore.
        **kwargs: Settings of the model, under the names its own class has for them.

    Returns:
        A chat model; with configurable fields, a `ConfigurableChatModel`.

    Raises:
        TypeError: If `model` is not a string.
        ImportError: If the provider needs `langchain`, and it is not installed.

    Example:
        >>> from langchain_unified import init_chat_model
        >>> init_chat_model("openai:gpt-4o", temperature=0).model_name
        'openai:gpt-4o'
        >>> chosen = init_chat_model(configurable_fields=("model", "temperature"))
        >>> type(chosen).__name__
        'ConfigurableChatModel'
    """
    _check_name(model)
    fields = configurable_fields or (None if model else _BY_DEFAULT)
    settings = dict(kwargs)
    if model:
        settings["model"] = model
    if model_provider:
        settings["model_provider"] = model_provider
    if fields is None:
        return _built(settings)
    return ConfigurableChatModel(settings, fields, config_prefix or "")


def _check_name(model: Any) -> None:
    if model is not None and not isinstance(model, str):
        message = (
            f"model must be a name such as 'openai:gpt-4o', not a "
            f"{type(model).__name__}; pass a name, or use the chat model directly."
        )
        raise TypeError(message)


class ConfigurableChatModel(Runnable[LanguageModelInput, Any]):
    """A chat model that is chosen at each call, from `config["configurable"]`.

    Args:
        settings: Settings of calls whose config sets nothing.
        fields: Settings that a config may set, or `"any"`.
        prefix: Prefix of their keys in a config.
        operations: Methods to call on the model before it runs, with their arguments.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        fields: Fields,
        prefix: str = "",
        operations: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = (),
    ) -> None:
        """Keep the settings; the model is made at the call."""
        self._settings = dict(settings)
        self._fields = fields
        self._prefix = f"{prefix}_" if prefix and not prefix.endswith("_") else prefix
        self._operations = operations

    @property
    @override
    def InputType(self) -> Any:
        """What a chat model takes."""
        return LanguageModelInput

    def bind_tools(self, *args: Any, **kwargs: Any) -> ConfigurableChatModel:
        """Bind tools to the model of each call; see `UnifiedChatModel.bind_tools`."""
        return self._with("bind_tools", args, kwargs)

    def with_structured_output(
        self, *args: Any, **kwargs: Any
    ) -> ConfigurableChatModel:
        """Ask whichever model is chosen for objects of a schema.

        See `UnifiedChatModel.with_structured_output`.
        """
        return self._with("with_structured_output", args, kwargs)

    @override
    def with_config(
        self, config: RunnableConfig | None = None, **kwargs: Any
    ) -> ConfigurableChatModel:
        """Set fields, and bind the rest of a config."""
        merged = ensure_config(RunnableConfig(**{**(config or {}), **kwargs}))  # type: ignore[typeddict-item]
        chosen = self._chosen(merged)
        rest = {
            key: value
            for key, value in (merged.get("configurable") or {}).items()
            if key.removeprefix(self._prefix) not in chosen
        }
        settled = ConfigurableChatModel(
            {**self._settings, **chosen}, self._fields, self._prefix, self._operations
        )
        return settled._with(
            "with_config", (), {"config": {**merged, "configurable": rest}}
        )

    @override
    def invoke(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Any:
        return self._model(config).invoke(input, config, **kwargs)

    @override
    async def ainvoke(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Any:
        return await self._model(config).ainvoke(input, config, **kwargs)

    @override
    def stream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Iterator[Any]:
        yield from self._model(config).stream(input, config, **kwargs)

    @override
    async def astream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        async for chunk in self._model(config).astream(input, config, **kwargs):
            yield chunk

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the model that is used where a config sets nothing."""
        if name.startswith("_") or "model" not in self._settings:
            message = f"{name!r}: no model is set; pass one to init_chat_model."
            raise AttributeError(message)
        return getattr(self._model(), name)

    def _with(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> ConfigurableChatModel:
        operations = (*self._operations, (name, args, kwargs))
        return ConfigurableChatModel(
            self._settings, self._fields, self._prefix, operations
        )

    def _model(self, config: RunnableConfig | None = None) -> Runnable[Any, Any]:
        settings = {**self._settings, **self._chosen(ensure_config(config))}
        made: Any = _built(settings)
        for name, args, kwargs in self._operations:
            made = getattr(made, name)(*args, **kwargs)
        return made  # type: ignore[no-any-return]

    def _chosen(self, config: RunnableConfig) -> dict[str, Any]:
        """Return the settings that a config may set, and does."""
        given = {
            key.removeprefix(self._prefix): value
            for key, value in (config.get("configurable") or {}).items()
            if key.startswith(self._prefix)
        }
        if self._fields == "any":
            return given
        return {key: value for key, value in given.items() if key in self._fields}


def _built(settings: Mapping[str, Any]) -> BaseChatModel:
    """Return the model that settings describe."""
    name, provider = _read_name(settings)
    if provider is None:
        return _by_langchain(settings)
    given = {k: v for k, v in settings.items() if k not in {"model", "model_provider"}}
    table = class_facts()
    renamed = table["renamed"].get(provider, {})
    given = {renamed.get(key, key): value for key, value in given.items()}
    connection = _connection(table["connection"].get(provider, {}), given)
    name = _deployed(name, table["deployment"].get(provider, ()), given, connection)
    if connection:
        given["providers"] = {**given.get("providers", {}), provider: connection}
    if not default_registry().is_enabled(provider):
        given["enable"] = [*given.get("enable", ()), provider]
    return UnifiedChatModel(model=f"{provider}:{name}", **given)


def _read_name(settings: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return a model's name and provider; no provider for one that is LangChain's."""
    name = settings.get("model")
    if not name:
        accepted = 'name one, for example config={"configurable": {"model": "..."}}.'
        raise InvalidParameterError("model", name, accepted)
    _check_name(name)
    told = settings.get("model_provider")
    provider = provider_of(name, told)
    prefixed = provider is not None and not told
    return name.removeprefix(f"{provider}:") if prefixed else name, provider


def provider_of(name: str, told: str | None = None) -> str | None:
    """Return the provider of a name that this package has; `None` for any other.

    Args:
        name: Name of a model, with or without the prefix of a provider.
        told: The provider, if it was given beside the name.

    Example:
        >>> provider_of("openai:gpt-4o"), provider_of("groq:llama-3.1-8b-instant")
        ('openai', None)
    """
    own = default_registry().files
    head, colon, _ = name.partition(":")
    if told:
        told = told.replace("-", "_").lower()
        return told if told in own else None
    if colon:
        return head if head in own else None
    inferred: Mapping[str, str] = class_facts()["inferred"]
    start = next((s for s in inferred if name.lower().startswith(s)), None)
    return inferred[start] if start else None


def _connection(names: Mapping[str, str], given: dict[str, Any]) -> dict[str, Any]:
    """Take the settings of a provider's connection out of the others."""
    return {names[key]: given.pop(key) for key in [*given] if key in names}


def _deployed(
    name: str,
    keywords: Sequence[str],
    given: dict[str, Any],
    connection: dict[str, Any],
) -> str:
    """Return the deployment to call, and note which model it runs."""
    named = next((given.pop(key) for key in keywords if key in given), None)
    if named is None:
        return name
    connection["deployments"] = {named: name}
    return str(named)


def _by_langchain(settings: Mapping[str, Any]) -> BaseChatModel:
    """Return what LangChain's own function makes of settings."""
    try:
        from langchain.chat_models import init_chat_model as theirs  # noqa: PLC0415
    except ImportError as error:
        message = (
            f"{settings['model']!r} is of a provider that UnifiedChatModel does not "
            "have; LangChain's own models need: pip install langchain"
        )
        raise ImportError(message) from error
    made: BaseChatModel = theirs(**settings)
    return made


@lru_cache(maxsize=1)
def class_facts() -> Mapping[str, Any]:
    """Return what is known of the classes that the model replaces."""
    text = files("langchain_unified.data").joinpath("init_chat_model.toml")
    return parse_toml(text.read_text(encoding="utf-8"))
