"""The constructor takes what ChatOpenAI's takes, and keys stay with their provider."""

from __future__ import annotations

import copy
import pickle

import pytest
from langchain_openai import ChatOpenAI

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator

CLIENTS = {"client", "async_client", "root_client", "root_async_client"}


def _spellings(model: type) -> set[str]:
    fields = model.model_fields
    aliases = {field.alias for field in fields.values() if field.alias}
    return set(fields) | aliases


def test_every_keyword_of_chat_openai_is_taken() -> None:
    """No keyword or alias of ChatOpenAI is missing; upstream's new ones fail here."""
    missing = _spellings(ChatOpenAI) - _spellings(UnifiedChatModel) - CLIENTS

    assert set() == missing


def test_api_key_and_base_url_belong_to_the_provider_of_the_model(
    provider_emulator: ProviderEmulator,
) -> None:
    """Beside an explicit prefix, key and URL are that provider's, never OpenAI's."""
    llm = UnifiedChatModel(
        model="google_genai:gemini-2.5-flash",
        api_key="google-key",
        base_url=provider_emulator.google_base_url,
    )

    assert llm.openai_api_key is None
    assert llm.openai_api_base is None
    assert "hi" == llm.invoke("hi").text


def test_owned_keywords_go_to_their_owner() -> None:
    """`openai_*` is OpenAI's and `google_api_key` Google's, whatever the model."""
    llm = UnifiedChatModel(
        model="gemini-2.5-flash", openai_api_key="o", google_api_key="g"
    )

    assert "o" == llm._planning.wiring.connection("openai").secret()
    assert "g" == llm._planning.wiring.connection("google_genai").secret()


def test_keys_stay_with_their_provider(provider_emulator: ProviderEmulator) -> None:
    """Switching the model sends no provider another's key."""
    llm = UnifiedChatModel(
        model="gpt-4o",
        api_key="sk-openai-secret",
        base_url=provider_emulator.openai_base_url,
        organization="org-secret",
        default_headers={"x-team": "team-secret"},
        google_api_key="google-secret",
        providers={"google_genai": {"base_url": provider_emulator.google_base_url}},
    )
    llm.invoke("hi")
    llm.invoke("hi", model="gemini-2.5-flash")
    openai, google = provider_emulator.requests

    assert "team-secret" == openai.headers["x-team"]
    assert {"x-team", "openai-organization", "authorization"} & set(google.headers) == (
        set()
    )


def test_equal_connections_share_one_client(
    provider_emulator: ProviderEmulator,
) -> None:
    """Two model objects with equal connection settings use the same client."""
    settings = {"api_key": "k", "base_url": provider_emulator.openai_base_url}
    one = UnifiedChatModel(model="gpt-4o", **settings)
    two = UnifiedChatModel(model="gpt-5.4", temperature=0, **settings)

    assert one.router.runner.shim(one.explain()) is two.router.runner.shim(
        two.explain()
    )


def test_settings_can_be_changed_on_the_object(
    provider_emulator: ProviderEmulator,
) -> None:
    """A setting assigned to the model object holds for the next call."""
    llm = UnifiedChatModel(
        model="gpt-4o", api_key="k", base_url=provider_emulator.openai_base_url
    )
    llm.temperature = 0.5
    llm.invoke("hi")

    assert 0.5 == provider_emulator.requests[0].body["temperature"]


def test_gemini_keywords_are_taken_too() -> None:
    """Keywords of ChatGoogleGenerativeAI are settings here as well."""
    llm = UnifiedChatModel(
        model="gemini-2.5-flash", thinking_budget=512, include_thoughts=True
    )
    body = llm.explain().body["generationConfig"]["thinkingConfig"]

    assert {"thinkingBudget": 512, "includeThoughts": True} == body


def test_a_changed_environment_is_another_client(
    provider_emulator: ProviderEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model made after the environment changed calls the server it names now."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with ProviderEmulator() as other:
        answers = []
        for server in (other, provider_emulator):
            monkeypatch.setenv("OPENAI_BASE_URL", server.openai_base_url)
            answers.append((llm := UnifiedChatModel(model="gpt-4o"), llm.invoke("hi")))

        assert [1, 1] == [len(other.requests), len(provider_emulator.requests)]


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "model_copy": lambda llm: llm.model_copy(),
    "model_copy, deep": lambda llm: llm.model_copy(deep=True),
    "pydantic 1": lambda llm: llm.copy(),
    "pickle": lambda llm: pickle.loads(pickle.dumps(llm)),
}


@pytest.mark.filterwarnings("ignore:The `copy` method is deprecated")
@pytest.mark.parametrize("how", COPIES)
def test_a_copy_follows_its_own_settings(how: str) -> None:
    """A model that was used before it was copied has no say in what the copy sends."""
    llm = UnifiedChatModel(model="gpt-4o", temperature=0)
    llm.explain()
    copied = COPIES[how](llm)
    copied.temperature = 1
    copied.model_name = "gpt-6-sol"

    assert ("gpt-6-sol", "gpt-4o") == (copied.explain().model, llm.explain().model)
    assert 0 == llm.explain().body["temperature"]


def test_an_updated_copy_follows_the_update() -> None:
    """What `model_copy` changes takes effect, as for a model made anew."""
    llm = UnifiedChatModel(model="gpt-4o")
    llm.explain()

    assert "o3" == llm.model_copy(update={"model_name": "o3"}).explain().model


class WithTopK(UnifiedChatModel):
    """A model of an application's own, with one field more."""

    top_k: int | None = None


def test_a_field_named_like_a_setting_is_one() -> None:
    """A setting added in one place is shown, and sent as the model takes it."""
    llm = WithTopK(model="gemini-2.5-flash", top_k=7)
    changes = {change.parameter for change in llm.explain(model="o3").changes}

    assert {"topK": 7} == llm.explain().body["generationConfig"]
    assert {"topK": 9} == llm.explain(top_k=9).body["generationConfig"]
    assert 7 == llm._get_invocation_params()["top_k"]
    assert {"top_k"} == changes
