"""The model registry: a name in, everything known about the model out.

`resolve` never does I/O after the first call, never logs and never raises for a name
it does not know: an unknown name gets the rules of the family it looks like.

Four layers speak about a model, weakest first: the shipped rows, what was discovered
by asking providers for their models, the user's own rows, and what was learned from
refused requests. `get(model).why(fact)` tells what each of them says.
"""

from langchain_unified.registry.default import (
    LEARNED_VARIABLE,
    MODELS_VARIABLE,
    default_registry,
)
from langchain_unified.registry.enabling import ENABLE_VARIABLE
from langchain_unified.registry.own import check_name
from langchain_unified.registry.registry import Registry

__all__ = [
    "ENABLE_VARIABLE",
    "LEARNED_VARIABLE",
    "MODELS_VARIABLE",
    "Registry",
    "check_name",
    "default_registry",
]
