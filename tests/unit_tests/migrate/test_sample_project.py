"""A whole project: its own tests pass before and after the migration."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from langchain_unified.migrate import migrate_paths, revert_paths

SAMPLE = Path(__file__).parent / "sample_project"


def _own_tests(folder: Path) -> str:
    arguments = ["-q", "-p", "no:cacheprovider", "-W", "error", "check_chain.py"]
    arguments += [
        "-p",
        "langchain_unified.testing.pytest_plugin",
        "-p",
        "pytest_asyncio.plugin",
    ]
    result = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "pytest", *arguments],
        cwd=folder,
        # Plugins of this environment are none of the project's, and start slowly.
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert 0 == result.returncode, result.stdout + result.stderr
    return result.stdout


def test_own_tests_pass_after_the_migration(tmp_path: Path) -> None:
    """A migrated project does what it did, against the emulator."""
    folder = tmp_path / "project"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = _own_tests(folder)
    run = migrate_paths([folder])

    assert ["models.py"] == [file.path.name for file in run.of("changed")]
    assert "langchain_openai" not in (folder / "models.py").read_text()
    assert "3 passed" in before
    assert "3 passed" in _own_tests(folder)

    revert_paths([folder])

    assert (SAMPLE / "models.py").read_text() == (folder / "models.py").read_text()
