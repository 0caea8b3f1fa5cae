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
from langchain_unified.runner import Runner
from langchain_unified.shims.base import ProviderShim
from langchain_unified.shims.loading import connect
from langchain_unified.types import CallPlan

Asked = tuple[list[BaseMessage], list[str] | None, dict[str, Any]]
"""The messages of a call, its stop and its keywords."""

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
            endpoint, body = plain.payload(plan, self.asked()[0])  # type: ignore[misc]
            headers = _headers(body.get("extra_headers"))
            before = Payload(endpoint, body, headers)
            return self._compared(before, "ChatOpenAI", answer)

        self.rollout.store.submit(compared)

    def beside(self, answer: Answer, sent: list[Sent]) -> None:
        """Have our request compared with what an old service has sent."""

        def compared() -> Finding:
            if self.asked is None:
                return Finding([], SEVERAL)
            why, before = OTHER_WIRE if sent else NOT_SEEN, _read_sent(sent)
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
        if not hasattr(getattr(shim, "delegate", None), "render"):
            why = f"the unified path calls {plan.provider}, in the form of its own wire"
            legacy = None
        if legacy is None:
            return Finding(changes_of(plan), why)
        ours = _ours(plan, shim, messages, whole=bool(legacy.server))
        rows = [*Comparison(legacy, ours, plan, who, names).differences()]
        if requests > 1:
            meaning = f"{who} sends several requests for one call; the last counts."
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


def _ours(plan: CallPlan, shim: Any, messages: Any, *, whole: bool) -> Payload:
    """Return our request; if whole, with the client's own headers and server."""
    from langchain_unified.shims.legacy.shim import unified_body  # noqa: PLC0415

    body, headers = unified_body(shim, plan, messages), _headers(plan.headers)
    if not whole:
        return Payload(plan.endpoint, body, headers)
    own = shim.connection
    named = {header: own.get(setting) for setting, header in _NAMED.items()}
    given = {k: v for k, v in named.items() if v}
    given |= _headers(own.get("default_headers")) | headers
    return Payload(plan.endpoint, body, _telling(given), str(own.address).rstrip("/"))


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
