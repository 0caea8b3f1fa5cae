"""The SDK clients a model shows, and clients given to it in their place.

`ChatOpenAI` has four: `root_client` and `root_async_client`, and their
`chat.completions` as `client` and `async_client`. Each can be read, set and patched.

The seam to openai, for one private name:

`_client`: the client that a resource (`client.chat.completions`) belongs to. Code for
    `ChatOpenAI` hands in the resource alone (`client=`), and there is no public way
    from it to its client, which other endpoints need.

Run on openai 2.45.0 to 3.57.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CLIENTS = {
    "client": "root_client",
    "async_client": "root_async_client",
    "root_client": "root_client",
    "root_async_client": "root_async_client",
}
"""The client behind each attribute."""


def client_attribute(name: str, doc: str) -> Any:
    """Return a property of a model: reads the client in use, or puts one in its place.

    What is set serves the calls from then on; deleting it brings the model's own back,
    as `unittest.mock.patch.object` does at its end.

    Args:
        name: One of `CLIENTS`.
        doc: What the attribute is.
    """

    def read(model: Any) -> Any:
        return model.sdk_client(name)

    def give(model: Any, client: Any) -> None:
        model.use_sdk_client(name, client)

    def forget(model: Any) -> None:
        setattr(model, name, None)

    read.__doc__ = doc
    return property(read, give, forget)


def connected(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the connection settings that clients stand for.

    A resource of the SDK stands for its client. One of another make, such as a mock,
    is called itself.

    Args:
        given: Clients and resources by attribute.
    """
    found: dict[str, Any] = {}
    for name in ("client", "async_client"):
        resource, root = given.get(name), CLIENTS[name]
        client = getattr(resource, "_client", None)
        # What a test made up has no real address.
        is_real = str(getattr(client, "base_url", None)).startswith("http")
        found[root] = given.get(root) or (client if is_real else None)
        found[name] = None if is_real else resource
    return found
