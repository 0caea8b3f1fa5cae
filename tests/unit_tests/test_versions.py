"""What is installed, what is declared, and what the sets of the build pin."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from langchain_unified import UnifiedChatModel, UnsupportedVersionError, versions
from langchain_unified.data import parse_toml

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "langchain_unified"
BROUGHT_BY_AN_SDK = {"httpcore2", "httpx2"}
"""Imported by the name of the package that an SDK turns out to ride on."""

ONLY_WHERE_PRESENT = {"langchain", "modelparams", "orjson", "pytest", "yaml"}
"""Imported lazily, and done without where they are not installed."""


def _declared() -> dict[str, Requirement]:
    project = parse_toml((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    listed = [
        *project["dependencies"],
        *(one for name, rows in extras.items() if name != "test" for one in rows),
    ]
    found = [Requirement(one) for one in listed]
    return {canonicalize_name(one.name): one for one in found}


def _imported() -> dict[str, str]:
    """Return each third-party module the package imports, and a file that does."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
                if node.module == "google":
                    names = [f"google.{alias.name}" for alias in node.names]
            found |= dict.fromkeys(names, path.name)
    own = {"langchain_unified", *sys.stdlib_module_names}
    return {k: v for k, v in found.items() if k.partition(".")[0] not in own}


def _distributions(module: str) -> set[str]:
    top = module.partition(".")[0]
    if top == "google":
        return {"google-genai" if module.startswith("google.genai") else "google-auth"}
    return set(packages_distributions().get(top, {top}))


def test_everything_imported_is_declared() -> None:
    """A package that happens to be there today may be gone tomorrow."""
    declared = _declared()
    missing = {
        f"{module} ({path})"
        for module, path in _imported().items()
        if module.partition(".")[0] not in BROUGHT_BY_AN_SDK | ONLY_WHERE_PRESENT
        and not any(
            canonicalize_name(one) in declared or one == "pydantic_core"
            for one in _distributions(module)
        )
    }

    assert set() == missing


def test_the_lowest_set_has_the_lowest_versions() -> None:
    """The lock of the lowest set pins what pyproject.toml allows, no higher."""
    lock = (ROOT / "requirements-lowest.lock").read_text("utf-8")
    pinned = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE))
    names = [name for name in _declared() if name.startswith(("langchain-", "openai"))]
    floors = {
        name: str(_declared()[name].specifier).rpartition(">=")[2]
        for name in names
        if name in pinned and name != "langchain-core"
    }

    assert floors
    assert floors == {name: pinned[name] for name in floors}


def test_a_version_that_fails_is_named_at_first_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Package, version found, versions needed and what to type, in one sentence."""
    monkeypatch.setattr(versions, "version", lambda _: "1.99.0")
    with pytest.raises(UnsupportedVersionError, match=r"openai 1\.99\.0") as caught:
        versions.check_versions(["openai"])

    assert 'pip install "openai<4.0.0,>=2.45.0"' in str(caught.value)
    assert caught.value.found == "1.99.0"
    assert UnifiedChatModel(model="gpt-4o", api_key="k")


def test_the_check_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tries a release to come says so."""
    monkeypatch.setattr(versions, "version", lambda _: "99")
    monkeypatch.setenv(versions.ANY_VERSION_VARIABLE, "1")

    assert versions.check_versions(["openai"]) is None


def test_what_is_installed_here_works() -> None:
    """The versions these tests run on are within the range declared."""
    names = [str(one) for one in versions.unsupported(_declared())]

    assert [] == names
