"""Whether each provider answers, asked with the smallest possible call."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
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

_BARE = ("stop", "n", "logprobs", "top_logprobs", "fallbacks")
"""Settings of a model object that another provider's model would have to refuse, and
those by which another provider would answer."""


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


@dataclass
class Check:
    """One provider, about to be asked."""

    provider: str
    model: str
    ask: Ask[TextResult]
    error: str | None = field(default=None, init=False)

    def now(self) -> Health:
        """Ask on this thread."""
        started = time.perf_counter()
        with self._told():
            self.ask.now()
        return self._health(started)

    async def soon(self) -> Health:
        """Ask on this event loop."""
        started = time.perf_counter()
        with self._told():
            await self.ask.soon()
        return self._health(started)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if not (isinstance(error, UnifiedError) or is_provider_failure(error)):
                raise
            self.error = f"{type(error).__name__}: {error}"

    def _health(self, started: float) -> Health:
        took = (time.perf_counter() - started) * 1000
        return Health(self.provider, self.error is None, self.model, took, self.error)


def checks_of(
    llm: UnifiedChatModel,
    providers: Iterable[str],
    models: Mapping[str, str],
    seconds: float,
) -> list[Check]:
    """Return the smallest call to each provider; arguments are those of `health`.

    A copy of the model makes them that neither caches nor falls back nor insists.
    """
    bare: dict[str, Any] = {**dict.fromkeys(_BARE), "cache": False, "model_kwargs": {}}
    alone, own = llm.model_copy(update=bare), llm.resolve()
    registry = llm.registry or default_registry()
    least = {"max_tokens": MAX_TOKENS, "timeout": seconds, "max_retries": 0}

    def check(name: str) -> Check:
        asked = models.get(name) or model_to_ask(registry, name, own) or llm.model_name
        settings = {"model": asked, **least}
        ask = Ask(alone, Prompt(PROMPT), text_result, None, settings)
        return Check(name, llm.resolve(asked).model, ask)

    return [check(name) for name in providers]
