"""What LangChain and its users ask about a chat model, answered for the model used."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.language_models import LangSmithParams, ModelProfile
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.runnables import (
    ConfigurableField,
    RunnableSerializable,
)
from langchain_core.runnables.utils import ConfigurableFieldSpec
from pydantic import Field, PrivateAttr, SecretStr, field_validator
from typing_extensions import override

from langchain_unified.choice import Chooser, is_auto
from langchain_unified.clients import client_attribute
from langchain_unified.configured import ANY, chosen_settings, key_prefix
from langchain_unified.engine.answers import summed
from langchain_unified.errors import MissingCredentialsError, NoClientError
from langchain_unified.invocation import neutral_tools
from langchain_unified.planning import Planning
from langchain_unified.registry.profiles import profile_of
from langchain_unified.reliability.secrets import masked_url
from langchain_unified.rollout.control import rollout_of
from langchain_unified.rollout.report import ShadowReport
from langchain_unified.rollout.router import KEYWORD, Router
from langchain_unified.types import CallPlan, Invocation, ToolLike

_TYPES = {
    "model": str,
    "temperature": float,
    "max_tokens": int,
    "reasoning_effort": str,
}
"""Types of settings that user interfaces ask for most."""

_UNCACHED = frozenset(
    {"timeout", "max_retries", "stream_usage", "extra_headers", "on_unsupported"}
)
"""Settings that do not change the answer, and so not its place in the cache."""


class Contract(Planning):
    """Traces, cache keys, profile, token counts, serialization and attributes."""

    rollout: Any = Field(default=None, exclude=True, repr=False)
    """What decides which implementation answers: `unified`, `legacy`,
    `canary:<percent>` or `shadow`, a function, a `pathlib.Path`, an OpenFeature client
    or a `Rollout`. Read at every call; a `with rollout(...)` block goes first, the
    environment variable `LANGCHAIN_UNIFIED_ROLLOUT` last."""

    _held: Router | None = PrivateAttr(default=None)

    @field_validator("rollout")
    @classmethod
    def _check_rollout(cls, value: Any) -> Any:
        rollout_of(value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; a rollout is checked, the plain model built again."""
        if name == KEYWORD:
            rollout_of(value)
        super().__setattr__(name, value)
        if not name.startswith("_"):
            self._held = None

    @property
    def router(self) -> Router:
        """What sends each call down its path; a copy of the model has its own."""
        held = self._held
        if held is None or not held.serves(self):
            held = self._held = Router(self)
        return held

    def shadow_report(self, timeout: float = 5.0) -> ShadowReport:
        """Return what calls in `shadow` mode showed so far.

        Args:
            timeout: Seconds to wait for comparisons that are still under way.
        """
        return self.router.rollout.report(timeout)

    @override
    def _chooser(self) -> Chooser:
        return super()._chooser().without(self.router.killed())

    @property
    def model(self) -> str:
        """Same as `model_name`."""
        return self.model_name

    @model.setter
    def model(self, name: str) -> None:
        self.model_name = name

    @property
    def _llm_type(self) -> str:
        return "unified-chat"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, **self._defaults()}

    @override
    def _resolve_model_profile(self) -> ModelProfile | None:
        return profile_of(self._known())

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """Name the settings a config may set, for user interfaces."""
        declared = self.configurable or ()
        names = tuple(_TYPES) if declared == ANY else declared
        prefix = key_prefix(self.config_prefix)
        return [
            ConfigurableFieldSpec(
                id=f"{prefix}{name}",
                annotation=_TYPES.get(name, Any) | None,
                name=name,
                description=f"{name} of the call.",
                default=None,
            )
            for name in names
        ]

    def chosen_by(self, config: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the settings that a config chooses, of those that were declared.

        Args:
            config: The config of a call.

        Example:
            >>> from langchain_unified import UnifiedChatModel
            >>> llm = UnifiedChatModel(model="gpt-4o", configurable=("model",))
            >>> llm.chosen_by({"configurable": {"model": "o3", "temperature": 1}})
            {'model': 'o3'}
        """
        return chosen_settings(config, self.configurable, self.config_prefix)

    @override
    def configurable_fields(self, **kwargs: Any) -> RunnableSerializable[Any, Any]:
        """Make fields configurable, under their names or ChatOpenAI's aliases."""
        spellings = self._spellings()
        named: dict[str, ConfigurableField] = {
            spellings.get(name, name): field for name, field in kwargs.items()
        }
        return super().configurable_fields(**named)

    # Traces and caches

    @override
    def _get_invocation_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Return what a trace shows: the settings of the call under standard names."""
        settings = self._shown(stop, kwargs)
        if "tools" in settings:
            settings["tools"] = [_without_secrets(tool) for tool in settings["tools"]]
        settings.pop("extra_headers", None)
        return {
            **settings,
            "model_name": settings["model"],
            "stop": settings.get("stop"),
            "_type": self._llm_type,
        }

    @override
    def _get_ls_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> LangSmithParams:
        settings = self._shown(stop, kwargs)
        config = self._resolve(settings["model"])
        params = LangSmithParams(
            ls_provider=config.provider,
            ls_model_name=config.model,
            ls_model_type="chat",
        )
        if "temperature" in settings:
            params["ls_temperature"] = settings["temperature"]
        if "max_tokens" in settings:
            params["ls_max_tokens"] = settings["max_tokens"]
        if settings.get("stop"):
            params["ls_stop"] = list(settings["stop"])
        return params

    @override
    def _get_llm_string(self, stop: list[str] | None = None, **kwargs: Any) -> str:
        """Name the call for the cache: the model used and what shapes its answer."""
        settings = self._shown(stop, kwargs)
        config = self._resolve(settings["model"])
        shown = {k: v for k, v in settings.items() if k not in _UNCACHED}
        shown["model"] = config.full_name
        if is_auto(settings["model"]):
            shown["auto"] = settings["model"]
        shown["server"] = self._url(config.connection)
        return f"{type(self).__name__}{sorted(shown.items(), key=lambda pair: pair[0])}"

    def _shown(self, stop: list[str] | None, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the settings of a call, for its trace and its place in the cache."""
        given = kwargs
        if "stop" in kwargs:
            given = {k: v for k, v in kwargs.items() if k != "stop"}
        unchecked = self.router.unchecked(stop, given)
        return unchecked or self._settings(stop, given)

    # Token counts

    @override
    def get_num_tokens(self, text: str) -> int:
        """Count the tokens of a text alone, without a message around it."""
        if self.custom_get_token_ids is not None:
            return len(self.custom_get_token_ids(text))
        plan = self._counted(None)
        try:
            return self._shim(plan).count_text(plan, text)
        except _UNCOUNTED as error:
            _warn_of_estimate(error)
        return count_tokens_approximately(
            [HumanMessage(text)], extra_tokens_per_message=0
        )

    @override
    def get_token_ids(self, text: str) -> list[int]:
        """Return the tokens of a text, where its model's tokenizer is known."""
        if self.custom_get_token_ids is not None:
            return self.custom_get_token_ids(text)
        plan = self._counted(None)
        try:
            return self._shim(plan).token_ids(plan, text)
        except NotImplementedError:
            return super().get_token_ids(text)

    @override
    def get_num_tokens_from_messages(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[ToolLike] | None = None,
        **kwargs: Any,
    ) -> int:
        """Count the tokens of messages for the model, as its provider counts them.

        Where the provider cannot be asked (no key, no network) the count is
        langchain-core's approximation, with a warning.
        """
        return self._count(messages, tools)

    def _count(self, messages: Sequence[BaseMessage], tools: Any) -> int:
        given = neutral_tools(tools or ())
        plan = self._counted(given)
        try:
            return self._shim(plan).count_tokens(plan, list(messages))
        except _UNCOUNTED as error:
            _warn_of_estimate(error)
        return count_tokens_approximately(messages, tools=given or None)

    def _counted(self, tools: list[Any] | None) -> CallPlan:
        """Return the plan by which tokens are counted."""
        name = self.tiktoken_model_name or self.model_name
        return self._plan(Invocation(name, params={"tools": tools} if tools else {}))

    # Serialization

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Whether LangChain can serialize the model: it can."""
        return True

    @classmethod
    def get_lc_namespace(cls) -> list[str]:
        """Return the namespace LangChain serializes the model under."""
        return ["langchain_unified", "chat_model"]

    @property
    def lc_secrets(self) -> dict[str, str]:
        """Environment variable by secret keyword."""
        return {
            "openai_api_key": "OPENAI_API_KEY",
            "google_api_key": "GOOGLE_API_KEY",
        }

    @override
    def to_json(self) -> Any:
        """Serialize without secrets: each becomes the name of its variable."""
        dumped: Any = super().to_json()
        given = dumped.get("kwargs", {})
        if given.get("providers"):
            given["providers"] = {
                provider: {
                    k: self._dumpable(provider, v)
                    for k, v in settings.items()
                    if k not in _PRIVATE
                }
                for provider, settings in given["providers"].items()
            }
        if "use_responses_api" not in self.model_fields_set:
            given.pop("use_responses_api", None)
        for name in _PRIVATE:
            given.pop(name, None)
        if given.get("openai_proxy"):
            given["openai_proxy"] = masked_url(given["openai_proxy"])
        return dumped

    def _dumpable(self, provider: str, value: Any) -> Any:
        if not isinstance(value, SecretStr):
            return value
        file = self._registry().files.get(provider)
        host = self._hosts().get(provider)
        variables = file.provider.key_env if file else host.key_env if host else ()
        name = variables[0] if variables else f"{provider.upper()}_API_KEY"
        return {"lc": 1, "type": "secret", "id": [name]}

    def __getstate__(self) -> dict[Any, Any]:
        """Travel without clients, and without keys the environment gave."""
        state: dict[Any, Any] = super().__getstate__()
        fields = type(self).model_fields
        given = state["__pydantic_fields_set__"]
        kept = {
            name: value
            for name, value in state["__dict__"].items()
            if name in fields
            and (name in given or fields[name].default_factory is None)
        }
        for name in _IMMOVABLE:
            kept[name] = None
        return {**state, "__dict__": kept, "__pydantic_private__": None}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Arrive: read the environment here, build clients when first needed."""
        super().__setstate__(state)
        self.model_post_init(None)
        for name, field in type(self).model_fields.items():
            if name not in self.__dict__:
                self.__dict__[name] = field.get_default(call_default_factory=True)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Any:
        """Copy the settings; clients are shared, as they are by equal settings."""
        copied = self.__copy__()
        for name, value in copied.__dict__.items():
            if isinstance(value, (dict, list)):
                copied.__dict__[name] = copy.deepcopy(value, memo)
        return copied

    def close(self) -> None:
        """Close the connections of this model's clients.

        Models with equal connection settings share them; all can still be used, and
        open new connections when they are.
        """
        for shim in self._derived.shims.values():
            shim.close()

    async def aclose(self) -> None:
        """Close the connections of this model's clients; see `close`."""
        for shim in self._derived.shims.values():
            await shim.aclose()

    # Attributes people read on ChatOpenAI

    @override
    def _combine_llm_outputs(
        self, llm_outputs: list[dict[str, Any] | None]
    ) -> dict[str, Any]:
        """Return the model and the tokens of all prompts of `generate`."""
        given = [output for output in llm_outputs if output]
        usages = [output.get("token_usage") or {} for output in given]
        combined = {"token_usage": summed(usages), "model_name": self.model_name}
        prints = (output.get("system_fingerprint") for output in given)
        if found := next(filter(None, prints), None):
            combined["system_fingerprint"] = found
        return combined

    root_client = client_attribute(  # type: ignore[pydantic-field]
        "root_client", "The `openai.OpenAI` client of this model's connection."
    )
    root_async_client = client_attribute(  # type: ignore[pydantic-field]
        "root_async_client", "The `openai.AsyncOpenAI` client of this connection."
    )
    client = client_attribute(  # type: ignore[pydantic-field]
        "client", "The `chat.completions` resource of `root_client`."
    )
    async_client = client_attribute(  # type: ignore[pydantic-field]
        "async_client", "The `chat.completions` resource of `root_async_client`."
    )

    def _client(self, name: str) -> Any:
        """Return one of the clients of OpenAI's connection; see `client_attribute`."""
        if name.startswith("root"):
            return getattr(self._openai(), name)
        return self._client(f"root_{name}").chat.completions

    def _openai(self) -> Any:
        """Return the OpenAI shim's delegate, which keeps the clients.

        Raises:
            NoClientError: If there is no key to make them with.
        """
        plan = self._plan(Invocation("openai:" + _ANY_MODEL))
        try:
            return self._shim(plan).delegate  # type: ignore[attr-defined]
        except MissingCredentialsError as error:
            raise NoClientError(*error.args) from error


_ANY_MODEL = "any"
_UNCOUNTED = (NotImplementedError, OSError, ValueError, RuntimeError)
"""What counting raises where a provider has no count, no key or no network."""


def _warn_of_estimate(error: Exception) -> None:
    message = f"Tokens are counted approximately: {error}"
    warnings.warn(message, UserWarning, stacklevel=4)


_PRIVATE = ("default_headers", "default_query")
"""Connection settings that may hold keys without being marked as secrets."""

_IMMOVABLE = ("callbacks", "http_client", "http_async_client", "credentials")


def _without_secrets(tool: Any) -> Any:
    """Remote MCP servers are given credentials in the tool itself."""
    if not isinstance(tool, dict) or tool.get("type") != "mcp":
        return tool
    secret = {"headers", "authorization"}
    return {k: "**REDACTED**" if k in secret else v for k, v in tool.items()}
