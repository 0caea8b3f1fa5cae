"""Model names that become a part of a URL."""

from __future__ import annotations

import re
from functools import lru_cache

from langchain_unified.errors import InvalidParameterError

_SEGMENT = re.compile(r"[\w.:@ ()-]+")


@lru_cache(maxsize=1024)
def check_path(model: str) -> None:
    """Refuse a name that would be more than a name in the path of a request.

    Names come from users and web pages; `x/../../files` or `x?key=1` would call
    something else, with the key of the connection.

    Args:
        model: The name as it is sent.

    Raises:
        InvalidParameterError: If it holds anything but letters, digits, `/` between
            parts and the usual punctuation.
    """
    parts = model.split("/")
    if all(_SEGMENT.fullmatch(part) and part.strip(".") for part in parts):
        return
    accepted = "the name is part of a URL: use letters, digits and . : @ - _ only."
    raise InvalidParameterError("model", model, accepted)
