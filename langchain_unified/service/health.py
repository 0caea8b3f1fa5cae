"""Whether each provider answers, asked with the smallest possible call."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from langchain_unified.chat_model import UnifiedChatModel
from langchain_unified.errors import UnifiedError
from langchain_unified.registry import default_registry
from langchain_unified.service.asking import Ask
from langchain_unified.service.failures import is_provider_failure
from langchain_unified.service.models import model_to_ask
from langchain_unified.service.results import text_result

PROMPT = "Say OK."
MAX_TOKENS = 16

_BARE = ("stop", "n", "logprobs", "top_logprobs", "fallbacks")
"""Settings of a model object that another provider's model would have to refuse, and
those by which another provider would answer."""


@dataclass(slots=True)
class Health:
    """What a provider answered.

    Attributes:
        provider: LangChain's provider id.
        ok: Whether it answered.
        model: The model that was asked.
        latency_ms: Milliseconds it took.
        error: Why it did not answer.
    """

    provider: str
    ok: bool
    model: str
    latency_ms: float
    error: str | None = None


class Check:
    """The smallest call to one provider, about to be made.

    A copy of the model makes it that neither caches nor falls back nor insists.
    """

    def __init__(
        self,
        llm: UnifiedChatModel,
        provider: str,
        models: Mapping[str, str],
        seconds: float,
    ) -> None:
        """Choose the model to ask; the arguments are those of `health`."""
        own, registry = llm.resolve(), llm.registry or default_registry()
        asked = models.get(provider) or model_to_ask(registry, provider, own)
        asked = asked or llm.model_name
        least = {"max_tokens": MAX_TOKENS, "timeout": seconds, "max_retries": 0}
        bare: dict[str, object] = dict.fromkeys(_BARE)
        bare |= {"cache": False, "model_kwargs": {}}
        alone = llm.model_copy(update=bare)
        self.ask = Ask(alone, PROMPT, text_result, None, {"model": asked, **least})
        self.found = Health(provider, True, llm.resolve(asked).model, 0.0)  # noqa: FBT003

    def now(self) -> Health:
        """Ask on this thread."""
        with self._told():
            self.ask.now()
        return self.found

    async def soon(self) -> Health:
        """Ask on this event loop."""
        with self._told():
            await self.ask.soon()
        return self.found

    @contextmanager
    def _told(self) -> Iterator[None]:
        started, found = time.perf_counter(), self.found
        try:
            yield
        except Exception as error:
            if not (isinstance(error, UnifiedError) or is_provider_failure(error)):
                raise
            found.ok, found.error = False, f"{type(error).__name__}: {error}"
        found.latency_ms = (time.perf_counter() - started) * 1000
