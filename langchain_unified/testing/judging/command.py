"""The `judge` command."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from langchain_unified.testing.judging.exchanges import load_exchanges
from langchain_unified.testing.judging.judge import judge

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Judge the emulator by recordings and print a table.

    Args:
        arguments: Command line after `judge`.

    Returns:
        0 if every difference was reviewed, 1 if not, 2 if there is nothing to
        read. What cannot be read is named and left out.
    """
    options = _parser().parse_args(arguments)
    damaged: list[str] = []
    try:
        exchanges = [
            one
            for path in options.paths
            for one in load_exchanges(path, damaged=damaged)
        ]
    except FileNotFoundError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for note in damaged:
        sys.stderr.write(f"not read: {note}\n")
    if not exchanges:
        sys.stderr.write(f"There are no recordings in {', '.join(options.paths)}.\n")
        return 2
    verdict = judge(exchanges)
    shown = (
        json.dumps(asdict(verdict), indent=1)
        if options.json
        else verdict.table(reviewed=options.reviewed)
    )
    sys.stdout.write(f"{shown}\n")
    return 1 if verdict.open else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m langchain_unified.testing judge",
        description="Send recorded requests to the emulator and compare the answers.",
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="FOLDER_OR_FILE",
        help="lines of JSON, cassettes of vcrpy or VCR, HTTP archives; gzipped or not",
    )
    parser.add_argument(
        "--reviewed", action="store_true", help="show reviewed differences, too"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser
