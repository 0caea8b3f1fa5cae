"""Tests that a package with a provider of its own should pass.

`ProviderConformance` is a class of pytest tests. Subclass it, say which model to call,
and how the provider's API answers: it is served on loopback, so that the tests send
real requests over your HTTP library, and need neither a key nor the network.
`notebooks/write_a_provider.md` has a whole package with its tests.
"""

from __future__ import annotations

import base64
import dataclasses
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from langchain_unified import UnifiedChatModel, errors
from langchain_unified.cost import cost_usd
from langchain_unified.registry import Registry
from langchain_unified.registry.loader import load_shipped
from langchain_unified.registry.packages import why_missing
from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply, HttpRequest

__all__ = ["HttpReply", "HttpRequest", "ProviderConformance"]

KEY = "conformance-key-0123456789"
TEXT = "one two three four five"
PIXEL = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00"
    b"\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9ccd`\xf8_\x0f\x00\x02\x87\x01\x80"
    b"\xeb\xa4z\x92\x00\x00\x00\x00IEND\xaeB`\x82"
).decode()
ERRORS = {
    400: errors.ProviderInvalidRequestError,
    401: errors.ProviderAuthenticationError,
    403: errors.ProviderPermissionError,
    404: errors.ProviderModelNotFoundError,
    429: errors.ProviderRateLimitError,
    500: errors.ProviderUnavailableError,
    503: errors.ProviderUnavailableError,
}


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"sunny in {city}"


def _merged(pieces: list[Any]) -> Any:
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    return whole


class Service:
    """The provider's API on loopback.

    Attributes:
        requests: What arrived.
        first: Replies to the first requests, in the place of real answers.
    """

    def __init__(self, answer: Any) -> None:
        """Answer by a function of a request."""
        self._answer, self._lock = answer, threading.Lock()
        self.requests: list[HttpRequest] = []
        self.first: list[HttpReply] = []
        self.server = LoopbackServer(self._respond)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server.port}"

    def _respond(self, request: HttpRequest) -> HttpReply:
        with self._lock:
            self.requests.append(request)
            reply = self.first.pop(0) if self.first else None
        return dataclasses.replace(reply) if reply else self._answer(request)


class ProviderConformance:
    """Tests of one provider; subclass it in a test module of your package.

    Attributes:
        provider: Provider id.
        model: A model whose rows say that it takes text and streams.
        image_model: A model that reads images; `None` if there is none.
        settings: Connection settings beside `base_url` and `api_key`.
        path: Path of the base URL below the host, for example `/v1`.

    Example:
        ```python
        class TestAcme(ProviderConformance):
            provider = "acme"
            model = "acme-small"

            def answer(
                self, request
            ): ...  # a reply of the provider's API to a good request

            def refuse(self, status, message): ...  # its reply to a bad one

            def break_off(self, message): ...  # what it writes if a stream fails
        ```
    """

    provider: ClassVar[str]
    model: ClassVar[str]
    image_model: ClassVar[str | None] = None
    settings: ClassVar[dict[str, Any]] = {}
    path: ClassVar[str] = ""

    @pytest.fixture(autouse=True)
    def _is_installed(self) -> None:
        """Fail with the reason if the provider's rows are not there."""
        if self.provider not in Registry().files:
            pytest.fail(why_missing(self.provider), pytrace=False)

    def answer(self, request: HttpRequest) -> HttpReply:
        """Return the API's reply: the last user's text again, in pieces if streamed.

        Where the request has tools and no result of one, call the first of them with
        the argument `{"city": "Paris"}`.
        """
        raise NotImplementedError

    def refuse(self, status: int, message: str) -> HttpReply:
        """Return the API's reply to a request it does not take."""
        raise NotImplementedError

    def break_off(self, message: str) -> bytes | None:
        """Return what the API writes into a stream when it fails after the beginning.

        `None`, the default, if it writes nothing.
        """
        del message
        return None

    @pytest.fixture
    def service(self) -> Iterator[Service]:
        """Serve the API on loopback for one test."""
        service = Service(self.answer)
        service.server.start()
        yield service
        service.server.stop()

    @pytest.fixture
    def llm(self, service: Service) -> UnifiedChatModel:
        """Return a model of another provider that can switch to this one."""
        return self.make(service)

    def make(self, service: Service, **settings: Any) -> UnifiedChatModel:
        """Return a model object that calls the service."""
        connection = {
            "base_url": service.url + self.path,
            "api_key": KEY,
            **self.settings,
        }
        return UnifiedChatModel(
            model=self.model,
            registry=Registry(),
            providers={self.provider: connection},
            enable=[self.provider],
            **settings,
        )

    def test_its_rows_are_its_own(self) -> None:
        """Every name of the provider's rows is a model of the provider."""
        models = [c for c in Registry().models() if c.provider == self.provider]

        assert {self.provider} == {c.provider for c in models}
        assert self.provider == Registry().resolve(self.model).provider

    def test_other_names_mean_what_they_meant(self) -> None:
        """With the package installed every other name leads where it led without it."""
        without, having = Registry(load_shipped()), Registry()
        names = [config.model for config in without.models()]
        names += [f"{name}-2099-01-01" for name in names]
        names += ["my-own-model", "unknown/model", f"ft:{names[0]}:acme::id", "a", "o"]
        moved = [
            name
            for name in names
            if without.resolve(name).full_name != having.resolve(name).full_name
        ]

        assert [] == moved
        assert without.default_model() == having.default_model()

    def test_a_plan_needs_no_key_and_no_network(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What would be sent can be told without a key."""
        self._forget_keys(monkeypatch)
        plan = UnifiedChatModel(
            model=self.model, registry=Registry(), enable=[self.provider]
        ).explain("hi", max_tokens=5)

        assert self.provider == plan.provider

    def test_a_missing_key_is_an_error_that_says_what_to_set(
        self, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A provider that needs a key names the variable that can hold it."""
        self._forget_keys(monkeypatch)
        variables = Registry().provider(self.provider).key_env
        if not variables:
            pytest.skip("the provider needs no key")
        llm = UnifiedChatModel(
            model=self.model,
            registry=Registry(),
            enable=[self.provider],
            providers={self.provider: {"base_url": service.url + self.path}},
        )
        with pytest.raises(errors.MissingCredentialsError, match=variables[0]):
            llm.invoke("hi")
        assert [] == service.requests

    async def _faces(self, llm: UnifiedChatModel) -> list[str]:
        streamed = "".join(piece.text for piece in llm.stream(TEXT))
        pieces = [piece.text async for piece in llm.astream(TEXT)]
        answered = await llm.ainvoke(TEXT)
        return [llm.invoke(TEXT).text, streamed, answered.text, "".join(pieces)]

    def test_every_face_gives_the_same_text(self, llm: UnifiedChatModel) -> None:
        """The answer is the same, whole or streamed, with and without `await`."""
        import asyncio  # noqa: PLC0415

        assert [TEXT] * 4 == asyncio.run(self._faces(llm))

    def test_an_answer_says_what_it_took(self, llm: UnifiedChatModel) -> None:
        """Tokens, the reason it ended and the record of the call are on the message."""
        answer = llm.invoke(TEXT)
        record = answer.response_metadata["unified"]

        assert answer.usage_metadata is not None
        assert 0 < answer.usage_metadata["total_tokens"]
        assert "stop" == answer.response_metadata["finish_reason"]
        assert self.provider == record["provider"]
        price = Registry().resolve(self.model).price
        if price is not None:
            config = Registry().resolve(self.model)
            assert cost_usd(config, answer.usage_metadata) == record["cost_usd"]

    def test_a_stream_comes_in_pieces_and_ends_once(
        self, llm: UnifiedChatModel
    ) -> None:
        """There is more than one piece of text, one last piece, and the usage."""
        pieces = list(llm.stream(TEXT))
        whole = _merged(pieces)

        assert 1 < len([piece for piece in pieces if piece.text])
        assert 1 == len([p for p in pieces if p.chunk_position == "last"])
        assert whole.usage_metadata is not None

    def test_every_setting_is_sent_or_put_on_record(
        self, llm: UnifiedChatModel
    ) -> None:
        """Nothing that is asked for is lost in silence."""
        asked: dict[str, Any] = {
            "temperature": 0.5,
            "top_p": 0.5,
            "top_k": 3,
            "seed": 1,
            "max_tokens": 50,
            "stop": ["END"],
            "presence_penalty": 0.5,
            "reasoning_effort": "low",
        }
        plan = llm.explain(TEXT, **asked)
        rules = plan.config.mappings[plan.endpoint].rules
        recorded = {change.parameter for change in plan.changes}
        lost = [
            name
            for name in asked
            if name not in recorded
            and (
                name not in rules or rules[name].name.partition(".")[0] not in plan.body
            )
        ]

        assert [] == lost

    @pytest.mark.parametrize("status", ERRORS)
    @pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
    def test_errors_are_told_apart(
        self, service: Service, status: int, *, streamed: bool
    ) -> None:
        """Each status is raised as the error of its kind, in the provider's words."""
        service.first = [self.refuse(status, "that will not do")]
        llm = self.make(service, max_retries=0)
        with pytest.raises(ERRORS[status], match="that will not do") as told:
            list(llm.stream(TEXT)) if streamed else llm.invoke(TEXT)

        assert (status, self.provider) == (told.value.status, told.value.provider)
        assert KEY not in f"{told.value!s} {told.value!r} {llm!r}"

    @pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
    def test_a_failure_is_tried_again(
        self, service: Service, *, streamed: bool
    ) -> None:
        """A server that fails once, and a connection that is lost, cost no call."""
        lost = HttpReply(200, {"content-type": "application/json"}, b"{}", cut_after=0)
        service.first = [self.refuse(503, "busy"), lost]
        llm = self.make(service, max_retries=2)
        pieces = list(llm.stream(TEXT)) if streamed else [llm.invoke(TEXT)]

        assert TEXT == "".join(piece.text for piece in pieces)
        assert 3 == len(service.requests)

    def _half(self, service: Service) -> HttpReply:
        """Return the beginning of a streamed answer, which then ends."""
        list(self.make(service).stream(TEXT))
        reply = self.answer(service.requests.pop())
        if reply.chunks is None:
            pytest.skip("the API answers in one piece")
        return dataclasses.replace(reply, chunks=list(reply.chunks)[:1])

    def test_half_a_stream_is_no_answer(self, service: Service) -> None:
        """A stream that ends before its last piece is an error, not a short answer."""
        service.first = [self._half(service)]
        llm = self.make(service, max_retries=0)

        with pytest.raises(errors.ProviderError):
            list(llm.stream(TEXT))

    def test_a_failure_within_a_stream_is_told(self, service: Service) -> None:
        """What the API writes into a stream when it fails is raised, in its words."""
        broken = self.break_off("that did not do")
        if broken is None:
            pytest.skip("the API writes no failures into its streams")
        half = self._half(service)
        chunks = [*(half.chunks or ()), broken]
        service.first = [dataclasses.replace(half, chunks=chunks)]
        llm = self.make(service, max_retries=0)

        with pytest.raises(errors.ProviderError, match="that did not do"):
            list(llm.stream(TEXT))

    @pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b"<html>", b""])
    def test_an_answer_of_no_known_form_is_an_error_of_ours(
        self, service: Service, body: bytes
    ) -> None:
        """What is no answer of the API is a `MalformedResponseError`, not a bug."""
        service.first = [HttpReply(200, {"content-type": "application/json"}, body)]
        llm = self.make(service, max_retries=0)

        with pytest.raises(errors.MalformedResponseError):
            llm.invoke(TEXT)

    def test_a_server_that_is_not_there_is_an_error_of_ours(
        self, service: Service
    ) -> None:
        """A refused connection is a `ProviderConnectionError`."""
        llm = self.make(service, max_retries=0)
        service.server.stop()

        with pytest.raises(errors.ProviderConnectionError):
            llm.invoke(TEXT)

    def test_a_silent_server_is_given_up_in_time(self, service: Service) -> None:
        """The `timeout` of a call holds."""
        service.first = [HttpReply(200, {}, hang=True)]
        llm = self.make(service, max_retries=0, timeout=0.3)

        with pytest.raises(errors.ProviderTimeoutError):
            llm.invoke(TEXT)

    def test_a_call_of_another_provider_can_switch_here(self, service: Service) -> None:
        """A model object made for another provider calls this one by `model=`."""
        llm = self.make(service)
        llm.model_name = Registry().default_model()

        assert TEXT == llm.invoke(TEXT, model=self.model).text

    def test_tools_are_called_and_their_results_go_back(self, service: Service) -> None:
        """A call, its result and the answer to it make a whole conversation."""
        llm = self.make(service)
        if not llm.resolve().supports("tool_calling"):
            with pytest.raises(errors.UnsupportedError):
                llm.bind_tools([weather]).invoke(TEXT)
            assert [] == service.requests
            return
        bound = llm.bind_tools([weather])
        asked = bound.invoke(TEXT)
        whole = _merged(list(bound.stream(TEXT)))
        call = asked.tool_calls[0]
        assert ("weather", {"city": "Paris"}) == (call["name"], call["args"])
        assert call["args"] == whole.tool_calls[0]["args"]
        result = ToolMessage(weather(**call["args"]), tool_call_id=call["id"])
        assert TEXT == bound.invoke([HumanMessage(TEXT), asked, result]).text

    @pytest.mark.parametrize("choice", [None, "any", "weather"])
    def test_settings_go_with_tools(self, service: Service, choice: str | None) -> None:
        """What the API refuses beside tools is left out by the plan, not by trial."""
        llm = self.make(service)
        if not llm.resolve().supports("tool_calling"):
            pytest.skip("the model has no tools")
        bound = llm.bind_tools([weather], tool_choice=choice)
        asked = bound.invoke(TEXT, temperature=0.5, top_p=0.5, max_tokens=50)

        assert ["weather"] == [call["name"] for call in asked.tool_calls]
        assert 1 == len(service.requests)

    def test_images_are_read_or_refused_before_sending(self, service: Service) -> None:
        """A model that reads images is sent one; for another the call is refused."""
        image = {"type": "image", "base64": PIXEL, "mime_type": "image/png"}
        turn = HumanMessage([{"type": "text", "text": TEXT}, image])
        llm = self.make(service)
        if not llm.resolve().supports("image_inputs"):
            with pytest.raises(errors.UnsupportedError, match="image"):
                llm.invoke([turn])
            assert [] == service.requests
        if self.image_model is not None:
            assert TEXT == llm.invoke([turn], model=self.image_model).text
            assert PIXEL in service.requests[-1].raw.decode()

    def test_a_conversation_that_another_model_had_goes_on(
        self, llm: UnifiedChatModel
    ) -> None:
        """Answers of other providers' models are plain turns here."""
        earlier = AIMessage(
            [
                {"type": "reasoning", "reasoning": "hm"},
                {"type": "text", "text": "hello"},
            ],
            response_metadata={"model_provider": "anthropic"},
        )

        assert (
            TEXT == llm.invoke([HumanMessage("hi"), earlier, HumanMessage(TEXT)]).text
        )

    def _forget_keys(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in Registry().provider(self.provider).key_env:
            monkeypatch.delenv(name, raising=False)
