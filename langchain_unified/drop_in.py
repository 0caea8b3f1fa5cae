"""The constructor: every keyword and alias of `ChatOpenAI`, and ours."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableSerializable
from langchain_core.runnables.utils import ConfigurableFieldSpec
from langchain_core.utils import from_env, secret_from_env
from pydantic import (
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from typing_extensions import Self, override

from langchain_unified import vocabulary
from langchain_unified.answers.whole import combined
from langchain_unified.clients import CLIENTS
from langchain_unified.configured import (
    check_declared,
    chosen_settings,
    config_specs,
)
from langchain_unified.environment import (
    CHUNK_TIMEOUT,
    package_version,
    seconds_from_env,
)
from langchain_unified.errors import InvalidParameterError
from langchain_unified.invocation import CONTROLS
from langchain_unified.keywords import as_invalid_parameter, read_keywords
from langchain_unified.registry import Registry, check_name, default_registry
from langchain_unified.serialization import deepen, fill_in, movable
from langchain_unified.types import Policy

_NAMED_IN_TRACES = ("langchain-openai", "langchain-unified")

LLM_TYPE = "unified-chat"
"""What LangChain calls the kind of the model."""


class DropIn(BaseChatModel):
    """Fields, defaults and reading of the constructor's keywords."""

    model_name: str = Field(
        default_factory=lambda: default_registry().default_model(), alias="model"
    )
    """The model of calls that name none: any spelling the registry understands. Unset,
    it is the model that `ChatOpenAI` uses without one."""
    temperature: float | None = None
    """Sampling temperature, 0 to 2."""
    max_tokens: int | None = Field(default=None, alias="max_completion_tokens")
    """Most tokens of the answer, reasoning included; sent as it is given. A reasoning
    model may spend all of them before it writes a word: such an empty answer is logged
    as a warning, and `response_metadata["unified"]["empty"]` says how many tokens went
    into reasoning. Raise the cap or lower `reasoning_effort`."""
    stop: list[str] | str | None = Field(default=None, alias="stop_sequences")
    """Strings that end the answer; applied on the client where a model refuses them."""
    reasoning_effort: str | None = None
    """`none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`; the nearest legal
    level is sent."""
    reasoning: dict[str, Any] | None = None
    """OpenAI's `reasoning` object: `effort`, `summary` and so on."""
    verbosity: str | None = None
    """`low`, `medium` or `high`."""
    top_p: float | None = None
    """Nucleus sampling, 0 to 1."""
    presence_penalty: float | None = None
    """-2 to 2."""
    frequency_penalty: float | None = None
    """-2 to 2."""
    seed: int | None = None
    """Seed for repeatable sampling."""
    logprobs: bool | None = None
    """Whether to return log probabilities of the answer's tokens."""
    top_logprobs: int | None = None
    """How many alternatives to return per token, 0 to 20."""
    logit_bias: dict[int, int] | None = None
    """Bias by token id."""
    n: int | None = None
    """How many answers to generate."""
    streaming: bool = False
    """Whether `invoke` streams under the hood."""
    stream_usage: bool | None = None
    """Whether streams report token usage; on unless set to `False`."""
    stream_chunk_timeout: float | None = Field(
        default_factory=lambda: seconds_from_env(*CHUNK_TIMEOUT)
    )
    """Seconds an asynchronous stream may stay silent once it has begun; 120, or
    `LANGCHAIN_OPENAI_STREAM_CHUNK_TIMEOUT_S`, if unset. `None` or 0 for no limit. For
    providers other than OpenAI only a value other than the default holds."""
    request_timeout: Any = Field(default=None, alias="timeout")
    """Seconds allowed for a call."""
    max_retries: int | None = None
    """Attempts after the first; 2 if unset."""
    fallbacks: list[str | dict[str, Any]] | None = None
    """Models to try next, in order: names, or dictionaries of settings for each. Not
    tried after an error that the call has to put right, nor once a token was seen."""
    circuit_breaker: Any = None
    """`True`, or settings, to give a model that keeps failing a rest: calls then wait.
    None if unset; see `langchain_unified.reliability`."""
    deadline: float | None = None
    """Seconds allowed for a whole call at each model: every attempt, the waits between
    them and the stream. None if unset: `timeout` is for each wait on the server, as it
    is for `ChatOpenAI`."""
    tenant: str | None = None
    """Whose calls these are. What is learned, spent and counted for one tenant touches
    no other."""
    learning: Literal["on", "off"] | None = None
    """Whether refusals that name a parameter are learned from; `on` if neither this nor
    `LANGCHAIN_UNIFIED_LEARNING` says otherwise."""
    max_concurrency: int | dict[str, int] | None = None
    """Requests under way at once, for each provider or by provider id; shared by the
    models of a process."""
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further settings, under any spelling the package knows."""
    extra_body: Mapping[str, Any] | None = None
    """Fields added to every request body as they are."""
    disabled_params: dict[str, Any] | None = None
    """Settings never to send: `{"parallel_tool_calls": None}`."""
    include_response_headers: bool = False
    """Whether `response_metadata` gets the HTTP headers."""
    tiktoken_model_name: str | None = None
    """Model whose tokenizer counts tokens."""

    use_responses_api: bool | None = None
    """`True` insists on Responses, `False` on chat completions; `None` lets the plan
    choose."""
    use_previous_response_id: bool = False
    """Whether to send only what follows the last stored response, by its id."""
    output_version: str | None = Field(
        default_factory=from_env("LC_OUTPUT_VERSION", default=None)
    )
    """`v1` gives standard content blocks everywhere; unset gives text as `str`."""
    include: list[str] | None = None
    """Further output to include (Responses)."""
    truncation: str | None = None
    """Truncation strategy (Responses)."""
    store: bool | None = None
    """Whether the provider may store the answer."""
    context_management: list[dict[str, Any]] | None = None
    """Context management (Responses)."""
    prompt_cache_options: dict[str, Any] | None = None
    """Prompt caching options."""
    service_tier: str | None = None
    """Latency tier."""

    openai_api_key: SecretStr | Callable[[], Any] | None = Field(
        default_factory=secret_from_env("OPENAI_API_KEY", default=None),
        alias="api_key",
    )
    """OpenAI's key, or a callable that returns it. `api_key` belongs to the provider
    of `model`."""
    openai_api_base: str | None = Field(
        default_factory=from_env("OPENAI_API_BASE", default=None), alias="base_url"
    )
    """OpenAI's base URL. `base_url` belongs to the provider of `model`."""
    openai_organization: str | None = Field(
        default_factory=from_env(
            ["OPENAI_ORG_ID", "OPENAI_ORGANIZATION"], default=None
        ),
        alias="organization",
    )
    """OpenAI's organisation; `OPENAI_ORG_ID`, then `OPENAI_ORGANIZATION`, if unset."""
    openai_proxy: str | None = Field(
        default_factory=from_env("OPENAI_PROXY", default=None), repr=False
    )
    """Proxy for calls to OpenAI."""
    default_headers: Mapping[str, str] | None = Field(default=None, repr=False)
    """HTTP headers for the provider of `model`."""
    default_query: Mapping[str, object] | None = Field(default=None, repr=False)
    """Query parameters for the provider of `model`."""
    http_client: Any = Field(default=None, exclude=True, repr=False)
    """An HTTP client for the provider of `model`."""
    http_async_client: Any = Field(default=None, exclude=True, repr=False)
    """An asynchronous HTTP client for the provider of `model`."""
    http_socket_options: Sequence[tuple[int, int, int]] | None = None
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

    on_unsupported: Policy = "warn"
    """What to do about tuning settings the model of the call does not take: `warn`
    (drop, log once), `ignore` (drop) or `error`."""
    registry: Registry | None = Field(default=None, exclude=True, repr=False)
    """The model registry; the shared one if unset."""
    choice: Any = Field(default=None, exclude=True, repr=False)
    """What `model="auto"` means: `cheapest`, `fastest`, `strongest`, models in order,
    or a callable that picks from `langchain_unified.choice.Candidate`s."""
    configurable: tuple[str, ...] | Literal["any"] | None = None
    """Settings that `config["configurable"]` may set at a call, by name, or `"any"`;
    no other key of it is ever read."""
    config_prefix: str = ""
    """Prefix of those keys: with `"writer"`, `writer_model` sets the model."""
    budget_usd: float | None = None
    """US dollars this object may spend, for each `tenant`: what a call may cost is set
    aside before it is sent (extra `cost`)."""

    model_config = ConfigDict(
        populate_by_name=True, protected_namespaces=(), defer_build=True
    )

    @field_validator("configurable", mode="before")
    @classmethod
    def _check_configurable(cls, value: Any) -> Any:
        return check_declared(value)

    _given_clients: dict[str, Any] = PrivateAttr(default_factory=dict)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Read the keywords.

        Raises:
            UnknownParameterError: For a keyword that does not exist.
            InvalidParameterError: For a value of the wrong type or out of range.
        """
        given = {name: kwargs[name] for name in CLIENTS if name in kwargs}
        problem = None
        try:
            super().__init__(*args, **kwargs)
        except ValidationError as error:
            problem = as_invalid_parameter(error)
        if problem is not None:
            raise problem  # Not from pydantic's error, which shows every keyword.
        check_name(self.model_name)
        self._given_clients = {k: v for k, v in given.items() if v is not None}
        if self.use_responses_api is None and self._means_responses():
            self.__dict__["use_responses_api"] = True
        if self._asks_usual_server():
            self.__dict__["stream_usage"] = True

    @model_validator(mode="before")
    @classmethod
    def _read_keywords(cls, values: Any) -> Any:
        """Sort keywords into fields, further settings and connection settings."""
        if not isinstance(values, dict):
            return values
        return read_keywords(values, cls.spellings(), where=cls.__name__)

    def _means_responses(self) -> bool:
        """Tell whether ChatOpenAI would show that every call goes to Responses.

        It is shown only: the plan of each call chooses, since the call may name a model
        that is not served there.
        """
        given = (
            self.context_management,
            self.include,
            self.reasoning,
            self.truncation,
            self.use_previous_response_id or None,
            True if self.output_version == "responses/v1" else None,
        )
        if any(value is not None for value in given):
            return True
        registry = self.registry or default_registry()
        config = registry.resolve(self.model_name)
        return config.endpoints == ("responses",)

    def _asks_usual_server(self) -> bool:
        """Tell whether ChatOpenAI would set `stream_usage`: on OpenAI's own server."""
        own = (
            *self._given_clients.values(),
            self.stream_usage,
            self.openai_api_base,
            self.openai_proxy,
            self.http_client,
            self.http_async_client,
            os.environ.get("OPENAI_BASE_URL"),
            os.environ.get("OPENAI_API_BASE"),
        )
        return all(value is None for value in own)

    @field_validator("stream_chunk_timeout")
    @classmethod
    def _check_chunk_timeout(cls, value: float | None) -> float | None:
        """Take the default for a negative number, which is a slip and no opt-out."""
        if value is None or value >= 0:
            return value
        return seconds_from_env(*CHUNK_TIMEOUT, instead_of=value)

    @model_validator(mode="after")
    def _set_unified_version(self) -> Self:
        """Name the packages in the trace's metadata, as integrations do."""
        own = {name: package_version(name) for name in _NAMED_IN_TRACES}
        metadata = self.metadata or {}
        known = metadata.get("lc_versions")
        versions = {**(known if isinstance(known, dict) else {}), **own}
        self.metadata = {**metadata, "lc_versions": versions}
        return self

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        """Refuse settings that cannot hold together, as ChatOpenAI does."""
        if self.n is not None and self.n > 1 and self.streaming:
            raise InvalidParameterError(
                "n", self.n, "with streaming=True it must be 1."
            )
        if self.openai_proxy and (self.http_client or self.http_async_client):
            accepted = "give either a proxy or HTTP clients that use it."
            raise InvalidParameterError("openai_proxy", "**********", accepted)
        return self

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

    @property
    def _llm_type(self) -> str:
        return LLM_TYPE

    @override
    def _combine_llm_outputs(
        self, llm_outputs: list[dict[str, Any] | None]
    ) -> dict[str, Any]:
        """Return the model and the tokens of all prompts of `generate`."""
        return combined(llm_outputs, self.model_name)

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """Name the settings a config may set, for user interfaces."""
        return config_specs(self.configurable, self.config_prefix)

    def chosen_by(self, config: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the settings that a config chooses, of those that were declared.

        Args:
            config: The config of a call.

        Example:
            >>> from langchain_unified import UnifiedChatModel
            >>> llm = UnifiedChatModel(model="gpt-4o", configurable=("model",))
            >>> llm.chosen_by({"configurable": {"model": "o3", "temperature": 1}})
            {'model': 'o3'}
        """
        return chosen_settings(config, self.configurable, self.config_prefix)

    @override
    def configurable_fields(self, **kwargs: Any) -> RunnableSerializable[Any, Any]:
        """Make fields configurable, under their names or ChatOpenAI's aliases."""
        spellings = self.spellings()
        named: dict[str, Any] = {spellings.get(k, k): v for k, v in kwargs.items()}
        return super().configurable_fields(**named)

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Whether LangChain can serialize the model: it can."""
        return True

    @classmethod
    def get_lc_namespace(cls) -> list[str]:
        """Return the namespace LangChain serializes the model under."""
        return ["langchain_unified", "chat_model"]

    @property
    def lc_secrets(self) -> dict[str, str]:
        """Environment variable by secret keyword."""
        return {
            "openai_api_key": "OPENAI_API_KEY",
            "google_api_key": "GOOGLE_API_KEY",
        }

    def __getstate__(self) -> dict[Any, Any]:
        """Travel without clients, and without keys the environment gave."""
        return movable(super().__getstate__(), type(self))

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Arrive: read the environment here, build clients when first needed."""
        super().__setstate__(state)
        self.model_post_init(None)
        fill_in(self)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Any:
        """Copy the settings; clients are shared, as they are by equal settings."""
        copied = self.__copy__()
        deepen(copied, memo)
        return copied


@lru_cache
def settings_of(model: type[BaseChatModel]) -> tuple[str, ...]:
    """Return the fields of a model that are settings of its calls.

    A field counts that has the name of a setting (`data/parameters.toml`) or of what
    steers a call, so that one added to a subclass takes effect like ours.

    Args:
        model: The class of the model.
    """
    theirs = BaseChatModel.model_fields.keys() - {"output_version"}
    known = {*vocabulary.canonical_names(), *CONTROLS} - {"rollout", *theirs}
    return tuple(name for name in model.model_fields if name in known)
