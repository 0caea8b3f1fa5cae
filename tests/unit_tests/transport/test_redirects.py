"""Redirects: ChatOpenAI beside us, and what the server at the other end gets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import openai
import pytest
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from langchain_unified.errors import ProviderConnectionError
from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply, HttpRequest
from tests.unit_tests.servers.loopback import say

KEY = "sk-redirected-4711"
FACES = ("invoke", "ainvoke", "stream", "astream")


@dataclass
class Answering:
    """Answers below `/there`, however it is asked; redirects what is above."""

    status: int = 200
    location: str = ""
    got: list[HttpRequest] = field(default_factory=list)
    redirected: int = 0

    def __call__(self, request: HttpRequest) -> HttpReply:
        if self.location and not request.path.startswith("/there"):
            self.redirected += 1
            return HttpReply(self.status, {"location": self.location})
        self.got.append(request)
        return say("fine")({"stream": b'"stream":true' in request.raw})

    def seen(self) -> list[tuple[str, bool, bool]]:
        """Return the method of each request, whether a key and a prompt came."""
        return [
            (one.method, KEY in str(one.headers), b"the prompt" in one.raw)
            for one in self.got
        ]


@contextmanager
def served(answering: Answering) -> Iterator[str]:
    """Serve on a free port; gives the address without a path."""
    server = LoopbackServer(answering)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()


async def _streamed(llm: Any) -> str:
    return "".join([str(piece.content) async for piece in llm.astream("the prompt")])


def ask(llm: Any, face: str) -> str:
    """Return the answer, or the family of the error."""
    try:
        if face == "invoke":
            return str(llm.invoke("the prompt").content)
        if face == "ainvoke":
            return str(asyncio.run(llm.ainvoke("the prompt")).content)
        if face == "stream":
            return "".join(str(piece.content) for piece in llm.stream("the prompt"))
        return asyncio.run(_streamed(llm))
    except openai.APIConnectionError:
        return "APIConnectionError"
    except openai.APIStatusError as error:
        return f"APIStatusError {error.status_code}"


def _outcome(
    kind: Any, face: str, status: int, to: str, **settings: Any
) -> tuple[list[str], Any, int]:
    here, there = Answering(status), Answering()
    with served(here) as address, served(there) as other:
        here.location = to.format(
            port=address.rpartition(":")[2], other=other.rpartition(":")[2]
        )
        llm = kind(
            model="gpt-4o",
            api_key=KEY,
            base_url=f"{address}/v1",
            max_retries=0,
            **settings,
        )
        times = 1 if face.startswith("a") else 2  # One event loop is all theirs takes.
        said = [ask(llm, face) for _ in range(times)]
    return said, here.seen() + there.seen(), here.redirected


TARGETS = {
    "a path": "/there/v1/chat/completions",
    "the same port": "http://127.0.0.1:{port}/there/v1/chat/completions",
    "another port": "http://127.0.0.1:{other}/there/v1/chat/completions",
    "no host": "http:///there/v1/chat/completions",
    "itself": "/v1/chat/completions",
    "no URL": "http://[half/there",
    "a port that is none": "http://127.0.0.1:99999999/there",
    "another scheme": "ftp://127.0.0.1:{port}/there",
    "https": "https://127.0.0.1:1/there",
    "nothing": "",
}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_on_one_host_ends_as_with_chat_openai(
    status: int, target: str
) -> None:
    """The same answer or kind of error, from requests of the same shape."""
    to = TARGETS[target]

    theirs = _outcome(ChatOpenAI, "invoke", status, to)
    ours = _outcome(UnifiedChatModel, "invoke", status, to)

    assert theirs == ours


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("target", ["a path", "another port"])
def test_every_face_follows(target: str, face: str) -> None:
    """Whole and streamed, synchronous and asynchronous; the key stays at its port."""
    to = TARGETS[target]

    theirs = _outcome(ChatOpenAI, face, 307, to)
    ours = _outcome(UnifiedChatModel, face, 307, to)

    assert theirs == ours
    assert {"fine"} == set(ours[0])
    assert {("POST", target == "a path", True)} == set(ours[1])


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_another_host_gets_nothing(status: int, face: str) -> None:
    """The call ends with an error that says what to set."""
    here, there = Answering(status), Answering()
    with served(here) as address, served(there) as other:
        here.location = other.replace("127.0.0.1", "localhost") + "/there"
        llm = UnifiedChatModel(model="gpt-4o", api_key=KEY, base_url=f"{address}/v1")

        with pytest.raises(ProviderConnectionError, match="set base_url") as caught:
            asyncio.run(_raised(llm, face))

    assert [] == there.got
    assert 1 == here.redirected
    assert "http_client=httpx.Client(follow_redirects=True)" in str(caught.value)


async def _raised(llm: UnifiedChatModel, face: str) -> None:
    if face == "invoke":
        llm.invoke("the prompt")
    elif face == "ainvoke":
        await llm.ainvoke("the prompt")
    elif face == "stream":
        list(llm.stream("the prompt"))
    else:
        await _streamed(llm)


def _with_client(kind: Any, follow: bool) -> Any:  # noqa: FBT001 - a parameter of theirs
    http = pytest.importorskip(_package())
    to = "http://localhost:{other}/there/v1/chat/completions"
    with http.Client(follow_redirects=follow) as client:
        return _outcome(kind, "invoke", 307, to, http_client=client)


def _package() -> str:
    """Return the HTTP package of the SDK: httpx, or httpx2 for openai 3."""
    mro = openai.DefaultHttpxClient.__mro__
    names = [base.__module__.partition(".")[0] for base in mro]
    return next(name for name in names if name in {httpx.__name__, "httpx2"})


@pytest.mark.parametrize("follow", [True, False])
def test_a_client_of_the_users_own_follows_as_it_was_told(
    follow: bool,  # noqa: FBT001 - a parameter of theirs
) -> None:
    """Whoever hands in a client that follows redirects has them followed anywhere."""
    ours = _with_client(UnifiedChatModel, follow)

    assert _with_client(ChatOpenAI, follow) == ours
    assert (["fine"] * 2 if follow else ["APIStatusError 307"] * 2) == ours[0]


HEADERS = ("api-key", "x-api-key", "x-goog-api-key")


@pytest.mark.parametrize("name", HEADERS)
def test_keys_in_other_headers_stay_at_their_port(name: str) -> None:
    """Not `Authorization` alone: a key of Azure or Google goes no further."""
    to = TARGETS["another port"]
    secret = {"default_headers": {name: KEY}}

    _, seen, _ = _outcome(UnifiedChatModel, "invoke", 307, to, **secret)

    assert [("POST", False, True)] * 2 == seen
