"""The command `emulator`: the strict loopback server, run by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from langchain_unified.cli.output import (
    WRONG_USE,
    check_words,
    print_error,
    user_errors,
)


def emulator(
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port; 0 chooses a free one.")
    ] = 0,
    record: Annotated[
        Path | None, typer.Option(help="Record every request in this JSON Lines file.")
    ] = None,
    rules: Annotated[
        Path | None, typer.Option(help="JSON file with rules for additional models.")
    ] = None,
    as_server: Annotated[
        str | None,
        typer.Option("--as", help="Server to emulate, for example deepseek."),
    ] = None,
) -> None:
    """Run a local server with the OpenAI and Gemini APIs; stop it with Ctrl-C."""
    from langchain_unified.testing.__main__ import main  # noqa: PLC0415
    from langchain_unified.testing.makes.facts import makes  # noqa: PLC0415

    arguments = ["--port", str(port)]
    if record is not None:
        arguments += ["--record", str(record)]
    if rules is not None:
        arguments += ["--rules", str(rules)]
    if as_server is not None:
        arguments += ["--as", as_server]
    try:
        with user_errors():
            check_words("--as", (as_server,) if as_server else (), makes())
            main(arguments)
    except (OSError, ValueError) as error:
        print_error(error)
        raise typer.Exit(WRONG_USE) from None
