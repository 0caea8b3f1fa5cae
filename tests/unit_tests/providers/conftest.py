"""A model with every provider switched on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator
from tests.unit_tests.providers.wiring import OFF, connections


@pytest.fixture
def enabled(provider_emulator: ProviderEmulator) -> Callable[..., UnifiedChatModel]:
    """Return a factory of models with every provider switched on."""

    def make(model: str = "gpt-4o", **settings: Any) -> UnifiedChatModel:
        providers = connections(provider_emulator)
        for name, own in settings.pop("providers", {}).items():
            providers[name] = {**providers[name], **own}
        return UnifiedChatModel(
            model=model, providers=providers, enable=list(OFF), **settings
        )

    return make
