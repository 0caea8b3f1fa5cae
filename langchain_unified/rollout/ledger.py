"""What a mirror may use up, and has."""

from __future__ import annotations

import threading
from typing import NamedTuple


class Spent(NamedTuple):
    """What a mirror has used up.

    Attributes:
        calls: Copies sent or waiting.
        tokens: Tokens of those that came back.
        usd: What they cost in US dollars; the estimate for one that failed.
    """

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0


class Ledger:
    """Keeps what is spent within bounds, safe for threads.

    Args:
        calls: Most copies.
        tokens: Tokens after which there is no further copy.
        usd: Most US dollars; `None` for no bound in them.
    """

    def __init__(self, calls: int, tokens: int, usd: float | None) -> None:
        """Start with nothing spent."""
        self._calls, self._tokens, self._usd = calls, tokens, usd
        self._lock = threading.Lock()
        self.spent = Spent()

    def reserve(self, price: float) -> bool:
        """Set the price of a copy aside if the copy fits into what is left."""
        with self._lock:
            calls, tokens, usd = self.spent
            within = calls < self._calls and tokens < self._tokens
            if not within or (self._usd is not None and usd + price > self._usd):
                return False
            self.spent = Spent(calls + 1, tokens, usd + price)
            return True

    def give_back(self, price: float) -> None:
        """Take back the reservation of a copy that is not sent."""
        self._add(-1, 0, -price)

    def settle(self, price: float, tokens: int, cost: float | None) -> None:
        """Put what a copy did cost in the place of what was reserved for it."""
        self._add(0, tokens, 0.0 if cost is None else cost - price)

    def _add(self, calls: int, tokens: int, usd: float) -> None:
        with self._lock:
            spent = self.spent
            self.spent = Spent(
                spent.calls + calls, spent.tokens + tokens, spent.usd + usd
            )
