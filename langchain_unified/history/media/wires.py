"""How media content is sent in the API of the call."""

from __future__ import annotations

from langchain_unified.types import MediaForm, ModelConfig
from langchain_unified.wires import MediaForms, Verdict, wire_at

PDF = frozenset({"application/pdf"})
IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Types that most APIs read."""

ANY_DOCUMENTS = MediaForms(
    takes=frozenset(
        {
            *((kind, "base64") for kind in ("image", "file", "text")),
            *((kind, "url") for kind in ("image", "file")),
            *((kind, "file_id") for kind in ("image", "file")),
            ("text", "text"),
        }
    ),
    mimes={"image": IMAGES, "file": PDF},
    in_tools=frozenset({"image", "file"}),
    blocks=frozenset({"*"}),
)
"""What a wire takes that says nothing of its content."""


def forms_of(config: ModelConfig, endpoint: str) -> MediaForms:
    """Return the media forms that a model's endpoint supports."""
    return wire_at(config, endpoint).media or ANY_DOCUMENTS


def has_marks(config: ModelConfig, endpoint: str) -> bool:
    """Tell whether an endpoint supports cache breakpoints on any kind of content."""
    return "*" in forms_of(config, endpoint).blocks


def verdict_on(
    wire: MediaForms, endpoint: str, form: MediaForm, platform: str = ""
) -> tuple[Verdict, str]:
    """Return how content is sent in an API, or why it is rejected.

    Args:
        wire: What the wire takes.
        endpoint: The endpoint of the call.
        form: How the content is given.
        platform: Where the model is served, if its provider has more than one place.

    Example:
        >>> takes = MediaForms(takes=frozenset({("image", "base64")}))
        >>> verdict_on(takes, "say", MediaForm("image", "url"))[0]
        'fetch'
    """
    if form.kind == "block":
        return _verdict_on_block(wire, form)
    if form.kind == "text" and form.source in {"text", "base64"}:
        return ("send" if (form.kind, form.source) in wire.takes else "text"), ""
    if wire.judge is not None and (judged := wire.judge(form, platform)) is not None:
        return judged
    kind = "file" if form.kind == "text" and form.source != "url" else form.kind
    if (kind, form.source) in wire.takes:
        reason = _wrong_mime(wire, form, kind)
        return ("refuse", reason) if reason else ("send", "")
    if form.source == "url" and (kind == "text" or (kind, "base64") in wire.takes):
        return "fetch", ""
    return "refuse", _no_form(endpoint, form)


def verdict_at(
    config: ModelConfig, endpoint: str, form: MediaForm, platform: str = ""
) -> tuple[Verdict, str]:
    """Return how content is sent to a model; its server may support more than OpenAI.

    Args:
        config: What is known about the model.
        endpoint: The endpoint of the call.
        form: How the content is given.
        platform: Where the model is served, if its provider has more than one place.
    """
    if config.is_elsewhere and endpoint == "chat" and _has_form(config, form):
        return "send", ""
    if endpoint == "responses" and not config.server and _is_no_input(form):
        return "leave", ""
    reason = "" if config.is_elsewhere else _no_such_bytes(config, endpoint, form)
    if reason:
        return "refuse", reason
    return verdict_on(forms_of(config, endpoint), endpoint, form, platform)


def _no_such_bytes(config: ModelConfig, endpoint: str, form: MediaForm) -> str:
    """Say what is wrong with bytes that are not of any type a server reads.

    OpenAI's server looks at them, whatever type they are said to have, and refuses the
    call: "The image data you provided does not represent a valid image" (recorded).
    """
    wire = forms_of(config, endpoint)
    legal = wire.mimes.get(form.kind, frozenset())
    if form.shown is None or form.kind not in wire.looks_at or form.shown in legal:
        return ""
    said = form.mime or f"an {form.kind}"
    return f"the bytes given as {said} are none of {', '.join(sorted(legal))}."


def _is_no_input(form: MediaForm) -> bool:
    """Tell whether a block of a user's or the system's turn is no input of OpenAI's.

    Every part of a turn is named `input_...` there (openai 3.57.0,
    `ResponseInputContent`) and any other name is refused; ChatOpenAI leaves such a
    block out too, on Responses only (langchain-openai 1.7.4).
    """
    foreign = form.kind == "block" and not form.source.startswith("input_")
    return foreign and form.place in {"user", "system"} and not is_item(form.source)


def is_written(config: ModelConfig, endpoint: str, form: MediaForm) -> bool:
    """Tell whether content is sent in its original form and position.

    So it does on the user's own server: what OpenAI takes of a model of its own says
    nothing of the server that calls one by the same name.

    Args:
        config: What is known about the model.
        endpoint: The endpoint of the call.
        form: How the content is given.
    """
    on_chat = config.is_elsewhere and endpoint == "chat"
    return on_chat and form.source not in LEFT_OUT


def _has_form(config: ModelConfig, form: MediaForm) -> bool:
    """Tell whether servers of some make have a form for content on chat completions."""
    if form.kind == "block":
        return is_written(config, "chat", form)
    if form.kind == "text":
        return False
    if form.source == "base64":
        return bool(form.mime)
    return form.source in {"url", "hosted", "cloud"} or (
        (form.kind, form.source) == ("file", "file_id")
    )


def _verdict_on_block(wire: MediaForms, form: MediaForm) -> tuple[Verdict, str]:
    """Tell what becomes of a block of another type."""
    if {form.source, "*"} & wire.blocks:
        return "send", ""
    if form.source in LEFT_OUT:
        return "leave", ""
    if form.source == ADDITIONAL_TOOLS and form.place != "system":
        reason = "`additional_tools` must be carried on a SystemMessage."
        return "refuse", reason
    if is_item(form.source):
        return _verdict_on_item(wire, form)
    if wire.unknown:
        return "send", ""
    return "refuse", f"it does not support content blocks of type {form.source!r}."


def _verdict_on_item(wire: MediaForms, form: MediaForm) -> tuple[Verdict, str]:
    if wire.items:
        return "send", ""
    if form.place == "tool" and form.source.endswith("_output"):
        return "text", ""
    return "refuse", f"{form.source!r} {ITEM_HINT}"


def is_item(kind: str) -> bool:
    """Tell whether a block is an input item of Responses, not part of a message.

    Kinds nobody knows yet are told by their names: calls, outputs, requests and
    responses are items (openai 3.57.0, `ResponseInputItem`).

    Example:
        >>> is_item("shell_call_output"), is_item("input_image")
        (True, False)
    """
    return kind in _ITEMS or kind.endswith(_ITEM_ENDINGS)


ADDITIONAL_TOOLS = "additional_tools"
ITEM_HINT = "is an item of the Responses API; set use_responses_api=True."
_ITEM_ENDINGS = ("_call", "_output", "_approval_request", "_approval_response")
_ITEMS = frozenset(
    {
        ADDITIONAL_TOOLS,
        "compaction",
        "configuration_update",
        "item_reference",
        "mcp_list_tools",
    }
)
LEFT_OUT = frozenset({"reasoning_content", "redacted_thinking", "thinking", "tool_use"})
"""Blocks of other providers' replies, which no other model understands."""


def _wrong_mime(wire: MediaForms, form: MediaForm, kind: str) -> str:
    legal = wire.mimes.get(kind)
    if form.source != "base64":
        return ""
    if not form.mime:
        return f"the type of the {form.kind} is unknown; set mime_type."
    if legal is None or form.mime in legal:
        return ""
    return f"{form.mime} is none of {', '.join(sorted(legal))}."


def _no_form(endpoint: str, form: MediaForm) -> str:
    if form.source in {"hosted", "cloud"}:
        return f"only the provider that stores this {form.kind} can read its address."
    if form.source == "file_id":
        return f"{endpoint} does not support a {form.kind} with this kind of file id."
    return f"{endpoint} does not support {form.kind} content."
