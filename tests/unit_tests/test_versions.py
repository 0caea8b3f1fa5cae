"""What is installed, what is declared, and what the sets of the build pin."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from langchain_unified import UnifiedChatModel, UnsupportedVersionError, versions
from langchain_unified.cli import main
from langchain_unified.data import parse_toml
from langchain_unified.shims import load_shim

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


def _by_name(call: ast.Call) -> list[str]:
    """Return what `importlib.import_module` is told to import."""
    called = getattr(call.func, "attr", getattr(call.func, "id", ""))
    name = getattr(call.args[0], "value", None) if call.args else None
    return [name] if called == "import_module" and isinstance(name, str) else []


def _imported() -> dict[str, str]:
    """Return each third-party module the package imports, and a file that does.

    Imports inside functions, for types only, by name and in the emulator count.
    """
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
            elif isinstance(node, ast.Call):
                names = _by_name(node)
            found |= dict.fromkeys(names, path.name)
    own = {"langchain_unified", "tomllib", *sys.stdlib_module_names}
    return {k: v for k, v in found.items() if k.partition(".")[0] not in own}


def _distributions(module: str) -> set[str]:
    top = module.partition(".")[0]
    if top == "google":
        return {"google-genai" if module.startswith("google.genai") else "google-auth"}
    return set(_providing().get(top, {_NAMED_OTHERWISE.get(top, top)}))


_NAMED_OTHERWISE = {
    "openfeature": "openfeature-sdk",
    "opentelemetry": "opentelemetry-api",
}
"""Packages that do not say what they install in a way Python 3.10 reads."""


@cache
def _providing() -> Mapping[str, list[str]]:
    return packages_distributions()


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


IN_THE_LOWEST_SET = ("anthropic", "cli", "cost", "migrate", "ollama")
"""Extras that the compatibility suite installs."""


def _rows() -> list[Requirement]:
    """Return what is declared for this interpreter, extras of the suite included."""
    project = parse_toml((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = (project["optional-dependencies"][one] for one in IN_THE_LOWEST_SET)
    found = map(Requirement, [*project["dependencies"], *chain.from_iterable(extras)])
    return [
        one
        for one in found
        if one.name != "langchain-unified"
        and (one.marker is None or one.marker.evaluate())
    ]


def test_the_lowest_set_has_the_lowest_versions() -> None:
    """A floor that no set can have, for what the others ask for, is never tried."""
    lock = (ROOT / "requirements-lowest.lock").read_text("utf-8")
    pins = map(Requirement, filter(None, lock.splitlines()))
    pinned = {
        canonicalize_name(one.name): str(one.specifier).removeprefix("==")
        for one in pins
        if one.marker is None or one.marker.evaluate()
    }
    floors = {
        canonicalize_name(row.name): one.version
        for row in _rows()
        for one in row.specifier
        if one.operator == ">="
    }

    assert floors == {name: pinned[name] for name in floors}


def test_a_package_is_declared_once() -> None:
    """Of two ranges for one package, only one could be named when it is outside."""
    project = parse_toml((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    listed = [*project["dependencies"], *chain.from_iterable(extras.values())]
    ranges: dict[str, set[str]] = {}
    for one in map(Requirement, listed):
        ranges.setdefault(canonicalize_name(one.name), set()).add(str(one.specifier))

    assert {} == {name: found for name, found in ranges.items() if len(found) > 1}


@pytest.mark.parametrize("of", ["lower", "upper"])
@pytest.mark.parametrize("change", ["{}", "{}rc1", "{}.post1", "{}.1", "0!{}"])
def test_a_version_is_allowed_where_pip_allows_it(
    as_if: Any, of: str, change: str
) -> None:
    """The ranges are read as pip reads them, at their edges and beside them."""
    row = _declared()["openai"]
    bounds = {one.operator: one.version for one in row.specifier}
    version = change.format(bounds[">=" if of == "lower" else "<"])
    as_if("openai", version)
    allowed = row.specifier.contains(version, prereleases=True)

    assert allowed == (not list(versions.problems(["openai"])))


def test_only_two_kinds_of_bounds_are_declared() -> None:
    """The check at first use knows no others."""
    signs = {one.operator for row in _declared().values() for one in row.specifier}

    assert {">=", "<"} == signs


_PROVIDERS = {
    "openai": ("gpt-4o", ["openai", "langchain-openai"]),
    "google_genai": ("gemini-2.5-flash", ["google-genai", "langchain-google-genai"]),
    "anthropic": ("claude-sonnet-5", ["anthropic", "langchain-anthropic"]),
    "ollama": ("ollama:llama3.2", ["ollama", "langchain-ollama"]),
    "azure_openai": ("azure_openai:gpt-4o", ["openai", "langchain-openai"]),
}
_CASES = [
    (model, package)
    for model, packages in _PROVIDERS.values()
    for package in (*packages, "langchain-core", "pydantic", "httpx")
]


def _installed(folder: Path, package: str, version: str) -> None:
    """Have a package look installed in a version; its code stays what it is."""
    name = package.replace("-", "_")
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    said = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
    (info / "METADATA").write_text(said, "utf-8")


def _run(folder: Path, code: str, **variables: str) -> str:
    path = os.pathsep.join((str(folder), str(ROOT)))
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path, **variables},
    )
    return done.stdout or done.stderr


@pytest.fixture
def as_if(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return a function that has a package look installed in another version."""

    def installed(package: str, version: str) -> None:
        _installed(tmp_path, package, version)
        monkeypatch.syspath_prepend(tmp_path)
        load_shim.cache_clear()

    yield installed
    load_shim.cache_clear()


def _first_call(model: str, face: str) -> None:
    address = {name: {"base_url": "http://127.0.0.1:9"} for name in _PROVIDERS}
    settings = {name: {"api_key": "k", **own} for name, own in address.items()}
    llm = UnifiedChatModel(
        model=model, enable=["anthropic", "azure_openai", "ollama"], providers=settings
    )
    if face == "invoke":
        llm.invoke("hi")
    elif face == "stream":
        list(llm.stream("hi"))
    else:
        asyncio.run(llm.ainvoke("hi"))


@pytest.mark.parametrize("version", ["0.0.1", "99.0"])
@pytest.mark.parametrize("face", ["invoke", "stream", "ainvoke"])
@pytest.mark.parametrize(("model", "package"), _CASES)
def test_a_version_that_fails_is_named_at_first_use(
    as_if: Any, model: str, package: str, face: str, version: str
) -> None:
    """Package, version found, versions needed and what to type, in one sentence."""
    as_if(package, version)
    needed = str(_declared()[package].specifier)
    with pytest.raises(UnsupportedVersionError) as caught:
        _first_call(model, face)

    assert None is caught.value.__cause__
    assert (
        f"{package} {version} is installed, but langchain-unified needs {needed}: "
        f'pip install "{package}{needed}"'
    ) == str(caught.value)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:typer")
@pytest.mark.parametrize("package", sorted({package for _, package in _CASES}))
def test_the_doctor_names_it_as_well(
    as_if: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    package: str,
) -> None:
    """The command that looks at everything says the same."""
    as_if(package, "99.0")
    monkeypatch.setattr(sys, "argv", ["it", "doctor", "--offline", "--json"])
    with pytest.raises(SystemExit):
        main()
    rows = {row["what"]: row for row in json.loads(capsys.readouterr().out)}

    assert "99.0" == rows[package]["state"]
    assert rows[package]["advice"].startswith(f"{package} 99.0 is installed, but")


def test_an_import_that_fails_is_explained(tmp_path: Path) -> None:
    """Where names are missing in an old langchain-core, the sentence is the last."""
    _installed(tmp_path, "langchain-core", "0.3.80")
    (tmp_path / "langchain_core").mkdir()
    (tmp_path / "langchain_core" / "__init__.py").touch()
    said = _run(tmp_path, "from langchain_unified import UnifiedChatModel")

    assert said.splitlines()[-1].startswith(
        "ImportError: langchain-core 0.3.80 is installed, but langchain-unified needs"
    )


def test_the_check_can_be_switched_off(tmp_path: Path) -> None:
    """Whoever tries a release to come says so."""
    _installed(tmp_path, "openai", "99.0")
    code = "from langchain_unified.shims import load_shim; print(load_shim('openai'))"

    assert "UnsupportedVersionError" in _run(tmp_path, code)
    assert "OpenAIShim" in _run(tmp_path, code, **{versions.ANY_VERSION_VARIABLE: "1"})


def test_what_is_installed_here_works() -> None:
    """The versions these tests run on are within the range declared."""
    names = [one.sentence for one in versions.problems(_declared())]

    assert [] == names
