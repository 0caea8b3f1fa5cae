"""Mirroring: a sample of shadowed calls is also sent on the unified path."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, NamedTuple

from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessage, BaseMessage

from langchain_unified.answers.whole import COST
from langchain_unified.choice import about_tokens
from langchain_unified.content import RECORD
from langchain_unified.cost import estimate_plan
from langchain_unified.rollout.checks import (
    Amount,
    Count,
    Places,
    Seconds,
    Share,
    check_limits,
    check_parts,
)
from langchain_unified.rollout.paths import Answer
from langchain_unified.rollout.report import Mirrored
from langchain_unified.rollout.store import Background, PerProcess
from langchain_unified.runner import generate, stream
from langchain_unified.runner.attempts import Attempts
from langchain_unified.runner.work import Work
from langchain_unified.shims.base import ProviderShim
from langchain_unified.types import CallPlan

EFFECTS = ("tools", "functions", "conversation", "background", "store")
"""Settings of calls that are never mirrored: they act, or leave something behind."""

Judge = Callable[[str, str], bool | float]
"""Says whether two answers are equally good, or gives a score from 0 to 1."""

_LOG = logging.getLogger("langchain_unified")
_UNPRICED = (
    "Calls to %s are not mirrored: no price is known, so max_usd=%g cannot be "
    'enforced. Try pip install "langchain-unified[cost]", or Mirror(max_usd=None).'
)


class Spent(NamedTuple):
    """What a mirror has used up: copies sent or waiting, their tokens and price."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0


@dataclass(eq=False)
class Mirror(PerProcess):
    """Limits of a mirror; a copy of a call that would exceed them is not sent.

    Calls with tools, and calls that store something at the provider, are never
    mirrored, and no other provider or key is used. A copy is queued only after the
    primary response is complete.

    Args:
        sample: Share of shadowed calls to mirror, 0 to 1.
        concurrency: Maximum number of concurrent copies.
        queue: Maximum number of waiting copies; further ones are skipped.
        timeout: Timeout of a copy in seconds.
        max_calls: Maximum number of copies.
        max_tokens: Maximum number of input and output tokens of all copies.
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

    sample: Share = 0.01
    _: KW_ONLY
    concurrency: Places = 2
    queue: Places = 100
    timeout: Seconds = 30.0
    max_calls: Count = 1000
    max_tokens: Count = 1_000_000
    max_usd: Amount | None = 1.0
    compare: Judge | None = None

    def __post_init__(self) -> None:
        """Check the limits."""
        check_parts(compare=self.compare)
        check_limits(self)
        self.begin()

    def begin(self) -> None:
        """Start with nothing spent."""
        self._spent, self._unpriced = Spent(), set[str]()
        super().begin()

    def renew(self) -> None:
        """Take threads and a lock of one's own, in a forked process too."""
        super().renew()
        self._background = Background("unified-mirror", self.concurrency, self.queue)

    @property
    def spent(self) -> Spent:
        """What was used up so far."""
        return self._spent

    def offer(
        self,
        plan: CallPlan,
        shim: ProviderShim,
        messages: list[BaseMessage],
        primary: Answer,
        keep: Callable[[Mirrored], object],
    ) -> bool:
        """Queue a copy of a call if it is in the sample and within the budget."""
        acts = any(plan.body.get(name) for name in EFFECTS) or plan.calls > 1
        if acts or random.random() >= self.sample:  # noqa: S311
            return False
        price = self._price(plan, messages)
        if price is None or not self._reserve(price):
            return False
        copy = replace(plan, timeout=self.timeout, max_retries=0)
        queued = self._background.submit(
            lambda: keep(self._sent(copy, shim, messages, primary, price))
        )
        if not queued:
            self._add(-1, 0, -price)
        return queued

    def drain(self, timeout: float) -> bool:
        """Wait for the copies under way; tell whether that was in time."""
        return self._background.drain(timeout)

    def _price(self, plan: CallPlan, messages: list[BaseMessage]) -> float | None:
        """Return what a copy may cost; `None` if that matters and nobody knows."""
        if self.max_usd is None:
            return 0.0
        price = estimate_plan(plan, about_tokens(messages, plan.body))
        if price is None and plan.model not in self._unpriced:
            self._unpriced.add(plan.model)
            _LOG.warning(_UNPRICED, plan.model, self.max_usd)
        return price

    def _reserve(self, price: float) -> bool:
        """Set the price of a copy aside if the copy fits into what is left."""
        with self._lock:
            calls, tokens, usd = self._spent
            within = calls < self.max_calls and tokens < self.max_tokens
            if not within or (self.max_usd is not None and usd + price > self.max_usd):
                return False
            self._spent = Spent(calls + 1, tokens, usd + price)
            return True

    def _add(self, calls: int, tokens: int, usd: float) -> None:
        with self._lock:
            was = self._spent
            self._spent = Spent(was.calls + calls, was.tokens + tokens, was.usd + usd)

    def _sent(
        self,
        plan: CallPlan,
        shim: ProviderShim,
        messages: list[BaseMessage],
        primary: Answer,
        price: float,
    ) -> Mirrored:
        started = time.monotonic()
        try:
            message = _answer(plan, shim, messages, self.timeout)
        except Exception as error:  # noqa: BLE001 - it is in the report
            return Mirrored(plan.model, error=f"{type(error).__name__}: {error}")
        seconds = time.monotonic() - started
        cost = message.response_metadata[RECORD].get(COST)
        self._add(0, _tokens(message), 0.0 if cost is None else cost - price)
        verdict, told = self._judged(primary.text, message.text)
        return Mirrored(plan.model, verdict, primary.seconds, seconds, told, cost)

    def _judged(self, old: str, new: str) -> tuple[bool | float | None, str | None]:
        """Return the judge's word, or why there is none; a number is from 0 to 1."""
        if self.compare is None:
            return None, None
        try:
            said: Any = self.compare(old, new)
            score = said if said is None or isinstance(said, bool) else float(said)
        except Exception as error:  # noqa: BLE001 - it is in the report
            return None, f"compare: {type(error).__name__}: {error}"
        if score is None or 0 <= score <= 1:
            return score, None
        return None, f"compare: a score is a number from 0 to 1, not {score:g}"


def _answer(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage], seconds: float
) -> BaseMessage:
    """Return the answer to a copy, asked for once, as the call asked for it."""
    once = Attempts(lambda *_: plan, Work(lambda _: shim, deadline=seconds))
    if plan.stream:
        return generate_from_stream(stream(once, messages)).generations[0].message
    return generate(once, messages).generations[0].message


def _tokens(message: BaseMessage) -> int:
    usage = message.usage_metadata if isinstance(message, AIMessage) else None
    return usage["total_tokens"] if usage else 0
