"""What keeps calls from being lost, and servers from doing harm.

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
from langchain_unified.reliability.limits import Limits, configure, limits

__all__ = [
    "Breaker",
    "BreakerSettings",
    "Limits",
    "breakers",
    "configure",
    "limits",
    "reset_breakers",
]
