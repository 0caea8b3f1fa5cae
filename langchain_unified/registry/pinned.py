"""Files of rows at a URL, pinned by their hash: what is kept of them on disk.

They are fetched when somebody asks, by `langchain_unified.discovery.fetch_rows`, and
never at import or during a call.
"""

from __future__ import annotations

import hmac
import logging
import os
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from langchain_unified.errors import RegistryError, UnifiedError
from langchain_unified.settings.environment import cache_folder

ROWS_VARIABLE = "LANGCHAIN_UNIFIED_ROWS"
"""Environment variable that names files of rows at URLs, separated by spaces."""

_LOG = logging.getLogger("langchain_unified")
_PIN = re.compile(r"sha256=([0-9a-f]{64})", re.IGNORECASE)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Pinned(NamedTuple):
    """A file of rows at a URL.

    Attributes:
        url: Where it is.
        digest: The SHA-256 of its bytes, in lower case.
    """

    url: str
    digest: str

    @property
    def shown(self) -> str:
        """The URL without what may be a secret: credentials and query."""
        return _without_secrets(self.url)

    @property
    def name(self) -> str:
        """The name of the file that it is kept in.

        Each edition has a file of its own: processes that pin another one, older or
        newer, keep theirs.
        """
        place = sha256(self.url.encode()).hexdigest()
        return f"rows-{place[:16]}-{self.digest[:16]}.toml"

    def kept(self, folder: str | Path | None = None) -> Path | None:
        """Return the file that it is kept in, if that is the one pinned."""
        path = (Path(folder).expanduser() if folder else cache_folder()) / self.name
        try:
            right = self.matches(path.read_bytes())
        except OSError:
            right = False
        return path if right else None

    def matches(self, data: bytes) -> bool:
        """Tell whether some bytes are those of the file."""
        return hmac.compare_digest(sha256(data).hexdigest(), self.digest)


def read_pinned(address: str) -> Pinned:
    """Read a URL with a hash, as pip has them.

    Raises:
        RegistryError: If it has no hash, or is not at an https address.

    Example:
        >>> read_pinned("https://rows.example.com/models.toml#sha256=" + 64 * "0").url
        'https://rows.example.com/models.toml'
    """
    url, _, fragment = address.strip().partition("#")
    pin = _PIN.fullmatch(fragment)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        message = f"The URL of a file of rows is not valid: {error}."
        raise RegistryError(message) from None
    shown = _without_secrets(url)
    is_here = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (is_here or parts.scheme == "https"):
        message = f"{shown!r} is not the https URL of a file of rows."
        raise RegistryError(message)
    if pin is None:
        message = (
            f"{shown} is not pinned: write {shown}#sha256=<64 hexadecimal digits>, "
            "as `sha256sum` prints them for the file."
        )
        raise RegistryError(message)
    return Pinned(url, pin.group(1).lower())


def _without_secrets(url: str) -> str:
    """Return a URL without credentials and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def load_kept(load: Callable[[Path], object]) -> None:
    """Lay over the registry what was fetched of the files that the environment names.

    Without them calls are made by the rows that are there, so nothing is raised: what
    is missing, cannot be read, or is not what was pinned is logged.

    Args:
        load: Lays a file of rows over the registry.
    """
    for address in os.environ.get(ROWS_VARIABLE, "").split():
        try:
            _load(address, load)
        except (UnifiedError, UnicodeError) as error:  # noqa: PERF203 - few addresses
            _LOG.error("Rows named in %s are ignored: %s", ROWS_VARIABLE, error)


def _load(address: str, load: Callable[[Path], object]) -> None:
    pinned = read_pinned(address)
    path = pinned.kept()
    if path is not None:
        load(path)
        return
    said = "The rows of %s are not cached; run: langchain-unified refresh --rows"
    _LOG.warning(said, pinned.shown)
