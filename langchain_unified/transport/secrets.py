"""Keeping keys out of what people see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit

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
_PLAIN_QUERY = frozenset({"", "$alt", "alt", "api-version", "beta"})
"""Query parameters whose values are no secret: Azure's, Google's and Anthropic's."""


def mask_request(request: Any) -> None:
    """Mask what may be a secret in the headers and the address of a request.

    The request is the one that was sent, of the class the SDK has for it.

    Args:
        request: A request of `httpx` or `httpx2`, or anything else.
    """
    headers: Any = getattr(request, "headers", None)
    for name in list(headers or ()):
        if not _is_harmless(name):
            headers[name] = MASK
    query = _query_of(request)
    masked = [(name, value if name in _PLAIN_QUERY else MASK) for name, value in query]
    if masked != query:
        packed = urlencode(masked, safe="*").encode()
        request.url = request.url.copy_with(query=packed)


def conceal(error: BaseException | None) -> None:
    """Take the secrets of requests out of what an error, and all behind it, shows.

    Errors carry their request, and servers repeat a key that they refuse, a gateway in
    full: logs, error trackers and pickles would carry it on. The objects stay those of
    the SDK.

    Args:
        error: What was raised, with its causes.
    """
    errors = list(_chain(error, set()))
    requests = [request for one in errors for request in _requests_of(one)]
    secrets = {secret for request in requests for secret in _secrets_of(request)}
    keys = sorted(secrets, key=len, reverse=True)
    for one in errors if keys else ():
        fields = getattr(one, "__dict__", {})
        one.args = _hidden(one.args, keys)
        told = ("message", "body", "error", "details", "reason")
        fields.update({k: _hidden(fields[k], keys) for k in told if k in fields})
    for request in requests:
        mask_request(request)


def _chain(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        yield from _chain(error.__cause__, seen)
        error = error.__context__


def _requests_of(error: BaseException) -> Iterator[Any]:
    """Yield the requests that an error carries, redirected ones among them."""
    found = getattr(error, "__dict__", {})
    response = found.get("response")
    for holder in (error, response, *getattr(response, "history", ())):
        fields = getattr(holder, "__dict__", {})
        for name in ("request", "_request", "next_request"):
            if fields.get(name) is not None:
                yield fields[name]


def _secrets_of(request: Any) -> Iterator[str]:
    """Yield what may be secret in a request; a scheme is no part of a key."""
    for name, value in _query_of(request):
        if name not in _PLAIN_QUERY and _is_long(value):
            yield from {value, quote(value), quote_plus(value)}
    for name, value in getattr(request, "headers", {}).items():
        secret = value.rpartition(" ")[2]
        if not _is_harmless(name) and _is_long(secret):
            yield secret


def _is_long(secret: str) -> bool:
    """Tell whether a text is long enough to be a key, and not to be a word."""
    return len(secret) >= _SHORTEST_KEY and secret != MASK


def _query_of(request: Any) -> list[tuple[str, str]]:
    url = str(getattr(request, "url", ""))
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def _hidden(value: Any, keys: list[str]) -> Any:
    if isinstance(value, str):
        for key in keys:
            value = value.replace(key, MASK)
        return value
    if isinstance(value, dict):
        return {name: _hidden(item, keys) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        hidden = [_hidden(item, keys) for item in value]
        return hidden if isinstance(value, list) else tuple(hidden)
    return value


def _is_harmless(name: str) -> bool:
    plain = name.lower()
    return plain in _HARMLESS or plain.startswith("x-stainless-")


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
