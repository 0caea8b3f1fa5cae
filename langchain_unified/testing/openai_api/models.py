"""The list of OpenAI models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import refuse

if TYPE_CHECKING:
    from langchain_unified.testing.rules import ModelRules
    from langchain_unified.testing.settings import Settings

_CREATED = 1_700_000_000


def list_models(settings: Settings) -> dict[str, Any]:
    """Return all listed models, those past their shutdown date too."""
    book = settings.books["openai"]
    rows = [_row(rules) for rules in book.models.values() if _is_listed(rules)]
    return {"object": "list", "data": rows}


def get_model(settings: Settings, name: str) -> dict[str, Any]:
    """Return one model.

    Raises:
        RefusalError: 404 if there is no such model.
    """
    rules = settings.books["openai"].models.get(name)
    if rules is None or not rules.exists:
        refuse(
            f"The model '{name}' does not exist",
            param="model",
            code="model_not_found",
            status=404,
        )
    return _row(rules)


def _is_listed(rules: ModelRules) -> bool:
    return rules.exists and rules.listed


def _row(rules: ModelRules) -> dict[str, Any]:
    return {
        "id": rules.id,
        "object": "model",
        "created": _CREATED,
        "owned_by": "system",
        "shutdown_date": rules.shutdown_date,
    }
