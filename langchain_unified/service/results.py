"""The service's results: typed values that can also be read like a dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from langchain_core.messages import AIMessage

from langchain_unified.answers.errors import (
    RefusalError,
    StructuredOutputError,
    refusal_of,
)
from langchain_unified.errors import UnifiedError
from langchain_unified.types import EMPTY


@dataclass(frozen=True, eq=False)
class TextResult(Mapping[str, Any]):
    """One response.

    Attributes:
        text: The text of the response.
        model_used: The model that answered, as the provider names it, often dated.
        provider: Its provider id.
        success: Whether there is a response; `False` only in a batch.
        usage: Token counts: `input_tokens`, `output_tokens`, `total_tokens`, details.
        cost_usd: The cost in US dollars; `None` if no price is known.
        latency_ms: Milliseconds from the request to the complete response.
        finish_reason: The finish reason, as the provider returned it.
        changes: The changes that were made to the request.
        rollout: Which implementation answered, and which flag decided it.
        error: The error, if there was one.
        index: Position of the prompt in its batch.
        message: The LangChain message; not a key of the mapping.

    Example:
        ```python
        result = await service.generate_text("hi")
        result.text == result["text"]
        ```
    """

    text: str = ""
    model_used: str = ""
    provider: str = ""
    success: bool = True
    usage: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    cost_usd: float | None = None
    latency_ms: float = 0.0
    finish_reason: str | None = None
    changes: tuple[Mapping[str, Any], ...] = ()
    rollout: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    error: Exception | None = None
    index: int = 0
    message: AIMessage | None = field(default=None, repr=False)

    def __getitem__(self, key: str) -> Any:
        """Return a value by its name."""
        if key not in self._names():
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._names())

    def __len__(self) -> int:
        """Return how many names there are."""
        return len(self._names())

    def as_dict(self) -> dict[str, Any]:
        """Return plain data that can be written as JSON."""
        plain = dict(self)
        if self.error is not None:
            plain["error"] = f"{type(self.error).__name__}: {self.error}"
        plain |= {name: dict(plain[name]) for name in ("usage", "rollout")}
        return {**plain, "changes": [dict(change) for change in self.changes]}

    def _names(self) -> list[str]:
        hidden = {"message"} | ({"error"} if self.error is None else set())
        return [found.name for found in fields(self) if found.name not in hidden]


@dataclass(frozen=True, eq=False)
class StructuredResult(TextResult):
    """A response that is an instance of a schema.

    Attributes:
        value: The instance of the schema; a dictionary for a schema that is no class.
    """

    value: Any = None


def text_result(message: AIMessage, seconds: float) -> TextResult:
    """Return the result of a whole answer."""
    return TextResult(**_facts(message, seconds))


def structured_result(found: Mapping[str, Any], seconds: float) -> StructuredResult:
    """Return the result of an answer in the form of a schema.

    Raises:
        RefusalError: If the model refused.
        StructuredOutputError: If the answer has another form.
    """
    error = found.get("parsing_error")
    if isinstance(error, UnifiedError):
        raise error
    if error is not None:  # ChatOpenAI's own, on the legacy path.
        kind = RefusalError if refusal_of(found["raw"]) else StructuredOutputError
        raise kind(str(error), found["raw"]) from error
    return StructuredResult(**_facts(found["raw"], seconds), value=found["parsed"])


def _finish_reason(metadata: Mapping[str, Any]) -> str | None:
    incomplete: Any = metadata.get("incomplete_details") or {}
    reason = incomplete.get("reason") or metadata.get("finish_reason")
    reason = reason or metadata.get("status")
    return None if reason is None else str(reason)


def _facts(message: AIMessage, seconds: float) -> dict[str, Any]:
    """Return the fields of a result that any answer has."""
    metadata = message.response_metadata
    record: Mapping[str, Any] = metadata.get("unified") or {}
    return {
        "text": message.text,
        # The provider's own answer names the dated model that bills are joined on.
        "model_used": str(metadata.get("model_name") or record.get("model", "")),
        "provider": str(record.get("provider", "")),
        "usage": dict(message.usage_metadata or {}),
        "cost_usd": record.get("cost_usd"),
        "latency_ms": seconds * 1000,
        "finish_reason": _finish_reason(metadata),
        "changes": tuple(record.get("changes") or ()),
        "rollout": record.get("rollout") or EMPTY,
        "message": message,
    }
