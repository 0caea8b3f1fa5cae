"""The SDK clients that a chat model shows, as `ChatOpenAI` does.

Each of the four can be read, set and patched.
"""

from __future__ import annotations

from typing import Any

from langchain_unified.errors import MissingCredentialsError, NoClientError
from langchain_unified.runner import Runner
from langchain_unified.types import Invocation

_WHAT = {
    "client": "The `chat.completions` resource of `root_client`.",
    "async_client": "The `chat.completions` resource of `root_async_client`.",
    "root_client": "The `openai.OpenAI` client of this model's connection.",
    "root_async_client": "The `openai.AsyncOpenAI` client of this connection.",
}


def attribute(name: str) -> Any:
    """Return a property of a model: reads the client in use, or puts one in its place.

    What is set serves the calls from then on; deleting it brings the model's own back,
    as `unittest.mock.patch.object` does at its end.

    Args:
        name: One of `langchain_unified.runner.clients.CLIENTS`.
    """

    def read(model: Any) -> Any:
        return sdk_client(model.router.runner, name)

    def give(model: Any, client: Any) -> None:
        model.use_sdk_client(name, client)

    def forget(model: Any) -> None:
        setattr(model, name, None)

    read.__doc__ = _WHAT[name]
    return property(read, give, forget)


def sdk_client(runner: Runner, name: str) -> Any:
    """Return one of the clients of OpenAI's connection.

    Args:
        runner: Carries out the calls of the model.
        name: One of `langchain_unified.runner.clients.CLIENTS`.

    Raises:
        NoClientError: If there is no key to make them with.
    """
    if not name.startswith("root"):
        return sdk_client(runner, f"root_{name}").chat.completions
    plan = runner.planning.plan(Invocation("openai:any"))
    try:
        return getattr(runner.shim(plan).delegate, name)  # type: ignore[attr-defined]
    except MissingCredentialsError as error:
        raise NoClientError(*error.args) from error


def close(model: Any) -> None:
    """Close the connections of this model's clients.

    Models with equal connection settings share them; all can still be used, and open
    new connections when they are.
    """
    model.router.runner.planning.wiring.close()


async def aclose(model: Any) -> None:
    """Close the connections of this model's clients; see `close`."""
    await model.router.runner.planning.wiring.aclose()
