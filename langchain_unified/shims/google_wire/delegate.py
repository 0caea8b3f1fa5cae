"""A `ChatGoogleGenerativeAI` that sends plans, whichever model they name.

The seam to langchain-google-genai (pinned below 5, watched by wire tests): the method
`_prepare_request`, the step of all four faces between messages and SDK call, and
`_parse_chat_history`, which it calls to render messages. What `ChatGoogleGenerativeAI`
would add of its own (a temperature of 0.7, `candidateCount`, empty safety settings)
is not sent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from google.genai.types import GenerateContentConfig, HttpOptions, HttpRetryOptions
from langchain_core.messages import BaseMessage
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_google_genai.chat_models import _parse_chat_history

from langchain_unified.types import CallPlan

_PLAN = "unified_plan"
DEFAULT_RETRIES = 2
"""Attempts after the first, as the OpenAI SDK does; google-genai alone does none."""


class PlannedChatGoogle(ChatGoogleGenerativeAI):
    """Sends plans; its own model and parameters play no part."""

    def _prepare_request(
        self, messages: list[BaseMessage], **kwargs: Any
    ) -> dict[str, Any]:
        """Return the plan's request in place of `ChatGoogleGenerativeAI`'s."""
        plan: CallPlan = kwargs[_PLAN]
        system, contents = _parse_chat_history(
            messages,
            model=plan.model,
            use_vertexai=self._use_vertexai,  # type: ignore[attr-defined]
        )
        config = render_config(plan)
        config.system_instruction = system
        return {"model": plan.model, "contents": contents, "config": config}

    @staticmethod
    def planned(plan: CallPlan) -> dict[str, Any]:
        """Return the keywords that carry a plan through the methods."""
        return {_PLAN: plan}


def render_config(plan: CallPlan) -> GenerateContentConfig:
    """Return the SDK's request configuration of a plan."""
    fields = {**plan.body.get("generationConfig", {}), **plan.body}
    fields.pop("generationConfig", None)
    known = _config_fields()
    extra = {name: value for name, value in fields.items() if name not in known}
    config = GenerateContentConfig.model_validate(
        {name: value for name, value in fields.items() if name in known}
    )
    config.http_options = _http_options(plan, extra)
    return config


@lru_cache(maxsize=1)
def _config_fields() -> frozenset[str]:
    fields = GenerateContentConfig.model_fields
    return frozenset(field.alias or name for name, field in fields.items())


def _http_options(plan: CallPlan, extra: dict[str, Any]) -> HttpOptions:
    retries = DEFAULT_RETRIES if plan.max_retries is None else plan.max_retries
    return HttpOptions(
        timeout=int(plan.timeout * 1000) if plan.timeout is not None else None,
        retry_options=HttpRetryOptions(attempts=retries + 1),
        headers=dict(plan.headers) or None,
        extra_body=extra or None,
    )
