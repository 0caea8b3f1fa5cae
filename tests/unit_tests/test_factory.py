"""`init_chat_model`: LangChain's function, with `UnifiedChatModel` where it can be."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from langchain.chat_models import init_chat_model as theirs
from langchain_core.tools import tool
from pydantic import BaseModel

from langchain_unified import UnifiedChatModel, init_chat_model
from langchain_unified.testing import ProviderEmulator


@tool
def weather(city: str) -> str:
    """Return the weather in a city."""
    return f"sunny in {city}"


class City(BaseModel):
    """A city."""

    name: str


@pytest.fixture
def at(
    provider_emulator: ProviderEmulator, monkeypatch: pytest.MonkeyPatch
) -> ProviderEmulator:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("GOOGLE_API_KEY", "none")
    monkeypatch.setenv("OPENAI_BASE_URL", provider_emulator.openai_base_url)
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", provider_emulator.google_base_url)
    return provider_emulator


def test_the_signature_is_langchains() -> None:
    """Code that calls LangChain's function calls this one alike."""
    mine, other = (inspect.signature(f).parameters for f in (init_chat_model, theirs))

    assert [*other] == [*mine]


NAMES: dict[str, tuple[dict[str, Any], str]] = {
    "prefix": ({"model": "openai:gpt-4o"}, "openai:gpt-4o"),
    "bare": ({"model": "gpt-4o"}, "openai:gpt-4o"),
    "provider": ({"model": "gpt-4o", "model_provider": "openai"}, "openai:gpt-4o"),
    "hyphen": (
        {"model": "gemini-2.5-flash", "model_provider": "google-genai"},
        "google_genai:gemini-2.5-flash",
    ),
    "gemini": ({"model": "gemini-2.5-flash"}, "google_genai:gemini-2.5-flash"),
    "claude": ({"model": "claude-opus-4-7"}, "anthropic:claude-opus-4-7"),
    "ollama": ({"model": "ollama:llama3:8b"}, "ollama:llama3:8b"),
}


@pytest.mark.parametrize("how", NAMES)
def test_names_of_providers_we_have(how: str) -> None:
    """Every way to name a model of ours gives `UnifiedChatModel`."""
    settings, name = NAMES[how]
    made = init_chat_model(**settings, temperature=0)

    assert isinstance(made, UnifiedChatModel)
    assert (name, 0) == (made.model_name, made.temperature)


def test_keywords_of_the_class_get_our_names() -> None:
    """A keyword of Gemini's or Anthropic's class is understood."""
    gemini = init_chat_model("google_genai:gemini-2.5-flash", max_output_tokens=5)
    claude = init_chat_model("anthropic:claude-opus-4-7", max_tokens_to_sample=6)

    assert (5, 6) == (gemini.max_tokens, claude.max_tokens)


def test_an_azure_deployment() -> None:
    """The deployment is called, the model's rules are used."""
    made = init_chat_model(
        "azure_openai:gpt-4o",
        azure_deployment="prod",
        azure_endpoint="https://x.openai.azure.com",
        api_version="2025-04-01-preview",
        api_key="none",
    )

    assert "azure_openai:prod" == made.model_name
    assert {"prod": "gpt-4o"} == made.providers["azure_openai"]["deployments"]


def test_names_of_other_providers_are_langchains(monkeypatch: Any) -> None:
    """What we do not have is made, or refused, by LangChain's own function."""
    with pytest.raises(ImportError, match="langchain-groq"):
        init_chat_model("groq:llama-3.1-8b-instant")
    with pytest.raises(ValueError, match="Unable to infer model provider"):
        init_chat_model("a-model-nobody-knows")


def test_a_model_object_is_refused() -> None:
    """A model that exists is used as it is."""
    with pytest.raises(TypeError, match="must be a name"):
        init_chat_model(UnifiedChatModel(model="gpt-4o"))  # type: ignore[arg-type]


def test_a_model_chosen_by_config(at: ProviderEmulator) -> None:
    """Without a name the config names model and provider, call by call."""
    chosen = init_chat_model(temperature=0)
    for name in ("gpt-4o", "google_genai:gemini-2.5-flash"):
        config = {"configurable": {"model": name}}
        assert chosen.invoke("hi", config=config).text
        assert name.split(":")[-1] in at.requests[-1].path or (
            name == at.requests[-1].body["model"]
        )


def test_no_model_is_named() -> None:
    """A call that names none says how to."""
    with pytest.raises(ValueError, match="configurable"):
        init_chat_model().invoke("hi")


def test_settings_not_declared_stay(at: ProviderEmulator) -> None:
    """An application's own keys change nothing."""
    chosen = init_chat_model(
        "openai:gpt-4o", temperature=0, configurable_fields=("model",)
    )
    chosen.invoke("hi", config={"configurable": {"temperature": 1, "thread_id": "t"}})

    assert 0 == at.requests[-1].body["temperature"]


def test_fields_under_a_prefix(at: ProviderEmulator) -> None:
    """A prefix keeps the fields of several models apart; a key may be a field too."""
    chosen = init_chat_model(
        "openai:gpt-4o",
        configurable_fields=("temperature", "user"),
        config_prefix="first",
    )
    config = {
        "configurable": {
            "first_temperature": 0.5,
            "first_user": "mine",
            "temperature": 1,
        }
    }
    chosen.invoke("hi", config=config)

    assert 0.5 == at.requests[-1].body["temperature"]
    assert "mine" == at.requests[-1].body["user"]


async def test_tools_and_schemas_are_kept_until_the_call(at: ProviderEmulator) -> None:
    """Tools and structured output are bound to whichever model is chosen."""
    chosen = init_chat_model("openai:gpt-4o", configurable_fields="any")
    settled = chosen.with_config(configurable={"temperature": 0}, tags=["t"])

    assert settled.bind_tools([weather]).invoke("Weather in Paris?").tool_calls
    assert 0 == at.requests[-1].body["temperature"]
    found = await chosen.with_structured_output(City).ainvoke("Paris")
    assert isinstance(found, City)
    assert "".join(c.text for c in settled.stream("hi"))
    assert "gpt-4o" in chosen.model_name
