"""The command: options, output and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from langchain_unified.cli.migrate import migrate

OLD = 'from langchain_openai import ChatOpenAI\n\nllm = ChatOpenAI(model="gpt-4o")\n'

app = typer.Typer()
app.command()(migrate)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "app.py"
    path.write_text(OLD)
    return path


def _run(*arguments: str | Path, verify: str = "none") -> Result:
    """Run the command; nothing is imported where the test is not about that."""
    given = [*map(str, arguments), "--verify", verify]
    return CliRunner().invoke(app, given)


def test_writes(file: Path) -> None:
    """Without options the files are written and the report is printed."""
    result = CliRunner().invoke(app, [str(file.parent)])

    assert 0 == result.exit_code
    assert "import as before" in result.output
    assert "UnifiedChatModel" in file.read_text()
    assert "1 of 1 files changed" in result.output


def test_check(file: Path) -> None:
    """`--check` writes nothing and exits 1 until nothing is left to change."""
    assert 1 == _run(file, "--check").exit_code
    assert OLD == file.read_text()
    _run(file)
    assert 0 == _run(file, "--check").exit_code


def test_diff(file: Path) -> None:
    """`--diff` prints a unified diff and writes nothing."""
    result = _run(file, "--diff")

    assert 0 == result.exit_code
    assert '-llm = ChatOpenAI(model="gpt-4o")\n' in result.stdout
    assert '+llm = UnifiedChatModel(model="gpt-4o")\n' in result.stdout
    assert OLD == file.read_text()
    assert 1 == _run(file, "--diff", "--check").exit_code


def test_diff_without_final_newline(file: Path) -> None:
    """A last line without an end is marked as diff does."""
    file.write_text(OLD.rstrip("\n"))

    assert "\\ No newline at end of file" in _run(file, "--diff").stdout


def test_revert(file: Path) -> None:
    """`--revert` restores the files and takes the record away."""
    _run(file.parent)
    result = _run(file.parent, "--revert")

    assert 0 == result.exit_code
    assert "1 reverted" in result.output
    assert [file] == list(file.parent.iterdir())
    assert OLD == file.read_text()


def test_revert_of_a_changed_file(file: Path) -> None:
    """`--revert` exits 1 if a file was changed since."""
    _run(file.parent)
    file.write_text("mine = 1\n")
    result = _run(file.parent, "--revert")

    assert 1 == result.exit_code
    assert "was edited since" in result.output


def test_json(file: Path) -> None:
    """`--json` prints the report for programs."""
    report = json.loads(_run(file, "--json").stdout)

    assert ["changed"] == [entry["status"] for entry in report["files"]]
    assert {"imports", "openai"} == {c["rule"] for c in report["files"][0]["changes"]}


def test_keep_defaults(file: Path) -> None:
    """`--keep-defaults` writes down what a class sends unasked."""
    file.write_text(
        "from langchain_google_genai import ChatGoogleGenerativeAI as G\n"
        'llm = G(model="gemini-2.5-flash")\n'
    )
    _run(file, "--keep-defaults")

    assert "temperature=0.7" in file.read_text()


def test_include_and_exclude(file: Path) -> None:
    """Patterns choose the files."""
    assert 0 == _run(file.parent, "--check", "--exclude", "app.py").exit_code
    assert 0 == _run(file.parent, "--check", "--include", "src/*").exit_code
    assert 1 == _run(file.parent, "--check", "--include", "*.py").exit_code


@pytest.mark.parametrize(
    "arguments",
    [["missing.py"], [".", "--revert", "--check"], [], [".", "--revert"]],
)
def test_wrong_use(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong use exits 2 with a sentence, never a traceback."""
    monkeypatch.chdir(tmp_path)
    result = _run(*arguments)

    assert 2 == result.exit_code
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output


def test_failed_write(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be written exits 3."""

    def fail(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("langchain_unified.migrate.paths.write_bytes", fail)

    assert 3 == _run(file).exit_code


def test_without_libcst(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without libcst the command says what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    result = _run(file)

    assert 2 == result.exit_code
    assert 'pip install "langchain-unified[migrate]"' in result.output
