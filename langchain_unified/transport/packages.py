"""The HTTP packages an SDK can ride on: httpx, or httpx2, which has the same names."""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType
from typing import Any

_CORES = {"httpx": "httpcore", "httpx2": "httpcore2"}
PACKAGES = tuple(_CORES)


def package_of(kind: type[Any]) -> ModuleType | None:
    """Return the HTTP package that a class comes from or derives from.

    Args:
        kind: A class, for example the HTTP client class that an SDK offers.

    Returns:
        The module `httpx` or `httpx2`; `None` if the class is of neither.
    """
    for base in kind.__mro__:
        name = base.__module__.partition(".")[0]
        if name in _CORES:
            return importlib.import_module(name)
    return None


@cache
def core_of(http: ModuleType) -> ModuleType:
    """Return the package of connection pools below an HTTP package.

    Args:
        http: The module `httpx` or `httpx2`.
    """
    return importlib.import_module(_CORES[http.__name__])


@cache
def failures(http: ModuleType) -> tuple[type[Exception], ...]:
    """Return what httpcore raises; each has a counterpart of its name above it.

    Args:
        http: The module `httpx` or `httpx2`.
    """
    core = core_of(http)
    return (
        core.NetworkError,
        core.ProtocolError,
        core.ProxyError,
        core.TimeoutException,
        core.UnsupportedProtocol,
    )


def translated(error: Exception, http: ModuleType) -> Exception:
    """Return httpcore's exception as the nearest of its name in the HTTP package.

    Args:
        error: What httpcore raised.
        http: The module `httpx` or `httpx2`.
    """
    names = (base.__name__ for base in type(error).__mro__)
    kind = next(getattr(http, name) for name in names if hasattr(http, name))
    found: Exception = kind(str(error))
    return found
