"""Mirroring: a sample of shadowed calls is also sent on the unified path, for real."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import replace

from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessage, BaseMessage

from langchain_unified import engine
from langchain_unified.choice import about_tokens
from langchain_unified.cost import estimate_plan
from langchain_unified.reliability.exchange import Exchange, offer
from langchain_unified.rollout.background import Background
from langchain_unified.rollout.ledger import Ledger, Spent
from langchain_unified.rollout.limits import check_number
from langchain_unified.rollout.once import Once
from langchain_unified.rollout.report import Mirrored
from langchain_unified.shims import ProviderShim
from langchain_unified.types import CallPlan

EFFECTS = ("tools", "functions", "conversation", "background", "store")
"""Settings of calls that are never mirrored: they act, or leave something behind."""

_LIMITS = (
    "sample",
    "concurrency",
    "queue",
    "timeout",
    "max_calls",
    "max_tokens",
    "max_usd",
    "compare",
)
Judge = Callable[[str, str], bool | float]
"""Says whether two answers are equally good, or gives a score from 0 to 1."""

_LOG = logging.getLogger("langchain_unified")


class Mirror:
    """What a mirror may spend; a copy that does not fit into what is left is not sent.

    Calls with tools are never mirrored, nor those that would leave something behind at
    the provider, and never through another provider or key. The primary answer is
    complete before a copy is even queued.

    Args:
        sample: Share of shadowed calls to mirror, 0 to 1.
        concurrency: Copies under way at the same time.
        queue: Copies that may wait; further ones are skipped.
        timeout: Seconds allowed for a copy.
        max_calls: Copies to send in all.
        max_tokens: Tokens, input and output, after which no copy is sent.
        max_usd: US dollars to spend in all, by the prices of the extra `cost`. A copy
            whose price nobody knows is not sent; one without a token cap is counted
            with its answer when that is there. `None` leaves the bound to the calls
            and tokens.
        compare: Judges both answers: called with the text of the one from before and
            that of ours, it says whether they are equally good, or gives a score from
            0 to 1. It runs beside the calls. Without it no answer is judged.

    Raises:
        InvalidParameterError: If a limit cannot be meant.

    Example:
        ```python
        mirror = Mirror(0.01, max_usd=2.0, compare=lambda old, new: old == new)
        Rollout("shadow", mirror=mirror)
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
        max_usd: float | None = 1.0,
        compare: Judge | None = None,
    ) -> None:
        """Set the limits."""
        check_number("sample", sample, least=0, most=1)
        check_number("concurrency", concurrency, least=1, whole=True)
        check_number("queue", queue, least=1, whole=True)
        check_number("timeout", timeout, above=0)
        check_number("max_calls", max_calls, least=0, whole=True)
        check_number("max_tokens", max_tokens, least=0, whole=True)
        check_number("max_usd", max_usd, least=0, optional=True)
        self.sample, self.timeout = sample, timeout
        self.concurrency, self.queue = concurrency, queue
        self.max_calls, self.max_tokens = max_calls, max_tokens
        self.max_usd, self.compare = max_usd, compare
        self._renew()

    @property
    def spent(self) -> Spent:
        """What was used up so far."""
        return self._ledger.spent

    def offer(
        self,
        plan: CallPlan,
        shim: ProviderShim,
        messages: list[BaseMessage],
        primary: Primary,
        keep: Callable[[Mirrored], None],
    ) -> bool:
        """Queue a copy of a call if it is in the sample and within the budget."""
        if not self._drawn(plan):
            return False
        price = self._price(plan, messages)
        if price is None or not self._ledger.reserve(price):
            return False
        plan = replace(plan, timeout=self.timeout, max_retries=0)

        def send() -> None:
            keep(self._sent(plan, shim, messages, primary, price))

        queued = self._background.submit(send)
        if not queued:
            self._ledger.give_back(price)
        return queued

    def drain(self, timeout: float) -> bool:
        """Wait for the copies under way; tell whether that was in time."""
        return self._background.drain(timeout)

    def _drawn(self, plan: CallPlan) -> bool:
        acts = any(plan.body.get(name) for name in EFFECTS) or plan.calls > 1
        return not acts and random.random() < self.sample  # noqa: S311

    def _price(self, plan: CallPlan, messages: list[BaseMessage]) -> float | None:
        """Return what a copy may cost; `None` if that matters and nobody knows."""
        if self.max_usd is None:
            return 0.0
        price = estimate_plan(plan, about_tokens(messages, plan.body))
        if price is None and plan.model not in self._unpriced:
            self._unpriced.add(plan.model)
            _LOG.warning(
                "Calls of %s are not mirrored: no price is known, so max_usd=%g cannot "
                'be kept. Try pip install "langchain-unified[cost]", or '
                "Mirror(max_usd=None).",
                plan.model,
                self.max_usd,
            )
        return price

    def _sent(
        self,
        plan: CallPlan,
        shim: ProviderShim,
        messages: list[BaseMessage],
        primary: Primary,
        price: float,
    ) -> Mirrored:
        started = time.monotonic()
        offer(Exchange(self.timeout))
        try:
            message = _answered(plan, shim, messages)
        except Exception as error:  # noqa: BLE001
            return Mirrored(plan.model, error=f"{type(error).__name__}: {error}")
        seconds = time.monotonic() - started
        usage = message.usage_metadata if isinstance(message, AIMessage) else None
        cost = message.response_metadata[engine.RECORD].get(engine.COST)
        tokens = usage["total_tokens"] if usage else 0
        self._ledger.settle(price, tokens, cost)
        verdict, wrong = self._judged(primary.text, message.text)
        return Mirrored(
            plan.model,
            verdict=verdict,
            error=wrong,
            legacy_seconds=primary.seconds,
            unified_seconds=seconds,
            cost_usd=cost,
        )

    def _judged(self, old: str, new: str) -> tuple[bool | float | None, str | None]:
        """Return what the user's function says, or what went wrong in it."""
        if self.compare is None:
            return None, None
        try:
            return self.compare(old, new), None
        except Exception as error:  # noqa: BLE001
            return None, f"compare: {type(error).__name__}: {error}"

    def _renew(self) -> None:
        self._ledger = Ledger(self.max_calls, self.max_tokens, self.max_usd)
        self._unpriced: set[str] = set()
        self._background = Background(
            "unified-mirror", workers=self.concurrency, limit=self.queue
        )

    def __getstate__(self) -> dict[str, object]:
        """Travel with the limits only."""
        return {name: self.__dict__[name] for name in _LIMITS}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Start with nothing spent."""
        self.__dict__ |= state
        self._renew()


def _answered(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> BaseMessage:
    """Return the answer to a copy, asked for as the call asked for it."""
    asked = (Once(plan), lambda _: shim, messages)
    if plan.stream:
        result = generate_from_stream(engine.stream(*asked))
    else:
        result = engine.generate(*asked)
    return result.generations[0].message


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

    @classmethod
    def whole(cls, text: str, seconds: float) -> Primary:
        """Return an answer that is there."""
        primary = cls()
        primary.text, primary.seconds, primary.complete = text, seconds, True
        return primary

    def add(self, text: str) -> None:
        """Take in a piece of the answer."""
        self.text += text

    def finish(self) -> None:
        """Stop the clock: the answer is whole."""
        self.seconds = time.monotonic() - self._started
        self.complete = True
