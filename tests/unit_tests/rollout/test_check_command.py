"""`langchain-unified rollout`: what it says of a flag, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from langchain_unified.cli.app import app
from langchain_unified.rollout import ENVIRONMENT, Rollout, ShadowReport


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(
        app, ["rollout", *arguments], env={"COLUMNS": "200", **environment}
    )


def test_a_flag_is_explained(tmp_path: Path) -> None:
    """Each provider's mode is named, and who is in, as the rollout itself draws."""
    keys = tmp_path / "keys.txt"
    keys.write_text("\n".join(f"user-{n}" for n in range(200)))
    shown = run("check", "canary:25, google_genai=off", "--key", "ann").stdout
    many = json.loads(run("check", "canary:25", "--keys", str(keys), "--json").stdout)
    flags = Rollout("canary:25")
    drawn = {
        key: str(flags.decide("openai", {"metadata": {"user_id": key}}))
        for key in many["keys"]
    }

    assert "refused before sending" in shown
    assert "ann" in shown
    assert drawn == {key: found["served_by"] for key, found in many["keys"].items()}


@pytest.mark.parametrize(
    ("flag", "meant"),
    [("lgacy", "'legacy'"), ("google=off", "'google_genai'"), ("canary:200", "100")],
)
def test_a_typo_is_found(flag: str, meant: str) -> None:
    """The exit code is 2, and the message says what was probably meant."""
    found = run("check", flag)

    assert 2 == found.exit_code
    assert meant in found.stderr


def test_a_flag_file_and_the_environment_are_read(tmp_path: Path) -> None:
    """A path is read as a rollout reads it; without a flag the variable counts."""
    file = tmp_path / "flag"
    file.write_text("shadow")
    broken = tmp_path / "broken"
    broken.write_text("shaddow")

    assert "shadow" == json.loads(run("check", str(file), "--json").stdout)["flag"]
    assert 2 == run("check", str(broken)).exit_code
    assert "legacy" in run("check", **{ENVIRONMENT: "legacy"}).stdout


def test_reports_of_a_folder_are_shown(tmp_path: Path) -> None:
    """Text, JSON and HTML of the merged report; a missing folder is an error."""
    for name in "ab":
        ShadowReport(3, 3, 0, 0, ()).write(tmp_path / f"{name}.shadow.json")

    assert "6 calls compared, 6 with identical" in run("report", str(tmp_path)).stdout
    assert 6 == json.loads(run("report", str(tmp_path), "--json").stdout)["compared"]
    assert "<p>6 calls" in run("report", str(tmp_path), "--html").stdout
    assert 2 == run("report", str(tmp_path / "none")).exit_code
