"""What `model="auto"` is told to do: a policy, models in order, or a callable."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from langchain_unified.errors import InvalidParameterError
from langchain_unified.settings import nearest

AUTO = "auto"
POLICIES = ("cheapest", "fastest", "strongest")
DEFAULT_POLICY = "cheapest"

_AMONG = re.compile(r"\s*([^(,:]+?)\s*\((.*)\)\s*", re.DOTALL)
_SLIPS = re.compile(r"[);]")
"""What stands in a policy that was written wrongly, and in no name of a model."""
_FORMS = (
    "give 'auto', 'auto:cheapest', 'auto:cheapest(<model>, <model>)' or "
    "'auto:<model>,<model>'."
)


class Order(NamedTuple):
    """The order in which models are tried.

    Attributes:
        word: A word of `POLICIES`; empty for the order of `names`.
        names: The only models to try; empty for every model that has a rank.
    """

    word: str
    names: tuple[str, ...] = ()


Picking = Callable[[list[Any]], str]


def is_auto(model: object) -> bool:
    """Tell whether a name leaves the model open."""
    if not isinstance(model, str):
        return False
    word, _, _ = model.strip().casefold().partition(":")
    return word == AUTO


def spelled(model: Any) -> Any:
    """Return a list of models as the name that stands for it.

    Raises:
        InvalidParameterError: If the list is empty or holds anything but names.
    """
    if not isinstance(model, (list, tuple)):
        return model
    if not model or not all(isinstance(one, str) and one.strip() for one in model):
        accepted = "give a list of model names, the preferred one first."
        raise InvalidParameterError("model", f"a {type(model).__name__}", accepted)
    return f"{AUTO}:{','.join(model)}"


def read_policy(model: str, choice: Any) -> Order | Picking:
    """Return what a name that leaves the model open, and `choice=`, ask for.

    Args:
        model: The name: `auto`, or `auto:` and more.
        choice: What `auto` alone means.

    Raises:
        InvalidParameterError: If it makes no sense.

    Example:
        >>> read_policy("auto:cheapest(one, other)", None)
        Order(word='cheapest', names=('one', 'other'))
    """
    _, _, said = model.strip().partition(":")
    if said.strip():
        return _read_words(said, "model", model)
    if choice is None:
        return Order(DEFAULT_POLICY)
    if callable(choice):
        return choice  # type: ignore[no-any-return]
    if isinstance(choice, str):
        said = choice.strip()
        said = said.partition(":")[2] if is_auto(said) else said
        return _read_words(said or DEFAULT_POLICY, "choice", choice)
    if isinstance(choice, Sequence) and choice:
        return _read_words(str(spelled(list(choice)))[5:], "choice", choice)
    raise InvalidParameterError("choice", f"a {type(choice).__name__}", _FORMS)


def _read_words(said: str, parameter: str, given: Any) -> Order:
    word = said.strip().casefold()
    if word in POLICIES:
        return Order(word)
    among = _AMONG.fullmatch(said)
    word, listed = (among.group(1).casefold(), among.group(2)) if among else ("", said)
    names = tuple(name.strip() for name in listed.split(",") if name.strip())
    if among and word not in POLICIES:
        raise InvalidParameterError(parameter, given, policy_hint(word))
    if not names or any(map(_SLIPS.search, names)):
        raise InvalidParameterError(parameter, given, _FORMS)
    for name in names:
        if name.casefold() in POLICIES:
            accepted = f"{name!r} is a policy, not a model; {_FORMS}"
            raise InvalidParameterError(parameter, given, accepted)
    return Order(word, names)


def policy_hint(word: str) -> str:
    """Return what to type instead of a word that is no policy and no model."""
    near = nearest(word.strip().casefold(), POLICIES)
    return f"did you mean 'auto:{near}'?" if near else _FORMS
