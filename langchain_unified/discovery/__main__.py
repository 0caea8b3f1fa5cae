"""Compare the rows with other catalogues, and fill gaps with `--write`."""

from __future__ import annotations

import sys

from langchain_unified.discovery.rewriting import refresh_rows
from langchain_unified.discovery.upstream import disagreements
from langchain_unified.registry import Registry


def main(arguments: list[str]) -> int:
    """Print gaps and disagreements; return 0."""
    for filling in refresh_rows(write="--write" in arguments):
        sys.stdout.write(f"{filling}\n")
    for one in disagreements(Registry()):
        sys.stdout.write(f"{one}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
