"""Shadowing: the legacy path answers, the unified payload is compared beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.reliability.closing import owned
from langchain_unified.rollout.compare import REFUSALS, differences, refusal
from langchain_unified.rollout.control import Rollout
from langchain_unified.rollout.mirror import Primary
from langchain_unified.rollout.report import Difference
from langchain_unified.shims import ProviderShim
from langchain_unified.types import CallPlan

Planned = Callable[[], tuple[CallPlan, ProviderShim]]
"""Plans the call on the unified path; nothing is sent."""


class ShadowShim(ProviderShim):
    """Passes every call to the legacy shim, and looks at it when it is over.

    Args:
        legacy: The shim that answers.
        planned: Plans the same call on the unified path.
        rollout: Where comparisons go, and what may be mirrored.
    """

    provider = "legacy"

    def __init__(self, legacy: Any, planned: Planned, rollout: Rollout) -> None:
        """Keep what is needed after the answer."""
        super().__init__(legacy.connection)
        self._legacy, self._planned, self._rollout = legacy, planned, rollout

    def generate(self, plan: CallPlan, messages: list[BaseMessage]) -> ChatResult:
        """Return the legacy answer."""
        primary = Primary()
        try:
            result: ChatResult = self._legacy.generate(plan, messages)
            _whole(primary, result)
        finally:
            self.observe(plan, messages, primary)
        return result

    async def agenerate(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> ChatResult:
        """Return the legacy answer."""
        primary = Primary()
        try:
            result: ChatResult = await self._legacy.agenerate(plan, messages)
            _whole(primary, result)
        finally:
            self.observe(plan, messages, primary)
        return result

    def stream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Generator[ChatGenerationChunk, None, None]:
        """Yield the legacy pieces."""
        primary = Primary()
        try:
            for piece in self._legacy.stream(plan, messages):
                primary.add(piece.text)
                yield piece
            primary.finish()
        finally:
            self.observe(plan, messages, primary)

    async def astream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Yield the legacy pieces."""
        primary = Primary()
        try:
            async with owned(self._legacy.astream(plan, messages)) as pieces:
                async for piece in pieces:
                    primary.add(piece.text)
                    yield piece
            primary.finish()
        finally:
            self.observe(plan, messages, primary)

    def observe(
        self, plan: CallPlan, messages: list[BaseMessage], primary: Primary
    ) -> None:
        """Have the call compared in the background, whether or not it succeeded."""
        messages = list(messages)
        self._rollout.store.submit(lambda: self.compared(plan, messages, primary))

    def compared(
        self, plan: CallPlan, messages: list[BaseMessage], primary: Primary
    ) -> list[Difference]:
        """Return what the unified path would send differently; mirror the call.

        Args:
            plan: The plan of the legacy path.
            messages: The messages of the call.
            primary: The legacy answer.
        """
        from langchain_unified.shims.legacy import unified_body  # noqa: PLC0415

        legacy = self._legacy.payload(plan, messages)
        try:
            planned, shim = self._planned()
        except REFUSALS as error:
            return refusal(error, plan.model, legacy)
        self._mirror(planned, shim, messages, primary)
        unified = (planned.endpoint, unified_body(shim, planned, messages))
        return differences(legacy, unified, planned)

    def _mirror(
        self,
        planned: CallPlan,
        shim: ProviderShim,
        messages: list[BaseMessage],
        primary: Primary,
    ) -> None:
        mirror, store = self._rollout.mirror, self._rollout.store
        if mirror is None or not primary.complete:
            return
        store.wait_also(mirror.drain)
        mirror.offer(planned, shim, messages, primary, store.keep)


def _whole(primary: Primary, result: ChatResult) -> None:
    primary.add(result.generations[0].text)
    primary.finish()
