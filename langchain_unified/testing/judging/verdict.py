"""What a judgement found."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from langchain_unified.testing.rules import DATA

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY = re.compile(
    r"\b(?:sk|rk|pk|sess|org|proj)[-_][\w*-]{8,}|\b(?:AIza|ya29\.)[\w.-]{8,}"
    r"|(?<=Bearer )\S+"
)
KINDS = {
    "refused": "the real API accepts, the emulator refuses",
    "accepted": "the real API refuses, the emulator accepts",
    "status": "another status",
    "error": "another error type, code, param or wording",
    "value": "another value",
    "missing": "a key is missing",
    "extra": "a key too many",
    "type": "another JSON type",
    "order": "another order of events",
    "never": "a kind of object that is never answered",
}


@dataclass(frozen=True)
class Difference:
    """One way in which the emulator differs from the recordings.

    Attributes:
        kind: One of `KINDS`.
        family: The API, such as `chat stream`.
        where: The place in the answer, or the wording of an error.
        count: Exchanges in which it shows.
        of: Exchanges in which it could show.
        example: The id of one of them.
        reason: Why it is left so, None if nobody reviewed it.
    """

    kind: str
    family: str
    where: str
    count: int
    of: int
    example: str
    reason: str | None = None


@dataclass(frozen=True)
class Verdict:
    """The result of judging some recordings.

    Attributes:
        judged: Exchanges sent to the emulator, by family.
        skipped: Exchanges with servers that are not emulated, by host.
        differences: All differences, those without a reason first.
    """

    judged: dict[str, int]
    skipped: dict[str, int]
    differences: list[Difference]

    @property
    def open(self) -> list[Difference]:
        """The differences that nobody reviewed."""
        return [one for one in self.differences if one.reason is None]

    def table(self, *, reviewed: bool = False) -> str:
        """Return the result as a table.

        Args:
            reviewed: Show the reviewed differences with their reasons, too.

        Returns:
            Lines of text.
        """
        judged, skipped = sorted(self.judged.items()), sorted(self.skipped.items())
        lines = [f"{count:6} {family}" for family, count in judged]
        lines += [f"{count:6} not judged: {host}" for host, count in skipped]
        for kind, meaning in KINDS.items():
            lines += _section(kind, meaning, self.differences, reviewed=reviewed)
        total, open_ = len(self.differences), len(self.open)
        return "\n".join([*lines, "", f"{total} differences, {open_} without a reason"])


def review(differences: Iterable[Difference]) -> list[Difference]:
    """Give every reviewed difference its reason, the others first.

    Keys that a recording has among its words are masked.
    """
    with_reasons = [
        replace(one, where=_KEY.sub("***", one.where), reason=_reason_for(one))
        for one in differences
    ]
    return sorted(
        with_reasons,
        key=lambda one: (one.reason is not None, one.kind, -one.count, one.where),
    )


def _section(
    kind: str, meaning: str, differences: list[Difference], *, reviewed: bool
) -> list[str]:
    mine = [one for one in differences if one.kind == kind]
    if not mine:
        return []
    lines = ["", f"{kind}: {meaning}"]
    for one in mine:
        if one.reason is None or reviewed:
            lines.append(f"  {one.count:5} of {one.of:4}  {one.family:16}  {one.where}")
            lines.append(f"                                  {_note(one)}")
    explained = sum(one.reason is not None for one in mine)
    return [*lines, f"  {explained} reviewed"] if explained and not reviewed else lines


def _note(one: Difference) -> str:
    return one.example if one.reason is None else f"reviewed: {one.reason}"


def _reason_for(one: Difference) -> str | None:
    for entry in _reviewed():
        if (
            fnmatchcase(one.kind, entry["kind"])
            and fnmatchcase(one.family, entry["family"])
            and any(_matches(one.where, where) for where in entry["where"])
        ):
            return entry["reason"]
    return None


def _matches(where: str, pattern: str) -> bool:
    return fnmatchcase(where, pattern.replace("[]", "[[]]"))


@cache
def _reviewed() -> list[dict[str, str]]:
    path = DATA / "reviewed_differences.json"
    loaded: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
