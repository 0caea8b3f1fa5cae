"""Fetching files of rows from URLs that the user names, when the user asks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from langchain_unified.discovery.refreshing import PATIENCE, within
from langchain_unified.errors import RegistryError, UnifiedError
from langchain_unified.learning.files import FileStore
from langchain_unified.registry.pinned import Pinned, read_pinned
from langchain_unified.settings.environment import cache_folder

if TYPE_CHECKING:
    from langchain_unified.registry import Registry

MAX_BYTES = 4 * 1024 * 1024
"""Most bytes of a file of rows; the shipped ones have some 200 kB together."""

_HOPS = 5


@dataclass(frozen=True, slots=True)
class FetchedRows:
    """A file of rows that was fetched.

    Attributes:
        url: Where it is from, without credentials and query.
        path: Where it is kept.
        models: The models it has rows of.
        seconds: How long it took.
        was_there: Whether it was kept before; nobody was asked then.
    """

    url: str
    path: Path
    models: tuple[str, ...]
    seconds: float
    was_there: bool = False


def fetch_rows(
    registry: Registry,
    address: str,
    *,
    folder: str | Path | None = None,
    timeout: float = PATIENCE,
) -> FetchedRows:
    """Fetch a file of rows, keep it for other processes and lay it over the rows.

    The hash pins the bytes, so that a file that is kept is not fetched again. Where
    anything is wrong, what was known and kept before stays as it was.

    Args:
        registry: The registry that gets the rows.
        address: The URL with the hash of the file: `https://.../rows.toml#sha256=...`.
        folder: Where files are kept; the platform's cache folder if left out.
        timeout: Seconds for all of it.

    Raises:
        RegistryError: If the file cannot be had in time, is too large, is not the one
            pinned, or has rows that cannot be read; or if the server redirects to
            another host.
    """
    pinned, started = read_pinned(address), time.monotonic()
    kept = pinned.kept(folder)
    data = kept.read_bytes() if kept else _fetched(pinned, timeout)
    models = _checked(pinned, data)
    path = kept or _keep(pinned, data, folder)
    registry.load(path)
    took = time.monotonic() - started
    return FetchedRows(pinned.shown, path, models, took, kept is not None)


def _fetched(pinned: Pinned, timeout: float) -> bytes:
    """Return the file that is pinned."""
    try:
        data = within(timeout, lambda: _download(pinned, timeout))
    except TimeoutError:
        raise _failed(
            pinned, f"the download took more than {timeout:g} seconds"
        ) from None
    if not pinned.matches(data):
        raise _failed(pinned, "its SHA-256 does not match the pinned one")
    return data


def _keep(pinned: Pinned, data: bytes, folder: str | Path | None) -> Path:
    where = Path(folder).expanduser() if folder else cache_folder()
    try:
        FileStore(where).mset([(pinned.name, data)])
    except OSError as error:
        raise _failed(pinned, f"the file cannot be cached: {error}") from error
    return where / pinned.name


def _checked(pinned: Pinned, data: bytes) -> tuple[str, ...]:
    """Return the models of a file, once its rows make sense on their own."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    from langchain_unified.registry import Registry  # noqa: PLC0415
    from langchain_unified.registry.overrides import read_overrides  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        path = Path(folder) / pinned.name
        path.write_bytes(data)
        try:
            Registry(overrides=path)
            return tuple(read_overrides(path).models)
        except (UnifiedError, UnicodeError) as error:
            said = str(error).replace(str(path), "the file")
            raise _failed(pinned, said) from error


def _download(pinned: Pinned, timeout: float) -> bytes:
    import httpx  # noqa: PLC0415

    url = pinned.url
    try:
        with httpx.Client(timeout=timeout, follow_redirects=False) as client:
            for _ in range(_HOPS):
                headers = {"accept-encoding": "identity"}
                with client.stream("GET", url, headers=headers) as response:
                    if not response.has_redirect_location:
                        return _body(pinned, response)
                    url = _next(pinned, httpx.URL(url), response)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _failed(pinned, str(error) or type(error).__name__) from None
    raise _failed(pinned, f"it redirects more than {_HOPS} times")


def _next(pinned: Pinned, url: Any, response: Any) -> str:
    """Return where a redirect leads on the same host."""
    there = type(url)(urljoin(str(url), response.headers["location"]))
    if (there.scheme, there.host, there.port) != (url.scheme, url.host, url.port):
        said = f"it is redirected to another host, {there.host!r}; name that one"
        raise _failed(pinned, said)
    return str(there.copy_with(userinfo=url.userinfo))


def _body(pinned: Pinned, response: Any) -> bytes:
    if not response.is_success:
        raise _failed(pinned, f"the server answered with status {response.status_code}")
    packed = response.headers.get("content-encoding", "identity")
    if packed != "identity":
        raise _failed(
            pinned,
            f"the server compressed it as {packed[:40]!r}, which was not requested",
        )
    data = bytearray()
    for piece in response.iter_raw():
        data += piece
        if len(data) > MAX_BYTES:
            raise _failed(pinned, f"it has more than {MAX_BYTES} bytes")
    return bytes(data)


def _failed(pinned: Pinned, why: str) -> RegistryError:
    return RegistryError(f"The rows of {pinned.shown} were not fetched: {why}.")
