"""Long work shows how far it is on a terminal, and writes nothing of it to a pipe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from langchain_unified.testing import ProviderEmulator

pty = pytest.importorskip("pty")  # A terminal of POSIX.

BATCH = """
from langchain_unified import UnifiedInferenceService
from langchain_unified.progress import show_progress

service = UnifiedInferenceService(model="gpt-4o")
with show_progress("Prompts") as bar:
    results = service.batch_text_sync(["a", "b", "c"], on_progress=bar)
print([result.text for result in results])
"""
CLI = "from langchain_unified.cli import main; main()"
CALLS = "from langchain_openai import ChatOpenAI\n\nllm = ChatOpenAI()\n"
COMMANDS = {
    "batch": (("-c", BATCH), "Prompts"),
    "migrate": (("-c", CLI, "migrate", ".", "--verify", "none"), "Files"),
    "refresh": (
        ("-c", CLI, "refresh", "--provider", "openai"),
        "Fetching the lists of models",
    ),
    "compare": (
        ("-c", CLI, "refresh", "--facts", "--provider", "openai"),
        "Comparing",
    ),
    "probe": (
        ("-c", CLI, "probe", "gpt-4o", "--yes"),
        "Calling gpt-4o",
    ),
    "verify": (
        (
            *("-c", CLI, "verify", "--provider", "openai"),
            *("--models", "gpt-4o", "--run"),
        ),
        "Calling gpt-4o",
    ),
}
"""By what takes long: how it is run, and the title of its progress."""


def environment(emulator: ProviderEmulator, home: Path) -> dict[str, str]:
    """Return an environment with the emulator in it, which asks for colours."""
    return {
        **{name: os.environ[name] for name in ("PATH",) if name in os.environ},
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_BASE_URL": emulator.openai_base_url,
        "FORCE_COLOR": "1",
        "TERM": "xterm-256color",
    }


def on_terminal(
    command: tuple[str, ...], settings: dict[str, str], folder: Path
) -> str:
    """Return what a command writes to a terminal by standard error."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(  # noqa: S603 - no shell, and nothing a user wrote
        [sys.executable, *command],
        env=settings,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 4096):
            written += piece
    except OSError:  # Linux says so when the other end is closed.
        pass
    finally:
        os.close(ours)
        running.wait()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode(errors="replace"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a module to migrate."""
    found = tmp_path / "project"
    found.mkdir()
    (found / "app.py").write_text(CALLS, encoding="utf-8")
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_a_terminal_shows_progress(
    name: str, provider_emulator: ProviderEmulator, folder: Path, tmp_path: Path
) -> None:
    """What is being done stands on the terminal while it is done."""
    command, title = COMMANDS[name]
    written = on_terminal(command, environment(provider_emulator, tmp_path), folder)

    assert title in written


# Whether a stream is a terminal is asked in one place, for the service and the CLI.
@pytest.mark.parametrize("name", ["batch", "verify"])
def test_a_pipe_gets_no_progress(
    name: str, provider_emulator: ProviderEmulator, folder: Path, tmp_path: Path
) -> None:
    """No title and no code of a terminal goes to a pipe, whatever colours say."""
    command, title = COMMANDS[name]
    done = subprocess.run(  # noqa: S603 - no shell, and nothing a user wrote
        [sys.executable, *command],
        env=environment(provider_emulator, tmp_path),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert title not in done.stdout + done.stderr
    assert "\x1b[?25l" not in done.stdout + done.stderr
