"""Print the figures of the house."""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
from collections.abc import Iterator
from itertools import chain

from langchain_unified import UnifiedChatModel
from tests.structure import code, names, rooms, state, warm


def main() -> None:
    """Print every figure; with `--places`, also where each of them comes from."""
    parser = argparse.ArgumentParser(prog="python -m tests.structure")
    parser.add_argument("--places", action="store_true", help="name every place")
    parser.add_argument("--map", action="store_true", help="draw which imports which")
    parser.add_argument("--warm", action="store_true", help="only what calls pass")
    given = parser.parse_args()
    if given.map:
        sys.stdout.write(rooms.drawn())
        return
    places = given.places
    logging.getLogger("langchain_unified").setLevel(logging.ERROR)
    for line, found in chain(_warm(), () if given.warm else _static()):
        sys.stdout.write(f"{line}\n")
        for place in found if places else ():
            sys.stdout.write(f"    {place}\n")


def _warm() -> Iterator[tuple[str, list[str]]]:
    with warm.models() as models:
        for route, llm in models.items():
            for what, found in (
                ("invoke", warm.of_invoke(llm)),
                ("streamed chunk", warm.of_chunk(llm)),
            ):
                told = warm.summed(found)
                line = f"{route}, {what}: {told.files} files, {told.calls} calls"
                yield line, [f"{p} {n} {k}" for (p, n), k in sorted(found.items())]


def _static() -> Iterator[tuple[str, list[str]]]:
    ours = [
        kind.__name__
        for kind in UnifiedChatModel.__mro__
        if kind.__module__.startswith(f"{code.NAME}.")
    ]
    yield f"classes of ours in the model's MRO: {len(ours)}", ours
    circles = code.circles()
    inside = sum(map(len, circles))
    yield f"modules in import circles: {inside}", [" ".join(one) for one in circles]
    told = names.provider_names()
    count = ", ".join(f"{word} {len(paths)}" for word, paths in told.items())
    places = [f"{word} {path}" for word, paths in told.items() for path in paths]
    yield f"files that name a provider outside its folder: {count}", places
    held = [f"{path} {name}" for path, name in state.mutable_globals()]
    yield f"mutable globals outside runtime.py: {len(held)}", held
    kept = [f"{path} {name}" for path, name in state.memoized()]
    yield f"memoized functions: {len(kept)}", kept
    foreign = [f"{path} {name}" for path, name in names.foreign_private_names()]
    yield f"private foreign names outside seam files: {len(foreign)}", foreign
    functions = code.functions()
    lines = [length for length, _ in functions]
    ninth = statistics.quantiles(lines, n=10)[-1]
    told_lengths = (
        f"median {statistics.median(lines):g}, p90 {ninth:g}, max {lines[-1]}"
    )
    longest = [f"{length} {place}" for length, place in functions[-15:]]
    yield f"lines of functions: {told_lengths}", longest


if __name__ == "__main__":
    main()
