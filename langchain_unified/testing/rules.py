"""What each model accepts, read from the data files next to this module."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DATA = Path(__file__).parent / "data"
PROVIDERS = ("openai", "google_genai")


@dataclass(frozen=True)
class ModelRules:
    """The parameter rules of one model, as the emulator enforces them.

    The defaults describe a permissive text model, so an invented model only needs
    the fields in which it differs.

    Parameter fields (`temperature`, `top_p`, `stop`, ...) take one of `any`,
    `only_default`, `only_when_effort_none`, `ignored` or `rejected`. The effort is
    the effective one: an omitted effort is `default_effort`.

    Attributes:
        id: The model name a request carries.
        provider: `openai` or `google_genai`.
        exists: False answers as an unknown model.
        listed: False keeps the model out of the model list.
        answers_as: The model name in responses, when it is another one.
        shutdown_date: ISO date after which `shutdown="enforce"` answers 404.
        routed_to: Model whose rules apply from `routed_from` on.
        routed_from: ISO date of the re-routing.
        endpoints: OpenAI: `chat`, `responses`. Gemini: `generateContent` or others.
        inputs: Accepted content: `text`, `image`, `audio`, `video`, `pdf`.
        outputs: Modalities the model can answer in: `text`, `image`, `audio`.
        not_a_chat_model: Refuses chat as a completions model, not as a Responses one.
        system_roles: Accepted instruction roles; empty refuses system text.
        context_window: Tokens of input and output together.
        max_input_tokens: Input limit where it is smaller than the window.
        max_output_tokens: Upper bound of the token cap.
        reasoning: Whether the model spends reasoning tokens.
        temperature: Support of `temperature`.
        top_p: Support of `top_p` / `topP`.
        top_k: Support of `topK` (Gemini).
        presence_penalty: Support of the presence penalty.
        frequency_penalty: Support of the frequency penalty.
        logprobs: Support of `logprobs` and `top_logprobs` / `responseLogprobs`.
        vertex_logprobs: The same on Vertex (Gemini).
        logit_bias: Support of `logit_bias` (OpenAI).
        stop: Support of stop sequences.
        n: Support of `n` (OpenAI chat).
        max_temperature: Upper bound of the temperature.
        max_stop_sequences: Longest stop list (OpenAI 4, Gemini 5 by default).
        tools: Whether function tools are accepted at all.
        forced_tools: Whether a call of a tool can be forced.
        search: Whether a search tool is accepted where function tools are not (Gemini).
        json_mode: Whether a JSON object can be asked for.
        structured_output: Whether a response schema is accepted.
        chat_token_params: Token caps taken on chat.
        min_output_tokens: Lower bound of `max_output_tokens` on Responses.
        effort_levels: Effort values on Responses.
        chat_effort_levels: Effort values on chat.
        default_effort: Effort used when none is sent.
        summaries: Accepted values of `reasoning.summary`.
        verbosity: Accepted verbosity values.
        tools_chat: Function tools on chat: `yes`, `no`, `responses_only`,
            `only_when_effort_none` or `only_when_effort_none_or_omitted`.
        parallel_tool_calls: Whether `parallel_tool_calls` may be sent.
        legacy_functions: Whether `functions` and `function_call` may be sent.
        streaming: Whether the model streams.
        streaming_needs_verification: Streams only for verified organizations.
        needs_audio: Refuses a request without audio in it or asked for.
        web_search: Whether `web_search_options` may be sent.
        prompt_cache_retention: Whether `prompt_cache_retention` may be sent.
        default_cache_retention: Retention answered on Responses when none is sent.
        cache_writes: Whether chat counts the tokens written to the cache.
        phase: Whether messages on Responses say their phase.
        default_context: `reasoning.context` when none is sent.
        refused: Parameters the model does not have (OpenAI), and keys of objects:
            `reasoning.mode`, `thinkingConfig.includeThoughts`.
        null_keys: Keys of answers on Responses that other models do not have.
        default_top_p: `top_p` answered on Responses when none is sent.
        incompatible_wording: Refusals use "Model incompatible request argument".
        thinking: Gemini thinking style: `none`, `budget` or `level`.
        thinking_levels: Accepted thinking levels, lower case.
        default_thinking: Level or budget used when none is sent; 0 is off.
        thinking_budget: Support of `thinkingBudget`.
        budget_min: Smallest budget above zero.
        budget_max: Largest budget.
        budget_zero: Budget 0: `off`, `refused` or `invalid`.
        thinking_level_wording: A level is refused as an unsupported level.
        names_model_in_errors: Errors end in "for models/<id>".
        max_candidates: Largest `candidateCount`.
        tools_with_json: Whether tools and a JSON answer go together.
        prefill: Whether the last turn may be the model's.
        multi_turn: Whether more than one turn is accepted.
        media_resolution: Whether `mediaResolution` may be sent.
        function_role: Whether the content role `function` is accepted.
        function_call_ids: Whether function calls are answered with ids (Gemini).
        thought_signatures: `required` back, `given` and not required, `optional` or
            `rejected` (Gemini).
        averages_logprobs: Whether candidates have `avgLogprobs`, and no index (Gemini).
        counts_by_modality: Whether output tokens are counted by modality (Gemini).
        max_unstreamed_output_tokens: Tokens in one reply that is not streamed.

    Example:
        ```python
        rules = ModelRules(id="acme-1", temperature="only_default")
        with ProviderEmulator(rules=[rules]) as emulator:
            ...
        ```
    """

    id: str
    provider: str = "openai"
    exists: bool = True
    listed: bool = True
    answers_as: str | None = None
    shutdown_date: str | None = None
    routed_to: str | None = None
    routed_from: str | None = None
    endpoints: tuple[str, ...] = ("chat", "responses", "generateContent")
    not_a_chat_model: bool = False
    inputs: tuple[str, ...] = ("text", "image", "pdf")
    outputs: tuple[str, ...] = ("text",)
    system_roles: tuple[str, ...] = ("system", "developer")
    context_window: int | None = None
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    reasoning: bool = False

    temperature: str = "any"
    top_p: str = "any"
    top_k: str = "any"
    presence_penalty: str = "any"
    frequency_penalty: str = "any"
    logprobs: str = "any"
    vertex_logprobs: str = "any"
    logit_bias: str = "any"
    stop: str = "any"
    n: str = "any"
    max_temperature: float = 2.0
    max_stop_sequences: int | None = None
    tools: bool = True
    forced_tools: bool = True
    search: bool = False
    json_mode: bool = True
    structured_output: bool = True

    chat_token_params: tuple[str, ...] = ("max_completion_tokens", "max_tokens")
    min_output_tokens: int = 16
    effort_levels: tuple[str, ...] = ()
    chat_effort_levels: tuple[str, ...] = ()
    default_effort: str | None = None
    summaries: tuple[str, ...] = ("auto", "concise", "detailed")
    verbosity: tuple[str, ...] = ("medium",)
    tools_chat: str = "yes"
    parallel_tool_calls: bool = True
    legacy_functions: bool = True
    streaming: bool = True
    streaming_needs_verification: bool = False
    needs_audio: bool = False
    web_search: bool = False
    prompt_cache_retention: bool = True
    default_cache_retention: str | None = None
    cache_writes: bool = False
    phase: bool = False
    default_context: str | None = None
    refused: tuple[str, ...] = ()
    null_keys: tuple[str, ...] = ()
    default_top_p: float = 1.0
    incompatible_wording: bool = False

    thinking: str = "none"
    thinking_levels: tuple[str, ...] = ()
    default_thinking: str | int | None = None
    thinking_budget: str = "rejected"
    budget_min: int | None = None
    budget_max: int | None = None
    budget_zero: str = "off"
    thinking_level_wording: bool = False
    names_model_in_errors: bool = False
    max_candidates: int = 8
    tools_with_json: bool = True
    prefill: bool = True
    multi_turn: bool = True
    media_resolution: bool = True
    function_role: bool = True
    function_call_ids: bool = True
    thought_signatures: str = "optional"
    averages_logprobs: bool = False
    counts_by_modality: bool = False
    max_unstreamed_output_tokens: int | None = None

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> ModelRules:
        """Build rules from plain JSON data.

        Args:
            raw: Field names and values; lists stand for tuples.

        Returns:
            The rules.

        Raises:
            ValueError: If a field is unknown or the provider is.
        """
        unknown = sorted(set(raw) - {field.name for field in fields(cls)})
        if unknown:
            message = f"ModelRules has no field {', '.join(unknown)}."
            raise ValueError(message)
        if raw.get("provider", "openai") not in PROVIDERS:
            message = f"provider must be one of {PROVIDERS}, not {raw['provider']!r}."
            raise ValueError(message)
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in raw.items()
        }
        return cls(**values)


@dataclass(frozen=True)
class RuleBook:
    """All the rules of one provider, and the date its data was read."""

    provider: str
    as_of: date
    models: Mapping[str, ModelRules]

    def get(self, name: str, today: date) -> ModelRules | None:
        """Return the rules that apply to a model name on a day, if it exists."""
        rules = self.models.get(name)
        if rules is None or not rules.exists:
            return None
        if rules.routed_to and rules.routed_from and today >= _day(rules.routed_from):
            return self.models.get(rules.routed_to, rules)
        return rules

    def with_rules(self, extra: Iterable[ModelRules]) -> RuleBook:
        """Return a copy in which the given rules were added or replaced."""
        mine = {rule.id: rule for rule in extra if rule.provider == self.provider}
        return RuleBook(self.provider, self.as_of, {**self.models, **mine})


def is_shut_down(rules: ModelRules, today: date) -> bool:
    """Tell whether a model is past its shutdown date."""
    return rules.shutdown_date is not None and today >= _day(rules.shutdown_date)


def load_rules(path: str | Path) -> list[ModelRules]:
    """Read rules from a JSON file.

    Args:
        path: A file holding either a list of rule objects, or an object with
            `provider` and `groups`, each group having `ids` and `rules`; the name an id
            answers with can stand in `answers_as`.

    Returns:
        One `ModelRules` per id.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it holds no rules; the message says why.
    """
    text = Path(path).read_bytes()
    try:
        return _rules_of(json.loads(text.decode("utf-8")))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        why = f"no key {error}" if isinstance(error, KeyError) else str(error)
        message = f"{path} is not a JSON file with a list of rules: {why}"
        raise ValueError(message) from error


def _rules_of(raw: Any) -> list[ModelRules]:
    if isinstance(raw, list):
        return [ModelRules.from_dict(item) for item in raw]
    return [
        ModelRules.from_dict(
            {
                "provider": raw["provider"],
                "answers_as": raw.get("answers_as", {}).get(name),
                **group["rules"],
                "id": name,
            }
        )
        for group in raw["groups"]
        for name in group["ids"]
    ]


@cache
def load_rule_book(provider: str) -> RuleBook:
    """Return the rules shipped for a provider."""
    path = DATA / f"{provider}.json"
    as_of = json.loads(path.read_text(encoding="utf-8"))["as_of"]
    return RuleBook(provider, _day(as_of), {rule.id: rule for rule in load_rules(path)})


@cache
def load_fields(name: str) -> dict[str, Any]:
    """Return a table of request fields shipped as data."""
    loaded: dict[str, Any] = json.loads(
        (DATA / f"{name}_fields.json").read_text(encoding="utf-8")
    )
    return loaded


def _day(text: str) -> date:
    return date.fromisoformat(text)
