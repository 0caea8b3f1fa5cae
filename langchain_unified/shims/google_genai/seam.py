"""The seam to langchain-google-genai: what it offers under private names only.

The public `invoke` sends the parameters that the class would choose by its own model's
name, so the steps before and after the request are called one by one:

`_parse_chat_history`: messages to the SDK's contents.
`_response_to_result`: a response of the SDK to `ChatResult`, whole or in pieces.
`_StreamBlockIndexer`: numbers the content blocks of a stream, so that chunks add up.
`_handle_client_error`, `_handle_server_error`: the SDK's errors as the classes that
    code for `ChatGoogleGenerativeAI` catches; some of them have private names too.

Run on langchain-google-genai 4.4.3; pinned below the next minor version.
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
