"""The contract of a provider: every shim in the folder passes the same suite."""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import pkgutil
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_tests.integration_tests import ChatModelIntegrationTests

import langchain_unified.shims
from langchain_unified import UnifiedChatModel, default_registry, errors
from langchain_unified.shims import ProviderShim
from langchain_unified.testing import ProviderEmulator, Reply
from tests.unit_tests.providers.wiring import KEYS, OFF, connections

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)
UNLISTED = {"azure_openai": "azure_openai:my-dep", "ollama": "ollama:qwen3-vl:8b"}
"""A model of providers whose models are not in the registry."""

WANTED = ("tool_calling", "structured_output", "image_inputs", "streaming")


def shims() -> list[type[ProviderShim]]:
    """Return every shim of the folder."""
    folder = langchain_unified.shims
    found = [
        importlib.import_module(f"{folder.__name__}.{module.name}.shim")
        for module in pkgutil.iter_modules(folder.__path__)
        if module.ispkg
    ]
    return [module.SHIM for module in found]


PROVIDERS = [s.provider for s in shims() if s.provider in default_registry().files]
"""Providers with models; the untouched path of the rollback is none."""

each = pytest.mark.parametrize("provider", PROVIDERS)
each_face = pytest.mark.parametrize("face", ["invoke", "stream", "ainvoke", "astream"])

PATIENCE = 30
"""Seconds for what takes none; only a busy machine could come near."""


def model_of(provider: str) -> str:
    """Return a living model of the provider that can do what the suite asks for."""
    if provider in UNLISTED:
        return UNLISTED[provider]
    return next(
        config.model
        for config in default_registry().models()
        if config.provider == provider
        and config.lifecycle.shutdown is None
        and config.match == "exact"
        and all(config.supports(feature) for feature in WANTED)
    )


@pytest.fixture
def llm(provider_emulator: ProviderEmulator) -> UnifiedChatModel:
    """A model with every provider switched on."""
    return UnifiedChatModel(
        model="gpt-4o",
        providers=connections(provider_emulator),
        enable=list(OFF),
        max_retries=0,
    )


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"sunny in {city}"


def merged(pieces: list[Any]) -> Any:
    """Return the pieces of a stream as one message."""
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    return whole


def test_the_folder_has_five_shims() -> None:
    """Every provider of the registry has a shim."""
    assert sorted(default_registry().files) == sorted(PROVIDERS)


@each
def test_invoke(llm: UnifiedChatModel, provider: str) -> None:
    """A text is answered with a string, usage and the record of the call."""
    answer = llm.invoke("one two three", model=model_of(provider))

    assert "one two three" == answer.content
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["total_tokens"] > 0
    assert provider == answer.response_metadata["unified"]["provider"]
    assert answer.response_metadata["model_name"]
    assert "stop" == answer.response_metadata["finish_reason"]


@each
def test_an_answer_that_is_cut_off(llm: UnifiedChatModel, provider: str) -> None:
    """An answer that reached its token cap ends with the same word everywhere."""
    text = " ".join(["word"] * 200)
    answer = llm.invoke(text, model=model_of(provider), max_tokens=20)

    assert "length" == answer.response_metadata["finish_reason"]


@each
def test_stream(llm: UnifiedChatModel, provider: str) -> None:
    """A stream has several pieces of text, one last piece and the usage once."""
    text = "one two three four five six seven eight nine ten"
    pieces = list(llm.stream(text, model=model_of(provider)))
    usages = [piece for piece in pieces if piece.usage_metadata]
    whole = merged(pieces)

    assert 1 < len([piece for piece in pieces if piece.text])
    assert text == whole.content
    assert "last" == whole.chunk_position
    assert usages
    assert whole.usage_metadata["total_tokens"] > 0


@each
async def test_async(llm: UnifiedChatModel, provider: str) -> None:
    """The asynchronous faces answer as the synchronous ones."""
    name = model_of(provider)
    answer = await llm.ainvoke("one two", model=name)
    pieces = [piece async for piece in llm.astream("one two", model=name)]

    assert "one two" == answer.content == merged(pieces).content


@each
def test_loops(llm: UnifiedChatModel, provider: str) -> None:
    """One model object serves event loops that come and go."""
    for _ in range(2):
        answer = asyncio.run(llm.ainvoke("hi", model=model_of(provider)))
        assert "hi" == answer.text


@each
def test_tools(
    llm: UnifiedChatModel, provider_emulator: ProviderEmulator, provider: str
) -> None:
    """A tool is called, streamed or not, and its result is understood."""
    bound = llm.bind_tools([weather], model=model_of(provider))
    turns: list[BaseMessage] = [HumanMessage("call weather for Oslo")]
    answer = bound.invoke(turns)
    streamed = merged(list(bound.stream(turns)))
    call = answer.tool_calls[0]
    result = ToolMessage(weather(**call["args"]), tool_call_id=call["id"])
    final = bound.invoke([*turns, answer, result])

    assert "weather" == call["name"] == streamed.tool_calls[0]["name"]
    assert call["args"] == streamed.tool_calls[0]["args"]
    assert "tool_calls" == answer.response_metadata["finish_reason"]
    assert "tool_calls" == streamed.response_metadata["finish_reason"]
    assert "sunny" in final.text
    assert [] == provider_emulator.errors


@each
@pytest.mark.parametrize("choice", ["any", "weather", ["weather"], True])
def test_forced_tools(
    llm: UnifiedChatModel,
    provider_emulator: ProviderEmulator,
    provider: str,
    choice: Any,
) -> None:
    """A call that is forced is made, although nothing in the text asks for it."""
    bound = llm.bind_tools([weather], model=model_of(provider), tool_choice=choice)
    answer, streamed = bound.invoke("hello"), merged(list(bound.stream("hello")))

    assert ["weather"] == [call["name"] for call in answer.tool_calls]
    assert ["weather"] == [call["name"] for call in streamed.tool_calls]
    assert [] == provider_emulator.errors


@each
def test_schema(
    llm: UnifiedChatModel, provider_emulator: ProviderEmulator, provider: str
) -> None:
    """An answer has the form of the schema asked for."""
    schema = {
        "title": "person",
        "description": "A person.",
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    name = model_of(provider)
    answer = llm.invoke("Ada is 36", model=name, response_format=form)

    assert {"name", "age"} == set(json.loads(answer.text))
    assert [] == provider_emulator.errors


@each
def test_images(
    llm: UnifiedChatModel, provider_emulator: ProviderEmulator, provider: str
) -> None:
    """An image is accepted."""
    image = {"type": "image", "base64": PIXEL, "mime_type": "image/png"}
    text = {"type": "text", "text": "what is it?"}
    answer = llm.invoke([HumanMessage([text, image])], model=model_of(provider))

    assert answer.text
    assert [] == provider_emulator.errors


@each
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(401, {"error": {"message": "no"}}), errors.ProviderAuthenticationError),
        (Reply(403, {"error": {"message": "no"}}), errors.ProviderPermissionError),
        (Reply(429, {"error": {"message": "no"}}), errors.ProviderRateLimitError),
        (Reply(500, {"error": {"message": "no"}}), errors.ProviderUnavailableError),
        (Reply(cut_after=0), errors.ProviderConnectionError),
    ],
    ids=["401", "403", "429", "500", "reset"],
)
@each_face
def test_errors(  # noqa: PLR0917
    llm: UnifiedChatModel,
    provider_emulator: ProviderEmulator,
    provider: str,
    reply: Reply,
    kind: type[errors.ProviderError],
    face: str,
) -> None:
    """Whatever goes wrong is one of our errors and says whose it is."""
    provider_emulator.script(reply)
    with pytest.raises(kind) as caught:
        _call(llm, face, model_of(provider), deadline=PATIENCE)

    assert provider == caught.value.provider


@each
@each_face
def test_a_server_that_hangs(
    llm: UnifiedChatModel,
    provider_emulator: ProviderEmulator,
    provider: str,
    face: str,
) -> None:
    """A call gives up when its time is over, neither before nor long after."""
    provider_emulator.script(Reply(hang=True))
    begun = time.monotonic()
    with pytest.raises(errors.ProviderTimeoutError) as caught:
        _call(llm, face, model_of(provider), deadline=0.4)
    took = time.monotonic() - begun

    assert provider == caught.value.provider
    assert 0.4 <= took < PATIENCE


def _call(llm: UnifiedChatModel, face: str, model: str, *, deadline: float) -> None:
    async def consume() -> None:
        async for _ in llm.astream("hi", model=model, deadline=deadline):
            pass

    if face == "invoke":
        llm.invoke("hi", model=model, deadline=deadline)
    elif face == "stream":
        list(llm.stream("hi", model=model, deadline=deadline))
    elif face == "ainvoke":
        asyncio.run(llm.ainvoke("hi", model=model, deadline=deadline))
    else:
        asyncio.run(consume())


def test_keys_stay_with_their_provider(
    llm: UnifiedChatModel, provider_emulator: ProviderEmulator
) -> None:
    """One instance calls all providers; each sees its own key and no other."""
    for provider in (*PROVIDERS, *reversed(PROVIDERS)):
        llm.invoke("hi", model=model_of(provider))
    seen = {(r.provider, r.key_tail) for r in provider_emulator.requests}

    assert {(name, KEYS[name][-4:]) for name in PROVIDERS} == seen


@each
async def test_cancellation(
    llm: UnifiedChatModel, provider_emulator: ProviderEmulator, provider: str
) -> None:
    """A cancelled call ends at once, and the next one works."""
    name = model_of(provider)
    await llm.ainvoke("hi", model=name)
    provider_emulator.script(Reply(hang=True))
    task = asyncio.create_task(llm.ainvoke("hi", model=name))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 2)

    assert "hi" == (await llm.ainvoke("hi", model=name)).text


@each
def test_a_stream_left_early_frees_its_connection(
    llm: UnifiedChatModel, provider_emulator: ProviderEmulator, provider: str
) -> None:
    """Leaving a stream after one piece leaves no broken connection behind."""
    name = model_of(provider)
    for _ in range(3):
        stream = llm.stream("one two three four", model=name)
        next(iter(stream))
        stream.close()  # type: ignore[attr-defined]

    assert "hi" == llm.invoke("hi", model=name).text


def test_five_providers_in_one_conversation(
    llm: UnifiedChatModel, provider_emulator: ProviderEmulator
) -> None:
    """Every provider takes up the conversation of every other, tools and all."""
    turns: list[BaseMessage] = []
    names = [model_of(provider) for provider in PROVIDERS]
    order = [a for pair in _pairs(names) for a in pair]
    for number, name in enumerate(order):
        turns.append(HumanMessage(f"call weather for city {number}"))
        answer = llm.bind_tools([weather], model=name).invoke(turns)
        turns.append(answer)
        turns += [
            ToolMessage("sunny", tool_call_id=call["id"]) for call in answer.tool_calls
        ]
        turns.append(llm.bind_tools([weather]).invoke(turns, model=order[number - 1]))
        assert isinstance(turns[-1], AIMessage)

    assert [] == provider_emulator.errors


def _pairs(names: list[str]) -> Iterator[tuple[str, str]]:
    """Yield every ordered pair of two different models."""
    for first in names:
        for second in names:
            if first != second:
                yield first, second


class Standard(ChatModelIntegrationTests):
    """LangChain's contract of a chat model, on the emulator."""

    provider = ""
    __test__ = False

    @pytest.fixture(autouse=True)
    def _emulator(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Start an emulator; the image the suite downloads is one of ours."""
        image = httpx.Response(200, content=base64.b64decode(PIXEL))
        monkeypatch.setattr(httpx, "get", lambda *_, **__: image)
        with ProviderEmulator() as emulator:
            self.emulator = emulator
            yield

    @property
    def chat_model_class(self) -> type[UnifiedChatModel]:
        return UnifiedChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "model": model_of(self.provider),
            "providers": connections(self.emulator),
            "enable": list(OFF),
        }

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return self.provider != "ollama"

    @property
    def supports_pdf_tool_message(self) -> bool:
        return self.provider != "ollama"

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def supports_json_mode(self) -> bool:
        return self.provider != "anthropic"

    @property
    def supports_model_override(self) -> bool:
        """A name with a prefix, or a deployment, never is the name in the answer."""
        return self.provider not in UNLISTED

    @property
    def model_override_value(self) -> str:
        return "claude-opus-4-8"


class TestAnthropicStandard(Standard):
    """Anthropic."""

    provider = "anthropic"
    __test__ = True


class TestAnthropicThatTakesNoForcedTools(Standard):
    """Anthropic, a model that is made to call tools by the form of its answer."""

    provider = "anthropic"
    __test__ = True

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {**super().chat_model_params, "model": "claude-opus-5-5"}


class TestAzureStandard(Standard):
    """Azure OpenAI."""

    provider = "azure_openai"
    __test__ = True


class TestOllamaStandard(Standard):
    """Ollama."""

    provider = "ollama"
    __test__ = True
