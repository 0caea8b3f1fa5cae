"""Every notebook runs from top to bottom, and shows what it is stored with, in kind.

`UPDATE=1` stores what it shows now.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from langchain_unified.testing.playground import playground

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
manager = pytest.importorskip("jupyter_client.manager")

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
KEYS = ("OPENAI_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY")
GIVEN = {name: os.environ[name] for name in KEYS if name in os.environ}
"""The keys of whoever runs the tests, read before the fixtures hide them."""

LARGEST = 10_000
"""Bytes of a notebook, without its outputs, that can still be read in a diff."""

LARGEST_OUTPUTS = 300_000
"""Bytes of all outputs of a notebook, figures included."""

UPDATE = os.environ.get("UPDATE") == "1"
VARYING = (
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), r"\1:8000"),
    (
        re.compile(r"\b(chatcmpl|resp|req|msg|rs|fc|call|lc|lc_run-)([-_]+)[\w-]{8,}"),
        r"\1\2...",
    ),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "..."),
    (re.compile(r"0x[0-9a-f]{6,}"), "0x..."),
    (re.compile(r"\b\d+(\.\d+)? ?(s|ms|seconds)\b"), "... s"),
)
"""What differs from run to run, and what is stored in its place."""

SECONDS = 120
"""Time allowed for one cell."""

pytestmark = [
    pytest.mark.timeout(280),
    # nbclient closes the event loop it made only when the interpreter ends.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
named = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return a kernel's environment with nothing of the user's, keys least of all."""
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "The interpreter of the tests",
        "language": "python",
    }
    kernel = tmp_path / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    kept = ("PATH", "SYSTEMROOT", "PYTHONPATH", "LANG", "TMPDIR", "TEMP")
    own = {
        "HOME": str(tmp_path),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(tmp_path / "matplotlib"),
        "LANGCHAIN_UNIFIED_PLAYGROUND": "emulator",
    }
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return {name: os.environ[name] for name in kept if name in os.environ} | own


def executed(path: Path, environment: dict[str, str]) -> Any:
    """Return a notebook after its cells ran in a new kernel."""
    notebook = nbformat.read(path, 4)

    class Manager(manager.AsyncKernelManager):
        """Talks through socket files.

        A TCP port could be taken by another test in between, and the kernel warns of
        eavesdroppers. The path of a socket may have about 100 characters.
        """

        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            if os.name == "posix":
                self.transport, self.ip = "ipc", str(Path(short, "k"))

    with tempfile.TemporaryDirectory(prefix="nb-", ignore_cleanup_errors=True) as short:
        client = nbclient.NotebookClient(
            notebook,
            kernel_name="python3",
            kernel_manager_class=Manager,
            timeout=SECONDS,
            record_timing=False,
            resources={"metadata": {"path": str(FOLDER)}},
        )
        try:
            client.execute(env=environment)
        finally:
            # What jupyter_client leaves open must warn here, not in the next test.
            del client
            gc.collect()
    return notebook


def outputs(notebook: Any) -> list[Any]:
    """Return everything the cells showed."""
    return [out for cell in notebook.cells for out in cell.get("outputs", ())]


def shown(notebook: Any) -> str:
    """Return everything the cells showed as text."""
    return json.dumps(outputs(notebook))


BOTH = {"OPENAI_API_KEY": "a", "GEMINI_API_KEY": "b"}
ONE = {"OPENAI_API_KEY": "a"}


def test_real_providers_need_all_keys() -> None:
    """With a key for each provider nothing is emulated, and no setting is given."""
    place = playground(environment=BOTH)

    assert ("openai", "google_genai") == place.real
    assert (None, {"providers": {}}) == (place.emulator, place.settings)
    assert "the emulator" not in str(place)


def test_a_missing_key_emulates_all() -> None:
    """One missing key puts every provider on the emulator, which is said."""
    with playground(environment=ONE) as place:
        assert () == place.real
        assert {"openai", "google_genai"} == set(place.settings["providers"])
        assert "GOOGLE_API_KEY or GEMINI_API_KEY" in str(place)


def test_a_mixture_has_to_be_asked_for() -> None:
    """Real and emulated providers are mixed on request only, and it says which."""
    with playground(mix=True, environment=ONE) as place:
        assert ("openai",) == place.real
        assert ["google_genai"] == list(place.settings["providers"])
        assert "openai: the real provider" in str(place)


def test_the_environment_chooses_too() -> None:
    """Whoever has keys can still ask for the emulator."""
    asked = {**BOTH, "LANGCHAIN_UNIFIED_PLAYGROUND": "emulator"}
    with playground(environment=asked) as place:
        assert () == place.real


@pytest.mark.parametrize("choice", ["real", "reel"])
def test_an_impossible_choice_is_refused(choice: str) -> None:
    """Asking for real providers without keys, or for nonsense, says what to do."""
    with pytest.raises(ValueError, match=r"GOOGLE_API_KEY|one of"):
        playground(choice, environment=ONE)


def test_there_are_notebooks() -> None:
    """The enumerations below are not empty by accident."""
    assert 7 <= len(NOTEBOOKS)


def settled(value: Any) -> Any:
    """Return an output as it is stored: without what differs from run to run."""
    if isinstance(value, str):
        for pattern, instead in VARYING:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, list):
        return [settled(item) for item in value]
    if isinstance(value, dict):
        return {
            name: item if name == "image/png" else settled(item)
            for name, item in value.items()
        }
    return value


def kinds(notebook: Any) -> list[list[Any]]:
    """Return what kinds of output each cell shows.

    Their text is not compared: models end, and a notebook shows which are left.
    """
    return [
        sorted(
            {(out.output_type, *sorted(out.get("data", ()))) for out in cell.outputs}
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def merged(shown: list[Any]) -> list[Any]:
    """Return outputs with pieces of the same stream put together.

    Printed with `flush=True`, each piece is an output, and nbconvert shows each on a
    line of its own.
    """
    found: list[Any] = []
    for out in shown:
        name = out.get("name") if out["output_type"] == "stream" else None
        if name and found and found[-1].get("name") == name:
            found[-1]["text"] += out["text"]
        else:
            found.append(out)
    return found


def store(path: Path, notebook: Any) -> None:
    """Write a notebook with what it showed."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    for cell, ran in zip(stored["cells"], notebook.cells, strict=True):
        if cell["cell_type"] == "code":
            cell["outputs"] = settled(merged(json.loads(json.dumps(ran.outputs))))
            cell["execution_count"] = ran.execution_count
    text = json.dumps(stored, indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


@named
def test_a_notebook_is_stored_as_it_runs(path: Path) -> None:
    """A notebook has its outputs, no machine's traces, and a size a diff can show."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    shows = json.dumps([cell.pop("outputs") for cell in code])

    assert [*range(1, len(code) + 1)] == [cell["execution_count"] for cell in code]
    assert {} == {k: v for cell in code for k, v in cell["metadata"].items()}
    assert {"kernelspec", "language_info"} == set(notebook["metadata"])
    assert {"name": "python"} == notebook["metadata"]["language_info"]
    assert LARGEST_OUTPUTS >= len(shows)
    assert LARGEST >= len(json.dumps(notebook))
    assert "/home/" not in shows
    assert tempfile.gettempdir() not in shows


@named
def test_a_notebook_is_valid(path: Path) -> None:
    """Jupyter opens it without repairing anything."""
    nbformat.validate(nbformat.read(path, 4))


@named
def test_a_notebook_runs(path: Path, environment: dict[str, str]) -> None:
    """It runs from a clean environment on the emulator, and no cell fails."""
    if "matplotlib" in path.read_text(encoding="utf-8"):
        pytest.importorskip("matplotlib")
    notebook = executed(path, environment)

    assert [] == [out for out in outputs(notebook) if out.output_type == "error"]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [] == [cell for cell in code if cell.execution_count is None]
    assert "Traceback" not in shown(notebook)
    if "playground" in path.read_text(encoding="utf-8"):
        assert "The emulator was requested." in shown(notebook)
    if UPDATE:
        store(path, notebook)
    assert kinds(nbformat.read(path, 4)) == kinds(notebook)


@pytest.mark.live
@named
def test_a_notebook_runs_for_real(path: Path, environment: dict[str, str]) -> None:
    """It runs with the keys of the environment, too."""
    if "OPENAI_API_KEY" not in GIVEN or not {"GOOGLE_API_KEY", "GEMINI_API_KEY"} & set(
        GIVEN
    ):
        pytest.skip("needs OPENAI_API_KEY and GOOGLE_API_KEY")
    real = {**environment, **GIVEN, "LANGCHAIN_UNIFIED_PLAYGROUND": "real"}
    notebook = executed(path, real)

    assert [] == [out for out in outputs(notebook) if out.output_type == "error"]
