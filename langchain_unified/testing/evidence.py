"""How each refusal is known."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from langchain_unified.testing.rules import load_fields

EVIDENCE = ("recorded", "documented", "inferred")
"""From the strongest to the weakest."""

_MANY = 1024


@lru_cache(maxsize=_MANY)
def evidence_of(message: str) -> str:
    """Return how a refusal is known, by its wording.

    Args:
        message: The message of the error.

    Returns:
        `recorded` if a recording of the real API has it, `documented` if a page of the
        provider or a body pasted by a user has it, otherwise `inferred`.
    """
    for pattern, evidence in _table():
        if pattern.match(message):
            return evidence
    return EVIDENCE[-1]


def is_strong_enough(message: str, strict: str) -> bool:
    """Tell whether a refusal is known well enough to be given.

    Args:
        message: The message of the error.
        strict: The weakest evidence that counts.
    """
    return EVIDENCE.index(evidence_of(message)) <= EVIDENCE.index(strict)


@cache
def _table() -> list[tuple[re.Pattern[str], str]]:
    """Return the wordings of `refusals_fields.json`, `*` standing for anything."""
    return [
        (_pattern(row["wording"]), row["evidence"])
        for row in load_fields("refusals")["refusals"]
    ]


def _pattern(wording: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in wording.split("*"))
    return re.compile(f"{'.*?'.join(parts)}$", re.DOTALL)
