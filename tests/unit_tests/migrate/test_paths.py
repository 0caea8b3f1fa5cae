"""Files: which are taken, how they are written, and how it is taken back."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

import langchain_unified
from langchain_unified.migrate import (
    RecordError,
    migrate_paths,
    render_report,
    revert_paths,
)
from langchain_unified.migrate.facts import facts

OLD = 'from langchain_openai import ChatOpenAI\n\nllm = ChatOpenAI(model="gpt-4o")\n'
NEW = OLD.replace("langchain_openai", "langchain_unified").replace(
    "ChatOpenAI", "UnifiedChatModel"
)
RECORD = facts()["files"]["record"]


def _tree(root: Path, *names: str, code: str = OLD) -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)


def test_hidden_folders_and_environments_are_left_out(tmp_path: Path) -> None:
    """Only the user's own modules are taken."""
    _tree(tmp_path, "app.py", "pkg/mod.py", "notes.txt", "my/pyvenv.cfg", "my/x.py")
    _tree(tmp_path, ".git/x.py", ".venv/x.py", "node_modules/x.py", "a/.hidden/x.py")
    run = migrate_paths([tmp_path])

    assert [tmp_path / "app.py", tmp_path / "pkg/mod.py"] == [f.path for f in run.files]


def test_include_and_exclude(tmp_path: Path) -> None:
    """Patterns choose the files."""
    _tree(tmp_path, "a/one.py", "a/two.py", "b/one.py")
    run = migrate_paths([tmp_path], include=["a"], exclude=["two.py"])

    assert [tmp_path / "a/one.py"] == [f.path for f in run.of("changed")]


def test_large_files_are_left(tmp_path: Path) -> None:
    """A file over the limit is reported, not read."""
    _tree(tmp_path, "big.py", code=OLD + "#" * facts()["files"]["max_bytes"])
    run = migrate_paths([tmp_path])

    assert "larger than" in run.of("untouched")[0].reason


def test_wrong_encoding_is_left(tmp_path: Path) -> None:
    """A file that is not in its encoding is reported."""
    (tmp_path / "x.py").write_bytes(OLD.encode() + b"# \xff\n")
    run = migrate_paths([tmp_path])

    assert "encoding" in run.of("untouched")[0].reason


def test_mode_stays(tmp_path: Path) -> None:
    """An executable stays executable, and no temporary file is left."""
    _tree(tmp_path, "x.py")
    (tmp_path / "x.py").chmod(0o755)
    migrate_paths([tmp_path])

    assert stat.S_IMODE((tmp_path / "x.py").stat().st_mode) == 0o755
    assert {RECORD, "x.py"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_links_are_not_followed(tmp_path: Path) -> None:
    """A symbolic link in a folder is left, for it can lead outside."""
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    _tree(outside, "x.py")
    inside.mkdir()
    (inside / "x.py").symlink_to(outside / "x.py")
    migrate_paths([inside])

    assert OLD == (outside / "x.py").read_text()


def test_revert_refuses_what_was_changed_since(tmp_path: Path) -> None:
    """A file that was edited since stays, says so, and keeps its record."""
    _tree(tmp_path, "one.py", "two.py")
    migrate_paths([tmp_path])
    (tmp_path / "one.py").write_text(NEW + "# mine\n")
    run = revert_paths([tmp_path])

    assert "was edited since the migration" == run.of("untouched")[0].reason
    assert OLD == (tmp_path / "two.py").read_text()
    assert ["one.py"] == list(json.loads((tmp_path / RECORD).read_text())["files"])


def test_revert_goes_back_to_the_start(tmp_path: Path) -> None:
    """Two migrations in a row are taken back at once."""
    _tree(tmp_path, "x.py", code=OLD + 'more = ChatOpenAI(frobnicate=1, model="x")\n')
    before = (tmp_path / "x.py").read_bytes()
    migrate_paths([tmp_path])
    record = json.loads((tmp_path / RECORD).read_text())
    fixed = (tmp_path / "x.py").read_text().replace("frobnicate=1, ", "")
    (tmp_path / "x.py").write_text(fixed)
    migrate_paths([tmp_path])

    assert revert_paths([tmp_path]).of("reverted")
    assert fixed == (tmp_path / "x.py").read_text()
    assert before != fixed.encode()
    assert list(record["files"]) == ["x.py"]


def test_revert_of_one_file(tmp_path: Path) -> None:
    """A file can be taken back alone."""
    _tree(tmp_path, "one.py", "two.py")
    migrate_paths([tmp_path])
    revert_paths([tmp_path / "one.py"])

    assert OLD == (tmp_path / "one.py").read_text()
    assert NEW == (tmp_path / "two.py").read_text()


def test_revert_stays_inside_its_folder(tmp_path: Path) -> None:
    """A record that points elsewhere is not followed."""
    _tree(tmp_path, "outside.py", "in/x.py")
    migrate_paths([tmp_path / "in"])
    record = tmp_path / "in" / RECORD
    record.write_text(record.read_text().replace("x.py", "../outside.py"))
    run = revert_paths([tmp_path / "in"])

    assert "outside the folder" in run.files[0].reason


def test_broken_records_are_named(tmp_path: Path) -> None:
    """A record that cannot be read stops the run before anything is written."""
    _tree(tmp_path, "x.py")
    (tmp_path / RECORD).write_text("{")
    for act in (migrate_paths, revert_paths):
        with pytest.raises(RecordError, match="cannot be read"):
            act([tmp_path])

    assert OLD == (tmp_path / "x.py").read_text()


def test_a_failed_write_is_reported_and_reverts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that cannot be written fails alone; the record still fits."""
    _tree(tmp_path, "x.py")
    monkeypatch.setattr(os, "access", lambda path, _: path.name != "x.py")
    run = migrate_paths([tmp_path])

    assert "failed" == run.files[0].status
    assert OLD == (tmp_path / "x.py").read_text()
    monkeypatch.undo()
    assert revert_paths([tmp_path]).of("reverted")
    assert OLD == (tmp_path / "x.py").read_text()


def test_the_package_itself_is_left() -> None:
    """The codemod has nothing to do in its own package, the first time or later."""
    root = Path(langchain_unified.__file__).parent
    for _ in range(2):
        run = migrate_paths([root], write=False)
        assert not run.of("changed", "failed")


def test_report_names_places(tmp_path: Path) -> None:
    """The report names file, line and reason."""
    _tree(tmp_path, "x.py", code=OLD + "isinstance(llm, ChatOpenAI)\n")
    text = render_report(migrate_paths([tmp_path]), written=True)

    assert "x.py:4: untouched: isinstance of ChatOpenAI" in text
    assert "The code needs: pip install 'langchain-unified" in text
    assert "1 of 1 files changed (2 places); 1 places not changed" in text


DEEP = {
    "parentheses": "(" * 3000 + "1" + ")" * 3000,
    "lists": "[" * 150 + "]" * 150,
    "operators": "+".join(["'a'"] * 800),
    "texts": "(" + " ".join(["'a'"] * 800) + ")",
    "calls": "a" + ".b()" * 800,
}


@pytest.mark.parametrize("how", DEEP)
def test_depth_ends_no_process(how: str, tmp_path: Path) -> None:
    """A file too deep for a parser is left as it is; the others are migrated."""
    code = "from langchain_openai import ChatOpenAI\nllm = ChatOpenAI(model='gpt-4o')\n"
    (tmp_path / "a.py").write_text(f"{code}x = {DEEP[how]}\n")
    (tmp_path / "b.py").write_text(code)
    run = migrate_paths([tmp_path])

    assert ["untouched", "changed"] == [file.status for file in run.files]
    assert "is nested too deeply" == run.files[0].reason


def test_deep_nesting_is_no_traceback(tmp_path: Path) -> None:
    """Code nested too deeply is reported, or migrated, but does not raise."""
    depth = min(sys.getrecursionlimit(), 300)
    _tree(tmp_path, "x.py", code=OLD + f"x = {'(' * depth}1{')' * depth}\n")

    assert len(migrate_paths([tmp_path]).files) == 1
