"""The commands and their options."""

from __future__ import annotations

import typer

from langchain_unified.cli import demo as demos
from langchain_unified.cli.migrate import migrate

app = typer.Typer(
    name="langchain-unified",
    help="One chat model for OpenAI's and Google's models.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _group() -> None:
    """Keep `demo` a command even while it is the only one."""


@app.command()
def demo(
    prompt: str = typer.Argument(
        "In one sentence: why do leaves turn red in autumn?", help="What to ask."
    ),
) -> None:
    """Ask several models the same with the same settings; show what each was sent.

    Uses real providers if the environment has a key for all of them, else the
    emulator for all of them; it says which.
    """
    raise typer.Exit(demos.run(prompt))


app.command()(migrate)
