"""The model that produced a reply, and whether the call's model is the same."""

from __future__ import annotations

import re

from langchain_core.messages import AIMessage

from langchain_unified.content import RECORD
from langchain_unified.types import ModelConfig

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
    """Return the name that identifies a provider's own replies.

    Vertex AI and the Gemini Developer API refuse each other's thought signatures
    (pydantic-ai, seen live 2026-10-27).
    """
    return f"{provider}@{platform}" if platform else provider


def is_own(producer: tuple[str, str], provider: str, model: str) -> bool:
    """Tell whether a producer is the call's model, ignoring snapshots.

    Example:
        >>> is_own(("openai", "gpt-4o-2024-08-06"), "openai", "gpt-4o")
        True
    """
    made_by, name = producer
    return _is_at(made_by, provider) and _plain(name) == _plain(model)


def _is_at(made_by: str, provider: str) -> bool:
    """Tell whether a reply may be from a place: one that names none may be.

    A reply of ChatOpenAI's says `openai`, whatever server gave it.
    """
    name, _, place = provider.partition("@")
    return made_by == provider or ("://" in place and made_by == name)


def gave(server: str, producer: tuple[str, str]) -> bool:
    """Tell whether a user's own server may have produced a reply.

    Args:
        server: Its address.
        producer: Provider and model of the reply. One that says nothing of where it is
            from is the user's own word.

    Example:
        >>> gave("http://a/v1", ("openai@http://b/v1", "m"))
        False
    """
    return producer[0] in {"", "openai", maker("openai", server)}


def takes_back(config: ModelConfig) -> bool:
    """Tell whether a server accepts its own extra fields when sent back.

    DeepSeek wants its reasoning back within a tool loop (langchain-ai/langchain#37390).
    """
    return bool(config.server) and bool(config.features.get("takes_back_fields", True))


def _plain(model: str) -> str:
    name = model.casefold().rpartition("/")[2]
    return _SNAPSHOT.sub("", name)
