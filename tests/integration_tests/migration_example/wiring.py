"""The one file of the application that the migration changes: how it is put together.

Each function is a step; the flag does the rest.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from openai import DefaultAsyncHttpxClient

from langchain_unified import LangChainCompatibilityService, UnifiedInferenceService
from langchain_unified.rollout import Rollout, RolloutEvent, async_capture_hooks
from tests.integration_tests.migration_example.old_service import LangChainService


def before(model: str, **settings: Any) -> LangChainService:
    """Return the service as it was."""
    return LangChainService(model, **settings)


def beside(
    model: str, rollout: Rollout, *, details: bool = False, **settings: Any
) -> LangChainCompatibilityService:
    """Return both services behind one flag; the old one answers until it says so.

    The old service gets an HTTP client with hooks, so that a shadow run compares what
    it really sends.
    """
    client = DefaultAsyncHttpxClient(event_hooks=async_capture_hooks())
    old = LangChainService(model, http_async_client=client, **settings)
    new = UnifiedInferenceService(model=model, **settings)
    return LangChainCompatibilityService(
        new, legacy=old, rollout=rollout, details=details
    )


def after(model: str, rollout: Rollout, **settings: Any) -> Any:
    """Return the new service alone, when the flag has said `unified` for long enough.

    `legacy` is then the plain ChatOpenAI inside the new service.
    """
    new = UnifiedInferenceService(model=model, rollout=rollout, **settings)
    return LangChainCompatibilityService(new)


def counting(counts: Counter[str]) -> Any:
    """Return an `on_event` that counts what happens to the flag for `/metrics`."""

    def on_event(event: RolloutEvent) -> None:
        counts[f'rollout_events_total{{kind="{event.kind}",mode="{event.mode}"}}'] += 1

    return on_event
