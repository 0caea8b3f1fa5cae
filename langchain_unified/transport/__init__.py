"""HTTP below the SDKs: connection pools, proxies, TLS and redirects.

Every SDK takes an HTTP client or the arguments of one. `client_arguments` returns
arguments that make the client safe to share between threads, event loops and forked
processes, for `httpx` and `httpx2` alike.
"""

from langchain_unified.transport.clients import client_arguments
from langchain_unified.transport.packages import package_of

__all__ = ["client_arguments", "package_of"]
