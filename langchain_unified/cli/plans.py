"""The commands `explain` and `diff`: the plan of a call, and of one beside another."""

from __future__ import annotations

from typing import Any

from langchain_unified.chat_model import UnifiedChatModel
from langchain_unified.cli.asked import (
    AsJson,
    Effort,
    MaxTokens,
    Schema,
    Set,
    Stop,
    Stream,
    Temperature,
    Tools,
    call_settings,
)
from langchain_unified.cli.models import Model
from langchain_unified.cli.output import (
    console,
    note_unknown,
    print_json,
    table,
    user_errors,
)
from langchain_unified.types import CallPlan
from langchain_unified.types.display import compact


def explain(
    model: Model,
    *,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    stop: Stop = None,
    reasoning_effort: Effort = None,
    others: Set = None,
    tools: Tools = False,
    schema: Schema = False,
    stream: Stream = False,
    as_json: AsJson = False,
) -> None:
    """Show the request of a call and the reason for each change; nothing is sent."""
    with user_errors():
        settings = call_settings(
            temperature=temperature,
            max_tokens=max_tokens,
            stop=stop,
            reasoning_effort=reasoning_effort,
            tools=tools,
            schema=schema,
            others=others,
        )
        plan = _plan(model, settings, stream=stream)
    note_unknown(plan.config)
    if as_json:
        print_json(_as_data(plan))
    else:
        console.print(str(plan), markup=False, highlight=False)


def diff(
    one: Model,
    other: Model,
    *,
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    stop: Stop = None,
    reasoning_effort: Effort = None,
    others: Set = None,
    tools: Tools = False,
    schema: Schema = False,
    stream: Stream = False,
    as_json: AsJson = False,
) -> None:
    """Compare the requests of the same call to two models."""
    with user_errors():
        settings = call_settings(
            temperature=temperature,
            max_tokens=max_tokens,
            stop=stop,
            reasoning_effort=reasoning_effort,
            tools=tools,
            schema=schema,
            others=others,
        )
        plans = [_plan(name, settings, stream=stream) for name in (one, other)]
    for plan in plans:
        note_unknown(plan.config)
    rows = _differences(*plans)
    if as_json:
        print_json([dict(zip(("what", one, other), row, strict=True)) for row in rows])
        return
    shown = table("", plans[0].model, plans[1].model)
    for row in rows:
        shown.add_row(*row)
    console.print(shown if rows else "No differences.")


def _plan(model: str, settings: dict[str, Any], *, stream: bool) -> CallPlan:
    llm = UnifiedChatModel(model_name=model)
    return llm.explain(stream=stream, **settings)


def _as_data(plan: CallPlan) -> dict[str, Any]:
    return {**plan.record(), "stream": plan.stream, "body": plan.body}


def _differences(one: CallPlan, other: CallPlan) -> list[tuple[str, str, str]]:
    pairs = [
        ("provider", one.provider, other.provider),
        ("endpoint", one.endpoint, other.endpoint),
        *_body_pairs(one, other),
        *_limit_pairs(one, other),
        *_feature_pairs(one, other),
        *_change_pairs(one, other),
    ]
    return [(what, a, b) for what, a, b in pairs if a != b]


def _body_pairs(one: CallPlan, other: CallPlan) -> list[tuple[str, str, str]]:
    left, right = _flat(one.body), _flat(other.body)
    names = [*left, *(name for name in right if name not in left)]
    return [(f"sends {n}", left.get(n, "-"), right.get(n, "-")) for n in names]


def _flat(body: Any, prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in body.items():
        if hasattr(value, "items"):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = compact(value)
    return flat


def _limit_pairs(one: CallPlan, other: CallPlan) -> list[tuple[str, str, str]]:
    names = sorted({*one.config.limits, *other.config.limits})
    return [
        (
            f"{name} tokens",
            str(one.config.limits.get(name, "-")),
            str(other.config.limits.get(name, "-")),
        )
        for name in names
    ]


def _feature_pairs(one: CallPlan, other: CallPlan) -> list[tuple[str, str, str]]:
    words = {True: "yes", False: "no"}
    names = sorted({*one.config.features, *other.config.features})
    return [
        (name, words[one.config.supports(name)], words[other.config.supports(name)])
        for name in names
    ]


def _change_pairs(one: CallPlan, other: CallPlan) -> list[tuple[str, str, str]]:
    left, right = _by_parameter(one), _by_parameter(other)
    names = [*left, *(name for name in right if name not in left)]
    return [(f"{n} is", left.get(n, "sent"), right.get(n, "sent")) for n in names]


def _by_parameter(plan: CallPlan) -> dict[str, str]:
    return {c.parameter: c.kind for c in plan.changes if c.kind != "renamed"}
