"""Thought signatures of function calls.

Gemini 3 and later refuse a function call in the current turn without the signature
they gave it (gemini_parameters.md, c 11). Calls made by other models have none; the
documented way is a sentinel that skips the check (ai.google.dev/gemini-api/docs/
thought-signatures, 2026-11-23). langchain-google-genai sets it only for models whose
name shows a version, so not for `gemini-flash-latest`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

SENTINEL = "skip_thought_signature_validator"
"""Stands for the signature of a function call that has none."""


def patch_signatures(contents: Iterable[Any]) -> None:
    """Give the first function call of each turn of the model a signature.

    Args:
        contents: The SDK's `Content` objects; they are changed.
    """
    for content in contents:
        calls = [part for part in content.parts or () if part.function_call]
        if content.role == "model" and calls and not calls[0].thought_signature:
            # As text, since the SDK encodes bytes; the field is not validated.
            calls[0].thought_signature = cast("bytes", SENTINEL)
