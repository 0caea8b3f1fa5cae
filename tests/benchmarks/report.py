"""The table: ratios with their spread, beside what we want to reach."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tests.benchmarks.measure import Ratio, Timing

PACKAGES = (
    "langchain-core",
    "langchain-openai",
    "langchain-google-genai",
    "openai",
    "google-genai",
    "langchain-litellm",
    "pydantic-ai-slim",
)


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        name: What is done.
        target: Largest ratio wanted, if any.
        reference: Who we are compared with.
        ratio: How we compare.
        microseconds: CPU microseconds of every contender.
        others: How the others compare with the reference.
    """

    name: str
    target: float | None
    reference: str
    ratio: Ratio
    microseconds: Mapping[str, float]
    others: Mapping[str, float]

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; `None` if there is none."""
        return None if self.target is None else self.ratio.median <= self.target


def line(
    name: str,
    target: float | None,
    reference: str,
    times: Mapping[str, Timing],
    *,
    ours: str,
) -> Line:
    """Return a line from what was measured."""
    theirs = times[reference]
    others = {
        contender: timing.against(theirs).median
        for contender, timing in times.items()
        if contender not in {ours, reference}
    }
    spent = {contender: timing.median for contender, timing in times.items()}
    return Line(name, target, reference, times[ours].against(theirs), spent, others)


def markdown(lines: Iterable[Line]) -> str:
    """Return the table in Markdown."""
    rows = [
        "| | ratio | middle half of the rounds | at most | against | others |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*rows, *(_row(one) for one in lines)])


def memory(sizes: Mapping[str, list[int]], steps: Mapping[str, int]) -> str:
    """Return resident sizes, and what makes up ours, in Markdown."""
    rows = ["| resident MB | |", "| --- | --- |"]
    for name, found in sizes.items():
        told = " / ".join(f"{size / 1024:.1f}" for size in found)
        rows.append(f"| {name}, after the first call / a tenth / all | {told} |")
    rows += [f"| ours: {name} | {size / 1024:.1f} |" for name, size in steps.items()]
    return "\n".join(rows)


def _row(one: Line) -> str:
    low, high = one.ratio.spread
    target = "" if one.target is None else f"{one.target:g}"
    missed = " (missed)" if one.reached is False else ""
    others = ", ".join(f"{name} {ratio:.2f}" for name, ratio in one.others.items())
    return (
        f"| {one.name} | **{one.ratio.median:.2f}**{missed} | {low:.2f} to {high:.2f} "
        f"| {target} | {one.reference} | {others} |"
    )


def as_json(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Return the lines as data."""
    return [
        {
            "name": one.name,
            "target": one.target,
            "reached": one.reached,
            "reference": one.reference,
            "ratio": round(one.ratio.median, 4),
            "spread": [round(edge, 4) for edge in one.ratio.spread],
            "rounds": len(one.ratio.rounds),
            "cpu_microseconds": {k: round(v, 1) for k, v in one.microseconds.items()},
            "others": {k: round(v, 4) for k, v in one.others.items()},
        }
        for one in lines
    ]


def surroundings() -> dict[str, str]:
    """Return what was measured, and on what."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # noqa: PERF203
            continue
    return found
