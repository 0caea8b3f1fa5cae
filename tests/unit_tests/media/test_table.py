"""The table of the README: what becomes of each form of content on each wire."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator
from tests.unit_tests.media.forms import table

SNAPSHOT = Path(__file__).parent / "table.md"


def test_the_table_is_up_to_date(
    model: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """Every block form is sent or refused as the table says; UPDATE=1 rewrites it."""
    found = table(model("gpt-4o"), provider_emulator)
    if os.environ.get("UPDATE"):
        SNAPSHOT.write_text(found, encoding="utf-8")

    assert SNAPSHOT.read_text(encoding="utf-8") == found
