"""The table on the page about content: what becomes of each form on each wire."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator
from tests.unit_tests.media.forms import table

SNAPSHOT = Path(__file__).parent / "table.md"
PAGE = Path(__file__).parents[3] / "notebooks" / "content.md"
BEGIN, END = "<!-- multimodal table -->\n\n", "\n<!-- end of multimodal table -->"
SHOWN = (
    "Block",
    "---",
    "image, base64",
    "image, url",
    "audio, base64",
    "video, base64",
    "file (PDF), base64",
    "file (PDF), url",
    "file (text), base64",
    "media (Gemini), gs://",
)
"""The rows people ask for; older and provider's own forms are read alike."""


def test_the_table_is_up_to_date(
    model: Callable[..., UnifiedChatModel], provider_emulator: ProviderEmulator
) -> None:
    """Every block form is sent or refused as the table says; UPDATE=1 rewrites it."""
    found = table(model("gpt-4o"), provider_emulator)
    if os.environ.get("UPDATE"):
        SNAPSHOT.write_text(found, encoding="utf-8")

    assert SNAPSHOT.read_text(encoding="utf-8") == found


def short(full: str) -> str:
    """Return the rows of the page, with the reasons in a word."""
    rows = [line for line in full.splitlines() if line.split("|")[1].strip() in SHOWN]
    return "".join(f"|{'|'.join(map(_cell, row.split('|')[1:-1]))}|\n" for row in rows)


def _cell(text: str) -> str:
    if "fetch_urls" in text:
        return " with `fetch_urls=True` "
    return " refused " if text.startswith(" refused") else text


def test_the_readme_shows_it() -> None:
    """The page's table is cut from the whole one; UPDATE=1 rewrites it."""
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    shown, tail = rest.split(END)
    wanted = short(SNAPSHOT.read_text(encoding="utf-8"))
    if os.environ.get("UPDATE"):
        PAGE.write_text(f"{head}{BEGIN}{wanted}{END}{tail}", encoding="utf-8")
        shown = wanted

    assert shown == wanted
