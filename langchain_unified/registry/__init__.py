"""The model registry: a name in, everything known about the model out.

`resolve` never does I/O after the first call, never logs and never raises for a name
it does not know: an unknown name gets the rules of the family it looks like.

Four layers speak about a model, weakest first: the shipped rows, what was discovered
by asking providers for their models, the user's own rows, and what was learned from
refused requests. `get(model).why(fact)` tells what each of them says.
"""

from __future__ import annotations

import os
from functools import lru_cache

from langchain_unified.learning import Lessons
from langchain_unified.registry.enabling import ENABLE_VARIABLE
from langchain_unified.registry.own import check_name
from langchain_unified.registry.pinned import load_kept
from langchain_unified.registry.registry import Registry

__all__ = [
    "ENABLE_VARIABLE",
    "LEARNED_VARIABLE",
    "MODELS_VARIABLE",
    "Registry",
    "check_name",
    "default_registry",
]

LEARNED_VARIABLE = "LANGCHAIN_UNIFIED_LEARNED"
"""Environment variable that names a folder for what is learned."""

MODELS_VARIABLE = "LANGCHAIN_UNIFIED_MODELS"
"""Environment variable that names files of the user's own rows, as `PATH` does."""


@lru_cache(maxsize=1)
def default_registry() -> Registry:
    """Return the registry of the shipped data, loaded at the first call.

    The environment variable `LANGCHAIN_UNIFIED_MODELS` names files of the user's own
    rows, and `LANGCHAIN_UNIFIED_ROWS` those that `refresh --rows` fetched. What is
    learned from refused requests is kept in memory, or in the folder the environment
    variable `LANGCHAIN_UNIFIED_LEARNED` names. Lists of models that `refresh` kept in
    the last thirty days are used.
    """
    folder = os.environ.get(LEARNED_VARIABLE)
    lessons = Lessons.at(folder) if folder else Lessons()
    registry = Registry(lessons=lessons)
    registry.load_lists()
    for path in os.environ.get(MODELS_VARIABLE, "").split(os.pathsep):
        if path:
            registry.load(path)
    load_kept(registry.load)
    return registry
