"""Shadowing: the path before answers, the unified request is compared beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.reliability.closing import owned
from langchain_unified.rollout.capture import Sent
from langchain_unified.rollout.compare import (
    CHAT_OPENAI,
    OLD_SERVICE,
    REFUSALS,
    Comparison,
    changes_of,
    refusal,
)
from langchain_unified.rollout.control import Rollout
from langchain_unified.rollout.mirror import Primary
from langchain_unified.rollout.payloads import Payload
from langchain_unified.rollout.report import Difference
from langchain_unified.rollout.store import Finding
from langchain_unified.shims import ProviderShim
from langchain_unified.types import CallPlan

Planned = Callable[[], tuple[CallPlan, ProviderShim, frozenset[str]]]
"""Plans the call on the unified path; also returns what is asked for, by name."""

_ENDPOINTS = {"/chat/completions": "chat", "/responses": "responses"}
_NOISE = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length"}
    | {"content-type", "host", "user-agent", "traceparent", "tracestate", "baggage"}
)
"""Headers that HTTP clients and tracing add; the key is compared by nobody."""

_NAMED = {"organization": "openai-organization", "project": "openai-project"}


class Shadowed(NamedTuple):
    """A call that the path before has answered.

    Attributes:
        rollout: What may be mirrored.
        planned: Plans it on the unified path.
        messages: Its messages.
        model: The model it asks for.
        primary: The answer.
    """

    rollout: Rollout
    planned: Planned
    messages: list[BaseMessage]
    model: str
    primary: Primary

    def beside(self, sent: tuple[Sent, ...]) -> Finding:
        """Return what the unified path would send unlike an old service of one's own.

        Args:
            sent: What the old service was seen to send; nothing is claimed without it.
        """
        return self.compared(_read_sent(sent), OLD_SERVICE, len(sent))

    def compared(
        self, legacy: Payload | None, who: str = CHAT_OPENAI, requests: int = 1
    ) -> Finding:
        """Return what the unified path would send differently; mirror the call.

        Args:
            legacy: The request of the path before; `None` if nobody saw it.
            who: Who sent it.
            requests: How many were sent; the last counts.
        """
        try:
            plan, shim, asked = self.planned()
        except REFUSALS as error:
            row = refusal(error, self.model, legacy)
            return Finding([row], seen=legacy is not None)
        mirror, store = self.rollout.mirror, self.rollout.store
        if mirror is not None and self.primary.complete:
            store.wait_also(mirror.drain)
            mirror.offer(plan, shim, self.messages, self.primary, store.keep)
        if legacy is None or not hasattr(getattr(shim, "delegate", None), "render"):
            return Finding(changes_of(plan), seen=False)
        ours = _unified_payload(plan, shim, self.messages, whole=bool(legacy.server))
        rows = [*Comparison(legacy, ours, plan, who, asked).differences()]
        if requests > 1:
            why = f"{who} sends several requests for one call; the last counts."
            texts = (str(requests), str(plan.calls))
            rows.append(Difference(plan.model, "requests", *texts, why))
        return Finding(rows)


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
        with self._observed(plan, messages) as primary:
            result: ChatResult = self._legacy.generate(plan, messages)
            primary.add(result.generations[0].text)
            primary.finish()
        return result

    async def agenerate(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> ChatResult:
        """Return the legacy answer."""
        with self._observed(plan, messages) as primary:
            result: ChatResult = await self._legacy.agenerate(plan, messages)
            primary.add(result.generations[0].text)
            primary.finish()
        return result

    def stream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Generator[ChatGenerationChunk, None, None]:
        """Yield the legacy pieces."""
        with self._observed(plan, messages) as primary:
            for piece in self._legacy.stream(plan, messages):
                primary.add(piece.text)
                yield piece
            primary.finish()

    async def astream(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        """Yield the legacy pieces."""
        with self._observed(plan, messages) as primary:
            async with owned(self._legacy.astream(plan, messages)) as pieces:
                async for piece in pieces:
                    primary.add(piece.text)
                    yield piece
            primary.finish()

    @contextmanager
    def _observed(
        self, plan: CallPlan, messages: list[BaseMessage]
    ) -> Iterator[Primary]:
        """Have a call compared in the background, whether or not it succeeds."""
        primary = Primary()
        call = Shadowed(self._rollout, self._planned, [*messages], plan.model, primary)

        def compare() -> Finding:
            endpoint, body = self._legacy.payload(plan, call.messages)
            headers = _lowered(body.get("extra_headers"))
            return call.compared(Payload(endpoint, body, headers))

        try:
            yield primary
        finally:
            self._rollout.store.submit(compare)


def _unified_payload(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage], *, whole: bool
) -> Payload:
    """Return our request, of OpenAI's wire.

    Args:
        plan: The plan.
        shim: Its shim.
        messages: The messages.
        whole: Whether server and all headers count: the one before is seen whole.
    """
    from langchain_unified.shims.legacy import unified_body  # noqa: PLC0415

    body, headers = unified_body(shim, plan, messages), _lowered(plan.headers)
    if not whole:
        return Payload(plan.endpoint, body, headers)
    own = shim.connection
    named = {header: own.get(setting) for setting, header in _NAMED.items()}
    given = _lowered({k: v for k, v in named.items() if v})
    given |= _lowered(own.get("default_headers")) | headers
    kept = {k: v for k, v in given.items() if _matters(k)}
    return Payload(plan.endpoint, body, kept, str(own.address).rstrip("/"))


def _read_sent(sent: tuple[Sent, ...]) -> Payload | None:
    """Return the last request of OpenAI's wire."""
    for one in reversed(sent):
        url = one.url.partition("?")[0]
        for path, endpoint in _ENDPOINTS.items():
            if url.endswith(path):
                kept = {k: v for k, v in one.headers.items() if _matters(k)}
                return Payload(endpoint, one.body, kept, url.removesuffix(path))
    return None


def _matters(name: str) -> bool:
    return name not in _NOISE and not name.startswith("x-stainless-")


def _lowered(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in (headers or {}).items()}
