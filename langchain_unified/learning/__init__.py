"""Learning from a refused request: read the error, remember the correction.

`read_correction` turns a provider's error into the smallest `Correction`; `Lessons`
remembers corrections by provider, base URL, endpoint and model; `corrected` lays them
over what the registry says.
"""

from langchain_unified.learning.lessons import Lesson, Lessons
from langchain_unified.learning.overlay import corrected
from langchain_unified.learning.reading import Correction, read_corrections

__all__ = ["Correction", "Lesson", "Lessons", "corrected", "read_corrections"]
