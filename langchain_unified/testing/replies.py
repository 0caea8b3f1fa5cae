"""Scripted replies and random faults."""

from __future__ import annotations

import json
import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import google_body, openai_body
from langchain_unified.testing.wire import HttpReply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from langchain_unified.testing.recording import RecordedRequest


@dataclass(frozen=True)
class Reply:
    """A reply used instead of, or on top of, the normal handling of a request.

    Without `status`, `body`, `raw` and `chunks` the request is handled normally, and
    the reply only delays, cuts or truncates the answer.

    Args:
        status: HTTP status; 200 when a body is given without one.
        body: JSON value, text or bytes.
        headers: Headers added to the usual ones.
        delay: Seconds to wait before the first byte.
        raw: Exact body bytes; nothing is serialized.
        chunks: Body pieces sent one by one, `chunk_delay` seconds apart.
        chunk_delay: Seconds between the pieces of a streamed answer.
        cut_after: Body bytes after which the connection is reset.
        keep_chunks: Pieces of a streamed answer to send before ending it early.
        hang: Never answers; the client has to time out.
        when: Takes the request and says whether this reply is for it.
        times: How often the reply is used; 0 means always.

    Example:
        ```python
        emulator.script(Reply(429, headers={"retry-after": "0"}), Reply(cut_after=200))
        ```
    """

    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    raw: bytes | None = None
    chunks: Sequence[bytes] | None = None
    chunk_delay: float = 0.0
    cut_after: int | None = None
    keep_chunks: int | None = None
    hang: bool = False
    when: Callable[[RecordedRequest], bool | None] | None = None
    times: int = 1

    @property
    def replaces(self) -> bool:
        """Whether the reply stands alone, without the normal handling."""
        own = (self.status, self.body, self.raw, self.chunks)
        return self.hang or any(value is not None for value in own)

    def over(self, answer: HttpReply | None) -> HttpReply:
        """Return the HTTP reply, starting from the normal answer if there is one."""
        reply = answer if answer is not None else self._own_reply()
        reply.headers.update(self.headers)
        reply.delay += self.delay
        reply.chunk_delay = self.chunk_delay or reply.chunk_delay
        reply.cut_after = self.cut_after
        reply.keep_chunks = self.keep_chunks
        reply.hang = self.hang
        return reply

    def _own_reply(self) -> HttpReply:
        body = self.raw if self.raw is not None else _encoded(self.body)
        kind = "text/event-stream" if self.chunks is not None else "application/json"
        headers = {"content-type": kind}
        return HttpReply(self.status or 200, headers, body, chunks=self.chunks)

    @classmethod
    def openai_error(
        cls,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        **options: Any,
    ) -> Reply:
        """Build an error reply in OpenAI's shape; options are those of `Reply`."""
        body = openai_body(message, param=param, code=code, kind=kind)
        return cls(status, body, **options)

    @classmethod
    def google_error(cls, status: int, message: str, **options: Any) -> Reply:
        """Build an error reply in Gemini's shape; options are those of `Reply`."""
        return cls(status, google_body(message, status), **options)

    @classmethod
    def sse(cls, *events: Any, **options: Any) -> Reply:
        """Build a stream of `data:` events; text is sent as is, the rest as JSON."""
        lines = [one if isinstance(one, str) else json.dumps(one) for one in events]
        return cls(chunks=[f"data: {x}\n\n".encode() for x in lines], **options)


DEFAULT_FAULTS = (
    Reply.openai_error(
        429,
        "Rate limit reached.",
        kind="rate_limit_error",
        headers={"retry-after": "0"},
    ),
    Reply.openai_error(500, "The server had an error.", kind="server_error"),
    Reply(cut_after=0),
)


class Script:
    """The queue of scripted replies, and the random faults behind it."""

    def __init__(self) -> None:
        """Start with nothing scripted."""
        self._lock = threading.Lock()
        self._steps: list[tuple[Reply, int]] = []
        self._faults: tuple[Reply, ...] = ()
        self._probability = 0.0
        self._random = random.Random(0)  # noqa: S311

    def add(self, *steps: Reply) -> None:
        """Append steps to the queue."""
        with self._lock:
            self._steps += [(step, step.times) for step in steps]

    def set_faults(
        self, probability: float, faults: Sequence[Reply], seed: int
    ) -> None:
        """Answer a share of the requests with one of the faults."""
        with self._lock:
            self._probability = probability
            self._faults = tuple(faults)
            self._random = random.Random(seed)  # noqa: S311

    def clear(self) -> None:
        """Forget all steps and faults."""
        with self._lock:
            self._steps.clear()
            self._probability = 0.0

    @property
    def pending(self) -> int:
        """Steps that were not used yet."""
        with self._lock:
            return len(self._steps)

    def take(self, request: RecordedRequest) -> Reply | None:
        """Return the step for a request and use it up."""
        with self._lock:
            for index, (step, left) in enumerate(self._steps):
                if step.when is None or step.when(request):
                    self._use(index, step, left)
                    return step
            if self._faults and self._random.random() < self._probability:
                return self._random.choice(self._faults)
        return None

    def _use(self, index: int, step: Reply, left: int) -> None:
        if left == 1:
            del self._steps[index]
        elif left:
            self._steps[index] = (step, left - 1)


def _encoded(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    return json.dumps(body).encode()
