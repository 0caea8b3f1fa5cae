"""What one warm call and one streamed chunk pass through: files and function calls.

A call of a Python function in a file of the package counts as one, and so does each
turn of a generator. They are the same numbers on every machine.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import langchain_unified
from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator

PACKAGE = Path(langchain_unified.__file__).parent
_EMULATOR = str(PACKAGE / "testing")

ROUTES: dict[str, dict[str, Any]] = {
    "OpenAI, patched": {"model": "gpt-4o"},
    "OpenAI, direct": {"model": "gpt-5-mini"},
    "OpenAI, Responses": {"model": "gpt-5-mini", "use_responses_api": True},
    "Gemini": {"model": "gemini-2.5-flash"},
}
"""Settings by the route that a plain call with them takes."""

_WORDS = " ".join(f"word{number}" for number in range(60))


class Passed(NamedTuple):
    """What was passed through.

    Attributes:
        files: How many files of the package.
        calls: How many calls of functions in them.
    """

    files: int
    calls: int


def passing(work: Callable[[], object]) -> Counter[tuple[str, str]]:
    """Return how often each function of the package is called, by file and name."""
    found: Counter[tuple[str, str]] = Counter()

    def count(frame: Any, event: str, _argument: object) -> None:
        if event == "call":
            code = frame.f_code
            name = getattr(code, "co_qualname", code.co_name)
            found[code.co_filename, name] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    own, beside = str(PACKAGE), _EMULATOR
    return Counter(
        {
            (str(Path(file).relative_to(PACKAGE)), name): calls
            for (file, name), calls in found.items()
            if file.startswith(own) and not file.startswith(beside)
        }
    )


def summed(found: Counter[tuple[str, str]]) -> Passed:
    """Return how many files, and how many calls."""
    return Passed(len({file for file, _ in found}), found.total())


@contextmanager
def models() -> Iterator[dict[str, UnifiedChatModel]]:
    """Give a model for each route, connected to a loopback server."""
    with ProviderEmulator(answer=lambda _: _WORDS) as emulator:
        yield {
            route: UnifiedChatModel(
                openai_api_key="test",
                openai_api_base=emulator.openai_base_url,
                google_api_key="test",
                providers={"google_genai": {"base_url": emulator.google_base_url}},
                **settings,
            )
            for route, settings in ROUTES.items()
        }


def of_invoke(llm: UnifiedChatModel) -> Counter[tuple[str, str]]:
    """Return what a warm `invoke` passes through."""
    for _ in range(3):
        llm.invoke("hi")
    return passing(lambda: llm.invoke("hi"))


def of_chunk(llm: UnifiedChatModel) -> Counter[tuple[str, str]]:
    """Return what a chunk in the middle of a stream passes through."""
    middle = [len(list(llm.stream("hi"))) // 2 for _ in range(2)][-1]
    chunks = llm.stream("hi")
    for _ in range(middle):
        next(chunks)
    found = passing(lambda: next(chunks))
    list(chunks)
    return found
