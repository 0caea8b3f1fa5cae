"""The transport that threads and event loops share."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from langchain_unified.transport.shared import shared_transport


class Pool(httpx.MockTransport):
    """Answers at once, and takes its time to be made."""

    def __init__(self, made: list[Pool]) -> None:
        """Join the pools made."""
        super().__init__(lambda _: httpx.Response(200))
        time.sleep(0.05)
        made.append(self)


def test_threads_that_call_at_once_share_one_pool() -> None:
    """A second pool would be dropped with its connections open."""
    made: list[Pool] = []
    transport = shared_transport(
        httpx, lambda: pytest.fail("nothing is asynchronous"), lambda: Pool(made)
    )
    with (
        httpx.Client(transport=transport) as client,
        ThreadPoolExecutor(8) as threads,
    ):
        answers = list(threads.map(client.get, ["http://one.example"] * 8))

    assert [200] * 8 == [answer.status_code for answer in answers]
    assert 1 == len(made)
