"""Mirroring: a sample of shadowed calls is also sent on the unified path, for real."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessage, BaseMessage

from langchain_unified.answers.whole import COST
from langchain_unified.choice import about_tokens
from langchain_unified.content import RECORD
from langchain_unified.cost import estimate_plan
from langchain_unified.reliability.scope import Scope
from langchain_unified.rollout import guard
from langchain_unified.rollout.background import Background
from langchain_unified.rollout.keys import check_function
from langchain_unified.rollout.paths import Answer
from langchain_unified.rollout.report import Mirrored
from langchain_unified.runner import faces
from langchain_unified.runner.attempts import Attempts
from langchain_unified.runtime import renew_in_children
from langchain_unified.shims.base import ProviderShim
from langchain_unified.types import CallPlan

EFFECTS = ("tools", "functions", "conversation", "background", "store")
"""Settings of calls that are never mirrored: they act, or leave something behind."""

Judge = Callable[[str, str], bool | float]
"""Says whether two answers are equally good, or gives a score from 0 to 1."""

_LOG = logging.getLogger("langchain_unified")
_UNPRICED = (
    "Calls of %s are not mirrored: no price is known, so max_usd=%g cannot be kept. "
    'Try pip install "langchain-unified[cost]", or Mirror(max_usd=None).'
)


class Spent(NamedTuple):
    """What a mirror has used up.

    Attributes:
        calls: Copies sent or waiting.
        tokens: Tokens of those that came back.
        usd: What they cost in US dollars; the estimate for one that failed.
    """

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0


class Copy(NamedTuple):
    """A call as it is sent once more, and the answer of the path before."""

    plan: CallPlan
    shim: ProviderShim
    messages: list[BaseMessage]
    primary: Answer

    def answered(self, seconds: float) -> BaseMessage:
        """Return the answer, asked for once, as the call asked for it."""
        once = Attempts(
            lambda *_: self.plan,
            None,
            lambda _: Scope(),
            connect=lambda _: self.shim,
            deadline=seconds,
        )
        if self.plan.stream:
            result = generate_from_stream(faces.stream(once, self.messages))
        else:
            result = faces.generate(once, self.messages)
        return result.generations[0].message


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

    _spent: Spent

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
        self.sample, self.timeout = sample, timeout
        self.concurrency, self.queue = concurrency, queue
        self.max_calls, self.max_tokens = max_calls, max_tokens
        self.max_usd, self.compare = max_usd, compare
        guard.check_limits(
            vars(self),
            sample=guard.SHARE,
            timeout=guard.SECONDS,
            **dict.fromkeys(("concurrency", "queue"), guard.PLACES),
            **dict.fromkeys(("max_calls", "max_tokens"), guard.COUNT),
            max_usd=guard.AMOUNT | None,
        )
        check_function("compare", compare)
        self._begin()

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
        keep: Callable[[Mirrored], None],
    ) -> bool:
        """Queue a copy of a call if it is in the sample and within the budget."""
        acts = any(plan.body.get(name) for name in EFFECTS) or plan.calls > 1
        if acts or random.random() >= self.sample:  # noqa: S311
            return False
        price = self._price(plan, messages)
        if price is None or not self._reserve(price):
            return False
        plan = replace(plan, timeout=self.timeout, max_retries=0)
        copy = Copy(plan, shim, messages, primary)
        queued = self._background.submit(lambda: keep(self._sent(copy, price)))
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

    def _sent(self, copy: Copy, price: float) -> Mirrored:
        model, primary, started = copy.plan.model, copy.primary, time.monotonic()
        try:
            message = copy.answered(self.timeout)
        except Exception as error:  # noqa: BLE001 - it is in the report
            return Mirrored(model, error=f"{type(error).__name__}: {error}")
        seconds = time.monotonic() - started
        usage = message.usage_metadata if isinstance(message, AIMessage) else None
        cost = message.response_metadata[RECORD].get(COST)
        tokens = usage["total_tokens"] if usage else 0
        self._add(0, tokens, 0.0 if cost is None else cost - price)
        found = Mirrored(model, None, primary.seconds, seconds, cost_usd=cost)
        if self.compare is None:
            return found
        try:
            verdict = _verdict(self.compare(primary.text, message.text))
            return found._replace(verdict=verdict)
        except Exception as error:  # noqa: BLE001 - it is in the report
            return found._replace(error=f"compare: {type(error).__name__}: {error}")

    def renew(self) -> None:
        """Take a lock of one's own, in a forked process too."""
        self._lock = threading.Lock()

    def _begin(self) -> None:
        self.renew()
        renew_in_children(self)
        self._spent = Spent()
        self._unpriced: set[str] = set()
        self._background = Background(
            "unified-mirror", workers=self.concurrency, limit=self.queue
        )

    def __getstate__(self) -> dict[str, object]:
        """Travel with the limits only."""
        return {k: v for k, v in vars(self).items() if not k.startswith("_")}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Start with nothing spent."""
        self.__dict__ |= state
        self._begin()


def _verdict(said: Any) -> bool | float | None:
    """Return a judge's word; a number outside 0 to 1 is none.

    Raises:
        ValueError: If it is neither a boolean nor a score.
    """
    if said is None or isinstance(said, bool):
        return said
    score = float(said)
    if not 0 <= score <= 1:
        message = f"a score is a number from 0 to 1, not {score:g}"
        raise ValueError(message)
    return score
