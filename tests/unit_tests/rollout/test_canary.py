"""Who is in a canary: one key, one path, everywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from openfeature import api
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import InvalidParameterError
from langchain_unified.rollout import CallInfo, Rollout
from langchain_unified.rollout.flags import FLAG
from langchain_unified.rollout.keys import KeyReader

Make = Callable[..., UnifiedChatModel]

DRAW = """
import json
from langchain_unified.rollout import Rollout

flags = Rollout("canary:25")
print(json.dumps([
    str(flags.decide("openai", {"metadata": {"user_id": f"user-{n}"}}))
    for n in range(10_000)
]))
"""


def record(message: Any) -> dict[str, str]:
    return message.response_metadata["unified"]["rollout"]


def test_three_processes_draw_the_same_ten_thousand_keys() -> None:
    """10,000 keys go the same way in each of three processes, a quarter of them new."""

    def draw(seed: str) -> list[str]:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", DRAW],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        )
        return json.loads(done.stdout)

    with ThreadPoolExecutor(2) as pool:
        first, second, third = pool.map(draw, ["0", "1", "2"])

    assert first == second == third
    assert 0.25 == pytest.approx(first.count("unified") / 10_000, abs=0.01)


@pytest.mark.parametrize(
    ("key", "config", "settings"),
    [
        (None, {}, {"user": "ann"}),
        (None, {"metadata": {"user_id": "ann"}}, {"user": "someone"}),
        (None, {}, {"safety_identifier": "ann"}),
        (None, {"configurable": {"user_id": ""}, "metadata": {"tenant": "ann"}}, {}),
        ("team", {"configurable": {"team": "ann", "user_id": "bob"}}, {}),
        ("metadata.org.id", {"metadata": {"org": {"id": "ann"}}}, {}),
        ("metadata.org", {}, {"metadata": {"org": "ann"}}),
        (lambda: "ann", {}, {"user": "bob"}),
        (lambda call: call.config["tags"][0], {"tags": ["ann"]}, {}),
        (lambda call: call.settings["user"], {}, {"user": "ann"}),
    ],
)
def test_whose_call_it_is(key: Any, config: Any, settings: Any) -> None:
    """The key is found under the usual names, or where the rollout says."""
    assert "ann" == KeyReader(key).read(CallInfo(config, settings)).value


@pytest.mark.parametrize("key", ["team", "metadata.org.id", lambda: None])
def test_a_declared_key_has_no_substitute(key: Any) -> None:
    """Where the declared key is missing no other name steps in: tenants do not mix."""
    found = KeyReader(key).read(CallInfo({"configurable": {"user_id": "ann"}}))

    assert ("", "none") == found


@pytest.mark.parametrize("key", [3, "", ["tenant"]])
def test_a_key_that_is_none_is_refused(key: Any) -> None:
    """What names no place is refused where it is set."""
    with pytest.raises(InvalidParameterError, match="a path into the config"):
        Rollout("canary:10", key=key)


def test_a_key_function_that_fails_does_not_fail_the_call(
    model: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Its call is drawn by its run, on record, and the failure is told once."""
    llm = model(rollout=Rollout("canary:50", key=lambda: {}["tenant"]))
    found = [record(llm.invoke("hi")) for _ in range(3)]

    assert ["none"] * 3 == [one["key"] for one in found]
    assert 1 == caplog.text.count("KeyError")


def test_a_call_of_nobody_is_on_record_as_such(model: Make) -> None:
    """The record says where the key was found, never the key; and if there is none."""
    llm = model(rollout="canary:50")
    nobody, ann = record(llm.invoke("hi")), record(llm.invoke("hi", user="ann"))

    assert ("none", "user") == (nobody["key"], ann["key"])
    assert "has no user" in nobody["reason"]
    assert "ann" not in str(ann)


def test_the_turns_of_an_agent_take_one_path(model: Make) -> None:
    """Calls deep inside a chain find the user the chain was called for."""
    llm = model(rollout="canary:50")

    def turns(_: Any) -> list[str]:
        return [record(llm.invoke("hi"))["served_by"] for _ in range(3)]

    chain = RunnableLambda(lambda text: text) | RunnableLambda(turns)
    seen = {
        name: set(chain.invoke("hi", {"metadata": {"user_id": name}}))
        for name in "abcdefgh"
    }

    assert {1} == {len(paths) for paths in seen.values()}
    assert {"legacy", "unified"} == set().union(*seen.values())


def test_a_flag_service_sees_the_call_but_no_secret(model: Make) -> None:
    """The targeting key is the user; metadata are attributes, API keys are not."""
    seen: list[Any] = []

    def look(flag: InMemoryFlag[str], context: Any) -> Any:
        seen.append(context)
        return FlagResolutionDetails("unified")

    flag = InMemoryFlag("on", {"on": "unified"}, context_evaluator=look)
    api.set_provider(InMemoryProvider({FLAG: flag}), "attributes")
    llm = model(rollout=api.get_client("attributes"))
    config = {
        "metadata": {"user_id": "u7", "tenant": "acme"},
        "configurable": {"api_key": "sk-secret", "region": "eu"},
    }
    llm.invoke("hi", config)

    assert "u7" == seen[-1].targeting_key
    assert {"tenant": "acme", "region": "eu"}.items() <= seen[-1].attributes.items()
    assert "gpt-4o" == seen[-1].attributes["model"]
    assert "sk-secret" not in str(seen[-1].attributes)


class Tenant(str, Enum):
    """A tenant, as an application may hold it."""

    ACME = "acme"


def test_a_key_is_the_value_behind_an_enumeration() -> None:
    """One tenant is one key, whether it comes as an enumeration or as text."""
    keys = [
        KeyReader("tenant").read(CallInfo({"metadata": {"tenant": value}}))
        for value in (Tenant.ACME, "acme")
    ]

    assert keys[0] == keys[1]


def test_a_function_that_returns_no_key_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A tuple or a float cannot be drawn by; the log says so, once."""
    flags = Rollout("canary:50", key=lambda: ("acme", 7))
    for _ in range(3):
        flags.decide("openai")

    assert 1 == caplog.text.count("it returned a tuple, which is not a key")
