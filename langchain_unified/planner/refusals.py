"""Why a call is rejected: the setting that is in the way, and models that support it.

A model is refused on each of its endpoints for a reason of its own, and the first may
not be the one that matters: where tools need Responses, what Responses lacks is in the
way. So the settings of the call are left out one by one, then in pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice

from langchain_unified.data.connections import facts_of
from langchain_unified.errors import UnsupportedError
from langchain_unified.planner.rules import plan
from langchain_unified.settings import importance
from langchain_unified.types import CHAT_ONLY, CallPlan, Invocation, ModelConfig

_ENDPOINT, _VERSION = "use_responses_api", "api_version"
_GO_TOGETHER = {
    "logprobs": ("top_logprobs",),
    "tools": ("tool_choice", "parallel_tool_calls"),
    "functions": ("function_call",),
}
_FOLLOWS = frozenset({"top_logprobs"})
_ONE_WISH = (("audio", "modalities"),)
"""Settings that say one thing together, so that neither goes without the other."""

_LAST_TO_GO = ("response_format", "tool_choice", "functions", "tools")
_OF_THE_INPUT = frozenset({"messages", "model"})
_MOST_PAIRS = 40
_MOST_MODELS = 80


def explained(
    refusal: UnsupportedError, call: Invocation, config: ModelConfig
) -> UnsupportedError:
    """Return an error that names the setting that is in the way.

    Args:
        refusal: What the planner raised.
        call: The call that was refused.
        config: What its model takes.

    Returns:
        An error about the first setting whose removal makes the call possible; the
        refusal itself if it names that one, or if no removal helps.
    """
    if refusal.parameter in _OF_THE_INPUT:
        return refusal
    refusal = _about_the_value(refusal, call, config)
    found = _removals(call, config)
    if not found or found == [(_base(refusal.parameter),)]:
        return refusal
    return _blaming(found, call, config)


def _about_the_value(
    refusal: UnsupportedError, call: Invocation, config: ModelConfig
) -> UnsupportedError:
    """Return the refusal of the endpoint that would take other tools.

    Another endpoint that takes no tools in this call is not what is in the way.
    """
    if refusal.parameter != "tools":
        return refusal
    other = call._replace(params={**call.params, "tools": _ANY_TOOL})
    for endpoint in config.endpoints:
        refused = _refusal_on(call, config, endpoint)
        about_tools = refused is not None and refused.parameter == "tools"
        if about_tools and _refusal_on(other, config, endpoint) is None:
            return refused or refusal
    return refusal


_ANY_TOOL = [{"type": "function", "function": {"name": "tool"}}]


def _removals(call: Invocation, config: ModelConfig) -> list[tuple[str, ...]]:
    """Return what could be left out: one setting, or two if one is not enough."""
    names = sorted(_settings(call, config), key=_order)
    wishes = [wish for wish in _ONE_WISH if set(wish) <= set(names)]
    parts = {name for wish in wishes for name in wish}
    single = [*wishes, *((name,) for name in names if name not in parts)]
    pairs = islice(combinations(names, 2), _MOST_PAIRS)
    found = [one for one in single if _possible(call, config, one)]
    return found or [pair for pair in pairs if _possible(call, config, pair)]


def _settings(call: Invocation, config: ModelConfig) -> Iterator[str]:
    yield from (name for name in call.params if name not in _FOLLOWS)
    if call.endpoint is not None:
        yield _ENDPOINT
    if call.platforms.get(config.provider) == CHAT_ONLY:
        yield _VERSION


def _order(name: str) -> tuple[int, bool]:
    """What narrows the endpoints first, then guarantees; last what the call is for."""
    if name in {_ENDPOINT, _VERSION}:
        return -1, False
    place = _LAST_TO_GO.index(name) + 1 if name in _LAST_TO_GO else 0
    return place, importance(name) == "tuning"


def _possible(call: Invocation, config: ModelConfig, names: Iterable[str]) -> bool:
    return _planned(_without(call, names), config) is not None


def _without(call: Invocation, names: Iterable[str]) -> Invocation:
    gone = {name for one in names for name in (one, *_GO_TOGETHER.get(one, ()))}
    left = {name: value for name, value in call.params.items() if name not in gone}
    call = call._replace(params=left)
    if _ENDPOINT in gone:
        call = call._replace(endpoint=None)
    return call._replace(platforms={}) if _VERSION in gone else call


def _planned(call: Invocation, config: ModelConfig) -> CallPlan | None:
    try:
        return plan(call, config)
    except UnsupportedError:
        return None


def _blaming(
    found: list[tuple[str, ...]], call: Invocation, config: ModelConfig
) -> UnsupportedError:
    """Return an error about what stands in the way, and all that could go instead."""
    (first, *more), *others = found
    possible = _planned(_without(call, found[0]), config)
    endpoint = possible.endpoint if possible is not None else ""
    place, reason = _reason(first, endpoint, _without(call, more), config)
    ways = ", or ".join(" and ".join(one) for one in ((place, *more), *others))
    return UnsupportedError(
        place,
        call.params.get(first, call.endpoint),
        model=call.model,
        reason=f"{reason.rstrip('.')}. The call works without {ways}.",
    )


def _reason(
    name: str, endpoint: str, call: Invocation, config: ModelConfig
) -> tuple[str, str]:
    """Return what of a setting is refused where the rest is taken, and why."""
    if name == _VERSION:
        since = facts_of(config.provider).responses_since
        return name, (
            "this API version serves chat completions only, and the call needs "
            f"Responses, available from {since} on"
        )
    if name == _ENDPOINT:
        return name, f"the call needs {endpoint}"
    for place in sorted(
        config.endpoints, key=lambda one: not _knows(config, one, name)
    ):
        refused = _refusal_on(call, config, place)
        if refused is not None and _base(refused.parameter) == name:
            needed = place == endpoint and len(config.endpoints) > 1
            where = f"on {place}, which the rest of the call needs, " if needed else ""
            return refused.parameter, where + refused.reason
    return name, f"it cannot be combined with {_rest(name, call)}"


def _base(parameter: str) -> str:
    """Return the setting that a parameter is, or is a key of."""
    return parameter.partition(".")[0]


def _knows(config: ModelConfig, endpoint: str, name: str) -> bool:
    rule = config.mappings[endpoint].rules.get(name)
    return rule is not None and rule.accepts != "absent"


def _refusal_on(
    call: Invocation, config: ModelConfig, endpoint: str
) -> UnsupportedError | None:
    try:
        plan(call._replace(endpoint=endpoint), config)
    except UnsupportedError as refused:
        return refused
    return None


def _rest(name: str, call: Invocation) -> str:
    left = [other for other in call.params if other != name]
    return ", ".join(left) or "the rest of the call"


def _is_guess(made: CallPlan) -> bool:
    """Tell whether nobody knows if a tool or content is taken, or it is left out."""
    unsure = {c.parameter for c in made.changes if c.kind in {"defaulted", "dropped"}}
    return not unsure.isdisjoint(("messages", "tools"))


def able(
    call: Invocation, like: ModelConfig, configs: Sequence[ModelConfig], most: int = 3
) -> tuple[str, ...]:
    """Return models that support a call, first those that drop none of its settings.

    Which models a user's own server or an Azure resource has, nobody knows here.

    Args:
        call: The call that a model cannot make.
        like: What that model takes.
        configs: Models to try.
        most: How many to return.
    """
    if like.server or all(config.provider != like.provider for config in configs):
        return ()
    whole: list[str] = []
    partly: list[str] = []
    known = [config for config in configs if config.model == config.canonical]
    for config in known[:_MOST_MODELS]:
        made = _planned(call._replace(model=config.model), config)
        if made is None or _is_guess(made):
            continue
        losses = any(change.kind in {"dropped", "clamped"} for change in made.changes)
        (partly if losses else whole).append(config.model)
        if len(whole) == most:
            break
    return tuple([*whole, *partly][:most])
