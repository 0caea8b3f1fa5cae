"""Comparing the shapes and event orders of many answers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from langchain_unified.testing.judging.order import Order, orders_of
from langchain_unified.testing.judging.shapes import Shape, merged, shape_of
from langchain_unified.testing.judging.verdict import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_unified.testing.judging.sending import Pair

_OK = 200
_ENOUGH = 5


def compare_shapes(pairs: list[Pair]) -> Iterator[Difference]:
    """Compare the answers both sides gave, family by family.

    A key is missing where the real answer to the same request has it in the same kind
    of object. It is extra, and its type another, where no recorded answer of the
    family has it so: recordings are of several years, and keys came with time. A null
    is as good as a key that is not there, and a handful of answers proves nothing.

    Args:
        pairs: Exchanges and the emulator's answers.

    Yields:
        The differences, counted.
    """
    answered = [
        pair
        for pair in pairs
        if pair.exchange.status == _OK
        and pair.reply.status == _OK
        and (pair.exchange.answer is not None or pair.exchange.events)
    ]
    for family in sorted({pair.family for pair in answered}):
        mine = [pair for pair in answered if pair.family == family]
        yield from _family_shapes(family, mine)
        yield from _family_orders(family, mine)


class _Counts:
    """Counts of what was found, with the first id of each."""

    def __init__(self, family: str) -> None:
        self._family = family
        self._found: Counter[tuple[str, str]] = Counter()
        self._possible: Counter[tuple[str, str]] = Counter()
        self._first: dict[tuple[str, str], str] = {}

    def note(self, kind: str, where: str, example: str) -> None:
        self._found[kind, where] += 1
        self._first.setdefault((kind, where), example)

    def could(self, kind: str, where: str) -> None:
        self._possible[kind, where] += 1

    def differences(self) -> Iterator[Difference]:
        for (kind, where), count in self._found.items():
            of = self._possible[kind, where] or count
            yield Difference(
                kind, self._family, where, count, of, self._first[kind, where]
            )


def _allow_missing(known: Shape, real: list[Shape]) -> Counter[str]:
    """Let keys be null that are not in every object, and count the objects."""
    seen = Counter(place for shape in real for place in shape)
    always = Counter(
        (place, key) for shape in real for place in shape for key in shape[place]
    )
    for (place, key), count in always.items():
        if count < seen[place]:
            known[place][key].add("null")
    return seen


def _family_shapes(family: str, pairs: list[Pair]) -> Iterator[Difference]:
    real = [shape_of(pair.exchange.answer, pair.exchange.events) for pair in pairs]
    ours = [shape_of(pair.reply.answer, pair.reply.events) for pair in pairs]
    known, given = merged(real), merged(ours)
    counts = _Counts(family)
    seen = _allow_missing(known, real)
    judged = {place: keys for place, keys in known.items() if seen[place] >= _ENOUGH}
    for pair, recorded, emulated in zip(pairs, real, ours, strict=True):
        example = pair.exchange.id
        _note_missing(counts, recorded, emulated, example)
        _note_wrong(counts, judged, emulated, example)
        for place in recorded:
            if place not in given:
                counts.note("never", place or "(body)", example)
    yield from counts.differences()


def _note_missing(counts: _Counts, real: Shape, ours: Shape, example: str) -> None:
    for place, keys in real.items():
        for key in keys if place in ours else ():
            where = f"{place}.{key}".lstrip(".")
            counts.could("missing", where)
            if key not in ours[place]:
                counts.note("missing", where, example)


def _note_wrong(counts: _Counts, known: Shape, ours: Shape, example: str) -> None:
    for place, keys in ours.items():
        for key, types in keys.items() if place in known else ():
            where = f"{place}.{key}".lstrip(".")
            recorded = known[place].get(key)
            if recorded is None:
                counts.note("extra", where, example)
            elif types - recorded:
                names = ", ".join(sorted(types - recorded))
                counts.note(
                    "type", f"{where}: {names}, not {sorted(recorded)}", example
                )


def _family_orders(family: str, pairs: list[Pair]) -> Iterator[Difference]:
    streamed = [pair for pair in pairs if pair.exchange.events and pair.reply.events]
    known: dict[str, set[Order]] = {}
    for pair in streamed:
        for section, orders in orders_of(pair.exchange.events or ()).items():
            known.setdefault(section, set()).update(orders)
    counts = _Counts(family)
    for pair in streamed:
        for section, orders in orders_of(pair.reply.events or ()).items():
            for order in orders - known.get(section, orders):
                where = f"{section}: {' > '.join(order)}"
                counts.note("order", where, pair.exchange.id)
    yield from counts.differences()
