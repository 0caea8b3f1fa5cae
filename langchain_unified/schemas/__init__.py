"""Schemas of responses and tools: read, adapted to an API, and applied to responses.

`reading` takes whatever the user gives; `wires` says what each wire takes, from
`data/schemas.toml`; `fitting` brings the one to the other, with `roots`, `subset` and
`merging`; `answers` brings the answer back; `names` does the same for names.
"""

from langchain_unified.schemas.answers import (
    Reading,
    reading_of,
    readings,
    violation,
    without_nulls,
)
from langchain_unified.schemas.fitting import Fit, Loss, Rewriting, UnsayableError, fit
from langchain_unified.schemas.names import is_legal, legal_name, legal_names
from langchain_unified.schemas.reading import METHODS, Structure, read_structure
from langchain_unified.schemas.walking import contains_itself
from langchain_unified.schemas.wires import Wire, has_strict, wire_of

__all__ = [
    "METHODS",
    "Fit",
    "Loss",
    "Reading",
    "Rewriting",
    "Structure",
    "UnsayableError",
    "Wire",
    "contains_itself",
    "fit",
    "has_strict",
    "is_legal",
    "legal_name",
    "legal_names",
    "read_structure",
    "reading_of",
    "readings",
    "violation",
    "wire_of",
    "without_nulls",
]
