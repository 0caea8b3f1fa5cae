"""Provider files of other packages: beside the module that holds the shim."""

from __future__ import annotations

import logging
from functools import lru_cache

from langchain_unified.data.installed import Installed, installed
from langchain_unified.errors import RegistryError
from langchain_unified.registry.loader import load, load_shipped
from langchain_unified.registry.schema import ProviderFile

_LOG = logging.getLogger("langchain_unified")
_SHORTEST = 3
"""Fewest characters of the beginning of a name that a package may claim."""


def load_installed() -> dict[str, ProviderFile]:
    """Return the shipped provider files and those of installed packages, by id.

    A package that offers a shim in the entry point group `langchain_unified.shims`
    ships its rows as `<provider id>.toml` in the folder of the shim's module. A file
    that cannot be read is logged and left out. The shipped files come first: a name
    that they know means what it meant before.
    """
    shipped = load_shipped()
    return {**shipped, **{k: v for k, v in _installed().items() if k not in shipped}}


@lru_cache(maxsize=1)
def _installed() -> dict[str, ProviderFile]:
    found = ((one.provider, _checked(one)) for one in installed())
    return {provider: file for provider, file in found if file is not None}


def _checked(one: Installed) -> ProviderFile | None:
    try:
        file = load(one.table, str(one.path))
        _check_claims(one, file)
    except (RegistryError, ValueError) as error:
        _LOG.warning("The rows of provider %r are ignored: %s", one.provider, error)
        return None
    return file


def why_missing(provider: str) -> str:
    """Return why a provider has no rows, for whoever writes its package.

    Args:
        provider: Provider id.

    Example:
        >>> why_missing("acme")[:45]
        "No installed package provides provider 'acme'"
    """
    one = next((one for one in installed() if one.provider == provider), None)
    if one is None:
        return (
            f"No installed package provides provider {provider!r}: name its shim in "
            f"the entry points of pyproject.toml, put {provider}.toml beside the "
            "module of the shim, and install the package again."
        )
    try:
        _check_claims(one, load(one.table, str(one.path)))
    except (RegistryError, ValueError) as error:
        return f"The rows of provider {provider!r} are ignored: {error}"
    return f"The rows of provider {provider!r} exist, but not in this registry."


def _check_claims(one: Installed, file: ProviderFile) -> None:
    """Refuse an id that is not the entry point's, and prefixes of anything.

    Raises:
        RegistryError: If there is one.
    """
    own = file.provider.id
    if own != one.provider:
        text = f"{own!r} is not the name of the entry point, {one.provider!r}."
        raise _unreadable(one, "provider.id", text)
    for name, family in file.families.items():
        for prefix in family.prefixes:
            if len(prefix) < _SHORTEST:
                text = f"{prefix!r} is too short; give {_SHORTEST} characters or more."
                raise _unreadable(one, f"families.{name}.prefixes", text)


def _unreadable(one: Installed, place: str, text: str) -> RegistryError:
    return RegistryError(f"{one.path} cannot be read:\n  {place}: {text}")
