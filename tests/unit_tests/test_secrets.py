"""Planted keys must come out nowhere but in the request to their own provider."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.load import dumpd, dumps
from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.schemas import Run

from langchain_unified import UnifiedChatModel, errors, reliability
from langchain_unified.errors import InvalidParameterError
from langchain_unified.testing import ProviderEmulator, Reply

CANARIES = {
    "openai": "sk-CANARY-openai-4711",
    "google": "AIzaCANARY-google-4712",
    "header": "CANARY-header-4713",
}
MODELS = {
    "patched": {"model": "gpt-4o"},
    "direct": {"model": "gpt-5-mini", "use_responses_api": False},
    "responses": {"model": "gpt-5.4"},
    "gemini": {"model": "gemini-2.5-flash"},
}


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    before = reliability.configure(first_wait=0.01)
    yield
    reliability.configure(before)
    reliability.reset_breakers()


def _model(emulator: ProviderEmulator, **settings: Any) -> UnifiedChatModel:
    secret = {"x-secret": CANARIES["header"]}
    return UnifiedChatModel(
        providers={
            "openai": {
                "api_key": CANARIES["openai"],
                "base_url": emulator.openai_base_url,
                "default_headers": secret,
            },
            "google_genai": {
                "api_key": CANARIES["google"],
                "base_url": emulator.google_base_url,
                "default_headers": secret,
            },
        },
        max_retries=0,
        **settings,
    )


def _assert_clean(shown: Any) -> None:
    text = shown if isinstance(shown, str) else repr(shown)
    assert [] == [key for key in CANARIES.values() if key in text]


class _Recorder(BaseCallbackHandler):
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("on_"):
            return super().__getattribute__(name)
        return lambda *args, **kwargs: self.seen.append((args, kwargs))


class _Tracer(BaseTracer):
    """Keeps runs as a tracing service would get them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def _persist_run(self, run: Run) -> None:
        self.seen.append(run.model_dump_json(fallback=repr))


SHOWN: dict[str, Callable[[UnifiedChatModel], Any]] = {
    "repr": repr,
    "str": str,
    "dumpd": dumpd,
    "dumps": dumps,
    "model_dump": lambda llm: llm.model_dump(exclude={"providers"}),
    "identifying": lambda llm: llm._identifying_params,
    "llm_string": lambda llm: llm._get_llm_string(),
    "explain": lambda llm: [llm.explain(), str(llm.explain()), llm.explain("hi")],
    "html": lambda llm: llm.explain()._repr_html_(),
    "connections": lambda llm: [
        llm._planning.wiring.connected(x) for x in ("openai", "google_genai")
    ],
    "bound": lambda llm: llm.bind(temperature=0),
    "graph": lambda llm: llm.get_graph().to_json(),
    "copy": copy.deepcopy,
    "breakers": lambda _: reliability.breakers(all=True),
}


@pytest.mark.parametrize("channel", SHOWN)
def test_what_is_shown(channel: str, provider_emulator: ProviderEmulator) -> None:
    """No way of showing a model shows a key."""
    llm = _model(provider_emulator, model="gpt-4o")

    _assert_clean(SHOWN[channel](llm))


@pytest.mark.parametrize("status", [200, 307, 400, 401, 404, 429, 500])
@pytest.mark.parametrize("route", MODELS)
def test_calls(
    route: str,
    status: int,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Logs, traces, messages, errors and their pickles of a call show no key."""
    caplog.set_level(logging.DEBUG)
    log = tmp_path / "requests.jsonl"
    recorder, tracer = _Recorder(), _Tracer()
    callbacks = {"callbacks": [recorder, tracer]}
    with ProviderEmulator(record_to=log) as emulator:
        if status != 200:
            away = {"location": "http://localhost:9/else"}
            emulator.script(Reply(status, {"error": {}}, headers=away, times=0))
        llm = _model(emulator, **MODELS[route])
        shown = [_outcome(lambda: llm.invoke("hi", config=callbacks))]
        shown.append(_outcome(lambda: list(llm.stream("hi"))))
        shown.append(_outcome(lambda: asyncio.run(llm.ainvoke("hi"))))

    for one in (*shown, recorder.seen, tracer.seen, caplog.text, log.read_text()):
        _assert_clean(one)
    remembered = repr(emulator.requests)
    assert CANARIES["openai"] not in remembered
    assert CANARIES["google"] not in remembered


def _outcome(call: Callable[[], Any]) -> list[Any]:
    """Return all that can be seen of an answer or an error."""
    try:
        found = call()
    except errors.ProviderError as error:
        trace = traceback.TracebackException.from_exception(error, capture_locals=False)
        chain = [error, error.__cause__, error.__context__]
        requests = [_headers(one) for one in chain]
        return [*trace.format(), repr(error), vars(error), requests, _pickled(error)]
    return [found, _pickled(found), json.dumps(dumpd(found))]


def _headers(error: BaseException | None) -> Any:
    fields = vars(error) if error is not None else {}
    response = fields.get("response")
    requests = (
        fields.get("request"),
        fields.get("_request"),
        getattr(response, "_request", None),
    )
    return [dict(one.headers) for one in requests if one is not None]


def _pickled(value: Any) -> str:
    with contextlib.suppress(TypeError, pickle.PicklingError):
        return pickle.dumps(value).decode("latin-1")
    return ""


@pytest.mark.parametrize("face", ["invoke", "ainvoke"])
@pytest.mark.parametrize("route", MODELS)
def test_redirects(route: str, face: str, provider_emulator: ProviderEmulator) -> None:
    """A redirect to another host is refused, and nothing is sent there."""
    with ProviderEmulator() as elsewhere:
        to = {"location": elsewhere.openai_base_url.replace("127.0.0.1", "localhost")}
        provider_emulator.script(Reply(307, headers=to, times=0))
        llm = _model(provider_emulator, **MODELS[route])

        with pytest.raises(errors.ProviderConnectionError):
            llm.invoke("hi") if face == "invoke" else asyncio.run(llm.ainvoke("hi"))

        assert [] == elsewhere.requests


def test_keys_stay_with_their_provider(provider_emulator: ProviderEmulator) -> None:
    """A fallback to another provider takes no key and no header along."""
    with ProviderEmulator() as google:
        provider_emulator.script(Reply(500, times=0))
        llm = UnifiedChatModel(
            model="gpt-4o",
            api_key=CANARIES["openai"],
            base_url=provider_emulator.openai_base_url,
            default_headers={"x-secret": CANARIES["header"]},
            google_api_key=CANARIES["google"],
            providers={"google_genai": {"base_url": google.google_base_url}},
            fallbacks=["gemini-2.5-flash"],
        )

        message = llm.invoke("hi")

    sent = repr([dict(one.headers) for one in google.requests])
    assert CANARIES["header"] not in sent
    assert CANARIES["openai"] not in sent
    assert "gpt-4o" == message.response_metadata["unified"]["failed"][0]["model"]


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "https://me:CANARY-header-4713@host/v1"},
        {"openai_api_base": "https://me:CANARY-header-4713@host/v1"},
        {"providers": {"google_genai": {"base_url": "http://x:CANARY-header-4713@h"}}},
    ],
)
def test_credentials_in_urls(settings: dict[str, Any]) -> None:
    """A base URL with a password is refused, and the error masks it."""
    with pytest.raises(InvalidParameterError) as caught:
        UnifiedChatModel(model="gpt-4o", **settings)

    _assert_clean("".join(traceback.format_exception_only(caught.value)))


def test_own_headers(provider_emulator: ProviderEmulator) -> None:
    """Headers and query given to the constructor itself are shown nowhere either."""
    llm = UnifiedChatModel(
        model="gpt-4o",
        api_key=CANARIES["openai"],
        base_url=provider_emulator.openai_base_url,
        default_headers={"x-secret": CANARIES["header"]},
        default_query={"token": CANARIES["header"]},
    )
    shown = ("repr", "str", "dumpd", "identifying", "llm_string", "explain", "bound")

    for channel in shown:
        _assert_clean(SHOWN[channel](llm))


def test_pickles_of_others(provider_emulator: ProviderEmulator) -> None:
    """A pickled runnable carries keys only if they were given to the constructor."""
    llm = _model(provider_emulator, model="gpt-4o")
    llm.invoke("hi")
    plan = llm.explain("hi")

    _assert_clean(pickle.dumps(plan.changes).decode("latin-1"))


HIDDEN = "very-secret-4711"


@pytest.mark.parametrize(
    "settings",
    [
        {"default_headers": HIDDEN},
        {"providers": {"openai": HIDDEN}},
        {"providers": {"openai": {"default_headers": HIDDEN}}},
        {"api_key": [HIDDEN]},
        {"api_key": HIDDEN, "temperature": "hot"},
        {"google_api_key": [HIDDEN]},
        {"extra_body": HIDDEN},
        {"metadata": HIDDEN},
        {"fallbacks": [{"api_key": HIDDEN}]},
        {"model": {"name": HIDDEN}},
        {"base_url": f"https://me:{HIDDEN}@host/v1"},
    ],
    ids=str,
)
def test_a_refused_constructor_shows_no_value(settings: dict[str, Any]) -> None:
    """No error of the constructor, nor its cause, shows a value that was given."""
    with pytest.raises(errors.UnifiedError) as caught:
        UnifiedChatModel(**{"model": "gpt-4o", **settings})

    assert HIDDEN not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None or HIDDEN not in repr(caught.value.__cause__)


def test_a_proxy_with_a_password_is_not_shown() -> None:
    """Neither `repr` nor a serialized model tells the password of a proxy."""
    llm = UnifiedChatModel(model="gpt-4o", openai_proxy=f"http://me:{HIDDEN}@host:1")

    assert HIDDEN not in repr(llm) + str(dumpd(llm))


KEY = "sk-CANARY-4711-0123456789abcdef"
SPELLINGS = sorted(
    {
        spelling
        for name, field in UnifiedChatModel.model_fields.items()
        for spelling in (name, field.alias)
        if spelling and spelling not in {"model", "model_name", "api_key", "profile"}
    }
    | {"no_such_keyword", "thinking_budget", "top_k", "max_output_tokens"}
)
MISPLACED = {
    "text": KEY,
    "list": [KEY],
    "list of dictionaries": [{"key": KEY}],
    "dictionary": {KEY: KEY},
    "bytes": KEY.encode(),
}


@pytest.mark.parametrize("form", MISPLACED)
@pytest.mark.parametrize("name", SPELLINGS)
def test_a_key_in_the_wrong_keyword(name: str, form: str) -> None:
    """A key given to any keyword by mistake stands in no error, and each is typed."""
    shown = ""
    try:
        UnifiedChatModel(**{"model": "gpt-4o", "api_key": "k", name: MISPLACED[form]})
    except errors.UnifiedError as error:
        shown = "".join(traceback.format_exception(error))

    assert KEY not in shown


@pytest.mark.parametrize(
    "given",
    [
        {"rollout": ["legacy"]},
        {"configurable": [{"a": 1}]},
        {"providers": object()},
        {"base_url": "http://[no-such-host]/v1"},
    ],
)
def test_odd_values_are_refused(given: dict[str, Any]) -> None:
    """A keyword of the wrong kind is refused by its name, with a typed error."""
    with pytest.raises(InvalidParameterError) as refused:
        UnifiedChatModel(model="gpt-4o", **given)

    assert next(iter(given)) == refused.value.parameter


def test_a_plain_mistake_is_shown() -> None:
    """A short word or a number of the wrong kind stands in the error, as it helps."""
    with pytest.raises(InvalidParameterError, match="temperature='hot' is not valid"):
        UnifiedChatModel(model="gpt-4o", temperature="hot")  # type: ignore[arg-type]


PROXIES = ["http://me:{}@127.0.0.1:9", "me:{}@127.0.0.1:9", "http://me:{}@[half:9"]


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_password_of_a_proxy_is_shown_nowhere(proxy: str) -> None:
    """Not in the error of a proxy that is none, and in nothing that is written down."""
    secret = CANARIES["header"]
    url = proxy.format(secret)
    google = {"google_genai": {"api_key": "g", "client_args": {"proxy": url}}}

    for settings in ({"openai_proxy": url}, {"providers": google}):
        shown = ""
        try:
            llm = UnifiedChatModel(
                model="gpt-4o",
                api_key="k",
                base_url="http://127.0.0.1:9/v1",
                **settings,
            )
            shown = repr(llm) + json.dumps(dumpd(llm), default=str)
            llm.invoke("hi", max_retries=0)
        except errors.UnifiedError as error:
            shown += "".join(traceback.format_exception(error))

        assert secret not in shown


@pytest.mark.parametrize("face", ["invoke", "ainvoke"])
@pytest.mark.parametrize("route", MODELS)
def test_a_key_repeated_by_the_server_is_not_told(
    route: str, face: str, provider_emulator: ProviderEmulator
) -> None:
    """A gateway that repeats a key in its refusal writes it into no log of ours."""
    told = " ".join(CANARIES.values())
    body = {"error": {"message": f"Wrong key: {told}", "code": 401, "status": "X"}}
    provider_emulator.script(Reply(401, body, times=0))
    llm = _model(provider_emulator, **MODELS[route])

    with pytest.raises(errors.ProviderAuthenticationError) as caught:
        llm.invoke("hi") if face == "invoke" else asyncio.run(llm.ainvoke("hi"))

    sent = provider_emulator.requests[-1].headers
    keys = [one for one in CANARIES.values() if one in str(dict(sent))]
    shown = "".join(traceback.format_exception(caught.value))
    assert keys
    assert [] == [key for key in keys if key in shown]


@pytest.mark.parametrize("fault", [{"status": 400}, {"status": 503}, {"cut_after": 0}])
@pytest.mark.parametrize("face", ["invoke", "ainvoke"])
@pytest.mark.parametrize("route", ["patched", "direct", "responses"])
def test_a_key_in_the_address_is_not_told(
    route: str, face: str, fault: dict[str, Any], provider_emulator: ProviderEmulator
) -> None:
    """A secret in `default_query` is sent, and stands in no error nor its request."""
    secret = CANARIES["header"]
    body = {"error": {"message": f"/v1/x?token={secret} is gone", "type": "x"}}
    told = {"body": body} if "status" in fault else {}
    provider_emulator.script(Reply(**told, **fault, times=0))
    llm = UnifiedChatModel(
        **MODELS[route],
        api_key=CANARIES["openai"],
        base_url=provider_emulator.openai_base_url,
        default_query={"token": secret, "api-version": "2026-01-01"},
        max_retries=0,
    )

    with pytest.raises(errors.ProviderError) as caught:
        llm.invoke("hi") if face == "invoke" else asyncio.run(llm.ainvoke("hi"))

    request = caught.value.request  # type: ignore[attr-defined]
    shown = "".join(traceback.format_exception(caught.value))
    assert secret == provider_emulator.requests[-1].query["token"]
    assert secret not in f"{request.url} {shown} {vars(caught.value)}"
    assert "2026-01-01" == request.url.params["api-version"]
