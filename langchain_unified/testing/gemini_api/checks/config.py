"""The generation config without its thinking part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_unified.testing.errors import google_refuse
from langchain_unified.testing.gemini_api.fields import snake

if TYPE_CHECKING:
    from langchain_unified.testing.gemini_api.call import GeminiCall

MAX_STOP = 5
_SAMPLING = {"temperature": "temperature", "topP": "top_p", "topK": "top_k"}
_PENALTIES = {
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
}
_MIME_TYPES = ("text/plain", "application/json", "text/x.enum")
_PENALTY_RANGE = 2


def check_sampling(call: GeminiCall) -> None:
    """Refuse sampling values out of range; note those without effect."""
    limits = {"temperature": call.rules.max_temperature, "topP": 1, "topK": None}
    for name, rule in _SAMPLING.items():
        value = call.config.get(name)
        if value is None:
            continue
        _check_range(value, 0, limits[name], name)
        support = getattr(call.rules, rule)
        if support == "ignored":
            call.recorded.ignored.append(name)
        if support == "rejected":
            google_refuse(f"{name} is not enabled for {call.this_model}")


def check_penalties(call: GeminiCall) -> None:
    """Refuse a penalty the model does not take; zero is no penalty."""
    for name, rule in _PENALTIES.items():
        value = call.config.get(name)
        support = getattr(call.rules, rule)
        if value is None:
            continue
        if support == "rejected" or (support == "only_default" and value != 0):
            google_refuse(f"Penalty is not enabled for {call.this_model}")
        if support == "ignored":
            call.recorded.ignored.append(name)
        _check_range(value, -_PENALTY_RANGE, _PENALTY_RANGE, name)


def check_candidates(call: GeminiCall) -> None:
    """Refuse more candidates than the model gives."""
    count = call.config.get("candidateCount")
    if count is None:
        return
    if count > 1 and call.rules.max_candidates == 1:
        google_refuse(f"Multiple candidates is not enabled for {call.this_model}")
    _check_range(count, 1, call.rules.max_candidates, "candidateCount")


def check_streaming(call: GeminiCall) -> None:
    """Refuse to stream an answer on a model that gives it whole only."""
    if call.streaming and not call.rules.streaming:
        google_refuse(f"Streaming is not enabled for {call.this_model}")


def check_stop(call: GeminiCall) -> None:
    """Refuse too many stop sequences."""
    stop = call.config.get("stopSequences") or []
    most = call.rules.max_stop_sequences or MAX_STOP
    if call.rules.stop == "rejected" and stop:
        google_refuse(f"Stop sequences is not enabled for {call.this_model}")
    if len(stop) > most:
        google_refuse(
            "* GenerateContentRequest.generation_config.stop_sequences: at most "
            f"{most} stop sequences are allowed.\n"
        )


def check_token_cap(call: GeminiCall) -> None:
    """Refuse a token cap that is not positive or above the model's limit."""
    cap = call.config.get("maxOutputTokens")
    most = call.rules.max_output_tokens
    if cap is None:
        return
    if cap < 1 or (most is not None and cap > most):
        google_refuse(
            "Unable to submit request because it has a maxOutputTokens value of "
            f"{cap} but the supported range is from 1 (inclusive) to "
            f"{(most or cap) + 1} (exclusive). Update the value and try again."
        )


def check_logprobs(call: GeminiCall) -> None:
    """Refuse log probabilities the model does not give on this platform."""
    wanted = call.config.get("responseLogprobs") or call.config.get("logprobs")
    rules = call.rules
    support = rules.vertex_logprobs if call.on_vertex else rules.logprobs
    if wanted and support == "rejected":
        google_refuse(f"Logprobs is not enabled for {call.this_model}")


def check_media_resolution(call: GeminiCall) -> None:
    """Refuse a media resolution the model does not take."""
    if "mediaResolution" in call.config and not call.rules.media_resolution:
        google_refuse(f"Media resolution is not enabled for {call.this_model}")


def check_json(call: GeminiCall) -> None:
    """Refuse JSON the model does not give, alone or together with tools."""
    mime = call.config.get("responseMimeType")
    if mime not in {None, *_MIME_TYPES}:
        google_refuse(
            "* GenerateContentRequest.generation_config.response_mime_type: allowed "
            f"mimetypes are {', '.join(f'`{one}`' for one in _MIME_TYPES)}.\n"
        )
    if mime in {None, "text/plain"}:
        return
    if not call.rules.json_mode:
        google_refuse(f"JSON mode is not enabled for {call.this_model}")
    schemas = {"responseSchema", "responseJsonSchema"} & set(call.config)
    if schemas and not call.rules.structured_output:
        google_refuse(f"Response schema is not enabled for {call.this_model}")
    if call.body.get("tools") and not call.rules.tools_with_json:
        what = "Function calling" if call.declarations else "Tool use"
        google_refuse(f"{what} with a response mime type: '{mime}' is unsupported")


def check_modalities(call: GeminiCall) -> None:
    """Refuse an output modality the model does not have."""
    wanted = call.config.get("responseModalities") or []
    allowed = [one.upper() for one in call.rules.outputs]
    if wanted and not {str(one).upper() for one in wanted} <= set(allowed):
        google_refuse(
            "The requested combination of response modalities "
            f"({', '.join(str(one).upper() for one in wanted)}) is not supported by "
            f"the model. models/{call.rules.id} accepts the following combination of "
            f"response modalities:\n* {', '.join(allowed)}\n"
        )


def _check_range(value: Any, low: float, high: float | None, name: str) -> None:
    if value >= low and (high is None or value <= high):
        return
    field = snake(name)
    top = "inf" if high is None else f"{float(high)}"
    google_refuse(
        f"* GenerateContentRequest.generation_config.{field}: {field} must be in the "
        f"range [{float(low)}, {top}].\n"
    )
