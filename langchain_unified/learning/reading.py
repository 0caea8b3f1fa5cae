"""A provider's refusal in, the corrections it asks for out.

The wordings and what they mean are rows of `data/corrections.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from langchain_unified.data import read_toml
from langchain_unified.errors import ProviderError
from langchain_unified.types import CallPlan, ParameterMapping
from langchain_unified.vocabulary import canonical_names

_QUOTED = re.compile(r"'([^']*)'")


@dataclass(frozen=True, slots=True)
class Correction:
    """One change to what the registry says about a model.

    Attributes:
        do: What to change; the words are explained in `data/corrections.toml`.
        parameter: The setting, in LangChain's words, if it is about one.
        value: What `do` needs: a wire name, a limit, a role, a feature, the values.
        said: The provider's message.
    """

    do: str
    parameter: str | None = None
    value: Any = None
    said: str = field(default="", compare=False)


def read_corrections(error: ProviderError, plan: CallPlan) -> tuple[Correction, ...]:
    """Return the corrections an error asks for; none if it names nothing to change.

    Args:
        error: What the provider answered.
        plan: The plan that was refused.
    """
    message = str(error)
    for row in _rows():
        if error.status not in row.get("statuses", (400, 422)):
            continue
        found = row["match"].search(message)
        if found is not None:
            return tuple(_corrections(row, found, error, plan))
    return ()


@lru_cache(maxsize=1)
def _rows() -> tuple[dict[str, Any], ...]:
    rows = read_toml("corrections.toml")["rows"]
    return tuple({**row, "match": re.compile(row["match"])} for row in rows)


def _corrections(
    row: Mapping[str, Any], found: re.Match[str], error: ProviderError, plan: CallPlan
) -> Iterator[Correction]:
    groups = {k: v for k, v in found.groupdict().items() if v is not None}
    said = str(error)
    do = row["do"]
    if do in _ABOUT_THE_MODEL:
        value = row.get("feature") or groups.get("role") or row.get("role")
        value = value or groups.get("level", "").lower() or None
        yield Correction(do, None, value, said)
        return
    for parameter in _parameters(row, groups, error, plan):
        yield Correction(do, parameter, _value(do, row, groups), said)


_ABOUT_THE_MODEL = frozenset(
    {
        "endpoint",
        "feature",
        "no_budget",
        "no_level",
        "no_levels",
        "no_thinking",
        "no_zero",
        "role",
        "tools",
    }
)


def _parameters(
    row: Mapping[str, Any],
    groups: Mapping[str, str],
    error: ProviderError,
    plan: CallPlan,
) -> list[str]:
    """Return the settings meant, in LangChain's words."""
    if "target" in row:
        return [row["target"]]
    if "targets" in row:
        return list(row["targets"])
    named = groups.get("parameters") or groups.get("parameter")
    if named is None and row["do"] == "never":
        named = groups.get("name")
    names = [name.strip() for name in (named or error.parameter or "").split(",")]
    own = plan.config.mappings[plan.endpoint]
    mappings = [own, *plan.config.mappings.values()]
    known = (_canonical(name, mappings) for name in names if name)
    return [parameter for parameter in known if parameter is not None]


def _canonical(wire: str, mappings: Iterable[ParameterMapping]) -> str | None:
    """Return the setting behind a wire name, dotted or only its last part."""
    for mapping in mappings:
        for parameter, rule in mapping.rules.items():
            if wire in {rule.name, rule.name.rpartition(".")[2]}:
                return parameter
    names = canonical_names()
    return names.get(wire) or names.get(wire.partition(".")[0])


def _value(do: str, row: Mapping[str, Any], groups: Mapping[str, str]) -> Any:
    if do == "rename":
        return groups["name"]
    if do == "values":
        return tuple(_listed(groups["values"]))
    if do in {"minimum", "maximum"}:
        return float(row.get("limit", groups.get("limit", "nan")))
    return None


def _listed(text: str) -> list[Any]:
    quoted = _QUOTED.findall(text)
    if quoted:
        return quoted
    words = {"true": True, "false": False}
    return [words.get(w.strip(" ."), w.strip(" .")) for w in text.split(",")]
