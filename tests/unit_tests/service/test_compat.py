from __future__ import annotations

import asyncio
import inspect
import json
import sys
import warnings
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import openai
import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.compat import LangChainCompatibilityService
from langchain_unified.errors import InvalidParameterError, UnknownParameterError
from langchain_unified.rollout import Rollout, report_sent, rollout
from langchain_unified.service import UnifiedInferenceService
from langchain_unified.testing import ProviderEmulator, Reply

quiet = pytest.mark.filterwarnings("ignore:LangChainCompat:DeprecationWarning")


class SayingOldService:
    """An old service whose hook says what it sends: what ChatOpenAI would."""

    def __init__(self, server: str) -> None:
        self.url = f"{server}/chat/completions"

    async def generate_text(
        self,
        prompt: str,
        model: str = "gpt-4o",
        system_message: str = "",
        images: str = "",
    ) -> dict[str, Any]:
        picture = {"type": "image_url", "image_url": {"url": images}}
        content = [{"type": "text", "text": prompt}, picture] if images else prompt
        turns = [{"role": "user", "content": content}]
        if system_message:
            turns.insert(0, {"role": "system", "content": system_message})
        body = {"model": model, "messages": turns}
        report_sent(self.url, body)
        return {"text": f"old {prompt}", "model_used": model, "success": True}


class OldService:
    """Anything with the old `generate_text`."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []

    async def generate_text(
        self, prompt: str, model: str = "auto", **kwargs: Any
    ) -> dict[str, Any]:
        self.calls.append((prompt, model, kwargs))
        return {"text": f"old {prompt}", "model_used": "old", "success": True}


@quiet
@pytest.mark.parametrize("mode", ["unified", "legacy", "canary:50", "shadow"])
async def test_the_old_dictionary_exactly(
    service: UnifiedInferenceService, mode: str
) -> None:
    """The answer is the plain old dictionary, with nothing added, in every mode."""
    with rollout(mode):
        answer = await LangChainCompatibilityService(service).generate_text(
            "hi", max_tokens=40
        )

    assert {"text": "hi", "model_used": "gpt-4o-2024-08-06", "success": True} == answer
    assert dict is type(answer)


@quiet
@pytest.mark.parametrize("mode", ["unified", "legacy"])
async def test_a_failing_provider_raises_what_chat_openai_raised(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator, mode: str
) -> None:
    """Callers catch the SDK's classes, whichever path served the call."""
    provider_emulator.script(Reply.openai_error(401, "wrong key", times=0))
    with rollout(mode), pytest.raises(openai.AuthenticationError, match="wrong key"):
        await LangChainCompatibilityService(service).generate_text("hi")


@quiet
@pytest.mark.parametrize("mode", ["unified", "legacy"])
async def test_a_failing_provider_can_be_a_dictionary(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator, mode: str
) -> None:
    """With `errors="dict"` success is false and `error` says why."""
    provider_emulator.script(Reply.openai_error(401, "wrong key", times=0))
    compat = LangChainCompatibilityService(service, errors="dict")
    with rollout(mode):
        answer = await compat.generate_text("hi")

    assert ("", "gpt-4o", False) == (
        answer["text"],
        answer["model_used"],
        answer["success"],
    )
    assert "wrong key" in answer["error"]


@quiet
async def test_a_killed_provider_is_a_failing_provider(
    service: UnifiedInferenceService,
) -> None:
    """The kill switch gives an answer without success, and says which flag it is."""
    with rollout("google_genai=off"):
        compat = LangChainCompatibilityService(service, errors="dict")
        answer = await compat.generate_text("hi", "gemini-2.5-flash")

    assert not answer["success"]
    assert "google_genai=off" in answer["error"]


@quiet
async def test_mistakes_of_the_caller_raise(service: UnifiedInferenceService) -> None:
    """An unknown setting or an impossible value is not an answer."""
    compat = LangChainCompatibilityService(service)
    with pytest.raises(UnknownParameterError):
        await compat.generate_text("hi", temprature=1)
    with pytest.raises(InvalidParameterError):
        await compat.generate_text("hi", temperature=9)


async def test_the_warning_points_at_the_caller(
    service: UnifiedInferenceService,
) -> None:
    """The deprecation names the caller's file and line, from a task as well."""
    compat = LangChainCompatibilityService(service)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await compat.generate_text("a")
        await asyncio.create_task(compat.generate_text("b"))
        await asyncio.gather(compat.generate_text("c"))
    lines = {warning.lineno for warning in caught}

    assert [__file__] * 3 == [warning.filename for warning in caught]
    assert 3 == len(lines)
    assert [DeprecationWarning] * 3 == [warning.category for warning in caught]
    assert "UnifiedInferenceService.generate_text()" in str(caught[0].message)


async def test_callers_that_ask_see_a_coroutine_function(
    service: UnifiedInferenceService,
) -> None:
    """Code that looks before it awaits treats the method as the old `async def`."""
    asks = inspect if sys.version_info >= (3, 12) else asyncio
    method = LangChainCompatibilityService(service).generate_text

    assert asks.iscoroutinefunction(method)


@quiet
async def test_the_old_service_is_used_by_the_flag(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """In legacy and shadow mode the old service answers the caller's call."""
    old = OldService()
    control = Rollout("legacy")
    compat = LangChainCompatibilityService(service, legacy=old, rollout=control)
    texts = []
    for mode in ("legacy", "unified", "shadow"):
        control.mode = mode
        answer = await compat.generate_text("hi", "gpt-4o-mini", max_tokens=5)
        texts.append(answer["text"])

    assert ["old hi", "hi", "old hi"] == texts
    assert [("hi", "gpt-4o-mini", {"max_tokens": 5})] * 2 == old.calls
    assert 1 == len(provider_emulator.requests)


@quiet
async def test_a_synchronous_old_service_will_do(
    service: UnifiedInferenceService,
) -> None:
    """The old `generate_text` may be a plain function."""

    class Sync:
        def generate_text(self, prompt: str, **_: Any) -> dict[str, Any]:
            return {"text": prompt.upper(), "model_used": "s", "success": True}

    with rollout("legacy"):
        compat = LangChainCompatibilityService(service, legacy=Sync())
        answer = await compat.generate_text("hi")

    assert "HI" == answer["text"]


@quiet
async def test_a_canary_decides_once_for_both(
    service: UnifiedInferenceService,
) -> None:
    """The user's path is the same in the compatibility layer and in the new service."""
    compat = LangChainCompatibilityService(service, OldService(), details=True)
    paths = set()
    with rollout("canary:50"):
        for name in "abcdefghij":
            config = {"configurable": {"user_id": name}}
            answer = await compat.generate_text("hi", config=config)
            direct = await service.generate_text("hi", config=config)
            served_by = answer["rollout"]["served_by"]
            paths.add(served_by)
            assert direct.rollout["served_by"] == served_by
            assert ("old hi" if served_by == "legacy" else "hi") == answer["text"]

    assert {"legacy", "unified"} == paths


@quiet
async def test_shadowing_the_old_service_compares_payloads(
    model: Callable[..., UnifiedChatModel],
) -> None:
    """The old service answers; the report says what the new one would send instead."""
    control = Rollout("shadow")
    service = UnifiedInferenceService(model("o3", temperature=0, rollout=control))
    compat = LangChainCompatibilityService(service, legacy=OldService())
    answer = await compat.generate_text("hi")

    assert "old hi" == answer["text"]
    assert ["temperature"] == list(control.report().of("o3"))


@quiet
async def test_details_on_request(service: UnifiedInferenceService) -> None:
    """With `details` the dictionary also has the new result's fields, as plain data."""
    compat = LangChainCompatibilityService(service, details=True)
    answer = await compat.generate_text("hi")

    assert {"usage", "provider", "latency_ms", "changes"} <= set(answer)
    assert json.loads(json.dumps(answer)) == answer


@quiet
@pytest.mark.parametrize("mode", ["unified", "legacy"])
async def test_what_a_model_cannot_do_is_no_answer(
    model: Callable[..., UnifiedChatModel], mode: str
) -> None:
    """A model named by a client that takes no images fails the same on both paths."""
    unified = UnifiedInferenceService(model())
    compat = LangChainCompatibilityService(unified, errors="dict")
    with rollout(mode):
        answer = await compat.generate_text(
            "hi", "o3-mini", images="https://x.org/a.png"
        )

    assert ("", "o3-mini", False) == (
        answer["text"],
        answer["model_used"],
        answer["success"],
    )
    assert "image" in answer["error"]


@quiet
@pytest.mark.parametrize("mode", ["legacy", "shadow", "canary:0"])
@pytest.mark.parametrize("errors", ["raise", "dict"])
@pytest.mark.parametrize("error", [ConnectionError("gone"), KeyError("mistake")])
async def test_what_an_old_service_raises_comes_back_untouched(
    service: UnifiedInferenceService, error: Exception, errors: Any, mode: str
) -> None:
    """The very exception of the old service reaches its callers, as before."""

    class Raising:
        async def generate_text(self, prompt: str, **_: Any) -> dict[str, Any]:
            raise error

    compat = LangChainCompatibilityService(service, legacy=Raising(), errors=errors)
    with rollout(mode), pytest.raises(type(error)) as caught:
        await compat.generate_text("hi")

    assert error is caught.value


@quiet
async def test_shadowing_reads_the_service_s_own_arguments(
    model: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """Instructions and images are compared as the new service would send them."""
    control = Rollout("shadow")
    service = UnifiedInferenceService(model(rollout=control))
    compat = LangChainCompatibilityService(
        service, legacy=SayingOldService(provider_emulator.openai_base_url)
    )
    await compat.generate_text("hi", system_message="Be brief.")
    await compat.generate_text("hi", images="https://x.org/a.png")
    report = control.report()

    assert (2, 2, 0) == (report.compared, report.identical, report.failed)


@quiet
@pytest.mark.parametrize("setting", ["session", "input", "served"])
async def test_shadowing_never_fails_the_old_service(
    model: Callable[..., UnifiedChatModel], setting: str
) -> None:
    """A setting only the old service knows reaches it, and shows in the report."""
    control, old = Rollout("shadow"), OldService()
    service = UnifiedInferenceService(model(rollout=control))
    compat = LangChainCompatibilityService(service, legacy=old)
    answer = await compat.generate_text("hi", **{setting: "x"})
    report = control.report()

    assert "old hi" == answer["text"]
    assert {setting: "x"} == old.calls[0][2]
    assert "refused" == report.of("gpt-4o")[setting].unified


@quiet
async def test_a_config_reaches_an_old_service_that_names_one(
    service: UnifiedInferenceService,
) -> None:
    """The old service keeps its callbacks; one without a config is not given any."""
    seen: list[Any] = []

    class Configured:
        async def generate_text(
            self, prompt: str, model: str = "auto", config: Any = None
        ) -> dict[str, Any]:
            seen.append(config)
            return {"text": prompt, "model_used": model, "success": True}

    old, config = OldService(), {"tags": ["a"]}
    with rollout("legacy"):
        for legacy in (Configured(), old):
            compat = LangChainCompatibilityService(service, legacy=legacy)
            await compat.generate_text("hi", config=config)

    assert [config] == seen
    assert {} == old.calls[0][2]


@quiet
@pytest.mark.parametrize("mode", ["unified", "legacy", "shadow", "canary:50"])
async def test_metadata_of_a_request_arrives(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator, mode: str
) -> None:
    """OpenAI's `metadata`, which old callers pass as a keyword, reaches the request."""
    told = {"team": "a"}
    with rollout(mode):
        await LangChainCompatibilityService(service).generate_text("hi", metadata=told)
        service.generate_text_sync("hi", metadata=told)
        await service.generate_chat([("user", "hi")], metadata=told)
        "".join(service.stream_text_sync("hi", metadata=told))
    bodies = [request.body for request in provider_emulator.requests]

    assert [told] * 4 == [body["metadata"] for body in bodies]


@quiet
async def test_arguments_by_position_reach_either_service(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """What an old caller gives in order keeps its meaning on both paths."""
    seen: list[tuple[Any, ...]] = []

    class Ordered:
        async def generate_text(
            self,
            prompt: str,
            model: str = "auto",
            temperature: float = 1,
            top_p: Any = 1,
        ) -> tuple[str, int]:
            seen.append((prompt, model, temperature, top_p))
            return "no dictionary", 1

    compat = LangChainCompatibilityService(service, legacy=Ordered(), details=True)
    with rollout("legacy"):
        answer: Any = await compat.generate_text("hi", "gpt-4o", 0.25, 0.5)
    with rollout("unified"):
        await compat.generate_text("hi", "gpt-4o", 0.25, 0.5)
    body = provider_emulator.requests[0].body

    assert [("hi", "gpt-4o", 0.25, 0.5)] == seen
    assert ("no dictionary", 1) == answer
    assert (0.25, 0.5) == (body["temperature"], body["top_p"])


@quiet
async def test_synchronous_methods_are_compared_as_they_were_asked(
    model: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """An old service's plain functions are seen, before it changes their arguments."""
    url = f"{provider_emulator.openai_base_url}/chat/completions"

    class Plain:
        def generate_chat_sync(self, messages: Any, model: str = "gpt-4o") -> Any:
            report_sent(url, {"model": model, "messages": [*messages]})
            messages.append({"role": "assistant", "content": "old"})
            return {"text": "old"}

        def generate_text_sync(self, prompt: str, model: str = "gpt-4o") -> Any:
            turns = [{"role": "user", "content": prompt}]
            report_sent(url, {"model": model, "messages": turns})
            return {"text": "old"}

    control, turns = Rollout("shadow"), [{"role": "user", "content": "hi"}]
    compat: Any = LangChainCompatibilityService(
        UnifiedInferenceService(model(rollout=control)), legacy=Plain()
    )
    answers = [compat.generate_chat_sync(turns), compat.generate_text_sync("hi")]
    report = control.report()

    assert [{"text": "old"}] * 2 == answers
    assert 2 == len(turns)
    assert (2, 2, 0) == (report.compared, report.identical, report.failed)


class OldFaces:
    """An old service with the methods a new one has too."""

    async def generate_chat(self, messages: Any, model: str = "m") -> Any:
        return {"text": "old"}

    def generate_text_sync(self, prompt: str, model: str = "m") -> Any:
        return {"text": "old"}

    async def generate_structured(self, prompt: str, schema: Any) -> Any:
        return {"value": "old"}

    def stream_text_sync(self, prompt: str) -> Any:
        yield "old"

    async def stream_text(self, prompt: str) -> Any:
        yield "old"


SLOW_DOWN = Reply.openai_error(
    429, "Slow down.", times=0, headers={"retry-after-ms": "1"}
)
CALLS: dict[str, Callable[[Any], Any]] = {
    "chat": lambda c: c.generate_chat([("user", "hi")]),
    "sync": lambda c: asyncio.to_thread(c.generate_text_sync, "hi"),
    "structured": lambda c: c.generate_structured(
        "hi", {"title": "T", "type": "object"}
    ),
    "stream": lambda c: asyncio.to_thread(lambda: [*c.stream_text_sync("hi")]),
    "astream": lambda c: _listed(c.stream_text("hi")),
}


async def _listed(pieces: Any) -> list[str]:
    return [piece async for piece in pieces]


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("legacy", [OldFaces(), None], ids=["beside", "removed"])
async def test_every_method_raises_what_was_raised_before(
    service: UnifiedInferenceService,
    provider_emulator: ProviderEmulator,
    call: Callable[[Any], Any],
    legacy: Any,
) -> None:
    """A rate limit on the new path is the SDK's, whatever the method, old or gone."""
    provider_emulator.script(SLOW_DOWN)
    compat = LangChainCompatibilityService(service, legacy=legacy, rollout="unified")

    with pytest.raises(openai.RateLimitError, match=r"Slow down\."):
        await call(compat)


async def test_callers_stay_when_the_old_service_goes(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """The last step of the migration takes no method away, and loses no value."""
    compat: Any = LangChainCompatibilityService(service)
    chat = await compat.generate_chat([("user", "one two")])
    dictionary = LangChainCompatibilityService(service, errors="dict")
    provider_emulator.script(Reply.openai_error(401, "Wrong key."))
    failed: Any = await dictionary.generate_chat([("user", "hi")])

    assert ("one two", True) == (chat["text"], chat["success"])
    assert "one two" == "".join(compat.stream_text_sync("one two"))
    assert ("", False) == (failed["text"], failed["success"])
    with pytest.raises(AttributeError, match="list_everything"):
        compat.list_everything()


async def test_a_structured_answer_keeps_its_value(
    service: UnifiedInferenceService, provider_emulator: ProviderEmulator
) -> None:
    """The dictionary of a structured answer on the new path holds the object."""
    message = {"role": "assistant", "content": '{"city": "Rome"}'}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    body = {"id": "c", "object": "chat.completion", "created": 0, "model": "gpt-4o"}
    provider_emulator.script(Reply(body={**body, "choices": [choice]}))
    fields = {"city": {"type": "string"}}
    schema = {"title": "City", "type": "object", "properties": fields}
    compat: Any = LangChainCompatibilityService(service, OldFaces(), rollout="unified")
    answer = await compat.generate_structured("hi", schema)

    assert {"city": "Rome"} == answer["value"]


class Plain:
    """An old service of ordinary functions, whose callers await nothing."""

    def generate_text(self, prompt: str, model: str = "auto") -> dict[str, Any]:
        return {"text": f"old {prompt}", "model_used": model, "success": True}

    def generate_chat(self, messages: Any) -> dict[str, Any]:
        return {"text": f"old {len(messages)}"}

    def stream_text(self, prompt: str) -> Iterator[str]:
        yield f"old {prompt}"

    def batch_text(self, prompts: list[str]) -> list[dict[str, Any]]:
        return [{"text": f"old {prompt}"} for prompt in prompts]


@quiet
@pytest.mark.parametrize("mode", ["legacy", "shadow", "unified"])
def test_callers_of_ordinary_functions_await_nothing(
    service: UnifiedInferenceService, mode: str
) -> None:
    """Where the old methods are ordinary functions both paths answer at once."""
    compat: Any = LangChainCompatibilityService(service, Plain(), rollout=mode)
    was = "" if mode == "unified" else "old "
    chat = [("user", "1")]

    assert f"{was}hi" == compat.generate_text("hi")["text"]
    assert f"{was}1" == compat.generate_chat(chat)["text"]
    assert f"{was}hi" == "".join(compat.stream_text("hi"))
    assert [f"{was}a", f"{was}b"] == [
        one["text"] for one in compat.batch_text(["a", "b"])
    ]


@quiet
@pytest.mark.parametrize("mode", ["legacy", "shadow", "unified"])
async def test_an_ordinary_function_may_be_awaited_too(
    service: UnifiedInferenceService, mode: str
) -> None:
    """Callers that await it all the same get a plain dictionary."""
    compat: Any = LangChainCompatibilityService(service, Plain(), rollout=mode)
    answer = compat.generate_text("hi")
    awaited = await compat.generate_text("hi")

    assert answer["text"] == awaited["text"]
    assert dict is type(awaited)


class Decorated:
    """An old service whose ordinary functions return what has to be awaited."""

    def generate_text(self, prompt: str) -> Awaitable[dict[str, Any]]:
        return asyncio.sleep(0, {"text": "old"})

    def generate_chat(self, messages: Any):  # no annotation tells anybody
        return asyncio.ensure_future(asyncio.sleep(0, {"text": "old"}))


@quiet
async def test_a_function_that_returns_something_to_await_stays_one(
    service: UnifiedInferenceService,
) -> None:
    """Its annotation, or its first answer, says that callers await it."""
    flags = Rollout("legacy")
    compat: Any = LangChainCompatibilityService(service, Decorated(), rollout=flags)
    before = [await compat.generate_text("hi"), await compat.generate_chat("hi")]
    flags.mode = "unified"
    after = [compat.generate_text("hi"), compat.generate_chat([("user", "hi")])]

    assert ["old", "old"] == [answer["text"] for answer in before]
    assert all(inspect.isawaitable(answer) for answer in after)
    assert ["hi", "hi"] == [(await answer)["text"] for answer in after]


@quiet
@pytest.mark.parametrize("mode", ["legacy", "shadow", "unified"])
async def test_what_is_asked_may_have_another_name(
    service: UnifiedInferenceService, mode: str
) -> None:
    """An old method that takes its prompt by its own name, or by name only, gets it."""

    class Named:
        async def generate_text(self, *, question: str) -> dict[str, Any]:
            return {"text": f"old {question}"}

        async def generate_chat(self, *, messages: Any) -> dict[str, Any]:
            return {"text": f"old {messages[0][1]}"}

    flags = Rollout(mode)
    compat: Any = LangChainCompatibilityService(service, Named(), rollout=flags)
    text = await compat.generate_text(question="hi")
    chat = await compat.generate_chat(messages=[("user", "hi")])

    assert 0 == flags.report().failed
    assert ["hi" if mode == "unified" else "old hi"] * 2 == [text["text"], chat["text"]]


def test_frameworks_see_that_the_method_is_asynchronous(
    service: UnifiedInferenceService,
) -> None:
    """Whoever asks before calling, as FastAPI and LangChain do, is told right."""
    compat = LangChainCompatibilityService(service, OldService())
    plain = LangChainCompatibilityService(service, Plain())

    # Before Python 3.12 only asyncio has a mark for functions that return coroutines.
    asks: Any = inspect if sys.version_info >= (3, 12) else asyncio

    assert asks.iscoroutinefunction(compat.generate_text)
    assert not asks.iscoroutinefunction(plain.generate_text)
