"""Proxies named in the environment, as mounts of an HTTP client.

An HTTP client that is handed a transport no longer reads the environment, so it is read
here, in the way httpx 0.28 and httpx2 2.16 do (read 2026-11-27).
"""

from __future__ import annotations

import ipaddress
from importlib.util import find_spec
from types import ModuleType
from urllib.request import getproxies

from langchain_unified.errors import InvalidParameterError

_SCHEMES = ("http", "https", "all")


def environment_proxies(http: ModuleType) -> dict[str, str | None]:
    """Return the proxy of each URL pattern; `None` where none is to be used.

    `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are read in capitals and in
    small letters, and the settings of the system on Windows and macOS.

    Args:
        http: The module `httpx` or `httpx2`, whose patterns they are.

    Example:
        With `HTTPS_PROXY=http://proxy:8080` and `NO_PROXY=localhost`:

        ```python
        {"https://": "http://proxy:8080", "all://localhost": None}
        ```
    """
    found = getproxies()
    mounts: dict[str, str | None] = {
        f"{scheme}://": _with_scheme(found[scheme])
        for scheme in _SCHEMES
        if found.get(scheme)
    }
    excepted = [host.strip() for host in found.get("no", "").split(",")]
    if not mounts or "*" in excepted:
        return {}
    patterns = (_pattern(host) for host in excepted if host)
    return mounts | {one: None for one in patterns if _is_pattern(http, one)}


def check_proxy(url: str) -> None:
    """Refuse a SOCKS proxy where the package that speaks to it is missing.

    Args:
        url: URL of a proxy; no more than its scheme is shown.

    Raises:
        InvalidParameterError: If `socksio` is not installed.
    """
    scheme = url.partition("://")[0]
    if scheme.startswith("socks") and find_spec("socksio") is None:
        accepted = 'a SOCKS proxy needs an extra package: pip install "httpx[socks]"'
        raise InvalidParameterError("proxy", f"{scheme}://...", accepted)


def check_environment() -> None:
    """Refuse proxies of the environment that cannot be used; see `check_proxy`."""
    found = getproxies()
    for scheme in _SCHEMES:
        check_proxy(_with_scheme(found.get(scheme, "")))


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def _pattern(host: str) -> str:
    """Return the URL pattern of an entry of `NO_PROXY`."""
    if "://" in host:
        return host
    address, slash, bits = host.partition("/")
    kind = _address_kind(address)
    if kind == "ipv6":
        return f"all://[{address}]{slash}{bits}"
    if kind == "ipv4" or host.lower() == "localhost" or host.startswith(("[", "*.")):
        return f"all://{host}"
    return f"all://*{host}"


def _address_kind(host: str) -> str | None:
    try:
        return f"ipv{ipaddress.ip_address(host).version}"
    except ValueError:
        return None


def _is_pattern(http: ModuleType, pattern: str) -> bool:
    """Tell whether the HTTP package can read a pattern; others are left out."""
    try:
        http.URL(pattern)
    except http.InvalidURL:
        return False
    return True
