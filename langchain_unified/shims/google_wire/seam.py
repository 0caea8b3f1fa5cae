"""The seam to langchain-google-genai: what it offers under private names only.

Run on langchain-google-genai 4.4.3; `tests/unit_tests/test_seams.py` names what moved.
There is no public way to render messages or to read an answer of the SDK: the public
`invoke` sends the parameters the class would choose by its own model's name.
"""

from langchain_google_genai.chat_models import (
    _handle_client_error as raise_client_error,
)
from langchain_google_genai.chat_models import (
    _handle_server_error as raise_server_error,
)
from langchain_google_genai.chat_models import (
    _parse_chat_history as parse_chat_history,
)
from langchain_google_genai.chat_models import (
    _response_to_result as response_to_result,
)
from langchain_google_genai.chat_models import (
    _StreamBlockIndexer as StreamBlockIndexer,
)

__all__ = [
    "StreamBlockIndexer",
    "parse_chat_history",
    "raise_client_error",
    "raise_server_error",
    "response_to_result",
]
