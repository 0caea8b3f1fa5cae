"""Thought signatures."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import google_refuse
from langchain_unified.testing.signing import issue, subject_of

if TYPE_CHECKING:
    from langchain_unified.testing.gemini_api.call import GeminiCall

SENTINEL = "skip_thought_signature_validator"
SUBJECT = "google_genai"


def check_signatures(call: GeminiCall) -> None:
    """Refuse foreign signatures, and a missing one in the current turn."""
    for content in call.contents:
        for part in content.get("parts") or []:
            if "thoughtSignature" in part:
                _check_signature(call, part["thoughtSignature"])
    if call.rules.thought_signatures == "required":
        _check_current_turn(call)


def sign(seed: str) -> str:
    """Issue a thought signature."""
    return issue(SUBJECT, seed)


def turn_start(contents: list[dict[str, Any]]) -> int:
    """Return the index of the user content that began the current turn."""
    for index in range(len(contents) - 1, -1, -1):
        content = contents[index]
        parts = content.get("parts") or []
        own = any("functionResponse" not in part for part in parts)
        if content.get("role", "user") == "user" and own:
            return index
    return 0


def _check_signature(call: GeminiCall, signature: str) -> None:
    if call.rules.thought_signatures == "rejected":
        google_refuse("Corrupted thought signature.")
    if call.settings.accept_foreign_tokens or _is_sentinel(signature):
        return
    if subject_of(signature) != SUBJECT:
        google_refuse("Corrupted thought signature.")


def _is_sentinel(signature: str) -> bool:
    if signature == SENTINEL:
        return True
    plain = signature.translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain + "==") == SENTINEL.encode()
    except (binascii.Error, ValueError):
        return False


def _check_current_turn(call: GeminiCall) -> None:
    start = turn_start(call.contents)
    for index, content in enumerate(call.contents[start:], start + 1):
        made = [part for part in content.get("parts") or [] if "functionCall" in part]
        if made and not made[0].get("thoughtSignature"):
            name = made[0]["functionCall"].get("name")
            google_refuse(
                "Function call is missing a thought_signature in functionCall parts. "
                "This is required for tools to work correctly, and missing "
                "thought_signature may lead to degraded model performance. Additional "
                f"data, function call `default_api:{name}` , position {index}. Please "
                "refer to https://ai.google.dev/gemini-api/docs/thought-signatures for "
                "more details."
            )
