"""What a provider hands in about its wire: rules, tool shapes and media forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from langchain_unified.errors import RegistryError
from langchain_unified.exports import loaded
from langchain_unified.types import EMPTY

if TYPE_CHECKING:
    from langchain_unified.history.media import Media
    from langchain_unified.planner.choices import Choice
    from langchain_unified.planner.draft import Draft

Rule = Callable[["Draft"], None]
RenderTools = Callable[
    ["Draft", Sequence[Mapping[str, Any]], "Choice | None"], dict[str, Any]
]
TakesTools = Callable[["Draft", Sequence[Mapping[str, Any]], "Choice | None"], bool]
RenderFormat = Callable[["Draft", Mapping[str, Any]], None]
RenderMedia = Callable[["Media", str], dict[str, Any]]


@dataclass(frozen=True)
class MediaForms:
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
        looks_at: Kinds whose first bytes the provider's own server looks at, and
            refuses if they show no legal MIME type.

    Example:
        >>> MediaForms(takes=frozenset({("image", "base64")})).mimes
        mappingproxy({})
    """

    takes: frozenset[tuple[str, str]]
    mimes: Mapping[str, frozenset[str]] = field(default_factory=lambda: EMPTY)
    in_tools: frozenset[str] = frozenset()
    blocks: frozenset[str] = frozenset()
    items: bool = False
    unknown: bool = False
    looks_at: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ProviderWire:
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
    tool_marks: frozenset[str] = frozenset()


PLAIN = ProviderWire()
"""A wire that differs in nothing."""


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
    if not isinstance(found, ProviderWire):
        message = f"wire = {name!r} is no ProviderWire but {type(found).__name__}."
        raise RegistryError(message)
    return found
