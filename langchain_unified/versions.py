"""The versions of other packages that work, as our metadata declares them.

Imports nothing that such a package could break.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import NamedTuple

from packaging.version import Version

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
            found = installed_version(package)
        except PackageNotFoundError:
            continue
        allowed = needed.get(package)
        if allowed is not None and not _is_within(Version(found), allowed):
            yield Problem(package, found, allowed)


def installed_version(package: str) -> str:
    """Return the version of an installed package.

    Raises:
        PackageNotFoundError: If it is not installed.
    """
    return _stated("Version", package)[0]


def _stated(field: str, package: str) -> list[str]:
    """Return what a package's metadata say under a name.

    `importlib.metadata` reads all of it as an e-mail, README included: 1 ms for this
    package, 0.2 ms for others (Python 3.11, 2026-11-28).
    """
    found = distribution(package)
    told = found.read_text("METADATA") or found.read_text("PKG-INFO") or ""
    head = told.partition("\n\n")[0]
    return re.findall(rf"^{field}: *(.*?)\s*$", head, re.MULTILINE)


_BOUND = re.compile(r"(>=|<)([^,\s)]+)")
_DECLARED = re.compile(r"([\w.-]+)[^<>;]*([^;]*)")


@cache
def _needed() -> dict[str, str]:
    """Return the versions declared; nothing if this package is not installed."""
    # `packaging.requirements` reads any requirement, but makes a new process a tenth
    # slower up to its first answer (measured 2026-11-28): besides its import, it is one
    # full garbage collection more. Ours have two kinds of bounds, which a test holds,
    # and langchain-core imports `packaging.version` anyway.
    try:
        declared = _stated("Requires-Dist", "langchain-unified")
    except PackageNotFoundError:
        return {}
    named = map(re.Match.groups, filter(None, map(_DECLARED.match, declared)))
    return {name.lower(): _range(told) for name, told in named}


def _range(told: str) -> str:
    return ",".join(sorted(map("".join, _BOUND.findall(told))))


def _is_within(found: Version, allowed: str) -> bool:
    """Tell whether a version is allowed; a pre-release of an upper bound is not."""
    bounds = _BOUND.findall(allowed)
    base = Version(found.base_version)
    return all(
        found >= Version(bound) if sign == ">=" else base < Version(bound)
        for sign, bound in bounds
    )
