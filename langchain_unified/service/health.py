"""Whether each provider answers, asked with the smallest possible call."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from langchain_unified.chat_model import UnifiedChatModel
from langchain_unified.errors import UnifiedError
from langchain_unified.registry import default_registry
from langchain_unified.service.asking import Ask, Prompt
from langchain_unified.service.failures import is_provider_failure
from langchain_unified.service.models import model_to_ask
from langchain_unified.service.results import TextResult, text_result

PROMPT = "Say OK."
MAX_TOKENS = 16

_GUARANTEES = ("stop", "n", "logprobs", "top_logprobs")
"""Settings of a model object that another provider's model would have to refuse."""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True)
class Check:
    """One provider, about to be asked.

    Attributes:
        provider: Its id.
        model: The model to ask.
        ask: The call.
    """

    provider: str
    model: str
    ask: Ask[TextResult]

    def now(self) -> Health:
        """Ask on this thread."""
        with self._timed() as found:
            self.ask.now()
        return found[-1]

    async def soon(self) -> Health:
        """Ask on this event loop."""
        with self._timed() as found:
            await self.ask.soon()
        return found[-1]

    @contextmanager
    def _timed(self) -> Iterator[list[Health]]:
        """Put what came of it into a list, failures included."""
        started, error = time.perf_counter(), None
        found: list[Health] = []
        try:
            yield found
        except Exception as failure:
            if not (isinstance(failure, UnifiedError) or is_provider_failure(failure)):
                raise
            error = f"{type(failure).__name__}: {failure}"
        elapsed = (time.perf_counter() - started) * 1000
        well = Health(self.provider, error is None, self.model, elapsed)
        found.append(replace(well, error=error))


def checks_of(
    llm: UnifiedChatModel,
    providers: Iterable[str],
    models: Mapping[str, str],
    seconds: float,
) -> list[Check]:
    """Return the smallest call to each provider.

    A copy of the model makes them that neither caches nor falls back nor insists.

    Args:
        llm: The chat model.
        providers: Ids of the providers to ask.
        models: Model to ask by provider id.
        seconds: Seconds allowed for each.
    """
    bare: dict[str, Any] = dict.fromkeys((*_GUARANTEES, "fallbacks"))
    bare |= {"cache": False, "model_kwargs": {}}
    alone, own = llm.model_copy(update=bare), llm.resolve()
    checks = []
    for name in providers:
        registry = llm.registry or default_registry()
        asked = models.get(name) or model_to_ask(registry, name, own) or llm.model_name
        settings = {
            "model": asked,
            "max_tokens": MAX_TOKENS,
            "timeout": seconds,
            "max_retries": 0,
        }
        ask = Ask(alone, Prompt(PROMPT), text_result, None, settings)
        checks.append(Check(name, llm.resolve(asked).model, ask))
    return checks
