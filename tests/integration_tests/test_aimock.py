"""LangChain's standard integration tests against a mock server that is not ours.

Install it with `npm install --prefix .venv @copilotkit/aimock`; it is looked for there
and on the path.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests

from langchain_unified import UnifiedChatModel

HERE = Path(__file__).parent
PLACES = (Path(sys.prefix) / "node_modules" / ".bin", os.environ.get("PATH", ""))
MOCK = shutil.which("llmock", path=os.pathsep.join(map(str, PLACES)))
NEEDS = "aimock is missing: npm install --prefix .venv @copilotkit/aimock"
SECONDS = 20

pytestmark = pytest.mark.skipif(MOCK is None, reason=NEEDS)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server listens.

    Raises:
        RuntimeError: If it does not.
    """
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    message = "aimock does not listen"
    raise RuntimeError(message)


@pytest.fixture(scope="module")
def mock_url() -> Iterator[str]:
    port = _free_port()
    fixtures = str(HERE / "aimock_fixtures.json")
    command = [str(MOCK), "--port", str(port), "--fixtures", fixtures]
    process = subprocess.Popen([*command, "--log-level", "silent"])  # noqa: S603
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(SECONDS)


class OnMock(ChatModelIntegrationTests):
    """The standard tests of one model on the mock."""

    name = "gpt-4o"

    @pytest.fixture(autouse=True)
    def _address(self, mock_url: str) -> None:
        self.url = mock_url

    @pytest.fixture
    def model(self, request: Any, _address: None) -> BaseChatModel:
        extra = getattr(request, "param", {})
        return UnifiedChatModel(**self.chat_model_params, **extra)

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return UnifiedChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": self.name, "api_key": "k", "base_url": self.url}

    @property
    def model_override_value(self) -> str:
        return "another/model:free"

    @property
    def supports_json_mode(self) -> bool:
        return True


class TestPatched(OnMock):
    """A model that does not reason, on chat completions."""


class TestDirect(OnMock):
    """A reasoning model, called with the SDK directly."""

    name = "o3-mini"


class TestUnknown(OnMock):
    """A name that only the server knows."""

    name = "vendor/some-model:free"
