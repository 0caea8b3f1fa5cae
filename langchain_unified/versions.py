"""The versions of other packages that work, as our metadata declares them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from langchain_unified.errors import UnsupportedVersionError

ANY_VERSION_VARIABLE = "LANGCHAIN_UNIFIED_ANY_VERSION"
"""Set it to `1` to try versions that are not known to work."""

SHARED = ("langchain-core", "pydantic")
"""Packages that every provider needs."""


def check_versions(packages: Iterable[str]) -> None:
    """Refuse installed versions that do not work.

    Args:
        packages: Names of distributions; one that is not installed is passed over.

    Raises:
        UnsupportedVersionError: For the first of a version that is not declared.
    """
    if os.environ.get(ANY_VERSION_VARIABLE) == "1":
        return
    for problem in unsupported(packages):
        raise problem


def unsupported(packages: Iterable[str]) -> Iterator[UnsupportedVersionError]:
    """Yield an error for each installed package whose version does not work."""
    needed = _needed()
    for package in packages:
        try:
            found = version(package)
        except PackageNotFoundError:
            continue
        allowed = needed.get(canonicalize_name(package))
        if allowed is not None and not allowed.contains(found, prereleases=True):
            yield UnsupportedVersionError(package, found, str(allowed))


@cache
def _needed() -> dict[str, SpecifierSet]:
    """Return the versions declared; nothing if this package is not installed."""
    try:
        declared = requires("langchain-unified") or ()
    except PackageNotFoundError:
        return {}
    found = map(Requirement, declared)
    return {canonicalize_name(one.name): one.specifier for one in found}
