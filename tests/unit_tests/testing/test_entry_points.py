"""The command line and the pytest plugin."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from langchain_unified.testing import ProviderEmulator
from langchain_unified.testing.__main__ import banner


def test_banner(emulator: ProviderEmulator):
    """The banner has both base URLs, ready to export."""
    lines = banner(emulator).splitlines()

    assert f"export OPENAI_BASE_URL={emulator.openai_base_url}" in lines
    assert f"export GOOGLE_GEMINI_BASE_URL={emulator.google_base_url}" in lines


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Have children notice SIGINT: a shell's background jobs are begun without."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_command_line(tmp_path: Path):
    """The command serves and records until it is interrupted."""
    record, rules = tmp_path / "sent.jsonl", tmp_path / "rules.json"
    rules.write_text(json.dumps([{"id": "acme"}]))
    command = [sys.executable, "-m", "langchain_unified.testing"]
    options = ["--record", str(record), "--rules", str(rules)]
    with subprocess.Popen(  # noqa: S603
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        url = running.stdout.readline().split()[-1]
        asked = urllib.request.Request(  # noqa: S310
            f"{url}/models/acme", headers={"authorization": "Bearer k"}
        )
        with urllib.request.urlopen(asked) as reply:  # noqa: S310
            found = json.load(reply)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=10)

    assert found["id"] == "acme"
    assert json.loads(record.read_text())["path"] == "/v1/models/acme"
    assert (running.returncode, errors) == (0, "")


def test_fixture(tmp_path: Path):
    """The plugin gives a running emulator to a test."""
    (tmp_path / "test_it.py").write_text(
        "import urllib.error, urllib.request\n"
        "def test_it(provider_emulator):\n"
        "    try:\n"
        "        url = provider_emulator.openai_base_url + '/models'\n"
        "        urllib.request.urlopen(url)\n"
        "    except urllib.error.HTTPError as error:\n"
        "        error.close()\n"
        "        assert error.code == 401\n"
        "    assert len(provider_emulator.errors) == 1\n"
    )
    settings = tmp_path / "pytest.ini"
    settings.write_text("[pytest]\n")
    plugin = "langchain_unified.testing.pytest_plugin"
    options = ["-p", plugin, "-W", "error", "-q", "-c", str(settings)]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )

    assert "1 passed" in done.stdout, done.stdout
