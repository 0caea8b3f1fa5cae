"""From a call to its plan: settings merged, model resolved, provider connected."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from pydantic import PrivateAttr

from langchain_unified.attempts import Attempts
from langchain_unified.connection import Connection
from langchain_unified.drop_in import DropIn
from langchain_unified.errors import InvalidParameterError, UnsupportedError
from langchain_unified.invocation import (
    canonical,
    checked,
    invocation,
    mentions_json,
    traits_of,
)
from langchain_unified.planner import plan
from langchain_unified.registry import Registry, default_registry
from langchain_unified.shims import ProviderShim, connect
from langchain_unified.types import CallPlan, Invocation, ModelConfig

_LOG = logging.getLogger("langchain_unified")
_LOGGED: set[tuple[str, str, str]] = set()

_DEFAULTS = (
    "temperature",
    "max_tokens",
    "stop",
    "reasoning_effort",
    "reasoning",
    "verbosity",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "n",
    "include",
    "truncation",
    "store",
    "context_management",
    "prompt_cache_options",
    "service_tier",
    "extra_body",
    "stream_usage",
    "use_responses_api",
    "max_retries",
    "on_unsupported",
    "output_version",
)


class Planning(DropIn):
    """What every call goes through before it is sent."""

    _shims: dict[str, ProviderShim] = PrivateAttr(default_factory=dict)
    _connections: dict[str, Connection] = PrivateAttr(default_factory=dict)
    _checked_defaults: dict[str, Any] | None = PrivateAttr(default=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Read the keywords and check their values."""
        super().__init__(*args, **kwargs)
        self._defaults()

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; settings take effect at the next call."""
        super().__setattr__(name, value)
        if name.startswith("_"):
            return
        self._checked_defaults = None
        self._shims, self._connections = {}, {}
        if name in {"model", "model_name"}:
            self.__dict__["profile"] = self._resolve_model_profile()

    def explain(
        self, input: LanguageModelInput | None = None, **kwargs: Any
    ) -> CallPlan:
        """Return the plan of a call, and why, without a key or the network.

        Args:
            input: The messages of the call; left out, one text message is assumed.
            **kwargs: What would be given to `invoke`, and `stream=True` for a stream.

        Returns:
            The plan; it prints as a table in a terminal and in a notebook.

        Raises:
            UnsupportedError: If the model cannot do what is asked for.

        Example:
            >>> from langchain_unified import UnifiedChatModel
            >>> llm = UnifiedChatModel(model="gpt-4o", temperature=0)
            >>> llm.explain(model="o3").changes[-1].kind
            'dropped'
        """
        stream = bool(kwargs.pop("stream", False))
        messages = [] if input is None else self._convert_input(input).to_messages()
        stop = kwargs.pop("stop", None)
        return self._plan(self._invocation(messages, stop, kwargs, stream=stream))

    def _attempts(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> Attempts:
        """Read a call; it is planned at each attempt with what is known by then."""
        if not messages:
            raise InvalidParameterError("messages", messages, "give at least one.")
        call = self._invocation(messages, stop, kwargs, stream=stream)
        return Attempts(
            lambda caution: self._plan(replace(call, caution=caution)),
            self._registry().lessons,
            self._url,
        )

    def _invocation(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        kwargs: dict[str, Any],
        *,
        stream: bool,
    ) -> Invocation:
        """Return the call in LangChain's words, checked."""
        settings = self._settings(stop, kwargs)
        if self.use_previous_response_id:
            settings.setdefault("use_responses_api", True)
            settings.setdefault("store", True)
        traits = traits_of(messages)
        if "response_format" in settings and mentions_json(messages):
            traits = replace(traits, mentions_json=True)
        return invocation(settings, traits, stream=stream)

    def _plan(self, call: Invocation) -> CallPlan:
        """Return the plan of a call; the only place where one is made."""
        config = self._resolve(call.model)
        self._registry().check_enabled(config.provider, self.enable)
        try:
            return plan(call, config)
        except UnsupportedError as refusal:
            raise self._with_alternatives(refusal, call) from None

    def _settings(
        self, stop: list[str] | None, kwargs: dict[str, Any]
    ) -> dict[str, Any]:
        """Merge the constructor's settings with those of the call; the call wins."""
        given = canonical(kwargs, where="The call")
        if stop is not None:
            given["stop"] = stop
        model = given.get("model") or self.model_name
        merged = {**self._defaults(), **checked(given, model=model)}
        for name, value in given.items():
            if value is None:
                merged.pop(name, None)
        for name in self.disabled_params or {}:
            merged.pop(name, None)
        merged.setdefault("model", model)
        return merged

    def _defaults(self) -> dict[str, Any]:
        if self._checked_defaults is None:
            own = {name: getattr(self, name) for name in _DEFAULTS}
            own["timeout"] = self.request_timeout
            own |= canonical(self.model_kwargs, where=type(self).__name__)
            self._checked_defaults = checked(own, model=self.model_name)
        return self._checked_defaults

    def _registry(self) -> Registry:
        return self.registry or default_registry()

    def _resolve(self, model: str | None = None) -> ModelConfig:
        config = self._known(model)
        lessons = self._registry().lessons
        return lessons.apply(config, self._url(config.provider))

    def _known(self, model: str | None = None) -> ModelConfig:
        """Return what the registry knows, without what was learned."""
        name = model if model is not None else self.model_name
        return self._registry().resolve(name, base_url=self._url("openai"))

    def _url(self, provider: str) -> str | None:
        """Return the base URL set for a provider."""
        found: str | None = self._connected(provider).get("base_url")
        return found

    def _connected(self, provider: str) -> Connection:
        found = self._connections.get(provider)
        if found is None:
            found = self._connections[provider] = self._connection(provider)
        return found

    def _with_alternatives(
        self, refusal: UnsupportedError, call: Invocation
    ) -> UnsupportedError:
        if refusal.feature is None:
            return refusal
        return refusal.suggesting(
            self._registry().models_with(refusal.feature, like=call.model)
        )

    def _shim(self, plan: CallPlan) -> ProviderShim:
        """Return the shim a plan is sent with; log what the plan changes."""
        self._log(plan)
        shim = self._shims.get(plan.provider)
        if shim is None:
            shim = connect(self._connected(plan.provider))
            self._shims[plan.provider] = shim
        return shim

    def _log(self, planned: CallPlan) -> None:
        """Warn once per model and parameter about what was dropped or clamped."""
        if planned.on_unsupported == "ignore":
            return
        for change in planned.changes:
            if change.kind not in {"dropped", "clamped"}:
                continue
            key = (planned.provider, planned.model, change.parameter)
            if key not in _LOGGED:
                _LOGGED.add(key)
                _LOG.warning(
                    "%s: %s=%r %s: %s",
                    planned.model,
                    change.parameter,
                    change.requested,
                    change.kind,
                    change.reason,
                )

    def _unseen(
        self, messages: list[BaseMessage], kwargs: dict[str, Any]
    ) -> tuple[list[BaseMessage], dict[str, Any]]:
        """Return what follows the last stored response, and the settings to say so."""
        if not self.use_previous_response_id:
            return messages, kwargs
        for at in range(len(messages) - 1, -1, -1):
            name = messages[at].response_metadata.get("id")
            if isinstance(messages[at], AIMessage) and str(name).startswith("resp_"):
                return messages[at + 1 :], {**kwargs, "previous_response_id": name}
        return messages, kwargs
