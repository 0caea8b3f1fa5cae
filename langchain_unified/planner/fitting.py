"""Schemas adapted to the API of a call, with every change recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.planner.draft import Draft
from langchain_unified.schemas import (
    Fit,
    Loss,
    UnsayableError,
    Wire,
    fit,
    has_strict,
    wire_of,
)
from langchain_unified.schemas.refused import is_refused
from langchain_unified.schemas.wires import AS_IT_IS, Form


def is_unknown_server(draft: Draft) -> bool:
    """Tell whether neither the server nor the model of the call is known.

    It may take more than OpenAI does, so that tools are sent to it as they are.
    """
    openai = draft.endpoint in {"chat", "responses"}
    return openai and draft.config.match == "fallback" and bool(draft.config.server)


def wire_for(draft: Draft, form: Form, *, strict: bool) -> Wire:
    """Return the wire of a call."""
    if form == "tool" and not strict and is_unknown_server(draft):
        return AS_IT_IS
    return wire_of(draft.endpoint, form, strict=strict)


def fitted(
    draft: Draft,
    schema: Mapping[str, Any],
    *,
    on: Form,
    form: Form,
    strict: bool,
    nulls: bool,
    parameter: str,
) -> tuple[Fit, bool]:
    """Return a schema in the endpoint's form, and whether it is strict.

    What strict mode cannot say goes without it, on record.

    Args:
        draft: The plan being made.
        schema: The schema as the user means it.
        on: Whether it is sent as the format of the answer or as a tool.
        form: What it is of; see `langchain_unified.schemas.fit`.
        strict: Whether the answer should match to the letter.
        nulls: Whether a null may stand for a key that is missing.
        parameter: The setting the record is about.

    Raises:
        UnsayableError: If the endpoint has no words for it at all.
    """
    if strict and has_strict(draft.endpoint, on):
        wire = wire_for(draft, on, strict=True)
        try:
            found = fit(schema, wire, form, nulls=nulls)
            _check_allowed(draft, found)
        except UnsayableError as obstacle:
            _note_not_strict(draft, parameter, obstacle, wire)
        else:
            return found, True
    return fit(schema, wire_for(draft, on, strict=False), form, nulls=nulls), False


def _check_allowed(draft: Draft, found: Fit) -> None:
    """Refuse strict mode where the server has refused the schema in it.

    Raises:
        UnsayableError: If it has.
    """
    if is_refused(found.schema, draft.config.features):
        raise UnsayableError("", "schema that the server refused")


def _note_not_strict(
    draft: Draft, parameter: str, obstacle: UnsayableError, wire: Wire
) -> None:
    draft.note(
        parameter,
        "translated",
        requested={"strict": True},
        sent={"strict": False},
        reason=f"{obstacle}, which strict mode does not support; it is sent without "
        "strict, and the response is validated on the client.",
        source=wire.source,
    )


def note_fit(draft: Draft, parameter: str, found: Fit, *, of: str = "") -> None:
    """Record the rewritten parts of a schema, and those that cannot be enforced.

    Args:
        draft: The plan being made.
        parameter: The setting the schema is part of.
        found: The schema as it is sent.
        of: The tool it is of, if it is of one.
    """
    where = f" of {of}" if of else ""
    if found.rewritten:
        draft.note(
            parameter,
            "translated",
            requested=[_at(one.word, one.place) + where for one in found.rewritten],
            sent=[one.sent for one in found.rewritten],
            reason="it is written in the form of the endpoint, with the same meaning.",
            source=found.wire.source,
        )
    if found.required:
        draft.note(
            parameter,
            "translated",
            requested=[f"optional: {place}{where}" for place in found.required],
            sent="required",
            reason="strict mode requires every key; the model must return a value.",
            source=found.wire.source,
        )
    if found.weakened:
        draft.note(
            parameter,
            "emulated",
            requested=[_lost(one) + where for one in found.weakened],
            sent="description",
            reason="the endpoint cannot enforce it; the model is told in words, and "
            "the response is validated on the client.",
            source=found.wire.source,
        )


def _lost(one: Loss) -> str:
    """Return what cannot be enforced, with its value if that is short."""
    plain = isinstance(one.value, (str, int, float, bool))
    told = f"{one.word} {one.value!r}" if plain else one.word
    return _at(told, one.place)


def _at(word: str, place: str) -> str:
    return f"{word} at {place}" if place else word


def names_of(tools: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the functions among tools, in order."""
    found = (tool.get("function") for tool in tools)
    return [one["name"] for one in found if isinstance(one, Mapping) and "name" in one]
