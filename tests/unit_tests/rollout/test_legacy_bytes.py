from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from langchain_unified.rollout import Rollout
from langchain_unified.testing import ProviderEmulator, Reply
from tests.integration_tests.parity_table import CASES, Case
from tests.unit_tests.rollout.calls import CALLS, Call, Joke, get_weather

VOLATILE = {"x-stainless-retry-count", "content-length"}


@pytest.fixture(scope="module")
def emulator():
    with ProviderEmulator() as running:
        yield running


def make(
    kind: type[BaseChatModel], call: Call, emulator: ProviderEmulator, **own: Any
) -> Any:
    connection = {"api_key": "sk-test", "base_url": emulator.openai_base_url}
    llm = kind(**{**connection, **call.model, **own})
    if call.form is not None:
        return llm.with_structured_output(Joke, **call.form)
    return llm.bind_tools(call.tools, **call.choice) if call.tools else llm


def sent(emulator: ProviderEmulator, run: Any) -> list[Any]:
    """Return every byte the emulator got from a call, accepted or not."""
    emulator.requests.clear()
    with suppress(Exception):
        run()
    return [
        (
            request.method,
            request.path,
            request.query,
            request.raw,
            request.key_tail,
            {k: v for k, v in request.headers.items() if k not in VOLATILE},
        )
        for request in emulator.requests
    ]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
@pytest.mark.parametrize("face", ["invoke", "stream"])
@pytest.mark.filterwarnings("ignore")
def test_legacy_sends_what_chat_openai_sends(
    emulator: ProviderEmulator, call: Call, face: str
) -> None:
    """In legacy mode bytes and headers are those of a plain ChatOpenAI."""
    plain = make(ChatOpenAI, call, emulator)
    ours = make(UnifiedChatModel, call, emulator, rollout="legacy")
    before = sent(emulator, lambda: list_of(plain, face, call))
    after = sent(emulator, lambda: list_of(ours, face, call))

    assert 1 <= len(before)
    assert before == after


def list_of(llm: Any, face: str, call: Call) -> Any:
    if face == "invoke":
        return llm.invoke(call.prompt, **call.keywords)
    return list(llm.stream(call.prompt, **call.keywords))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.filterwarnings("ignore")
def test_legacy_sends_the_parity_table_byte_for_byte(
    emulator: ProviderEmulator, case: Case
) -> None:
    """Every call of the parity table is sent as a plain ChatOpenAI sends it."""
    given = {"api_key": "sk-test", "base_url": emulator.openai_base_url}
    given |= {"max_retries": 0, "stream_usage": case.stream_usage}

    def run(kind: type[BaseChatModel], **own: Any) -> None:
        init = {name: deepcopy(value) for name, value in case.init.items()}
        chain = case.chain(kind(model=case.model, **{**given, **init, **own}))
        if "invoke" in case.faces:
            chain.invoke(case.input, **case.call)
        else:
            list(chain.stream(case.input, **case.call))

    before = sent(emulator, lambda: run(ChatOpenAI))
    after = sent(emulator, lambda: run(UnifiedChatModel, rollout="legacy"))

    # langchain-core 1.8 fails ChatOpenAI on `metadata=` at a call (2026-11-27).
    assert before == after or ("metadata" in case.call and not before)


@pytest.mark.filterwarnings("ignore")
async def test_legacy_sends_the_same_asynchronously(
    emulator: ProviderEmulator,
) -> None:
    """The asynchronous faces send the same bytes too."""
    differing = []
    for call in CALLS[:12]:
        pair = []
        for kind, own in ((ChatOpenAI, {}), (UnifiedChatModel, {"rollout": "legacy"})):
            llm = make(kind, call, emulator, **own)
            emulator.requests.clear()
            await llm.ainvoke(call.prompt, **call.keywords)
            async for _ in llm.astream(call.prompt, **call.keywords):
                pass
            pair.append([(r.path, r.raw) for r in emulator.requests])
        if pair[0] != pair[1]:
            differing.append(call.name)

    assert [] == differing


def test_the_answer_is_chat_openai_s(emulator: ProviderEmulator) -> None:
    """The message is the plain model's, with the record beside it."""
    call = Call("full", {"model": "gpt-4o", "temperature": 0}, tools=[get_weather])
    plain = make(ChatOpenAI, call, emulator).invoke("hi")
    ours = make(UnifiedChatModel, call, emulator, rollout="legacy").invoke("hi")
    record = ours.response_metadata.pop("unified")
    changing = {"id", "response_metadata"}

    assert plain.model_dump(exclude=changing) == ours.model_dump(exclude=changing)
    assert "legacy" == record["rollout"]["served_by"]


def test_own_keywords_do_not_break_a_rollback(emulator: ProviderEmulator) -> None:
    """Keywords that only this package knows do not reach ChatOpenAI's SDK."""
    call = Call("own", {"model": "gpt-4o"})
    llm = make(UnifiedChatModel, call, emulator, rollout="legacy")
    emulator.requests.clear()
    llm.invoke("hi", on_unsupported="error", max_output_tokens=20, max_retries=1)

    assert 20 == emulator.requests[0].body["max_completion_tokens"]


def test_a_changed_setting_reaches_the_plain_model(emulator: ProviderEmulator) -> None:
    """An attribute set after construction is sent by the legacy path as well."""
    llm = make(UnifiedChatModel, Call("x", {"model": "gpt-4o"}), emulator)
    llm.rollout = "legacy"
    llm.invoke("hi")
    llm.temperature = 0.7
    llm.invoke("hi")

    assert 0.7 == emulator.requests[-1].body["temperature"]
    assert "temperature" not in emulator.requests[-2].body


def test_connection_settings_by_provider_are_used(emulator: ProviderEmulator) -> None:
    """The plain model gets OpenAI's settings from `providers`, and nobody else's."""
    llm = UnifiedChatModel(
        model="gpt-4o",
        rollout="legacy",
        providers={
            "openai": {"api_key": "sk-mine", "base_url": emulator.openai_base_url},
            "google_genai": {"api_key": "their-key"},
        },
    )
    llm.invoke("hi")

    assert "mine" == emulator.requests[-1].key_tail


ODD_ANSWERS: dict[str, dict[str, Any]] = {
    "all tokens went into reasoning": {"content": "", "finish_reason": "length"},
    "nothing": {"content": None},
    "a refusal": {"content": None, "refusal": "I cannot."},
    "filtered": {"content": "", "finish_reason": "content_filter"},
    "a reason of another server": {"content": "x", "finish_reason": "eos_token"},
    "no reason": {"content": "", "finish_reason": None},
}


@pytest.mark.parametrize("odd", ODD_ANSWERS.values(), ids=ODD_ANSWERS.keys())
@pytest.mark.parametrize("mode", ["legacy", "shadow", "canary:0"])
def test_an_odd_answer_arrives_as_chat_openai_gives_it(
    provider_emulator: ProviderEmulator, odd: dict[str, Any], mode: str
) -> None:
    """An empty or refused answer is no error after a rollback: it was none before."""
    message = {"role": "assistant", **odd}
    reason = message.pop("finish_reason", "stop")
    choice = {"index": 0, "finish_reason": reason, "message": message}
    body = {"id": "c", "object": "chat.completion", "created": 0, "model": "gpt-5"}
    given: dict[str, Any] = {
        "model": "gpt-5",
        "api_key": "test",
        "base_url": provider_emulator.openai_base_url,
    }
    for _ in range(2):
        provider_emulator.script(Reply(body={**body, "choices": [choice]}))
    theirs = ChatOpenAI(**given).invoke("hi", max_tokens=20)
    ours = UnifiedChatModel(**given, rollout=Rollout(mode)).invoke("hi", max_tokens=20)

    ours.response_metadata.pop("unified")
    assert (theirs.content, theirs.additional_kwargs, theirs.response_metadata) == (
        ours.content,
        ours.additional_kwargs,
        ours.response_metadata,
    )
