"""Media content: sent, inlined, downloaded, moved or rejected."""

from __future__ import annotations

from collections.abc import Iterator

from langchain_unified.history.media.wires import (
    ADDITIONAL_TOOLS,
    ITEM_HINT,
    LEFT_OUT,
    is_written,
    verdict_at,
)
from langchain_unified.history.origin import UNKNOWN, is_own, maker
from langchain_unified.history.traits import FEATURES
from langchain_unified.history.turns import stays
from langchain_unified.planner.draft import Draft
from langchain_unified.planner.words import BLOCK, has_refused_kind, note_new_kind
from langchain_unified.types import MediaForm

_SOURCE = "facts of 2026-11-23: multimodal blocks by provider"
_NOT_READ = "only the model that created it can read it."
_NO_PART = "{endpoint} does not support content of this type."
_FETCH_HINT = (
    "{endpoint} does not accept {kind} content by URL; pass it as base64, or let the "
    "client download it with fetch_urls=True."
)


def decide_media(draft: Draft) -> None:
    """Decide how each kind of content is sent.

    Raises:
        UnsupportedError: If the model cannot read it and nothing can be done.
    """
    allowed = bool(draft.wanted.pop("fetch_urls", None))
    for form in sorted(_foreign(draft), key=str):
        feature = FEATURES.get(form.kind)
        if feature is not None and not _reads(draft, feature):
            words = feature.replace("_", " ")
            reason = f"it does not support {words}."
            raise draft.refusal("messages", words, reason, feature=feature)
        _decide_form(draft, form, allowed=allowed)


def _reads(draft: Draft, feature: str) -> bool:
    """Tell whether a model reads a kind of content, or nobody knows on its server."""
    if draft.config.supports(feature):
        return True
    said = draft.knows(feature) or draft.knows("inputs")
    return draft.is_elsewhere and not said


def _stays(draft: Draft, form: MediaForm) -> bool:
    """Tell whether content can stay where it stands.

    The user's own server is sent what the user wrote where it was written.
    """
    theirs = form.place != "assistant" or form.producer == UNKNOWN
    if theirs and is_written(draft.config, draft.endpoint, form):
        return True
    return stays(draft.config, draft.endpoint, form.kind, form.place)


def _foreign(draft: Draft) -> Iterator[MediaForm]:
    """Yield all forms but what the model of the call made itself."""
    config = draft.config
    mine = maker(config.provider, draft.platform)
    for form in draft.invocation.traits.media:
        own = form.place == "assistant" and is_own(form.producer, mine, config.model)
        if not own or (draft.endpoint == "chat" and form.kind != "audio"):
            yield form


def _verdict(draft: Draft, form: MediaForm, *, allowed: bool) -> str:
    """Return what becomes of content.

    Raises:
        UnsupportedError: If it cannot be sent.
    """
    verdict, reason = verdict_at(draft.config, draft.endpoint, form, draft.platform)
    if _wants_choice(draft, form):
        verdict, reason = "refuse", f"{form.source!r} {ITEM_HINT}"
    if verdict == "fetch" and not allowed:
        verdict = "refuse"
        reason = _FETCH_HINT.format(endpoint=draft.endpoint, kind=form.kind)
    if verdict == "refuse":
        feature = _feature(form)
        raise draft.refusal("messages", _words(form), reason, feature=feature)
    return verdict


def _decide_form(draft: Draft, form: MediaForm, *, allowed: bool) -> None:
    verdict = _verdict(draft, form, allowed=allowed)
    if verdict == "fetch":
        reason = "the client downloads it, because the API does not accept URLs."
        _note(draft, "fetch_urls", form, "base64", reason)
    if verdict == "text":
        _note(draft, "messages", form, "text", "a text file is sent as text.")
    if verdict == "leave":
        made = form.source in LEFT_OUT
        reason = _NOT_READ if made else _NO_PART.format(endpoint=draft.endpoint)
        draft.note("messages", "dropped", requested=_words(form), reason=reason)
    if verdict in {"send", "leave"} and form.kind == "block":
        _check_kind(draft, form, verdict)
    if not _stays(draft, form):
        reason = f"it is not allowed in a message of the {form.place}."
        _note(draft, "messages", form, "user", reason)


def _check_kind(draft: Draft, form: MediaForm, verdict: str) -> None:
    """Put on record a block of a type that may be newer than the rows.

    Raises:
        UnsupportedError: If the server has refused one before: content is not dropped,
            nor is the call moved to an endpoint that would leave it out.
    """
    served = (draft.endpoint,) if verdict == "send" else draft.config.mappings
    if has_refused_kind(draft, BLOCK, form.source, served):
        reason = (
            f"the server rejected a content block of type {form.source!r}; "
            "remove it, or send it in another form."
        )
        raise draft.refusal("messages", _words(form), reason)
    if verdict == "send" and form.place != "assistant":
        note_new_kind(draft, "messages", "block_kinds", form.source)


def _wants_choice(draft: Draft, form: MediaForm) -> bool:
    """Tell whether only the user may choose Responses for a content, as ChatOpenAI."""
    chosen = draft.chose_responses or draft.config.endpoints[0] == draft.endpoint
    return form.source == ADDITIONAL_TOOLS and form.place == "system" and not chosen


def _note(
    draft: Draft, parameter: str, form: MediaForm, sent: str, reason: str
) -> None:
    draft.note(
        parameter,
        "translated",
        requested=_words(form),
        sent=sent,
        reason=reason,
        source=_SOURCE,
    )


def _words(form: MediaForm) -> str:
    known = " ".join(part for part in (form.mime or form.kind, form.source) if part)
    return known if form.place == "user" else f"{known} of the {form.place}"


def _feature(form: MediaForm) -> str | None:
    """Return the capability by which to suggest other models.

    Only a URL is a matter of the provider; its models are told by LangChain's key.
    """
    return f"{form.kind}_url_inputs" if form.source == "url" else None
