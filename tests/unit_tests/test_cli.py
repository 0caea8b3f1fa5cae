"""The command line: what it prints, its exit codes, and no traceback for its user."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from langchain_unified.cli.app import app
from langchain_unified.registry import default_registry
from langchain_unified.testing import ModelRules, ProviderEmulator

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def _run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(
        app, list(arguments), env={"COLUMNS": "200", **environment}
    )


def test_models_can_be_filtered() -> None:
    """Models are listed by provider and capability, as JSON too."""
    rows = json.loads(
        _run("models", "--provider", "openai", "--can", "audio_inputs", "--json").stdout
    )

    assert {"openai"} == {row["provider"] for row in rows}
    assert "gpt-audio-mini" in [row["model"] for row in rows]


def test_models_that_end_soon() -> None:
    """Models that shut down before a day are found."""
    shown = _run("models", "--ending-before", "2026-12-31").stdout

    assert "gpt-5-pro" in shown
    assert "gpt-5.4" not in shown


def test_models_by_price() -> None:
    """Models are found by what a million tokens cost, which is shown."""
    pytest.importorskip("genai_prices")
    rows = json.loads(_run("models", "--max-price", "0.3", "--json").stdout)

    assert "gemini-2.5-flash" in [row["model"] for row in rows]
    assert all(0 <= row["usd_in"] <= 0.3 for row in rows)
    assert any(row["usd_out"] > row["usd_in"] for row in rows)


def test_show_gives_facts_with_sources() -> None:
    """Every fact of a model is shown with where it comes from."""
    facts = json.loads(_run("show", "gpt-6-sol", "--json").stdout)

    assert "gpt-6-sol" == facts["model"]
    assert all(
        row["source"] for row in facts["facts"] if row["fact"].startswith("chat:")
    )


def test_explain_shows_the_plan() -> None:
    """The plan of a call is printed with every change."""
    shown = _run("explain", "gpt-6-sol", "--temperature", "0", "--stop", "x").stdout

    assert "dropped    temperature" in shown
    assert "emulated   stop" in shown


def test_explain_as_json_takes_any_setting() -> None:
    """Any setting can be given as NAME=JSON."""
    plan = json.loads(_run("explain", "gpt-4o", "--set", "seed=3", "--json").stdout)

    assert 3 == plan["body"]["seed"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explain", "o3", "--temperature", "9"], "from 0 to 2"),
        (
            ["explain", "gpt-5-pro", "--set", "use_responses_api=false"],
            "it is available on responses only",
        ),
        (["explain", "gpt-4o", "--set", "nothing=3"], "unknown setting"),
        (["explain", "gpt-4o", "--set", "seed"], "NAME=JSON"),
        (["show", " "], "give the name of a model"),
    ],
)
def test_a_wrong_question_is_one_line(arguments: list[str], said: str) -> None:
    """What cannot be is said in one line with exit code 2, without a traceback."""
    result = _run(*arguments)

    assert 2 == result.exit_code
    assert said in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


def test_diff_shows_what_changes() -> None:
    """Moving a call from one model to another shows what is lost and gained."""
    rows = json.loads(
        _run("diff", "gpt-4o", "gpt-6-sol", "--temperature", "0", "--json").stdout
    )

    assert {"what": "temperature is", "gpt-4o": "sent", "gpt-6-sol": "dropped"} in rows


def test_diff_of_a_model_with_itself() -> None:
    """Nothing changes between a model and itself."""
    assert "No differences." in _run("diff", "gpt-4o", "gpt-4o").stdout


def test_doctor_without_a_key() -> None:
    """Without a key the doctor says which variable to set, and exits with 1."""
    result = _run("doctor", "--offline")

    assert 1 == result.exit_code
    assert "set OPENAI_API_KEY" in result.stdout


def test_doctor_never_prints_a_key() -> None:
    """A key is reported as set, with what looks wrong about it, and never shown."""
    result = _run("doctor", "--offline", OPENAI_API_KEY=" sk-very-secret")

    assert 0 == result.exit_code
    assert "white space" in result.stdout
    assert "sk-very-secret" not in result.stdout


def test_doctor_masks_credentials_in_a_url() -> None:
    """A base URL with credentials is shown without them."""
    result = _run("doctor", "--offline", OPENAI_BASE_URL="https://me:secret@host/v1")

    assert "secret" not in result.stdout
    assert "host" in result.stdout


def test_doctor_tries_the_address_in_use() -> None:
    """What the environment names is tried, and an unreachable one is only a line."""
    url = "http://127.0.0.1:9/v1"
    shown = _run("doctor", OPENAI_API_KEY="key", OPENAI_BASE_URL=url).stdout

    assert f"reach {url}" in shown
    assert "from OPENAI_BASE_URL" in shown
    assert "api.anthropic.com" not in shown


def test_doctor_masks_a_proxy_without_a_scheme() -> None:
    """A proxy may be written without `http://`; its password is hidden all the same."""
    shown = _run("doctor", "--offline", HTTPS_PROXY="me:secret@proxy.test:3128").stdout

    assert "**REDACTED**@proxy.test:3128" in shown
    assert "secret" not in shown


def test_doctor_goes_through_the_proxy() -> None:
    """A proxy of the environment is what is tried, and its password is not shown."""
    shown = _run(
        "doctor",
        OPENAI_API_KEY="key",
        OPENAI_BASE_URL="https://gateway.test/v1",
        HTTPS_PROXY="http://me:secret@127.0.0.1:9",
        https_proxy="http://me:secret@127.0.0.1:9",
        NO_PROXY="",
        no_proxy="",
    ).stdout

    assert "through the proxy http://**REDACTED**@127.0.0.1:9" in shown
    assert "secret" not in shown


def test_demo_on_the_emulator() -> None:
    """The demo says that it uses the emulator and shows each model's plan."""
    result = _run("demo")

    assert 0 == result.exit_code
    assert "emulator" in result.stdout
    assert 6 == result.stdout.count("\nparameters ")


INVENTED = ModelRules(
    id="sol-invented", endpoints=("chat",), temperature="only_default"
)


def _served(emulator: ProviderEmulator, *arguments: str, **environment: str) -> Result:
    """Run a command in a process's environment of its own, against the emulator."""
    default_registry.cache_clear()
    given = {
        "OPENAI_API_KEY": "sk-test",
        "OPENAI_BASE_URL": emulator.openai_base_url,
        **environment,
    }
    try:
        return _run(*arguments, **given)
    finally:
        default_registry.cache_clear()


def test_probe_counts_before_it_sends(provider_emulator: ProviderEmulator) -> None:
    """Without --yes a probe says what it would take, and sends nothing."""
    result = _served(provider_emulator, "probe", "sol-invented")

    assert (0, "") == (result.exit_code, result.stdout)
    assert "at most" in result.stderr
    assert "--yes" in result.stderr
    assert [] == provider_emulator.requests


def test_probe_prints_a_row(provider_emulator: ProviderEmulator) -> None:
    """With --yes the model is asked, and its rules are all that is printed."""
    provider_emulator.add_rules(INVENTED)

    result = _served(provider_emulator, "probe", "sol-invented", "--yes")
    row = tomllib.loads(result.stdout)["models"]["sol-invented"]

    assert 0 == result.exit_code
    assert "default" == row["parameters_on"]["chat"]["temperature"]["accepts"]
    assert f"{len(provider_emulator.requests)} calls" in result.stderr


def test_probe_with_a_wrong_key(provider_emulator: ProviderEmulator) -> None:
    """A refused key is one line and exit code 1."""
    with ProviderEmulator(openai_api_keys=["another"]) as emulator:
        result = _served(emulator, "probe", "sol-invented", "--yes")

    assert 1 == result.exit_code
    assert "Traceback" not in result.stderr
    assert "error:" in result.stderr


def test_refresh_tells_what_is_new(
    provider_emulator: ProviderEmulator, tmp_path: Path
) -> None:
    """The providers' lists are fetched and kept, and new models named."""
    provider_emulator.add_rules(INVENTED)
    given = {"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    asked = ("refresh", "--provider", "openai", "--json")

    first, second = (
        json.loads(_served(provider_emulator, *asked, **given).stdout) for _ in "ab"
    )

    assert ["fetched"] == [row["state"] for row in first]
    assert ["cached"] == [row["state"] for row in second]
    assert ["sol-invented"] == [name for row in first for name in row["new"]]


def test_refresh_without_a_network(tmp_path: Path) -> None:
    """Where no list can be had, the reason is shown and the exit code is 1."""
    given = {"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    with ProviderEmulator() as gone:
        pass

    result = _served(gone, "refresh", "--provider", "openai", **given)

    assert 1 == result.exit_code
    assert "Connection" in result.stdout
    assert "Traceback" not in result.stderr


def test_brackets_in_an_error_are_shown() -> None:
    """An error's text is no markup: the extra to install is printed whole."""
    result = _run("explain", "claude-opus-4-5")

    assert 2 == result.exit_code
    assert "langchain-unified[anthropic]" in result.stderr.replace("\n", "")


def test_the_version_is_printed() -> None:
    """`--version` prints the installed version."""
    assert (
        f"langchain-unified {version('langchain-unified')}\n"
        == _run("--version").stdout
    )


def test_names_are_whole_in_a_pipe() -> None:
    """Piped, each model is one line with its whole name, so that grep finds it."""
    run = "from langchain_unified.cli import main; main()"
    program = [sys.executable, "-c", run, "models"]
    environment = {n: v for n, v in os.environ.items() if n != "COLUMNS"}
    shown = subprocess.run(  # noqa: S603
        program, env=environment, capture_output=True, text=True, check=True
    ).stdout

    assert 1 == sum("gpt-5.4-2026-03-05" in line for line in shown.splitlines())


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("models", "--provider", "opnai"), "did you mean 'openai'?"),
        (("models", "--can", "tool_caling"), "did you mean 'tool_calling'?"),
        (("show", "gpt-4oo"), "did you mean 'gpt-4o'?"),
        (("explain", "gpt-6-soll"), "did you mean 'gpt-6-sol'?"),
    ],
)
def test_a_typo_is_told_with_what_was_meant(
    arguments: tuple[str, ...], meant: str
) -> None:
    """A misspelt name or word is never taken in silence."""
    assert meant in _run(*arguments).stderr


def test_show_fits_a_screen() -> None:
    """A model is told in some twenty lines; `--all` has every fact with its source."""
    short = _run("show", "gpt-6-sol", COLUMNS="120").stdout.splitlines()
    whole = _run("show", "gpt-6-sol", "--all").stdout.splitlines()

    assert len(short) <= 40 < len(whole)


def test_demo_as_json_with_models_of_ones_own() -> None:
    """The demo asks the models that were named, and prints data that parses."""
    rows = json.loads(_run("demo", "--models", "gpt-4o, gpt-6-sol", "--json").stdout)

    assert ["gpt-4o", "gpt-6-sol"] == [row["model"] for row in rows]
    assert all(row["text"] and isinstance(row["output_tokens"], int) for row in rows)


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_does_not_exist_is_refused(port: str) -> None:
    """The emulator refuses an impossible port at once."""
    assert 2 == _run("emulator", "--port", port).exit_code


@pytest.mark.parametrize("content", [b"not json", b"\xff\xfe", b"[1]", b"{}", b"3"])
def test_a_file_without_rules_is_refused(content: bytes, tmp_path: Path) -> None:
    """The emulator names a file of rules that it cannot use, without a traceback."""
    file = tmp_path / "rules.json"
    file.write_bytes(content)
    result = _run("emulator", "--rules", str(file))

    assert (2, SystemExit) == (result.exit_code, type(result.exception))
    assert str(file) in result.stderr


def test_a_misspelt_server_is_told_with_what_was_meant() -> None:
    """The emulator names the server that was meant."""
    result = _run("emulator", "--as", "depseek")

    assert 2 == result.exit_code
    assert "did you mean 'deepseek'?" in result.stderr


@pytest.mark.parametrize("name", ["missing", ".", "latin"])
def test_keys_that_cannot_be_read_are_told(name: str, tmp_path: Path) -> None:
    """A file of keys that is missing, a folder or not UTF-8 is told, not raised."""
    (tmp_path / "latin").write_bytes(b"\xff\xfe")
    file = tmp_path / name
    result = _run("rollout", "check", "canary:10", "--keys", str(file))

    assert (2, SystemExit) == (result.exit_code, type(result.exception))
    assert f"cannot read {file}" in result.stderr.replace("\n", "")


def test_doctor_breaks_no_path(tmp_path: Path) -> None:
    """In 80 columns the path of a file is whole, so that it can be copied."""
    path = str(tmp_path / ("a" * 60) / "certificates.pem")
    shown = _run("doctor", "--offline", SSL_CERT_FILE=path, COLUMNS="80").stdout

    assert path in shown


def test_doctor_lists_the_packages_of_enabled_providers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A package of a disabled provider is listed once the provider is enabled."""
    monkeypatch.delenv("LANGCHAIN_UNIFIED_ENABLE", raising=False)
    without = _run("doctor", "--offline").stdout
    enabled = {"LANGCHAIN_UNIFIED_ENABLE": "anthropic"}
    shown = _run("doctor", "--offline", **enabled).stdout

    assert "langchain-openai" in without
    assert "langchain-anthropic" not in without
    assert "langchain-anthropic" in shown


def test_a_newcomer_on_a_narrow_terminal() -> None:
    """In 80 columns no line of a first session is longer, and no name is cut."""
    narrow = {"COLUMNS": "80"}
    session = [
        ("demo", "--models", "gpt-4o,gpt-6-sol"),
        ("models", "--provider", "google_genai"),
        ("show", "gemini-3.1-pro-preview"),
        ("explain", "gpt-6-sol", "--temperature", "0", "--stop", "x"),
        ("diff", "gpt-4o", "gpt-6-sol", "--temperature", "0"),
        ("doctor", "--offline"),
    ]
    shown = [_run(*command, **narrow).stdout for command in session]

    assert [] == [x for text in shown for x in text.splitlines() if len(x) > 80]
    assert "…" not in "".join(shown)
    assert "gemini-3.5-live-translate-preview" in shown[1]
    assert "repeating" in shown[0]


@pytest.mark.parametrize("command", ["doctor --offline", "facts", "refresh --facts"])
def test_a_file_that_is_no_toml_is_told_without_a_traceback(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command names the file of the environment that cannot be read."""
    broken = tmp_path / "broken.toml"
    broken.write_text("not toml [[[")
    monkeypatch.setenv("LANGCHAIN_UNIFIED_MODELS", str(broken))
    default_registry.cache_clear()
    try:
        result = CliRunner().invoke(app, command.split())
    finally:
        default_registry.cache_clear()

    assert 2 == result.exit_code
    assert f"{broken} cannot be read" in result.stderr.replace("\n", "")


def test_facts_of_an_unknown_provider_are_not_compared() -> None:
    """A slip in its name is told; nothing found would read as all is well."""
    result = CliRunner().invoke(app, ["refresh", "--facts", "--provider", "openia"])

    assert 2 == result.exit_code
    assert "did you mean 'openai'" in result.stderr
