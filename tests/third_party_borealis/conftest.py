"""The package beside this file, installed for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.third_party.conftest import installed_from

HERE = Path(__file__).parent


@pytest.fixture(scope="module", autouse=True)
def _installed_package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the package there, as `pip install` leaves it."""
    with installed_from(HERE, tmp_path_factory.mktemp("site-packages")):
        yield
