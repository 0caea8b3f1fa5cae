"""The commands and their options."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from langchain_unified.cli import demo as demos
from langchain_unified.cli.asked import AsJson
from langchain_unified.cli.asking import probe, refresh, verify
from langchain_unified.cli.doctor import doctor
from langchain_unified.cli.emulator import emulator
from langchain_unified.cli.facts import facts
from langchain_unified.cli.migrate import migrate
from langchain_unified.cli.models import models as list_models
from langchain_unified.cli.models import show
from langchain_unified.cli.output import user_errors
from langchain_unified.cli.plans import diff, explain
from langchain_unified.cli.rollout import app as rollout


class _Commands(TyperGroup):
    """All commands: none ends in a traceback for a file or variable of the user's."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        with user_errors():
            return super().invoke(ctx)


app = typer.Typer(
    name="langchain-unified",
    cls=_Commands,
    help="One chat model for OpenAI's and Google's models.",
    no_args_is_help=True,
    # Paragraphs of a docstring are wrapped to the terminal, not line by line.
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def _print_version(given: bool) -> None:  # noqa: FBT001
    if given:
        typer.echo(f"langchain-unified {version('langchain-unified')}")
        raise typer.Exit


@app.callback()
def main(
    *,
    _: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """One chat model for OpenAI's and Google's models."""


@app.command()
def demo(
    prompt: Annotated[
        str, typer.Argument(help="The prompt.")
    ] = "In one sentence: why do leaves turn red in autumn?",
    *,
    models: Annotated[
        str | None, typer.Option(help="Models to call, separated by commas.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send one prompt to several models and show the request each one received.

    Calls the real providers if the environment has a key for each of them, and the
    local emulator otherwise; the first line says which.
    """
    asked = [name.strip() for name in models.split(",")] if models else None
    with user_errors():
        raise typer.Exit(demos.run(prompt, asked, as_json=as_json))


COMMANDS = (
    show,
    facts,
    explain,
    diff,
    probe,
    verify,
    refresh,
    emulator,
    doctor,
    migrate,
)
app.command("models")(list_models)
for command in COMMANDS:
    app.command()(command)
app.add_typer(rollout)
