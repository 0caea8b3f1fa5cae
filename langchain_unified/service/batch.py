"""Several prompts at once: results as they are ready, or all of them in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.runnables.config import ContextThreadPoolExecutor

from langchain_unified.cost import BudgetExceededError
from langchain_unified.service.asking import Ask
from langchain_unified.service.failures import is_provider_failure
from langchain_unified.service.results import TextResult

Progress = Callable[[int, int, TextResult], object]
"""Called after each answer: how many are done, of how many, and the answer."""

CONCURRENCY = 8
"""Requests under way at the same time, unless told otherwise."""


@dataclass
class Batch:
    """The responses to several prompts.

    Await it for a list in the order of the prompts, or iterate over it with `async for`
    for results as they are ready, each with its `index`. Leaving the loop, or
    cancelling the task, cancels the running requests. The result of a prompt that
    failed or that exceeds the budget has `success=False` and an `error`; the others
    continue.

    Example:
        ```python
        results = await service.batch_text(["one", "two"])
        async for result in service.batch_text(prompts, concurrency=20):
            print(result.index, result.text)
        ```
    """

    prompts: Sequence[str]
    ask: Callable[[str], Ask[TextResult]]
    concurrency: int
    on_progress: Progress | None

    def __len__(self) -> int:
        """Return the number of prompts."""
        return len(self.prompts)

    def __await__(self) -> Generator[Any, None, list[TextResult]]:
        """Return all results in the order of the prompts."""
        return self._in_order().__await__()

    async def __aiter__(self) -> AsyncIterator[TextResult]:
        """Yield results as they are ready."""
        source = iter(enumerate(self.prompts))
        answers: asyncio.Queue[TextResult | Exception] = asyncio.Queue()
        workers = [
            asyncio.create_task(self._work(source, answers))
            for _ in range(min(max(1, self.concurrency), len(self)))
        ]
        try:
            for done in range(1, len(self) + 1):
                yield self._arrived(await answers.get(), done)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _in_order(self) -> list[TextResult]:
        return sorted([result async for result in self], key=lambda one: one.index)

    async def _work(self, source: Any, answers: Any) -> None:
        for index, prompt in source:
            try:
                answer: Any = replace(await self.ask(prompt).soon(), index=index)
            except Exception as error:  # noqa: BLE001 - it is told or raised there
                answer = _failed(error, index)
            await answers.put(answer)

    def on_threads(self) -> Iterator[TextResult]:
        """Yield results as they are ready, from threads.

        Leaving the loop waits for the running requests and starts no further ones.
        """
        with ContextThreadPoolExecutor(max(1, self.concurrency)) as executor:
            try:
                asked = enumerate(self.prompts)
                futures = [executor.submit(self._answer, *one) for one in asked]
                for done, future in enumerate(as_completed(futures), 1):
                    yield self._arrived(future.result(), done)
            finally:
                executor.shutdown(wait=False, cancel_futures=True)

    def _answer(self, index: int, prompt: str) -> TextResult | Exception:
        try:
            return replace(self.ask(prompt).now(), index=index)
        except Exception as error:  # noqa: BLE001 - it is told or raised there
            return _failed(error, index)

    def _arrived(self, answer: TextResult | Exception, done: int) -> TextResult:
        if isinstance(answer, Exception):
            raise answer
        if self.on_progress is not None:
            self.on_progress(done, len(self), answer)
        return answer


def _failed(error: Exception, index: int) -> TextResult | Exception:
    """Return a result without an answer; a programming error stays an error."""
    if is_provider_failure(error) or isinstance(error, BudgetExceededError):
        return TextResult(success=False, error=error, index=index)
    return error
