"""The `provider_emulator` fixture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_unified.testing.emulator import ProviderEmulator

pytest.register_assert_rewrite("langchain_unified.testing.conformance")


@pytest.fixture
def provider_emulator() -> Iterator[ProviderEmulator]:
    """Run a strict loopback OpenAI and Gemini server for one test."""
    from langchain_unified.testing.emulator import ProviderEmulator  # noqa: PLC0415

    with ProviderEmulator() as emulator:
        yield emulator
