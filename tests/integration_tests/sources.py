"""Source distributions of other packages, and their packages, fetched at run time.

Nothing of theirs is kept in this repository. Tests are skipped where nothing can be
fetched, and say why.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

_SECONDS = 300


def pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pip for this environment: its own, or that of the Python it was made with."""
    command = [sys.executable, "-m", "pip"]
    if importlib.util.find_spec("pip") is None:
        base = Path(sys.base_prefix, "bin", "python3")
        python = str(base) if base.exists() else "python3"
        command = [python, "-m", "pip", "--python", sys.executable]
    return subprocess.run(  # noqa: S603 - no shell, and nothing a user wrote
        [*command, *arguments],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def fetch_source(package: str, folder: Path, under: str = "tests/") -> Path:
    """Unpack a part of a package's source distribution, of the version installed.

    Args:
        package: Its name on the package index.
        folder: Where to put it.
        under: The part, from the root of the distribution.
    """
    version = importlib.metadata.version(package)
    wanted = ["--quiet", "--no-deps", "--no-binary", package, "--dest", str(folder)]
    done = pip("download", *wanted, f"{package}=={version}")
    archives = list(folder.glob("*.tar.gz"))
    if done.returncode or not archives:
        pytest.skip(
            f"the source of {package} {version} cannot be fetched: {done.stderr[-300:]}"
        )
    with tarfile.open(archives[0]) as archive:
        for member in archive.getmembers():
            name = member.name.partition("/")[2]
            data = archive.extractfile(member) if member.isfile() else None
            if data is not None and name.startswith(under):
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data.read())
    archives[0].unlink()
    return folder
