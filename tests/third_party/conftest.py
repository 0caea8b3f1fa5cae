"""The package beside this file, installed for the tests: its entry point is found."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from langchain_unified.data import installed, parse_toml
from langchain_unified.registry import packages
from langchain_unified.settings import forget_table
from langchain_unified.shims import load_shim
from langchain_unified.wires import load_wire

HERE = Path(__file__).parent


@pytest.fixture(scope="module", autouse=True)
def _installed_package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the package there for the tests of this folder."""
    with installed_from(HERE, tmp_path_factory.mktemp("site-packages")):
        yield


@contextmanager
def installed_from(project_folder: Path, folder: Path) -> Iterator[None]:
    """Do what `pip install` does: put a package and its entry points on the path."""
    text = (project_folder / "pyproject.toml").read_text(encoding="utf-8")
    project = parse_toml(text)["project"]
    name, version = project["name"], project["version"]
    module = name.replace("-", "_")
    info = folder / f"{module}-{version}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    lines = [
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    sys.path[:0] = [str(folder), str(project_folder)]
    forget_packages()
    yield
    del sys.path[:2]
    for loaded in [name for name in sys.modules if name.startswith(module)]:
        del sys.modules[loaded]
    forget_packages()


def forget_packages() -> None:
    """Forget what was installed before."""
    for kept in (
        installed.installed,
        packages._installed,
        load_shim,
        load_wire,
    ):
        kept.cache_clear()
    forget_table()
