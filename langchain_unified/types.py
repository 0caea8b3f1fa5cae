"""The values that travel between resolve, plan and shim.

All of them are immutable and hold no client, no key and no connection, so a plan
can be cached, printed, compared and sent between threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

Accepts = Literal["any", "default", "effort_none", "ignored", "never", "absent"]
"""Whether a model takes a parameter on an endpoint.

`any` takes every valid value; `default` only the provider's default; `effort_none`
only while the effective reasoning effort is `none`; `ignored` answers 200 and does
nothing with it; `never` refuses it; `absent` means the endpoint has no such parameter.
"""

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

Importance = Literal["tuning", "guarantee"]
"""`tuning` may be dropped or clamped with a record; `guarantee` never silently."""

Layer = Literal["shipped", "discovered", "override", "learned"]
"""Where in the registry a fact comes from, weakest first."""

Match = Literal["exact", "alias", "snapshot", "family", "fallback"]
"""How a model name found its row."""

EMPTY: Mapping[str, Any] = MappingProxyType({})

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.tools import BaseTool

    ToolLike: TypeAlias = dict[str, Any] | type | Callable[..., Any] | BaseTool
    """A function, a pydantic class, a `BaseTool` or a dictionary."""
else:
    # Hints are read while running (langchain-core's fallbacks do), and importing
    # BaseTool takes 5 ms (langchain-core 1.8, 2026-11-26).
    ToolLike = Any


class Provenance(NamedTuple):
    """Where a fact comes from and how sure it is.

    Attributes:
        source: A document, file or thread somebody can look up.
        checked: The day the source was read, ISO format.
        confidence: `documented`, `reported` or `inferred`.
        layer: The registry layer the fact was found in.
    """

    source: str = "unknown"
    checked: str = ""
    confidence: str = "inferred"
    layer: Layer = "shipped"

    def __str__(self) -> str:
        """Return the source with its date and confidence."""
        details = ", ".join(part for part in (self.confidence, self.checked) if part)
        return f"{self.source} ({details})"


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


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return getattr(value, "__name__", None) or repr(value)


def _copied(change: dict[str, Any]) -> dict[str, Any]:
    """Return a change that can be written to; its values are data of `_plain`."""
    return {
        name: _plain(value) if isinstance(value, (dict, list)) else value
        for name, value in change.items()
    }


class ParameterRule(NamedTuple):
    """How one endpoint of one model takes one parameter.

    Attributes:
        parameter: The name in LangChain's words.
        name: The wire name; dots descend into objects (`reasoning.effort`).
        accepts: Whether and when a value is taken.
        minimum: Smallest legal number, if any.
        maximum: Largest legal number, if any.
        values: The only legal values, if listed.
        max_items: Largest legal number of items of a list.
        requires: Another parameter without which this one is refused.
        provenance: The source of the rule.
    """

    parameter: str
    name: str
    accepts: Accepts = "any"
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[Any, ...] | None = None
    max_items: int | None = None
    requires: str | None = None
    provenance: Provenance = Provenance()


class ParameterMapping(NamedTuple):
    """Every parameter rule of one model on one endpoint.

    Attributes:
        endpoint: The endpoint the rules are about, for example `chat`.
        rules: Rule by parameter, in LangChain's words.
        default_reasoning_effort: The effort the model uses when none is sent;
            `None` for a model that does not reason.
    """

    endpoint: str
    rules: Mapping[str, ParameterRule]
    default_reasoning_effort: str | None = None

    @property
    def max_tokens_param(self) -> str:
        """The wire name of `max_tokens` on this endpoint."""
        return self.rules["max_tokens"].name

    @property
    def supports_temperature(self) -> bool:
        """Whether a temperature can be sent at the model's default effort."""
        return self.accepts("temperature", self.default_reasoning_effort)

    @property
    def supports_reasoning(self) -> bool:
        """Whether a reasoning effort can be set on this endpoint."""
        return self.accepts("reasoning_effort", None)

    def accepts(self, parameter: str, effort: str | None) -> bool:
        """Tell whether a value of the parameter may be sent at an effective effort."""
        rule = self.rules.get(parameter)
        if rule is None:
            return False
        return rule.accepts == "any" or (
            rule.accepts == "effort_none" and effort == "none"
        )


class Thinking(NamedTuple):
    """How a model takes its reasoning effort.

    Attributes:
        style: `effort` (OpenAI levels), `level` or `budget` (Gemini), `none`.
        levels: Legal effort levels by endpoint, weakest first.
        default: The effort used when none is sent.
        budget_minimum: Smallest legal token budget above zero.
        budget_maximum: Largest legal token budget.
        can_disable: Whether the model can be told not to think.
        budgets: Token budget that stands for each effort level.
        provenance: The source of these facts.
    """

    style: Literal["effort", "level", "budget", "none"] = "none"
    levels: Mapping[str, tuple[str, ...]] = EMPTY
    default: str | None = None
    budget_minimum: int | None = None
    budget_maximum: int | None = None
    can_disable: bool = False
    budgets: Mapping[str, int] = EMPTY
    provenance: Provenance = Provenance()


class Lifecycle(NamedTuple):
    """When a model lives.

    Attributes:
        released: First day, if known.
        deprecated: Day of the announcement, if known.
        shutdown: Last day, if announced.
        replacement: The model the provider names as successor.
        served_by: The model that answers from `served_from` on.
        served_from: First day of the re-routing.
    """

    released: date | None = None
    deprecated: date | None = None
    shutdown: date | None = None
    replacement: str | None = None
    served_by: str | None = None
    served_from: date | None = None


class ModelConfig(NamedTuple):
    """Everything the registry knows about one model.

    Attributes:
        model: The name sent on the wire.
        canonical: The row the facts come from; a family name if no row matched.
        provider: LangChain's provider id, for example `google_genai`.
        family: The family whose rules apply.
        match: How the name found its row.
        endpoints: Endpoints that serve the model, preferred first.
        mappings: Parameter rules by endpoint.
        thinking: How the model takes reasoning effort.
        tools: When function tools are taken, by endpoint: `any`, `effort_none`,
            `effort_none_or_omitted` or `never`.
        features: Capabilities in `ModelProfile` words and a few of our own.
        system_roles: Roles accepted for system text; empty if none is.
        limits: Token limits: `context`, `input`, `output`.
        lifecycle: Dates and successor.
        provenance: Source by fact, for example `endpoints` or `temperature`.
    """

    model: str
    canonical: str
    provider: str
    family: str
    match: Match
    endpoints: tuple[str, ...]
    mappings: Mapping[str, ParameterMapping]
    thinking: Thinking = Thinking()
    tools: Mapping[str, str] = EMPTY
    features: Mapping[str, Any] = EMPTY
    system_roles: tuple[str, ...] = ("system",)
    limits: Mapping[str, int] = EMPTY
    lifecycle: Lifecycle = Lifecycle()
    provenance: Mapping[str, Provenance] = EMPTY

    def _repr_html_(self) -> str:
        from langchain_unified.display import config_html  # noqa: PLC0415

        return config_html(self)

    def supports(self, feature: str) -> bool:
        """Tell whether the model has a capability.

        Args:
            feature: A boolean `ModelProfile` key such as `tool_calling` or
                `image_inputs`, or one of ours such as `prefill`.

        Returns:
            `True` if the registry says so, `False` if it says no or nothing.
        """
        return bool(self.features.get(feature, False))

    @property
    def reasons(self) -> bool:
        """Whether the model reasons before it answers."""
        return self.thinking.style != "none" or self.supports("reasoning_output")


class MediaForm(NamedTuple):
    """How a piece of content that is no plain text is given.

    Attributes:
        kind: `image`, `audio`, `video`, `file`, `text` (a text file), or `block` for
            a content block of another type.
        source: `base64`, `url`, `file_id`, `google` (a URI that only Google's servers
            resolve), `cloud` (a `gs://` address, which only Vertex AI reads), `text`,
            or the type of another block.
        mime: MIME type in lower case; empty if nobody said and the bytes do not tell.
        place: Whose turn it stands in: `user`, `tool`, `system` or `assistant`.
        producer: Provider and model of an assistant's turn.
    """

    kind: str
    source: str
    mime: str = ""
    place: str = "user"
    producer: tuple[str, str] = ("", "")


class Traits(NamedTuple):
    """What the messages of a call hold, as far as a plan depends on it.

    Attributes:
        inputs: `ModelProfile` keys of the content found, for example `image_inputs`.
        system: Whether there is system text.
        prefill: Whether the last turn is the assistant's, to be continued.
        multi_turn: Whether the assistant has spoken before.
        mentions_json: Whether some text contains the word JSON.
        media: Every form of content that is no plain text.
        findings: What a wire may refuse about the turns; see
            `langchain_unified.history.traits`.
        bound: Provider and model of each reply that carries reasoning, signatures or
            ids only its own model understands.
        longest_call_id: Length of the longest tool call id.
    """

    inputs: frozenset[str] = frozenset()
    system: bool = False
    prefill: bool = False
    multi_turn: bool = False
    mentions_json: bool = False
    media: frozenset[MediaForm] = frozenset()
    findings: frozenset[str] = frozenset()
    bound: frozenset[tuple[str, str]] = frozenset()
    longest_call_id: int = 0


Policy = Literal["warn", "ignore", "error"]
"""What to do about a tuning setting the model of the call does not take."""


class Invocation(NamedTuple):
    """One call, in LangChain's words, checked and with aliases resolved.

    Attributes:
        model: The model name as the user wrote it.
        params: Settings by canonical name; nothing that was not asked for.
        traits: What the messages hold.
        stream: Whether the answer is wanted in pieces.
        endpoint: The endpoint the user insists on, if any.
        on_unsupported: What to do about tuning settings the model does not take.
        timeout: Seconds for the whole call; `None` for the client's default.
        max_retries: Attempts after the first; `None` for the client's default.
        headers: Extra HTTP headers for this call.
        query: Extra query parameters for this call.
        extra_body: Fields added to the request body as they are.
        stream_usage: Whether to ask for usage while streaming; `None` for yes.
        output_version: The form of message content, as langchain-core names it.
        structure: The form the answer must have, if any; see
            `langchain_unified.schemas.Structure`.
        caution: 1 sends no tuning settings; 2 does not stream either and gives system
            text in the user turn. For the last attempts at a model whose rules are
            unknown.
        platforms: Where the models of a provider are served, if there is more than one
            place, by provider id; see `langchain_unified.connection.platform_of`.
        tokens: An estimate of the tokens in messages and tools if the model is still
            to be chosen; `None` if it is not.
    """

    model: str
    params: Mapping[str, Any] = EMPTY
    traits: Traits = Traits()
    stream: bool = False
    endpoint: str | None = None
    on_unsupported: Policy = "warn"
    timeout: Any = None
    max_retries: int | None = None
    headers: Mapping[str, str] = EMPTY
    query: Mapping[str, object] = EMPTY
    extra_body: Mapping[str, Any] = EMPTY
    stream_usage: bool | None = None
    output_version: str | None = None
    structure: Any = None
    caution: int = 0
    platforms: Mapping[str, str] = EMPTY
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
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
        platform: Where the model is served, if its provider has more than one place.
        call_as_text: Tools of which the answer is a call, written as JSON text; empty
            if the model calls tools itself.
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
    platform: str = ""
    call_as_text: tuple[str, ...] = ()
    _record: dict[str, Any] | None = field(
        default=None, init=False, repr=False, compare=False
    )
    _single: CallPlan | None = field(
        default=None, init=False, repr=False, compare=False
    )

    def __str__(self) -> str:
        """Return the plan as a table for a terminal."""
        from langchain_unified.display import plan_text  # noqa: PLC0415

        return plan_text(self)

    def _repr_html_(self) -> str:
        from langchain_unified.display import plan_html  # noqa: PLC0415

        return plan_html(self)

    @property
    def fetches(self) -> bool:
        """Whether the client downloads URLs in the messages, as its changes say."""
        return any(change.parameter == "fetch_urls" for change in self.changes)

    def single(self) -> CallPlan:
        """Return the plan without retries of the client; the same one each time."""
        kept = self._single
        if kept is None:
            kept = replace(self, max_retries=0)
            object.__setattr__(self, "_single", kept)
        return kept

    def record(self) -> dict[str, Any]:
        """Return what goes into `response_metadata["unified"]`, a new one each time."""
        kept = self._record
        if kept is None:
            kept = self._written()
            object.__setattr__(self, "_record", kept)
        return {**kept, "changes": [_copied(change) for change in kept["changes"]]}

    def _written(self) -> dict[str, Any]:
        structured = {"structured": self.structured} if self.structured else {}
        platform = {"platform": self.platform} if self.platform else {}
        return {
            "requested_model": self.requested_model,
            "model": self.model,
            "provider": self.provider,
            **platform,
            "endpoint": self.endpoint,
            **structured,
            "changes": [change.as_dict() for change in self.changes],
        }
