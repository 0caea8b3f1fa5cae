from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable
from typing import Any, TypedDict

import pytest
from langchain_core.caches import InMemoryCache
from pydantic import BaseModel

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import (
    InvalidParameterError,
    ProviderAuthenticationError,
    ProviderError,
    ProviderInvalidRequestError,
    ProviderRateLimitError,
    UnknownParameterError,
    UnsupportedError,
)
from langchain_unified.rollout import rollout
from langchain_unified.service import UnifiedInferenceService
from langchain_unified.testing import ProviderEmulator, Reply
from tests.unit_tests.service.waiting import silent_server

MODELS = ("auto", "gpt-4o-mini", "gpt-5.4", "gpt-6-sol", "gemini-2.5-flash")


class City(BaseModel):
    """A city."""

    name: str
    country: str


class Town(TypedDict):
    """A town."""

    name: str


@pytest.mark.parametrize("name", MODELS)
async def test_text_from_any_model(service: UnifiedInferenceService, name: str) -> None:
    """The same call answers on every model, and says which one it was."""
    result = await service.generate_text("one two", name, "Be brief.", max_tokens=1000)
    used = "gpt-4o" if name == "auto" else name

    assert ("one two", True) == (result.text, result.success)
    assert result.model_used.startswith(used)
    assert result.usage["total_tokens"] > 0
    assert result.latency_ms > 0
    assert result.finish_reason


def test_a_result_reads_like_the_old_dictionary(
    service: UnifiedInferenceService,
) -> None:
    """Keys, `get`, `in`, `dict()` and `**` work as on the old plain dictionary."""
    result = service.generate_text_sync("hi")

    assert ("hi", "gpt-4o-2024-08-06", True) == (
        result["text"],
        result["model_used"],
        result.get("success"),
    )
    assert "error" not in result
    assert "hi" == dict(**result)["text"] == result.as_dict()["text"]
    with pytest.raises(KeyError):
        result["nothing"]


async def test_every_method_has_a_twin() -> None:
    """Each asynchronous method has a synchronous one with the same parameters."""
    methods = dict(inspect.getmembers(UnifiedInferenceService, inspect.isfunction))
    asynchronous = [
        name
        for name, method in methods.items()
        if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)
        if not name.startswith("_")
    ]
    parameters = {
        name: list(inspect.signature(method).parameters)
        for name, method in methods.items()
    }

    assert 5 <= len(asynchronous)
    assert [parameters[name] for name in asynchronous] == [
        parameters[f"{name}_sync"] for name in asynchronous
    ]


@pytest.mark.parametrize(
    "spelling", ["max_tokens", "max_completion_tokens", "max_output_tokens"]
)
async def test_old_and_new_names_are_taken(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator, spelling: str
) -> None:
    """A setting is taken under LangChain's, OpenAI's and Gemini's name on any model."""
    await service.generate_text("hi", **{spelling: 40})
    await service.generate_text("hi", "gemini-2.5-flash", **{spelling: 40})
    first, second = (request.body for request in provider_emulator.requests)

    assert 40 == first["max_completion_tokens"]
    assert 40 == second["generationConfig"]["maxOutputTokens"]


async def test_changes_are_on_the_result(service: UnifiedInferenceService) -> None:
    """What was dropped on the way to the model is on the result."""
    result = await service.generate_text("hi", "o3")

    assert ["temperature"] == [
        change["parameter"] for change in result.changes if change["kind"] == "dropped"
    ]


async def test_a_conversation_in_plain_dictionaries(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """Messages can be given without LangChain types."""
    result = await service.generate_chat(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "two"},
            {"role": "user", "content": "three"},
        ]
    )

    assert "three" == result.text
    assert 4 == len(provider_emulator.requests[0].body["messages"])


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-6-sol", "gemini-2.5-flash"])
@pytest.mark.parametrize("schema", [City, Town, City.model_json_schema()])
async def test_structured_output(
    service: UnifiedInferenceService, name: str, schema: Any
) -> None:
    """A schema in any form gives an instance in `value`, and the usual facts."""
    result = await service.generate_structured("A city", schema, name)
    again = service.generate_structured_sync("A city", schema, name)
    found = result.value.name if schema is City else result.value["name"]

    assert isinstance(found, str)
    assert type(result.value) is type(again.value)
    assert result.success
    assert result.model_used.startswith(name)


@pytest.mark.parametrize("name", ["gpt-4o", "gemini-2.5-flash"])
async def test_streams_yield_text(service: UnifiedInferenceService, name: str) -> None:
    """Both streams yield pieces of text that make up the answer."""
    text = " ".join(f"word{number}" for number in range(100))
    pieces = [piece async for piece in service.stream_text(text, name)]
    twins = list(service.stream_text_sync(text, name))

    assert text == "".join(pieces) == "".join(twins)
    assert 1 < len(pieces)


async def test_leaving_a_stream_closes_the_connection(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """A reader that stops early does not leave the request running."""
    provider_emulator.chunk_delay = 0.05
    stream = service.stream_text(" ".join(map(str, range(400))))
    async for _ in stream:
        break
    await stream.aclose()

    while provider_emulator.open_connections:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_cancelling_a_task_cancels_the_request() -> None:
    """The connection of a cancelled call is closed at once, on both paths."""
    async with silent_server() as server:
        service = UnifiedInferenceService(
            model="gpt-4o", api_key="sk-test", base_url=server.url
        )
        closed = []
        for mode in ("unified", "legacy"):
            with rollout(mode):
                task = asyncio.create_task(service.generate_text("hi"))
            await server.until(1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            closed.append(await server.until(0))

    assert [True, True] == closed


@pytest.mark.parametrize("mode", ["unified", "legacy"])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, ProviderAuthenticationError),
        (429, ProviderRateLimitError),
        (400, ProviderInvalidRequestError),
        (409, ProviderError),
    ],
)
def test_failures_are_typed_on_both_paths(
    service: UnifiedInferenceService,
    provider_emulator: ProviderEmulator,
    mode: str,
    status: int,
    kind: type[Exception],
) -> None:
    """A failing provider raises this package's error on whichever path."""
    service.llm.max_retries = 0
    provider_emulator.script(Reply.openai_error(status, "no", times=0))
    with rollout(mode), pytest.raises(kind) as caught:
        service.generate_text_sync("hi")

    assert status == caught.value.status


async def test_mistakes_of_the_caller_raise(service: UnifiedInferenceService) -> None:
    """Unknown settings, impossible values and impossible wishes are refused typed."""
    with pytest.raises(UnknownParameterError, match="Did you mean 'temperature'"):
        await service.generate_text("hi", temprature=1)
    with pytest.raises(InvalidParameterError):
        await service.generate_text("hi", temperature=9)
    with pytest.raises(UnsupportedError):
        await service.generate_text("hi", "o3-mini", images="https://x.org/a.png")


async def test_explain_sends_nothing(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """The plan of a call can be looked at without the network."""
    plan = service.explain("hi", "o3", max_tokens=50)

    assert ("o3", 50) == (plan.model, plan.body["max_completion_tokens"])
    assert [] == provider_emulator.requests


def test_models_and_capabilities(service: UnifiedInferenceService) -> None:
    """Living models of enabled providers are listed; each can be described as data."""
    listed = service.list_models()
    named = {config.model for config in listed}
    facts = service.capabilities("gpt-6-sol")

    assert {"openai", "google_genai"} == {config.provider for config in listed}
    assert {"openai"} == {config.provider for config in service.list_models("openai")}
    assert {"gpt-4o", "gemini-2.5-flash"} <= named
    assert "gpt-3.5-turbo" not in named
    assert "medium" in facts["reasoning_effort"]["responses"]
    assert "max_tokens" in facts["parameters"]["chat"]
    assert "gpt-4o" == service.capabilities()["model"]
    assert json.dumps([service.capabilities(config.model) for config in listed])


async def test_health_of_each_provider(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """Each enabled provider is asked; a failing one says why and hides no other."""
    provider_emulator.script(
        Reply.google_error(503, "down", when=lambda r: r.provider == "google_genai")
    )
    found = await service.health()
    again = service.health_sync("google_genai")

    assert {"openai", "google_genai"} == set(found)
    assert found["openai"].ok
    assert "gpt-4o" == found["openai"].model
    assert not found["google_genai"].ok
    assert "down" in str(found["google_genai"].error)
    assert again["google_genai"].ok


async def test_health_is_the_provider_s_own(
    model: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """No fallback, no cache and no setting of the model hides how a provider is."""
    llm = model(fallbacks=["gemini-2.5-flash"], cache=InMemoryCache(), logprobs=True)
    service = UnifiedInferenceService(llm)
    before = await service.health()
    provider_emulator.script(
        Reply.openai_error(503, "down", when=lambda r: r.provider == "openai")
    )
    after = await service.health("openai")

    assert [True, True] == [found.ok for found in before.values()]
    assert not after["openai"].ok
    assert "down" in str(after["openai"].error)


async def test_what_the_model_switches_on_is_seen(
    model: Callable[..., UnifiedChatModel],
) -> None:
    """A provider enabled by the model object is listed and asked for its health."""
    service = UnifiedInferenceService(model(enable=["anthropic"]))
    found = await service.health("anthropic")

    assert "anthropic" in {config.provider for config in service.list_models()}
    assert "anthropic" in service.health_sync()
    assert found["anthropic"].ok


def test_auto_is_what_the_next_call_would_use(
    model: Callable[..., UnifiedChatModel],
) -> None:
    """Capabilities and provider of an open choice are those of the model chosen."""
    service = UnifiedInferenceService(model("auto:cheapest"))
    used = service.generate_text_sync("hi")

    assert used.model_used == service.capabilities()["model"]
    assert used.provider == service.provider_of()
    assert service.capabilities()["known"]


def test_explain_takes_what_a_call_takes(service: UnifiedInferenceService) -> None:
    """A config, and the model in it, can be given to `explain` as to a call."""
    config = {"configurable": {"model": "o3"}, "tags": ["a"]}

    assert "o3" == service.explain("hi", config=config).model
    assert "gpt-5.4" == service.explain("hi", "gpt-5.4", config=config).model


async def test_twins_work_inside_a_running_loop(
    service: UnifiedInferenceService,
) -> None:
    """A synchronous method can be called from a coroutine, on any provider."""
    seen = []
    for name in ("gpt-4o", "gpt-6-sol", "gemini-2.5-flash"):
        seen.append(service.generate_text_sync("hi", name).text)
        seen.append("".join(service.stream_text_sync("hi", name)))
        seen += [result.text for result in service.batch_text_sync(["hi"], name)]
        seen.append((await service.generate_text("hi", name)).text)

    assert ["hi"] * 12 == seen


def test_twins_are_shown_under_their_own_names() -> None:
    """`help` shows each method's own name, arguments and result."""
    shown = {
        name: inspect.signature(getattr(UnifiedInferenceService, name))
        for name in ("generate_text", "generate_text_sync", "generate_structured_sync")
    }
    twin = UnifiedInferenceService.generate_text_sync

    assert ["TextResult", "TextResult", "StructuredResult"] == [
        signature.return_annotation for signature in shown.values()
    ]
    assert "prompt" in shown["generate_text"].parameters
    assert "generate_text_sync" == twin.__name__
    assert "see `generate_text`" in str(twin.__doc__)


FACES: dict[str, Callable[[UnifiedInferenceService, str], Any]] = {
    "text": lambda service, name: service.generate_text("hi", name),
    "chat": lambda service, name: service.generate_chat([("user", "hi")], name),
    "structured": lambda service, name: service.generate_structured("hi", City, name),
    "batch": lambda service, name: _waited(service.batch_text(["hi"] * 3, name)),
    "stream": lambda service, name: _read(service.stream_text("hi", name)),
}


async def _waited(batch: Any) -> Any:
    return await batch


async def _read(stream: Any) -> Any:
    return [piece async for piece in stream]


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-6-sol", "gemini-2.5-flash"])
@pytest.mark.parametrize("face", FACES)
async def test_cancelling_closes_the_connection_on_every_face(
    face: str, name: str
) -> None:
    """After a cancelled task the server sees no connection, and no task is left."""
    async with silent_server() as server:
        own = {"api_key": "test", "base_url": server.url}
        providers = {"openai": own, "google_genai": own}
        service = UnifiedInferenceService(model="gpt-4o", providers=providers)
        task = asyncio.create_task(FACES[face](service, name))
        opened = await server.until(3 if face == "batch" else 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        closed = await server.until(0)

    assert (True, True) == (opened, closed)
    assert {asyncio.current_task()} == asyncio.all_tasks()


def test_a_service_makes_its_own_model() -> None:
    """Constructor keywords of the chat model make one; both at once are a mistake."""
    service = UnifiedInferenceService(model="gpt-4o", temperature=0)

    assert "gpt-4o" == service.llm.model_name
    with pytest.raises(TypeError, match="not both"):
        UnifiedInferenceService(service.llm, temperature=1)


def test_the_price_of_an_answer(service: UnifiedInferenceService) -> None:
    """A result costs what the record of its message says."""
    pytest.importorskip("genai_prices")
    result = service.generate_text_sync("hi", model="gpt-4o")
    record = result.message.response_metadata["unified"]

    assert record["cost_usd"] == result.cost_usd
    assert result.cost_usd > 0
