"""A finished request, and what differs in it from what was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

from langchain_unified.types.calls import Policy
from langchain_unified.types.facts import EMPTY, ModelConfig

ChangeKind = Literal[
    "renamed",
    "dropped",
    "clamped",
    "emulated",
    "defaulted",
    "routed",
    "translated",
    "learned",
]
"""What happened to a setting between the user and the wire."""


class Change(NamedTuple):
    """One difference between what was asked for and what is sent.

    Attributes:
        parameter: The setting in LangChain's words, for example `max_tokens`.
        kind: What happened to it.
        requested: The value asked for; `None` if nobody asked.
        sent: The value or wire name that is sent; `None` if nothing is.
        reason: One sentence for a person.
        source: Where the rule behind it is written down.
    """

    parameter: str
    kind: ChangeKind
    requested: Any
    sent: Any
    reason: str
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the change as JSON-friendly data for `response_metadata`."""
        return {
            "parameter": self.parameter,
            "kind": self.kind,
            "requested": _plain(self.requested),
            "sent": _plain(self.sent),
            "reason": self.reason,
            "source": self.source,
        }


@dataclass(frozen=True)
class CallPlan:
    """A finished request without its messages, and every decision behind it.

    Attributes:
        requested_model: The model name as the user wrote it.
        model: The name sent on the wire.
        provider: LangChain's provider id.
        endpoint: The endpoint called.
        route: `patched` (through a patched `ChatOpenAI`), `direct` (through the SDK)
            or `native` (through the provider's own integration).
        config: What the registry knows about the model.
        body: The fields of the request body, except model, messages and stream.
        changes: Everything that differs from what was asked for.
        stream: Whether the provider is asked to stream.
        wants_stream: Whether the caller wants pieces.
        stop: Stop strings to apply on the client; empty if the model does.
        calls: How many requests make up the answer (`n` where the endpoint has none).
        system_role: Role of system text; `None` folds it into the first user turn.
        add_system: System text the plan adds, for example the word JSON.
        timeout: Seconds for the whole call; `None` for the client's default.
        max_retries: Attempts after the first; `None` for the client's default.
        headers: Extra HTTP headers.
        query: Extra query parameters.
        output_version: The form of message content, as langchain-core names it.
        on_unsupported: The policy for tuning settings the model does not take.
        structured: How the form of the answer is asked for, if one is.
        parse_as: The pydantic class an answer is parsed as, if one was given.
        platform: Where the model is served, if its provider has more than one place.
        server: Address the call is sent to; empty for the provider's usual one.
        call_as_text: Tools of which the answer is a call, written as JSON text; empty
            if the model calls tools itself.
        reading: How the answer is brought back into the form asked for, if it has to
            be; see `langchain_unified.schemas.Reading`.
        tool_names: The name on the wire of each tool that has another there.
        answer_tool: The tool that was declared to ask for the form of the answer, of
            which the call is given as text.
        unwrap: The key under which the text of the answer stands on the wire, if the
            caller reads the text; it is taken out.
        resumes: How often a turn that the provider pauses is sent again at most.
        cache_ttl: How long marks of a prompt cache on content hold, if asked for.
        sends_as_given: Whether the messages go as they are: plain text that the
            endpoint takes.
    """

    requested_model: str
    model: str
    provider: str
    endpoint: str
    route: Literal["patched", "direct", "native"]
    config: ModelConfig
    body: Mapping[str, Any]
    changes: tuple[Change, ...] = ()
    stream: bool = False
    wants_stream: bool = False
    stop: tuple[str, ...] = ()
    calls: int = 1
    system_role: str | None = "system"
    add_system: str | None = None
    timeout: Any = None
    max_retries: int | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    query: Mapping[str, object] = field(default_factory=lambda: EMPTY)
    output_version: str | None = None
    on_unsupported: Policy = "warn"
    structured: str | None = None
    parse_as: Any = None
    platform: str = ""
    server: str = ""
    call_as_text: tuple[str, ...] = ()
    reading: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    tool_names: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    answer_tool: str | None = None
    unwrap: str | None = None
    resumes: int = 0
    cache_ttl: str | None = None
    sends_as_given: bool = False

    def __str__(self) -> str:
        """Return the plan as a table for a terminal."""
        from langchain_unified.types.display import plan_text  # noqa: PLC0415

        return plan_text(self)

    def _repr_html_(self) -> str:
        from langchain_unified.types.display import plan_html  # noqa: PLC0415

        return plan_html(self)

    @cached_property
    def has_form(self) -> bool:
        """Whether the call itself said which form its answer has."""
        by_hand = self.structured is None and "response_format" in self.body
        return by_hand or self.parse_as is not None

    @cached_property
    def is_billed(self) -> bool:
        """Whether a price of its calls may be known."""
        config = self.config
        return bool(config.price or config.billed_as or config.service_tiers)

    @cached_property
    def fetches(self) -> bool:
        """Whether the client downloads URLs in the messages, as its changes say."""
        return any(change.parameter == "fetch_urls" for change in self.changes)

    @cached_property
    def single(self) -> CallPlan:
        """The plan without retries of the client."""
        return replace(self, max_retries=0)

    def record(self) -> dict[str, Any]:
        """Return what goes into `response_metadata["unified"]`, a new one each time."""
        return dict(json.loads(self.record_json))

    @cached_property
    def record_json(self) -> str:
        """The record as JSON text, of which each answer has a copy."""
        return json.dumps(self._written())

    def _written(self) -> dict[str, Any]:
        structured = {"structured": self.structured} if self.structured else {}
        reading = {"reading": dict(self.reading)} if self.reading else {}
        platform = {"platform": self.platform} if self.platform else {}
        server = {"server": self.server} if self.server else {}
        return {
            "requested_model": self.requested_model,
            "model": self.model,
            "provider": self.provider,
            **platform,
            **server,
            "endpoint": self.endpoint,
            **structured,
            **reading,
            "changes": [change.as_dict() for change in self.changes],
        }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return getattr(value, "__name__", None) or repr(value)
