"""The HTTP package that google-genai rides on, and the errors it raises."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Iterable
from functools import cache
from types import ModuleType
from typing import Any

from google import genai
from google.auth.transport import mtls

from langchain_unified.transport.packages import PACKAGES, package_of

_CHOICE_VARIABLE = "GOOGLE_GENAI_HTTP_CLIENT"
_FIRST_ON_HTTPX2 = 3


def http_package(values: Iterable[Any] = ()) -> ModuleType:
    """Return the module `httpx` or `httpx2`, chosen as google-genai chooses.

    The environment variable `GOOGLE_GENAI_HTTP_CLIENT` goes first, then the package of
    objects the user made, then the default of the version installed: httpx up to
    google-genai 2, httpx2 from 3 on (read in 2.34.0 and 3.6.1, 2026-11-27).

    Args:
        values: What the user gave for the HTTP clients, for example a timeout object.
    """
    said = os.environ.get(_CHOICE_VARIABLE, "").lower().strip()
    named = said if said in PACKAGES else _package_of(values)
    return importlib.import_module(named or _default())


@cache
def http_errors(kind: str) -> tuple[type[Exception], ...]:
    """Return the exceptions of one name, from each HTTP package installed.

    Args:
        kind: Name of a public exception class, for example `TimeoutException`.
    """
    installed = (name for name in PACKAGES if importlib.util.find_spec(name))
    return tuple(getattr(importlib.import_module(name), kind) for name in installed)


def _package_of(values: Iterable[Any]) -> str | None:
    found = (package_of(type(value)) for value in values)
    return next((package.__name__ for package in found if package), None)


def uses_client_certificate(*, on_vertex: bool) -> bool:
    """Tell whether google-genai is to prove the caller by a certificate (mTLS).

    Its HTTP clients then carry the certificate and are left to it.

    Args:
        on_vertex: Whether calls go to Vertex AI; only there certificates are used.
    """
    if not on_vertex or not hasattr(mtls, "should_use_client_cert"):
        return False
    asked: bool = mtls.should_use_client_cert()  # type: ignore[no-untyped-call]
    return asked and bool(mtls.has_default_client_cert_source())  # type: ignore[no-untyped-call]


@cache
def _default() -> str:
    major = int(genai.__version__.partition(".")[0])
    usual = PACKAGES[::-1] if major >= _FIRST_ON_HTTPX2 else PACKAGES
    return next(name for name in usual if importlib.util.find_spec(name))
