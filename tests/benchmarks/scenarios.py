"""The scenarios of the table: who runs what, and what we want to reach."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from pydantic import BaseModel

from tests.benchmarks import peers
from tests.benchmarks.measure import Run
from tests.benchmarks.replies import CHUNKS
from tests.benchmarks.server import Server

OURS = "langchain-unified"
DIRECT, PATCHED, GEMINI = "gpt-5-mini", "gpt-4o", "gemini-2.5-flash"
ASKED: list[BaseMessage] = [HumanMessage("hi")]
WIDTH = 64
"""Calls in flight in the concurrent scenarios."""


@dataclass(frozen=True)
class Scenario:
    """One line of the table.

    Attributes:
        name: What is done.
        target: Largest ratio wanted; `None` where there is no target.
        reference: The contender we are compared with.
        contenders: What to run, by name.
        calls: Calls of each contender in one round.
        per: Units of work in one call.
        in_a_row: Calls of one contender before it is the next one's turn.
        rounds: Rounds for each that is asked for; long calls are paired one by one.
    """

    name: str
    target: float | None
    reference: str
    contenders: Mapping[str, Run]
    calls: int = 100
    per: int = 1
    in_a_row: int = 1
    rounds: int = 1


class Joke(BaseModel):
    """A joke."""

    setup: str
    punchline: str


def tools(count: int) -> list[Callable[..., str]]:
    """Return functions to bind as tools."""
    return [_tool(number) for number in range(count)]


def _tool(number: int) -> Callable[..., str]:
    def weather(city: str, days: int = 1, unit: str = "C") -> str:
        """Tell the weather of a city.

        Args:
            city: Name of the city.
            days: Days ahead.
            unit: C or F.
        """
        return f"{city} {days} {unit}"

    weather.__name__ = f"weather_{number}"
    return weather


def history(count: int) -> list[BaseMessage]:
    """Return a conversation of so many messages that ends with the user's."""
    said = [
        HumanMessage(f"question {i}") if i % 2 else AIMessage(f"answer {i}")
        for i in range(count, 0, -1)
    ]
    return said if count % 2 else [HumanMessage("hello"), *said[1:]]


def scenarios(server: Server) -> list[Scenario]:
    """Return every scenario of the table."""
    return [
        *_invoking(server),
        *_streaming(server),
        *_with_tools(server),
        _structured(server, DIRECT, 0.8),
        _structured(server, PATCHED, None),
        *_concurrent(server),
        *_switching(server),
        *_gemini(server),
        _long(server, DIRECT, 0.75),
        _long(server, PATCHED, None),
        _planning(server),
        _constructing(server),
    ]


def _invoking(server: Server) -> list[Scenario]:
    return [
        _invoke(server, "invoke, direct", DIRECT, 0.65, everybody=True),
        _invoke(server, "invoke, patched", PATCHED, 0.75),
        _invoke(
            server, "invoke, direct, Responses", DIRECT, None, use_responses_api=True
        ),
    ]


def _invoke(
    server: Server,
    name: str,
    model: str,
    target: float | None,
    *,
    everybody: bool = False,
    **settings: Any,
) -> Scenario:
    mine = peers.ours(server, model, **settings)
    theirs = peers.openai(server, model, **settings)
    found = {OURS: _invoker(mine), "ChatOpenAI": _invoker(theirs)}
    if everybody:
        found |= peers.present(
            {
                "init_chat_model": _initialised(server, model),
                "ChatLiteLLM": _invoker(peers.litellm(server, model)),
                "pydantic-ai": peers.pydantic_ai(server, model),
                "raw httpx": peers.raw(server, model),
            }
        )
    return Scenario(name, target, "ChatOpenAI", found)


def _invoker(llm: Any, messages: Any = ASKED) -> Any:
    return None if llm is None else lambda: llm.invoke(messages)


def _initialised(server: Server, model: str) -> Run | None:
    llm = peers.initialised(server)
    chosen = {"configurable": {"model": model, "model_provider": "openai"}}
    return None if llm is None else lambda: llm.invoke(ASKED, config=chosen)


def _streaming(server: Server) -> list[Scenario]:
    raw = {"raw httpx": peers.raw_stream(server, DIRECT)}
    return [
        _stream(server, "streamed chunk, direct", DIRECT, 0.25, raw),
        _stream(server, "streamed chunk, patched", PATCHED, 0.35, {}),
        _stream(server, "streamed chunk, direct, paced", DIRECT, None, {}, paced=True),
        _stream(
            server,
            "streamed chunk, direct, Responses",
            DIRECT,
            None,
            {},
            use_responses_api=True,
        ),
    ]


def _stream(
    server: Server,
    name: str,
    model: str,
    target: float | None,
    others: Mapping[str, Run],
    **settings: Any,
) -> Scenario:
    mine = peers.ours(server, model, **settings)
    theirs = peers.openai(server, model, **settings)
    found = {OURS: _streamer(mine), "ChatOpenAI": _streamer(theirs), **others}
    return Scenario(name, target, "ChatOpenAI", found, calls=1, per=CHUNKS, rounds=5)


def _streamer(llm: Any) -> Run:
    def run() -> None:
        for _ in llm.stream(ASKED):
            pass

    return run


def _with_tools(server: Server) -> list[Scenario]:
    bound = tools(10)
    return [
        Scenario(
            f"ten bound tools, invoke, {route}",
            target,
            "ChatOpenAI",
            {
                OURS: _invoker(peers.ours(server, model).bind_tools(bound)),
                "ChatOpenAI": _invoker(peers.openai(server, model).bind_tools(bound)),
            },
        )
        for route, model, target in (
            ("direct", DIRECT, 0.55),
            ("patched", PATCHED, None),
        )
    ]


def _structured(server: Server, model: str, target: float | None) -> Scenario:
    mine = peers.ours(server, model).with_structured_output(Joke)
    theirs = peers.openai(server, model).with_structured_output(Joke)
    route = "direct" if model == DIRECT else "patched"
    return Scenario(
        f"structured output, invoke, {route}",
        target,
        "ChatOpenAI",
        {OURS: _invoker(mine), "ChatOpenAI": _invoker(theirs)},
    )


def _concurrent(server: Server) -> list[Scenario]:
    mine, theirs = peers.ours(server, DIRECT), peers.openai(server, DIRECT)
    loop = the_loop()
    crowd = {
        OURS: gathered(loop, mine, WIDTH),
        "ChatOpenAI": gathered(loop, theirs, WIDTH),
    }
    streams = {OURS: _astreamer(loop, mine), "ChatOpenAI": _astreamer(loop, theirs)}
    return [
        Scenario(
            "ainvoke, 64 at a time",
            0.75,
            "ChatOpenAI",
            crowd,
            calls=1,
            per=WIDTH,
            rounds=5,
        ),
        Scenario(
            "astream, chunk, direct",
            0.3,
            "ChatOpenAI",
            streams,
            calls=1,
            per=CHUNKS,
            rounds=5,
        ),
    ]


@cache
def the_loop() -> asyncio.AbstractEventLoop:
    """Return the one event loop: `ChatOpenAI` shares a client bound to one."""
    return asyncio.new_event_loop()


def close_the_loop() -> None:
    """Close the loop and the connections that clients left open on it."""
    loop = the_loop()
    for one in gc.get_objects():
        if isinstance(one, asyncio.Transport) and one._loop is loop:
            one.abort()
    loop.run_until_complete(asyncio.sleep(0.05))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    the_loop.cache_clear()


def gathered(loop: asyncio.AbstractEventLoop, llm: Any, width: int) -> Run:
    """Return a run of so many calls at the same time."""

    async def crowd() -> None:
        await asyncio.gather(*(llm.ainvoke(ASKED) for _ in range(width)))

    return lambda: loop.run_until_complete(crowd())


def _astreamer(loop: asyncio.AbstractEventLoop, llm: Any) -> Run:
    async def read() -> None:
        async for _ in llm.astream(ASKED):
            pass

    return lambda: loop.run_until_complete(read())


def _switching(server: Server) -> list[Scenario]:
    return [
        _switch(server, "same provider", (DIRECT, "gpt-5-nano"), 1.02),
        _switch(server, "across providers", (DIRECT, GEMINI), 1.05),
    ]


def _switch(
    server: Server, name: str, models: tuple[str, str], target: float
) -> Scenario:
    mine = peers.ours(server, models[0])
    plain = [peers.ours(server, model) for model in models]
    theirs = [_integration(server, model) for model in models]
    turns = {kind: cycle(range(2)) for kind in ("ours", "plain", "theirs")}
    found: dict[str, Any] = {
        OURS: lambda: mine.invoke(ASKED, model=models[next(turns["ours"])]),
        "plain instances": lambda: plain[next(turns["plain"])].invoke(ASKED),
        "their plain instances": lambda: theirs[next(turns["theirs"])].invoke(ASKED),
        "init_chat_model": _initialised_switch(server, models),
    }
    return Scenario(
        f"switching at every call, {name}",
        target,
        "plain instances",
        peers.present(found),
    )


def _integration(server: Server, model: str) -> Any:
    make = peers.google if model == GEMINI else peers.openai
    return make(server, model)


def _initialised_switch(server: Server, models: tuple[str, str]) -> Run | None:
    llm = peers.initialised(server)
    turns = cycle(_choice(server, model) for model in models)
    return None if llm is None else lambda: llm.invoke(ASKED, config=next(turns))


def _choice(server: Server, model: str) -> Any:
    google = model == GEMINI
    url = server.google() if google else server.openai()
    provider = "google_genai" if google else "openai"
    named = {"model": model, "model_provider": provider, "base_url": url}
    return {"configurable": named}


def _gemini(server: Server) -> list[Scenario]:
    mine, theirs = peers.ours(server, GEMINI), peers.google(server, GEMINI)
    name = "ChatGoogleGenerativeAI"
    return [
        Scenario(
            "Gemini, invoke",
            1.05,
            name,
            {OURS: _invoker(mine), name: _invoker(theirs)},
        ),
        Scenario(
            "Gemini, streamed chunk",
            1.05,
            name,
            {OURS: _streamer(mine), name: _streamer(theirs)},
            calls=1,
            per=CHUNKS,
            rounds=5,
        ),
    ]


def _long(server: Server, model: str, target: float | None) -> Scenario:
    said = history(1_000)
    mine, theirs = peers.ours(server, model), peers.openai(server, model)
    route = "direct" if model == DIRECT else "patched"
    return Scenario(
        f"history of 1,000 messages, {route}",
        target,
        "ChatOpenAI",
        {OURS: _invoker(mine, said), "ChatOpenAI": _invoker(theirs, said)},
        calls=1,
        rounds=5,
    )


EVERYTHING: dict[str, Any] = {
    "temperature": 0.5,
    "max_tokens": 100,
    "stop": ["\n\n"],
    "reasoning_effort": "low",
    "verbosity": "low",
    "top_p": 0.9,
    "seed": 7,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "user": "somebody",
    "service_tier": "default",
    "on_unsupported": "ignore",
}
"""Most of what a call can set."""


def _planning(server: Server) -> Scenario:
    llm = peers.ours(server, DIRECT, **EVERYTHING)
    theirs = peers.openai(server, DIRECT)
    bound = llm.bind_tools(tools(10)).kwargs
    run = planner(llm, bound)
    for _ in range(2):
        run()
    found = {OURS: run, "ChatOpenAI": _invoker(theirs)}
    name = "resolve and plan, everything set"
    return Scenario(name, 0.03, "ChatOpenAI", found, in_a_row=20)


def planner(llm: Any, settings: Mapping[str, Any]) -> Run:
    """Return a run of everything between `_generate` and the shim."""

    def run() -> object:
        attempts, _ = llm.router.runner.asked(ASKED, None, dict(settings), stream=False)
        return attempts.route.plan()

    return run


def _constructing(server: Server) -> Scenario:
    found: dict[str, Run] = {
        OURS: lambda: peers.ours(server, DIRECT, temperature=0),
        "ChatOpenAI": lambda: peers.openai(server, DIRECT, temperature=0),
    }
    return Scenario("construction", None, "ChatOpenAI", found, calls=20)
