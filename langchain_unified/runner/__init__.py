"""A call carried out: the attempts at it, within budget, deadline and guards."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from langchain_unified.choice import about_tokens
from langchain_unified.cost import TIER, Hold, Purse, cap_of, estimate_plan, tier_of
from langchain_unified.environment import CHUNK_TIMEOUT, seconds_from_env
from langchain_unified.errors import InvalidParameterError
from langchain_unified.learning import Carried, Trial, texts_of
from langchain_unified.reliability import BreakerSettings
from langchain_unified.reliability.safeguards import Safeguards, check_concurrency
from langchain_unified.runner.attempts import Attempts
from langchain_unified.runner.fallbacks import read_fallbacks
from langchain_unified.runner.planning import Planning
from langchain_unified.runner.route import MakePlan, Work
from langchain_unified.runner.spending import Spending
from langchain_unified.runtime import Bounded, Runtime
from langchain_unified.shims.base import ProviderShim
from langchain_unified.types import CallPlan, Change, Invocation

_LOG = logging.getLogger("langchain_unified")

Finish = Callable[[CallPlan], CallPlan]
"""What a plan goes through last, before it is sent."""


class _Logged(Bounded[tuple[str, str, str], object]):
    """Changes that were logged, by provider, model and parameter."""


class Runner:
    """Carries out the calls of one chat model.

    Args:
        fields: The model's fields by name.
        planning: Plans the model's calls.
        purse: What the model has spent.

    Raises:
        InvalidParameterError: If a field that guards the calls has a wrong value.

    Attributes:
        planning: Plans the model's calls.
    """

    def __init__(
        self, fields: Mapping[str, Any], planning: Planning, purse: Purse
    ) -> None:
        """Read what guards the calls."""
        self._fields, self.planning, self._purse = fields, planning, purse
        pause = fields["stream_chunk_timeout"]
        self._safeguards = Safeguards(
            BreakerSettings.read(fields.get("circuit_breaker")),
            check_concurrency(fields["max_concurrency"]),
            pause,
            None if pause == seconds_from_env(*CHUNK_TIMEOUT) else pause,
            fields.get("rate_limiter"),
            planning.wiring.runtime,
        )
        self._told: tuple[CallPlan, ProviderShim] | None = None
        self._fallbacks = read_fallbacks(fields["fallbacks"])

    def asked(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
        finish: Finish | None = None,
    ) -> tuple[Attempts, list[BaseMessage]]:
        """Return the attempts at a call, and the messages they send.

        The call is planned at each attempt, with what is known by then.
        """
        if self._fields["use_previous_response_id"]:
            messages, kwargs = _unseen(messages, kwargs)
        planning = self.planning
        read = planning.calls.again(stop, kwargs, last=True)
        asked = planning.invocation(messages, read, stream=stream)
        if not (messages or planning.known(asked.model).is_elsewhere):
            raise InvalidParameterError("messages", messages, "give at least one.")
        plans = [partial(planning.attempt, read, asked)]
        for one in self._fallbacks:
            read = planning.calls.read(stop, {**kwargs, **one})
            call = planning.invocation(messages, read, stream=stream)
            plans.append(partial(planning.attempt, read, call))
        if finish is not None:
            plans = [partial(_finished, plan, finish) for plan in plans]
        free = self._fields["budget_usd"] is None
        moves = self._fields["service_tier_fallback"] is not None
        work = Work(
            self.shim,
            lambda plan: planning.scope(plan.config.connection, asked),
            planning.lessons,
            lambda: _carried(messages, asked, kwargs),
            self._safeguards,
            asked.deadline,
        )
        attempts = Attempts(
            plans[0],
            work,
            fallbacks=plans[1:],
            elsewhere=self._elsewhere(asked, finish) if moves else None,
            spending=None if free else self._spending(messages, asked),
        )
        return attempts, messages

    def _elsewhere(self, call: Invocation, finish: Finish | None) -> MakePlan | None:
        """Return what plans a call for the tier to move to; `None` if there is none."""
        other, extra = self._fields["service_tier_fallback"], dict(call.extra_body)
        asked = extra.pop(TIER, None) or call.params.get(TIER)
        if asked is None or asked == other:
            return None
        moved = call._replace(params={**call.params, TIER: other}, extra_body=extra)
        reason = f"the provider had no room for the call at service_tier={asked!r}."
        change = Change(TIER, "routed", asked, other, reason, "service_tier_fallback")

        def noted(caution: int, trials: tuple[Trial, ...]) -> CallPlan:
            plan = self.planning.plan(moved._replace(caution=caution), trials)
            return replace(plan, changes=(*plan.changes, change))

        return noted if finish is None else partial(_finished, noted, finish)

    def _spending(self, messages: list[BaseMessage], call: Invocation) -> Spending:
        """Return what a call may spend."""
        budget = self._fields["budget_usd"]

        def hold(plan: CallPlan) -> Hold:
            estimate = estimate_plan(plan, about_tokens(messages, plan.body))
            known = cap_of(plan) or plan.config.limits.get("output")
            has_cap = bool(known if estimate is None else cap_of(plan))
            return self._purse.hold(
                budget,
                estimate,
                call.tenant,
                has_cap=has_cap,
                model=plan.config.full_name,
                tier=tier_of(plan),
            )

        return Spending(hold)

    def shim(self, plan: CallPlan) -> ProviderShim:
        """Return the shim a plan is sent with; log what the plan changes."""
        told = self._told
        if told is not None and told[0] is plan:
            return told[1]
        wiring = self.planning.wiring
        if plan.changes and plan.on_unsupported != "ignore":
            _log(plan, wiring.runtime)
        if told is None or plan.config is not told[0].config:
            wiring.registry.warn_of_shutdown(plan.config, wiring.runtime)
        shim = wiring.shim(plan)
        self._told = plan, shim
        return shim


def _finished(
    make_plan: MakePlan, finish: Finish, caution: int, trials: tuple[Trial, ...]
) -> CallPlan:
    return finish(make_plan(caution, trials))


def _unseen(
    messages: list[BaseMessage], kwargs: dict[str, Any]
) -> tuple[list[BaseMessage], dict[str, Any]]:
    """Return what follows the last stored response, and the keywords to say so."""
    for at in range(len(messages) - 1, -1, -1):
        name = messages[at].response_metadata.get("id")
        if isinstance(messages[at], AIMessage) and str(name).startswith("resp_"):
            return messages[at + 1 :], {**kwargs, "previous_response_id": name}
    return messages, kwargs


def _log(planned: CallPlan, kept: Runtime) -> None:
    """Warn once per model and parameter about what was dropped or clamped."""
    for change in planned.changes:
        if change.kind not in {"dropped", "clamped"}:
            continue
        key = (planned.provider, planned.model, change.parameter)
        if kept[_Logged].add(key, key):
            _LOG.warning(
                "%s: %s=%r %s: %s",
                planned.model,
                change.parameter,
                change.requested,
                change.kind,
                change.reason,
            )


def _carried(
    messages: list[BaseMessage], call: Invocation, kwargs: Mapping[str, Any]
) -> Carried:
    """Return what a request carries, which an error may repeat."""
    texts = texts_of([messages, dict(call.params), dict(call.extra_body), dict(kwargs)])
    blocks = (form.source for form in call.traits.media if form.kind == "block")
    return Carried(tuple(texts), call.traits.inputs, frozenset(blocks))
