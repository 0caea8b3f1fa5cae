"""The parts of a chat model, each of which holds those below it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.prompt_values import PromptValue

from langchain_unified.cost import Purse
from langchain_unified.rollout import Router
from langchain_unified.runner import Runner
from langchain_unified.runner.planning import Planning
from langchain_unified.settings import rows_of, spellings

_READ_APART = {"model", "rollout"}
"""Settings of calls that have a reader of their own."""


def assembled(
    model: BaseChatModel,
    clients: dict[str, Any],
    purse: Purse,
    convert_input: Callable[[LanguageModelInput], PromptValue],
) -> Router:
    """Return what serves the calls of a model."""
    fields = vars(model)
    planning = Planning(
        fields,
        model.model_fields_set,
        clients,
        names=settings_of(type(model)),
        owner=type(model).__name__,
        purse=purse,
    )
    return Router(model, Runner(fields, planning, purse), convert_input)


@lru_cache
def settings_of(model: type[BaseChatModel]) -> tuple[tuple[str, str], ...]:
    """Return the fields that are settings of calls, with their canonical names.

    A field counts that has a row, or the name of a setting, so that one added to a
    subclass takes effect like ours.
    """
    theirs = BaseChatModel.model_fields.keys() - {"output_version"}
    names = spellings()
    found = {name: names[name] for name in model.model_fields if name in names}
    found |= {name: row.name for name, row in rows_of(model)}
    return tuple(
        (field, name)
        for field, name in found.items()
        if field not in theirs and name not in _READ_APART
    )
