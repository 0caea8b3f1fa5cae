"""Fuzzing led by coverage, where atheris is installed."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HARNESS = "tests.integration_tests.fuzzing.parsers"
SEEDS = Path(__file__).parent / "fuzzing" / "seeds"


@pytest.mark.skipif(find_spec("atheris") is None, reason="pip install atheris")
def test_parsers(tmp_path: Path) -> None:
    """Bytes that reach new lines of the parsers raise only errors of ours."""
    options = ["-max_total_time=10", "-timeout=5", f"-artifact_prefix={tmp_path}/"]
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-m", HARNESS, str(tmp_path), str(SEEDS), *options],
        check=False,
        capture_output=True,
        text=True,
    )

    assert 0 == told.returncode, told.stderr[-2000:]
