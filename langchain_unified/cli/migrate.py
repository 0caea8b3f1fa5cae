"""The command `migrate`: the codemod on files, with a report."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from langchain_unified.progress import show_progress

if TYPE_CHECKING:
    from langchain_unified.migrate import Run

_VERIFY = ("definitions", "all", "none")

WOULD_CHANGE = 1
"""`--check` found something to change, or `--revert` had to leave a file."""
WRONG_USE = 2
"""A path does not exist, options contradict, or libcst is not installed."""
FAILED = 3
"""A file could not be read or written."""


Paths = Annotated[list[Path], typer.Argument(help="Files and folders to migrate.")]
Check = Annotated[
    bool,
    typer.Option(
        "--check", help="Write nothing; exit with 1 if there are changes to make."
    ),
]
Diff = Annotated[
    bool, typer.Option("--diff", help="Write nothing; print a diff of the changes.")
]
Revert = Annotated[bool, typer.Option("--revert", help="Undo the migration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
KeepDefaults = Annotated[
    bool,
    typer.Option(
        "--keep-defaults", help="Write the old class's default settings into the code."
    ),
]
VerifyWhich = Annotated[
    str,
    typer.Option(
        help="Import changed modules before and after, in a child process: "
        "definitions (only modules that run no code), all, none."
    ),
]
WriteDependencies = Annotated[
    bool,
    typer.Option(
        "--write-dependencies", help="Add langchain-unified to your dependency files."
    ),
]
Changes = Annotated[bool, typer.Option("--changes", help="List every change.")]
Include = Annotated[
    list[str] | None,
    typer.Option(help="Only files that match this pattern; can be repeated."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(help="Skip files that match this pattern; can be repeated."),
]


def migrate(
    paths: Paths,
    *,
    check: Check = False,
    diff: Diff = False,
    revert: Revert = False,
    as_json: AsJson = False,
    keep_defaults: KeepDefaults = False,
    verify: VerifyWhich = "definitions",
    write_dependencies: WriteDependencies = False,
    changes: Changes = False,
    include: Include = None,
    exclude: Exclude = None,
) -> None:
    """Move code from ChatOpenAI, AzureChatOpenAI, ChatGoogleGenerativeAI,
    ChatAnthropic, ChatOllama and init_chat_model to this package.

    Exit codes: 0 success; 1 --check found changes to make, or --revert skipped a file
    that was edited since; 2 usage error; 3 a file could not be read or written.
    """  # noqa: D205 - typer prints the first paragraph
    if revert and (check or diff or keep_defaults or include or exclude):
        _fail("--revert can be combined with --json only.")
    if verify not in _VERIFY:
        _fail(f"--verify must be one of: {', '.join(_VERIFY)}.")
    settings = {
        "verify": verify,
        "write_dependencies": write_dependencies,
        "write": not (check or diff),
        "include": include or (),
        "exclude": exclude or (),
    }
    run = _run(paths, settings, revert=revert, keep_defaults=keep_defaults)
    _show(run, diff=diff, as_json=as_json, written=not (check or diff), changes=changes)
    raise typer.Exit(_exit_code(run, check=check, revert=revert))


def _run(
    paths: list[Path], settings: dict[str, Any], *, revert: bool, keep_defaults: bool
) -> Run:
    _need_libcst()
    from langchain_unified import migrate as codemod  # noqa: PLC0415

    try:
        if revert:
            return codemod.revert_paths(paths)
        options = codemod.Options(keep_defaults=keep_defaults)
        with show_progress("Files") as bar:
            return codemod.migrate_paths(
                paths, options=options, progress=bar, **settings
            )
    except (codemod.RecordError, OSError) as error:
        _fail(str(error))


def _need_libcst() -> None:
    if importlib.util.find_spec("libcst") is None:
        _fail('The codemod needs: pip install "langchain-unified[migrate]"')


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(WRONG_USE)


def _show(run: Run, *, diff: bool, as_json: bool, written: bool, changes: bool) -> None:
    from langchain_unified.migrate import render_report  # noqa: PLC0415

    if as_json:
        typer.echo(json.dumps(run.as_dict(), indent=1))
        return
    if diff:
        typer.echo("".join(file.diff for file in run.files), nl=False)
    typer.echo(render_report(run, written=written, changes=changes), err=diff)


def _exit_code(run: Run, *, check: bool, revert: bool) -> int:
    if run.of("failed"):
        return FAILED
    found = run.of("untouched") if revert else run.of("changed") if check else ()
    return WOULD_CHANGE if found else 0
