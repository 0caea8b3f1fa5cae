"""Data files are read once per installation, as Python's own source is."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

import langchain_unified
from langchain_unified.data import parse_toml, read_file

PACKAGE = Path(langchain_unified.__file__).parent
FILES = sorted(PACKAGE.rglob("*.toml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_says_what_its_text_says(file: Path) -> None:
    """What is kept of a file, dates included, is what TOML makes of it."""
    assert parse_toml(file.read_text("utf-8")) == read_file(file)


def test_no_module_has_the_name_of_a_data_file_beside_it() -> None:
    """Both would be kept under one name, each in the place of the other."""
    assert [] == [str(f) for f in FILES if f.with_suffix(".py").exists()]


def test_a_file_that_was_changed_is_read_again(tmp_path: Path) -> None:
    """What was kept holds for the file as it was."""
    file = tmp_path / "rows.toml"
    found = []
    for text in ("day = 2026-11-28", "day = 2027-01-01\nmore = [1, 2]"):
        file.write_text(text)
        found.append(_read_elsewhere(file))

    assert Path(cache_from_source(str(file))).is_file()
    assert [
        "{'day': datetime.date(2026, 11, 28)}",
        "{'day': datetime.date(2027, 1, 1), 'more': [1, 2]}",
    ] == found


def _read_elsewhere(file: Path) -> str:
    code = (
        "from pathlib import Path\nfrom langchain_unified.data import read_file\n"
        f"print(read_file(Path({str(file)!r})))"
    )
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=env,
        cwd=PACKAGE.parent,
    )
    return done.stdout.strip()
