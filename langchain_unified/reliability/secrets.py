"""Keeping keys out of what people see."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from langchain_unified.errors import InvalidParameterError

MASK = "**REDACTED**"

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
        plain = name.lower()
        if plain not in _HARMLESS and not plain.startswith("x-stainless-"):
            headers[name] = MASK


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
    """Return a URL without the password in it.

    Example:
        >>> masked_url("https://me:secret@host/v1")
        'https://**REDACTED**@host/v1'
    """
    text = str(url)
    scheme, found, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    if not found or "@" not in authority:
        return text
    return f"{scheme}://{MASK}@{authority.rpartition('@')[2]}{slash}{path}"


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
