"""Everything that a package with a provider of its own needs.

`notebooks/write_a_provider.md` leads through a whole package, and
`langchain_unified.testing.conformance` has the tests that it should pass.

Example:
    >>> from langchain_unified.providers import error_from_response
    >>> type(error_from_response(401, "wrong key")).__name__
    'ProviderAuthenticationError'
"""

from langchain_unified.connection import Connection
from langchain_unified.errors import (
    MalformedResponseError,
    MissingCredentialsError,
    ProviderError,
    UnsupportedError,
)
from langchain_unified.history import aprepared, prepared
from langchain_unified.history.media import Media
from langchain_unified.planner.choices import Choice
from langchain_unified.planner.declaring import among, is_function_tool
from langchain_unified.planner.draft import Draft, get_path, put_path
from langchain_unified.shims.base import ProviderShim
from langchain_unified.shims.foreign import error_from_response
from langchain_unified.types import CallPlan, Change, MediaForm
from langchain_unified.wires import MediaForms, ProviderWire, Verdict

__all__ = [
    "CallPlan",
    "Change",
    "Choice",
    "Connection",
    "Draft",
    "MalformedResponseError",
    "Media",
    "MediaForm",
    "MediaForms",
    "MissingCredentialsError",
    "ProviderError",
    "ProviderShim",
    "ProviderWire",
    "UnsupportedError",
    "Verdict",
    "among",
    "aprepared",
    "error_from_response",
    "get_path",
    "is_function_tool",
    "prepared",
    "put_path",
]
