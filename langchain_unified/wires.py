"""What a provider hands in about its wire: rules, tool shapes and media forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from langchain_core.messages import AIMessage

from langchain_unified.errors import RegistryError
from langchain_unified.exports import loaded
from langchain_unified.types import EMPTY, MediaForm, ModelConfig

# What rules are given is made of what is below: a plan being made (`planner.Draft`), a
# `planner.Choice`, and `history.Media`. Their types are told in `ProviderWire`.
Rule = Callable[[Any], None]
RenderTools = Callable[[Any, Sequence[Mapping[str, Any]], Any], dict[str, Any]]
TakesTools = Callable[[Any, Sequence[Mapping[str, Any]], Any], bool]
RenderFormat = Callable[[Any, Mapping[str, Any]], None]
RenderMedia = Callable[[Any, str], dict[str, Any]]
RenderReply = Callable[[AIMessage], AIMessage]

Verdict = Literal["send", "text", "fetch", "leave", "refuse"]
"""`send` in the wire's own form, inline as `text`, `fetch` and send, `leave` out on
record, or `refuse`."""

JudgeMedia = Callable[[MediaForm, str], tuple[Verdict, str] | None]


class MediaForms(NamedTuple):
    """What content a wire takes beside plain text.

    Attributes:
        takes: Kinds and sources that have a form of their own: kinds are `image`,
            `audio`, `video`, `file` and `text`, sources `base64`, `url`, `file_id` and
            `text`.
        mimes: Legal MIME types by kind; a kind that is not listed takes any.
        in_tools: Kinds that may stand in a tool result.
        blocks: Types of other blocks that go through as they are; `*` for all.
        items: Whether items may stand among the content, to be sent beside it.
        unknown: Whether blocks of unknown types are sent for the server to judge.
        judge: Tells what becomes of content, and why if it is refused, before the
            rest of this table is asked; `None` where the table says it. It is given how
            the content stands and the platform the model is served on.
        looks_at: Kinds whose first bytes the provider's own server looks at, and
            refuses if they show no legal MIME type.

    Example:
        >>> MediaForms(takes=frozenset({("image", "base64")})).mimes
        mappingproxy({})
    """

    takes: frozenset[tuple[str, str]]
    mimes: Mapping[str, frozenset[str]] = EMPTY
    in_tools: frozenset[str] = frozenset()
    blocks: frozenset[str] = frozenset()
    items: bool = False
    unknown: bool = False
    judge: JudgeMedia | None = None
    looks_at: frozenset[str] = frozenset()


class ProviderWire(NamedTuple):
    """How an endpoint's requests are planned and written, where it differs.

    A provider's rows name the object: `wire = "langchain_acme.wire:WIRE"` in the table
    of an endpoint. Everything in it is optional, and pure: it sees no client, no key
    and no network. A rule takes settings out of `draft.wanted`, puts fields into
    `draft.body`, and puts what it changes on record with `draft.note`, `draft.drop` or
    `draft.clamp`; what cannot be done it refuses with `raise draft.refusal(...)`.

    Attributes:
        early_rules: Run before reasoning effort, tools and formats are settled.
        tool_rules: Run when the form of the answer is chosen, before tools are written.
        rules: Run after these, and before the settings that are left are sent by the
            rows.
        late_rules: Run when everything else is in the body.
        takes_tools: Tells whether the endpoint takes tools although the rows say that
            the model does not, given the draft, the tools and the choice.
        render_tools: Returns the fields of the body for tools and tool choice, given
            the draft, the tools in OpenAI's chat form, and the choice.
        render_format: Puts a response format, given in OpenAI's chat form, into the
            body.
        media: What content the endpoint takes.
        render_media: Returns the content block that stands for media, given the media
            and where it stands: `user`, `system` or `tool`.
        render_reply: Puts a reply that the model of the call made itself into the form
            in which its integration reads it.
        cache_mark: What the wire calls a mark on content where the prompt cache is to
            end: `cache_control` or `prompt_cache_breakpoint`.
        says_end: Whether every answer says why it ended, so that one without was cut.
        tool_marks: What a tool may have here beside its function, such as
            `cache_control`.

    Example:
        >>> def decide_mode(draft):
        ...     if draft.wanted.pop("temperature", None) == 0:
        ...         draft.body["mode"] = "greedy"
        >>> ProviderWire(rules=(decide_mode,)).render_tools is None
        True
    """

    early_rules: tuple[Rule, ...] = ()
    tool_rules: tuple[Rule, ...] = ()
    rules: tuple[Rule, ...] = ()
    late_rules: tuple[Rule, ...] = ()
    takes_tools: TakesTools | None = None
    render_tools: RenderTools | None = None
    render_format: RenderFormat | None = None
    media: MediaForms | None = None
    render_media: RenderMedia | None = None
    render_reply: RenderReply | None = None
    cache_mark: str | None = None
    says_end: bool = False
    tool_marks: frozenset[str] = frozenset()


PLAIN = ProviderWire()
"""A wire that differs in nothing."""


def wire_at(config: ModelConfig, endpoint: str) -> ProviderWire:
    """Return the wire of a model's endpoint."""
    mapping = config.mappings.get(endpoint)
    return PLAIN if mapping is None else load_wire(mapping.wire)


@lru_cache(maxsize=64)
def load_wire(name: str) -> ProviderWire:
    """Return the wire that rows name.

    Args:
        name: A module, a colon and the name of the object; empty for a plain wire.

    Raises:
        RegistryError: If there is no such object.
    """
    if not name:
        return PLAIN
    try:
        found = loaded(name)
    except (AttributeError, ImportError) as error:
        message = f"wire = {name!r} cannot be loaded: {error}"
        raise RegistryError(message) from error
    if isinstance(found, ProviderWire):
        return found
    message = f"wire = {name!r} is not a ProviderWire, but a {type(found).__name__}."
    raise RegistryError(message)
