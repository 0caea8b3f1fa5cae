"""Filling gaps in the rows' plain facts from other catalogues."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import langchain_unified.data
from langchain_unified.discovery.upstream import Claim, claims, ours_of
from langchain_unified.registry import Registry

TRUSTED = {
    "released": {"langchain_openai", "langchain_google_genai"},
    "shutdown": {"openai.types"},
}
"""Who is believed where the rows say nothing. A date of shutdown is only the
provider's own to give; limits differ in meaning between catalogues, so a person
enters them."""


@dataclass(frozen=True, slots=True)
class Filling:
    """A plain fact that a row lacks and a trusted catalogue has.

    Attributes:
        claim: The fact, and whose it is.
    """

    claim: Claim

    def __str__(self) -> str:
        """Return one line for a person."""
        one = self.claim
        return f"{one.provider}:{one.model}: {one.fact} = {one.value} ({one.source})"


def refresh_rows(
    *,
    made: Iterable[Claim] | None = None,
    folder: Path | None = None,
    write: bool = False,
) -> list[Filling]:
    """Find, and with `write` enter, plain facts that rows lack and catalogues have.

    What a row already says is never changed: that is a disagreement, and a person's to
    settle.

    Args:
        made: The claims; those of the installed catalogues if left out.
        folder: The folder of the provider files; the package's own if left out.
        write: Whether to write the files.
    """
    registry = Registry()
    found: dict[tuple[str, str, str], Filling] = {}
    for claim in claims() if made is None else made:
        if claim.source in TRUSTED.get(claim.fact, ()) and _is_gap(registry, claim):
            found.setdefault((claim.provider, claim.model, claim.fact), Filling(claim))
    if write:
        _write(folder or Path(langchain_unified.data.__file__).parent, found.values())
    return list(found.values())


def _is_gap(registry: Registry, claim: Claim) -> bool:
    rows = registry.files[claim.provider].models
    if claim.model not in rows or rows[claim.model].same_as:
        return False
    config = registry.resolve(f"{claim.provider}:{claim.model}")
    return ours_of(config, claim.fact) is None


def _write(folder: Path, fillings: Iterable[Filling]) -> None:
    for filling in fillings:
        one = filling.claim
        path = folder / f"{one.provider}.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(
            with_fact(text, one.model, one.fact, one.value), encoding="utf-8"
        )


def with_fact(text: str, model: str, fact: str, value: Any) -> str:
    """Return a file's text with a fact added at the end of a model's own table.

    Raises:
        ValueError: If the file has no table of the model.
    """
    head = re.compile(
        rf'^\[models\.(?:"{re.escape(model)}"|{re.escape(model)})\]\n(?:[^\n\[].*\n)*',
        re.MULTILINE,
    )
    found = head.search(text)
    if found is None:
        message = f"There is no table [models.{model}]."
        raise ValueError(message)
    end = found.start() + len(found.group().rstrip("\n"))
    return f"{text[:end]}\n{fact} = {value}{text[end:]}"
