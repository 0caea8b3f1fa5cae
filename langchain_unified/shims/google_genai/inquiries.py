"""What the API can be asked besides an answer: token counts and its models."""

from __future__ import annotations

import json
from typing import Any

from google.genai.types import Content, CountTokensConfig, Part
from langchain_core.messages import BaseMessage

from langchain_unified.shims.google_genai.delegate import PlannedChatGoogle
from langchain_unified.types import CallPlan

_PAGE = 1000


def count_tokens(
    delegate: PlannedChatGoogle, plan: CallPlan, messages: list[BaseMessage]
) -> int:
    """Return how many tokens the API counts.

    The Developer API counts contents only (google-genai 2.34.0 raises ValueError for
    a system instruction or tools), so those are counted as contents.

    Args:
        delegate: Keeper of the client.
        plan: The plan of the call.
        messages: Prepared messages.
    """
    request = delegate.request(plan, messages)
    config, contents = request["config"], list(request["contents"])
    asked = CountTokensConfig(http_options=config.http_options)
    if config.system_instruction is not None:
        contents.append(Content(role="user", parts=config.system_instruction.parts))
    if plan.body.get("tools"):
        told = json.dumps(plan.body["tools"], default=str)
        contents.append(Content(role="user", parts=[Part(text=told)]))
    counted = _client(delegate).models.count_tokens(
        model=plan.model, contents=contents, config=asked
    )
    return int(counted.total_tokens or 0)


def model_rows(delegate: PlannedChatGoogle) -> list[dict[str, Any]]:
    """Return all pages of ListModels as plain dictionaries."""
    found = _client(delegate).models.list(config={"page_size": _PAGE})
    return [_row(model) for model in found]


def _row(model: Any) -> dict[str, Any]:
    row: dict[str, Any] = model.model_dump(
        by_alias=True, exclude_none=True, mode="json"
    )
    actions = row.pop("supportedActions", None)
    return row if actions is None else {**row, "supportedGenerationMethods": actions}


def _client(delegate: PlannedChatGoogle) -> Any:
    return delegate.client
