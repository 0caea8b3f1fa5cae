"""Learning from 400 errors: read the error, try a correction, remember it.

`read_corrections` turns a provider's error into the smallest `Correction`; a call tries
it out; `Lessons` remembers what proved right, by provider, server, caller, endpoint and
model; `corrected` lays it over what the registry says.
"""

from langchain_unified.learning.carried import texts_of
from langchain_unified.learning.correction import Correction, Lesson, Trial
from langchain_unified.learning.lessons import Lessons
from langchain_unified.learning.overlay import corrected
from langchain_unified.learning.reading import Carried, read_corrections
from langchain_unified.learning.refusal import names_a_cause

__all__ = [
    "Carried",
    "Correction",
    "Lesson",
    "Lessons",
    "Trial",
    "corrected",
    "names_a_cause",
    "read_corrections",
    "texts_of",
]
