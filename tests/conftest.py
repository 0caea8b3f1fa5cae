"""Fixtures for all tests: no keys from the environment, a model on the emulator."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel, reliability
from langchain_unified.testing import ProviderEmulator

KEY_VARIABLES = (
    "OPENAI_API_KEY",
    "OPENAI_API_BASE",
    "OPENAI_BASE_URL",
    "GOOGLE_API_KEY",
    "GEMINI_API_KEY",
    "ANTHROPIC_API_KEY",
    "AZURE_OPENAI_API_KEY",
)


# No list of models that somebody on this machine kept counts in a test.
os.environ.setdefault("LANGCHAIN_UNIFIED_CACHE", tempfile.mkdtemp(prefix="lists-"))

# Children of the tests share what they compile of the package: half of their start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

AUTHORITY = Path(__file__).with_name("authority.pem")
"""The certificate of an authority that signed nothing."""

STRICT_UPSTREAM = "UPSTREAM_BLOCKS"
"""Set it to `1` to have differences from other catalogues fail the run."""


@pytest.fixture(autouse=True, scope="session")
def _keep_clients_of_chat_openai() -> None:
    """Keep every client that `ChatOpenAI` makes until the process ends.

    It caches them by address and drops the oldest after 128, where the suite's servers
    have 200 addresses. A dropped client is collected with connections of loops that are
    closed, and the warning blames whichever test runs then (langchain-openai 1.7.0).
    """
    module = importlib.import_module("langchain_openai.chat_models._client_utils")
    name = "_cached_async_httpx_client"
    setattr(module, name, lru_cache(maxsize=None)(getattr(module, name).__wrapped__))


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave other packages' suites out of a run of all tests; `-m foreign` runs them.

    So does naming their folder. `.ci/run` has a step for them.
    """
    named = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    if config.option.markexpr or named != [Path(__file__).parent]:
        return
    foreign = [item for item in items if item.get_closest_marker("foreign")]
    items[:] = [item for item in items if not item.get_closest_marker("foreign")]
    config.hook.pytest_deselected(items=foreign)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Report what changed because somebody else released something, and go on."""
    report = yield
    if (
        report.failed
        and item.get_closest_marker("upstream")
        and os.environ.get(STRICT_UPSTREAM) != "1"
    ):
        report.outcome = "skipped"
        report.wasxfail = "somebody else's release differs; see the nightly run"
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show what is reported without blocking, in full."""
    for report in terminalreporter.stats.get("xfailed", ()):
        if "somebody else" in report.wasxfail:
            terminalreporter.write_sep("_", f"upstream differs: {report.nodeid}")
            terminalreporter.write_line(report.longreprtext)


@pytest.fixture(autouse=True)
def _no_keys(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the keys of whoever runs the tests out of them.

    Nor are the world's authorities read where nothing leaves the machine: a client of
    ChatOpenAI takes 35 ms to read them (httpx 0.28, 2026-11-28).
    """
    for name in KEY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    if not any(map(request.node.get_closest_marker, ("live", "foreign", "upstream"))):
        monkeypatch.setenv("SSL_CERT_FILE", str(AUTHORITY))


@pytest.fixture
def _quick_retries() -> Iterator[None]:
    """Wait no more than a moment before a call is tried again."""
    before = reliability.configure(first_wait=0.02, longest_wait=0.05)
    yield
    reliability.configure(before)


@pytest.fixture
def model(
    provider_emulator: ProviderEmulator,
) -> Callable[..., UnifiedChatModel]:
    """Return a factory of models that talk to the emulator."""

    def make(model: str = "gpt-4o", **settings: Any) -> UnifiedChatModel:
        return UnifiedChatModel(
            model=model, providers=connections(provider_emulator), **settings
        )

    return make


def connections(emulator: ProviderEmulator) -> dict[str, dict[str, Any]]:
    """Return connection settings for the emulator."""
    return {
        "openai": {
            "api_key": "sk-test",
            "base_url": emulator.openai_base_url,
            "prices": "openai",
            "profile": "openai",
        },
        "google_genai": {
            "api_key": "test",
            "base_url": emulator.google_base_url,
            "prices": "google_genai",
        },
        "anthropic": {
            "api_key": "test",
            "base_url": emulator.anthropic_base_url,
            "prices": "anthropic",
        },
        "ollama": {"base_url": emulator.ollama_base_url},
        "azure_openai": {
            "api_key": "test",
            "azure_endpoint": emulator.azure_endpoint,
            "api_version": "2025-04-01-preview",
            "deployments": emulator.azure_deployments,
            "prices": "azure_openai",
        },
    }


def pytest_report_header() -> str:
    """Say how to repeat the drawn cases of this run."""
    from tests.unit_tests import test_property

    return f"property cases: PROPERTY_SEED={test_property.SEED}"
