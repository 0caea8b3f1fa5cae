"""The versions of other packages that work, as our metadata declares them.

Imports nothing that such a package could break.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ANY_VERSION_VARIABLE = "LANGCHAIN_UNIFIED_ANY_VERSION"
"""Set it to `1` to try versions that are not known to work."""

SHARED = ("langchain-core", "pydantic", "httpx", "httpcore", "anyio", "jiter")
"""Packages that every provider needs."""


class Problem(NamedTuple):
    """A package of a version that does not work.

    Attributes:
        package: Its name.
        found: The version installed.
        needed: The versions that work.
    """

    package: str
    found: str
    needed: str

    @property
    def sentence(self) -> str:
        """What is wrong, and what to type."""
        return (
            f"{self.package} {self.found} is installed, but langchain-unified needs "
            f'{self.needed}: pip install "{self.package}{self.needed}"'
        )


def first_problem(packages: Iterable[str]) -> Problem | None:
    """Return what stands in the way of a provider, unless the user wants to try.

    Args:
        packages: Names of distributions; one that is not installed is passed over.
    """
    if os.environ.get(ANY_VERSION_VARIABLE) == "1":
        return None
    return next(problems(packages), None)


def problems(packages: Iterable[str]) -> Iterator[Problem]:
    """Yield each installed package whose version does not work."""
    needed = _needed()
    for package in packages:
        try:
            found = version(package)
        except PackageNotFoundError:
            continue
        allowed = needed.get(canonicalize_name(package))
        if allowed is not None and not allowed.contains(found, prereleases=True):
            yield Problem(package, found, str(allowed))


@cache
def _needed() -> dict[str, SpecifierSet]:
    """Return the versions declared; nothing if this package is not installed."""
    try:
        declared = requires("langchain-unified") or ()
    except PackageNotFoundError:
        return {}
    found = map(Requirement, declared)
    return {canonicalize_name(one.name): one.specifier for one in found}
