"""`UnifiedChatModel`: LangChain's faces and hooks, thin, over the parts it holds."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import (
    BaseChatModel,
    LangSmithParams,
    LanguageModelInput,
    ModelProfile,
)
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import (
    Runnable,
    RunnableBinding,
    RunnableConfig,
)
from langchain_core.runnables.config import ensure_config
from pydantic import Field, PrivateAttr, field_validator
from typing_extensions import Self, override

from langchain_unified import counting, tracing
from langchain_unified.clients import client_attribute
from langchain_unified.configured import check_undeclared, with_run_settings
from langchain_unified.cost import Purse
from langchain_unified.drop_in import LLM_TYPE, DropIn, settings_of
from langchain_unified.errors import MissingCredentialsError, NoClientError
from langchain_unified.given import reading, sendable
from langchain_unified.history.media import completed
from langchain_unified.invocation import neutral_format, neutral_tools
from langchain_unified.planning import Planning
from langchain_unified.registry.profiles import profile_of
from langchain_unified.reliability.closing import owned
from langchain_unified.rollout import Router, ShadowReport
from langchain_unified.rollout.control import rollout_of
from langchain_unified.runner import Runner, faces
from langchain_unified.schemas import read_structure
from langchain_unified.serialization import without_secrets
from langchain_unified.types import CallPlan, Invocation, ModelConfig, ToolLike


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

        llm = UnifiedChatModel(model="gpt-4o", configurable=("model", "temperature"))
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

    rollout: Any = Field(default=None, exclude=True, repr=False)
    """What decides which implementation answers: `unified`, `legacy`,
    `canary:<percent>` or `shadow`, a function, a `pathlib.Path`, an OpenFeature client
    or a `Rollout`. Read at every call; a `with rollout(...)` block goes first, the
    environment variable `LANGCHAIN_UNIFIED_ROLLOUT` last."""

    _purse: Purse = PrivateAttr(default_factory=Purse)

    @field_validator("rollout")
    @classmethod
    def _check_rollout(cls, value: Any) -> Any:
        rollout_of(value)
        return value

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Read the keywords and check their values."""
        super().__init__(*args, **kwargs)
        self._planning.check()

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
        """What hands each call to the path that serves it, and holds all other parts.

        Made when first needed after a setting was changed; a copy has its own.
        """
        return _assembled(self, self._convert_input)

    @property
    def router(self) -> Router:
        """What hands each call to the path that serves it; a copy has its own."""
        return self._router

    @property
    def _planning(self) -> Planning:
        return self._router.runner.planning

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
        call = self._planning.calls.read(kwargs.pop("stop", None), kwargs)
        asked = self._planning.invocation(messages, call, stream=stream)
        return self._planning.plan(asked)

    def resolve(self, model: str | None = None) -> ModelConfig:
        """Return what is known about a model, and what was learned.

        Args:
            model: Any name a call takes; the model's own if left out.
        """
        return self._planning.resolve(model)

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        router = self._router
        path = router.path(messages, stop, kwargs, stream=False)
        if path is not None:
            result: ChatResult = path.send("generate")
            return result
        asked = router.runner.asked(messages, stop, kwargs, stream=False)
        return faces.generate(*asked)

    @override
    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        router = self._router
        path = router.path(messages, stop, kwargs, stream=False)
        if path is not None:
            result: ChatResult = await path.send("agenerate")
            return result
        asked = router.runner.asked(messages, stop, kwargs, stream=False)
        return await faces.agenerate(*asked)

    @override
    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        router = self._router
        path = router.path(messages, stop, kwargs, stream=True)
        if path is not None:
            sent: Iterator[ChatGenerationChunk] = path.send("stream")
            return sent
        asked = router.runner.asked(messages, stop, kwargs, stream=True)
        return faces.stream(*asked)

    @override
    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        router = self._router
        path = router.path(messages, stop, kwargs, stream=True)
        if path is None:
            asked = router.runner.asked(messages, stop, kwargs, stream=True)
            sent = faces.astream(*asked)
        else:
            sent = path.send("astream")
        async with owned(sent) as chunks:
            async for chunk in chunks:
                yield chunk

    @override
    def _convert_input(self, model_input: LanguageModelInput) -> PromptValue:
        with reading(model_input):
            return completed(sendable(super()._convert_input(model_input)))

    def _with_declared(
        self, config: RunnableConfig | None, kwargs: dict[str, Any]
    ) -> tuple[RunnableConfig, dict[str, Any]]:
        """Let the config's settings stand for those the call does not give."""
        config = ensure_config(config)
        if kwargs:
            config, kwargs = with_run_settings(config, kwargs)
        if self.configurable is None:
            if config.get("configurable"):
                check_undeclared(config)
            return config, kwargs
        return config, {**self.chosen_by(config), **kwargs}

    @override
    def invoke(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        config, kwargs = self._router.decided(*self._with_declared(config, kwargs))
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
        config, kwargs = self._router.decided(*self._with_declared(config, kwargs))
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
        config, kwargs = self._router.decided(*self._with_declared(config, kwargs))
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
        config, kwargs = self._router.decided(*self._with_declared(config, kwargs))
        async for chunk in super().astream(input, config, stop=stop, **kwargs):
            yield chunk

    @override
    def bind_tools(
        self,
        tools: Sequence[ToolLike],
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
            strict: Whether arguments must match the schema; beside `response_format`
                they must unless `False` is given, as for ChatOpenAI.
            **kwargs: Further settings to bind, for example `parallel_tool_calls` or
                `response_format`.
        """
        asked = kwargs.get("response_format")
        if asked and strict is not False and not self.use_responses_api:
            # Chat completions takes a form of the answer beside strict tools only.
            strict = True
        if asked and not isinstance(asked, type):
            kwargs["response_format"] = neutral_format(asked, strict=strict)
        settings = {"tools": neutral_tools(tools, strict=strict), **kwargs}
        if tool_choice is not None:
            settings["tool_choice"] = tool_choice
        return self.bind(**settings)

    @override
    def bind(self, **kwargs: Any) -> RunnableBinding[LanguageModelInput, AIMessage]:  # type: ignore[override]
        """Bind settings; binding again, tools and structured output keep them."""
        from langchain_unified.binding import UnifiedBinding  # noqa: PLC0415

        return UnifiedBinding(bound=self, kwargs=kwargs, config={})

    @override
    def with_config(
        self, config: RunnableConfig | None = None, **kwargs: Any
    ) -> RunnableBinding[LanguageModelInput, AIMessage]:
        """Bind a config; tools and structured output bound later keep it."""
        return self.bind().with_config(config, **kwargs)  # type: ignore[return-value]

    @override
    def with_structured_output(
        self,
        schema: Any = None,
        *,
        method: str | None = None,
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Return a runnable that gives objects of a schema.

        How the form is asked for is decided at each call, for the model of the call:
        its native schema, else a tool call, else JSON described in words; the answer
        is checked on the client in every case.

        Args:
            schema: A pydantic class, a `TypedDict`, a dataclass or a JSON Schema.
            method: `json_schema`, `function_calling` or `json_mode` to insist; where
                the model of the call cannot do it, the best it can do is used and the
                change put on record.
            include_raw: Whether to give `{"raw", "parsed", "parsing_error"}`.
            strict: Whether the answer must match to the letter.
            **kwargs: Further settings to bind, for example `tools`.

        Raises:
            RefusalError: At the call, if the model refused.
            TruncatedOutputError: At the call, if the answer was cut off.
            StructuredOutputError: At the call, if the answer has another form.
        """
        return self.structured_by(
            self.bind(),
            schema,
            method=method,
            include_raw=include_raw,
            strict=strict,
            **kwargs,
        )

    def structured_by(
        self,
        bound: RunnableBinding[LanguageModelInput, AIMessage],
        schema: Any = None,
        *,
        method: str | None = None,
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Return what `with_structured_output` does, with settings bound."""
        from langchain_unified.structured import structured  # noqa: PLC0415

        structure = read_structure(schema, method=method, strict=strict)
        if "tools" in kwargs:
            kwargs["tools"] = neutral_tools(kwargs["tools"], strict=strict)
        asked = {"method": method, "strict": strict}
        told = {"kwargs": asked, "schema": structure.as_traced()}
        llm = bound.bind(
            structure=structure, ls_structured_output_format=told, **kwargs
        )
        return structured(llm, structure, include_raw=include_raw)

    # Traces and caches

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, **self._planning.calls.defaults()}

    @override
    def _resolve_model_profile(self) -> ModelProfile | None:
        profile = profile_of(self._planning.known())
        on_responses = self.use_responses_api
        if on_responses is None:
            on_responses = self._means_responses()
        if profile.get("mid_conversation_tools") and not on_responses:
            # Only Responses has them; elsewhere the plan of each call chooses.
            profile["mid_conversation_tools"] = False
        return profile

    @override
    def _get_invocation_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Return what a trace shows: the settings of the call under standard names."""
        return tracing.traced(self._router.settings(stop, kwargs), LLM_TYPE)

    @override
    def _get_ls_params(
        self, stop: list[str] | None = None, **kwargs: Any
    ) -> LangSmithParams:
        router = self._router
        settings = router.settings(stop, kwargs, again=True)
        config = router.runner.planning.known(settings["model"])
        return tracing.langsmith_params(settings, config)

    @override
    def _get_llm_string(self, stop: list[str] | None = None, **kwargs: Any) -> str:
        """Name the call for the cache: the model used and what shapes its answer."""
        settings = self._router.settings(stop, kwargs, again=True)
        config = self._planning.known(settings["model"])
        server = self._planning.wiring.url(config.connection)
        return tracing.cache_key(settings, config, server, type(self).__name__)

    def shadow_report(self, timeout: float = 5.0) -> ShadowReport:
        """Return what calls in `shadow` mode showed so far.

        Args:
            timeout: Seconds to wait for comparisons that are still under way.
        """
        return self._router.rollout.report(timeout)

    # Token counts

    @override
    def get_num_tokens(self, text: str) -> int:
        """Count the tokens of a text alone, without a message around it."""
        if self.custom_get_token_ids is not None:
            return len(self.custom_get_token_ids(text))
        return counting.count_text(self._router.runner, self._counted, text)

    @override
    def get_token_ids(self, text: str) -> list[int]:
        """Return the tokens of a text, where its model's tokenizer is known."""
        if self.custom_get_token_ids is not None:
            return self.custom_get_token_ids(text)
        try:
            return counting.token_ids(self._router.runner, self._counted, text)
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
        runner = self._router.runner
        return counting.count_messages(runner, self._counted, messages, tools)

    @property
    def _counted(self) -> str:
        return self.tiktoken_model_name or self.model_name

    # Copies and connections

    def __copy__(self) -> Self:
        """Copy the settings; what follows from them is worked out anew."""
        copied = super().__copy__()
        copied.__dict__.pop("_router", None)
        return copied

    def copy(self, **kwargs: Any) -> Self:
        """Copy as pydantic 1 did; see `model_copy`."""
        copied = super().copy(**kwargs)
        copied.__dict__.pop("_router", None)
        return copied

    @override
    def to_json(self) -> Any:
        """Serialize without secrets: each becomes the name of its variable."""
        dumped: Any = super().to_json()
        if "use_responses_api" not in self.model_fields_set:
            dumped.get("kwargs", {}).pop("use_responses_api", None)
        return without_secrets(dumped, self._planning.wiring)

    def close(self) -> None:
        """Close the connections of this model's clients.

        Models with equal connection settings share them; all can still be used, and
        open new connections when they are.
        """
        self._planning.wiring.close()

    async def aclose(self) -> None:
        """Close the connections of this model's clients; see `close`."""
        await self._planning.wiring.aclose()

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

    def use_sdk_client(self, name: str, client: Any) -> None:
        """Put a client, or a resource of one, in the place of this model's own.

        Args:
            name: `client`, `async_client`, `root_client` or `root_async_client`.
            client: What serves the calls from now on; `None` for the model's own.
        """
        self._given_clients = {**self._given_clients, name: client}

    def sdk_client(self, name: str) -> Any:
        """Return one of the clients of OpenAI's connection; see `use_sdk_client`."""
        if name.startswith("root"):
            return getattr(self._openai(), name)
        return self.sdk_client(f"root_{name}").chat.completions

    def _openai(self) -> Any:
        """Return the OpenAI shim's delegate, which keeps the clients.

        Raises:
            NoClientError: If there is no key to make them with.
        """
        runner = self._router.runner
        plan = runner.planning.plan(Invocation("openai:any"))
        try:
            return runner.shim(plan).delegate  # type: ignore[attr-defined]
        except MissingCredentialsError as error:
            raise NoClientError(*error.args) from error


def _assembled(
    model: UnifiedChatModel,
    convert_input: Callable[[LanguageModelInput], PromptValue],
) -> Router:
    """Return the parts of a model, each of which holds those below it."""
    fields, private = model.__dict__, model.__pydantic_private__ or {}

    def killed() -> frozenset[str]:
        return router.killed()

    planning = Planning(
        fields,
        model.model_fields_set,
        private["_given_clients"],
        names=settings_of(type(model)),
        owner=type(model).__name__,
        purse=private["_purse"],
        killed=killed,
    )
    router = Router(model, Runner(fields, planning, private["_purse"]), convert_input)
    return router


def _keep_signatures(model: type[BaseChatModel]) -> None:
    """Keep the signatures that langchain-core asks for at every call."""
    for name in ("_generate", "_agenerate"):
        face = getattr(model, name)
        vars(face)["__signature__"] = inspect.signature(face)


_keep_signatures(UnifiedChatModel)
