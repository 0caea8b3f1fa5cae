"""Shadowing: the legacy path answers, the unified payload is compared beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from langchain_unified.reliability.closing import owned
from langchain_unified.rollout.capture import Sent
from langchain_unified.rollout.compare import (
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
    ) -> Finding:
        """Return what the unified path would send differently; mirror the call.

        Args:
            plan: The plan of the legacy path.
            messages: The messages of the call.
            primary: The legacy answer.
        """
        endpoint, body = self._legacy.payload(plan, messages)
        legacy = Payload(endpoint, body, _lowered(body.get("extra_headers")))
        try:
            planned, shim, asked = self._planned()
        except REFUSALS as error:
            return Finding([refusal(error, plan.model, legacy)])
        offer_copy(self._rollout, planned, shim, messages, primary)
        ours = unified_payload(planned, shim, messages)
        if ours is None:
            return Finding(changes_of(planned), seen=False)
        compared = Comparison(legacy, ours, planned, asked=asked)
        return Finding([*compared.differences()])


def seen_beside(
    rollout: Rollout,
    planned: Planned,
    messages: list[BaseMessage],
    *,
    model: str,
    sent: tuple[Sent, ...],
    old: Primary,
) -> Finding:
    """Return what the unified path would send unlike an old service of the user's own.

    Args:
        rollout: What may be mirrored.
        planned: Plans the call on the unified path.
        messages: The messages of the call.
        model: The model the call asks for.
        sent: What the old service was seen to send; nothing is claimed without it.
        old: Its answer.
    """
    legacy = _read_sent(sent)
    try:
        plan, shim, asked = planned()
    except REFUSALS as error:
        return Finding([refusal(error, model, legacy)], seen=legacy is not None)
    offer_copy(rollout, plan, shim, messages, old)
    ours = None if legacy is None else unified_payload(plan, shim, messages)
    if legacy is None or ours is None:
        return Finding(changes_of(plan), seen=False)
    ours = ours._replace(server=_address(shim), headers=_own_headers(plan, shim))
    rows = [*Comparison(legacy, ours, plan, OLD_SERVICE, asked).differences()]
    if len(sent) > 1:
        why = "The old service sends several requests for one call; the last counts."
        rows.append(
            Difference(plan.model, "requests", str(len(sent)), str(plan.calls), why)
        )
    return Finding(rows)


def offer_copy(
    rollout: Rollout,
    plan: CallPlan,
    shim: ProviderShim,
    messages: list[BaseMessage],
    primary: Primary,
) -> None:
    """Have a call sent on the unified path too, if a mirror is on and draws it."""
    mirror, store = rollout.mirror, rollout.store
    if mirror is None or not primary.complete:
        return
    store.wait_also(mirror.drain)
    mirror.offer(plan, shim, messages, primary, store.keep)


def unified_payload(
    plan: CallPlan, shim: ProviderShim, messages: list[BaseMessage]
) -> Payload | None:
    """Return the request of the unified path; `None` if its wire is not OpenAI's."""
    from langchain_unified.shims.legacy import unified_body  # noqa: PLC0415

    if not hasattr(getattr(shim, "delegate", None), "render"):
        return None
    body = unified_body(shim, plan, messages)
    return Payload(plan.endpoint, body, _lowered(plan.headers))


_ENDPOINTS = {"/chat/completions": "chat", "/responses": "responses"}
_NOISE = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length"}
    | {"content-type", "host", "user-agent", "traceparent", "tracestate", "baggage"}
)
"""Headers that HTTP clients and tracing add; the key is compared by nobody."""

_NOISY = ("x-stainless-",)
_NAMED = {"organization": "openai-organization", "project": "openai-project"}


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
    return name not in _NOISE and not name.startswith(_NOISY)


def _address(shim: ProviderShim) -> str:
    """Return the server our request goes to."""
    return str(shim.connection.address).rstrip("/")


def _own_headers(plan: CallPlan, shim: ProviderShim) -> dict[str, str]:
    """Return the headers that our request carries because the user set them."""
    connection = shim.connection
    named = {
        header: str(connection.get(setting))
        for setting, header in _NAMED.items()
        if connection.get(setting)
    }
    given = _lowered(connection.get("default_headers")) | _lowered(plan.headers)
    return {k: v for k, v in {**named, **given}.items() if _matters(k)}


def _lowered(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in (headers or {}).items()}


def _whole(primary: Primary, result: ChatResult) -> None:
    primary.add(result.generations[0].text)
    primary.finish()
