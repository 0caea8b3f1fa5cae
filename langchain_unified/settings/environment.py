"""What ChatOpenAI reads from its surroundings: variables."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

CHUNK_TIMEOUT = ("LANGCHAIN_OPENAI_STREAM_CHUNK_TIMEOUT_S", 120.0)
"""Variable and default of `stream_chunk_timeout` (langchain-openai 1.7.3)."""

URL_WHEN_MADE = "_openai_base_url"
"""Key of a model's `__dict__`: OPENAI_BASE_URL as it was when the model was made."""

FOLDER_VARIABLE = "LANGCHAIN_UNIFIED_CACHE"
"""Environment variable that names the folder of lists instead of the platform's."""

_FOLDER = "langchain-unified"
_LOG = logging.getLogger("langchain_unified")


def seconds_from_env(
    variable: str, default: float, *, instead_of: float | None = None
) -> float:
    """Return a number of seconds that the environment sets.

    Args:
        variable: The environment variable.
        default: The value if the variable is unset, no number or negative.
        instead_of: A value that was given and cannot be used, for the log.

    Example:
        >>> seconds_from_env("NOT_SET", 120.0)
        120.0
    """
    told = os.environ.get(variable)
    seconds = default if told is None else _seconds(told)
    found = default if seconds is None else seconds
    if instead_of is not None:
        _LOG.warning(_NO_SECONDS, "stream_chunk_timeout", instead_of, found)
    elif seconds is None:
        _LOG.warning(_NO_SECONDS, variable, told, found)
    return found


_NO_SECONDS = (
    "%s=%r is not a number of seconds from 0 (negative or no number); %s is used. For "
    "no limit, set it to 0."
)


def from_environment(*variables: str) -> str | None:
    """Return the first of some variables that holds something; an empty one does not.

    Args:
        *variables: Environment variables, the stronger first.

    Example:
        >>> from_environment("NOT_SET") is None
        True
    """
    return next(filter(None, map(os.environ.get, variables)), None)


def cache_folder() -> Path:
    """Return the folder where lists of models are kept; it may not exist."""
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named).expanduser()
    if sys.platform == "linux":
        # As the XDG base directory specification has it: every process comes by here,
        # and to import the package takes longer than a call.
        base = Path(os.environ.get("XDG_CACHE_HOME", ""))
        return (base if base.is_absolute() else Path.home() / ".cache") / _FOLDER
    from platformdirs import user_cache_path  # noqa: PLC0415

    return user_cache_path(_FOLDER, appauthor=False)


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if seconds >= 0 else None
