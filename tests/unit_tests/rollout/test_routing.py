from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableLambda

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import (
    InvalidParameterError,
    ProviderNotEnabledError,
    ProviderUnavailableError,
)
from langchain_unified.rollout import ENVIRONMENT, Rollout, rollout
from langchain_unified.rollout.keys import CallInfo, KeyReader
from langchain_unified.testing import ProviderEmulator, Reply

Make = Callable[..., UnifiedChatModel]
MODES = ("unified", "legacy", "canary:50", "shadow")


def record(message: Any) -> dict[str, str]:
    return message.response_metadata["unified"]["rollout"]


def user(name: str) -> dict[str, Any]:
    return {"configurable": {"user_id": name}}


class Traced(BaseCallbackHandler):
    """Keeps the metadata of each run."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def on_chat_model_start(self, *args: Any, metadata: Any = None, **_: Any) -> None:
        self.seen.append(metadata)


def test_without_a_flag_nothing_is_added(model: Make) -> None:
    """A model nobody set a flag for behaves, and reports, as if there were none."""
    assert "rollout" not in model().invoke("hi").response_metadata["unified"]


@pytest.mark.parametrize("mode", MODES)
async def test_every_face_says_who_served_it(model: Make, mode: str) -> None:
    """Sync, async, stream, astream and batch carry the same record."""
    llm, config = model(rollout=mode), user("ann")
    pieces = list(llm.stream("one two", config))
    apieces = [piece async for piece in llm.astream("one two", config)]
    messages = [
        await asyncio.to_thread(llm.invoke, "one two", config),
        await llm.ainvoke("one two", config),
        sum(pieces[1:], pieces[0]),
        sum(apieces[1:], apieces[0]),
        *(await asyncio.to_thread(llm.batch, ["one two"], config)),
    ]
    records = [record(message) for message in messages]

    assert [records[0]] * 5 == records
    assert {"mode": mode, "source": "instance"}.items() <= records[0].items()
    assert ["one two"] * 5 == [message.text for message in messages]


@pytest.mark.parametrize(
    ("mode", "served_by"),
    [("unified", "unified"), ("legacy", "legacy"), ("shadow", "legacy")],
)
def test_the_record_tells_the_truth(
    model: Make, provider_emulator: ProviderEmulator, mode: str, served_by: str
) -> None:
    """What the record says is what the wire shows: only ChatOpenAI sends o3 a stop."""
    llm = model("o3", stop=["x"], rollout=mode)
    if served_by == "legacy":
        with pytest.raises(Exception, match="'stop' is not supported"):
            llm.invoke("hi")
    else:
        assert "unified" == record(llm.invoke("hi"))["served_by"]

    assert (served_by == "legacy") == ("stop" in provider_emulator.requests[-1].body)


def test_the_trace_names_mode_and_path(model: Make) -> None:
    """Run metadata says which path served the call, for filters in a tracing tool."""
    traced = Traced()
    model(rollout="shadow").invoke("hi", {"callbacks": [traced]})

    assert {"rollout": "legacy", "rollout_mode": "shadow"}.items() <= traced.seen[
        0
    ].items()


def test_the_canary_sticks_to_the_user(model: Make) -> None:
    """The same user gets the same path in every call, whatever the thread."""
    llm = model(rollout="canary:50")
    paths = {
        name: {
            record(
                llm.invoke(
                    "hi", {"configurable": {"user_id": name, "thread_id": thread}}
                )
            )["served_by"]
            for thread in "123"
        }
        for name in "abcdefghij"
    }

    assert {1} == {len(path) for path in paths.values()}
    assert {"legacy", "unified"} == set().union(*paths.values())


@pytest.mark.parametrize(
    "config",
    [
        {"configurable": {"user_id": "ann"}, "metadata": {"user_id": "bob"}},
        {"configurable": {"user_id": "ann", "thread_id": "1"}},
        {"configurable": {"thread_id": "ann"}},
        {"metadata": {"user_id": "ann"}},
        {"metadata": {"thread_id": "ann"}},
        {"configurable": {"thread_id": "1"}, "metadata": {"user_id": "ann"}},
        {"configurable": {"user": "ann", "tenant": "x"}},
        {"metadata": {"tenant": "ann", "thread_id": "1"}},
    ],
)
def test_where_the_key_comes_from(config: dict[str, Any]) -> None:
    """User before tenant before thread, `configurable` before `metadata`."""
    assert "ann" == KeyReader().read(CallInfo(config)).value


def test_a_call_of_nobody_is_drawn_by_its_run(model: Make) -> None:
    """Without user and thread the run decides, so some calls go each way."""
    llm = model(rollout="canary:50")
    paths = [record(llm.invoke("hi"))["served_by"] for _ in range(40)]

    assert {"legacy", "unified"} == set(paths)


def test_a_chain_hands_the_user_down(model: Make) -> None:
    """A model inside a chain sees the user the chain was called for."""
    llm = model(rollout="canary:50")
    chain = RunnableLambda(llm.invoke) | RunnableLambda(record)
    direct = [record(llm.invoke("hi", user(name))) for name in "abcdef"]
    chained = [chain.invoke("hi", user(name)) for name in "abcdef"]

    assert direct == chained


def test_a_flip_holds_for_the_next_call(model: Make, tmp_path: Path) -> None:
    """One model object, one file: each call obeys what the file says by then."""
    path = tmp_path / "flag"
    llm = model(rollout=path)
    seen = []
    for mode in ("unified", "legacy", "unified", "shadow"):
        path.write_text(mode)
        seen.append(record(llm.invoke("hi"))["served_by"])

    assert ["unified", "legacy", "unified", "legacy"] == seen


def test_every_kind_of_flag_fits_the_field(
    model: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The field takes text, a function, a path, a Rollout; the environment is last."""
    path = tmp_path / "flag"
    path.write_text("legacy")
    monkeypatch.setenv(ENVIRONMENT, "shadow")
    fields = ["legacy", lambda: "legacy", path, Rollout("legacy"), None]
    seen = [record(model(rollout=field).invoke("hi"))["source"] for field in fields]

    assert ["instance", "callable", "file", "instance", "environment"] == seen


def test_a_call_can_name_its_mode(model: Make) -> None:
    """A mode given to a call, or bound, counts for that call."""
    llm = model(rollout="legacy")
    direct = record(llm.invoke("hi", rollout="unified"))
    bound = record(llm.bind(rollout="unified").invoke("hi"))

    assert (
        {"served_by": "unified", "mode": "unified", "source": "call"} == direct == bound
    )


def test_a_block_counts_in_tasks_started_inside(model: Make) -> None:
    """`with rollout(...)` reaches tasks started inside it, and no others."""
    llm = model()

    async def main() -> list[str]:
        async def ask() -> str:
            message = await llm.ainvoke("hi")
            return message.response_metadata["unified"].get("rollout", {}).get("mode")

        with rollout("legacy"):
            inside = asyncio.create_task(ask())
        outside = asyncio.create_task(ask())
        return [await inside, await outside]

    assert ["legacy", None] == asyncio.run(main())


def test_a_provider_without_a_past_stays_unified(model: Make) -> None:
    """A Gemini call has no path from before the migration; the record says so."""
    found = record(model(rollout="legacy").invoke("hi", model="gemini-2.5-flash"))

    assert "unified" == found["served_by"]
    assert (
        "google_genai has no path from before the migration; to refuse its calls, add "
        "'google_genai=off' to the flag."
    ) == found["reason"]


def test_a_kill_switch_stops_the_next_call(
    model: Make, provider_emulator: ProviderEmulator, tmp_path: Path
) -> None:
    """`<provider>=off` refuses that provider's calls before sending, no other's."""
    path = tmp_path / "flag"
    path.write_text("unified")
    llm = model(rollout=path)
    llm.invoke("hi", model="gemini-2.5-flash")
    path.write_text("unified, google_genai=off")
    sent = len(provider_emulator.requests)
    with pytest.raises(ProviderNotEnabledError, match="remove 'google_genai=off'"):
        llm.invoke("hi", model="gemini-2.5-flash")

    assert sent == len(provider_emulator.requests)
    assert "hi" == llm.invoke("hi").text


def test_fallbacks_step_in_for_a_killed_provider(model: Make) -> None:
    """A fallback of either kind answers when the first model's provider is off."""
    flag = "unified, google_genai=off"
    first = model("gemini-2.5-flash", rollout=flag)
    own = model("gemini-2.5-flash", rollout=flag, fallbacks=["gpt-4o"])
    answers = [first.with_fallbacks([model("gpt-4o")]).invoke("hi"), own.invoke("hi")]

    assert ["gpt-4o"] * 2 == [
        answer.response_metadata["unified"]["model"] for answer in answers
    ]
    assert "unified" == record(answers[1])["served_by"]


def test_a_killed_provider_does_not_step_in(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A fallback whose provider is off gets no request."""
    provider_emulator.script(Reply.openai_error(503, "down", times=0))
    llm = model(
        fallbacks=["gemini-2.5-flash"],
        max_retries=0,
        rollout="unified, google_genai=off",
    )
    with pytest.raises(ProviderUnavailableError) as caught:
        llm.invoke("hi")

    assert {"openai"} == {r.provider for r in provider_emulator.requests}
    assert ["ProviderUnavailableError", "ProviderNotEnabledError"] == [
        one["error"] for one in caught.value.failed
    ]


def test_a_fallback_of_the_legacy_provider_says_why_it_is_unified(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """The legacy path had no fallbacks, so one is served by ours, on record."""
    provider_emulator.script(
        Reply.google_error(503, "down", when=lambda r: r.provider == "google_genai")
    )
    llm = model(
        "gemini-2.5-flash", fallbacks=["gpt-4o"], max_retries=0, rollout="openai=legacy"
    )
    found = record(llm.invoke("hi"))

    assert ("unified", "legacy") == (found["served_by"], found["mode"])
    assert found["reason"].startswith("It is a fallback for another model")


@pytest.mark.parametrize("killed", ["openai", "google_genai"])
def test_an_open_choice_passes_over_a_killed_provider(model: Make, killed: str) -> None:
    """`auto` finds another provider's model when one is switched off."""
    answer = model("auto", rollout=f"unified, {killed}=off").invoke("hi")

    assert killed != answer.response_metadata["unified"]["provider"]


@pytest.mark.parametrize("mode", ["legacy", "shadow"])
@pytest.mark.parametrize("name", ["auto:gpt-4o-mini", ["gpt-4o-mini", "o3"]])
def test_an_open_choice_stays_unified(model: Make, mode: str, name: Any) -> None:
    """ChatOpenAI chooses no model, so the unified path does; the record says why."""
    answer = model(rollout=mode).invoke("hi", model=name)

    assert "gpt-4o-mini" == answer.response_metadata["unified"]["model"]
    assert "unified" == record(answer)["served_by"]
    assert "set one" in record(answer)["reason"]


def test_a_rollback_takes_names_with_the_provider(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """`openai:` is not ChatOpenAI's; a `vendor/model` name is the server's own."""
    llm = model("openai:gpt-4o", rollout="legacy")
    llm.invoke("hi")
    llm.invoke("hi", model="openai:gpt-4o-mini")
    with suppress(Exception):
        llm.invoke("hi", model="openai/gpt-oss-20b")

    assert ["gpt-4o", "gpt-4o-mini", "openai/gpt-oss-20b"] == [
        request.body["model"] for request in provider_emulator.requests
    ]


def test_a_rollback_that_is_not_one_is_logged_once(
    model: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Who rolls back everything hears which provider's calls stay as they are."""
    llm = model("gemini-2.5-flash", rollout=Rollout("legacy"))
    llm.invoke("hi")
    llm.invoke("hi")
    told = [r.getMessage() for r in caplog.records if "no path" in r.getMessage()]

    assert 1 == len(told)
    assert "google_genai=off" in told[0]


def test_one_provider_can_be_rolled_back_alone(model: Make) -> None:
    """`openai=legacy` leaves the other providers on the unified path."""
    llm = model(rollout="unified, openai=legacy")

    assert "legacy" == record(llm.invoke("hi"))["served_by"]
    assert "unified" == record(llm.invoke("hi", model="gemini-2.5-flash"))["served_by"]


def test_tools_survive_a_rollback(model: Make) -> None:
    """Tools bound for any model are put in ChatOpenAI's form on the legacy path."""

    def get_weather(city: str) -> str:
        """Say how the weather is."""
        return city

    llm = model(rollout="legacy").bind_tools([get_weather], tool_choice="any")
    answer = llm.invoke("Weather in Paris?")

    assert ["get_weather"] == [call["name"] for call in answer.tool_calls]
    assert "legacy" == record(answer)["served_by"]


def test_generate_without_a_config_obeys_too(model: Make) -> None:
    """`generate`, which has no config, reads the flag all the same."""
    result = model(rollout="legacy").generate([[HumanMessage("hi")]])

    assert "legacy" == record(result.generations[0][0].message)["served_by"]


def test_copies_obey_the_same_switch(model: Make) -> None:
    """Copying a model copies the reference to its switch, not the switch."""
    control = Rollout("legacy")
    llm = model(rollout=control)
    copies = [llm.model_copy(), copy.copy(llm), copy.deepcopy(llm), llm]
    control.mode = "unified"
    seen = [record(one.invoke("hi"))["served_by"] for one in copies]

    assert ["unified"] * 4 == seen


def test_a_copy_with_other_settings_sends_them(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """A copy made with `update` does not use the plain model of the original."""
    llm = model(rollout="legacy", temperature=0.1)
    llm.invoke("hi")
    llm.model_copy(update={"temperature": 0.9}).invoke("hi")
    sent = [request.body["temperature"] for request in provider_emulator.requests]

    assert [0.1, 0.9] == sent


def test_a_rollout_travels_to_another_process(tmp_path: Path) -> None:
    """A Rollout can be pickled; its sources go on speaking."""
    path = tmp_path / "flag"
    path.write_text("legacy")
    again = pickle.loads(pickle.dumps(Rollout(file=path)))

    assert "legacy" == again.decide("openai")
    assert 0 == again.report().compared


def test_a_wrong_mode_is_refused_where_it_is_set(model: Make) -> None:
    """A typo raises at construction and at assignment, not in the middle of traffic."""
    with pytest.raises(InvalidParameterError):
        model(rollout="legcy")
    with pytest.raises(InvalidParameterError):
        model().rollout = "legcy"


def test_legacy_opens_no_client_per_call(
    model: Make, provider_emulator: ProviderEmulator
) -> None:
    """The plain model is built once and shared by models with the same settings."""
    for _ in range(5):
        llm = model(rollout="legacy")
        for _ in range(5):
            llm.invoke("hi")

    assert 1 == provider_emulator.connections


def test_cached_answers_of_both_paths_are_kept_apart(model: Make) -> None:
    """An answer cached on one path is not served as the other's."""
    cache = InMemoryCache()
    llm = model(cache=cache)
    for mode in ("legacy", "unified", "legacy"):
        with rollout(mode):
            assert mode == record(llm.invoke("hi"))["served_by"]

    assert 2 == len(cache._cache)
