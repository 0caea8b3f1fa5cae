"""Whether each provider answers, asked with the smallest possible call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from langchain_unified.chat_model import UnifiedChatModel
from langchain_unified.errors import UnifiedError
from langchain_unified.service.asking import Ask
from langchain_unified.service.failures import is_provider_failure
from langchain_unified.service.living import model_to_ask
from langchain_unified.service.looking import LookFace
from langchain_unified.service.results import TextResult
from langchain_unified.service.text import TextFace

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


class HealthFace(LookFace):
    """Asks providers whether they answer."""

    async def health(
        self,
        provider: str | None = None,
        *,
        models: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> dict[str, Health]:
        """Ask each enabled provider for a few tokens, and say whether it answers.

        Only the provider itself counts: no fallback steps in, no cache answers.

        Args:
            provider: Only this provider; all enabled ones if left out.
            models: Model to ask by provider id.
            timeout: Seconds allowed for each.

        Returns:
            What each provider answered, by provider id.
        """
        checks = self._checks(provider, models or {}, timeout)
        found = await asyncio.gather(*(check.soon() for check in checks))
        return {one.provider: one for one in found}

    def health_sync(
        self,
        provider: str | None = None,
        *,
        models: Mapping[str, str] | None = None,
        timeout: float = 10.0,
    ) -> dict[str, Health]:
        """Ask each enabled provider for a few tokens; see `health`."""
        checks = self._checks(provider, models or {}, timeout)
        return {check.provider: check.now() for check in checks}

    def _checks(
        self, provider: str | None, models: Mapping[str, str], seconds: float
    ) -> list[Check]:
        face = _Bare(self.llm)
        own = self.llm.resolve()
        checks = []
        for name in self._providers(provider):
            asked = models.get(name) or model_to_ask(self._registry, name, own)
            model = self.llm.resolve(asked).model
            ask = face.asking(asked or self.llm.model_name, seconds)
            checks.append(Check(name, model, ask))
        return checks


class _Bare(TextFace):
    """Asks with a copy of the model that neither caches nor falls back nor insists."""

    def __init__(self, llm: UnifiedChatModel) -> None:
        own: dict[str, Any] = dict.fromkeys((*_GUARANTEES, "fallbacks"))
        own |= {"cache": False, "model_kwargs": {}}
        self.llm = llm.model_copy(update=own)

    def asking(self, model: str, seconds: float) -> Ask[TextResult]:
        """Return the smallest call."""
        return self._text(
            PROMPT, model, max_tokens=MAX_TOKENS, timeout=seconds, max_retries=0
        )


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
