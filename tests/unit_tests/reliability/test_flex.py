"""Flex calls that the provider has no room for move to another tier if allowed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import ProviderRateLimitError
from langchain_unified.testing.wire import HttpReply
from tests.unit_tests.servers.loopback import CompatibleServer, refusal, say

BUSY = {"error": {"code": "resource_unavailable", "message": "No room for flex."}}


def _no_flex(body: dict[str, Any]) -> HttpReply:
    """Answer every call but those at flex."""
    if body.get("service_tier") != "flex":
        return say("hi")(body)
    headers = {"content-type": "application/json", "retry-after-ms": "1"}
    return HttpReply(429, headers, json.dumps(BUSY).encode())


def _tiers(server: CompatibleServer) -> list[str | None]:
    return [body.get("service_tier") for body in server.bodies]


def _settings(server: CompatibleServer) -> dict[str, Any]:
    return {"model": "gpt-5", "base_url": server.url, "api_key": "k"}


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_moves_once_where_the_user_allows_it(*, stream: bool) -> None:
    """The second attempt asks for the other tier, and both are on record."""
    with CompatibleServer(_no_flex) as server:
        llm = UnifiedChatModel(
            **_settings(server),
            service_tier="flex",
            service_tier_fallback="default",
            budget_usd=1,
            max_tokens=100,
        )
        answer = list(llm.stream("hi"))[0] if stream else llm.invoke("hi")  # noqa: RUF015
        tiers = _tiers(server)
    record = answer.response_metadata["unified"]
    (change,) = [c for c in record["changes"] if c["parameter"] == "service_tier"]

    assert ["flex", "default"] == tiers
    assert ("routed", "flex", "default") == (
        change["kind"],
        change["requested"],
        change["sent"],
    )


async def test_asynchronous_calls_move_too() -> None:
    """The same for an asynchronous call, with what failed on record."""
    with CompatibleServer(_no_flex) as server:
        llm = UnifiedChatModel(**_settings(server), service_tier_fallback="default")
        answer = await llm.ainvoke("hi", service_tier="flex")
        tiers = _tiers(server)
    (failed,) = answer.response_metadata["unified"]["failed"]

    assert ["flex", "default"] == tiers
    assert (429, 0) == (failed["status"], failed["retries"])


def test_without_leave_nothing_moves() -> None:
    """Nothing is paid that was not asked for: attempts are those of ChatOpenAI."""
    tiers = []
    for make in (UnifiedChatModel, ChatOpenAI):
        with CompatibleServer(_no_flex) as server:
            llm = make(**_settings(server), service_tier="flex", max_retries=1)
            with pytest.raises(Exception, match="No room") as raised:
                llm.invoke("hi")
            tiers.append(_tiers(server))
            assert 429 == getattr(raised.value, "status_code", None)

    assert [["flex", "flex"]] * 2 == tiers


def test_another_refusal_does_not_move() -> None:
    """A limit of rate is no lack of room: the tier stays what was asked for."""
    limited = refusal(429, "Rate limit reached")
    with CompatibleServer(lambda _: limited) as server:
        llm = UnifiedChatModel(
            **_settings(server), service_tier_fallback="default", max_retries=0
        )
        with pytest.raises(ProviderRateLimitError):
            llm.invoke("hi", service_tier="flex")

        assert ["flex"] == _tiers(server)


def test_the_other_tier_may_fail_as_well() -> None:
    """Then its error is raised, once its own retries are used up."""
    busy = HttpReply(
        429, {"content-type": "application/json"}, json.dumps(BUSY).encode()
    )
    with CompatibleServer(lambda _: busy) as server:
        llm = UnifiedChatModel(
            **_settings(server), service_tier_fallback="default", max_retries=0
        )
        with pytest.raises(ProviderRateLimitError, match="No room"):
            llm.invoke("hi", service_tier="flex")

        assert ["flex", "default"] == _tiers(server)


@pytest.mark.parametrize("place", ["extra_body", "model_kwargs"])
def test_a_tier_given_as_part_of_the_body_moves_too(place: str) -> None:
    """Wherever the tier is named, the second attempt names the other one alone."""
    with CompatibleServer(_no_flex) as server:
        llm = UnifiedChatModel(
            **_settings(server),
            service_tier_fallback="default",
            **{place: {"service_tier": "flex"}},
        )
        answer = llm.invoke("hi")
        tiers = _tiers(server)
    record = answer.response_metadata["unified"]

    assert ["flex", "default"] == tiers
    assert "service_tier" in {c["parameter"] for c in record["changes"]}
