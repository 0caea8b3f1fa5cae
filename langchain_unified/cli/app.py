"""The commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from langchain_unified.cli import demo as demos
from langchain_unified.cli.asking import probe, refresh
from langchain_unified.cli.doctor import doctor
from langchain_unified.cli.emulator import emulator
from langchain_unified.cli.migrate import migrate
from langchain_unified.cli.models import models, show
from langchain_unified.cli.plans import diff, explain
from langchain_unified.cli.rollout import app as rollout

app = typer.Typer(
    name="langchain-unified",
    help="One chat model for OpenAI's and Google's models.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command()
def demo(
    prompt: Annotated[
        str, typer.Argument(help="What to ask.")
    ] = "In one sentence: why do leaves turn red in autumn?",
) -> None:
    """Ask several models the same with the same settings; show what each was sent.

    Uses real providers if the environment has a key for all of them, else the
    emulator for all of them; it says which.
    """
    raise typer.Exit(demos.run(prompt))


COMMANDS = (
    models,
    show,
    explain,
    diff,
    probe,
    refresh,
    emulator,
    doctor,
    migrate,
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(rollout)
