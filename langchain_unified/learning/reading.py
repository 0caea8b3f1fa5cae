"""A provider's refusal in, the corrections it asks for out.

Fields of the error go first (`param`, `code`, `detail[].loc`), wordings second. A
wording, a row of `data/corrections.toml`, must be the whole message, after everything
that the request itself carried was taken out of it. Either must be about something the
refused request held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from langchain_unified.data import read_toml
from langchain_unified.errors import ProviderError
from langchain_unified.learning.carried import holds_all, repeats, without
from langchain_unified.learning.correction import Correction
from langchain_unified.learning.refusal import Detail, Refusal, read_refusal
from langchain_unified.learning.request import find_named, holds, sent
from langchain_unified.learning.sanity import is_sane
from langchain_unified.schemas.refused import STRICT, refused_schema, strict_schemas
from langchain_unified.types import CallPlan

__all__ = ["Carried", "Correction", "read_corrections"]

_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"|`([^`]*)`")
_STATUSES = (400, 422)
_MOST_SAID = 300
_MOST_LINES = 20

# Wordings stand alone, or behind the name of the class or status that a gateway adds.
_BEFORE = (
    r"(?:[\w.]*(?:Error|Exception)\w*(?: code)?\s*[:\-]\s*|\d{3}(?: [A-Z_]+)?[.:\-]? )*"
)
_AFTER = (
    r"[.\s]*(?:[^'\"`{}\[\]\0\n]{0,240})"
    r"(?:\nAvailable Model Group Fallbacks=[^'\"`\0\n]{0,120})?"  # LiteLLM's proxy
)

_NEVER_CODES = frozenset(
    {
        "extra_forbidden",
        "unknown_parameter",
        "unrecognized_parameter",
        "unsupported_parameter",
    }
)
_VALUE_CODES = frozenset({"unsupported_value"})
_EXTRA = ("extra_forbidden", "value_error.extra")
_ONE_OF = ("literal_error", "enum")
_ROLE = re.compile(r"(?:messages|input)\W*\d+\W*role$")
_CONTENT = re.compile(r"(?:messages|input|contents|prompt)\b")
_TOOL = re.compile(r"tools(?:\W*\d+\W*(?:type\b|$)|$)")
_FEATURES = {
    "tools": "tool_calling",
    "functions": "tool_calling",
    "tool_choice": "tool_choice",
    "response_format": "structured_output",
    "stream": "streaming",
}
"""What a model lacks that refuses a whole field which nothing else can stand for."""


class Carried(NamedTuple):
    """What a request carries beside its settings.

    Attributes:
        texts: Texts that an error may repeat.
        inputs: `ModelProfile` keys of the content of the messages.
        blocks: Types of content blocks that are sent as they are.
    """

    texts: tuple[str, ...] = ()
    inputs: frozenset[str] = frozenset()
    blocks: frozenset[str] = frozenset()


def read_corrections(
    error: ProviderError,
    plan: CallPlan,
    carried: Callable[[], Carried] = Carried,
) -> tuple[Correction, ...]:
    """Return the corrections an error asks for; none if it names nothing to change.

    Args:
        error: What the provider answered.
        plan: The plan that was refused.
        carried: Returns what the request carried; asked only for a refusal.
    """
    if error.status is None or not _may_teach(error.status):
        return ()
    refusal, content = read_refusal(error), carried()
    message = without(refusal.message, content.texts)
    read = _Reading(refusal, message, plan, content, error.status)
    found = read.by_details() or read.by_wording() or read.by_fields()
    return tuple(c for c in found if is_sane(c, plan))


def _may_teach(status: int) -> bool:
    return status in _STATUSES or any(status in row["statuses"] for row in _rows())


@lru_cache(maxsize=1)
def _rows() -> tuple[dict[str, Any], ...]:
    rows = read_toml("corrections.toml")["rows"]
    return tuple(
        {
            "statuses": _STATUSES,
            **row,
            "match": re.compile(f"{_BEFORE}(?P<wording>{row['match']}){_AFTER}"),
        }
        for row in rows
    )


class _Reading:
    """One refusal, read in three ways."""

    def __init__(
        self,
        refusal: Refusal,
        message: str,
        plan: CallPlan,
        carried: Carried,
        status: int,
    ) -> None:
        self._refusal, self._message, self._plan = refusal, message, plan
        self._carried, self._status = carried, status
        self._said = message.replace("\0", "...")[:_MOST_SAID]

    def by_details(self) -> list[Correction]:
        """Read problems that name their field."""
        return [
            correction
            for detail in self._refusal.details
            if not holds_all((detail.path, detail.kind), self._carried.texts)
            for correction in self._by_detail(detail)
        ]

    def by_wording(self) -> list[Correction]:
        """Read the message, if it is one of the known wordings, or one in each line.

        Gemini names every field that it does not know in a line of its own.
        """
        whole = self._by_wording(self._message)
        lines = self._message.strip().splitlines()
        if whole is not None or not 1 < len(lines) <= _MOST_LINES:
            return whole or []
        found: list[Correction] = []
        for line in lines:
            read = self._by_wording(line)
            if read is None:
                return []
            found += read
        return found

    def _by_wording(self, message: str) -> list[Correction] | None:
        for row in _rows():
            if self._status not in row["statuses"]:
                continue
            found = row["match"].fullmatch(message)
            if found is None or repeats(found["wording"], self._carried.texts):
                continue
            return list(self._corrections(row, found))
        return None

    def by_fields(self) -> list[Correction]:
        """Read the parameter and the code of the error alone."""
        wire, code = self._refusal.parameter, self._refusal.code
        if wire is None or code not in _NEVER_CODES | _VALUE_CODES:
            return []
        if holds_all((wire, code), self._carried.texts):
            return []
        if _ROLE.search(wire) and self._plan.system_role is not None:
            return [self._correction("role", None, self._plan.system_role)]
        return self._refused(wire, "never" if code in _NEVER_CODES else "default")

    def _by_detail(self, detail: Detail) -> list[Correction]:
        if detail.kind in _EXTRA or detail.message.startswith("Extra inputs are not"):
            said = f"{detail.path}: {detail.message}"
            return self._refused(detail.path, "never", said)
        named = find_named(detail.path, self._plan)
        if named is None:
            return []
        for word, do in _BOUNDS.items():
            limit = detail.limits.get(word)
            if isinstance(limit, (int, float)):
                said = f"{detail.path}: {word} {limit}"
                return [Correction(do, named.parameter, float(limit), said)]
        expected = detail.limits.get("expected")
        if detail.kind in _ONE_OF and isinstance(expected, str):
            said = f"{detail.path}: one of {expected}"[:_MOST_SAID]
            return [Correction("values", named.parameter, _quoted(expected), said)]
        return []

    def _refused(self, wire: str, do: str, said: str | None = None) -> list[Correction]:
        named = find_named(wire, self._plan)
        if named is None:
            return []
        feature = _FEATURES.get(named.parameter)
        if feature is not None:
            return [self._correction("feature", None, feature, said)]
        return [self._correction(do, named.parameter, None, said)]

    def _correction(
        self, do: str, parameter: str | None, value: Any, said: str | None = None
    ) -> Correction:
        return Correction(do, parameter, value, said or self._said)

    def _corrections(
        self, row: Mapping[str, Any], found: re.Match[str]
    ) -> Iterator[Correction]:
        groups = {k: v for k, v in found.groupdict().items() if v is not None}
        do, once = row["do"], row.get("once", False)
        if do == "no_levels" and (level := self._new_level()):
            yield Correction("no_value", "reasoning_effort", level, self._said)
            return
        if do in _ABOUT_THE_MODEL:
            value = _model_value(row, groups)
            if value is None and "kind" in groups:
                yield from self._refused_kinds({"place": "tools", **groups})
            elif value == STRICT:
                yield from self._refused_schemas(groups.get("schema"))
            elif self._is_about_the_request(do, value):
                yield Correction(do, None, value, self._said, once)
            return
        names = self._parameters(row, groups)
        if not names:
            yield from self._refused_kinds(groups)
        for parameter in names:
            feature = _FEATURES.get(parameter) if do == "never" else None
            if feature is not None:
                yield Correction("feature", None, feature, self._said)
                continue
            value = _value(do, row, groups)
            if do == "no_value":
                given = sent(parameter, self._plan)
                value = given if str(given).casefold() == value.casefold() else None
            yield Correction(do, parameter, value, self._said, once)

    def _new_level(self) -> str | None:
        """Return the thinking level of the request if no row knows it of the model.

        A server that takes levels and not this one may say that it takes none.
        """
        level = sent("reasoning_effort", self._plan)
        known = self._plan.config.thinking.levels.get(self._plan.endpoint)
        is_new = bool(known) and isinstance(level, str) and level not in (known or ())
        return level if is_new else None

    def _refused_kinds(self, groups: Mapping[str, str]) -> Iterator[Correction]:
        """Remember types of tools or content blocks that the server does not know.

        OpenAI names the type and says in a field where it stood; Gemini, whose tools
        have no type, names the key and the place; servers in Rust name the type alone.
        """
        place = self._refusal.parameter or groups.get("place") or "messages"
        kind = groups.get("kind") or groups.get("parameter", "")
        if _TOOL.match(place) and holds(f"tool:{kind}", self._plan, frozenset()):
            yield Correction("feature", None, f"tool:{kind}", self._said)
        elif groups.get("kind") in self._carried.blocks and _CONTENT.match(place):
            yield Correction("feature", None, f"block:{kind}", self._said)

    def _refused_schemas(self, name: str | None) -> Iterator[Correction]:
        """Remember the schema that strict mode refused; the others wait a call."""
        strict = list(strict_schemas(self._plan.body))
        named = [schema for known, schema in strict if known == name]
        for schema in named:
            feature = refused_schema(schema)
            yield Correction("feature", None, feature, self._said)
        if len(named) < len(strict):
            yield Correction("feature", None, STRICT, self._said, once=True)

    def _is_about_the_request(self, do: str, value: Any) -> bool:
        plan, inputs = self._plan, self._carried.inputs
        if do == "feature":
            return holds(value, plan, inputs)
        if do == "tools":
            return holds("tool_calling", plan, inputs)
        if do == "role":
            return bool(plan.system_role == value)
        if do == "endpoint":
            return len(plan.config.mappings) > 1
        return holds("thinking", plan, inputs) or plan.config.thinking.style != "none"

    def _parameters(
        self, row: Mapping[str, Any], groups: Mapping[str, str]
    ) -> list[str]:
        """Return the settings meant that the request held, in LangChain's words."""
        known: Iterable[str] = row.get("targets") or (
            [row["target"]] if "target" in row else ()
        )
        if known:
            return [name for name in known if sent(name, self._plan) is not None]
        field, place = self._refusal.parameter, groups.get("place")
        worded = groups.get("parameters") or groups.get("parameter") or field or ""
        worded = f"{place}.{worded}" if place else worded
        found = [find_named(name, self._plan) for name in worded.split(",")]
        names = [named.parameter for named in found if named is not None]
        if field is None or len(names) != 1:
            return names
        # The field is surer than the words: both must mean the same.
        meant = find_named(field, self._plan)
        is_same = meant.parameter == names[0] if meant else not _CONTENT.match(field)
        return names if is_same else []


_BOUNDS = {"le": "maximum", "ge": "minimum"}
_ABOUT_THE_MODEL = frozenset(
    {
        "endpoint",
        "feature",
        "no_budget",
        "no_levels",
        "no_thinking",
        "no_zero",
        "role",
        "tools",
    }
)


def _model_value(row: Mapping[str, Any], groups: Mapping[str, str]) -> Any:
    return row.get("feature") or groups.get("role") or row.get("role")


def _value(do: str, row: Mapping[str, Any], groups: Mapping[str, str]) -> Any:
    if do == "rename":
        return groups["name"]
    if do == "no_value":
        return groups["value"]
    if do == "values":
        return tuple(_listed(groups["values"]))
    if do in {"minimum", "maximum"}:
        limit = float(row.get("limit", groups.get("limit", "nan")))
        limit -= float(groups.get("used", 0)) + float(row.get("below", 0))
        return limit
    return None


def _quoted(text: str) -> tuple[str, ...]:
    return tuple("".join(parts) for parts in _QUOTED.findall(text))


def _listed(text: str) -> list[Any]:
    quoted = _quoted(text)
    if quoted:
        return list(quoted)
    words = {"true": True, "false": False}
    listed = re.split(r",|\band\b|\bor\b", text)
    return [words.get(w, w) for w in (word.strip(" .") for word in listed) if w]
