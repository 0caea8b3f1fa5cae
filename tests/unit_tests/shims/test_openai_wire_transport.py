"""The transport over the SDK's own clients."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest

from langchain_unified import reliability
from langchain_unified.errors import MalformedResponseError
from langchain_unified.shims.openai.http import response_class
from langchain_unified.shims.openai.transport import (
    apost_json,
    apost_stream,
    post_json,
    post_stream,
)

LIBRARY: Any = __import__(response_class().__module__.partition(".")[0])
CHAT, RESPONSES = "/chat/completions", "/responses"
DELTA = {"choices": [{"delta": {"content": "hi"}}]}


class Body(LIBRARY.SyncByteStream, LIBRARY.AsyncByteStream):  # type: ignore[misc]
    """A response body that records whether it was closed."""

    def __init__(self, *chunks: Any) -> None:
        """Keep the chunks; an exception among them is raised."""
        self.chunks = chunks
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        """Give the chunks."""
        for chunk in self.chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the chunks."""
        for chunk in self:
            yield chunk

    def close(self) -> None:
        """Record it."""
        self.closed = True

    async def aclose(self) -> None:
        """Record it."""
        self.closed = True


class Server:
    """One canned answer, for both kinds of client."""

    def __init__(self, body: Any, status: int = 200, **headers: str) -> None:
        """Keep the answer."""
        self.body, self.status, self.headers = body, status, headers
        self.requests: list[Any] = []

    def _answer(self, request: Any) -> Any:
        self.requests.append(request)
        given = {"headers": self.headers, "request": request}
        if isinstance(self.body, Body):
            return LIBRARY.Response(self.status, stream=self.body, **given)
        return LIBRARY.Response(self.status, content=self.body, **given)

    def client(self) -> openai.OpenAI:
        """Return a client that reaches only this server."""
        transport = LIBRARY.MockTransport(self._answer)
        http = LIBRARY.Client(transport=transport)
        return openai.OpenAI(api_key="sk-x", http_client=http, max_retries=0)

    def aclient(self) -> openai.AsyncOpenAI:
        """Return an async client that reaches only this server."""
        transport = LIBRARY.MockTransport(self._answer)
        http = LIBRARY.AsyncClient(transport=transport)
        return openai.AsyncOpenAI(api_key="sk-x", http_client=http, max_retries=0)


def sse(*events: Any) -> bytes:
    """Return the events on the wire."""
    data = [e if isinstance(e, str) else json.dumps(e) for e in events]
    return "".join(f"data: {line}\n\n" for line in data).encode()


def test_a_body_comes_back_as_a_dictionary_with_headers() -> None:
    """The answer is decoded once and its headers are at hand."""
    server = Server(b'{"id": "x"}', **{"x-request-id": "req_1"})

    body, headers = post_json(server.client(), CHAT, {"model": "m"})

    assert {"id": "x"} == body
    assert "req_1" == headers["x-request-id"]
    assert {"model": "m"} == json.loads(server.requests[0].content)


async def test_async_gives_the_same() -> None:
    """The async twin gives the same answer."""
    server = Server(b'{"id": "x"}')

    body, _ = await apost_json(server.aclient(), CHAT, {})

    assert {"id": "x"} == body


def test_options_reach_the_request() -> None:
    """Headers, query and timeout of one request are the request's own."""
    server = Server(b"{}")
    options = {"headers": {"x-a": "1"}, "params": {"q": "2"}, "timeout": 3.0}

    post_json(server.client(), CHAT, {}, options)

    request = server.requests[0]
    assert "1" == request.headers["x-a"]
    assert "2" == request.url.params["q"]
    assert 3.0 == request.extensions["timeout"]["read"]


def test_an_admin_key_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the connection is sent, whatever the environment has besides."""
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin")
    server = Server(b"{}")

    post_json(server.client(), CHAT, {})

    assert "Bearer sk-x" == server.requests[0].headers["authorization"]


@pytest.mark.parametrize("body", [b"<html>no</html>", b"[1]", b"", b'"text"'])
def test_a_body_that_is_no_object_is_malformed(body: bytes) -> None:
    """A page, a list or nothing at all is named in the error."""
    with pytest.raises(MalformedResponseError, match="Expected a JSON object") as info:
        post_json(Server(body).client(), CHAT, {})

    assert 200 == info.value.status


@pytest.mark.parametrize("body", [b'\xef\xbb\xbf{"a": 1}', b'{"a": "\\ud83d"}'])
def test_odd_json_is_taken_as_the_sdk_takes_it(body: bytes) -> None:
    """A byte order mark and a lone surrogate are no reason to fail."""
    parsed, _ = post_json(Server(body).client(), CHAT, {})

    assert ["a"] == list(parsed)


@pytest.fixture
def limits() -> Iterator[None]:
    """Give back the limits that a test changes."""
    before = reliability.configure()
    yield
    reliability.configure(before)


@pytest.mark.usefixtures("limits")
def test_a_body_larger_than_the_limit_is_refused() -> None:
    """A huge answer is not parsed."""
    reliability.configure(body_bytes=4)

    with pytest.raises(MalformedResponseError, match="the limit of 4 bytes"):
        post_json(Server(b'{"a": 1}').client(), CHAT, {})


def test_an_error_in_a_200_body_is_raised() -> None:
    """An error is an error, whatever the status says."""
    body = json.dumps({"error": {"message": "no", "code": "server_error"}}).encode()

    with pytest.raises(openai.APIError, match="no") as info:
        post_json(Server(body).client(), RESPONSES, {})

    assert "server_error" == info.value.code


def test_a_status_error_is_the_sdks() -> None:
    """The SDK's own error classes come through, for streams too."""
    server = Server(b'{"error": {"message": "bad", "param": "stop"}}', status=400)

    with pytest.raises(openai.BadRequestError) as info:
        post_stream(server.client(), CHAT, {"stream": True})

    assert "stop" == info.value.param


def test_a_chat_stream_gives_events_until_done() -> None:
    """All chunks before the end mark come, the mark itself does not."""
    server = Server(sse(DELTA, DELTA, "[DONE]", DELTA))

    with post_stream(server.client(), CHAT, {}) as events:
        assert [DELTA, DELTA] == list(events)


async def test_an_async_stream_gives_the_same() -> None:
    """The async twin gives the same events."""
    body = Body(sse(DELTA), sse(DELTA, "[DONE]"))

    async with await apost_stream(Server(body).aclient(), CHAT, {}) as events:
        assert [DELTA, DELTA] == [event async for event in events]

    assert body.closed


@pytest.mark.parametrize("last", ["response.completed", "response.incomplete"])
def test_a_responses_stream_ends_with_its_terminal_event(last: str) -> None:
    """The terminal event is the end, with or without an end mark after it."""
    events = [{"type": "response.created"}, {"type": last}]

    stream = post_stream(Server(sse(*events, "[DONE]")).client(), RESPONSES, {})

    assert events == list(stream)


def test_a_responses_stream_may_end_as_chat_does() -> None:
    """A server that ends with [DONE] alone has said all, as ChatOpenAI takes it."""
    events = [{"type": "response.created"}]

    stream = post_stream(Server(sse(*events, "[DONE]")).client(), RESPONSES, {})

    assert events == list(stream)


@pytest.mark.parametrize(
    ("path", "events"),
    [
        (CHAT, [DELTA]),
        (RESPONSES, [{"type": "response.created"}]),
    ],
)
def test_a_truncated_stream_is_an_error(path: str, events: list[Any]) -> None:
    """An answer that ends too early does not look complete."""
    stream = post_stream(Server(sse(*events)).client(), path, {})

    next(iter(stream))
    with pytest.raises(openai.APIConnectionError, match="before the response"):
        next(iter(stream))


@pytest.mark.parametrize(
    ("path", "event"),
    [
        (CHAT, {"error": {"message": "busy", "code": "server_error"}}),
        (RESPONSES, {"type": "error", "message": "busy", "code": "server_error"}),
        (
            RESPONSES,
            {
                "type": "response.failed",
                "response": {"error": {"message": "busy", "code": "server_error"}},
            },
        ),
    ],
)
def test_an_error_in_mid_stream_is_raised(path: str, event: dict[str, Any]) -> None:
    """What came before is delivered, then the provider's error is raised."""
    stream = post_stream(Server(sse(DELTA, event)).client(), path, {})

    assert DELTA == next(iter(stream))
    with pytest.raises(openai.APIError, match="busy") as info:
        next(iter(stream))
    assert "server_error" == info.value.code


def test_a_named_error_event_is_raised() -> None:
    """The event's name says error even if its body does not."""
    body = b'event: error\ndata: {"message": "busy"}\n\n'

    with pytest.raises(openai.APIError, match="busy"):
        next(iter(post_stream(Server(body).client(), CHAT, {})))


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (LIBRARY.ReadTimeout("slow"), openai.APITimeoutError),
        (LIBRARY.ReadError("gone"), openai.APIConnectionError),
        (LIBRARY.RemoteProtocolError("cut"), openai.APIConnectionError),
    ],
)
async def test_a_broken_connection_is_the_sdks_error(
    broken: Exception, expected: type[Exception]
) -> None:
    """Timeouts and lost connections look the same in mid-stream as before it."""
    stream = post_stream(Server(Body(sse(DELTA), broken)).client(), CHAT, {})
    astream = await apost_stream(Server(Body(sse(DELTA), broken)).aclient(), CHAT, {})

    next(iter(stream))
    with pytest.raises(expected):
        next(iter(stream))
    await anext(aiter(astream))
    with pytest.raises(expected):
        await anext(aiter(astream))


def test_a_connection_lost_after_the_end_is_no_error() -> None:
    """Once the answer is complete the connection may go."""
    body = Body(sse(DELTA, "[DONE]"), LIBRARY.ReadError("gone"))

    assert [DELTA] == list(post_stream(Server(body).client(), CHAT, {}))


def test_an_event_that_is_no_json_is_malformed() -> None:
    """Garbage in a stream is named in the error."""
    stream = post_stream(Server(b"data: <html>\n\n").client(), CHAT, {})

    with pytest.raises(MalformedResponseError, match="<html>"):
        next(iter(stream))


async def test_closing_early_releases_the_connection() -> None:
    """A consumer that stops in the middle holds no connection."""
    body, abody = Body(sse(DELTA), sse(DELTA)), Body(sse(DELTA), sse(DELTA))
    stream = post_stream(Server(body).client(), CHAT, {})
    astream = await apost_stream(Server(abody).aclient(), CHAT, {})

    next(iter(stream))
    stream.close()
    await anext(aiter(astream))
    await astream.aclose()

    assert (True, True) == (body.closed, abody.closed)


@pytest.mark.usefixtures("limits")
def test_a_long_event_is_refused() -> None:
    """An event may be as long as the limits allow."""
    reliability.configure(event_bytes=50)
    stream = post_stream(Server(sse("x" * 99)).client(), CHAT, {})

    with pytest.raises(MalformedResponseError, match="larger than 50 bytes"):
        next(iter(stream))
