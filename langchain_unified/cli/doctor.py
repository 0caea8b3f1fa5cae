"""The command `doctor`: what is set up, without printing a key."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from textwrap import wrap
from typing import Annotated, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import typer

from langchain_unified.cli.asked import AsJson
from langchain_unified.cli.ending import ages, endings, fetched
from langchain_unified.cli.output import console, print_json, user_errors
from langchain_unified.connection.servers import server_of
from langchain_unified.data.connections import facts_of
from langchain_unified.registry import (
    ENABLE_VARIABLE,
    LEARNED_VARIABLE,
    default_registry,
)
from langchain_unified.registry.facts import certainty
from langchain_unified.registry.schema import ProviderRow
from langchain_unified.transport.secrets import masked_url
from langchain_unified.versions import SHARED, problems

VARIABLES = (
    ENABLE_VARIABLE,
    LEARNED_VARIABLE,
    "LANGCHAIN_UNIFIED_ROLLOUT",
    "LANGCHAIN_UNIFIED_MODELS",
    "OPENAI_BASE_URL",
    "OPENAI_API_BASE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
)
_SECONDS = 3.0
_INDENT = 25
"""Columns of the names; longer ones have a line of their own."""

Row = tuple[str, str, str]


def doctor(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            help="Models you use, or files and folders to search for model names."
        ),
    ] = None,
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not connect to any host.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check API keys, package versions, settings, models and connections.

    For each model named here, in a variable such as OPENAI_MODEL, or in your own rows,
    it prints the shutdown date and the call that replaces it. The exit code is 1 if no
    provider has an API key.
    """
    rows = [*_versions(), *_keys(), *_settings(), _facts(), ages(), *fetched()]
    with user_errors():
        rows += endings(models or ())
    rows += [] if offline else [*_connections()]
    if as_json:
        print_json(
            [dict(zip(("what", "state", "advice"), r, strict=True)) for r in rows]
        )
    else:
        for row in rows:
            _print_row(*row)
    ready = any(state == "set" for what, state, _ in rows if what.startswith("key"))
    raise typer.Exit(0 if ready else 1)


def _print_row(what: str, state: str, advice: str) -> None:
    """Print a row in the terminal's width; a path is never broken, to be copied."""
    said = f"{state}; {advice}" if advice else state
    width = max(console.width - _INDENT, _INDENT)
    lines = wrap(said, width, break_long_words=False, break_on_hyphens=False) or [""]
    if len(what) >= _INDENT and console.width < len(what) + len(said):
        lines.insert(0, what)
    else:
        lines[0] = f"{what:<{_INDENT - 1}} {lines[0]}"
    typer.echo(("\n" + " " * _INDENT).join(lines))


def _versions() -> Iterator[Row]:
    yield "python", platform.python_version(), ""
    registry, needed = default_registry(), ["langchain-unified", *SHARED]
    for name, file in registry.files.items():
        packages = file.provider.packages
        if not registry.is_enabled(name):
            packages = [problem.package for problem in problems(packages)]
        needed += packages
    yield from map(_installed, dict.fromkeys(needed))


def _installed(name: str) -> Row:
    try:
        problem = next(problems((name,)), None)
        return name, version(name), "" if problem is None else problem.sentence
    except PackageNotFoundError:
        return name, "not installed", f"pip install {name}, if you need it"


def _keys() -> Iterator[Row]:
    for file in default_registry().files.values():
        row = file.provider
        if row.key_env:
            yield _key(row)


def _key(row: ProviderRow) -> Row:
    names = " or ".join(row.key_env)
    found = next((name for name in row.key_env if os.environ.get(name)), None)
    if found is None:
        state = "missing" if row.enabled else "missing (provider is disabled)"
        return f"key of {row.title}", state, f"set {names}"
    problem = _looks_wrong(os.environ[found])
    return f"key of {row.title}", "set", f"from {found}{problem}"


def _looks_wrong(key: str) -> str:
    if key != key.strip():
        return "; it has white space around it"
    if key.startswith(('"', "'")):
        return "; it has quotes around it"
    return ""


def _settings() -> Iterator[Row]:
    for name in VARIABLES:
        value = os.environ.get(name)
        if value is not None:
            yield name, masked_url(value), ""


def _facts() -> Row:
    """Return how much of what is known about models nobody states anywhere."""
    sure = certainty(default_registry().models())
    return "registry facts", str(sure), "langchain-unified show MODEL --all lists them"


def _connections() -> Iterator[Row]:
    """Try the address of each provider that has a key or an address set."""
    for provider, file in default_registry().files.items():
        row = file.provider
        server = server_of(provider, lambda _: None)
        has_key = any(os.environ.get(name) for name in row.key_env)
        if server.address and (has_key or not server.is_usual):
            variable = next(
                (n for n in facts_of(provider).url_env if os.environ.get(n)), ""
            )
            source = f"from {variable}" if variable else "the default address"
            yield _connection(server.address, f"{row.title}, {source}")


def _connection(address: str, whose: str) -> Row:
    parts = urlsplit(address)
    host: Any = parts.hostname
    port = parts.port or {"http": 80}.get(parts.scheme, 443)
    proxy = None if proxy_bypass(host) else getproxies().get(parts.scheme)
    if proxy:
        whose = f"{whose}, through the proxy {masked_url(proxy)}"
        through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = through.hostname, through.port or 80
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        return f"reach {address}", "no", f"{whose}: {error}"
    return f"reach {address}", "yes", whose
