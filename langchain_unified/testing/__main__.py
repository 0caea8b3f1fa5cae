"""Run the emulator from the command line."""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from langchain_unified.testing.emulator import ProviderEmulator
from langchain_unified.testing.judging.command import main as judge_command
from langchain_unified.testing.makes.facts import makes

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C, or judge the emulator by recordings.

    Args:
        arguments: Command line without the program name.

    Returns:
        The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["judge"]:
        return judge_command(given[1:])
    options = _parser().parse_args(given)
    emulator = ProviderEmulator(
        port=options.port,
        record_to=options.record,
        rules=options.rules or (),
        as_server=options.as_server,
    )
    with suppress(KeyboardInterrupt), emulator:
        sys.stdout.write(banner(emulator))
        sys.stdout.flush()
        threading.Event().wait()
    return 0


def banner(emulator: ProviderEmulator) -> str:
    """Return the base URLs and the lines that export them."""
    return (
        f"OpenAI: {emulator.openai_base_url}\n"
        f"Gemini: {emulator.google_base_url}\n"
        "\n"
        f"export OPENAI_BASE_URL={emulator.openai_base_url}\n"
        "export OPENAI_API_KEY=emulator\n"
        f"export GOOGLE_GEMINI_BASE_URL={emulator.google_base_url}\n"
        "export GOOGLE_API_KEY=emulator\n"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m langchain_unified.testing",
        description="A strict loopback OpenAI and Gemini server. `judge "
        "FOLDER_OR_FILE` compares it with recordings of the real APIs.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--record", metavar="FILE.jsonl", help="append each request")
    parser.add_argument(
        "--as",
        dest="as_server",
        choices=sorted(makes()),
        help="play a server of another make",
    )
    parser.add_argument("--rules", metavar="FILE.json", help="extra model rules")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
