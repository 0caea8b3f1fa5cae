"""Whatever the documentation shows runs: pages, docstrings, public names."""

from __future__ import annotations

import ast
import asyncio
import doctest
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from langchain_core.prompts import ChatPromptTemplate
from openai import OpenAI
from pydantic import BaseModel

import langchain_unified
from langchain_unified import UnifiedChatModel
from langchain_unified.rollout import Mirror, Rollout, rollout
from langchain_unified.service import UnifiedInferenceService
from langchain_unified.testing import ModelRules, ProviderEmulator, Reply

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
RUN_ELSEWHERE = {"migration.md": "test_fastapi_rollout.py"}
"""Pages whose blocks another test runs."""

PAGES = [
    README,
    *sorted(
        p for p in (ROOT / "notebooks").glob("*.md") if p.name not in RUN_ELSEWHERE
    ),
]
README_WORDS = 1000
PACKAGE = langchain_unified.__name__
ANY_MODEL = "..."
"""Examples write `model="..."` where the model does not matter; here it exists."""

NOT_RUN = re.compile(r"<!-- not run: (?P<reason>[^>]+?) -->\s*$")
_BLOCK = re.compile(
    r"^(?P<indent> *)```python\n(?P<code>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL
)

INCOMPLETE = {
    "langchain_unified.runner.attempts": "a recipe for those who write a shim",
}
"""Docstrings whose blocks are sketches: why. Everything else runs."""

PROMISED = (
    PACKAGE,
    f"{PACKAGE}.learning",
    f"{PACKAGE}.migrate",
    f"{PACKAGE}.registry",
    f"{PACKAGE}.rollout",
    f"{PACKAGE}.service",
    f"{PACKAGE}.shims",
    f"{PACKAGE}.testing",
)
"""Modules whose `__all__` is a promise to users."""

pytestmark = [
    # The models of examples are the best known ones, not those with the longest life.
    pytest.mark.filterwarnings("ignore:.*be shut down:UserWarning"),
    # An example of the compatibility layer calls what it exists to keep going.
    pytest.mark.filterwarnings("ignore:LangChainCompat:DeprecationWarning"),
]


@dataclass(frozen=True)
class Block:
    """A block of Python code in a text."""

    place: str
    line: int
    code: str
    reason: str = ""


def blocks(text: str, place: str) -> list[Block]:
    """Return the Python blocks of a text, with why one is not to be run."""
    found = []
    for match in _BLOCK.finditer(text):
        before = text[: match.start()]
        excuse = NOT_RUN.search(before)
        code = textwrap.dedent(match["code"])
        reason = excuse["reason"] if excuse else ""
        found.append(Block(place, before.count("\n") + 2, code, reason))
    return found


@cache
def sections() -> dict[str, list[Block]]:
    """Return the pages' blocks by section; those of a section share their names."""
    by_title: dict[str, list[Block]] = {}
    for page in PAGES:
        parts = re.split(
            r"^(#+ .*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
        for title, text in zip(parts[1::2], parts[2::2], strict=True):
            if found := blocks(text, page.name):
                by_title[f"{page.name}: {title.lstrip('# ')}"] = found
    return by_title


@cache
def modules() -> tuple[ModuleType, ...]:
    """Return every module of the package that can be imported here."""
    names = [
        info.name
        for info in pkgutil.walk_packages([str(ROOT / PACKAGE)], f"{PACKAGE}.")
        if not info.name.endswith("__main__")
    ]
    found = [importlib.import_module(PACKAGE)]
    for name in names:
        try:
            found.append(importlib.import_module(name))
        except ImportError as error:  # noqa: PERF203
            if (error.name or "").startswith(PACKAGE):
                raise
    return tuple(found)


def documented() -> Iterator[tuple[str, str]]:
    """Yield every docstring of the package that holds Python blocks."""
    for module in modules():
        tree = ast.parse(inspect.getsource(module))
        nodes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        for node in ast.walk(tree):
            if isinstance(node, nodes) and "```python" in (
                text := ast.get_docstring(node) or ""
            ):
                name = getattr(node, "name", "")
                yield f"{module.__name__}.{name}".rstrip("."), text


def doctests() -> list[doctest.DocTest]:
    """Return every doctest of the package."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    return [
        test
        for module in modules()
        for test in finder.find(module, module.__name__)
        if test.examples
    ]


EXAMPLES = dict(documented())
DOCTESTS = {test.name: test for test in doctests()}


@pytest.fixture(scope="module")
def server() -> Iterator[ProviderEmulator]:
    """Run one server for all examples, so that all can share its clients."""
    # The plan for a name nobody knows asks for encrypted reasoning.
    rules = ModelRules(id=ANY_MODEL, reasoning=True)
    with ProviderEmulator(rules=[rules]) as server:
        yield server


@pytest.fixture
def emulator(
    server: ProviderEmulator, monkeypatch: pytest.MonkeyPatch
) -> ProviderEmulator:
    """Put the emulator where the environment says the providers are."""
    server.reset()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", server.openai_base_url)
    monkeypatch.setenv("GOOGLE_API_KEY", "test")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", server.google_base_url)
    return server


def execute(block: Block, names: dict[str, Any]) -> None:
    """Run a block as a notebook would: `await` may stand at the top."""
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    source = "\n" * (block.line - 1) + block.code
    code = compile(source, block.place, "exec", flags=flags, dont_inherit=True)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, names))  # noqa: S307
    else:
        exec(code, names)  # noqa: S102


class Joke(BaseModel):
    """A joke."""

    setup: str
    punchline: str


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"Sunny in {city}."


class OldService:
    """What an application had before."""

    async def generate_text(self, prompt: str, **_: Any) -> dict[str, Any]:
        """Answer a prompt."""
        return {"text": prompt, "model_used": "old", "success": True}


def supplied(emulator: ProviderEmulator) -> dict[str, Any]:
    """Return the names that examples take for granted, and nobody has to guess."""
    llm = UnifiedChatModel(model="gpt-4o")
    service = UnifiedInferenceService(llm)
    return {
        "__name__": "__example__",
        "Joke": Joke,
        "ModelRules": ModelRules,
        "Mirror": Mirror,
        "OpenAI": OpenAI,
        "ProviderEmulator": ProviderEmulator,
        "Reply": Reply,
        "Rollout": Rollout,
        "UnifiedChatModel": UnifiedChatModel,
        "UnifiedInferenceService": UnifiedInferenceService,
        "chain": ChatPromptTemplate.from_template("{input}") | llm,
        "emulator": emulator,
        "get_weather": get_weather,
        "llm": llm,
        "old_service": OldService(),
        "prompts": ["one", "two"],
        "rollout": rollout,
        "service": service,
        "unified": service,
    }


def test_the_readme_has_blocks() -> None:
    """The enumeration below is not empty by accident."""
    assert [title for title in sections() if title.startswith("README.md")]


def test_the_readme_is_short() -> None:
    """A newcomer reads the README in four minutes; the rest stands on pages."""
    assert README_WORDS > len(README.read_text(encoding="utf-8").split())


def test_the_readme_prints_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first program runs without keys and prints the output beside it."""
    text = README.read_text(encoding="utf-8")
    pattern = r"```python\n(.*?)```\n\n<!-- output -->\n\n```text\n(.*?)```"
    code, output = re.search(pattern, text, re.DOTALL).groups()
    for name in [n for n in os.environ if n.endswith(("_API_KEY", "_BASE_URL"))]:
        monkeypatch.delenv(name)
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert output == run.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file of the repository leads to one."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [] == [link for link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize("title", sections())
def test_pages_run(title: str, emulator: ProviderEmulator) -> None:
    """Every Python block of a page runs, section by section, and gets no 400."""
    names: dict[str, Any] = {"__name__": "__readme__"}
    for block in sections()[title]:
        if not block.reason:
            execute(block, names)

    assert [] == [(r.path, r.error) for r in emulator.errors]


@pytest.mark.parametrize("title", sections())
def test_what_a_page_does_not_run_parses(title: str) -> None:
    """A block marked as not run is Python all the same."""
    for block in sections()[title]:
        ast.parse(block.code)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_in_docstrings_run(name: str, emulator: ProviderEmulator) -> None:
    """Every Python block in a docstring runs, and gets no 400."""
    if name in INCOMPLETE:
        pytest.skip(INCOMPLETE[name])
    names = supplied(emulator)
    module = importlib.import_module(_module_of(name))
    names = {**vars(module), **names}
    for block in blocks(EXAMPLES[name], name):
        execute(block, names)

    assert [] == [(r.path, r.error) for r in emulator.errors]


def _module_of(name: str) -> str:
    return max((m.__name__ for m in modules() if name.startswith(m.__name__)), key=len)


def test_excuses_are_in_use() -> None:
    """An excuse for a docstring that is gone, goes."""
    assert set() == set(INCOMPLETE) - set(EXAMPLES)


@pytest.mark.parametrize("name", DOCTESTS)
def test_doctests(name: str, emulator: ProviderEmulator) -> None:
    """Every `>>>` example gives what it says, with no set-up but the environment's."""
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    result = runner.run(DOCTESTS[name], out=said.append, clear_globs=False)

    assert 0 == result.failed, "".join(said)


def public() -> dict[str, Any]:
    """Return every public name with what it stands for."""
    found = {}
    for place in PROMISED:
        module = importlib.import_module(place)
        found |= {f"{place}.{n}": getattr(module, n) for n in module.__all__}
    return found


PUBLIC = public()
CONSTANTS = (str, int, float, tuple, frozenset, dict)


def test_modules_promise_only_what_exists() -> None:
    """Every module that states its public names has them."""
    missing = [
        f"{module.__name__}.{name}"
        for module in modules()
        for name in getattr(module, "__all__", ())
        if not hasattr(module, name)
    ]

    assert [] == missing


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_have_a_summary(name: str) -> None:
    """A public class or function says in one sentence what it is."""
    value = PUBLIC[name]
    if isinstance(value, CONSTANTS):
        return
    own = vars(value).get("__doc__") if isinstance(value, type) else value.__doc__
    summary = (inspect.cleandoc(own) if own else "").split("\n\n")[0]

    assert summary.endswith(".")
    assert 2 <= len(summary.split())


def methods(value: type) -> Iterator[str]:
    """Yield the public methods and properties a class of ours defines itself."""
    for name, member in list(vars(value).items()):
        inner = getattr(member, "__func__", getattr(member, "fget", member))
        if not name.startswith("_") and inspect.isfunction(inner):
            overrides = any(hasattr(base, name) for base in value.__mro__[1:])
            if not overrides and not inner.__doc__:
                yield name


@pytest.mark.parametrize("name", [n for n, v in PUBLIC.items() if isinstance(v, type)])
def test_public_methods_have_a_docstring(name: str) -> None:
    """A public method that a class adds says what it does."""
    assert [] == list(methods(PUBLIC[name]))


def _named(value: Any) -> set[str]:
    if isinstance(value, type):
        value = value.__init__
    if not inspect.isfunction(value):
        return set()
    parameters = inspect.signature(value).parameters.values()
    return {p.name for p in parameters} - {"self", "cls", "args", "kwargs"}


@pytest.mark.parametrize(
    "name", [n for n, v in PUBLIC.items() if inspect.isfunction(v)]
)
def test_documented_arguments_exist(name: str) -> None:
    """What a function's `Args:` section names is in its signature."""
    text = inspect.cleandoc(PUBLIC[name].__doc__ or "")
    section = re.search(r"^Args:\n((?:[ ]{4}.*\n?|\n)+)", text, re.MULTILINE)
    told = (
        set(re.findall(r"^ {4}\*{0,2}(\w+):", section[1], re.MULTILINE))
        if section
        else set()
    )

    assert set() == told - set(inspect.signature(PUBLIC[name]).parameters)
