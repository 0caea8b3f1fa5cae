"""Shadowing: the path before answers, the unified request is compared beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from langchain_core.messages import BaseMessage

from langchain_unified.rollout.capture import Sent
from langchain_unified.rollout.compare import (
    REFUSALS,
    Comparison,
    changes_of,
    refusal,
)
from langchain_unified.rollout.control import Rollout
from langchain_unified.rollout.paths import Answer
from langchain_unified.rollout.report import Difference
from langchain_unified.rollout.store import Finding
from langchain_unified.runner import Runner
from langchain_unified.shims.base import ProviderShim
from langchain_unified.shims.loading import connect
from langchain_unified.shims.openai.payloads import (
    Payload,
    planned_payload,
    sent_payload,
)
from langchain_unified.types import CallPlan

Asked = tuple[list[BaseMessage], list[str] | None, dict[str, Any]]
"""The messages of a call, its stop and its keywords."""

NOT_SEEN = (
    "the old service's request was not captured; give its HTTP client "
    "capture_hooks(), or call report_sent() in it"
)
OTHER_WIRE = "the old service's request is not in the format of OpenAI's API"
SEVERAL = "a batch is several calls; make single calls to compare them"
NO_CALL = "the old service raised a TypeError for the arguments and sent nothing"


class Shadowed(NamedTuple):
    """A call that the path before answers, and what plans it for the unified one."""

    rollout: Rollout
    runner: Runner
    asked: Callable[[], Asked] | None
    stream: bool
    model: str

    def beside_plain(self, plain: Any, plan: CallPlan, answer: Answer) -> None:
        """Have our request compared with the plain model's, when it has answered."""

        def compared() -> Finding:
            before = plain.payload(plan, self.asked()[0])  # type: ignore[misc]
            return self._compared(before, "ChatOpenAI", answer)

        self.rollout.store.submit(compared)

    def beside(self, answer: Answer, sent: list[Sent]) -> None:
        """Have our request compared with what an old service has sent."""

        def compared() -> Finding:
            if self.asked is None:
                return Finding([], SEVERAL)
            if isinstance(answer.error, TypeError) and not sent:
                return Finding([], NO_CALL)
            seen = (sent_payload(*one) for one in reversed(sent))
            before = next(filter(None, seen), None)
            why = OTHER_WIRE if sent else NOT_SEEN
            return self._compared(before, "The old service", answer, len(sent), why)

        self.rollout.store.submit(compared)

    def _compared(
        self,
        legacy: Payload | None,
        who: str,
        answer: Answer,
        requests: int = 1,
        why: str = "",
    ) -> Finding:
        """Return what the unified path would send differently; mirror the call."""
        try:
            plan, shim, messages, names = self._planned()
        except REFUSALS as error:
            found = refusal(error, self.model, legacy)
            return Finding([found], why if legacy is None else "")
        mirror, store = self.rollout.mirror, self.rollout.store
        if mirror is not None and answer.complete:
            store.wait_also(mirror.drain)
            mirror.offer(plan, shim, messages, answer, store.keep)
        ours = planned_payload(shim, plan, messages)
        if ours is None:
            why = (
                f"the unified path calls {plan.provider}, in the format of its own API"
            )
        if ours is None or legacy is None:
            return Finding(changes_of(plan), why)
        rows = [*Comparison(legacy, ours, plan, who, names).differences()]
        if requests > 1:
            meaning = (
                f"{who} sends several requests for one call; the last one is compared."
            )
            texts = str(requests), str(plan.calls)
            rows.append(Difference(plan.model, "requests", *texts, meaning))
        return Finding(rows)

    def _planned(self) -> tuple[CallPlan, ProviderShim, list[BaseMessage], set[str]]:
        """Plan the call on the unified path; nothing is sent."""
        planning = self.runner.planning
        messages, stop, kwargs = self.asked()  # type: ignore[misc]
        read = planning.calls.read(stop, kwargs)
        call = planning.invocation(messages, read, stream=self.stream)
        plan = planning.plan(call)
        wiring = planning.wiring
        shim = connect(wiring.connection(plan.config.connection), wiring.runtime)
        return plan, shim, messages, {*call.params, *call.extra_body}
