"""Measure everything, print the table, and write `results/`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.benchmarks import curves, peers, report, startup
from tests.benchmarks.measure import Run, timed
from tests.benchmarks.scenarios import OURS, Scenario, scenarios
from tests.benchmarks.server import Server, serving

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run the benchmarks named on the command line, or all of them."""
    wanted = _arguments()
    with peers.environment(), serving() as server:
        lines = list(_lines(server, wanted))
        found: dict[str, Any] = {
            "surroundings": report.surroundings(),
            "lines": report.as_json(lines),
        }
        if not wanted.only:
            memory = startup.resident_kilobytes(server, calls=wanted.calls)
            steps = startup.resident_steps(server)
            grown = curves.curves(server, max(5, wanted.rounds // 3))
            found |= {"resident_kilobytes": memory, "resident_steps": steps}
            found |= {"curves": curves.as_json(grown)}
            told = f"{report.markdown(lines)}\n\n{report.memory(memory, steps)}"
            _write(found, told, wanted.results)
            curves.draw(grown, wanted.results)
            _say("\n" + report.memory(memory, steps))
    _say("\n" + report.markdown(lines))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--rounds", type=int, default=15, help="rounds per line")
    parser.add_argument("--calls", type=int, default=20_000, help="for memory")
    parser.add_argument("--only", default="", help="only lines whose name has this")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder")
    return parser.parse_args()


def _lines(server: Server, wanted: argparse.Namespace) -> Iterator[report.Line]:
    for one in scenarios(server):
        if wanted.only in one.name:
            found = _measured(one, wanted.rounds)
            _say(f"{one.name}: {found.ratio.median:.3f}")
            yield found
    if wanted.only in "import":
        yield _importing(wanted.rounds)
    if wanted.only in "cold start":
        yield from _starting(server, wanted.rounds)


def _measured(one: Scenario, rounds: int) -> report.Line:
    """Return a line: us beside the reference alone, then the others beside it."""
    pair = {OURS: one.contenders[OURS], one.reference: one.contenders[one.reference]}
    found = _timed(one, pair, rounds)
    if len(one.contenders) == len(pair):
        return found
    return replace(found, others=_timed(one, one.contenders, rounds).others)


def _timed(one: Scenario, contenders: Mapping[str, Run], rounds: int) -> report.Line:
    times = timed(
        contenders,
        rounds=rounds * one.rounds,
        calls=one.calls,
        per=one.per,
        in_a_row=one.in_a_row,
    )
    return report.line(one.name, one.target, one.reference, times, ours=OURS)


def _importing(rounds: int) -> report.Line:
    """Return the line of imports: ours often, as processes differ more than calls."""
    often = startup.import_times(startup.COMPARED, 6 * rounds)
    seldom = startup.import_times(startup.IMPORTS, max(3, rounds // 3))
    ours, others = (
        report.line("import", 1.1, "langchain-core", times, ours=OURS)
        for times in map(startup.above_start, (often, seldom))
    )
    return replace(ours, others=others.others)


def _starting(server: Server, rounds: int) -> Iterator[report.Line]:
    """Yield the lines of fresh processes up to their first answer."""
    for route, theirs, times in startup.first_answers(server, rounds):
        name = f"cold start, {route}"
        found = report.line(name, 1.0, theirs, times, ours=OURS)
        _say(f"{name}: {found.ratio.median:.3f}")
        yield found


def _write(found: dict[str, Any], table: str, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    text = json.dumps(found, indent=1) + "\n"
    (folder / "results.json").write_text(text, encoding="utf-8")
    (folder / "results.md").write_text(table + "\n", encoding="utf-8")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
