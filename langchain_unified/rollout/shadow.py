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
from langchain_unified.rollout.payloads import Payload
from langchain_unified.rollout.report import Difference
from langchain_unified.rollout.store import Finding
from langchain_unified.shims.base import ProviderShim
from langchain_unified.types import CallPlan

NOT_SEEN = (
    "nobody saw the old service's request; give its HTTP client capture_hooks(), or "
    "call report_sent() in it"
)
OTHER_WIRE = "the old service's request is not of OpenAI's wire"
SEVERAL = "a batch is several calls; ask one by one to have them compared"

_DEPLOYMENTS = "/openai/deployments/"
_ENDPOINTS = {"/chat/completions": "chat", "/responses": "responses"}
_NOISE = frozenset(
    {"accept", "accept-encoding", "authorization", "connection", "content-length"}
    | {"content-type", "host", "user-agent", "traceparent", "tracestate", "baggage"}
    | {"api-key", "x-api-key", "x-goog-api-key"}
)
"""Headers that HTTP clients and tracing add; the key is compared by nobody."""

_NAMED = {"organization": "openai-organization", "project": "openai-project"}


class Planned(NamedTuple):
    """A call as the unified path would make it."""

    plan: CallPlan
    shim: ProviderShim
    messages: list[BaseMessage]
    asked: frozenset[str]

    def payload(self, *, whole: bool) -> Payload:
        """Return the request on OpenAI's wire; if whole, with the client's headers."""
        from langchain_unified.shims.legacy.shim import unified_body  # noqa: PLC0415

        plan, own = self.plan, self.shim.connection
        body = unified_body(self.shim, plan, self.messages)
        headers = _headers(plan.headers)
        if not whole:
            return Payload(plan.endpoint, body, headers)
        named = {header: own.get(setting) for setting, header in _NAMED.items()}
        given = {k: v for k, v in named.items() if v}
        given |= _headers(own.get("default_headers")) | headers
        server = str(own.address).rstrip("/")
        return Payload(plan.endpoint, body, _telling(given), server)


class Shadowed(NamedTuple):
    """A call that the path before has answered, and what plans it for the other."""

    rollout: Rollout
    planned: Callable[[], Planned]
    model: str
    answer: Answer

    def beside_plain(self, plain: Any, plan: CallPlan, messages: Any) -> Finding:
        """Return what the unified path would send unlike the plain model."""
        endpoint, body = plain.payload(plan, messages)
        headers = _headers(body.get("extra_headers"))
        return self._beside(Payload(endpoint, body, headers), "ChatOpenAI")

    def beside(self, sent: list[Sent]) -> Finding:
        """Return what the unified path would send unlike an old service."""
        why = OTHER_WIRE if sent else NOT_SEEN
        return self._beside(_read_sent(sent), "The old service", len(sent), why)

    def _beside(
        self, legacy: Payload | None, who: str, requests: int = 1, why: str = ""
    ) -> Finding:
        """Return what the unified path would send differently; mirror the call."""
        try:
            planned = self.planned()
        except REFUSALS as error:
            found = refusal(error, self.model, legacy)
            return Finding([found], why if legacy is None else "")
        plan, shim, messages, asked = planned
        mirror, store = self.rollout.mirror, self.rollout.store
        if mirror is not None and self.answer.complete:
            store.wait_also(mirror.drain)
            mirror.offer(plan, shim, messages, self.answer, store.keep)
        if not hasattr(getattr(shim, "delegate", None), "render"):
            why = f"the unified path calls {plan.provider}, in the form of its own wire"
            legacy = None
        if legacy is None:
            return Finding(changes_of(plan), why)
        ours = planned.payload(whole=bool(legacy.server))
        rows = [*Comparison(legacy, ours, plan, who, asked).differences()]
        if requests > 1:
            meaning = f"{who} sends several requests for one call; the last counts."
            texts = str(requests), str(plan.calls)
            rows.append(Difference(plan.model, "requests", *texts, meaning))
        return Finding(rows)


def _read_sent(sent: list[Sent]) -> Payload | None:
    """Return the last request of OpenAI's wire; a deployment it names is a model."""
    for one in reversed(sent):
        url = one.url.partition("?")[0]
        for path, endpoint in _ENDPOINTS.items():
            if url.endswith(path):
                server, _, model = url.removesuffix(path).partition(_DEPLOYMENTS)
                body = {**one.body, "model": model} if model else one.body
                return Payload(endpoint, body, _telling(one.headers), server)
    return None


def _telling(headers: Any) -> dict[str, str]:
    """Return the headers that matter."""
    names = (name for name in headers if name not in _NOISE)
    return {n: headers[n] for n in names if not n.startswith("x-stainless-")}


def _headers(given: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in (given or {}).items()}
