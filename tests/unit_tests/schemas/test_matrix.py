"""What becomes of each kind of schema on each wire, as a page for people.

`UPDATE_SCHEMAS=1` writes the page anew; review what changed in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydantic
import pytest
from pydantic import TypeAdapter
from typing_extensions import is_typeddict

from langchain_unified import UnifiedChatModel
from langchain_unified.schemas import read_structure
from tests.unit_tests.schemas.kinds import KINDS, Kind
from tests.unit_tests.schemas.world import World

PAGE = Path(__file__).parents[3] / "notebooks" / "schemas.md"
HEAD = """\
# How schemas are sent

This table shows how `with_structured_output` sends each kind of schema to each API. It
is written by `tests/unit_tests/schemas/test_matrix.py`, which also converts a response
back to the requested type.

- *unchanged*: the schema is sent as it is.
- *a → b*, *root inlined*: rewritten with the same meaning. With `optional → null`, null
  represents a missing key, and is removed from the result.
- *wrapped*: sent as the property of an object, and taken out of it in the result.
- *described: a*: the API cannot enforce this keyword. It is added to the description,
  and the response is checked on the client.
- *not strict*: strict mode does not support the schema. It is sent without `strict`,
  and the response is checked on the client.
- *by tool*: the response format does not support the schema. It is sent as a tool.

Each of these except *unchanged* is recorded as a `Change` in the plan and on the
message.
"""
WIRES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "OpenAI, strict": ({"model": "gpt-4o"}, {"strict": True}),
    "OpenAI, not strict": ({"model": "gpt-4o"}, {"strict": False}),
    "OpenAI, tool": ({"model": "gpt-4o"}, {"method": "function_calling"}),
    "Responses": ({"model": "gpt-4o", "use_responses_api": True}, {"strict": True}),
    "Gemini": ({"model": "google_genai:gemini-2.5-flash"}, {}),
    "Gemini, tool": (
        {"model": "google_genai:gemini-2.5-flash"},
        {"method": "function_calling"},
    ),
    "Claude": ({"model": "claude-opus-5"}, {}),
    "Claude, tool": ({"model": "claude-opus-5"}, {"method": "function_calling"}),
    "Ollama": ({"model": "ollama:llama3.1"}, {}),
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Return a server of every wire."""
    with World() as server:
        yield server


@pytest.fixture(scope="module")
def llm(world: World) -> UnifiedChatModel:
    """Return a model that reaches the server on every wire."""
    return world.model()


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_cell_is_met(
    kind: Kind, wire: str, world: World, llm: UnifiedChatModel
) -> None:
    """Each kind is legal on each wire, and comes back as what was asked for."""
    found = ask(kind, wire, world, llm)

    assert [] == world.problems, world.asked
    assert _expected(kind) == found["parsed"], world.asked


@pytest.mark.skipif(
    tuple(map(int, pydantic.VERSION.split(".")[:2])) < (2, 12),
    reason="earlier versions of pydantic write some schemas in another way",
)
def test_the_page_is_what_happens(world: World, llm: UnifiedChatModel) -> None:
    """The page tells what becomes of each kind on each wire."""
    rows = [["kind", *WIRES], ["---"] * (len(WIRES) + 1)]
    for kind in KINDS:
        found = [ask(kind, wire, world, llm)["raw"] for wire in WIRES]
        records = [one.response_metadata["unified"] for one in found]
        cells = [
            cell(record, wire) for record, wire in zip(records, WIRES, strict=True)
        ]
        rows.append([kind.name, *cells])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    page = f"{HEAD}\n{table}\n"
    if os.environ.get("UPDATE_SCHEMAS"):
        PAGE.write_text(page, encoding="utf-8")

    assert PAGE.read_text(encoding="utf-8") == page


def ask(kind: Kind, wire: str, world: World, llm: UnifiedChatModel) -> Any:
    """Ask for a kind on a wire; return message and answer."""
    world.value = kind.answer
    world.schema = read_structure(kind.target).schema
    world.problems.clear()
    model, asked = WIRES[wire]
    bound = llm.bind(**model)
    structured = bound.with_structured_output(kind.target, include_raw=True, **asked)
    found = structured.invoke("Fill it in.")
    assert found["parsing_error"] is None, (found["parsing_error"], world.asked)
    return found


def _expected(kind: Kind) -> Any:
    if isinstance(kind.target, dict) or is_typeddict(kind.target):
        return kind.answer
    return TypeAdapter(kind.target).validate_python(kind.answer)


def cell(record: dict[str, Any], wire: str) -> str:
    """Return what a record says of the schema, in a few words."""
    said: list[str] = []
    told: list[str] = []
    for change in record["changes"]:
        if change["parameter"] != "response_format":
            continue
        asked, sent = change["requested"], change["sent"]
        if asked == {"strict": True}:
            said.append("not strict")
        elif isinstance(asked, list) and change["kind"] == "translated":
            said += [_said(*pair) for pair in zip(asked, sent, strict=True)]
        elif isinstance(asked, list):
            told += (_word(one).partition(" ")[0] for one in asked)
    if told:
        said.append(f"described: {', '.join(dict.fromkeys(told))}")
    if record["structured"] == "function_calling" and "tool" not in wire:
        said.append("by tool")
    if record["structured"] in {"instructed", "json_mode"}:
        said.append("in the prompt")
    return "; ".join(dict.fromkeys(said)) or "unchanged"


def _said(asked: str, sent: str) -> str:
    word = _word(asked)
    if word == "the root":
        return "wrapped" if "key" in sent else "root inlined"
    return f"{word} → {sent}"


def _word(asked: str) -> str:
    return asked.partition(" at ")[0]
