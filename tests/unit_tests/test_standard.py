"""LangChain's standard unit tests."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.load import dumpd, load
from langchain_tests.unit_tests import ChatModelUnitTests

from langchain_unified import UnifiedChatModel


@pytest.fixture(autouse=True)
def _listed_for_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the class on langchain-core's list of classes `load` may make.

    `allowed_objects="all"` means the packages core names itself (langchain-core
    1.7.2, load/mapping.py), which a package of its own cannot join.
    """
    path = ("langchain_unified", "chat_model", "UnifiedChatModel")
    module = sys.modules["langchain_core.load.load"]
    monkeypatch.setitem(module.ALL_SERIALIZABLE_MAPPINGS, path, path)
    monkeypatch.setattr(module, "_default_class_paths_cache", {})


class TestUnifiedChatModelUnit(ChatModelUnitTests):
    """The contract of a LangChain chat model, without a network."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return UnifiedChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "gpt-4o", "api_key": "sk-test"}

    @property
    def init_from_env_params(
        self,
    ) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return (
            {"OPENAI_API_KEY": "api_key"},
            {"model": "gpt-4o"},
            {"openai_api_key": "api_key"},
        )

    @property
    def model_override_value(self) -> str:
        return "gpt-5.4"

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return True

    @property
    def supports_json_mode(self) -> bool:
        return True


@pytest.mark.filterwarnings("ignore:The function `load` is in beta")
def test_load_rebuilds_what_dumpd_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dumped model is rebuilt with its key taken from the environment."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    llm = UnifiedChatModel(model="gpt-4o", temperature=0.5, api_key="sk-env")
    dumped = dumpd(llm)
    loaded = load(
        dumped,
        allowed_objects=[UnifiedChatModel],
        valid_namespaces=["langchain_unified"],
        secrets_from_env=True,
    )

    assert "sk-env" not in str(dumped)
    assert llm.asdict() == loaded.asdict()
