"""The facts: TOML files here, and those of a provider in its folder.

The only places in the package where a model name is written. The rows of a provider are
`shims/<provider>/<provider>.toml`, as those of another package are `<provider>.toml`
beside the module of its shim.
"""

from __future__ import annotations

import datetime as dt
import sys
from importlib.machinery import SourceFileLoader
from importlib.resources import files
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.abc import Traversable


def read_toml(name: str) -> dict[str, Any]:
    """Return a data file of this folder as a dictionary."""
    return read_file(files(__name__).joinpath(name))


def read_rows(name: str) -> dict[str, Any]:
    """Return the rows of a provider as a dictionary.

    Args:
        name: Name of its file, such as `openai.toml`.
    """
    return read_file(_folders().joinpath(name.removesuffix(".toml"), name))


def read_file(file: Traversable) -> dict[str, Any]:
    """Return a TOML file of this package as a dictionary.

    What was parsed is kept as Python keeps what it compiles: in `__pycache__`, where
    that can be written, for as long as the file stays the same. Parsing all rows takes
    longer than a call (14 ms, Python 3.11, 2026-11-28).

    Args:
        file: The file; of one in an archive nothing is kept.
    """
    if not isinstance(file, Path):
        return parse_toml(file.read_text(encoding="utf-8"))
    code: Any = _Loader(file.stem, str(file)).get_code(file.stem)
    table: dict[str, Any] = eval(code, {"datetime": dt})  # noqa: S307 - our file
    return table


class _Loader(SourceFileLoader):
    """Compiles TOML to a literal."""

    def source_to_code(  # type: ignore[override]
        self, data: Any, path: Any, *, _optimize: int = -1
    ) -> CodeType:
        table = parse_toml(bytes(data).decode())
        code: CodeType = compile(repr(table), path, "eval", dont_inherit=True)
        return code


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
