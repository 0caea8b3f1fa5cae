"""One call, with LangChain's parameter names, and what its messages contain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from langchain_unified.types.facts import EMPTY

Policy = Literal["warn", "ignore", "error"]
"""What to do about a tuning setting the model of the call does not take."""

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.tools import BaseTool

    ToolLike: TypeAlias = dict[str, Any] | type | Callable[..., Any] | BaseTool
    """A function, a pydantic class, a `BaseTool` or a dictionary."""
else:
    # Hints are read while running (langchain-core's fallbacks do), and importing
    # BaseTool takes 5 ms (langchain-core 1.8, 2026-11-26).
    ToolLike = Any


class MediaForm(NamedTuple):
    """The format of a piece of content other than plain text.

    Attributes:
        kind: `image`, `audio`, `video`, `file`, `text` (a text file), or `block` for
            a content block of another type.
        source: `base64`, `url`, `file_id`, `hosted` (an address that only one
            provider's servers resolve), `cloud` (a `gs://` address), `text`, or the
            type of another block.
        mime: MIME type in lower case; empty if it is unknown.
        place: The role of its message: `user`, `tool`, `system` or `assistant`.
        producer: Provider and model of an assistant's turn.
        shown: MIME type that the bytes of an image show, empty if they show none;
            `None` if it has no bytes here.
    """

    kind: str
    source: str
    mime: str = ""
    place: str = "user"
    producer: tuple[str, str] = ("", "")
    shown: str | None = None


BREAKPOINT = "prompt_cache_breakpoint"
"""OpenAI's mark on content where the prompt cache is to end."""

CACHE_CONTROL = "cache_control"
"""Anthropic's mark on content and tools where the prompt cache is to end."""


CHAT_ONLY = "chat_only"
"""Platform of a place that serves chat completions and no Responses."""


class Traits(NamedTuple):
    """What the messages of a call contain, as far as the plan depends on it.

    Attributes:
        inputs: `ModelProfile` keys of the content found, for example `image_inputs`.
        system: Whether there is a system message.
        prefill: Whether the last message is the assistant's, to be continued.
        multi_turn: Whether there is an assistant message.
        mentions_json: Whether a text contains the word JSON.
        media: The formats of all content other than plain text.
        findings: What a wire may refuse about the turns; see
            `langchain_unified.history.traits`.
        bound: Provider and model of each reply that carries reasoning, signatures or
            ids only its own model understands.
        longest_call_id: Length of the longest tool call id.
        paused: Provider and model of the last reply if it is to be continued as it is.
        plain: `one` for a single text of the user; `all` for nothing but texts of the
            user and the system; empty if there is more to see.
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
    paused: tuple[str, str] | None = None
    plain: Literal["one", "all", ""] = ""


class Invocation(NamedTuple):
    """One call, with LangChain's parameter names, checked and with aliases resolved.

    Attributes:
        model: The model name as the user wrote it.
        params: The requested settings by canonical name.
        traits: What the messages contain.
        stream: Whether the call is streamed.
        endpoint: The endpoint that the user chose, if any.
        on_unsupported: What to do about tuning settings that the model does not
            support.
        timeout: Timeout in seconds; `None` for the client's default.
        max_retries: Maximum number of retries; `None` for the client's default.
        headers: Extra HTTP headers for this call.
        query: Extra query parameters for this call.
        extra_body: Fields added to the request body unchanged.
        stream_usage: Whether to request token usage while streaming; `None` for yes.
        output_version: The format of message content, as named by langchain-core.
        structure: The schema of the response, if any; see
            `langchain_unified.schemas.Structure`.
        nulls: Settings the call gives as `None` that nothing else sets: sent as null
            where the wire is OpenAI's, as ChatOpenAI does.
        parse_as: The pydantic class given as `response_format`, if one was.
        caution: 1 sends no tuning settings; 2 does not stream either and gives system
            text in the user turn. For the last attempts at a model whose rules are
            unknown.
        platforms: Where the models of a provider are served, if there is more than one
            place, by provider id; see `langchain_unified.connection.Place`.
        server: The base URL of the call; empty for the provider's default.
        tenant: The tenant of the call, for learned rules, budgets and breakers; empty
            for none.
        deadline: Seconds for the whole call at each model, retries included.
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
    parse_as: Any = None
    nulls: tuple[str, ...] = ()
    caution: int = 0
    platforms: Mapping[str, str] = EMPTY
    server: str = ""
    tokens: int | None = None
    tenant: str = ""
    deadline: float | None = None
