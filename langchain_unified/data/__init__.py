"""The facts: TOML files here, and those of a provider in its folder.

The only places in the package where a model name is written. The rows of a provider are
`shims/<provider>/<provider>.toml`, as those of another package are `<provider>.toml`
beside the module of its shim.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Traversable


def read_toml(name: str) -> dict[str, Any]:
    """Return a data file of this folder as a dictionary."""
    return parse_toml(files(__name__).joinpath(name).read_text(encoding="utf-8"))


def read_rows(name: str) -> dict[str, Any]:
    """Return the rows of a provider as a dictionary.

    Args:
        name: Name of its file, such as `openai.toml`.
    """
    file = _folders().joinpath(name.removesuffix(".toml"), name)
    return parse_toml(file.read_text(encoding="utf-8"))


def parse_toml(text: str) -> dict[str, Any]:
    """Return TOML text as a dictionary."""
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415
    else:
        import tomli as tomllib  # noqa: PLC0415

    return tomllib.loads(text)


def provider_files() -> tuple[str, ...]:
    """Return the names of the shipped provider files, sorted."""
    rows = (f.joinpath(f"{f.name}.toml") for f in _folders().iterdir())
    return tuple(sorted(file.name for file in rows if file.is_file()))


def _folders() -> Traversable:
    return files("langchain_unified").joinpath("shims")
