"""One request on its way: what engine and transport tell each other about it.

The engine knows the deadline, the transport sees the bytes. Both look at the same
`Exchange`, which travels in a context variable, since SDKs stand between them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, TypeGuard

from langchain_unified.errors import (
    InvalidParameterError,
    MalformedResponseError,
    ProviderTimeoutError,
    UnifiedError,
)
from langchain_unified.reliability.writing import unwritable
from langchain_unified.runtime import EXCHANGE, Runtime, runtime

_QUOTED = 300

_MISREAD = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading an answer of the wrong shape raises."""


class Exchange:
    """One attempt at a request.

    Args:
        timeout: Seconds until the deadline; `None` for none.
        pause: Most seconds a stream may stay silent once it has begun; `None` for no
            limit. On OpenAI's wire only asynchronous streams are bound by it, as they
            are by ChatOpenAI's `stream_chunk_timeout`.
        tried: What came of attempts before, as it goes on the record of an answer.
        kept: The runtime whose limits hold.

    Attributes:
        runtime: The runtime whose limits hold.
        deadline: When the time is up, by `time.monotonic`; `None` for never.
        kept: Response bodies to be closed when the exchange ends, however it ends.
        answered: Whether an answer, or a piece of one, has been decoded.
        downloaded: Bytes of media that were downloaded for the request.
        received: The HTTP response, and its body if it was read as a whole.
        shown: The answer, or the first event of a stream, as far as one came.
    """

    __slots__ = (
        "_opening",
        "_token",
        "answered",
        "deadline",
        "downloaded",
        "kept",
        "pause",
        "received",
        "runtime",
        "shown",
        "tried",
    )

    def __init__(
        self,
        timeout: float | None = None,
        pause: float | None = None,
        tried: Mapping[str, Sequence[dict[str, Any]]] | None = None,
        kept: Runtime = runtime,
    ) -> None:
        """Start the clock."""
        self.deadline = None if timeout is None else time.monotonic() + timeout
        self.pause, self.tried, self.runtime = pause, tried or {}, kept
        self.answered, self.downloaded = False, 0
        self.received: tuple[Any, bytes] | None = None
        self.shown: Mapping[str, Any] = {}
        self.kept: list[Any] = []
        self._opening = b""
        self._token: Any = None

    def remaining(self) -> float | None:
        """Return the seconds left, 0 if none are; `None` without a deadline."""
        if self.deadline is None:
            return None
        return max(0.0, self.deadline - time.monotonic())

    def patience(self, *, streamed: bool) -> float | None:
        """Return how many seconds to wait for the next bytes."""
        left = None if self.deadline is None else self.remaining()
        pause = self.pause if streamed else None
        if left is None or pause is None:
            return pause if left is None else left
        return min(left, pause)

    def check(self) -> None:
        """Raise if the deadline has passed.

        Raises:
            ProviderTimeoutError: If it has.
        """
        if self.deadline is not None and time.monotonic() >= self.deadline:
            raise too_late()

    def response(self) -> Any:
        """Return the HTTP response of the answer, to be put on an error.

        The body that came is in it; `None` if there was no response.
        """
        if self.received is None:
            return None
        response, body = self.received
        if not body:
            return response
        coding = ("content-encoding", "content-length", "transfer-encoding")
        headers = {k: v for k, v in response.headers.items() if k not in coding}
        return type(response)(
            response.status_code,
            headers=headers,
            content=body,
            request=response.request,
        )

    def begin(self, data: bytes) -> None:
        """Keep the first bytes of a body, to say what came in place of an answer."""
        self.answered, self._opening = True, data[:_QUOTED]

    def quote(self) -> str:
        """Return how the body began, for the message of an error; empty for nothing."""
        said = self._opening.decode("utf-8", "replace").strip()
        return f" The provider said: {said!r}" if said else ""

    def close(self) -> None:
        """Release the connection if the body was not read to its end."""
        while self.kept:
            body = self.kept.pop()
            if not body.is_closed:
                body.close()

    async def aclose(self) -> None:
        """Release the connection if the body was not read to its end."""
        while self.kept:
            body = self.kept.pop()
            if not body.is_closed:
                await body.aclose()

    def __enter__(self) -> None:
        """Be the current exchange."""
        self._token = EXCHANGE.set(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Be it no longer; an answer that could not be read is a provider's error."""
        EXCHANGE.reset(self._token)
        if error is not None:
            self.explain(error)

    def explain(self, error: BaseException) -> None:
        """Raise in place of an error what it means for the call, if anything.

        Raises:
            InvalidParameterError: If the request could not be written down.
            MalformedResponseError: If the answer could not be read.
        """
        if not self.answered and isinstance(error, RecursionError):
            accepted = "messages, tools and schemas are nested too deeply."
            raise InvalidParameterError("request", "(nested)", accepted) from error
        if not self.answered and _is_unwritable(error):
            raise unwritable(error) from None  # Its text holds the whole request.
        if self.answered and _is_misread(error):
            what = f"{type(error).__name__}: {str(error)[:300]}"
            message = f"The response does not have the format of the API ({what})."
            raise MalformedResponseError(message + self.quote()) from error
        if type(error) is MalformedResponseError and error.status is None:
            said = self.quote()
            if said and said not in str(error):
                error.args = (f"{error}{said}", *error.args[1:])


def current() -> Exchange:
    """Return the exchange under way, or one without a deadline."""
    return EXCHANGE.get() or Exchange()


def too_late() -> ProviderTimeoutError:
    """Return the error of a call that took too long."""
    return ProviderTimeoutError("The response did not arrive within the timeout.")


_NO_JSON = re.compile(r"JSON (compliant|serializable)|^Circular ref|^keys must be str")


def _is_unwritable(error: BaseException) -> TypeGuard[Exception]:
    """Tell whether a request could not be written: httpx and json say so."""
    if isinstance(error, UnifiedError):
        return False
    said = str(error) if type(error) in {TypeError, ValueError} else ""
    return isinstance(error, UnicodeEncodeError) or bool(_NO_JSON.search(said))


def _is_misread(error: BaseException) -> bool:
    """Tell an answer of the wrong shape; an error with a response explains itself."""
    explained = isinstance(error, UnifiedError) or hasattr(error, "response")
    return isinstance(error, _MISREAD) and not explained
