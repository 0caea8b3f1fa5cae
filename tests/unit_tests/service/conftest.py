from __future__ import annotations

from collections.abc import Callable

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.service import UnifiedInferenceService


@pytest.fixture
def service(model: Callable[..., UnifiedChatModel]) -> UnifiedInferenceService:
    """Return a service whose model talks to the emulator."""
    return UnifiedInferenceService(
        model("gpt-4o", temperature=0, configurable=("model",))
    )
