"""Where Gemini is called: the Gemini Developer API, or Vertex AI."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from langchain_unified.connection.servers import Place

VERTEX = "vertexai"
"""Platform of models that are served on Vertex AI."""

_VARIABLE = "GOOGLE_GENAI_USE_VERTEXAI"
_SAID = {**dict.fromkeys(("true", "1", "yes"), True)}
_SAID |= dict.fromkeys(("false", "0", "no"), False)


def place_of(get: Callable[[str], Any], url: Any) -> Place:
    """Return where Gemini is called; see `langchain_unified.connection.Place`.

    Args:
        get: Returns a connection setting, `None` if it is not set.
        url: The address that was given.
    """
    if not on_vertex(get):
        return Place(url)
    return Place(url or _vertex_url(get("location")), VERTEX, has_account=True)


def on_vertex(get: Callable[[str], Any]) -> bool:
    """Tell whether Gemini is called on Vertex AI, as `ChatGoogleGenerativeAI` does.

    langchain-google-genai 4.4, read 2026-11-26.

    Args:
        get: Returns a connection setting, `None` if it is not set.
    """
    explicit = get("vertexai")
    if explicit is not None:
        return bool(explicit)
    said = _SAID.get(os.environ.get(_VARIABLE, "").lower())
    if said is not None:
        return said
    return bool(get("credentials") or get("project"))


def _vertex_url(location: Any) -> str:
    where = location or os.environ.get("GOOGLE_CLOUD_LOCATION")
    prefix = f"{where}-" if where and where != "global" else ""
    return f"https://{prefix}aiplatform.googleapis.com"
