"""How cost grows with messages, tools, registry rows and calls in flight."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from langchain_unified.registry import Registry
from langchain_unified.registry.loader import load_shipped
from langchain_unified.registry.schema import ProviderFile
from tests.benchmarks import peers, scenarios
from tests.benchmarks.measure import Run, timed
from tests.benchmarks.scenarios import DIRECT, OURS
from tests.benchmarks.server import Server

Curve = dict[str, list[tuple[int, float]]]
"""Milliseconds by size, by contender."""

MESSAGES = (1, 3, 10, 30, 100, 300, 1_000)
TOOLS = (1, 3, 10, 30, 100)
ROWS = (100, 300, 1_000, 3_000, 10_000)
CONCURRENCY = (1, 4, 16, 64, 256)


def curves(server: Server, rounds: int) -> dict[str, Curve]:
    """Measure every growth curve."""
    return {
        "messages": _curve(MESSAGES, lambda n: _messages(server, n), rounds),
        "tools": _curve(TOOLS, lambda n: _tools(server, n), rounds),
        "registry rows": _curve(ROWS, _rows, rounds),
        "calls in flight": _curve(
            CONCURRENCY, lambda n: _in_flight(server, n), rounds, per_size=True
        ),
    }


def _curve(
    sizes: Iterable[int],
    contenders: Callable[[int], Mapping[str, Run]],
    rounds: int,
    *,
    per_size: bool = False,
) -> Curve:
    found: Curve = {}
    for size in sizes:
        per = size if per_size else 1
        calls = max(1, 20 // size)
        times = timed(contenders(size), rounds=rounds, calls=calls, per=per)
        for name, timing in times.items():
            found.setdefault(name, []).append((size, timing.median / 1_000))
    return found


def _messages(server: Server, count: int) -> dict[str, Run]:
    said = scenarios.history(count)
    mine, theirs = peers.ours(server, DIRECT), peers.openai(server, DIRECT)
    return {
        OURS: lambda: mine.invoke(said),
        "ChatOpenAI": lambda: theirs.invoke(said),
    }


def _tools(server: Server, count: int) -> dict[str, Run]:
    bound = scenarios.tools(count)
    mine = peers.ours(server, DIRECT).bind_tools(bound)
    theirs = peers.openai(server, DIRECT).bind_tools(bound)
    return {
        OURS: lambda: mine.invoke(scenarios.ASKED),
        "ChatOpenAI": lambda: theirs.invoke(scenarios.ASKED),
    }


def _in_flight(server: Server, count: int) -> dict[str, Run]:
    loop = scenarios.the_loop()
    mine, theirs = peers.ours(server, DIRECT), peers.openai(server, DIRECT)
    return {
        OURS: scenarios.gathered(loop, mine, count),
        "ChatOpenAI": scenarios.gathered(loop, theirs, count),
    }


def _rows(count: int) -> dict[str, Run]:
    registry = Registry({"openai": grown(load_shipped()["openai"], count)})
    names = [f"made-up-{i}" for i in range(0, count, max(1, count // 50))]
    cold = iter(range(10**9))
    return {
        "resolve, known name": lambda: [registry.resolve(n) for n in names],
        "resolve, new name": lambda: registry.resolve(f"unheard-{next(cold)}"),
    }


def grown(file: ProviderFile, count: int) -> ProviderFile:
    """Return a provider file with so many more rows."""
    row = next(iter(file.models.values()))
    bare = row.model_copy(update={"aliases": [], "snapshots": [], "same_as": None})
    more = {f"made-up-{i}": bare for i in range(count)}
    return file.model_copy(update={"models": {**file.models, **more}})


def draw(found: Mapping[str, Curve], folder: Path) -> list[Path]:
    """Draw each curve as a small picture; without matplotlib draw none."""
    if not peers.installed("matplotlib"):
        return []
    import matplotlib as mpl

    mpl.use("Agg")
    return [_draw(name, curve, folder) for name, curve in found.items()]


def _draw(name: str, curve: Curve, folder: Path) -> Path:
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(4.2, 2.8), dpi=90)
    for contender, points in curve.items():
        sizes, spent = zip(*points, strict=True)
        axes.plot(sizes, spent, marker="o", markersize=3, label=contender)
    axes.set(xscale="log", yscale="log", xlabel=name, ylabel="client CPU, ms")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    path = folder / f"{name.replace(' ', '_')}.png"
    figure.savefig(path)
    plt.close(figure)
    return path


def as_json(found: Mapping[str, Curve]) -> dict[str, Any]:
    """Return the curves as data."""
    return {
        name: {
            contender: [[size, round(spent, 4)] for size, spent in points]
            for contender, points in curve.items()
        }
        for name, curve in found.items()
    }
