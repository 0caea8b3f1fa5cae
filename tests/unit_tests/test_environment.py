"""Variables of the environment, read when `ChatOpenAI` reads them, to the same end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_openai import ChatOpenAI
from platformdirs import user_cache_path

from langchain_unified import UnifiedChatModel
from langchain_unified.settings.environment import cache_folder
from langchain_unified.testing import ProviderEmulator

CLASSES = [ChatOpenAI, UnifiedChatModel]
URL = "OPENAI_BASE_URL"


@pytest.fixture
def other() -> Iterator[ProviderEmulator]:
    """Return a second server."""
    with ProviderEmulator() as emulator:
        yield emulator


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch, provider_emulator: ProviderEmulator
) -> pytest.MonkeyPatch:
    """Return an environment with a key and the address of the emulator."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv(URL, provider_emulator.openai_base_url)
    return monkeypatch


@pytest.mark.parametrize("cls", CLASSES)
def test_a_changed_address_moves_no_model(
    cls: Any,
    environment: pytest.MonkeyPatch,
    provider_emulator: ProviderEmulator,
    other: ProviderEmulator,
) -> None:
    """A model asks the server it was made for, whatever the variable says later."""
    llm: Any = cls(model="gpt-4o", max_retries=0)
    environment.setenv(URL, other.openai_base_url)

    llm.invoke("hi")
    llm.temperature = 0.5
    llm.model_copy(update={"seed": 1}).invoke("hi")

    assert 2 == len(provider_emulator.requests)
    assert [] == other.requests


@pytest.mark.parametrize("cls", CLASSES)
def test_an_address_that_is_gone_is_kept(
    cls: Any, environment: pytest.MonkeyPatch, provider_emulator: ProviderEmulator
) -> None:
    """A model made with a variable needs it no more."""
    llm: Any = cls(model="gpt-4o", max_retries=0)
    environment.delenv(URL)

    llm.invoke("hi")

    assert 1 == len(provider_emulator.requests)


@pytest.mark.parametrize("variable", ["OPENAI_API_BASE", URL])
def test_an_address_that_comes_later_is_not_read(
    monkeypatch: pytest.MonkeyPatch, other: ProviderEmulator, variable: str
) -> None:
    """A model made for OpenAI is not moved to the server of a later variable."""
    llm = UnifiedChatModel(model="gpt-4o", api_key="k")
    monkeypatch.setenv(variable, other.openai_base_url)

    assert "https://api.openai.com/v1" == str(llm.root_client.base_url).rstrip("/")


@pytest.mark.parametrize("cls", CLASSES)
def test_an_empty_variable_is_none(
    cls: Any, environment: pytest.MonkeyPatch, provider_emulator: ProviderEmulator
) -> None:
    """What is empty says nothing, and the next variable is asked."""
    for name in ("OPENAI_API_BASE", "OPENAI_ORG_ID"):
        environment.setenv(name, "")
    environment.setenv("OPENAI_ORGANIZATION", "o")

    llm: Any = cls(model="gpt-4o", max_retries=0)
    llm.invoke("hi")

    assert (None, "o") == (llm.openai_api_base, llm.openai_organization)
    assert "o" == provider_emulator.requests[-1].headers["openai-organization"]


@pytest.mark.parametrize("cls", CLASSES)
def test_each_project_has_its_requests(
    cls: Any, environment: pytest.MonkeyPatch, provider_emulator: ProviderEmulator
) -> None:
    """Models with equal settings do not share a client made for another project."""
    told = []
    for project in ("one", "two", None):
        if project:
            environment.setenv("OPENAI_PROJECT_ID", project)
        else:
            environment.delenv("OPENAI_PROJECT_ID")
        cls(model="gpt-4o", max_retries=0).invoke("hi")
        told.append(provider_emulator.requests[-1].headers.get("openai-project"))

    assert ["one", "two", None] == told


@pytest.mark.parametrize("cls", CLASSES)
def test_a_key_given_as_none_is_that_of_the_environment(
    cls: Any, environment: pytest.MonkeyPatch
) -> None:
    """`api_key=None` is a key that was not given."""
    environment.setenv("OPENAI_API_KEY", "told")

    assert "told" == cls(api_key=None).openai_api_key.get_secret_value()


@pytest.mark.parametrize("base", [None, "", " ", "/var/cache/me", "~/kept"])
def test_lists_are_kept_where_the_platform_keeps_them(
    monkeypatch: pytest.MonkeyPatch, base: str | None
) -> None:
    """The folder is the one that other programs of the user's keep such files in."""
    monkeypatch.delenv("LANGCHAIN_UNIFIED_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if base is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", base)
    usual = user_cache_path("langchain-unified", appauthor=False)

    assert usual.expanduser() == cache_folder()
