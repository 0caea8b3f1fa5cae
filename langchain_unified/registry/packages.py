"""Provider files of other packages: beside the module that holds the shim."""

from __future__ import annotations

import logging
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from langchain_unified.data import parse_toml
from langchain_unified.errors import RegistryError
from langchain_unified.registry.loader import load, load_shipped
from langchain_unified.registry.schema import ProviderFile

SHIMS = "langchain_unified.shims"
"""The entry point group in which a package offers a shim under its provider id."""

_LOG = logging.getLogger("langchain_unified")


def load_installed() -> dict[str, ProviderFile]:
    """Return the shipped provider files and those of installed packages, by id.

    A package that offers a shim in the entry point group `langchain_unified.shims`
    ships its rows as `<provider id>.toml` in the folder of the shim's module. A file
    that cannot be read is logged and left out.
    """
    return {**_installed(), **load_shipped()}


@lru_cache(maxsize=1)
def _installed() -> dict[str, ProviderFile]:
    found = (_read(entry) for entry in entry_points(group=SHIMS))
    return {file.provider.id: file for file in found if file is not None}


def _read(entry: EntryPoint) -> ProviderFile | None:
    try:
        spec = find_spec(entry.module)
        if spec is None or spec.origin is None:
            return None
        path = Path(spec.origin).with_name(f"{entry.name}.toml")
        if not path.is_file():
            return None
        return load(parse_toml(path.read_text(encoding="utf-8")), str(path))
    except (ImportError, OSError, RegistryError, ValueError) as error:
        _LOG.warning("The rows of provider %r are left out: %s", entry.name, error)
        return None
