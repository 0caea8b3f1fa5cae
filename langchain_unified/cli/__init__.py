"""The command line: `langchain-unified`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; say what to install if its packages are missing."""
    try:
        from langchain_unified.cli.app import app  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich"}:
            raise
        message = 'The command line needs: pip install "langchain-unified[cli]"'
        sys.exit(message)
    app()
