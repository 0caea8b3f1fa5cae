"""What keeps calls from being lost: retries, deadlines, fallbacks, circuit breakers.

```python
from langchain_unified import reliability

reliability.breakers()  # what is cut off, and why
reliability.reset_breakers()  # let everything through again
reliability.configure(body_bytes=8 * 1024 * 1024)
```
"""

from langchain_unified.reliability.breaker import (
    Breaker,
    BreakerSettings,
    breakers,
    reset_breakers,
)
from langchain_unified.reliability.exchange import Exchange, current
from langchain_unified.reliability.fallbacks import moves_on, read_fallbacks
from langchain_unified.reliability.limits import Limits, configure, limits
from langchain_unified.reliability.safeguards import Safeguards

__all__ = [
    "Breaker",
    "BreakerSettings",
    "Exchange",
    "Limits",
    "Safeguards",
    "breakers",
    "configure",
    "current",
    "limits",
    "moves_on",
    "read_fallbacks",
    "reset_breakers",
]
