"""What is read and waited for at most; one set for the process."""

from __future__ import annotations

from typing import Any, NamedTuple

from langchain_unified.errors import InvalidParameterError, UnknownParameterError
from langchain_unified.runtime import EXCHANGE, Runtime, runtime

_MIB = 1024 * 1024


class Limits(NamedTuple):
    """Bounds that keep a hostile or broken server from hurting the caller.

    Attributes:
        body_bytes: Most bytes of an answer that is not streamed.
        event_bytes: Most bytes of one event of a stream.
        stream_bytes: Most bytes of a whole stream.
        error_bytes: Most bytes of an error that are read; the rest is cut off.
        error_characters: Most characters of an error's message.
        quiet_pieces: Most pieces without content held back before the first token.
        first_wait: Seconds before the first retry; each next wait is twice as long.
        longest_wait: Most seconds between two attempts.
        longest_retry_after: Most seconds a provider may ask to wait; a longer wait
            ends the call instead.
        silence: Seconds without a byte after which a connection is given up, where
            neither the call nor the SDK says (the OpenAI SDK's own value).
    """

    body_bytes: int = 64 * _MIB
    event_bytes: int = 64 * _MIB
    stream_bytes: int = 256 * _MIB
    error_bytes: int = _MIB
    error_characters: int = 4_000
    quiet_pieces: int = 1_000
    first_wait: float = 0.5
    longest_wait: float = 8.0
    longest_retry_after: float = 120.0
    silence: float = 600.0


class InForce:
    """The limits in force in a runtime: `runtime[InForce].limits`."""

    limits = Limits()


def limits(kept: Runtime | None = None) -> Limits:
    """Return the limits in force.

    Args:
        kept: The runtime whose limits they are; that of the exchange under way if left
            out, else that of the process.
    """
    if kept is None:
        exchange = EXCHANGE.get()
        kept = runtime if exchange is None else exchange.runtime
    return kept[InForce].limits


def configure(
    given: Limits | None = None, *, kept: Runtime = runtime, **changes: Any
) -> Limits:
    """Change the limits of this process, or of a runtime.

    Args:
        given: New limits; those in force if left out.
        kept: The runtime of a model that has one of its own.
        **changes: Single limits to change.

    Returns:
        The limits that were in force before, to be given back later.

    Raises:
        UnknownParameterError: For a limit that does not exist.
        InvalidParameterError: For a limit that is negative or no number.

    Example:
        >>> before = configure(body_bytes=1024)
        >>> limits().body_bytes
        1024
        >>> _ = configure(before)
    """
    for name, value in changes.items():
        if name not in Limits._fields:
            raise UnknownParameterError(name, None, where="reliability.configure")
        if not isinstance(value, (int, float)) or value < 0:
            raise InvalidParameterError(name, value, "give a number, 0 or more.")
    held, before = kept[InForce], limits(kept)
    held.limits = (given or before)._replace(**changes)
    return before
