"""The list of Gemini models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import google_refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_unified.testing.rules import ModelRules
    from langchain_unified.testing.settings import Settings

_PAGE = 50


def list_models(settings: Settings, query: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of the models."""
    models = settings.books["google_genai"].models.values()
    listed = [rules for rules in models if rules.exists and rules.listed]
    size = _whole(query, "pageSize", _PAGE) or _PAGE
    start = _whole(query, "pageToken", 0)
    page = {"models": [_row(rules) for rules in listed[start : start + size]]}
    if start + size < len(listed):
        return {**page, "nextPageToken": str(start + size)}
    return page


def get_model(settings: Settings, name: str) -> dict[str, Any]:
    """Return one model.

    Raises:
        RefusalError: 404 if there is no such model.
    """
    rules = settings.books["google_genai"].models.get(name)
    if rules is None or not rules.exists:
        google_refuse(f"Model is not found: models/{name}", 404)
    return _row(rules)


def _row(rules: ModelRules) -> dict[str, Any]:
    callable_here = "generateContent" in rules.endpoints
    methods = ["generateContent", "countTokens"] if callable_here else rules.endpoints
    row = {
        "name": f"models/{rules.id}",
        "version": "001",
        "displayName": rules.id.replace("-", " ").title(),
        "description": "An emulated model.",
        "inputTokenLimit": rules.context_window,
        "outputTokenLimit": rules.max_output_tokens,
        "supportedGenerationMethods": list(methods),
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": rules.max_temperature,
    }
    return {**row, "thinking": True} if rules.reasoning else row


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(query.get(name) or default)
    except ValueError:
        google_refuse(f"Invalid value at '{name}' (TYPE_INT32)")
