"""The commands `rollout check` and `rollout report`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from langchain_unified.cli.asked import AsJson
from langchain_unified.cli.output import (
    WRONG_USE,
    console,
    print_error,
    print_json,
    table,
    user_errors,
)
from langchain_unified.registry import default_registry
from langchain_unified.rollout import ENVIRONMENT, Mode
from langchain_unified.rollout.control import LEGACY_PROVIDERS, SALT
from langchain_unified.rollout.flags import FileFlag
from langchain_unified.rollout.modes import enters_at
from langchain_unified.rollout.report import ShadowReport

app = typer.Typer(
    name="rollout",
    help="Explain a rollout flag; print shadow reports.",
    no_args_is_help=True,
)

Flag = Annotated[
    str | None,
    typer.Argument(
        help="A flag ('canary:10, google_genai=off') or the path of a flag file; the "
        f"environment variable {ENVIRONMENT} if left out."
    ),
]
Keys = Annotated[
    list[str] | None, typer.Option("--key", help="A user or tenant; can be repeated.")
]
KeyFile = Annotated[
    Path | None, typer.Option("--keys", help="A file with one key per line.")
]
Salt = Annotated[str, typer.Option(help="The salt of the rollout.")]

_MEANS = {
    "unified": "the unified path",
    "legacy": "the legacy path",
    "shadow": "the legacy path; the unified path is compared",
    "off": "refused before sending",
}


@app.command()
def check(
    flag: Flag = None,
    *,
    key: Keys = None,
    keys: KeyFile = None,
    salt: Salt = SALT,
    as_json: AsJson = False,
) -> None:
    """Explain a flag: the path of each provider's calls, and who is in the canary.

    The exit code is 2 if the flag is not valid; the error suggests a correction.
    """
    with user_errors():
        mode = _read(flag)
    asked = [*(key or []), *_lines(keys)]
    providers = {name: mode.of(name) for name in ("openai", *_others())}
    drawn = {one: enters_at(one, salt) for one in asked}
    if as_json:
        print_json(
            {
                "flag": str(mode),
                "providers": {name: str(own) for name, own in providers.items()},
                "keys": {
                    one: {"enters_at": at, "served_by": mode.serves(one, salt)}
                    for one, at in drawn.items()
                },
            }
        )
        return
    _show(mode, providers, drawn, salt)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="The folder passed as report_to=.")],
    *,
    as_json: AsJson = False,
    as_html: Annotated[bool, typer.Option("--html", help="Print HTML.")] = False,
) -> None:
    """Print the merged shadow report of all processes."""
    if not folder.is_dir():
        print_error(f"the folder {folder} does not exist")
        raise typer.Exit(WRONG_USE)
    with user_errors():
        found = ShadowReport.load(folder)
    typer.echo(found.to_json() if as_json else found.html() if as_html else str(found))


def _read(flag: str | None) -> Mode:
    """Return what a flag says; a path is read as a rollout would read it."""
    text = os.environ.get(ENVIRONMENT, "") if flag is None else flag
    if not Path(text).is_file():
        return Mode.parse(text)
    wrong: list[str] = []
    mode = FileFlag(text, wrong.append).read()
    if mode is None:
        print_error(" ".join(wrong) or f"{text} is empty")
        raise typer.Exit(WRONG_USE)
    return mode


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        print_error(f"cannot read {path}: {error}")
        raise typer.Exit(WRONG_USE) from None
    return [line for line in text.splitlines() if line]


def _others() -> list[str]:
    return [name for name in default_registry().files if name != "openai"]


def _show(
    mode: Mode, providers: dict[str, Mode], drawn: dict[str, float], salt: str
) -> None:
    console.print(f"flag: {mode}", highlight=False)
    shown = table("provider", "mode", "calls use")
    for name, own in providers.items():
        shown.add_row(name, str(own._replace(providers=())), _means(name, own))
    console.print(shown)
    if not drawn:
        return
    who = table("key", "in the canary from", "now served by")
    for key, at in drawn.items():
        who.add_row(key, f"{at:.2f} %", mode.serves(key, salt))
    console.print(who)
    inside = sum(mode.serves(key, salt) == "unified" for key in drawn)
    console.print(f"{inside} of {len(drawn)} keys on the unified path", highlight=False)


def _means(provider: str, mode: Mode) -> str:
    if mode.name == "canary":
        means: Any = (
            f"the unified path for {mode.percent:g}% of the keys, always the same ones"
        )
    else:
        means = _MEANS[mode.name]
    if mode.name in {"unified", "off"} or provider in LEGACY_PROVIDERS:
        return str(means)
    return f"{means}; without an old service of your own, the unified path"
