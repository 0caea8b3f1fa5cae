"""The verdict of the moderation that a request may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall

_MODEL = "omni-moderation-latest"
_CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit"),
    *("illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent"),
    *("sexual", "sexual/minors", "violence", "violence/graphic"),
)


def moderation_of(call: OpenAICall) -> dict[str, Any] | None:
    """Return the verdict on input and output, None if none was asked for."""
    wanted = call.body.get("moderation")
    if wanted is None:
        return None
    result = {
        "categories": dict.fromkeys(_CATEGORIES, False),
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
        "category_scores": dict.fromkeys(_CATEGORIES, 1e-06),
        "flagged": False,
        "model": wanted.get("model") or _MODEL,
        "type": "moderation_result",
    }
    if call.on_chat:
        kind, model = "moderation_results", result["model"]
        result = {"model": model, "results": [result], "type": kind}
    return {"input": result, "output": result}
