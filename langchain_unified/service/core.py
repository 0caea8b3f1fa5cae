"""`UnifiedInferenceService`: text in, typed results out, any model per call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from functools import partial
from typing import Any

from langchain_core.language_models import LanguageModelInput

from langchain_unified.chat_model import UnifiedChatModel
from langchain_unified.registry import default_registry
from langchain_unified.reliability.closing import owned
from langchain_unified.service.asking import AUTO, Ask, Config, Images, prompted
from langchain_unified.service.batch import CONCURRENCY, Batch, Progress
from langchain_unified.service.health import Check, Health
from langchain_unified.service.models import capabilities_of, living_models
from langchain_unified.service.results import (
    StructuredResult,
    TextResult,
    structured_result,
    text_result,
)
from langchain_unified.settings.declared import carried
from langchain_unified.types import CallPlan, ModelConfig

_BY_CONFIG = ("model", "temperature", "max_tokens", "reasoning_effort")
"""What the config of a call may set on a service that was given no model."""


class UnifiedInferenceService:
    """Text generation for applications that do not use LangChain directly.

    Every method accepts the settings of a call as keywords, with the names of
    LangChain, `ChatOpenAI` or the provider's API (`max_tokens`,
    `max_completion_tokens`, `max_output_tokens`), and sends each model only what it
    supports. `config` is LangChain's: tags, metadata, `configurable` with `user_id`.
    Methods are asynchronous; each has a synchronous variant whose name ends in `_sync`.
    Cancelling a task cancels its request. `model="auto"` means the model of the
    service, which may itself be `auto` or `auto:cheapest`: the registry then chooses a
    model for the call.

    Args:
        llm: The chat model to use.
        **settings: Keywords of `UnifiedChatModel`, if no `llm` is given.

    Attributes:
        llm: The chat model.

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
            message = "Pass either a chat model or the keywords of one, not both."
            raise TypeError(message)
        own = {"configurable": _BY_CONFIG, **settings}
        self.llm = llm if llm is not None else UnifiedChatModel(**own)

    async def generate_text(
        self,
        prompt: str,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        **settings: Any,
    ) -> TextResult:
        """Generate a response to a prompt.

        Args:
            prompt: The prompt.
            model: Any model name that the registry accepts, or `auto`.
            system_message: Instructions that go before the prompt.
            images: URLs, data URLs, bytes or `pathlib.Path`s.
            **settings: Settings of the call, for example `max_tokens`; and `config`.

        Raises:
            ProviderError: If the provider fails.
            UnsupportedError: If the model does not support the request.
            UnknownParameterError: If a setting is unknown.
        """
        ask = self._text(prompt, model, system_message, images, **settings)
        return await ask.soon()

    def generate_text_sync(
        self,
        prompt: str,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        **settings: Any,
    ) -> TextResult:
        """Answer a prompt on this thread; see `generate_text`."""
        return self._text(prompt, model, system_message, images, **settings).now()

    async def generate_chat(
        self, messages: LanguageModelInput, model: str = AUTO, **settings: Any
    ) -> TextResult:
        """Generate a response to a conversation; see `generate_text` for the rest.

        Args:
            messages: `{"role": ..., "content": ...}` dictionaries, tuples of both, or
                LangChain messages.
            model: Any model name that the registry accepts, or `auto`.
            **settings: Settings of the call; and `config`.
        """
        return await self._chat(messages, model, **settings).soon()

    def generate_chat_sync(
        self, messages: LanguageModelInput, model: str = AUTO, **settings: Any
    ) -> TextResult:
        """Answer a conversation on this thread; see `generate_chat`."""
        return self._chat(messages, model, **settings).now()

    async def generate_structured(
        self, prompt: str, schema: Any, model: str = AUTO, *args: Any, **settings: Any
    ) -> StructuredResult:
        """Generate an instance of a schema, returned in `result.value`.

        Args:
            prompt: The prompt.
            schema: A pydantic class, a `TypedDict`, a dataclass or a JSON schema.
            model: Any model name that the registry accepts, or `auto`.
            *args: The rest, as for `generate_text`.
            **settings: The same; and `method` and `strict` as in LangChain's
                `with_structured_output`.

        Raises:
            RefusalError: If the model refused to answer.
            TruncatedOutputError: If the response was truncated.
            StructuredOutputError: If the response does not match the schema.
        """
        return await self._structured(prompt, schema, model, *args, **settings).soon()

    def generate_structured_sync(
        self, prompt: str, schema: Any, model: str = AUTO, *args: Any, **settings: Any
    ) -> StructuredResult:
        """Answer a prompt on this thread; see `generate_structured`."""
        return self._structured(prompt, schema, model, *args, **settings).now()

    async def stream_text(
        self, prompt: str, model: str = AUTO, *args: Any, **settings: Any
    ) -> AsyncGenerator[str, None]:
        """Stream the response to a prompt as pieces of text; see `generate_text`.

        Closing the iterator, or cancelling the task, closes the connection.
        """
        ask = self._text(prompt, model, *args, **settings)
        async with owned(ask.apieces()) as pieces:
            async for piece in pieces:
                yield piece

    def stream_text_sync(
        self, prompt: str, model: str = AUTO, *args: Any, **settings: Any
    ) -> Generator[str, None, None]:
        """Yield the answer to a prompt in pieces of text; see `stream_text`."""
        yield from self._text(prompt, model, *args, **settings).pieces()

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
            prompts: The prompts.
            model: Any model name that the registry accepts, or `auto`.
            concurrency: Maximum number of concurrent requests.
            on_progress: Called as `on_progress(done, total, result)` after each
                response; `langchain_unified.progress.show_progress` makes a bar for a
                terminal.
            **settings: Further arguments of `generate_text`.

        Returns:
            A `Batch`: await it for the results in order, or iterate over it for results
            as they are ready.
        """
        ask = partial(self._text, model=model, **settings)
        return Batch([*prompts], ask, concurrency, on_progress)

    def batch_text_sync(
        self, prompts: Sequence[str], model: str = AUTO, **settings: Any
    ) -> list[TextResult]:
        """Answer several prompts on threads, in their order; see `batch_text`."""
        batch = self.batch_text(prompts, model, **settings)
        return sorted(batch.on_threads(), key=lambda result: result.index)

    async def health(
        self,
        provider: str | None = None,
        *,
        models: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> dict[str, Health]:
        """Send each enabled provider a small request, and return whether it answers.

        Fallbacks and caches are not used.

        Args:
            provider: Only this provider; all enabled ones if left out.
            models: The model to call, by provider id.
            timeout: Timeout in seconds for each provider.

        Returns:
            The result for each provider, by provider id.
        """
        checks = self._checks(provider, models, timeout)
        found = await asyncio.gather(*(check.soon() for check in checks))
        return {one.provider: one for one in found}

    def health_sync(
        self,
        provider: str | None = None,
        *,
        models: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> dict[str, Health]:
        """Ask each enabled provider on this thread; see `health`."""
        checks = self._checks(provider, models, timeout)
        return {check.found.provider: check.now() for check in checks}

    def list_models(self, provider: str | None = None) -> list[ModelConfig]:
        """Return the registered text models that are available today.

        Args:
            provider: Only this provider's; all enabled ones' if left out.
        """
        registry = self.llm.registry or default_registry()
        return living_models(registry, self._providers(provider))

    def capabilities(self, model: str = AUTO) -> dict[str, Any]:
        """Return a model's features as plain data; `auto` is the service's model."""
        return capabilities_of(self.llm.resolve(None if model == AUTO else model))

    def provider_of(self, model: str = AUTO) -> str:
        """Return the provider id of a model, or of the service's own for `auto`."""
        return self.llm.resolve(None if model == AUTO else model).provider

    def explain(
        self, prompt: str = "", model: str = AUTO, *args: Any, **settings: Any
    ) -> CallPlan:
        """Return the plan of a call, without an API key or network access.

        Arguments are those of `generate_text`.

        Raises:
            UnsupportedError: If the model does not support the request.
        """
        ask = self._text(prompt or "", model, *args, **settings)
        messages, given = ask.call()
        return self.llm.explain(messages, **{**self.llm.chosen_by(ask.config), **given})

    def ask(self, method: str, /, *args: Any, **settings: Any) -> Ask[Any]:
        """Return the call that a method, named here, would make with the rest."""
        kinds = {"generate_chat": self._chat, "generate_structured": self._structured}
        make: Any = kinds.get(method.removesuffix("_sync"), self._text)
        found: Ask[Any] = make(*args, **settings)
        return found

    def _text(
        self,
        prompt: str,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        **settings: Any,
    ) -> Ask[TextResult]:
        config, given = _read(model, settings)
        asked = prompted(prompt, system_message)
        return Ask(self.llm, asked, text_result, config, given, images)

    def _chat(
        self, messages: LanguageModelInput, model: str = AUTO, **settings: Any
    ) -> Ask[TextResult]:
        return Ask(self.llm, messages, text_result, *_read(model, settings))

    def _structured(
        self,
        prompt: str,
        schema: Any,
        model: str = AUTO,
        system_message: str | None = None,
        images: Images | None = None,
        **settings: Any,
    ) -> Ask[StructuredResult]:
        config, given = _read(model, settings)
        bound = self.llm.with_structured_output(schema, include_raw=True, **given)
        asked = prompted(prompt, system_message)
        return Ask(bound, asked, structured_result, config, {}, images)

    def _checks(
        self, provider: str | None, models: Mapping[str, str] | None, seconds: float
    ) -> list[Check]:
        names = self._providers(provider)
        return [Check(self.llm, name, models or {}, seconds) for name in names]

    def _providers(self, provider: str | None) -> list[str]:
        """Return one provider, or those that are switched on."""
        if provider is not None:
            return [provider]
        registry, enabled = self.llm.registry or default_registry(), self.llm.enable
        return [name for name in registry.files if registry.is_enabled(name, enabled)]


def _read(model: str, given: dict[str, Any]) -> tuple[Config | None, dict[str, Any]]:
    """Return the config of a call, and its settings with a model that is not open."""
    settings = given if model == AUTO else {**given, "model": model}
    return settings.pop("config", None), carried(settings)
