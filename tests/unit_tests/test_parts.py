"""Keys of objects have rules of their own, however the object is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator
from langchain_unified.types import CallPlan

Make = Callable[..., UnifiedChatModel]
Ways = Callable[[Make, str, dict[str, Any]], AIMessage]


def _as_keyword(make: Make, name: str, given: dict[str, Any]) -> AIMessage:
    return make(name, **given).invoke("hi")


def _per_call(make: Make, name: str, given: dict[str, Any]) -> AIMessage:
    return make(name).invoke("hi", **given)


def _bound(make: Make, name: str, given: dict[str, Any]) -> AIMessage:
    return make(name).bind(**given).invoke("hi")


def _as_model_kwargs(make: Make, name: str, given: dict[str, Any]) -> AIMessage:
    return make(name, model_kwargs=given).invoke("hi")


def _as_extra_body(make: Make, name: str, given: dict[str, Any]) -> AIMessage:
    return make(name, extra_body=given).invoke("hi")


def _as_extra_body_of_a_call(make: Make, name: str, given: dict[str, Any]) -> AIMessage:
    return make(name).invoke("hi", extra_body=given)


WAYS = [
    _as_keyword,
    _per_call,
    _bound,
    _as_model_kwargs,
    _as_extra_body,
    _as_extra_body_of_a_call,
]

GIVEN: list[tuple[str, dict[str, Any], dict[str, Any], set[str]]] = [
    (
        "gpt-5.4",
        {"reasoning": {"mode": "pro", "effort": "high"}},
        {"reasoning": {"effort": "high"}},
        {"reasoning.mode"},
    ),
    (
        "gpt-5.6",
        {"reasoning": {"mode": "pro", "context": "all_turns"}},
        {"reasoning": {"mode": "pro", "context": "all_turns"}},
        set(),
    ),
    (
        "gpt-5.2",
        {"reasoning": {"context": "all_turns", "effort": "low"}},
        {"reasoning": {"effort": "low"}},
        {"reasoning.context"},
    ),
    (
        "o3",
        {"reasoning": {"summary": "concise", "effort": "low"}},
        {"reasoning": {"summary": "auto", "effort": "low"}},
        {"reasoning.summary"},
    ),
    (
        "gpt-5.4",
        {"reasoning": {"summary": "concise", "effort": "low"}},
        {"reasoning": {"summary": "concise", "effort": "low"}},
        set(),
    ),
    (
        "gpt-4o",
        {"text": {"verbosity": "high"}},
        {"text": {"verbosity": "medium"}},
        {"verbosity"},
    ),
    (
        "gpt-5.6",
        {"prompt_cache_retention": "24h"},
        {"prompt_cache_options": {"ttl": "30m"}},
        {"prompt_cache_options.ttl"},
    ),
    (
        "gpt-6-sol",
        {"prompt_cache_retention": "in_memory"},
        {"prompt_cache_options": {"ttl": "30m"}},
        {"prompt_cache_options.ttl"},
    ),
    (
        "gpt-6-sol",
        {"prompt_cache_options": {"ttl": "12h", "mode": "explicit"}},
        {"prompt_cache_options": {"ttl": "12h", "mode": "explicit"}},
        set(),
    ),
    (
        "gpt-4.1-mini",
        {"prompt_cache_options": {"ttl": "30m"}},
        {},
        {"prompt_cache_options"},
    ),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("name", "given", "sent", "lost"), GIVEN)
def test_a_key_is_judged_however_it_is_given(
    model: Make,
    provider_emulator: ProviderEmulator,
    *,
    way: Ways,
    name: str,
    given: dict[str, Any],
    sent: dict[str, Any],
    lost: set[str],
) -> None:
    """What a model takes of an object is sent, and the rest is on record."""
    answer = way(model, name, given)
    body = provider_emulator.requests[-1].body
    changes = answer.response_metadata["unified"]["changes"]

    assert sent == {key: body[key] for key in {*sent, *given} & body.keys()}
    assert lost == {
        one["parameter"] for one in changes if one["kind"] in {"dropped", "clamped"}
    }


def plan(name: str, **settings: Any) -> CallPlan:
    """Return the plan of a call."""
    return UnifiedChatModel(model=name, enable=["azure_openai"]).explain(**settings)


@pytest.mark.parametrize("place", ["openai:{}", "azure_openai:{}"])
def test_a_deployment_follows_the_rules_of_its_model(place: str) -> None:
    """Keys of objects are judged on Azure as on OpenAI."""
    given = {"reasoning": {"mode": "pro", "effort": "high"}}
    old, new = (plan(place.format(name), **given) for name in ("gpt-5.4", "gpt-5.6"))

    assert {"effort": "high"} == old.body["reasoning"]
    assert {"effort": "high", "mode": "pro"} == new.body["reasoning"]


def test_the_longest_time_of_an_endpoint_is_asked_for() -> None:
    """Responses keeps a cache for 12 hours, chat for half of one."""
    asked = {"prompt_cache_retention": "24h"}
    chat = plan("gpt-6-sol", **asked)
    responses = plan("gpt-6-sol", use_responses_api=True, **asked)

    assert {"ttl": "30m"} == chat.body["prompt_cache_options"]
    assert {"ttl": "12h"} == responses.body["prompt_cache_options"]
    assert {"translated", "clamped"} <= {one.kind for one in responses.changes}


def test_a_time_that_is_said_twice_is_on_record() -> None:
    """The newer of two settings goes first."""
    options = {"ttl": "30m"}
    made = plan("gpt-5.6", prompt_cache_retention="24h", prompt_cache_options=options)
    (lost,) = (one for one in made.changes if one.kind == "dropped")

    assert options == made.body["prompt_cache_options"]
    assert ("prompt_cache_retention", "24h") == (lost.parameter, lost.requested)


def test_a_setting_goes_before_an_object_that_says_otherwise() -> None:
    """What is not sent of two that disagree is on record."""
    made = plan("gpt-5.6", reasoning_effort="low", reasoning={"effort": "high"})
    lost = [one for one in made.changes if one.kind == "dropped"]

    assert {"effort": "low"} == made.body["reasoning"]
    assert [("reasoning.effort", "high")] == [(o.parameter, o.requested) for o in lost]


def test_extra_body_goes_before_a_setting() -> None:
    """The user's own field is sent as far as the model takes it."""
    extra = {"reasoning": {"effort": "max", "summary": "auto"}}
    made = plan(
        "gpt-5.4", reasoning_effort="low", use_responses_api=True, extra_body=extra
    )
    told = [(o.parameter, o.kind, o.requested) for o in made.changes]

    assert {"effort": "xhigh", "summary": "auto"} == made.body["reasoning"]
    assert ("reasoning_effort", "dropped", "low") in told
    assert ("reasoning_effort", "clamped", "max") in told


def test_a_format_in_extra_body_goes_before_one_that_is_asked_for() -> None:
    """What has no rule of its own stays the user's own request, and goes last."""
    form = {"type": "json_schema", "name": "b", "schema": {"type": "object"}}
    extra = {"text": {"format": form, "verbosity": "low"}, "reasoning": {"new": 1}}
    made = plan("gpt-5.4", response_format={"type": "json_object"}, extra_body=extra)

    assert {"format": form, "verbosity": "low"} == made.body["text"]
    assert {"new": 1} == made.body["reasoning"]


def test_the_older_name_of_a_key_is_sent_as_the_newer() -> None:
    """`generate_summary` is deprecated for `summary`."""
    made = plan("gpt-5.4", reasoning={"generate_summary": "detailed"})

    assert {"summary": "detailed"} == made.body["reasoning"]
    assert "renamed" in {one.kind for one in made.changes}


def test_an_unknown_key_is_passed_on() -> None:
    """What no row knows is for the provider to judge."""
    made = plan("gpt-5.4", reasoning={"of_tomorrow": 1, "effort": "low"})

    assert {"of_tomorrow": 1, "effort": "low"} == made.body["reasoning"]


def test_an_object_that_says_nothing_is_sent() -> None:
    """An empty `web_search_options` asks for a search."""
    made = plan("gpt-5-search-api", web_search_options={})

    assert {} == made.body["web_search_options"]


GEMINI: list[tuple[str, dict[str, Any], dict[str, Any], set[str]]] = [
    (
        "gemini-3.8-flash",
        {"thinking_level": "MINIMAL"},
        {"thinkingLevel": "low"},
        {"reasoning_effort"},
    ),
    (
        "gemini-4-argon",
        {"thinkingLevel": "xhigh"},
        {"thinkingLevel": "high"},
        {"reasoning_effort"},
    ),
    (
        "gemini-4-hydrogen",
        {"thinkingLevel": "XHIGH"},
        {"thinkingLevel": "xhigh"},
        set(),
    ),
    (
        "gemini-2.5-pro",
        {"thinking_budget": 0},
        {"thinkingBudget": 128},
        {"thinking_budget"},
    ),
    ("gemini-2.5-flash-image", {"include_thoughts": True}, {}, {"include_thoughts"}),
    ("gemini-4-argon", {"of_tomorrow": 1}, {"ofTomorrow": 1}, set()),
]


@pytest.mark.parametrize("extra", [False, True])
@pytest.mark.parametrize(("name", "given", "sent", "lost"), GEMINI)
def test_keys_of_thinking_config(
    name: str,
    given: dict[str, Any],
    sent: dict[str, Any],
    lost: set[str],
    *,
    extra: bool,
) -> None:
    """Level, budget and thoughts are judged in the object as outside of it."""
    body = {"generation_config": {"thinking_config": given, "top_k": 3}}
    asked = {"extra_body": body} if extra else {"thinking_config": given}
    made = plan(f"google_genai:{name}", **asked)
    config = made.body.get("generationConfig", {})

    assert sent == config.get("thinkingConfig", {})
    assert lost == {
        o.parameter for o in made.changes if o.kind in {"dropped", "clamped"}
    }
    assert (3 if extra else None) == config.get("topK")


def test_a_server_of_the_users_is_sent_extra_body_to_the_letter() -> None:
    """What a server of another make takes, its user knows."""
    llm = UnifiedChatModel(model="gpt-5.4", base_url="http://127.0.0.1:9/v1")
    extra = {"reasoning": {"mode": "pro"}, "prompt_cache_retention": "24h"}
    body = llm.explain(extra_body=extra).body

    assert extra == {key: body[key] for key in extra}


@pytest.mark.parametrize("given", ["keyword", "extra_body"])
@pytest.mark.parametrize("key", ["summary", "generate_summary"])
def test_no_key_of_an_object_is_sent_that_the_model_refuses(
    key: str, given: str
) -> None:
    """A model that does not reason takes no summary by either of its names."""
    asked: dict[str, Any] = {"reasoning": {key: "auto"}}
    made = plan("gpt-4o", **asked if given == "keyword" else {"extra_body": asked})

    assert "reasoning" not in made.body
    assert "dropped" in {change.kind for change in made.changes}
