"""`UnifiedChatModel`: LangChain's faces and hooks, thin, over the parts it holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from functools import cached_property
from typing import Any, TypeAlias

from langchain_core.language_models import (
    BaseChatModel,
    LangSmithParams,
    LanguageModelInput,
    ModelProfile,
)
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config
from langchain_core.runnables.utils import ConfigurableFieldSpec
from pydantic import ConfigDict, PrivateAttr, ValidationError, model_validator
from typing_extensions import override

from langchain_unified import rollout as rollouts
from langchain_unified.answers.whole import combined
from langchain_unified.cost import Purse
from langchain_unified.drop_in import (
    assembly,
    binding,
    clients,
    counting,
    keywords,
    overrides,
    serialization,
)
from langchain_unified.history.inputs import reading, sendable
from langchain_unified.history.media import completed
from langchain_unified.reliability.closing import owned
from langchain_unified.rollout import Router
from langchain_unified.rollout.control import rollout_of
from langchain_unified.runner.planning import Planning
from langchain_unified.settings import Settings, declared, forget_table
from langchain_unified.types import CallPlan, ModelConfig

LLM_TYPE = "unified-chat"
"""What LangChain calls the kind of the model."""

Input: TypeAlias = LanguageModelInput
Turns: TypeAlias = list[BaseMessage]
Stop: TypeAlias = list[str] | None
Config: TypeAlias = RunnableConfig | None


class UnifiedChatModel(Settings, BaseChatModel):
    """One chat model for OpenAI's and Google's models, switched per call.

    Accepts every keyword of `langchain_openai.ChatOpenAI` and sends each model only
    what it supports. Every parameter that is renamed, dropped, clamped or emulated is
    recorded in `response_metadata["unified"]["changes"]`.

    ???+ info "Setup"

        `pip install -U langchain-unified`, and set `OPENAI_API_KEY` and/or
        `GOOGLE_API_KEY`.

    ??? info "Key init args"

        | Name | Type | Meaning | | --- | --- | --- | | `model` | `str` | Default model
        of calls | | `temperature` | `float` | Sampling temperature, 0 to 2 | |
        `max_tokens` | `int` | Maximum output tokens, including reasoning | | `stop` |
        `list[str]` | Strings at which the response ends | | `reasoning_effort` | `str`
        | `none` to `max`; the nearest accepted value is sent | | `timeout` | `float` |
        Timeout of a request in seconds | | `max_retries` | `int` | Maximum number of
        retries | | `api_key`, `base_url` | `str` | Key and URL for the provider of
        `model` | | `providers` | `dict` | Connection settings by provider id | |
        `on_unsupported` | `str` | `warn`, `ignore` or `error` |

    ??? info "Instantiate"

        ```python
        from langchain_unified import UnifiedChatModel

        llm = UnifiedChatModel(model="gpt-4o", temperature=0, max_tokens=100)
        ```

    ??? info "Invoke, and switch the model"

        ```python
        llm.invoke("hi")
        llm.invoke("hi", model="gpt-5.4")

        llm = UnifiedChatModel(model="gpt-4o", configurable=("model", "temperature"))
        llm.invoke("hi", config={"configurable": {"model": "gemini-2.5-flash"}})
        ```

    ??? info "Stream, async"

        ```python
        for chunk in llm.stream("hi", model="gpt-6-sol"):
            print(chunk.text, end="")

        await llm.ainvoke("hi")
        ```

    ??? info "Tool calling, structured output"

        ```python
        llm.bind_tools([get_weather]).invoke("Weather in Paris?").tool_calls
        llm.with_structured_output(Joke).invoke("Tell me a joke")
        ```

    ??? info "Explain a call"

        ```python
        print(llm.explain(model="gpt-6-sol", reasoning_effort="minimal"))
        ```
    """

    model_config = ConfigDict(
        populate_by_name=True, protected_namespaces=(), defer_build=True
    )

    _given_clients: dict[str, Any] = PrivateAttr(default_factory=dict)
    _purse: Purse = PrivateAttr(default_factory=Purse)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Have the settings that a subclass adds looked up like ours."""
        super().__pydantic_init_subclass__(**kwargs)
        overrides.warn_of_uncalled(cls)
        forget_table()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Read the keywords and check their values.

        Raises:
            UnknownParameterError: For an unknown keyword.
            InvalidParameterError: For a value of the wrong type or out of range.
        """
        problem = None
        try:
            super().__init__(*args, **kwargs)
        except ValidationError as error:
            problem = keywords.as_invalid_parameter(error)
        if problem is not None:
            raise problem  # Not from pydantic's error, which shows every keyword.
        self._given_clients = keywords.complete(self, kwargs)
        self._planning.check()

    @model_validator(mode="before")
    @classmethod
    def _read_keywords(cls, values: Any) -> Any:
        """Sort keywords into fields, further settings and connection settings."""
        if not isinstance(values, dict):
            return values
        return keywords.read_keywords(values, cls.spellings(), where=cls.__name__)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; settings are checked and take effect at the next call."""
        if name == "rollout":
            rollout_of(value)
        super().__setattr__(name, value)
        if name.startswith("_"):
            return
        self.__dict__.pop("_router", None)
        if name in {"model", "model_name"}:
            self.__dict__["profile"] = self._resolve_model_profile()

    @cached_property
    def _router(self) -> Router:
        """What hands each call to whoever serves it, and holds all other parts.

        Made when first needed after a setting was changed; a copy has its own.
        """
        clients, purse = self._given_clients, self._purse
        return assembly.assembled(self, clients, purse, self._convert_input)

    @property
    def router(self) -> Router:
        """What hands each call to whoever serves it; a copy has its own."""
        return self._router

    @property
    def _planning(self) -> Planning:
        return self._router.runner.planning

    def explain(self, input: Input | None = None, **kwargs: Any) -> CallPlan:
        """Return the plan of a call, without an API key or network access.

        Args:
            input: The messages of the call; left out, one text message is assumed.
            **kwargs: The keywords of `invoke`, and `stream=True` for a stream.

        Returns:
            The plan; it prints as a table in a terminal and in a notebook.

        Raises:
            UnsupportedError: If the model does not support the request.

        Example:
            >>> from langchain_unified import UnifiedChatModel
            >>> llm = UnifiedChatModel(model="gpt-4o", temperature=0)
            >>> llm.explain(model="o3").changes[-1].kind
            'dropped'
        """
        messages = [] if input is None else self._convert_input(input).to_messages()
        return self._planning.explain(messages, kwargs)

    def resolve(self, model: str | None = None) -> ModelConfig:
        """Return the facts about a model, including learned rules.

        Args:
            model: Any model name; the default model if left out.
        """
        return self._planning.resolve(model)

    def shadow_report(self, timeout: float = 5.0) -> rollouts.ShadowReport:
        """Return the report of the calls in `shadow` mode so far.

        Args:
            timeout: Seconds to wait for comparisons that are still running.
        """
        return self._router.rollout.report(timeout)

    # The faces: what is read and sent.

    @override
    def _convert_input(self, model_input: LanguageModelInput) -> PromptValue:
        if isinstance(model_input, str):
            return super()._convert_input(model_input)
        with reading(model_input):
            return completed(sendable(super()._convert_input(model_input)))

    def _read(
        self, config: Config, kwargs: dict[str, Any]
    ) -> tuple[RunnableConfig, dict[str, Any]]:
        """Return a call with what its config sets, and with who serves it."""
        config = ensure_config(config)
        if kwargs or config.get("configurable"):
            config, kwargs = declared.read_config(self, config, kwargs)
        if self._router.is_asked(kwargs):
            config, kwargs = self._router.decided(config, kwargs)
        return config, kwargs

    @override
    def invoke(
        self, input: Input, config: Config = None, *, stop: Stop = None, **kwargs: Any
    ) -> AIMessage:
        config, kwargs = self._read(config, kwargs)
        return super().invoke(input, config, stop=stop, **kwargs)

    @override
    async def ainvoke(
        self, input: Input, config: Config = None, *, stop: Stop = None, **kwargs: Any
    ) -> AIMessage:
        config, kwargs = self._read(config, kwargs)
        return await super().ainvoke(input, config, stop=stop, **kwargs)

    @override
    def stream(
        self, input: Input, config: Config = None, *, stop: Stop = None, **kwargs: Any
    ) -> Iterator[AIMessageChunk]:
        config, kwargs = self._read(config, kwargs)
        return super().stream(input, config, stop=stop, **kwargs)

    @override
    async def astream(
        self, input: Input, config: Config = None, *, stop: Stop = None, **kwargs: Any
    ) -> AsyncIterator[AIMessageChunk]:
        config, kwargs = self._read(config, kwargs)
        async for chunk in super().astream(input, config, stop=stop, **kwargs):
            yield chunk

    @override
    def _generate(
        self, messages: Turns, stop: Stop = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        answer: ChatResult = self._router.serve("generate", messages, stop, kwargs)
        return answer

    @override
    async def _agenerate(
        self, messages: Turns, stop: Stop = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        sent: Awaitable[ChatResult]
        sent = self._router.serve("agenerate", messages, stop, kwargs)
        return await sent

    @override
    def _stream(
        self, messages: Turns, stop: Stop = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        chunks: Iterator[ChatGenerationChunk]
        chunks = self._router.serve("stream", messages, stop, kwargs)
        return chunks

    @override
    async def _astream(
        self, messages: Turns, stop: Stop = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        sent = self._router.serve("astream", messages, stop, kwargs)
        async with owned(sent) as chunks:
            async for chunk in chunks:
                yield chunk

    # Tools, settings and schemas bound; see `langchain_unified.drop_in.binding`.

    bind = binding.bind  # type: ignore[assignment]
    bind_tools = binding.bind_tools
    with_config = binding.with_config
    with_structured_output = binding.with_structured_output

    configurable_fields = keywords.configurable_fields
    chosen_by = declared.chosen_by

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """Name the settings a config may set, for user interfaces."""
        return declared.config_specs(self.configurable, self.config_prefix)

    # Traces and caches.

    @property
    def _llm_type(self) -> str:
        return LLM_TYPE

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, **self._planning.calls.defaults()}

    @override
    def _resolve_model_profile(self) -> ModelProfile | None:
        return keywords.profile(self, self._planning.known())

    @override
    def _get_invocation_params(
        self, stop: Stop = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Return what a trace shows: the settings of the call under standard names."""
        call = self._router.runner.planning.calls.read(stop, kwargs)
        return {**call.traced, "_type": LLM_TYPE}

    @override
    def _get_ls_params(self, stop: Stop = None, **kwargs: Any) -> LangSmithParams:
        planning = self._router.runner.planning
        call = planning.calls.again(stop, kwargs)
        return call.langsmith_params(planning.known(call.settings["model"]))

    @override
    def _get_llm_string(self, stop: Stop = None, **kwargs: Any) -> str:
        """Name the call for the cache: the model used and what shapes its answer."""
        call = self._planning.calls.again(stop, kwargs)
        return self._planning.cache_key(call, type(self).__name__)

    @override
    def _combine_llm_outputs(
        self, llm_outputs: list[dict[str, Any] | None]
    ) -> dict[str, Any]:
        """Return the model and the tokens of all prompts of `generate`."""
        return combined(llm_outputs, self.model_name)

    get_num_tokens = counting.get_num_tokens
    get_token_ids = counting.get_token_ids
    get_num_tokens_from_messages = counting.get_num_tokens_from_messages

    # Copies and serialization; see `langchain_unified.drop_in.serialization`.

    __copy__ = serialization.shallow_copy
    __deepcopy__ = serialization.deep_copy
    __getstate__ = serialization.get_state
    __setstate__ = serialization.set_state
    copy = serialization.copy

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Whether LangChain can serialize the model: it can."""
        return True

    @classmethod
    def get_lc_namespace(cls) -> list[str]:
        """Return the namespace LangChain serializes the model under."""
        return ["langchain_unified", "chat_model"]

    to_json = serialization.to_json
    lc_secrets = property(serialization.lc_secrets)

    close = clients.close
    aclose = clients.aclose

    def use_sdk_client(self, name: str, client: Any) -> None:
        """Put an SDK client, or a resource of one, in the place of this model's own."""
        self._given_clients = {**self._given_clients, name: client}

    root_client = clients.attribute("root_client")
    root_async_client = clients.attribute("root_async_client")
    client = clients.attribute("client")
    async_client = clients.attribute("async_client")


keywords.keep_signatures(UnifiedChatModel)
