"""Private names of other packages: where they stand, how many there are, what moved."""

from __future__ import annotations

import ast
import asyncio
import importlib
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import openai
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI

import langchain_unified
from langchain_unified import UnifiedChatModel
from langchain_unified.errors import ProviderError
from langchain_unified.shims import connect
from langchain_unified.shims.openai.delegate import payload_of
from langchain_unified.testing import ProviderEmulator, Reply
from tests.unit_tests.providers.wiring import OFF, connections

ROOT = Path(langchain_unified.__file__).parent

SEAMS: dict[str, dict[str, tuple[str, ...]]] = {
    "shims/core_seam.py": {
        "langchain_core.language_models:BaseChatModel": (
            "_generate",
            "_agenerate",
            "_stream",
            "_astream",
        ),
    },
    "runner/clients.py": {
        "openai.resources.chat:Completions": ("_client",),
    },
    "shims/openai/delegate.py": {
        "langchain_openai:ChatOpenAI": (
            "_convert_chunk_to_generation_chunk",
            "_create_chat_result",
            "_default_params",
            "_get_request_payload",
            "_should_stream_usage",
            "_use_responses_api",
        ),
    },
    "shims/google_genai/seam.py": {
        "langchain_google_genai.chat_models": (
            "_StreamBlockIndexer",
            "_handle_client_error",
            "_handle_server_error",
            "_parse_chat_history",
            "_response_to_result",
        ),
    },
    "shims/anthropic/delegate.py": {
        "langchain_anthropic:ChatAnthropic": (
            "_acreate",
            "_create",
            "_get_request_payload",
        ),
    },
    "shims/ollama/delegate.py": {
        "langchain_ollama:ChatOllama": (
            "_acreate_chat_stream",
            "_async_client",
            "_client",
            "_convert_messages_to_ollama_messages",
            "_create_chat_stream",
        ),
        "ollama:Client": ("_client",),
    },
}
"""The private names each seam file reaches for, by the object that has them."""

FACES = {"_generate", "_agenerate", "_stream", "_astream"}
"""What LangChain documents as an integration's to implement; delegates do."""

HOOKS = (
    "_combine_llm_outputs",
    "_convert_input",
    "_get_invocation_params",
    "_get_llm_string",
    "_get_ls_params",
    "_identifying_params",
    "_llm_type",
    "_resolve_model_profile",
    *sorted(FACES),
)
"""Methods of `BaseChatModel` that our model overrides, for langchain-core to call."""

NAMES = [
    (path, owner, name)
    for path, owners in SEAMS.items()
    for owner, names in owners.items()
    for name in names
]
ATTRIBUTES = {"_async_client", "_client"}
"""Names of attributes that objects get when they are made; the others are called."""

_READERS = {"getattr", "hasattr", "setattr", "delattr"}
_PRIVATE = re.compile(r"_[a-zA-Z]\w*")
_OF_TUPLES = {"_asdict", "_fields", "_make", "_replace"}


@cache
def _trees() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"))
        for path in ROOT.rglob("*.py")
    }


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names a module gives to something of its own."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Assign) and isinstance(
            node.value, (ast.Tuple, ast.List)
        ):
            yield from (
                one.value
                for one in node.value.elts
                if isinstance(one, ast.Constant) and isinstance(one.value, str)
            )


def _reached(tree: ast.Module) -> Iterator[str]:
    """Yield each private name a module takes from something else."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = [getattr(node, "module", None), *(n.name for n in node.names)]
            parts = [part for one in modules for part in (one or "").split(".")]
            if parts[0] not in {"langchain_unified", "__future__"}:
                yield from parts
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Call):
            yield from _quoted(node)


def _quoted(node: ast.Call) -> Iterator[str]:
    """Yield names that a call has as text: `getattr(x, "_y")`, `import_module`."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    called = node.func.id if isinstance(node.func, ast.Name) else called
    texts = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    if called == "import_module":
        names = [part for text in texts for part in str(text).split(".")]
        yield from (f"quoted {name}" for name in names)
    elif called in _READERS and len(node.args) > 1:
        yield f"quoted {getattr(node.args[1], 'value', '')}"


def _foreign(tree: ast.Module, own: set[str]) -> set[str]:
    """Return the private names that nothing of ours is called."""
    found = set()
    for name in _reached(tree):
        plain = name.removeprefix("quoted ")
        if not _PRIVATE.fullmatch(plain) or plain in _OF_TUPLES:
            continue
        if name.startswith("quoted ") or plain not in own:
            found.add(plain)
    return found


def _holder(owner: str) -> Any:
    module, _, kind = owner.partition(":")
    found = importlib.import_module(module)
    return getattr(found, kind) if kind else found


def _private_names(owner: str) -> set[str]:
    holder = _holder(owner)
    names = {*dir(holder), *getattr(holder, "__private_attributes__", {})}
    return {name for name in names if _PRIVATE.fullmatch(name)}


def test_private_names_stand_in_seam_files_only() -> None:
    """Attributes, imports, and names in quotes; nothing of another package hides."""
    trees = _trees()
    own = {name for tree in trees.values() for name in _defined(tree)}
    outside = {
        (path, name)
        for path, tree in trees.items()
        if path not in SEAMS
        for name in _foreign(tree, own)
    }
    suppressed = {
        path
        for path in trees
        if path not in SEAMS and "SLF001" in (ROOT / path).read_text("utf-8")
    }

    assert set() == outside
    assert set() == suppressed


@pytest.mark.parametrize("path", SEAMS)
def test_a_seam_file_has_the_names_it_states(path: str) -> None:
    """What it reads or overrides of its packages is what stands in the list above."""
    tree = _trees()[path]
    there = {name for owner in SEAMS[path] for name in _private_names(owner)}
    there |= {"_client"}
    used = {*_defined(tree), *(one.removeprefix("quoted ") for one in _reached(tree))}
    stated = {name for names in SEAMS[path].values() for name in names}
    of_ours = {"_client"} - stated

    assert stated == (used & there) - of_ours - (FACES - stated)


def test_there_are_few_of_them() -> None:
    """Each name is one that the next release of its package may move."""
    assert 25 >= len(set(NAMES))


@pytest.mark.parametrize("path", SEAMS)
def test_a_seam_file_says_what_each_name_is(path: str) -> None:
    """Its docstring has each name, why it is needed, and the versions it ran on."""
    said = str(ast.get_docstring(_trees()[path]))
    names = {name for names in SEAMS[path].values() for name in names}

    assert set() == {name for name in names if f"`{name}`" not in said}
    assert "seam" in said
    assert re.search(r"Run on [\w.-]+ \d", said)


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_still_there(name: str) -> None:
    """An override that langchain-core no longer knows would never be called."""
    assert hasattr(BaseChatModel, name)
    assert name in {n for kind in UnifiedChatModel.__mro__[:-1] for n in vars(kind)}


def _four_faces(llm: UnifiedChatModel, asked: Any = "hi", **settings: Any) -> None:
    """Make a call whole and streamed, with and without an event loop."""

    async def asynchronous() -> None:
        try:
            await llm.ainvoke(asked, **settings)
            async for _ in llm.astream(asked, **settings):
                pass
        finally:
            await llm.aclose()

    llm.invoke(asked, **settings)
    list(llm.stream(asked, **settings))
    asyncio.run(asynchronous())


def _fail(emulator: ProviderEmulator, llm: UnifiedChatModel) -> None:
    """Have a call refused, and one fail."""
    for status in (404, 503):
        emulator.script(Reply(status, {"error": {"code": status, "message": "no"}}))
        with pytest.raises(ProviderError):
            llm.invoke("hi")


MODELS = {
    "langchain_core": "gpt-4o-mini",
    "langchain_openai": "gpt-4o-mini",
    "langchain_google_genai": "gemini-2.5-flash",
    "langchain_anthropic": "claude-sonnet-5",
    "langchain_ollama": "ollama:llama3.2",
}


@cache
def _called(package: str) -> tuple[frozenset[tuple[str, str]], Any]:
    """Return the functions that calls over the wire went through, and the delegate.

    Each with its file: what stands in the package itself and in our seam to it.
    """
    seen: set[tuple[str, str]] = set()

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            code = frame.f_code
            seen.add((code.co_name, code.co_filename))
            if code.co_name == "__init__":
                kind = type(frame.f_locals.get("self")).__name__
                seen.add((kind, code.co_filename))

    with ProviderEmulator() as emulator:
        llm = UnifiedChatModel(
            model=MODELS[package],
            providers=connections(emulator),
            enable=list(OFF),
            max_retries=0,
        )
        sys.setprofile(note)
        try:
            _four_faces(llm)
            _fail(emulator, llm)
            if package == "langchain_openai":
                plain = ChatOpenAI(model="gpt-4o-mini", api_key="sk-1")
                payload_of(plain, [HumanMessage("hi")], {}, wants_stream=True)
        finally:
            sys.setprofile(None)
        provider = llm.resolve().provider
        shim: Any = connect(llm.router.runner.planning.wiring.connected(provider))
        return frozenset(seen), shim.delegate


CALLED = [one for one in NAMES if one[2] not in ATTRIBUTES]


@pytest.mark.parametrize(
    ("path", "owner", "name"), CALLED, ids=[f"{o}.{n}" for _, o, n in CALLED]
)
def test_calls_go_through_each_name(path: str, owner: str, name: str) -> None:
    """A name that moved, or that nobody calls any more, fails here by name."""
    package = owner.partition(".")[0].partition(":")[0]
    seen, _ = _called(package)
    ours = str(ROOT / path)
    overrides = name in set(_defined(_trees()[path]))
    if package == "langchain_core":  # faces of whatever model is called
        ours, overrides = str(ROOT / "shims"), False
    places = [file for called, file in seen if called == name]

    assert name in _private_names(owner)
    assert any(ours in file if overrides else ours not in file for file in places)


OF_OLLAMA: dict[str, Callable[[Any], Any]] = {
    "ChatOllama._client": lambda llm: llm._client,
    "ChatOllama._async_client": lambda llm: llm._async_client,
    "Client._client": lambda llm: llm._client._client,
    "AsyncClient._client": lambda llm: llm._async_client._client,
}


@pytest.mark.parametrize("name", OF_OLLAMA)
def test_ollamas_clients_can_be_posted_with(name: str) -> None:
    """The clients below a `ChatOllama` are there, and the HTTP ones can stream."""
    _, delegate = _called("langchain_ollama")
    found = OF_OLLAMA[name](delegate)

    assert callable(found.list if name.startswith("Chat") else found.stream)


@pytest.mark.parametrize("name", ["client", "async_client"])
def test_a_resource_alone_leads_to_its_client(
    provider_emulator: ProviderEmulator, name: str
) -> None:
    """Given `client=` as code for ChatOpenAI gives it, Responses is reached as well."""
    kind: Any = openai.OpenAI if name == "client" else openai.AsyncOpenAI
    sdk = kind(api_key="sk-1", base_url=provider_emulator.openai_base_url)
    llm = UnifiedChatModel(model="gpt-5.4-pro", **{name: sdk.chat.completions})

    async def asynchronous() -> None:
        await llm.ainvoke("hi")
        await llm.aclose()
        await sdk.close()

    if name == "client":
        llm.invoke("hi")
        sdk.close()
    else:
        asyncio.run(asynchronous())

    assert ["responses"] == [one.endpoint for one in provider_emulator.requests]
