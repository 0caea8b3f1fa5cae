"""`UnifiedInferenceService`: text in, typed results out, any model per call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig

from langchain_unified.chat_model import UnifiedChatModel
from langchain_unified.registry import Registry, default_registry
from langchain_unified.service import health
from langchain_unified.service.batch import CONCURRENCY, Batch, Progress, run_batch
from langchain_unified.service.capabilities import capabilities_of
from langchain_unified.service.failures import is_provider_failure, typed_failures
from langchain_unified.service.health import Health
from langchain_unified.service.images import Image, image_blocks
from langchain_unified.service.results import StructuredResult, TextResult, facts_of
from langchain_unified.types import CallPlan, ModelConfig

AUTO = "auto"
"""The model name that leaves the choice to the service."""

Images = Image | Iterable[Image]
"""One image or several; see `langchain_unified.service.images`."""


@dataclass(frozen=True)
class _Call:
    """A call as the chat model takes it."""

    input: LanguageModelInput
    config: RunnableConfig | None
    settings: dict[str, Any]
    started: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return time.perf_counter() - self.started


class UnifiedInferenceService:
    """Text generation for applications that do not want to know LangChain.

    Every method takes the settings of a call as keywords, under the names of LangChain,
    of `ChatOpenAI` or of the wire (`max_tokens`, `max_completion_tokens`,
    `max_output_tokens`), and sends each model what it accepts. Methods are
    asynchronous; each has a synchronous twin that ends in `_sync`. Cancelling a task
    cancels its request. `model="auto"` is the model the service was made with, which
    may itself be `auto` or `auto:cheapest`: the registry's choice for the call.

    Args:
        llm: The chat model to use.
        **settings: Keywords of `UnifiedChatModel`, if no `llm` is given.

    Example:
        ```python
        service = UnifiedInferenceService(model="gpt-4o", temperature=0)
        result = await service.generate_text("hi", model="gemini-2.5-flash")
        print(result.text, result.model_used, result["usage"])
        ```
    """

    def __init__(self, llm: UnifiedChatModel | None = None, **settings: Any) -> None:
        """Keep the chat model, or make one."""
        if llm is not None and settings:
            message = "Give either a chat model or the keywords of one, not both."
            raise TypeError(message)
        self.llm = llm if llm is not None else UnifiedChatModel(**settings)

    # Text

    async def generate_text(
        self,
        prompt: str,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> TextResult:
        """Answer a prompt.

        Args:
            prompt: What to ask.
            model: Any model the registry understands, or `auto`.
            system_message: Instructions that go before the prompt.
            images: URLs, data URLs, bytes or `pathlib.Path`s.
            config: LangChain's config: tags, metadata, `configurable` with `user_id`.
            **settings: Settings of the call, for example `max_tokens`.

        Raises:
            ProviderError: If the provider fails.
            UnsupportedError: If the model cannot do what is asked for.
            UnknownParameterError: If there is no such setting.
        """
        messages = await _aturns(prompt, system_message, images)
        return await self.generate_chat(messages, model, config=config, **settings)

    def generate_text_sync(
        self,
        prompt: str,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> TextResult:
        """Answer a prompt; see `generate_text`."""
        messages = _turns(prompt, system_message, images)
        return self.generate_chat_sync(messages, model, config=config, **settings)

    async def generate_chat(
        self,
        messages: LanguageModelInput,
        model: str = AUTO,
        *,
        config: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> TextResult:
        """Answer a conversation.

        Args:
            messages: `{"role": ..., "content": ...}` dictionaries, tuples of both, or
                LangChain messages.
            model: Any model the registry understands, or `auto`.
            config: LangChain's config.
            **settings: Settings of the call.

        Raises:
            ProviderError: If the provider fails.
            UnsupportedError: If the model cannot do what is asked for.
        """
        call = self._call(messages, model, config, settings)
        with typed_failures():
            message = await self.llm.ainvoke(call.input, call.config, **call.settings)
        return TextResult(**facts_of(message, call.seconds))

    def generate_chat_sync(
        self,
        messages: LanguageModelInput,
        model: str = AUTO,
        *,
        config: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> TextResult:
        """Answer a conversation; see `generate_chat`."""
        call = self._call(messages, model, config, settings)
        with typed_failures():
            message = self.llm.invoke(call.input, call.config, **call.settings)
        return TextResult(**facts_of(message, call.seconds))

    # Structured output

    async def generate_structured(
        self,
        prompt: str,
        schema: Any,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> StructuredResult:
        """Answer a prompt with an instance of a schema, in `result.value`.

        Args:
            prompt: What to ask.
            schema: A pydantic class, a `TypedDict`, a dataclass or a JSON schema.
            model: Any model the registry understands, or `auto`.
            system_message: Instructions that go before the prompt.
            images: URLs, data URLs, bytes or `pathlib.Path`s.
            config: LangChain's config.
            **settings: Settings of the call; `method` and `strict` as in LangChain's
                `with_structured_output`.

        Raises:
            ProviderError: If the provider fails.
            UnsupportedError: If the model cannot do what is asked for.
            Exception: If the answer does not fit the schema, as LangChain raises it.
        """
        messages = await _aturns(prompt, system_message, images)
        call = self._call(messages, model, config, settings)
        with typed_failures():
            found = await self._structured(schema, call).ainvoke(
                call.input, call.config
            )
        return _structured_result(found, call.seconds)

    def generate_structured_sync(
        self,
        prompt: str,
        schema: Any,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> StructuredResult:
        """Answer a prompt with an instance of a schema; see `generate_structured`."""
        messages = _turns(prompt, system_message, images)
        call = self._call(messages, model, config, settings)
        with typed_failures():
            found = self._structured(schema, call).invoke(call.input, call.config)
        return _structured_result(found, call.seconds)

    # Streams

    async def stream_text(
        self,
        prompt: str,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> AsyncIterator[str]:
        """Yield the answer to a prompt in pieces of text.

        Closing the iterator, or cancelling the task, closes the connection. Arguments
        and errors are those of `generate_text`.
        """
        messages = await _aturns(prompt, system_message, images)
        call = self._call(messages, model, config, settings)
        chunks: Any = self.llm.astream(call.input, call.config, **call.settings)
        with typed_failures():
            async with aclosing(chunks):
                async for chunk in chunks:
                    if chunk.text:
                        yield chunk.text

    def stream_text_sync(
        self,
        prompt: str,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        *,
        config: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Iterator[str]:
        """Yield the answer to a prompt in pieces of text; see `stream_text`."""
        messages = _turns(prompt, system_message, images)
        call = self._call(messages, model, config, settings)
        chunks: Any = self.llm.stream(call.input, call.config, **call.settings)
        with typed_failures(), closing(chunks):
            for chunk in chunks:
                if chunk.text:
                    yield chunk.text

    # Batches

    def batch_text(
        self,
        prompts: Sequence[str],
        model: str = AUTO,
        *,
        concurrency: int = CONCURRENCY,
        on_progress: Progress | None = None,
        **settings: Any,
    ) -> Batch:
        """Answer several prompts at once; await the batch or iterate it.

        Args:
            prompts: What to ask.
            model: Any model the registry understands, or `auto`.
            concurrency: Requests under way at the same time.
            on_progress: Called as `on_progress(done, total, result)` after each answer.
            **settings: What `generate_text` takes besides.

        Returns:
            A `Batch`: awaited, the results in order; iterated, results as they come.
        """

        async def call(prompt: str) -> TextResult:
            return await self.generate_text(prompt, model, **settings)

        return Batch(prompts, call, concurrency=concurrency, on_progress=on_progress)

    def batch_text_sync(
        self,
        prompts: Sequence[str],
        model: str = AUTO,
        *,
        concurrency: int = CONCURRENCY,
        on_progress: Progress | None = None,
        **settings: Any,
    ) -> list[TextResult]:
        """Answer several prompts on threads, in order; see `batch_text`."""

        def call(prompt: str) -> TextResult:
            return self.generate_text_sync(prompt, model, **settings)

        return run_batch(
            prompts, call, concurrency=concurrency, on_progress=on_progress
        )

    # Looking around

    def list_models(self, provider: str | None = None) -> list[ModelConfig]:
        """Return the registered text models that can be called today.

        Args:
            provider: Only this provider's; all enabled ones' if left out.
        """
        return health.living_models(self._registry, provider)

    def capabilities(self, model: str = AUTO) -> dict[str, Any]:
        """Return what a model can do, as plain data.

        Args:
            model: Any model the registry understands, or `auto`.
        """
        return capabilities_of(self._config(model))

    def provider_of(self, model: str = AUTO) -> str:
        """Return the provider id of a model.

        Args:
            model: Any model the registry understands, or `auto`.
        """
        return self._config(model).provider

    def explain(
        self,
        prompt: str | None = None,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        **settings: Any,
    ) -> CallPlan:
        """Return what a call would send, and why, without a key or the network.

        Arguments are those of `generate_text`.

        Raises:
            UnsupportedError: If the model cannot do what is asked for.
        """
        messages = _turns(prompt or "", system_message, images)
        call = self._call(messages, model, None, settings)
        return self.llm.explain(call.input, **call.settings)

    async def health(
        self,
        provider: str | None = None,
        *,
        models: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> dict[str, Health]:
        """Ask each enabled provider for a few tokens, and say whether it answers.

        Args:
            provider: Only this provider; all enabled ones if left out.
            models: Model to ask by provider id.
            timeout: Seconds allowed for each.

        Returns:
            What each provider answered, by provider id.
        """
        names = self._providers(provider)
        checks = (self._check(name, models or {}, timeout) for name in names)
        return dict(zip(names, await asyncio.gather(*checks), strict=True))

    def health_sync(
        self,
        provider: str | None = None,
        *,
        models: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> dict[str, Health]:
        """Ask each enabled provider for a few tokens; see `health`."""
        found = {}
        for name in self._providers(provider):
            model, started = self._model_to_ask(name, models or {}), time.perf_counter()
            error = None
            try:
                self.generate_text_sync(
                    health.PROMPT, model, **_probe(timeout), config=None
                )
            except Exception as failure:
                if not is_provider_failure(failure):
                    raise
                error = failure
            found[name] = _health(name, model, started, error)
        return found

    # Steps

    @property
    def _registry(self) -> Registry:
        return self.llm.registry or default_registry()

    def _config(self, model: str) -> ModelConfig:
        name = self.llm.model_name if model == AUTO else model
        return self._registry.resolve(name)

    def _call(
        self,
        messages: LanguageModelInput,
        model: str,
        config: Mapping[str, Any] | None,
        settings: dict[str, Any],
    ) -> _Call:
        if model != AUTO:
            settings = {**settings, "model": model}
        return _Call(messages, cast("RunnableConfig | None", config), settings)

    def _structured(self, schema: Any, call: _Call) -> Any:
        """Return a runnable whose answers are parsed, with the raw message beside."""
        return self.llm.with_structured_output(
            schema, include_raw=True, **call.settings
        )

    def _providers(self, provider: str | None) -> list[str]:
        return [provider] if provider else health.enabled_providers(self._registry)

    def _model_to_ask(self, provider: str, models: Mapping[str, str]) -> str:
        own = self._registry.resolve(self.llm.model_name)
        asked = models.get(provider) or health.model_to_ask(
            self._registry, provider, own
        )
        return asked or self.llm.model_name

    async def _check(
        self, provider: str, models: Mapping[str, str], seconds: float
    ) -> Health:
        model, started = self._model_to_ask(provider, models), time.perf_counter()
        error = None
        try:
            await self.generate_text(health.PROMPT, model, **_probe(seconds))
        except Exception as failure:
            if not is_provider_failure(failure):
                raise
            error = failure
        return _health(provider, model, started, error)


def _probe(seconds: float) -> dict[str, Any]:
    return {"max_tokens": health.MAX_TOKENS, "timeout": seconds, "max_retries": 0}


def _health(
    provider: str, model: str, started: float, error: Exception | None
) -> Health:
    elapsed = (time.perf_counter() - started) * 1000
    said = None if error is None else f"{type(error).__name__}: {error}"
    return Health(provider, error is None, model, elapsed, said)


def _structured_result(found: Mapping[str, Any], seconds: float) -> StructuredResult:
    if (error := found.get("parsing_error")) is not None:
        raise error
    message = cast("AIMessage", found["raw"])
    return StructuredResult(**facts_of(message, seconds), value=found["parsed"])


def _turns(
    prompt: str, system_message: str | None, images: Images | None
) -> list[SystemMessage | HumanMessage]:
    system = [SystemMessage(system_message)] if system_message else []
    if images is None:
        return [*system, HumanMessage(prompt)]
    blocks: list[Any] = [{"type": "text", "text": prompt}, *image_blocks(images)]
    return [*system, HumanMessage(blocks)]


async def _aturns(
    prompt: str, system_message: str | None, images: Images | None
) -> list[SystemMessage | HumanMessage]:
    """Return the messages; files are read on a thread."""
    if images is None or isinstance(images, (str, bytes)):
        return _turns(prompt, system_message, images)
    read = images if isinstance(images, Path) else list(images)
    return await asyncio.to_thread(_turns, prompt, system_message, read)
