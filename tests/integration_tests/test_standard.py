"""LangChain's standard integration tests, one model for each way a request is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator
from tests.conftest import connections

FILES = Path(__file__).parents[1] / "unit_tests" / "media" / "files"
KINDS = {".pdf": "answer.pdf", ".wav": "tone.wav", ".mp4": "blue.mp4"}


@pytest.fixture(autouse=True)
def _no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the standard tests small local files for the ones they would download."""

    def local(url: str, **_: Any) -> httpx.Response:
        name = next((f for end, f in KINDS.items() if url.endswith(end)), "blue.png")
        return httpx.Response(200, content=(FILES / name).read_bytes())

    monkeypatch.setattr(httpx, "get", local)
    monkeypatch.setenv("LANGCHAIN_TESTS_USER_AGENT", "langchain-unified tests")


class OnEmulator(ChatModelIntegrationTests):
    """The standard tests of one model on the emulator."""

    name = "gpt-4o"
    other = "gpt-4o-mini"

    @pytest.fixture(autouse=True)
    def _emulator(self, provider_emulator: ProviderEmulator) -> Iterator[None]:
        self.emulator = provider_emulator
        yield
        unexpected = [e.error for e in provider_emulator.errors]
        assert [] == unexpected

    @pytest.fixture
    def model(self, request: Any, _emulator: None) -> BaseChatModel:
        extra = getattr(request, "param", {})
        return UnifiedChatModel(**self.chat_model_params, **extra)

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return UnifiedChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": self.name, "providers": connections(self.emulator)}

    @property
    def model_override_value(self) -> str:
        return self.other

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return True

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_pdf_tool_message(self) -> bool:
        return True


class TestPatchedChat(OnEmulator):
    """A model that does not reason, on chat completions."""

    @property
    def supports_image_urls(self) -> bool:
        return False


class TestDirectChat(OnEmulator):
    """A reasoning model on chat completions."""

    name = "gpt-5.4"
    other = "gpt-6-luna"


class TestResponses(OnEmulator):
    """A reasoning model on Responses."""

    name = "gpt-6-sol"
    other = "gpt-5.4"


class TestGeminiBudget(OnEmulator):
    """A Gemini model with thinking budgets."""

    name = "gemini-2.5-flash"
    other = "gemini-2.5-pro"

    @property
    def supports_audio_inputs(self) -> bool:
        return True

    @property
    def supports_video_inputs(self) -> bool:
        return True


class TestGeminiLevel(OnEmulator):
    """A Gemini model with thinking levels."""

    name = "gemini-3.1-pro-preview"
    other = "gemini-2.5-flash"

    @property
    def supports_audio_inputs(self) -> bool:
        return True

    @property
    def supports_video_inputs(self) -> bool:
        return True
