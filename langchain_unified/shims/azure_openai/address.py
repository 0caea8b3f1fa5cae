"""Azure OpenAI's addresses: the resource, and which of its APIs is meant.

The portal shows a resource's endpoint, its v1 address (`.../openai/v1/`) and the whole
target of a deployment (`.../openai/deployments/<name>/chat/completions?api-version=`).
All of them are read here (Zackriya-Solutions/meetily#364, read 2026-11-27).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from langchain_unified.connection.servers import Place
from langchain_unified.data.connections import facts_of
from langchain_unified.types import CHAT_ONLY

ENDPOINT_VARIABLE, VERSION_VARIABLE = "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"

_OPENAI = re.compile(r"/openai(?=/|$)")
_V1_VERSIONS = frozenset({"v1", "latest", "preview"})


class AzureAddress(NamedTuple):
    """An address of a resource, taken apart.

    Attributes:
        root: The address of the resource, without `/openai` and what comes after.
        is_v1: Whether the v1 API is addressed.
        is_dated: Whether a deployment under a dated API version is addressed.
        api_version: The API version in the query, if there is one.

    Example:
        >>> AzureAddress.read("https://r.openai.azure.com/openai/v1/").root
        'https://r.openai.azure.com'
    """

    root: str
    is_v1: bool = False
    is_dated: bool = False
    api_version: str | None = None

    @classmethod
    def read(cls, url: object) -> AzureAddress:
        """Return what an address says."""
        parts = urlsplit(str(url).strip())
        found = _OPENAI.search(parts.path)
        head = parts.path[: found.start()] if found else parts.path
        rest = parts.path[found.end() :] if found else ""
        root = f"{parts.scheme}://{parts.netloc}{head}".rstrip("/")
        version = next(iter(parse_qs(parts.query).get("api-version", ())), None)
        dated = rest.startswith("/deployments")
        return cls(root, rest == "/v1" or rest.startswith("/v1/"), dated, version)


def api_version_of(get: Callable[[str], Any]) -> str | None:
    """Return the dated API version a connection calls; `None` for the v1 API.

    Args:
        get: Returns a connection setting, `None` if it is not set.
    """
    url = get("base_url") or get("azure_endpoint") or os.environ.get(ENDPOINT_VARIABLE)
    address = AzureAddress.read(url) if url else AzureAddress("")
    if get("base_url") and not address.is_dated:
        return None
    in_environment = None if address.is_v1 else os.environ.get(VERSION_VARIABLE)
    found = get("api_version") or address.api_version or in_environment
    return str(found) if found and found not in _V1_VERSIONS else None


def serves_responses(version: str | None) -> bool:
    """Tell whether an API version serves Responses; the v1 API does."""
    return version is None or version >= facts_of("azure_openai").responses_since


def place_of(get: Callable[[str], Any], url: Any) -> Place:
    """Return where a resource is called; see `langchain_unified.connection.Place`.

    Args:
        get: Returns a connection setting, `None` if it is not set.
        url: The address that was given, or that stands in the environment.
    """
    given = url if get("base_url") else get("azure_endpoint") or url
    platform = "" if serves_responses(api_version_of(get)) else CHAT_ONLY
    return Place(AzureAddress.read(given).root if given else None, platform)
