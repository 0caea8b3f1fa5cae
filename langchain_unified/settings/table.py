"""The table of settings: one row for each, and the only place where it is listed.

The annotation of a field is its row: type, default and aliases are pydantic's, the rest
is a `Setting`. What the constructor takes, how a value is checked, whether it may be
dropped, where an invocation has it, what traces, caches and errors show of it and what
a config may set all come from here. A subclass of the chat model adds a setting with a
field of its own:

```python
class Mine(UnifiedChatModel):
    sparkle: Annotated[float | None, Setting("tuning", max=1, sent_as="sparkle")] = None
```

The rows of a provider say how its models take a setting; `Setting.sent_as` holds where
they say nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from langchain_core.utils import from_env, secret_from_env
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from langchain_unified.runtime import Runtime
from langchain_unified.settings.environment import (
    CHUNK_TIMEOUT,
    from_environment,
    seconds_from_env,
)
from langchain_unified.settings.row import (
    Connects,
    Setting,
    Shown,
    read_headers,
    read_mapping,
    read_retries,
    read_seconds,
    read_timeout,
)
from langchain_unified.types import Policy

Tuning = Setting("tuning")
"""The row of a setting that may be dropped, with a record."""

Guarantee = Setting("guarantee")
"""The row of a setting that is never dropped."""


def _endpoint(insists: Any) -> str:
    return "responses" if insists else "chat"


def _chunk_timeout(seconds: float | None) -> float | None:
    """Take the default for a negative number, which is a slip and no opt-out."""
    if seconds is None or seconds >= 0:
        return seconds
    return seconds_from_env(*CHUNK_TIMEOUT, instead_of=seconds)


class Settings(BaseModel):
    """The settings that a constructor takes as fields."""

    model_config = ConfigDict(arbitrary_types_allowed=True, defer_build=True)

    model_name: Annotated[
        str, Setting(fills="model", name="model", type="any", shown=False)
    ] = Field(default="", alias="model")
    """The model of calls that name none: any spelling the registry understands. Unset,
    it is the model that `ChatOpenAI` uses without one."""
    temperature: Annotated[float | None, Setting("tuning", min=0, max=2)] = None
    """Sampling temperature, 0 to 2."""
    max_tokens: Annotated[
        int | None, Setting(min=1, aliases=("max_output_tokens",))
    ] = Field(default=None, alias="max_completion_tokens")
    """Most tokens of the answer, reasoning included; sent as it is given. A reasoning
    model may spend all of them before it writes a word: such an empty answer is logged
    as a warning, and `response_metadata["unified"]["empty"]` says how many tokens went
    into reasoning. Raise the cap or lower `reasoning_effort`."""
    stop: Annotated[list[str] | str | None, Guarantee] = Field(
        default=None, alias="stop_sequences"
    )
    """Strings that end the answer; applied on the client where a model refuses them."""
    reasoning_effort: Annotated[
        str | None,
        Setting(
            "tuning",
            aliases=("thinking_level", "effort"),
            words=("none", "minimal", "low", "medium", "high", "xhigh", "max"),
        ),
    ] = None
    """`none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`; the nearest legal
    level is sent."""
    reasoning: Annotated[
        dict[str, Any] | None,
        Setting(
            "tuning",
            parts={
                "effort": "reasoning_effort",
                "generate_summary": "reasoning.summary",
            },
        ),
    ] = None
    """OpenAI's `reasoning` object: `effort`, `summary` and so on."""
    verbosity: Annotated[
        str | None, Setting("tuning", words=("low", "medium", "high"))
    ] = None
    """`low`, `medium` or `high`."""
    top_p: Annotated[float | None, Setting("tuning", min=0, max=1)] = None
    """Nucleus sampling, 0 to 1."""
    presence_penalty: Annotated[float | None, Setting("tuning", min=-2, max=2)] = None
    """-2 to 2."""
    frequency_penalty: Annotated[float | None, Setting("tuning", min=-2, max=2)] = None
    """-2 to 2."""
    seed: Annotated[int | None, Tuning] = None
    """Seed for repeatable sampling."""
    logprobs: Annotated[
        bool | None, Setting(neutral=(False,), aliases=("response_logprobs",))
    ] = None
    """Whether to return log probabilities of the answer's tokens."""
    top_logprobs: Annotated[int | None, Setting(neutral=(0,), min=0, max=20)] = None
    """How many alternatives to return per token, 0 to 20."""
    logit_bias: Annotated[dict[int, int] | None, Tuning] = None
    """Bias by token id."""
    n: Annotated[
        int | None, Setting(min=1, max=128, neutral=(1,), aliases=("candidate_count",))
    ] = None
    """How many answers to generate."""
    streaming: Annotated[bool, Shown()] = False
    """Whether `invoke` streams under the hood."""
    stream_usage: Annotated[
        bool | None, Setting(fills="stream_usage", type="any", shapes_answer=False)
    ] = None
    """Whether streams report token usage; on unless set to `False`."""
    stream_chunk_timeout: Annotated[
        float | None, Shown(), AfterValidator(_chunk_timeout)
    ] = Field(default_factory=lambda: seconds_from_env(*CHUNK_TIMEOUT))
    """Seconds an asynchronous stream may stay silent once it has begun; 120, or
    `LANGCHAIN_OPENAI_STREAM_CHUNK_TIMEOUT_S`, if unset. `None` or 0 for no limit. For
    providers other than OpenAI only a value other than the default holds."""
    request_timeout: Annotated[
        Any,
        Setting(
            fills="timeout", read=read_timeout, shapes_answer=False, name="timeout"
        ),
    ] = Field(default=None, alias="timeout")
    """Seconds allowed for a call."""
    max_retries: Annotated[
        int | None,
        Setting(fills="max_retries", read=read_retries, shapes_answer=False),
    ] = None
    """Attempts after the first; 2 if unset."""
    fallbacks: list[str | dict[str, Any]] | None = None
    """Models to try next, in order: names, or dictionaries of settings for each. Not
    tried after an error that the call has to put right, nor once a token was seen."""
    circuit_breaker: Any = None
    """`True`, or settings, to give a model that keeps failing a rest: calls then wait.
    None if unset; see `langchain_unified.reliability`."""
    deadline: Annotated[
        float | None,
        Setting(fills="deadline", read=read_seconds, shapes_answer=False),
    ] = None
    """Seconds allowed for a whole call at each model: every attempt, the waits between
    them and the stream. None if unset: `timeout` is for each wait on the server, as it
    is for `ChatOpenAI`."""
    tenant: Annotated[str | None, Setting(fills="tenant", shown=False)] = None
    """Whose calls these are. What is learned, spent and counted for one tenant touches
    no other."""
    learning: Annotated[Literal["on", "off"] | None, Shown()] = None
    """Whether refusals that name a parameter are learned from; `on` if neither this nor
    `LANGCHAIN_UNIFIED_LEARNING` says otherwise."""
    max_concurrency: Annotated[int | dict[str, int] | None, Shown()] = None
    """Requests under way at once, for each provider or by provider id; shared by the
    models of a process."""
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further settings, under any spelling the package knows."""
    extra_body: Annotated[
        Mapping[str, Any] | None,
        Setting(fills="extra_body", read=read_mapping, shown=False),
    ] = None
    """Fields added to every request body as they are."""
    disabled_params: dict[str, Any] | None = None
    """Settings never to send: `{"parallel_tool_calls": None}`."""
    include_response_headers: bool = False
    """Whether `response_metadata` gets the HTTP headers."""
    tiktoken_model_name: str | None = None
    """Model whose tokenizer counts tokens."""

    use_responses_api: Annotated[
        bool | None, Setting(fills="endpoint", type="any", convert=_endpoint)
    ] = None
    """`True` insists on Responses, `False` on chat completions; `None` lets the plan
    choose."""
    use_previous_response_id: bool = False
    """Whether to send only what follows the last stored response, by its id."""
    output_version: Annotated[
        str | None, Setting(fills="output_version", type="any")
    ] = Field(default_factory=from_env("LC_OUTPUT_VERSION", default=None))
    """`v1` gives standard content blocks everywhere; unset gives text as `str`."""
    include: Annotated[list[str] | None, Setting(neutral=([],))] = None
    """Further output to include (Responses)."""
    truncation: Annotated[str | None, Setting(neutral=("disabled",))] = None
    """Truncation strategy (Responses)."""
    store: Annotated[bool | None, Setting("tuning", neutral=(False,))] = None
    """Whether the provider may store the answer."""
    context_management: Annotated[list[dict[str, Any]] | None, Setting(type="any")] = (
        None
    )
    """Context management (Responses)."""
    prompt_cache_options: Annotated[dict[str, Any] | None, Tuning] = None
    """Prompt caching options."""
    service_tier: Annotated[
        str | None,
        Setting(
            "tuning",
            neutral=("auto", "default"),
            words=(
                "auto",
                "default",
                "standard",
                "flex",
                "scale",
                "priority",
                "fast",
                "ultrafast",
            ),
            ordered=False,
        ),
    ] = None
    """Latency tier."""

    openai_api_key: Annotated[SecretStr | Callable[[], Any] | None, Connects()] = Field(
        default_factory=secret_from_env("OPENAI_API_KEY", default=None),
        alias="api_key",
    )
    """OpenAI's key, or a callable that returns it. `api_key` belongs to the provider
    of `model`."""
    openai_api_base: Annotated[str | None, Connects()] = Field(
        default_factory=lambda: from_environment("OPENAI_API_BASE"), alias="base_url"
    )
    """OpenAI's base URL. `base_url` belongs to the provider of `model`."""
    openai_organization: Annotated[str | None, Connects()] = Field(
        default_factory=lambda: from_environment(
            "OPENAI_ORG_ID", "OPENAI_ORGANIZATION"
        ),
        alias="organization",
    )
    """OpenAI's organisation; `OPENAI_ORG_ID`, then `OPENAI_ORGANIZATION`, if unset."""
    openai_proxy: str | None = Field(
        default_factory=from_env("OPENAI_PROXY", default=None), repr=False
    )
    """Proxy for calls to OpenAI."""
    default_headers: Annotated[Mapping[str, str] | None, Connects()] = Field(
        default=None, repr=False
    )
    """HTTP headers for the provider of `model`."""
    default_query: Annotated[Mapping[str, object] | None, Connects()] = Field(
        default=None, repr=False
    )
    """Query parameters for the provider of `model`."""
    http_client: Annotated[Any, Connects()] = Field(
        default=None, exclude=True, repr=False
    )
    """An HTTP client for the provider of `model`."""
    http_async_client: Annotated[Any, Connects()] = Field(
        default=None, exclude=True, repr=False
    )
    """An asynchronous HTTP client for the provider of `model`."""
    http_socket_options: Annotated[
        Sequence[tuple[int, int, int]] | None, Connects()
    ] = None
    """Socket options for calls to OpenAI."""
    google_api_key: SecretStr | None = None
    """Gemini's key; the environment variables `GOOGLE_API_KEY`, then `GEMINI_API_KEY`,
    if unset."""
    vertexai: bool | None = None
    """Whether Gemini is called on Vertex AI."""
    project: str | None = None
    """Google Cloud project, for Vertex AI."""
    location: str | None = None
    """Google Cloud location, for Vertex AI."""
    credentials: Any = Field(default=None, exclude=True, repr=False)
    """Google credentials, for Vertex AI."""
    providers: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    """Connection settings by provider id."""

    enable: list[str] = Field(default_factory=list)
    """Providers to switch on that are off by default."""

    on_unsupported: Annotated[
        Policy,
        Setting(
            fills="on_unsupported",
            type="string",
            values=("warn", "ignore", "error"),
            shapes_answer=False,
        ),
    ] = "warn"
    """What to do about tuning settings the model of the call does not take: `warn`
    (drop, log once), `ignore` (drop) or `error`."""
    runtime: Runtime | None = Field(default=None, exclude=True, repr=False)
    """Where connections, limits, breakers, places, lessons, kept plans and what was
    warned of are kept; the runtime of the process, which all models share, if unset. A
    model with a `Runtime()` of its own meets no other there."""
    registry: Any = Field(default=None, exclude=True, repr=False)
    """The model registry; the shared one if unset."""
    choice: Any = Field(default=None, exclude=True, repr=False)
    """What `model="auto"` means: `cheapest`, `fastest`, `strongest`, models in order,
    or a callable that picks from `langchain_unified.choice.Candidate`s."""
    configurable: tuple[str, ...] | Literal["any"] | None = None
    """Settings that `config["configurable"]` may set at a call, by name, or `"any"`;
    no other key of it is ever read."""
    config_prefix: str = ""
    """Prefix of those keys: with `"writer"`, `writer_model` sets the model."""
    budget_usd: Annotated[float | None, Shown()] = None
    """US dollars this object may spend, for each `tenant`: what a call may cost is set
    aside before it is sent (extra `cost`)."""
    service_tier_fallback: Annotated[str | None, Shown()] = None
    """The `service_tier` to move to, for example `default`, if the provider has no room
    for a call at the one asked for (flex: HTTP 429 `resource_unavailable`)."""
    rollout: Annotated[
        Any, Setting(fills="", type="any", shown=False, declarable=False)
    ] = Field(default=None, exclude=True, repr=False)
    """What decides which implementation answers: `unified`, `legacy`,
    `canary:<percent>` or `shadow`, a function, a `pathlib.Path`, an OpenFeature client
    or a `Rollout`. Read at every call; a `with rollout(...)` block goes first, the
    environment variable `LANGCHAIN_UNIFIED_ROLLOUT` last."""

    @classmethod
    def spellings(cls) -> dict[str, str]:
        """Return the name of each field by every spelling it is given under."""
        return {
            spelling: name
            for name, field in cls.model_fields.items()
            for spelling in (name, field.alias)
            if spelling
        }

    @property
    def model(self) -> str:
        """Same as `model_name`."""
        return self.model_name

    @model.setter
    def model(self, name: str) -> None:
        self.model_name = name


class Further:
    """The settings that have no field: of a call, of `bind`, of `model_kwargs`."""

    top_k: Annotated[int, Setting("tuning", min=1)]
    thinking_budget: Annotated[int, Setting("tuning", min=-1)]
    include_thoughts: Annotated[bool, Tuning]
    thinking_config: Annotated[
        dict[str, Any],
        Setting(
            "tuning",
            parts={
                "thinking_level": "reasoning_effort",
                "thinkingLevel": "reasoning_effort",
                "thinking_budget": "thinking_budget",
                "thinkingBudget": "thinking_budget",
                "include_thoughts": "include_thoughts",
                "includeThoughts": "include_thoughts",
            },
        ),
    ]
    reasoning_summary: Annotated[
        str,
        Setting(
            "tuning", name="reasoning.summary", words=("detailed", "auto", "concise")
        ),
    ]
    prediction: Annotated[dict[str, Any], Tuning]
    user: Annotated[str, Setting("tuning", shown=False)]
    safety_identifier: Annotated[str, Tuning]
    # `reasoning_effort: null` is refused (400, reported 2026-11-23), so it is said of
    # each setting whether OpenAI takes null.
    prompt_cache_key: Annotated[str, Setting("tuning", nullable=True)]
    prompt_cache_retention: Annotated[
        str, Setting("tuning", nullable=True, instead="prompt_cache_options.ttl")
    ]
    prompt_cache_ttl: Annotated[
        str,
        Setting(
            "tuning",
            name="prompt_cache_options.ttl",
            words=("in_memory", "30m", "12h", "24h"),
        ),
    ]
    metadata: Annotated[dict[str, Any], Setting("tuning", shown=False)]
    labels: Annotated[dict[str, Any], Tuning]
    stream_options: Annotated[dict[str, Any], Tuning]
    fetch_urls: Annotated[bool, Setting("tuning", neutral=(False,))]
    media_resolution: Annotated[str, Tuning]
    parallel_tool_calls: Annotated[bool, Tuning]
    num_ctx: Annotated[int, Setting("tuning", min=1)]
    keep_alive: Annotated[Any, Tuning]
    options: Annotated[dict[str, Any], Tuning]

    tools: Annotated[list[Any], Setting(neutral=([],), shown=False)]
    tool_choice: Annotated[Any, Guarantee]
    tool_config: Annotated[Any, Guarantee]
    functions: Annotated[list[Any], Guarantee]
    function_call: Annotated[Any, Guarantee]
    response_format: Annotated[Any, Guarantee]
    response_schema: Annotated[Any, Setting(aliases=("response_json_schema",))]
    response_mime_type: Annotated[str, Setting(neutral=("text/plain",))]
    modalities: Annotated[
        list[str],
        Setting(neutral=(["text"], ["TEXT"]), aliases=("response_modalities",)),
    ]
    audio: Annotated[dict[str, Any], Guarantee]
    speech_config: Annotated[Any, Guarantee]
    image_config: Annotated[dict[str, Any], Guarantee]
    safety_settings: Annotated[Any, Guarantee]
    model_armor_config: Annotated[dict[str, Any], Guarantee]
    cached_content: Annotated[str, Guarantee]
    web_search_options: Annotated[dict[str, Any], Guarantee]
    previous_response_id: Annotated[str, Setting(nullable=True)]
    conversation: Annotated[Any, Guarantee]
    background: Annotated[bool, Setting(neutral=(False,))]
    max_tool_calls: Annotated[int, Setting(min=1)]
    moderation: Annotated[Any, Guarantee]
    prompt: Annotated[dict[str, Any], Setting(shown=False)]
    text: Annotated[
        dict[str, Any], Setting(shown=False, parts={"verbosity": "verbosity"})
    ]
    instructions: Annotated[str, Guarantee]

    extra_headers: Annotated[
        Any,
        Setting(
            fills="headers",
            read=read_headers,
            shapes_answer=False,
            traced=False,
            shown=False,
        ),
    ]
    extra_query: Annotated[Any, Setting(fills="query", read=read_mapping, shown=False)]
    stream: Annotated[Any, Setting(fills="", shown=False, declarable=False)]
    strict: Annotated[Any, Setting(fills="", shown=False, declarable=False)]
    structure: Annotated[Any, Setting(fills="structure", shown=False, declarable=False)]
