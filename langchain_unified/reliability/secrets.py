"""Keeping keys out of what people see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from langchain_unified.errors import InvalidParameterError

MASK = "**REDACTED**"
_SHORTEST_KEY = 8

_HARMLESS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
        "user-agent",
    }
)


def mask_headers(request: Any) -> None:
    """Mask what may be a secret in the headers of a request that was sent.

    Errors carry their request; logs, error trackers and pickles would carry its key.

    Args:
        request: A request of `httpx` or `httpx2`, or anything else.
    """
    headers = getattr(request, "headers", None)
    if headers is None:
        return
    for name in list(headers):
        if not _is_harmless(name):
            headers[name] = MASK


def _is_harmless(name: str) -> bool:
    plain = name.lower()
    return plain in _HARMLESS or plain.startswith("x-stainless-")


def mask_error(error: BaseException | None) -> None:
    """Mask what may be a secret in the requests that an error and its causes carry."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        fields = vars(error)
        response = fields.get("response")
        for holder in (fields, getattr(response, "__dict__", {})):
            for name in ("request", "_request", "next_request"):
                mask_headers(holder.get(name))
        error = error.__cause__ or error.__context__


def masked_url(url: Any) -> str:
    """Return a URL without the password in it, with or without a scheme.

    Example:
        >>> masked_url("https://me:secret@host/v1")
        'https://**REDACTED**@host/v1'
    """
    return _CREDENTIALS.sub(rf"\1{MASK}@", str(url), count=1)


_CREDENTIALS = re.compile(r"^([a-z][a-z0-9+.-]*://)?[^/?#]*@", re.IGNORECASE)
_WITH_PASSWORD = re.compile(
    r"^([a-z][a-z0-9+.-]*://)?[^/?#@\s]*:[^/?#\s]*@", re.IGNORECASE
)


def without_passwords(value: Any) -> Any:
    """Return settings with the password of each URL in them masked.

    Args:
        value: Plain data: mappings, lists, texts; anything else is returned as it is.
    """
    if isinstance(value, str):
        return masked_url(value) if _WITH_PASSWORD.match(value) else value
    if isinstance(value, Mapping):
        return {key: without_passwords(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_passwords(item) for item in value]
    return value


def hide_keys(error: BaseException, request: Any) -> None:
    """Take the secrets of a request out of what an error and its causes say.

    Servers repeat a key that they refuse, a gateway in full.

    Args:
        error: What was raised for the answer.
        request: The request as it was sent, with its headers.
    """
    keys = sorted(set(_secrets_of(request)), key=len, reverse=True)
    found: BaseException | None = error
    seen: set[int] = set()
    while keys and found is not None and id(found) not in seen:
        seen.add(id(found))
        found.args = tuple(_hidden(found.args, keys))
        for name in ("message", "body", "error", "details"):
            if vars(found).get(name) is not None:
                vars(found)[name] = _hidden(vars(found)[name], keys)
        found = found.__cause__ or found.__context__


def _secrets_of(request: Any) -> Iterator[str]:
    """Yield the values of headers that may be secret; a scheme is no part of one."""
    for name, value in getattr(request, "headers", {}).items():
        secret = value.rpartition(" ")[2]
        if not _is_harmless(name) and len(secret) >= _SHORTEST_KEY and secret != MASK:
            yield secret


def _hidden(value: Any, keys: list[str]) -> Any:
    if isinstance(value, str):
        for key in keys:
            value = value.replace(key, MASK)
        return value
    if isinstance(value, dict):
        return {name: _hidden(item, keys) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_hidden(item, keys) for item in value]
    return value


def check_url(name: str, url: Any) -> None:
    """Refuse what is no URL, and credentials in one, which logs would show.

    Raises:
        InvalidParameterError: If it cannot be read, or has a user name or a password.
    """
    try:
        parts = urlsplit(url or "")
        username = parts.username
        if "[" in parts.netloc:  # Python checks it itself from 3.11.4 on
            ip_address(str(parts.hostname).partition("%")[0])
    except (ValueError, TypeError, AttributeError):
        accepted = "give an address, for example 'https://host/v1'."
        raise InvalidParameterError(name, "**********", accepted) from None
    if username is not None:
        accepted = "give the credentials as api_key or default_headers instead."
        raise InvalidParameterError(name, masked_url(url), accepted)
