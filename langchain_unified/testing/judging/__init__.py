"""Judging the emulator by recordings of the real APIs.

`python -m langchain_unified.testing judge FOLDER_OR_FILE` sends every recorded request
to the emulator and prints how its answers differ from the recorded ones.
"""

from langchain_unified.testing.judging.exchanges import Exchange, load_exchanges
from langchain_unified.testing.judging.judge import judge
from langchain_unified.testing.judging.verdict import Difference, Verdict

__all__ = ["Difference", "Exchange", "Verdict", "judge", "load_exchanges"]
