"""Shims found by their provider's id, and kept while they are in use."""

from __future__ import annotations

import importlib
import threading
import weakref
from collections import OrderedDict
from functools import cache
from importlib.metadata import entry_points

from langchain_unified.connection import Connection
from langchain_unified.data.installed import SHIMS, shipped_ids
from langchain_unified.errors import ProviderNotEnabledError, UnsupportedVersionError
from langchain_unified.registry import default_registry
from langchain_unified.runtime import Runtime, runtime
from langchain_unified.shims.base import ProviderShim
from langchain_unified.shims.foreign import translating
from langchain_unified.transport.proxies import check_environment
from langchain_unified.versions import SHARED, first_problem

_MOST_RECENT = 32
"""Shims kept although no model uses them: many an application makes a model per
request, and would open its connections anew each time."""


class _Shims:
    """The shims in use, and those used last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: weakref.WeakValueDictionary[Connection, ProviderShim] = (
            weakref.WeakValueDictionary()
        )
        self._recent: OrderedDict[Connection, ProviderShim] = OrderedDict()

    def get(self, connection: Connection, make: type[ProviderShim]) -> ProviderShim:
        """Return the shim of a connection, made if there is none."""
        dropped = None
        with self._lock:
            shim = self._used.get(connection)
            if shim is None:
                shim = self._used[connection] = make(connection)
            self._recent[connection] = shim
            self._recent.move_to_end(connection)
            if len(self._recent) > _MOST_RECENT:
                _, dropped = self._recent.popitem(last=False)
        del dropped  # It may close connections: not under the lock.
        return shim


def connect(connection: Connection, kept: Runtime = runtime) -> ProviderShim:
    """Return the shim of a connection; equal connections of a runtime share one.

    Raises:
        ProviderNotEnabledError: If there is no shim for the provider or its package
            is not installed.
    """
    return kept[_Shims].get(connection, load_shim(connection.provider))


@cache
def load_shim(provider: str) -> type[ProviderShim]:
    """Return the shim class of a provider.

    Raises:
        ProviderNotEnabledError: If there is none, or its package is not installed.
        UnsupportedVersionError: If a package it needs is of a version that fails.
    """
    offered = () if provider in shipped_ids() else entry_points(group=SHIMS)
    for entry in offered:
        if entry.name == provider:
            return translating(_check(provider, entry.load()))
    name = f"{__package__}.{provider}"
    file = default_registry().files.get(provider)
    needed = (*SHARED, *(file.provider.packages if file else ()))
    if problem := first_problem(needed):
        raise UnsupportedVersionError(*problem)
    try:
        module = importlib.import_module(f"{name}.shim")
    except ModuleNotFoundError as error:
        raise _not_available(
            provider, error, own=str(error.name).startswith(name)
        ) from error
    except ImportError:
        check_environment()  # The ollama package makes a client when it is imported.
        raise
    return _check(provider, module.SHIM)


def _check(provider: str, shim: object) -> type[ProviderShim]:
    if isinstance(shim, type) and issubclass(shim, ProviderShim):
        return shim
    msg = f"The shim of provider {provider!r} is not a ProviderShim subclass: {shim!r}."
    raise TypeError(msg)


def _not_available(
    provider: str, error: ModuleNotFoundError, *, own: bool
) -> ProviderNotEnabledError:
    if own:
        message = (
            f"There is no shim for provider {provider!r}. Install a package that "
            f"provides one in the entry point group 'langchain_unified.shims'."
        )
    else:
        message = (
            f"Provider {provider!r} needs the package of {error.name!r}, which is not "
            f'installed: pip install "{_distribution(provider)}"'
        )
    return ProviderNotEnabledError(provider, message)


def _distribution(provider: str) -> str:
    """Return what to install for a provider: the package, with an extra if any."""
    file = default_registry().files.get(provider)
    extra = file.provider.extra if file else None
    return f"langchain-unified[{extra}]" if extra else "langchain-unified"
