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


def connected(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the connection settings that clients and resources stand for.

    A resource of the SDK stands for its client. One of another make, such as a mock,
    is called itself.
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
