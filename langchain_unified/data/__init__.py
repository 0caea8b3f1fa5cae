"""The facts: one TOML file per provider.

The only place in the package where a model name is written.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from typing import Any


def read_toml(name: str) -> dict[str, Any]:
    """Return a data file of this folder as a dictionary."""
    return parse_toml(files(__name__).joinpath(name).read_text(encoding="utf-8"))


def parse_toml(text: str) -> dict[str, Any]:
    """Return TOML text as a dictionary."""
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415
    else:
        import tomli as tomllib  # noqa: PLC0415

    return tomllib.loads(text)


def provider_files() -> tuple[str, ...]:
    """Return the names of the shipped provider files, sorted."""
    other = {
        "corrections.toml",
        "demo.toml",
        "init_chat_model.toml",
        "left_out.toml",
        "reviewed.toml",
        "servers.toml",
        "schemas.toml",
        "tracing.toml",
    }
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(n for n in names if n.endswith(".toml") and n not in other))
