"""Files of rows at a URL: fetched when asked, pinned by a hash, and never half."""

from __future__ import annotations

import gzip
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from langchain_unified import UnifiedChatModel
from langchain_unified.cli.app import app
from langchain_unified.discovery import fetch_rows
from langchain_unified.discovery.fetching import MAX_BYTES
from langchain_unified.errors import RegistryError
from langchain_unified.registry import Registry, default_registry
from langchain_unified.registry.pinned import read_pinned
from langchain_unified.testing.server import LoopbackServer
from langchain_unified.testing.wire import HttpReply, HttpRequest

ROWS = b"""
[models.acme-1]
provider = "openai"
family = "classic"
limits = { output = 77 }
"""


@contextmanager
def _served(
    answer: Callable[[HttpRequest], HttpReply],
) -> Iterator[tuple[str, list[str]]]:
    """Serve whatever is asked for; yield the address and the paths asked for."""
    asked: list[str] = []

    def respond(request: HttpRequest) -> HttpReply:
        asked.append(request.path)
        return answer(request)

    server = LoopbackServer(respond)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.port}", asked
    finally:
        server.stop()


def _pin(url: str, data: bytes = ROWS) -> str:
    return f"{url}#sha256={sha256(data).hexdigest()}"


def _file(data: bytes, **headers: str) -> Callable[[HttpRequest], HttpReply]:
    return lambda _: HttpReply(200, headers, data)


def test_rows_are_fetched_kept_and_laid_over(tmp_path: Path) -> None:
    """The registry has them at once, and another process from the folder."""
    registry = Registry()
    with _served(_file(ROWS)) as (url, asked):
        found = fetch_rows(registry, _pin(f"{url}/rows.toml"), folder=tmp_path)

    assert ("acme-1",) == found.models
    assert ["/rows.toml"] == asked
    assert 77 == registry.resolve("acme-1").limits["output"]
    assert ROWS == found.path.read_bytes()


def test_a_redirect_on_the_same_host_is_followed(tmp_path: Path) -> None:
    """A file may be somewhere else on its server."""

    def moved(request: HttpRequest) -> HttpReply:
        if request.path == "/new":
            return HttpReply(200, {}, ROWS)
        return HttpReply(302, {"location": "/new"})

    registry = Registry()
    with _served(moved) as (url, _):
        fetch_rows(registry, _pin(f"{url}/old"), folder=tmp_path)

    assert "exact" == registry.resolve("acme-1").match


def _elsewhere(_: HttpRequest) -> HttpReply:
    return HttpReply(302, {"location": "http://127.0.0.2:9/rows.toml"})


def _round_and_round(_: HttpRequest) -> HttpReply:
    return HttpReply(302, {"location": "/rows.toml"})


def _slow(_: HttpRequest) -> HttpReply:
    return HttpReply(200, {}, b"", [b"#\n"] * 100, chunk_delay=0.05)


OLD = ROWS.replace(b"77", b"76")
HUGE = b"#" * (MAX_BYTES + 1)
WRONG = {
    "another hash": (_file(ROWS), b"other", "SHA-256 does not match"),
    "another host": (_elsewhere, ROWS, "redirected to another host"),
    "in a circle": (_round_and_round, ROWS, "more than 5 times"),
    "too large": (_file(HUGE), HUGE, "more than 4194304 bytes"),
    "too slow": (_slow, ROWS, "more than 0.4 seconds"),
    "not there": (lambda _: HttpReply(404), ROWS, "status 404"),
    "packed": (
        _file(gzip.compress(ROWS), **{"content-encoding": "gzip"}),
        ROWS,
        "compressed it as 'gzip'",
    ),
    "not TOML": (_file(b"<html>"), b"<html>", "cannot be read"),
    "no text": (_file(b"\xff\xfe"), b"\xff\xfe", "cannot be read"),
    "misspelt": (
        _file(b"[models.a]\nfamly = 'classic'"),
        b"[models.a]\nfamly = 'classic'",
        "did you mean 'family'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_an_error_and_the_old_rows_stay(
    case: str, tmp_path: Path
) -> None:
    """Nothing that was known or kept before changes."""
    answer, data, told = WRONG[case]
    registry, answers = Registry(), [_file(OLD), answer]

    def respond(request: HttpRequest) -> HttpReply:
        return answers[0](request)

    with _served(respond) as (url, _):
        address = _pin(f"{url}/rows.toml", OLD)
        kept = fetch_rows(registry, address, folder=tmp_path).path
        answers.pop(0)
        again = _pin(f"{url}/rows.toml", data)
        with pytest.raises(RegistryError, match=told):
            fetch_rows(registry, again, folder=tmp_path, timeout=0.4)

    assert OLD == kept.read_bytes()
    assert [kept] == list(tmp_path.iterdir())
    assert 76 == registry.resolve("acme-1").limits["output"]


def test_a_server_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """The error names the address, and no credentials in it."""
    address = _pin("http://me:secret@127.0.0.1:9/rows.toml?token=secret")
    with pytest.raises(RegistryError, match=r"127\.0\.0\.1:9") as error:
        fetch_rows(Registry(), address, folder=tmp_path)

    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://rows.example.com/rows.toml", r"is not pinned: write https://rows"),
        ("https://rows.example.com/rows.toml#sha256=12", "is not pinned"),
        (_pin("http://rows.example.com/rows.toml"), "is not the https URL"),
        (_pin("file:///etc/rows.toml"), "is not the https URL"),
    ],
)
def test_an_address_needs_a_hash_and_https(address: str, told: str) -> None:
    """Nobody between here and there can put rows in their place."""
    with pytest.raises(RegistryError, match=told):
        fetch_rows(Registry(), address)


@pytest.fixture
def fresh_registry() -> Iterator[None]:
    """The registry of a new process, and a new one afterwards."""
    default_registry.cache_clear()
    yield
    default_registry.cache_clear()


@pytest.mark.usefixtures("fresh_registry")
def test_the_command_fetches_and_processes_use_what_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is fetched until asked; then every process has the rows, offline."""
    with _served(_file(ROWS)) as (url, asked):
        monkeypatch.setenv("LANGCHAIN_UNIFIED_ROWS", _pin(f"{url}/rows.toml"))
        monkeypatch.setenv("LANGCHAIN_UNIFIED_CACHE", str(tmp_path))
        with caplog.at_level(logging.WARNING, "langchain_unified"):
            default_registry()
        assert "refresh --rows" in caplog.text
        assert [] == asked
        result = CliRunner().invoke(app, ["refresh", "--rows"])
        assert (0, ["/rows.toml"]) == (result.exit_code, asked), result.output

    assert "was fetched: 1 model, cached in" in result.stdout
    default_registry.cache_clear()
    assert 77 == default_registry().resolve("acme-1").limits["output"]

    (kept,) = tmp_path.glob("rows-*.toml")
    kept.write_bytes(ROWS.replace(b"77", b"78"))
    default_registry.cache_clear()
    assert "family" == default_registry().resolve("acme-1").match or (
        "output" not in default_registry().resolve("acme-1").limits
    )


@pytest.mark.usefixtures("fresh_registry")
@pytest.mark.parametrize(
    "named",
    [
        "http://rows.example.com/models.toml",
        "https://rows.example.com/models.toml#sha256=12",
        _pin("https://[half"),
        _pin("https://rows.example.com/models.toml"),
        "broken",
    ],
)
def test_no_call_is_lost_to_rows_that_are_not_there(
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A slip in the variable, or a file of a later version, is logged and left out."""
    broken = b'[models.acme]\nfamily = "classic"\nof_tomorrow = 1\n'
    if named == "broken":
        named = _pin("https://rows.example.com/rows.toml", broken)
        (tmp_path / read_pinned(named).name).write_bytes(broken)
    monkeypatch.setenv("LANGCHAIN_UNIFIED_ROWS", named)
    monkeypatch.setenv("LANGCHAIN_UNIFIED_CACHE", str(tmp_path))
    with caplog.at_level(logging.WARNING, "langchain_unified"):
        body = UnifiedChatModel(model="gpt-4o", api_key="k").explain("hi").body

    assert {} == body
    assert "rows" in caplog.text.casefold()


def test_each_edition_is_kept_and_none_is_fetched_twice(tmp_path: Path) -> None:
    """Processes that pin the older edition have it while others fetch the newer."""
    newer = ROWS.replace(b"77", b"78")
    editions = [ROWS, newer]
    with _served(lambda _: HttpReply(200, {}, editions.pop(0))) as (url, asked):
        first, second, again = (
            fetch_rows(Registry(), _pin(f"{url}/rows.toml", data), folder=tmp_path)
            for data in (ROWS, newer, ROWS)
        )

    assert [False, False, True] == [f.was_there for f in (first, second, again)]
    assert [ROWS, newer] == [f.path.read_bytes() for f in (first, second)]
    assert 2 == len(asked)


@pytest.mark.usefixtures("fresh_registry")
def test_one_file_that_cannot_be_fetched_keeps_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The exit code tells of it, and the others are there."""
    with _served(_file(ROWS)) as (url, _):
        gone = _pin("http://me:secret@127.0.0.1:9/rows.toml")
        here = _pin(f"{url.replace('//', '//me:secret@')}/rows.toml")
        monkeypatch.setenv("LANGCHAIN_UNIFIED_ROWS", f"{gone} {here}")
        monkeypatch.setenv("LANGCHAIN_UNIFIED_CACHE", str(tmp_path))
        result = CliRunner().invoke(app, ["refresh", "--rows"])

    assert (1, 1) == (result.exit_code, result.stdout.count("was fetched"))
    assert "127.0.0.1:9/rows.toml were not fetched" in result.stderr
    assert "secret" not in result.output


@pytest.mark.usefixtures("fresh_registry")
def test_the_command_prints_json_and_no_advice_to_run_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was fetched and what was not is one list; nothing is logged on the way."""
    with _served(_file(ROWS)) as (url, _):
        gone = "http://127.0.0.1:9/rows.toml"
        named = f"{_pin(f'{url}/rows.toml')} {_pin(gone)}"
        monkeypatch.setenv("LANGCHAIN_UNIFIED_ROWS", named)
        monkeypatch.setenv("LANGCHAIN_UNIFIED_CACHE", str(tmp_path))
        with caplog.at_level(logging.WARNING, "langchain_unified"):
            result = CliRunner().invoke(app, ["refresh", "--rows", "--json"])
    there, missing = json.loads(result.stdout)

    assert (1, "", "") == (result.exit_code, caplog.text, result.stderr)
    assert ("fetched", ["acme-1"]) == (there["state"], there["models"])
    assert (gone, "failed") == (missing["url"], missing["state"])
    assert "not fetched" in missing["problem"]


def test_a_redirect_keeps_the_credentials_of_the_same_host(tmp_path: Path) -> None:
    """The address that a server names has none in it."""
    seen: list[str | None] = []

    def moved(request: HttpRequest) -> HttpReply:
        seen.append(request.headers.get("authorization"))
        if request.path == "/new":
            return HttpReply(200, {}, ROWS)
        return HttpReply(302, {"location": f"http://{request.headers['host']}/new"})

    with _served(moved) as (url, _):
        address = _pin(f"{url.replace('//', '//me:secret@')}/old")
        fetch_rows(Registry(), address, folder=tmp_path)

    assert 1 == len(set(seen))
    assert seen[0]


def test_importing_fetches_nothing(tmp_path: Path) -> None:
    """With a URL set, the package and its registry ask nobody."""
    code = "import langchain_unified as u; u.default_registry().resolve('gpt-4o')"
    with _served(_file(ROWS)) as (url, asked):
        variables = {
            "LANGCHAIN_UNIFIED_ROWS": _pin(f"{url}/rows.toml"),
            "LANGCHAIN_UNIFIED_CACHE": str(tmp_path),
            "PYTHONPATH": str(Path(__file__).parents[3]),
        }
        subprocess.run([sys.executable, "-c", code], env=variables, check=True)  # noqa: S603

        assert [] == asked


@pytest.mark.parametrize(
    "data", [b'[models.""]\nfamily = "classic"\n', b"a = " + 3_000 * b"["]
)
def test_rows_of_any_kind_of_nonsense_leave_the_old_ones(
    data: bytes, tmp_path: Path
) -> None:
    """A row without a name, and lists without an end, are told like other errors."""
    registry = Registry()
    with _served(_file(ROWS)) as (url, _):
        fetch_rows(registry, _pin(url), folder=tmp_path)
    with (
        _served(_file(data)) as (url, _),
        pytest.raises(RegistryError, match="were not fetched"),
    ):
        fetch_rows(registry, _pin(url, data), folder=tmp_path)

    assert 77 == registry.resolve("acme-1").limits["output"]


def test_a_redirect_to_nowhere_is_an_answer_with_its_status(tmp_path: Path) -> None:
    """A server that forgets the address is told of by the status."""
    with (
        _served(lambda _: HttpReply(302, {}, b"")) as (url, _),
        pytest.raises(RegistryError, match="status 302"),
    ):
        fetch_rows(Registry(), _pin(url), folder=tmp_path)


@pytest.mark.parametrize("url", ["https://[half", "ftp://localhost/rows.toml"])
def test_an_address_that_is_none_is_an_error_of_ours(url: str) -> None:
    """Whatever cannot be fetched over HTTP is refused before anything is asked."""
    with pytest.raises(RegistryError):
        fetch_rows(Registry(), _pin(url))
