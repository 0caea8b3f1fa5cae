"""Learning from a 400: understood, corrected, retried, remembered, never paid twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langchain_core.stores import InMemoryByteStore

from langchain_unified import UnifiedChatModel, UnsupportedError
from langchain_unified.errors import (
    ProviderAuthenticationError,
    ProviderInvalidRequestError,
    ProviderModelNotFoundError,
)
from langchain_unified.learning import Lessons
from langchain_unified.registry import Registry
from langchain_unified.registry.loader import load_shipped
from langchain_unified.registry.schema import FamilyRow
from langchain_unified.testing import ModelRules, ProviderEmulator, Reply
from tests.conftest import connections
from tests.unit_tests.test_every_model import enabled_models

STANDARD = {"temperature": 0, "max_tokens": 1000, "stop": ["x"]}
EVERYTHING_TUNING = {
    "temperature": 0.5,
    "top_p": 0.5,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.5,
    "seed": 3,
    "verbosity": "low",
    "reasoning_effort": "minimal",
}


def empty_registry(lessons: Lessons | None = None) -> Registry:
    """Return a registry that knows the wires but no model and no family."""
    files = {}
    for provider, file in load_shipped().items():
        anything = FamilyRow(
            inputs=["text", "image", "audio", "video", "pdf"],
            outputs=["text"],
            features={"structured_output": True, "json_mode": True},
            system_roles=["system", "developer"],
            thinking={"style": "effort" if provider == "openai" else "level"},
        )
        row = file.provider.model_copy(
            update={"fallback_family": "any", "compatible_family": None}
        )
        files[provider] = file.model_copy(
            update={"provider": row, "families": {"any": anything}, "models": {}}
        )
    return Registry(files, lessons=lessons)


@pytest.fixture(scope="module")
def emulator() -> Iterator[ProviderEmulator]:
    """One emulator for the models of the registry."""
    with ProviderEmulator() as running:
        yield running


def _llm(
    emulator: ProviderEmulator, registry: Registry, **more: Any
) -> UnifiedChatModel:
    return UnifiedChatModel(
        model="gpt-4o", providers=connections(emulator), registry=registry, **more
    )


@pytest.mark.parametrize(
    "name", [f"{config.provider}:{config.model}" for config in enabled_models()]
)
def test_an_empty_registry_is_corrected(emulator: ProviderEmulator, name: str) -> None:
    """With an empty registry a call succeeds after three corrections at most."""
    emulator.reset()
    llm = _llm(emulator, empty_registry())

    assert (
        "one two" == llm.invoke("one two x three", model=name, **STANDARD).text.strip()
    )
    assert len(emulator.errors) <= 3

    emulator.reset()
    llm.invoke("one two x three", model=name, **STANDARD)
    assert [] == emulator.errors


def _random_rules(number: int) -> ModelRules:
    draw = random.Random(number)  # noqa: S311
    sampling = draw.choice(["any", "only_default", "rejected"])
    levels = tuple(sorted(draw.sample(["low", "medium", "high"], draw.randint(1, 3))))
    reasons = draw.random() < 0.6
    return ModelRules(
        id=f"invented-{number}",
        endpoints=draw.choice([("chat",), ("responses",), ("chat", "responses")]),
        reasoning=reasons,
        temperature=sampling,
        top_p=draw.choice(["any", "only_default", "rejected"]),
        presence_penalty=draw.choice(["any", "rejected"]),
        frequency_penalty=draw.choice(["any", "rejected"]),
        stop=draw.choice(["any", "rejected"]),
        chat_token_params=draw.choice(
            [
                ("max_completion_tokens",),
                ("max_tokens",),
                ("max_completion_tokens", "max_tokens"),
            ]
        ),
        effort_levels=levels if reasons else (),
        chat_effort_levels=levels if reasons else (),
        default_effort=levels[0] if reasons else None,
        verbosity=draw.choice([("medium",), ("low", "medium", "high")]),
        streaming=draw.random() < 0.8,
        system_roles=draw.choice([("system", "developer"), ()]),
    )


@pytest.mark.parametrize("number", range(60))
@pytest.mark.parametrize("stream", [False, True], ids=["invoke", "stream"])
def test_invented_models_with_random_rules(number: int, stream: bool) -> None:  # noqa: FBT001
    """A tuning-only call to a model with rules drawn at random always succeeds."""
    draw = random.Random(number)  # noqa: S311
    names = draw.sample(list(EVERYTHING_TUNING), 3)
    call = {name: EVERYTHING_TUNING[name] for name in names}
    rules = _random_rules(number)
    with ProviderEmulator(rules=[rules]) as emulator:
        llm = _llm(emulator, Registry(load_shipped()))
        messages = [("system", "Be kind."), ("user", "one two")]
        for _ in range(3):
            before = len(emulator.errors)
            if stream:
                text = "".join(
                    c.text for c in llm.stream(messages, model=rules.id, **call)
                )
            else:
                text = llm.invoke(messages, model=rules.id, **call).text
            assert "one two" in text
        assert before == len(emulator.errors)


async def test_a_hundred_first_calls_make_few_mistakes() -> None:
    """A hundred concurrent first calls to an unknown model find its rules together."""
    rules = ModelRules(id="new-model", temperature="rejected", top_p="rejected")
    with ProviderEmulator(rules=[rules]) as emulator:
        llm = _llm(emulator, Registry(load_shipped()), temperature=0, top_p=0.5)
        calls = (llm.ainvoke("hi", model="new-model") for _ in range(100))
        answers = await asyncio.gather(*calls)

        assert 100 == len(answers)
        assert len(emulator.errors) <= 10


def test_a_hundred_first_calls_from_threads_make_few_mistakes() -> None:
    """The same from threads."""
    rules = ModelRules(id="new-model", temperature="rejected", top_p="rejected")
    with ProviderEmulator(rules=[rules]) as emulator:
        llm = _llm(emulator, Registry(load_shipped()), temperature=0, top_p=0.5)
        with ThreadPoolExecutor(50) as pool:
            done = list(
                pool.map(lambda _: llm.invoke("hi", model="new-model"), range(100))
            )

        assert 100 == len(done)
        assert len(emulator.errors) <= 10


Make = Callable[..., UnifiedChatModel]


def _wrong_about_temperature(
    emulator: ProviderEmulator, **more: Any
) -> UnifiedChatModel:
    """Return a model whose registry wrongly says that a temperature is taken."""
    emulator.add_rules(ModelRules(id="gpt-4o", temperature="rejected"))
    return _llm(emulator, Registry(load_shipped()), **more)


def test_what_was_learned_is_on_record(provider_emulator: ProviderEmulator) -> None:
    """The correction is on the message, and in the registry with its provenance."""
    llm = _wrong_about_temperature(provider_emulator)
    answer = llm.invoke("hi", temperature=0)
    kinds = [c["kind"] for c in answer.response_metadata["unified"]["changes"]]
    (lesson,) = llm.registry.learned()

    assert "learned" in kinds
    assert ("temperature", "gpt-4o", "chat") == (
        lesson.correction.parameter,
        lesson.model,
        lesson.endpoint,
    )
    plan = llm.explain(temperature=0)
    assert "learned" == plan.config.provenance["temperature"].layer


def test_a_lesson_can_be_forgotten(provider_emulator: ProviderEmulator) -> None:
    """What was learned is forgotten on demand."""
    llm = _wrong_about_temperature(provider_emulator)
    llm.invoke("hi", temperature=0)

    assert 1 == llm.registry.forget("gpt-4o")
    assert [] == llm.registry.learned()
    assert "temperature" in llm.explain(temperature=0).body


def test_learning_does_not_spend_the_retry_budget(
    provider_emulator: ProviderEmulator,
) -> None:
    """A correction is not a retry: it happens with no retries allowed."""
    llm = _wrong_about_temperature(provider_emulator, max_retries=0)

    assert "hi" == llm.invoke("hi", temperature=0).text


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (
            Reply.openai_error(
                401, "Incorrect API key provided.", code="invalid_api_key"
            ),
            ProviderAuthenticationError,
        ),
        (
            Reply.openai_error(
                404, "The model `gpt-4o` does not exist.", code="model_not_found"
            ),
            ProviderModelNotFoundError,
        ),
        (
            Reply.openai_error(400, "Something is wrong with the request."),
            ProviderInvalidRequestError,
        ),
    ],
)
def test_errors_that_name_no_parameter_teach_nothing(
    provider_emulator: ProviderEmulator, reply: Reply, error: type[Exception]
) -> None:
    """Only an error about a parameter is learned from."""
    provider_emulator.script(reply)
    llm = _llm(provider_emulator, Registry(load_shipped()), max_retries=0)

    with pytest.raises(error):
        llm.invoke("hi", temperature=0)
    assert [] == llm.registry.learned()


def test_a_guarantee_is_never_dropped_by_learning(
    provider_emulator: ProviderEmulator,
) -> None:
    """A model that turns out to have no tools is an error, next time before sending."""
    provider_emulator.add_rules(
        ModelRules(id="toolless", tools=False, endpoints=("chat",))
    )
    llm = _llm(provider_emulator, empty_registry())
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]

    with pytest.raises(UnsupportedError):
        llm.invoke("hi", model="toolless", tools=tools)
    sent = len(provider_emulator.requests)
    with pytest.raises(UnsupportedError):
        llm.invoke("hi", model="toolless", tools=tools)
    assert sent == len(provider_emulator.requests)


def test_lessons_are_shared_through_a_store(
    provider_emulator: ProviderEmulator,
) -> None:
    """A second process with the same store makes no mistake twice."""
    store = InMemoryByteStore()
    first = _llm(provider_emulator, empty_registry(Lessons(store)))
    second = _llm(provider_emulator, empty_registry(Lessons(store)))
    first.invoke("hi", model="o3", temperature=0)
    provider_emulator.reset()
    second.invoke("hi", model="o3", temperature=0)

    assert [] == provider_emulator.errors
    assert first.registry.learned() == second.registry.learned()


def test_a_corrupt_store_is_ignored_with_a_warning(
    provider_emulator: ProviderEmulator,
) -> None:
    """Rubbish in the store is a warning, never a failed call."""
    store = InMemoryByteStore()
    _llm(provider_emulator, empty_registry(Lessons(store))).invoke(
        "hi", model="o3", temperature=0
    )
    store.mset([(key, b"{rubbish") for key in store.yield_keys()])
    llm = _llm(provider_emulator, empty_registry(Lessons(store)))

    with pytest.warns(UserWarning, match="are ignored"):
        answer = llm.invoke("hi", model="o3", temperature=0)
    assert "hi" == answer.text


def test_lessons_can_live_in_files(
    provider_emulator: ProviderEmulator, tmp_path: Path
) -> None:
    """A folder given as path keeps lessons across restarts."""
    for _ in range(2):
        provider_emulator.reset()
        lessons = Lessons.at(tmp_path / "lessons")
        _llm(provider_emulator, empty_registry(lessons)).invoke(
            "hi", model="o3", temperature=0
        )

    assert [] == provider_emulator.errors


def test_an_unverified_organization_gets_the_answer_in_one_piece() -> None:
    """Where streaming needs a verified organization, the answer comes unstreamed."""
    with ProviderEmulator(verified_organization=False) as emulator:
        llm = _llm(emulator, Registry(load_shipped()))
        first = "".join(chunk.text for chunk in llm.stream("hi", model="gpt-5"))
        list(llm.stream("hi", model="gpt-5"))

        assert "hi" == first
        assert 1 == len(emulator.errors)


def test_an_unknown_model_that_does_not_reason() -> None:
    """A model taken for a reasoning one is no longer asked for its reasoning."""
    with ProviderEmulator(rules=[ModelRules(id="gpt-9-plain")]) as emulator:
        llm = _llm(emulator, Registry(load_shipped()))
        assert "hi" == llm.invoke("hi", model="gpt-9-plain").text
        assert len(emulator.errors) <= 1
