"""Error bodies in the two providers' shapes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

from langchain_unified.testing.evidence import evidence_of, is_strong_enough

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from langchain_unified.testing.recording import RecordedRequest
    from langchain_unified.testing.settings import Settings

GOOGLE_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class RefusalError(Exception):
    """A request the emulator answers with an error."""

    @property
    def message(self) -> str:
        """What the error says."""
        error = self.body.get("error")
        return str(error.get("message") if isinstance(error, dict) else error)

    @property
    def evidence(self) -> str:
        """How it is known that the real API refuses this."""
        return evidence_of(self.message)

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        """Keep the status and the body to answer with."""
        super().__init__(body)
        self.status = status
        self.body = body


class Checked(Protocol):
    """A request on its way through the checks."""

    settings: Settings
    recorded: RecordedRequest


Call = TypeVar("Call", bound=Checked)


def run_checks(call: Call, checks: Iterable[Callable[[Call], None]]) -> None:
    """Run checks; a refusal that is not known well enough is noted and not given.

    Args:
        call: The request.
        checks: Functions that raise a `RefusalError`.

    Raises:
        RefusalError: If the evidence for it is as strong as `strict` asks for.
    """
    for check in checks:
        with weighed(call.settings, call.recorded):
            check(call)


@contextmanager
def weighed(settings: Settings, recorded: RecordedRequest) -> Iterator[None]:
    """Note a refusal instead of giving it, if the evidence for it is too weak."""
    try:
        yield
    except RefusalError as refusal:
        if is_strong_enough(refusal.message, settings.strict):
            raise
        recorded.let_through.append(refusal.body)


def openai_body(
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    kind: str = "invalid_request_error",
) -> dict[str, Any]:
    """Build the body of an OpenAI error."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def google_body(
    message: str,
    status: int = 400,
    *,
    details: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Build the body of a Gemini error."""
    error: dict[str, Any] = {
        "code": status,
        "message": message,
        "status": GOOGLE_STATUS.get(status, "UNKNOWN"),
    }
    if details:
        error["details"] = details
    return {"error": error}


def refuse(
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    status: int = 400,
) -> NoReturn:
    """Refuse an OpenAI request.

    Raises:
        RefusalError: Always.
    """
    raise RefusalError(status, openai_body(message, param=param, code=code))


def google_refuse(
    message: str,
    status: int = 400,
    *,
    details: list[dict[str, Any]] | None = None,
) -> NoReturn:
    """Refuse a Gemini request.

    Raises:
        RefusalError: Always.
    """
    raise RefusalError(status, google_body(message, status, details=details))


def one_of(values: Iterable[str], *, last: str = "and") -> str:
    """Quote values the way OpenAI lists them: 'a', 'b', and 'c'."""
    quoted = [f"'{value}'" for value in values]
    if len(quoted) <= 1:
        return "".join(quoted)
    if len(quoted) == 2:  # noqa: PLR2004
        return f"{quoted[0]} {last} {quoted[1]}"
    return f"{', '.join(quoted[:-1])}, {last} {quoted[-1]}"
