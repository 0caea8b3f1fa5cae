"""The HTTP package that the OpenAI SDK rides on, and what its clients are made of."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import openai

from langchain_unified.shims.openai.keepalive import socket_options
from langchain_unified.transport import package_of


@lru_cache(maxsize=1)
def http_package() -> ModuleType:
    """Return the module `httpx` (openai 2) or `httpx2` (openai 3).

    Raises:
        RuntimeError: If the SDK rides on another package.
    """
    found = package_of(openai.DefaultHttpxClient)
    if found is None:
        message = "this version of the openai package uses an unknown HTTP package"
        raise RuntimeError(message)
    return found


def response_class() -> Any:
    """Return the class of HTTP responses that the SDK hands on when asked for it."""
    return http_package().Response


def http_settings(given: Any, proxy: str | None) -> dict[str, Any]:
    """Return what the transports of a connection are made of.

    Args:
        given: `http_socket_options` as the user gave them; `None` for the defaults of
            `ChatOpenAI`.
        proxy: URL of a proxy for every call; `None` to read the environment.
    """
    settings = {
        "limits": openai.DEFAULT_CONNECTION_LIMITS,
        "socket_options": list(socket_options(given)),
    }
    return {**settings, "proxy": proxy} if proxy else settings
