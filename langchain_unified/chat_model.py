"""`UnifiedChatModel`: the LangChain face; thin methods over one `_plan`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import LangSmithParams, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ensure_config
from langchain_core.tools import BaseTool
from pydantic import PrivateAttr
from typing_extensions import override

from langchain_unified import engine
from langchain_unified.attempts import Attempts
from langchain_unified.connection import Connection
from langchain_unified.drop_in import DropIn
from langchain_unified.errors import InvalidParameterError, UnsupportedError
from langchain_unified.invocation import (
    canonical,
    checked,
    invocation,
    mentions_json,
    neutral_tools,
    traits_of,
)
from langchain_unified.planner import plan
from langchain_unified.registry import Registry, default_registry
from langchain_unified.shims import ProviderShim, connect
from langchain_unified.types import CallPlan, Invocation, ModelConfig

_LOG = logging.getLogger("langchain_unified")
_LOGGED: set[tuple[str, str, str]] = set()

CONFIGURABLE = ("model", "temperature", "max_tokens", "reasoning_effort")
"""Settings read from `config["configurable"]`."""

_DEFAULTS = (
    "temperature",
    "max_tokens",
    "stop",
    "reasoning_effort",
    "reasoning",
    "verbosity",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "n",
    "include",
    "truncation",
    "store",
    "context_management",
    "prompt_cache_options",
    "service_tier",
    "extra_body",
    "stream_usage",
    "use_responses_api",
    "max_retries",
    "on_unsupported",
    "output_version",
)


class UnifiedChatModel(DropIn):
    """One chat model for OpenAI's and Google's models, switched per call.

    Takes every keyword of `langchain_openai.ChatOpenAI` and sends each model exactly
    what it accepts; what is renamed, dropped, clamped or imitated on the way is on
    record in `response_metadata["unified"]["changes"]`.

    ???+ info "Setup"

        Install `langchain-unified` and set `OPENAI_API_KEY` and/or `GOOGLE_API_KEY`.

        ```bash
        pip install -U langchain-unified
        export OPENAI_API_KEY="..."
        ```

    ??? info "Key init args"

        | Name | Type | Meaning |
        | --- | --- | --- |
        | `model` | `str` | Model of calls that name none |
        | `temperature` | `float` | Sampling temperature, 0 to 2 |
        | `max_tokens` | `int` | Most tokens of the answer, reasoning included |
        | `stop` | `list[str]` | Strings that end the answer |
        | `reasoning_effort` | `str` | `none` to `max`; the nearest legal is sent |
        | `timeout` | `float` | Seconds allowed for a call |
        | `max_retries` | `int` | Attempts after the first |
        | `api_key`, `base_url` | `str` | Of the provider of `model` |
        | `providers` | `dict` | Connection settings by provider id |
        | `on_unsupported` | `str` | `warn`, `ignore` or `error` |

    ??? info "Instantiate"

        ```python
        from langchain_unified import UnifiedChatModel

        llm = UnifiedChatModel(model="gpt-4o", temperature=0, max_tokens=100)
        ```

    ??? info "Invoke, and switch the model"

        ```python
        llm.invoke("hi")
        llm.invoke("hi", model="gpt-5.4")
        llm.invoke("hi", config={"configurable": {"model": "gemini-2.5-flash"}})
        ```

    ??? info "Stream"

        ```python
        for chunk in llm.stream("hi", model="gpt-6-sol"):
            print(chunk.text, end="")
        ```

    ??? info "Async"

        ```python
        await llm.ainvoke("hi")
        ```

    ??? info "Tool calling"

        ```python
        llm.bind_tools([get_weather]).invoke("Weather in Paris?").tool_calls
        ```

    ??? info "Structured output"

        ```python
        llm.with_structured_output(Joke).invoke("Tell me a joke")
        ```

    ??? info "Look before you call"

        ```python
        print(llm.explain(model="gpt-6-sol", reasoning_effort="minimal"))
        ```
    """

    _shims: dict[str, ProviderShim] = PrivateAttr(default_factory=dict)
    _connections: dict[str, Connection] = PrivateAttr(default_factory=dict)
    _checked_defaults: dict[str, Any] | None = PrivateAttr(default=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Read the keywords and check their values."""
        super().__init__(*args, **kwargs)
        self._defaults()

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; settings take effect at the next call."""
        super().__setattr__(name, value)
        if not name.startswith("_"):
            self._checked_defaults = None
            self._shims, self._connections = {}, {}

    # Planning

    def explain(
        self, input: LanguageModelInput | None = None, **kwargs: Any
    ) -> CallPlan:
        """Return the plan of a call, and why, without a key or the network.

        Args:
            input: The messages of the call; left out, one text message is assumed.
            **kwargs: What would be given to `invoke`, and `stream=True` for a stream.

        Returns:
            The plan; it prints as a table in a terminal and in a notebook.

        Raises:
            UnsupportedError: If the model cannot do what is asked for.

        Example:
            >>> from langchain_unified import UnifiedChatModel
            >>> llm = UnifiedChatModel(model="gpt-4o", temperature=0)
            >>> llm.explain(model="o3").changes[-1].kind
            'dropped'
        """
        stream = bool(kwargs.pop("stream", False))
        messages = [] if input is None else self._convert_input(input).to_messages()
        stop = kwargs.pop("stop", None)
        return self._plan(self._invocation(messages, stop, kwargs, stream=stream))

    def _attempts(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> Attempts:
        """Read a call; it is planned at each attempt with what is known by then."""
        if not messages:
            raise InvalidParameterError("messages", messages, "give at least one.")
        call = self._invocation(messages, stop, kwargs, stream=stream)
        return Attempts(
            lambda caution: self._plan(replace(call, caution=caution)),
            self._registry().lessons,
            self._url,
        )

    def _invocation(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> Invocation:
        """Return the call in LangChain's words, checked."""
        settings = self._settings(stop, kwargs)
        traits = traits_of(messages)
        if "response_format" in settings and mentions_json(messages):
            traits = replace(traits, mentions_json=True)
        return invocation(settings, traits, stream=stream)

    def _plan(self, call: Invocation) -> CallPlan:
        """Return the plan of a call; the only place where one is made."""
        config = self._resolve(call.model)
        self._registry().check_enabled(config.provider, self.enable)
        try:
            return plan(call, config)
        except UnsupportedError as refusal:
            raise self._with_alternatives(refusal, call) from None

    def _settings(
        self, stop: list[str] | None, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        """Merge the constructor's settings with those of the call; the call wins."""
        given = canonical(kwargs, where="The call")
        if stop is not None:
            given["stop"] = stop
        model = given.get("model") or self.model_name
        merged = {**self._defaults(), **checked(given, model=model)}
        for name, value in given.items():
            if value is None:
                merged.pop(name, None)
        for name in self.disabled_params or {}:
            merged.pop(name, None)
        merged.setdefault("model", model)
        return merged

    def _defaults(self) -> dict[str, Any]:
        if self._checked_defaults is None:
            own = {name: getattr(self, name) for name in _DEFAULTS}
            own["timeout"] = self.request_timeout
            own |= canonical(self.model_kwargs, where=type(self).__name__)
            self._checked_defaults = checked(own, model=self.model_name)
        return self._checked_defaults

    def _registry(self) -> Registry:
        return self.registry or default_registry()

    def _resolve(self, model: str | None = None) -> ModelConfig:
        registry = self._registry()
        name = model if model is not None else self.model_name
        config = registry.resolve(name, base_url=self._url("openai"))
        return registry.lessons.apply(config, self._url(config.provider))

    def _url(self, provider: str) -> str | None:
        """Return the base URL set for a provider."""
        found: str | None = self._connected(provider).get("base_url")
        return found

    def _connected(self, provider: str) -> Connection:
        found = self._connections.get(provider)
        if found is None:
            found = self._connections[provider] = self._connection(provider)
        return found

    def _with_alternatives(
        self, refusal: UnsupportedError, call: Invocation
    ) -> UnsupportedError:
        if refusal.feature is None:
            return refusal
        return refusal.suggesting(
            self._registry().models_with(refusal.feature, like=call.model)
        )

    def _shim(self, plan: CallPlan) -> ProviderShim:
        """Return the shim a plan is sent with; log what the plan changes."""
        self._log(plan)
        shim = self._shims.get(plan.provider)
        if shim is None:
            shim = connect(self._connected(plan.provider))
            self._shims[plan.provider] = shim
        return shim

    def _log(self, planned: CallPlan) -> None:
        """Warn once per model and parameter about what was dropped or clamped."""
        if planned.on_unsupported == "ignore":
            return
        for change in planned.changes:
            if change.kind not in {"dropped", "clamped"}:
                continue
            key = (planned.provider, planned.model, change.parameter)
            if key not in _LOGGED:
                _LOGGED.add(key)
                _LOG.warning(
                    "%s: %s=%r %s: %s",
                    planned.model,
                    change.parameter,
                    change.requested,
                    change.kind,
                    change.reason,
                )

    # The four faces

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        attempts = self._attempts(messages, stop, kwargs, stream=False)
        return engine.generate(attempts, self._shim, messages)

    @override
    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        attempts = self._attempts(messages, stop, kwargs, stream=False)
        return await engine.agenerate(attempts, self._shim, messages)

    @override
    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        attempts = self._attempts(messages, stop, kwargs, stream=True)
        return engine.stream(attempts, self._shim, messages)

    @override
    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        attempts = self._attempts(messages, stop, kwargs, stream=True)
        async for chunk in engine.astream(attempts, self._shim, messages):
            yield chunk

    # Settings by config

    @override
    def invoke(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        config, kwargs = _configured(config, kwargs)
        return super().invoke(input, config, stop=stop, **kwargs)

    @override
    async def ainvoke(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        config, kwargs = _configured(config, kwargs)
        return await super().ainvoke(input, config, stop=stop, **kwargs)

    @override
    def stream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        config, kwargs = _configured(config, kwargs)
        return super().stream(input, config, stop=stop, **kwargs)

    @override
    async def astream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        config, kwargs = _configured(config, kwargs)
        async for chunk in super().astream(input, config, stop=stop, **kwargs):
            yield chunk

    # Tools

    @override
    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: dict[str, Any] | str | bool | None = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools; they are put in the wire's form when the model is known.

        Args:
            tools: Functions, pydantic classes, `BaseTool`s or dictionaries.
            tool_choice: `auto`, `none`, `any` or `required`, the name of a tool,
                `True` for any, or a provider's dictionary.
            strict: Whether arguments must match the schema.
            **kwargs: Further settings to bind, for example `parallel_tool_calls`.
        """
        settings = {"tools": neutral_tools(tools, strict=strict), **kwargs}
        if tool_choice is not None:
            settings["tool_choice"] = tool_choice
        return self.bind(**settings)

    # What LangChain asks about a model

    @property
    def model(self) -> str:
        """Same as `model_name`."""
        return self.model_name

    @property
    def _llm_type(self) -> str:
        return "unified-chat"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, **self._defaults()}

    @override
    def _get_ls_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> LangSmithParams:
        settings = self._settings(
            stop, {k: v for k, v in kwargs.items() if k != "stop"}
        )
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
        if "stop" in settings:
            params["ls_stop"] = list(settings["stop"])
        return params

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


def _configured(
    config: RunnableConfig | None, kwargs: dict[str, Any]
) -> tuple[RunnableConfig, dict[str, Any]]:
    """Let the config's settings stand for those the call does not give."""
    config = ensure_config(config)
    configurable = config.get("configurable") or {}
    chosen = {k: configurable[k] for k in CONFIGURABLE if k in configurable}
    return config, {**chosen, **kwargs} if chosen else kwargs
