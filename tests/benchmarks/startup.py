"""What imports cost and what stays in memory, each in a process of its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator

from tests.benchmarks import peers
from tests.benchmarks.measure import Timing
from tests.benchmarks.server import ROOT, Server

IMPORTS = {
    "nothing": "pass",
    "langchain-core": "import langchain_core.language_models.chat_models",
    "langchain-unified": "from langchain_unified import UnifiedChatModel",
    "langchain-openai": "from langchain_openai import ChatOpenAI",
    "langchain-google-genai": (
        "from langchain_google_genai import ChatGoogleGenerativeAI"
    ),
    "litellm": "from langchain_litellm import ChatLiteLLM",
}

COMPARED = ("nothing", "langchain-core", "langchain-unified")
"""Who is measured often enough to be held to a target."""

_ANSWERED = """
from {package} import {kind}
{kind}(model="{model}", {settings}).invoke("hi")
"""


def first_answers(server: Server, rounds: int) -> Iterator[tuple[str, str, Times]]:
    """Yield CPU microseconds of fresh processes from their start to their end.

    Each imports a class, makes a model and asks once. The contenders take turns.

    Yields:
        The route, the class we are compared with, and what was measured.
    """
    openai = f'api_key="k", base_url="{server.openai()}"'
    google = f'google_api_key="k", base_url="{server.google()}"'
    own = f'{{"google_genai": {{"base_url": "{server.google()}"}}}}'
    own = f'google_api_key="k", providers={own}'
    for route, model, package, kind, settings, ours in (
        ("patched", "gpt-4o", "langchain_openai", "ChatOpenAI", openai, openai),
        ("direct", "gpt-5-mini", "langchain_openai", "ChatOpenAI", openai, openai),
        ("Gemini", "gemini-2.5-flash", *_GOOGLES, google, own),
    ):
        theirs = {"package": package, "kind": kind, "settings": settings}
        mine = {**_OWN_CLASS, "settings": ours}
        scripts = {
            name: _ANSWERED.format(model=model, **made)
            for name, made in (("langchain-unified", mine), (kind, theirs))
        }
        found: dict[str, list[float]] = {name: [] for name in scripts}
        for turn in range(-1, rounds):
            for name in sorted(scripts, reverse=bool(turn % 2)):
                found[name].append(_cpu_of(scripts[name]))
        yield route, kind, {n: Timing(tuple(spent[1:])) for n, spent in found.items()}


Times = dict[str, Timing]
_OWN_CLASS = {"package": "langchain_unified", "kind": "UnifiedChatModel"}
_GOOGLES = ("langchain_google_genai", "ChatGoogleGenerativeAI")


_CALLS = """
import sys
from langchain_core.messages import HumanMessage
{make}
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * {page} // 1024
for count in {counts}:
    for _ in range(count):
        llm.invoke([HumanMessage("hi")], **next_settings(_))
    print(resident(), flush=True)
"""
_OURS = """
from langchain_unified import UnifiedChatModel
llm = UnifiedChatModel(model="gpt-5-mini", api_key="k", base_url="{url}")
MODELS = ("gpt-5-mini", "gpt-4o", "gpt-5-nano", "o3")
def next_settings(i):
    return {{"model": MODELS[i % 4], "seed": i, "user": f"user {{i}}"}} if i else {{}}
"""
_THEIRS = """
from langchain_openai import ChatOpenAI
llm = ChatOpenAI(model="gpt-5-mini", api_key="k", base_url="{url}")
def next_settings(i):
    return {{"seed": i, "user": f"user {{i}}"}} if i else {{}}
"""


_STEPS = """
import sys
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * {page} // 1024
def step(name):
    print(name, resident(), sep="=", flush=True)
import langchain_core.language_models.chat_models
from langchain_core.messages import HumanMessage
step("langchain-core")
from langchain_unified import UnifiedChatModel
step("import of langchain-unified")
llm = UnifiedChatModel(model="gpt-5-mini", api_key="k", base_url="{url}")
step("facts and a model")
import langchain_openai
step("ChatOpenAI, which renders the messages")
try:
    import genai_prices.data
    step("prices (the extra cost)")
except ImportError:
    pass
llm.invoke([HumanMessage("hi")])
step("clients and the first call")
"""


def resident_steps(server: Server) -> dict[str, int]:
    """Return kilobytes that each step up to the first answer adds to a process."""
    found = _lines_of(_STEPS.format(url=server.openai(), page=_PAGE))
    sizes = {name: int(size) for name, _, size in (x.rpartition("=") for x in found)}
    before = [0, *sizes.values()]
    return {name: sizes[name] - was for name, was in zip(sizes, before, strict=False)}


def import_times(names: Iterable[str], rounds: int) -> dict[str, Timing]:
    """Return CPU microseconds of fresh interpreters that import something."""
    wanted = {
        name: IMPORTS[name]
        for name in names
        if name != "litellm" or peers.installed("langchain_litellm")
    }
    found: dict[str, list[float]] = {name: [] for name in wanted}
    for turn in range(-1, rounds):
        for name, statement in wanted.items():
            spent = _cpu_of(_AT_DEPTH.format(turn % _ROUND * _STEP, statement))
            found[name].append(spent)
    return {name: Timing(tuple(spent[1:])) for name, spent in found.items()}


_ROUND, _STEP = 8, 15
_AT_DEPTH = """
def at(depth):
    at(depth - 1) if depth else exec({1!r})
at({0})
"""
# Python 3.11 and 3.12 map a chunk of some hundred frames when a call crosses its edge,
# and unmap it when that call returns (_PyThreadState_PushFrame, read 2026-11-26). A
# loop that happens to run at an edge makes an import a tenth longer, so each round
# imports at another depth of the stack.


def above_start(times: dict[str, Timing]) -> dict[str, Timing]:
    """Return import times without the start of the interpreter."""
    nothing = times["nothing"].least
    return {
        name: Timing(tuple(spent - nothing for spent in timing.rounds))
        for name, timing in times.items()
        if name != "nothing"
    }


def _cpu_of(statement: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(  # noqa: S603
        [sys.executable, "-c", statement],
        check=True,
        cwd=ROOT,
        env=_as_installed(),
        stderr=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent * 1e6


def _as_installed() -> dict[str, str]:
    """Let Python keep what it compiles, as it has for packages that were installed."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def resident_kilobytes(server: Server, *, calls: int) -> dict[str, list[int]]:
    """Return resident memory after the first call, a tenth of the calls and all."""
    counts = (1, calls // 10, calls - calls // 10)
    return {
        "langchain-unified": _resident(_OURS, server, counts),
        "ChatOpenAI": _resident(_THEIRS, server, counts[:2]),
    }


def _resident(make: str, server: Server, counts: tuple[int, ...]) -> list[int]:
    made = make.format(url=server.openai())
    script = _CALLS.format(make=made, counts=counts, page=_PAGE)
    return [int(line) for line in _lines_of(script)]


def _lines_of(script: str) -> list[str]:
    """Return what a script prints in a process of its own."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script],
        check=True,
        cwd=ROOT,
        env=_as_installed(),
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines()


_PAGE = os.sysconf("SC_PAGE_SIZE")
