"""The HTTP package that the OpenAI SDK rides on, and what its clients are made of."""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import ModuleType
from typing import Any

import openai

from langchain_unified.transport import package_of

SocketOption = tuple[int, int, int]
"""Level, name and value, as `socket.setsockopt` takes them."""

_LOGGER = logging.getLogger(__name__)
_PREFIX = "LANGCHAIN_OPENAI_TCP_"
_DEFAULTS = {"KEEPIDLE": 60, "KEEPINTVL": 10, "KEEPCNT": 3, "USER_TIMEOUT_MS": 120_000}
# Python names these constants on the platforms that have them; Linux's are Linux's
# `tcp.h`, macOS's idle time is `TCP_KEEPALIVE` there.
_NAMES = {
    "linux": {"KEEPIDLE": 4, "KEEPINTVL": 5, "KEEPCNT": 6, "USER_TIMEOUT_MS": 18},
    "darwin": {"KEEPIDLE": 0x10, "KEEPINTVL": 0x101, "KEEPCNT": 0x102},
}


def socket_options(given: Iterable[SocketOption] | None) -> tuple[SocketOption, ...]:
    """Return the options of a connection's sockets.

    Args:
        given: The options to set; `None` for the defaults, none if it is empty.
    """
    if given is not None:
        return tuple(given)
    if os.environ.get(f"{_PREFIX}KEEPALIVE", "1") == "0":
        return ()
    return tuple(_accepted(_defaults()))


def _defaults() -> Iterator[SocketOption]:
    yield socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1
    for name, number in _NAMES.get(sys.platform, {}).items():
        yield socket.IPPROTO_TCP, number, _seconds(name)


def _seconds(name: str) -> int:
    said, usual = os.environ.get(_PREFIX + name), _DEFAULTS[name]
    if said is None:
        return usual
    if said.strip().isdecimal():
        return int(said)
    _LOGGER.warning("%s%s=%r is not a number; %d is used.", _PREFIX, name, said, usual)
    return usual


def _accepted(options: Iterable[SocketOption]) -> Iterator[SocketOption]:
    """Yield the options this platform knows, tried on a socket that connects nowhere.

    Where no socket may be made at all, they are yielded untried.
    """
    wanted = tuple(options)
    try:
        probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, RuntimeError):  # RuntimeError: pytest-socket refuses sockets
        yield from wanted
        return
    with probe:
        yield from (option for option in wanted if _takes(probe, option))


def _takes(probe: socket.socket, option: SocketOption) -> bool:
    try:
        probe.setsockopt(*option)
    except OSError:
        _LOGGER.debug("Socket option %s is not known on this system.", option)
        return False
    return True


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
