"""Names imported at their first use: those a package offers, and those of rows."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def exported(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package.

    Args:
        package: Its full name.
        homes: Module inside the package by the name that is found there.
    """

    def find(name: str) -> Any:
        if name not in homes:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        home = importlib.import_module(f"{package}.{homes[name]}")
        value = getattr(home, name)
        setattr(sys.modules[package], name, value)
        return value

    return find


def loaded(name: str) -> Any:
    """Return the object that rows name.

    Args:
        name: A module, a colon and the name of the object: `acme.wire:WIRE`.

    Raises:
        AttributeError: If the module has no such object.
        ImportError: If there is no such module.
    """
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)
