"""What is said about a model that is on its way out, or gone."""

from __future__ import annotations

import logging
from datetime import date

from langchain_unified.runtime import Bounded, Runtime, runtime
from langchain_unified.types import ModelConfig

SOON = 90
"""Days before a shutdown from which it is warned of."""

_LOG = logging.getLogger("langchain_unified")


class _Warned(Bounded[tuple[str, str], object]):
    """Models whose end was told, by provider and name."""


_today = date.today


def warn_of_shutdown(
    config: ModelConfig, today: date, days: int = SOON, kept: Runtime = runtime
) -> None:
    """Log, once per runtime and model, that a model's shutdown is near.

    Args:
        config: The model of a call.
        today: The day of the call.
        days: How many days ahead; 0 for no warning at all.
        kept: Where it is noted that it was told.
    """
    shutdown = config.lifecycle.shutdown
    if shutdown is None or not 0 <= (shutdown - today).days <= days or days <= 0:
        return
    key = (config.provider, config.model)
    if kept[_Warned].add(key, key):
        _LOG.warning("%s", _ending(config, f"will be shut down on {shutdown}"))


def explain_missing(
    error: Exception, config: ModelConfig, today: date | None = None
) -> None:
    """Say in a 404 that the model was shut down, or which provider it may belong to."""
    if config.server and config.could_mean:
        _say_what_to_write(error, config)
        return
    shutdown = config.lifecycle.shutdown
    if shutdown is None or (today or _today()) < shutdown:
        return
    told = _ending(config, f"was shut down on {shutdown}")
    if told in str(error):
        return
    error.args = (f"{told} The provider said: {error}", *error.args[1:])
    if hasattr(error, "message"):
        error.message = error.args[0]


def _say_what_to_write(error: Exception, config: ModelConfig) -> None:
    provider = config.could_mean.partition(":")[0]
    told = (
        f"{config.model!r} was called at {config.server}, the address in base_url; to "
        f"call {provider} itself write model={config.could_mean!r}."
    )
    if told in str(error):
        return
    error.args = (f"{error} {told}", *error.args[1:])
    if hasattr(error, "message"):
        error.message = error.args[0]


def _ending(config: ModelConfig, what: str) -> str:
    life = config.lifecycle
    told = f"{config.model!r} {what}."
    if life.served_by and life.served_from:
        told += f" From {life.served_from} on, {life.served_by!r} answers instead."
    if life.replacement_call:
        told += f" Use {life.replacement_call}."
    return told
