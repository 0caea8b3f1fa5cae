"""Fetch public projects, migrate them, and print what became of every call.

Run it with `python -m tests.projects [FOLDER]`, and with `FOLDER --speed` to compare
the time it takes with that of LibCST's parser; it needs pip and a package index. Each
project is parsed, migrated twice, compiled and taken back; a call that is neither
changed nor reported is lost, a file that no longer compiles is broken. Where
`programs.toml` has a program for it, that runs before and after, and must print and ask
the same.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import libcst as cst

from langchain_unified.data import parse_toml
from langchain_unified.migrate import Run, migrate_paths, revert_paths
from langchain_unified.migrate.facts import target_homes, target_names, targets
from tests.projects.programs import Ran, compared, program_of, run_program

HERE = Path(__file__).parent
COLUMNS = ("calls", "changed", "reported", "to check", "lost", "broken")


def main(folder: Path) -> None:
    """Migrate every project of the list and print the table."""
    names = parse_toml((HERE / "projects.toml").read_text(encoding="utf-8"))["names"]
    print(f"| project | {' | '.join(COLUMNS)} | before and after |")
    print(f"| --- |{' --- |' * (len(COLUMNS) + 1)}")
    total: Counter[str] = Counter()
    for name in names:
        fetched = fetch(name, folder)
        if fetched is None:
            print(f"| {name} | could not be fetched |{' |' * len(COLUMNS)}")
            continue
        program = program_of(fetched)
        before = None if program is None else run_program(program, fetched)
        counts, after = migrated(fetched, program)
        runs = compared(before, after) if before and after else ""
        counts["same"] = runs.startswith("same")
        counts["broken"] += runs.startswith("BROKEN")
        total.update(counts)
        print(row(fetched.name, counts, runs), flush=True)
    print(row("all", total, f"{total['same']} same"))
    sys.exit(bool(total["lost"] or total["broken"]))


def row(name: str, counts: Counter[str], runs: str) -> str:
    """Return a row of the table."""
    return f"| {name} | {' | '.join(str(counts[c]) for c in COLUMNS)} | {runs} |"


def speed(folder: Path) -> None:
    """Print how long migrating takes against parsing with LibCST, in CPU seconds."""
    parsing = migrating = 0.0
    for project in sorted((folder / "sources").iterdir()):
        began = time.process_time()
        for path in project.rglob("*.py"):
            with suppress(cst.ParserSyntaxError):
                cst.parse_module(path.read_bytes())
        parsed = time.process_time()
        migrate_paths([project], write=False)
        parsing += parsed - began
        migrating += time.process_time() - parsed
    ratio = migrating / parsing
    print(f"parse {parsing:.1f} s, migrate {migrating:.1f} s: {ratio:.2f} times")


def fetch(name: str, folder: Path) -> Path | None:
    """Return the unpacked wheel of a project; `None` if there is none to be had."""
    wheels, found = folder / "wheels", folder / "sources"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
    command += ["--only-binary", ":all:", "-d", str(wheels), name]
    distribution = name.replace("-", "_").replace("==", "-")
    known = list(wheels.glob(f"{distribution}-*.whl"))
    if not known and subprocess.run(command, check=False).returncode:  # noqa: S603
        return None
    wheel = next(wheels.glob(f"{distribution}-*.whl"))
    target = found / "-".join(wheel.name.split("-")[:2])
    if not target.exists():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target)
    return target


def migrated(folder: Path, program: str | None) -> tuple[Counter[str], Ran | None]:
    """Migrate a project, take it back, and count what became of its calls.

    Returns:
        The counts, and what its program showed while it was migrated.
    """
    before = {path: path.read_bytes() for path in folder.rglob("*.py")}
    calls = {(path, n) for path, code in before.items() for n in called(code)}
    run = migrate_paths([folder])
    changed = {
        (file.path, change.line)
        for file in run.of("changed")
        for change in file.migration.changes
        if change.rule != "annotations"
    }
    reported = set(places(run, "untouched"))
    checked = set(places(run, "check"))
    broken = sum(not compiles(path, code) for path, code in before.items())
    after = None if program is None else run_program(program, folder)
    again = migrate_paths([folder], write=False)
    broken += len(again.of("changed"))
    if run.of("changed"):
        revert_paths([folder])
    broken += sum(path.read_bytes() != code for path, code in before.items())
    lost = {
        call
        for call in calls
        if call not in changed | reported and not moved(run, call)
    }
    for path, line in sorted(lost):
        print(f"lost: {path}:{line}", file=sys.stderr)
    counts = Counter(
        {
            "calls": len(calls),
            "changed": len([c for c in calls if c in changed or moved(run, c)]),
            "reported": len(calls & reported),
            "to check": len(calls & checked),
            "lost": len(lost),
            "broken": broken,
        }
    )
    return counts, after


def moved(run: Run, call: tuple[Path, int]) -> bool:
    """Tell whether a call kept its name, and its file imports it from here."""
    file = next((file for file in run.files if file.path == call[0]), None)
    return (
        file is not None
        and any(
            change.rule == "imports" and "instead of" in change.text
            for change in file.migration.changes
        )
        and call not in set(places(run, "untouched"))
    )


def places(run: Run, kind: str) -> Iterator[tuple[Path, int]]:
    """Yield file and line of each report of a kind."""
    for file in run.files:
        for report in file.migration.reports:
            if report.kind == kind:
                yield file.path, report.line


def called(code: bytes) -> Iterator[int]:
    """Yield the lines that call a class by a name imported from one of its homes."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return
    names = set(imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
            yield node.lineno


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield the names, plain and dotted, that stand for a class of a home."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole, local = f"{node.module}.{alias.name}", alias.asname or alias.name
                if whole in targets():
                    yield local
                elif whole in target_homes():
                    yield from (f"{local}.{name}" for name in target_names())
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in target_homes():
                    local = alias.asname or alias.name
                    yield from (f"{local}.{name}" for name in target_names())


def compiles(path: Path, before: bytes) -> bool:
    """Tell whether a file still compiles, if it did before."""
    try:
        compile(before, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return True
    try:
        compile(path.read_bytes(), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


if __name__ == "__main__":
    if sys.argv[2:] == ["--speed"]:
        speed(Path(sys.argv[1]))
        sys.exit()
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    with tempfile.TemporaryDirectory() as made:
        main(Path(made))
