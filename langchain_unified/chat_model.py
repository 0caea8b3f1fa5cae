"""`UnifiedChatModel`: the LangChain face; thin methods over one plan."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import Runnable, RunnableBinding, RunnableConfig
from langchain_core.runnables.config import ensure_config
from typing_extensions import override

from langchain_unified import engine
from langchain_unified.configured import check_undeclared, with_run_settings
from langchain_unified.contract import Contract
from langchain_unified.history.media import completed
from langchain_unified.invocation import neutral_format, neutral_tools
from langchain_unified.reliability.closing import owned
from langchain_unified.schemas import read_structure
from langchain_unified.types import ToolLike


class UnifiedChatModel(Contract):
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

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        path = self.router.path(messages, stop, kwargs, stream=False)
        if path is not None:
            return path.generate()
        messages, kwargs = self._unseen(messages, kwargs)
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
        path = self.router.path(messages, stop, kwargs, stream=False)
        if path is not None:
            return await path.agenerate()
        messages, kwargs = self._unseen(messages, kwargs)
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
        path = self.router.path(messages, stop, kwargs, stream=True)
        if path is not None:
            return path.stream()
        messages, kwargs = self._unseen(messages, kwargs)
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
        path = self.router.path(messages, stop, kwargs, stream=True)
        if path is None:
            messages, kwargs = self._unseen(messages, kwargs)
            attempts = self._attempts(messages, stop, kwargs, stream=True)
            sent = engine.astream(attempts, self._shim, messages)
        else:
            sent = path.astream()
        async with owned(sent) as chunks:
            async for chunk in chunks:
                yield chunk

    @override
    def _convert_input(self, model_input: LanguageModelInput) -> PromptValue:
        return completed(super()._convert_input(model_input))

    def _with_declared(
        self, config: RunnableConfig | None, kwargs: dict[str, Any]
    ) -> tuple[RunnableConfig, dict[str, Any]]:
        """Let the config's settings stand for those the call does not give."""
        config, kwargs = with_run_settings(ensure_config(config), kwargs)
        if self.configurable is None:
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
        config, kwargs = self.router.decided(*self._with_declared(config, kwargs))
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
        config, kwargs = self.router.decided(*self._with_declared(config, kwargs))
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
        config, kwargs = self.router.decided(*self._with_declared(config, kwargs))
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
        config, kwargs = self.router.decided(*self._with_declared(config, kwargs))
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


def _keep_signatures(model: type[BaseChatModel]) -> None:
    """Keep the signatures that langchain-core asks for at every call."""
    for name in ("_generate", "_agenerate"):
        face = getattr(model, name)
        vars(face)["__signature__"] = inspect.signature(face)


_keep_signatures(UnifiedChatModel)
