"""Error bodies in the two providers' shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from langchain_unified.testing.evidence import evidence_of

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    def evidence(self) -> str:
        """How it is known that the real API refuses this."""
        error = self.body.get("error")
        text = error.get("message") if isinstance(error, dict) else error
        return evidence_of(str(text))

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        """Keep the status and the body to answer with."""
        super().__init__(body)
        self.status = status
        self.body = body


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
