"""The output: response format, length, stop strings and number of choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_unified.history.blanks import REFUSES_BLANKS, is_blank
from langchain_unified.planner.draft import Draft, put_path
from langchain_unified.planner.fitting import fitted, is_unknown_server, note_fit
from langchain_unified.schemas import UnsayableError, legal_name


def decide_response_format(draft: Draft) -> None:
    """Send a response format in the endpoint's form, or reject the call."""
    asked = draft.wanted.pop("response_format", None)
    if asked is None:
        return
    if _is_for_the_server(draft, asked):
        draft.body["response_format"] = dict(asked)
    elif asked.get("type") != "text":
        _put_format(draft, asked)


def _put_format(draft: Draft, asked: Mapping[str, Any]) -> None:
    _check_format(draft, asked)
    if asked.get("type") == "json_schema":
        asked = _in_its_words(draft, asked)
    if draft.wire.render_format is not None:
        draft.wire.render_format(draft, asked)
        return
    rule = draft.rule("response_format")
    if rule is None:
        raise draft.refusal(
            "response_format",
            asked,
            "the endpoint does not support it.",
            feature="json_mode",
        )
    value = _flat(asked) if draft.endpoint == "responses" else dict(asked)
    put_path(draft.body, rule.name, value)


def _is_for_the_server(draft: Draft, asked: Mapping[str, Any]) -> bool:
    """Tell whether only the user's server knows what becomes of a response format.

    So it is with kinds of its own, for example `{"type": "grammar"}` of Hugging Face's
    text-generation-inference and `{"type": "structural_tag"}` of vLLM, and with a
    schema written out by the user for a model that nobody knows.
    """
    kind, config = asked.get("type"), draft.config
    if not draft.is_elsewhere or draft.structured is not None:
        return False
    if kind not in _KINDS:
        return True
    if not config.server_decides or kind == "json_object":
        return False
    learned = any(one.layer == "learned" for one in config.provenance.values())
    by_hand = draft.invocation.parse_as is None and not learned
    return kind == "text" or (by_hand and config.supports("structured_output"))


_KINDS = frozenset({"json_object", "json_schema", "text"})


def _check_format(draft: Draft, asked: Mapping[str, Any]) -> None:
    kind = asked.get("type")
    feature = "structured_output" if kind == "json_schema" else "json_mode"
    if not draft.config.supports(feature):
        reason = f"it does not support a response format of type {kind!r}."
        raise draft.refusal("response_format", asked, reason, feature=feature)
    if kind == "json_object" and _wants_json_word(draft):
        _mention_json(draft)
    has_tools = "tools" in draft.body
    together = draft.config.features.get("tools_with_json", True)
    if has_tools and not together:
        reason = "it accepts either tools or a response format, not both."
        raise draft.refusal("response_format", asked, reason, feature="tools_with_json")


def _in_its_words(draft: Draft, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a response format with the schema as the endpoint takes it.

    Raises:
        UnsupportedError: If the endpoint has no words for the schema.
    """
    inner = asked.get("json_schema")
    if not isinstance(inner, Mapping):
        inner = {key: value for key, value in asked.items() if key != "type"}
    told = dict(inner)
    if told.get("name"):
        told["name"] = legal_name(str(told["name"]), draft.endpoint)
    if isinstance(told.get("schema"), Mapping):
        told |= _schema_in_its_words(draft, told)
    return {"type": "json_schema", "json_schema": told}


def _schema_in_its_words(draft: Draft, told: Mapping[str, Any]) -> dict[str, Any]:
    parameter, strict = "response_format", bool(told.get("strict"))
    try:
        found, is_strict = fitted(
            draft,
            told["schema"],
            on="answer",
            form="answer",
            strict=strict,
            nulls=False,
            parameter=parameter,
        )
    except UnsayableError as obstacle:
        where = f" at {obstacle.place}" if obstacle.place else ""
        reason = (
            f"its response format does not support {obstacle.what}{where}; use a tool "
            "instead."
        )
        raise draft.refusal(parameter, told.get("name"), reason) from obstacle
    if found.wrapped is not None and is_unknown_server(draft):
        return {}
    draft.unwrap = found.wrapped
    note_fit(draft, parameter, found)
    lowered = {"strict": False} if strict and not is_strict else {}
    return {"schema": found.schema, **(lowered if "strict" in told else {})}


def _wants_json_word(draft: Draft) -> bool:
    """Tell whether the word JSON is missing where it has to be in a message."""
    if draft.invocation.traits.mentions_json:
        return False
    return not draft.config.server_decides or draft.config.supports("wants_json_word")


def _mention_json(draft: Draft) -> None:
    """OpenAI refuses json_object unless some message says JSON (mem0#3559)."""
    if draft.endpoint == "generate_content":
        return
    draft.add_system = draft.add_system or "Answer in JSON."
    reason = "json_object requires a message that contains the word JSON."
    draft.note(
        "response_format",
        "emulated",
        requested="json_object",
        sent=draft.add_system,
        reason=reason,
        source="mem0ai/mem0#3559",
    )


def _flat(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Responses has the fields of `json_schema` beside `type`."""
    schema = asked.get("json_schema")
    return {"type": asked["type"], **(schema if isinstance(schema, Mapping) else {})}


def decide_max_tokens(draft: Draft) -> None:
    """Keep the token limit within the limits of the endpoint and the model."""
    asked = draft.wanted.pop("max_tokens", None)
    rule = draft.rule("max_tokens")
    if asked is None:
        return
    if rule is None or rule.accepts != "any":
        raise draft.refusal(
            "max_tokens", asked, "the endpoint does not support a token limit."
        )
    limit = rule.maximum or draft.config.limits.get("output")
    sent = max(asked, int(rule.minimum or 1))
    sent = min(sent, int(limit)) if limit else sent
    if sent != asked:
        legal = f"{int(rule.minimum or 1)} to {limit or 'any number of'} tokens"
        reason = f"{draft.endpoint} accepts {legal}; the nearest value is sent."
        draft.clamp("max_tokens", asked, sent, reason)
    draft.put("max_tokens", sent)


def decide_stop(draft: Draft) -> None:
    """Send stop strings if the model supports them, else apply them on the client."""
    asked = draft.wanted.pop("stop", None)
    if not asked:
        return
    rule = draft.rule("stop")
    if rule is not None and rule.accepts == "any":
        _send_stop(draft, _sendable(draft, asked), rule.max_items)
        return
    reason = "the model does not support it; the client truncates the response instead."
    _stop_on_client(draft, asked, reason)


def _sendable(draft: Draft, asked: Sequence[str]) -> list[str]:
    """Return the stop strings the endpoint takes; all are applied here if it is few.

    Anthropic refuses those of white space alone (BerriAI/litellm#3286).
    """
    if draft.endpoint not in REFUSES_BLANKS:
        return list(asked)
    kept = [text for text in asked if not is_blank(text)]
    if len(kept) < len(asked):
        reason = (
            "the API rejects stop strings of white space; the client truncates the "
            "response."
        )
        _stop_on_client(draft, list(asked), reason)
    return kept


def _send_stop(draft: Draft, asked: list[str], most: int | None) -> None:
    most = None if draft.config.server_decides else most
    if most is not None and len(asked) > most:
        why = f"the model accepts {most} stop strings; the client applies all of them."
        _stop_on_client(draft, asked, why)
    if asked:
        draft.put("stop", asked[:most])


def _stop_on_client(draft: Draft, asked: list[str], reason: str) -> None:
    draft.stop = tuple(asked)
    draft.emulations += 1
    draft.note("stop", "emulated", requested=list(asked), reason=reason)


def decide_copies(draft: Draft) -> None:
    """Request `n` choices at once, or in several requests if there is no `n`."""
    asked = draft.wanted.pop("n", None)
    if asked is None:
        return
    rule = draft.rule("n")
    if asked > 1 and draft.stream:
        reason = "several responses cannot be streamed; call invoke or generate."
        raise draft.refusal("n", asked, reason)
    if rule is not None and rule.accepts == "any" and asked <= (rule.maximum or asked):
        draft.put("n", asked)
    elif asked > 1:
        draft.calls = asked
        draft.emulations += 1
        reason = f"{draft.endpoint} returns one response; {asked} requests are sent."
        draft.note("n", "emulated", requested=asked, sent=1, reason=reason)


def decide_stream(draft: Draft) -> None:
    """Stream if the model supports it, else return the response in one chunk."""
    if not draft.stream:
        draft.wanted.pop("stream_options", None)
        return
    if not draft.config.features.get("streaming", True):
        draft.stream = False
        draft.emulations += 1
        draft.wanted.pop("stream_options", None)
        reason = (
            "the model does not support streaming; the response comes in one piece."
        )
        draft.note("stream", "emulated", requested=True, sent=False, reason=reason)
        return
    if draft.invocation.stream_usage is False:
        return
    if draft.endpoint == "chat" and draft.rule("stream_options") is not None:
        options = draft.wanted.setdefault("stream_options", {})
        draft.wanted["stream_options"] = {"include_usage": True, **options}
