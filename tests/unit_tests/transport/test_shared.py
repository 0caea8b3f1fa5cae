"""The transport that threads and event loops share."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpcore
import httpx
import pytest

from langchain_unified.transport.shared import shared_transport


class Pool:
    """Answers at once, and takes its time to be made."""

    def __init__(self, made: list[Pool]) -> None:
        """Join the pools made."""
        time.sleep(0.05)
        made.append(self)

    def handle_request(self, _: httpcore.Request) -> httpcore.Response:
        """Say yes."""
        return httpcore.Response(200)

    def close(self) -> None:
        """Close nothing."""


def test_threads_that_call_at_once_share_one_pool() -> None:
    """A second pool would be dropped with its connections open."""
    made: list[Pool] = []

    def make(*, is_async: bool, is_tls: bool) -> Pool:
        if is_async or is_tls:
            pytest.fail("nothing is asynchronous or encrypted")
        return Pool(made)

    transport = shared_transport(httpx, make)
    with (
        httpx.Client(transport=transport) as client,
        ThreadPoolExecutor(8) as threads,
    ):
        answers = list(threads.map(client.get, ["http://one.example"] * 8))

    assert [200] * 8 == [answer.status_code for answer in answers]
    assert 1 == len(made)
