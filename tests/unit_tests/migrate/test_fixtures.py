"""Every fixture: before, after and report; twice; and back."""

from __future__ import annotations

import ast
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import UnifiedChatModel
from langchain_unified.migrate import (
    Migration,
    Options,
    migrate_paths,
    migrate_source,
    revert_paths,
)

FIXTURES = sorted((Path(__file__).parent / "fixtures").iterdir())


def _file(folder: Path, name: str) -> Path:
    return next(folder.glob(f"{name}.*"))


def _options(folder: Path) -> Options:
    return Options(**_expected_report(folder)["options"])


def _expected_report(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def _report(migration: Migration) -> dict[str, Any]:
    return {
        name: [
            {key: value for key, value in asdict(item).items() if value is not None}
            for item in getattr(migration, name)
        ]
        for name in ("changes", "reports")
    }


def test_there_are_enough_fixtures() -> None:
    """Every rule has pairs, so that a change of a rule shows in a diff."""
    assert len(FIXTURES) >= 60


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda path: path.name)
def test_fixture(folder: Path, tmp_path: Path) -> None:
    """The output is as expected to the byte, stays so, and goes back."""
    before, after = _file(folder, "before"), _file(folder, "after")
    file = tmp_path / before.name
    file.write_bytes(before.read_bytes())
    options = _options(folder)
    expected = _expected_report(folder)
    first = migrate_paths([tmp_path], options=options)

    assert after.read_bytes() == file.read_bytes()
    if first.files[0].status != "untouched":
        del expected["options"]
        assert expected == _report(first.files[0].migration)

    second = migrate_paths([tmp_path], options=options)

    assert after.read_bytes() == file.read_bytes()
    assert not second.of("changed")

    if first.of("changed"):
        assert revert_paths([tmp_path]).of("reverted")
    assert before.read_bytes() == file.read_bytes()
    assert [file] == list(tmp_path.iterdir())


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda path: path.name)
def test_new_calls_are_accepted(folder: Path) -> None:
    """Every new call made of literals is one `UnifiedChatModel` takes."""
    code = _file(folder, "after").read_bytes()
    if _file(folder, "after").suffix == ".ipynb" or folder.name == "not_python":
        return
    for call in ast.walk(ast.parse(code)):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(
            "UnifiedChatModel"
        ):
            settings = _literals(call)
            if settings is not None:
                assert UnifiedChatModel(**settings)


def _literals(call: ast.Call) -> dict[str, Any] | None:
    unseen = call.args or any(keyword.arg is None for keyword in call.keywords)
    try:
        values = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
    except ValueError:
        return None
    wrong = {"extra_headers"} & set(values.get("model_kwargs", ()))
    given_twice = set(values) & set(values.get("model_kwargs", ()))
    own_class = "model" not in values and "model_name" not in values
    return None if unseen or wrong or given_twice or own_class else values


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda path: path.name)
def test_source_alone(folder: Path) -> None:
    """The function on text gives the same as the function on files."""
    before, after = _file(folder, "before"), _file(folder, "after")
    encoding = "latin-1" if folder.name == "format_cookie" else "utf-8-sig"
    with before.open(encoding=encoding, newline="") as file:
        done = migrate_source(file.read(), path=before, options=_options(folder))
    with after.open(encoding=encoding, newline="") as file:
        assert file.read() == done.code
