"""A service for applications that do not use LangChain directly.

Example:
    ```python
    from langchain_unified import UnifiedInferenceService

    service = UnifiedInferenceService(model="...", temperature=0)
    print((await service.generate_text("hi")).text)
    ```
"""

from langchain_unified.service.batch import Batch
from langchain_unified.service.core import UnifiedInferenceService
from langchain_unified.service.failures import is_no_answer, is_provider_failure
from langchain_unified.service.health import Health
from langchain_unified.service.results import StructuredResult, TextResult

__all__ = [
    "Batch",
    "Health",
    "StructuredResult",
    "TextResult",
    "UnifiedInferenceService",
    "is_no_answer",
    "is_provider_failure",
]
