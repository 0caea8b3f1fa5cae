"""Mirroring: a sample of shadowed calls is also sent on the unified path, for real."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from langchain_core.messages import AIMessage, BaseMessage

from langchain_unified import engine
from langchain_unified.rollout.background import Background
from langchain_unified.rollout.once import Once
from langchain_unified.rollout.report import Mirrored
from langchain_unified.shims import ProviderShim
from langchain_unified.types import CallPlan

TOOLS = ("tools", "functions")
"""Settings of calls that are never mirrored."""


class Mirror:
    """What a mirror may spend; it stops for good when a budget is used up.

    Calls with tools are never mirrored, and never through another provider or key.
    The primary answer is complete before a copy is even queued.

    Args:
        sample: Share of shadowed calls to mirror, 0 to 1.
        concurrency: Copies under way at the same time.
        queue: Copies that may wait; further ones are skipped.
        timeout: Seconds allowed for a copy.
        max_calls: Copies to send in all.
        max_tokens: Tokens, input and output, after which no copy is sent.

    Example:
        ```python
        Rollout("shadow", mirror=Mirror(sample=0.01, max_calls=500))
        ```
    """

    def __init__(
        self,
        sample: float = 0.01,
        *,
        concurrency: int = 2,
        queue: int = 100,
        timeout: float = 30.0,
        max_calls: int = 1000,
        max_tokens: int = 1_000_000,
    ) -> None:
        """Set the limits."""
        self.sample, self.timeout = sample, timeout
        self.concurrency, self.queue = concurrency, queue
        self.max_calls, self.max_tokens = max_calls, max_tokens
        self._renew()

    @property
    def spent(self) -> tuple[int, int]:
        """Copies queued so far, and tokens used by those that came back."""
        return self._calls, self._tokens

    def offer(
        self,
        plan: CallPlan,
        shim: ProviderShim,
        messages: list[BaseMessage],
        primary: Primary,
        keep: Callable[[Mirrored], None],
    ) -> bool:
        """Queue a copy of a call if it is in the sample and within the budget."""
        if not self._admits(plan):
            return False
        plan = replace(plan, timeout=self.timeout, max_retries=0)

        def send() -> None:
            keep(self._sent(plan, shim, messages, primary))

        return self._background.submit(send)

    def drain(self, timeout: float) -> bool:
        """Wait for the copies under way; tell whether that was in time."""
        return self._background.drain(timeout)

    def _admits(self, plan: CallPlan) -> bool:
        if any(plan.body.get(name) for name in TOOLS) or plan.calls > 1:
            return False
        if random.random() >= self.sample:  # noqa: S311
            return False
        with self._lock:
            within = self._calls < self.max_calls and self._tokens < self.max_tokens
            self._calls += within
            return within

    def _sent(
        self,
        plan: CallPlan,
        shim: ProviderShim,
        messages: list[BaseMessage],
        primary: Primary,
    ) -> Mirrored:
        started = time.monotonic()
        try:
            result = engine.generate(Once(plan), lambda _: shim, messages)
            message = result.generations[0].message
        except Exception as error:  # noqa: BLE001
            return Mirrored(plan.model, error=f"{type(error).__name__}: {error}")
        seconds = time.monotonic() - started
        usage = message.usage_metadata if isinstance(message, AIMessage) else None
        with self._lock:
            self._tokens += usage["total_tokens"] if usage else 0
        return Mirrored(
            plan.model,
            same_text=message.text == primary.text,
            legacy_seconds=primary.seconds,
            unified_seconds=seconds,
        )

    def _renew(self) -> None:
        self._calls = self._tokens = 0
        self._lock = threading.Lock()
        self._background = Background(
            "unified-mirror", workers=self.concurrency, limit=self.queue
        )

    def __getstate__(self) -> dict[str, object]:
        """Travel with the limits only."""
        names = ("sample", "timeout", "concurrency", "queue", "max_calls", "max_tokens")
        return {name: self.__dict__[name] for name in names}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Start with nothing spent."""
        self.__dict__ |= state
        self._renew()


class Primary:
    """The legacy answer, as far as it is compared.

    Attributes:
        text: The text of the answer.
        seconds: How long it took.
    """

    def __init__(self) -> None:
        """Start the clock."""
        self._started = time.monotonic()
        self.text, self.seconds, self.complete = "", 0.0, False

    def add(self, text: str) -> None:
        """Take in a piece of the answer."""
        self.text += text

    def finish(self) -> None:
        """Stop the clock: the answer is whole."""
        self.seconds = time.monotonic() - self._started
        self.complete = True
