"""A provider from somebody else's package: one class, one entry point, one table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.data import parse_toml
from langchain_unified.errors import ProviderNotEnabledError
from langchain_unified.registry import Registry
from langchain_unified.registry.loader import load, load_shipped
from langchain_unified.service import UnifiedInferenceService
from langchain_unified.shims import load_shim
from tests.third_party.conftest import forget_packages

MODULE = '''
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from langchain_unified import ProviderShim


class EchoShim(ProviderShim):
    """Answers with what it was told, and with the body it was given."""

    provider = "echo"

    def generate(self, plan, messages):
        text = self.connection.get("base_url", "") + messages[-1].text
        message = AIMessage(text, response_metadata={"body": dict(plan.body)})
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def agenerate(self, plan, messages):
        return self.generate(plan, messages)

    def stream(self, plan, messages):
        for word in messages[-1].text.split():
            yield ChatGenerationChunk(message=AIMessageChunk(word))

    async def astream(self, plan, messages):
        for chunk in self.stream(plan, messages):
            yield chunk
'''

TABLE = """
schema = 1

[provider]
id = "echo"
title = "Echo"
package = "echo-shim"
prefixes = ["echo"]
fallback_family = "echo"

[endpoints.say]
title = "Say"
path = "/say"

[endpoints.say.parameters]
max_tokens = { name = "most" }
temperature = { name = "heat" }

[families.echo]
prefixes = ["echo-"]
endpoints = ["say"]
inputs = ["text"]
outputs = ["text"]

[models.echo-1]
family = "echo"
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package `echo-shim` that offers a shim, for the time of a test."""
    (tmp_path / "echo_shim.py").write_text(MODULE)
    info = tmp_path / "echo_shim-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: echo-shim\nVersion: 1\n"
    )
    (info / "entry_points.txt").write_text(
        "[langchain_unified.shims]\necho = echo_shim:EchoShim\n"
    )
    (tmp_path / "echo.toml").write_text(TABLE)
    monkeypatch.syspath_prepend(tmp_path)
    forget_packages()
    yield
    sys.modules.pop("echo_shim", None)
    forget_packages()


@pytest.fixture
def registry() -> Registry:
    """Return the registry that everybody has, made after the installation."""
    return Registry()


@pytest.mark.usefixtures("installed")
async def test_a_third_party_provider_works_on_every_face(registry: Registry) -> None:
    """The class behind the entry point answers on all faces and in the service."""
    llm = UnifiedChatModel(
        model="echo-1",
        temperature=0.5,
        max_tokens=9,
        stop=["END"],
        registry=registry,
        providers={"echo": {"base_url": "there: "}},
    )
    message = llm.invoke("hi END ho")
    pieces = "".join(piece.text for piece in llm.stream("one two"))
    apieces = "".join([piece.text async for piece in llm.astream("one two")])
    result = await UnifiedInferenceService(llm).generate_text("hi")

    assert "there: hi " == message.text
    assert {"heat": 0.5, "most": 9} == message.response_metadata["body"]
    assert "onetwo" == pieces == apieces
    assert ("there: hi", "echo-1", "echo") == (
        result.text,
        result.model_used,
        result.provider,
    )


@pytest.mark.usefixtures("installed")
def test_a_call_can_switch_to_it(registry: Registry) -> None:
    """A model made for another provider switches to the new one per call."""
    llm = UnifiedChatModel(model="gpt-4o", api_key="sk-secret", registry=registry)

    assert "hi" == llm.invoke("hi", model="echo-1").text


@pytest.mark.usefixtures("installed")
def test_its_rows_are_read_without_its_code() -> None:
    """Resolving a name, its own too, imports nothing of the package."""
    config = Registry().resolve("echo-1")

    assert ("echo", "exact") == (config.provider, config.match)
    assert "echo_shim" not in sys.modules


def test_rows_that_cannot_be_read_harm_nobody(
    installed: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken file of another package is logged; the shipped models are there."""
    (tmp_path / "echo.toml").write_text(TABLE + "frobnicate = 1\n")

    assert "exact" == Registry().resolve("gpt-4o").match
    assert "frobnicate" in caplog.text


def test_without_the_package_the_error_says_what_to_install() -> None:
    """A provider in the registry without a shim names the entry point group."""
    load_shim.cache_clear()
    table = load(parse_toml(TABLE), "echo.toml")
    registry = Registry({**load_shipped(), "echo": table})
    llm = UnifiedChatModel(model="echo-1", registry=registry)
    with pytest.raises(ProviderNotEnabledError, match=r"langchain_unified\.shims"):
        llm.invoke("hi")
