"""Who produced a reply, and whether the model of the call is the same."""

from __future__ import annotations

import re

from langchain_core.messages import AIMessage

from langchain_unified.content import RECORD

UNKNOWN = ("", "")
"""The producer of a message that carries no stamp."""

# Dated and numbered ids of one model: gpt-4o-2024-08-06, gemini-2.0-flash-001,
# claude-sonnet-4-5-20250929.
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|\d{3})$")


def producer(message: AIMessage) -> tuple[str, str]:
    """Return provider and model of a reply, or `UNKNOWN`.

    The record of this package goes before the stamps of LangChain's integrations
    (`model_provider`, `model_name`).
    """
    metadata = message.response_metadata
    record = metadata.get(RECORD)
    if isinstance(record, dict) and record.get("model"):
        provider, platform = record.get("provider") or "", record.get("platform") or ""
        return maker(str(provider), str(platform)), str(record["model"])
    provider = metadata.get("model_provider")
    model = metadata.get("model_name") or metadata.get("model")
    return (str(provider), str(model)) if provider and model else UNKNOWN


def maker(provider: str, platform: str) -> str:
    """Return the name under which a provider's replies are its own.

    Vertex AI and the Gemini Developer API refuse each other's thought signatures
    (pydantic-ai, seen live 2026-10-27).
    """
    return f"{provider}@{platform}" if platform else provider


def is_own(producer: tuple[str, str], provider: str, model: str) -> bool:
    """Tell whether a producer is the model of the call, snapshots apart.

    Example:
        >>> is_own(("openai", "gpt-4o-2024-08-06"), "openai", "gpt-4o")
        True
    """
    made_by, name = producer
    return made_by == provider and _plain(name) == _plain(model)


def _plain(model: str) -> str:
    name = model.casefold().rpartition("/")[2]
    return _SNAPSHOT.sub("", name)
