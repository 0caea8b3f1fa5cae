"""A `ChatAnthropic` that sends plans, whichever model they name.

The seam to langchain-anthropic. What `ChatAnthropic` decides by its own model's name
plays no part. No public method renders messages or hands a request to the SDK:

`_get_request_payload`: messages to request body, for all four faces.
`_create`, `_acreate`: the request to the SDK, which get a client of the connection, and
    the attempts that the plan allows.

Run on langchain-anthropic 1.7.7 to 1.7.10; pinned below the next minor version.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any

import anthropic
from anthropic import transform_schema
from anthropic.resources.messages import Messages
from langchain_anthropic import ChatAnthropic
from pydantic import Field

from langchain_unified.shims.anthropic.marks import put_marks
from langchain_unified.transport import package_of
from langchain_unified.types import CallPlan

_PLAN = "unified_plan"
_RETRIES = "unified_retries"
_AGENT = {"User-Agent": "langchain-unified"}
TIMEOUT = 600.0
"""Seconds allowed for a call that names no timeout, as the SDK has it."""


class PlannedChatAnthropic(ChatAnthropic):
    """Sends plans; its own model and parameters play no part."""

    http_client: Any = Field(default=None, exclude=True)
    http_async_client: Any = Field(default=None, exclude=True)

    @cached_property
    def sdk_client(self) -> anthropic.Client:
        """The synchronous client, over the HTTP client of the connection."""
        return anthropic.Client(**self._sdk_settings(), http_client=self.http_client)

    @cached_property
    def sdk_async_client(self) -> anthropic.AsyncClient:
        """The asynchronous client, over the HTTP client of the connection."""
        settings = self._sdk_settings()
        return anthropic.AsyncClient(**settings, http_client=self.http_async_client)

    def _sdk_settings(self) -> dict[str, Any]:
        return {
            "api_key": self.anthropic_api_key.get_secret_value(),
            "base_url": self.anthropic_api_url,
            "max_retries": self.max_retries,
            "default_headers": {**_AGENT, **(self.default_headers or {})},
            "timeout": TIMEOUT,
        }

    def _get_request_payload(
        self, input_: Any, *, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Return the plan's request in place of `ChatAnthropic`'s."""
        del stop
        plan: CallPlan = kwargs[_PLAN]
        rendered = super()._get_request_payload(input_, tools=plan.body.get("tools"))
        put_marks(rendered["messages"], input_)
        kept = ("messages", "system", "betas")
        return {
            "model": plan.model,
            **{key: rendered[key] for key in kept if key in rendered},
            **_arguments(plan),
            **({"stream": True} if kwargs.get("stream") else {}),
        }

    def _create(self, payload: dict[str, Any]) -> Any:
        return _messages(self.sdk_client, payload).with_raw_response.create(**payload)

    async def _acreate(self, payload: dict[str, Any]) -> Any:
        resource = _messages(self.sdk_async_client, payload)
        return await resource.with_raw_response.create(**payload)

    @staticmethod
    def planned(plan: CallPlan) -> dict[str, Any]:
        """Return the keywords that carry a plan through the methods."""
        return {_PLAN: plan}


def _arguments(plan: CallPlan) -> dict[str, Any]:
    """Return the SDK's arguments of a plan; what it has no name for is `extra_body`."""
    named = _named_arguments()
    body = {name: v for name, v in _rendered(plan.body).items() if name in named}
    extra = {name: v for name, v in plan.body.items() if name not in named}
    found = {
        "extra_body": extra or None,
        "extra_headers": dict(plan.headers) or None,
        "extra_query": dict(plan.query) or None,
        "timeout": plan.timeout,
        _RETRIES: plan.max_retries,
    }
    return {**body, **{name: v for name, v in found.items() if v is not None}}


@lru_cache(maxsize=1)
def _named_arguments() -> frozenset[str]:
    return frozenset(inspect.signature(Messages.create).parameters) - {"self"}


def _rendered(body: Mapping[str, Any]) -> dict[str, Any]:
    """Rewrite a response schema in the part of JSON Schema that Anthropic takes."""
    config = body.get("output_config") or {}
    form = config.get("format")
    if not form or "schema" not in form:
        return dict(body)
    form = {**form, "schema": transform_schema(form["schema"])}
    return {**body, "output_config": {**config, "format": form}}


def _messages(client: Any, payload: dict[str, Any]) -> Any:
    retries = payload.pop(_RETRIES, None)
    if retries is not None:
        client = client.with_options(max_retries=retries)
    return client.beta.messages if "betas" in payload else client.messages


@lru_cache(maxsize=1)
def http_package() -> ModuleType:
    """Return the HTTP package under the SDK: `httpx`, or `httpx2` from SDK 2 on."""
    found = package_of(anthropic.DefaultHttpxClient)
    if found is None:
        message = "this version of the anthropic package uses an unknown HTTP package"
        raise RuntimeError(message)
    return found
