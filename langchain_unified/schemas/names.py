"""Names of functions and formats that an endpoint accepts, and their originals.

A name that is legal stays. Another is spelled with underscores, and given a digest of
the whole name where that would make it the name of another, or where it is too long.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

from langchain_unified.schemas.wires import facts

_DIGEST = 8
_PLAIN = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST = 64


def is_legal(name: str, endpoint: str) -> bool:
    """Tell whether an endpoint accepts a name; an unknown endpoint accepts any."""
    pattern = _pattern(endpoint)
    return pattern is None or pattern.fullmatch(name) is not None


def legal_name(name: str, endpoint: str, *, taken: Iterable[str] = ()) -> str:
    """Return a name that the endpoint accepts, always the same one.

    Args:
        name: The name of a function or format.
        endpoint: For example `chat`.
        taken: Names that are in use already.

    Example:
        >>> legal_name("crm.lookup", "chat")
        'crm_lookup'
        >>> legal_name("crm.lookup", "chat", taken=["crm_lookup"])
        'crm_lookup_f398d2a2'
    """
    if is_legal(name, endpoint) and name:
        return name
    plain = _PLAIN.sub("_", name) or "unnamed"
    if len(plain) <= _LONGEST and is_legal(plain, endpoint) and plain not in taken:
        return plain
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    made = f"{plain[: _LONGEST - _DIGEST - 1]}_{digest}"
    return made if is_legal(made, endpoint) else f"f_{made}"[:_LONGEST]


def legal_names(names: Iterable[str], endpoint: str) -> dict[str, str]:
    """Return the replacement of each name that is replaced in the request."""
    known = list(dict.fromkeys(names))
    taken = {name for name in known if is_legal(name, endpoint)}
    found: dict[str, str] = {}
    for name in known:
        if name not in taken:
            found[name] = legal_name(name, endpoint, taken=taken)
            taken.add(found[name])
    return found


@lru_cache(maxsize=16)
def _pattern(endpoint: str) -> re.Pattern[str] | None:
    row = facts()["names"].get(endpoint)
    return re.compile(row["pattern"]) if row else None
