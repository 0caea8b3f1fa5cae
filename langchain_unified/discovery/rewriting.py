"""Writing into a file of the user's own rows what catalogues say and rows lack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from langchain_unified.data import parse_toml
from langchain_unified.data.writing import toml_of
from langchain_unified.discovery.catalogues import NUMBERS, listed, release_of
from langchain_unified.discovery.upstream import (
    Claim,
    claims,
    is_known,
    ours_of,
    why_left_out,
)
from langchain_unified.errors import RegistryError
from langchain_unified.learning.files import FileStore
from langchain_unified.registry import Registry

_PROFILES = frozenset(listed()["profiles"])
TRUSTED = {
    "id": {*_PROFILES, "openai.types"},
    "released": _PROFILES,
    "shutdown": {"openai.types"},
    **dict.fromkeys(NUMBERS, _PROFILES),
}
"""Who is believed where the rows say nothing. A date of shutdown is only the
provider's own to give."""

_OF_NEW_MODELS = {"id", *NUMBERS}
"""Facts that are written for models without a row only: limits differ in meaning
between catalogues, so where there is a row a person enters them."""


@dataclass(frozen=True, slots=True)
class Filling:
    """A fact that the rows lack and a trusted catalogue has.

    Attributes:
        claim: The fact, and whose it is; `id` for a model without a row.
    """

    claim: Claim

    def __str__(self) -> str:
        """Return one line for a person."""
        one = self.claim
        told = "has no row" if one.fact == "id" else f"{one.fact} = {one.value}"
        return f"{one.provider}:{one.model}: {told} ({release_of(one.source)})"


def gaps(registry: Registry, made: Iterable[Claim] | None = None) -> list[Filling]:
    """Return the facts that rows lack and trusted catalogues have.

    What a row already says is no gap: that is a disagreement, and a person's to settle.

    Args:
        registry: The registry, with the user's own rows.
        made: The claims; those of the installed catalogues if left out.
    """
    found: dict[tuple[str, str, str], Filling] = {}
    for claim in claims() if made is None else made:
        if claim.source in TRUSTED.get(claim.fact, ()) and _is_gap(registry, claim):
            found.setdefault((claim.provider, claim.model, claim.fact), Filling(claim))
    return list(found.values())


def _is_gap(registry: Registry, claim: Claim) -> bool:
    row = registry.files[claim.provider].models.get(claim.model)
    if row is not None and row.same_as:
        return False
    config = registry.resolve(f"{claim.provider}:{claim.model}")
    if config.match in {"family", "fallback"}:
        return not is_known(config) and not why_left_out(claim.provider, claim.model)
    is_plain = claim.fact not in _OF_NEW_MODELS and config.match == "exact"
    return is_plain and ours_of(config, claim.fact) is None


def write_rows(fillings: Iterable[Filling], path: Path, day: date) -> None:
    """Write facts into a file of rows, beside what it says already.

    The file is replaced in one step, and only by one that a registry can load. Where
    nothing is to be written it is left alone, and not made.

    Args:
        fillings: The facts.
        path: The file; made if it is not there.
        day: The day on which the catalogues were read.

    Raises:
        RegistryError: If the file cannot be read or written, or its rows would not be
            valid.
    """
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        table = parse_toml(text)
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read: {error}"
        raise RegistryError(message) from error
    there, rows = table.get("models", {}), dict[str, dict[str, Any]]()
    for filling in fillings:
        one = filling.claim
        if one.model not in there:
            _add(rows.setdefault(one.model, _new_row(one, day)), one)
        elif one.fact not in _OF_NEW_MODELS and one.fact not in there[one.model]:
            text = with_fact(text, one.model, one.fact, one.value)
    blocks = [toml_of(model, row) for model, row in rows.items()]
    written = "\n".join([*([text] if text else []), *blocks])
    if written != text:
        _replace(path, written)


def _new_row(claim: Claim, day: date) -> dict[str, Any]:
    return {
        "provider": claim.provider,
        "source": release_of(claim.source),
        "checked": day,
        "confidence": "documented",
    }


def _add(row: dict[str, Any], claim: Claim) -> None:
    """Put a fact into a row."""
    if claim.fact in NUMBERS:
        limit = claim.fact.removeprefix("max_").removesuffix("_tokens")
        row.setdefault("limits", {})[limit] = claim.value
    elif claim.fact != "id":
        row[claim.fact] = claim.value


def _replace(path: Path, text: str) -> None:
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        tried = Path(folder) / path.name
        tried.write_text(text, encoding="utf-8")
        Registry(overrides=tried)
    try:
        FileStore(path.parent).mset([(path.name, text.encode())])
    except OSError as error:
        message = f"{path} cannot be written: {error}"
        raise RegistryError(message) from error


def with_fact(text: str, model: str, fact: str, value: Any) -> str:
    """Return a file's text with a fact added at the end of a model's own table.

    Raises:
        RegistryError: If the file has no table of the model of its own.
    """
    names = "|".join(re.escape(name) for name in {model, json.dumps(model)})
    head = re.compile(
        rf"^\[models\.(?:{names})\][^\n]*\n(?:[^\n\[].*\n?)*", re.MULTILINE
    )
    found = head.search(text)
    if found is None:
        message = (
            f"There is no table [models.{json.dumps(model)}]: add {fact} = {value}"
        )
        raise RegistryError(message)
    end = found.start() + len(found.group().rstrip("\n"))
    return f"{text[:end]}\n{fact} = {value}{text[end:]}"
