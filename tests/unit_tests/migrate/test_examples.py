"""The examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from langchain_unified import migrate

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(migrate.__path__, f"{migrate.__name__}.")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    """Every example in a docstring gives what it says."""
    assert 0 == doctest.testmod(importlib.import_module(name)).failed
