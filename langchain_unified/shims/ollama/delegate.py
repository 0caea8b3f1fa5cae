"""A `ChatOllama` that sends plans, whichever model they name.

The seam to langchain-ollama and ollama. `Client.chat` takes no timeout, no headers and
no field that it does not know, so the request is posted over the HTTP client below it,
which has read `OLLAMA_HOST` and its like and which nothing public returns:

`_convert_messages_to_ollama_messages`: messages to the wire's.
`_create_chat_stream`, `_acreate_chat_stream`: the step of all four faces that sends.
`_client`, `_async_client`: the ollama clients of a `ChatOllama`; `_client` is also the
    HTTP client of each of them.

Run on langchain-ollama 1.1.0 and ollama 0.6.2 to 0.6.3; pinned below the next minor
version, and below 1.0.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, cast

from langchain_core.messages import BaseMessage
from langchain_ollama import ChatOllama
from ollama import ResponseError

from langchain_unified.shims.ollama.arguments import with_typed_arguments
from langchain_unified.types import CallPlan

PATH = "/api/chat"
_PLAN = "unified_plan"
_ERROR = 400


class PlannedChatOllama(ChatOllama):
    """Sends plans; its own model and parameters play no part."""

    def __del__(self) -> None:
        """Close the connections that are open, as the SDKs' own clients do."""
        client = (self.__pydantic_private__ or {}).get("_client")
        if client is not None:
            client.close()

    def listed(self) -> Any:
        """Return what the server answers when asked for its models."""
        return self._client.list()

    async def alisted(self) -> Any:
        """Return what the server answers when asked for its models."""
        return await self._async_client.list()

    def _create_chat_stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[Mapping[str, Any] | str]:
        """Send the plan's request in place of `ChatOllama`'s."""
        del stop
        plan: CallPlan = kwargs[_PLAN]
        request = self.request_of(plan, messages)
        with self._client._client.stream("POST", PATH, **request) as response:  # noqa: SLF001
            if response.status_code >= _ERROR:
                response.read()
                raise ResponseError(response.text, response.status_code)
            for line in response.iter_lines():
                yield _parsed(line, plan)

    async def _acreate_chat_stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Mapping[str, Any] | str]:
        """Send the plan's request in place of `ChatOllama`'s."""
        del stop
        plan: CallPlan = kwargs[_PLAN]
        request = self.request_of(plan, messages)
        client = self._async_client._client  # noqa: SLF001
        async with client.stream("POST", PATH, **request) as response:
            if response.status_code >= _ERROR:
                await response.aread()
                raise ResponseError(response.text, response.status_code)
            async for line in response.aiter_lines():
                yield _parsed(line, plan)

    def request_of(self, plan: CallPlan, messages: list[BaseMessage]) -> dict[str, Any]:
        """Return the arguments of the HTTP client for a plan with its messages."""
        rendered = self._convert_messages_to_ollama_messages(messages)
        body = {
            "model": plan.model,
            "messages": [_without_empty(cast("Any", one)) for one in rendered],
            "stream": plan.stream,
            **plan.body,
        }
        if self.keep_alive is not None:
            body.setdefault("keep_alive", self.keep_alive)
        request = {"json": body, "headers": dict(plan.headers), "params": plan.query}
        if plan.timeout is not None:
            request["timeout"] = plan.timeout
        return request

    @staticmethod
    def planned(plan: CallPlan) -> dict[str, Any]:
        """Return the keywords that carry a plan through the methods.

        With `reasoning` set the delegate keeps thinking that comes unasked for.
        """
        return {_PLAN: plan, "reasoning": True}


def _without_empty(message: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key != "images" or value}


def _parsed(line: str, plan: CallPlan) -> dict[str, Any]:
    part: dict[str, Any] = json.loads(line)
    if error := part.get("error"):
        raise ResponseError(error)
    return with_typed_arguments(part, plan.body.get("tools") or ())
