"""Provider files of other packages, found without importing the packages."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_unified.data import parse_toml, provider_files

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

SHIMS = "langchain_unified.shims"
"""The entry point group in which a package offers a shim under its provider id."""

_LOG = logging.getLogger("langchain_unified")


class Installed(NamedTuple):
    """A provider that a package offers.

    Attributes:
        provider: Provider id.
        path: Where its rows are.
        table: What stands there.
    """

    provider: str
    path: Path
    table: dict[str, Any]


@lru_cache(maxsize=1)
def shipped_ids() -> frozenset[str]:
    """Return the ids of the providers that come with this package."""
    return frozenset(name.removesuffix(".toml") for name in provider_files())


@lru_cache(maxsize=1)
def installed() -> tuple[Installed, ...]:
    """Return what installed packages offer, in the order of their ids.

    The rows are `<provider id>.toml` beside the module that the entry point names. A
    file that cannot be read is logged and left out, and so is a package that offers a
    provider of ours: installing one never changes what other names mean.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow to import

    entries = sorted(entry_points(group=SHIMS), key=lambda entry: entry.name)
    found: dict[str, Installed] = {}
    for entry in entries:
        if entry.name in shipped_ids():
            reason = "it is a provider of langchain-unified itself"
            _LOG.warning("%r of %s is ignored: %s", entry.name, entry.value, reason)
        elif entry.name not in found and (one := _read(entry)) is not None:
            found[entry.name] = one
    return tuple(found.values())


def _read(entry: EntryPoint) -> Installed | None:
    from importlib.util import find_spec  # noqa: PLC0415 - slow to import

    try:
        spec = find_spec(entry.module)
        if spec is None or spec.origin is None:
            return None
        path = Path(spec.origin).with_name(f"{entry.name}.toml")
        if not path.is_file():
            return None
        table = parse_toml(path.read_text(encoding="utf-8"))
    except (ImportError, OSError, ValueError) as error:
        _LOG.warning("The rows of provider %r are ignored: %s", entry.name, error)
        return None
    return Installed(entry.name, path, table)
