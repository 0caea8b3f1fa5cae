"""A cache of plans, so that a repeated call is not planned again.

A plan is a pure function of the invocation and the model's configuration, so it is kept
by the values of the one and the identity of the other: a changed setting is another
value, and a lesson, a new row or a new day is another configuration. What no rule
reads (timeout, headers, query, the class of the answer) is filled in for each call.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

from langchain_unified.runtime import Bounded
from langchain_unified.types import EMPTY, CallPlan, Invocation, ModelConfig

try:
    import orjson
except ImportError:  # pragma: no cover - langsmith leaves it out on PyPy
    orjson = None  # type: ignore[assignment]

__all__ = ["PlanCache"]

_MOST_BYTES = 64 * 1024
"""Settings larger than this are planned every time."""


_Entry = tuple[ModelConfig, CallPlan | None]


class PlanCache(Bounded[Any, _Entry]):
    """The most recently used plans.

    A call is kept when it comes for the second time: one that never comes again costs
    a key and no copy.

    Args:
        most: How many plans are kept.
    """

    def __init__(self, most: int = 512) -> None:
        """Start empty."""
        super().__init__(most)

    def plan(self, call: Invocation, config: ModelConfig) -> CallPlan:
        """Return what `langchain_unified.planner.plan` returns.

        Raises:
            UnsupportedError: As the planner does; refusals are not kept.
        """
        key = _key(call, config)
        if key is None:
            return _decided(call, config)
        of, plan = self.find(key) or (None, None)
        if of is not config:
            plan = _decided(call, config)
            self.put(key, (config, None))
            return plan
        if plan is None:
            plan = _decided(_own(call), config)
            self.put(key, (config, plan))
        return _filled_in(plan, call)


def _decided(call: Invocation, config: ModelConfig) -> CallPlan:
    """Plan a call; the rules are imported for the first."""
    from langchain_unified.planner.rules import plan  # noqa: PLC0415

    return plan(call, config)


def _key(call: Invocation, config: ModelConfig) -> Any:
    """Return all that the rules read, or `None` if some of it has no plain form."""
    if orjson is None:
        return None
    try:
        params, extra = call.params, call.extra_body
        if type(params) is not dict or type(extra) is not dict:
            params, extra = dict(params), dict(extra)
        values = orjson.dumps((params, extra), None, _AS)
    except TypeError:
        return None
    if len(values) > _MOST_BYTES:
        return None
    return (
        id(config),
        call.model,
        values,
        call.traits,
        call.stream,
        call.endpoint,
        call.on_unsupported,
        call.max_retries,
        call.stream_usage,
        call.output_version,
        call.structure,
        call.caution,
        call.nulls,
        tuple(call.platforms.items()),
        call.server,
    )


_AS = (
    orjson.OPT_NON_STR_KEYS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    if orjson is not None
    else 0
)


def _plain(values: Any) -> Any:
    return values if type(values) is dict else dict(values)


def _own(call: Invocation) -> Invocation:
    """Return the call without what is filled in, and with containers of its own."""
    return call._replace(
        params=deepcopy(_plain(call.params)),
        extra_body=deepcopy(_plain(call.extra_body)),
        timeout=None,
        headers=EMPTY,
        query=EMPTY,
        parse_as=None,
    )


def _filled_in(found: CallPlan, call: Invocation) -> CallPlan:
    if (
        call.timeout is None
        and call.parse_as is None
        and not call.headers
        and not call.query
    ):
        return found
    return replace(
        found,
        timeout=call.timeout,
        headers=call.headers,
        query=call.query,
        parse_as=call.parse_as,
    )
