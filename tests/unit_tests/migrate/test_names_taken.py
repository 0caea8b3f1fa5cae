"""Names that files take from one another: kept as aliases, or reported where taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from langchain_unified.migrate import Report, Run, migrate_paths, revert_paths

HOME = """from langchain_openai import ChatOpenAI


def make():
    return ChatOpenAI(model="gpt-4o")
"""
ALIASED = HOME.replace(
    "from langchain_openai import ChatOpenAI",
    "from langchain_unified import UnifiedChatModel as ChatOpenAI",
)
FREE = HOME.replace("langchain_openai", "langchain_unified").replace(
    "ChatOpenAI", "UnifiedChatModel"
)
STUCK = f"{HOME}\n\ndef is_old(llm):\n    return isinstance(llm, ChatOpenAI)\n"


def _run(folder: Path, **files: str) -> Run:
    for name, code in files.items():
        path = folder / name.replace("__", "/").replace("-", ".")
        path = path.with_suffix(path.suffix or ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    return migrate_paths([folder])


def _reports(run: Run, name: str) -> list[Report]:
    file = next(file for file in run.files if file.path.name == name)
    return [r for r in file.migration.reports if r.rule == "names"]


TAKERS = {
    "import": "from home import ChatOpenAI\n",
    "relative": "from .home import (\n    ChatOpenAI,\n)\n",
    "renamed": "from home import ChatOpenAI as Chat\nChat()\n",
    "star": "from home import *\nChatOpenAI()\n",
    "attribute": "import home\nhome.ChatOpenAI()\n",
    "module alias": "import app.home as h\nh.ChatOpenAI()\n",
    "dotted": "import app.home\napp.home.ChatOpenAI()\n",
    "from package": "from app import home\nhome.ChatOpenAI()\n",
    "getattr": "import home\ngetattr(home, 'ChatOpenAI')()\n",
    "dynamic getattr": "import home\ngetattr(home, 'Chat' + 'OpenAI')()\n",
    "monkeypatch": "import home\nmonkeypatch.setattr(home, 'ChatOpenAI', 1)\n",
    "monkeypatch text": "monkeypatch.setattr('app.home.ChatOpenAI', 1)\n",
    "patch": "from unittest.mock import patch\npatch('home.ChatOpenAI')\n",
    "patch.object": "import home\nmock.patch.object(home, 'ChatOpenAI')\n",
    "patch.multiple": "import home\nmock.patch.multiple(home, ChatOpenAI=1)\n",
    "patch.multiple text": "mock.patch.multiple('app.home', ChatOpenAI=1)\n",
    "keyword": "import home\npatch.object(home, attribute='ChatOpenAI')\n",
    "vars": "import home\nvars(home)['ChatOpenAI']()\n",
    "__dict__": "import home\nhome.__dict__['ChatOpenAI']()\n",
    "importlib": "m = importlib.import_module('app.home')\nm.ChatOpenAI()\n",
}


@pytest.mark.parametrize("how", TAKERS)
def test_a_name_that_is_taken_stays(how: str, tmp_path: Path) -> None:
    """Whoever takes the class from a migrated module gets the new class."""
    run = _run(tmp_path, app__home=HOME, app__taker=TAKERS[how])

    assert ALIASED == (tmp_path / "app/home.py").read_text()
    assert TAKERS[how] == (tmp_path / "app/taker.py").read_text()
    assert [] == _reports(run, "taker.py")
    revert_paths([tmp_path])
    assert HOME == (tmp_path / "app/home.py").read_text()


@pytest.mark.parametrize("how", TAKERS)
def test_a_name_that_cannot_stay_is_reported_where_it_is_taken(
    how: str, tmp_path: Path
) -> None:
    """Where the module itself still needs the old class, each taker is named."""
    run = _run(tmp_path, app__home=STUCK, app__taker=TAKERS[how])

    assert "from langchain_openai" in (tmp_path / "app/home.py").read_text()
    reports = _reports(run, "taker.py")
    assert 1 <= len(reports)
    assert "takes ChatOpenAI from home.py" in reports[0].reason


def test_a_name_in_all_stays(tmp_path: Path) -> None:
    """`__all__` promises the name to whoever comes."""
    _run(tmp_path, home=f'{HOME}\n__all__ = ["ChatOpenAI", "make"]\n')

    assert (tmp_path / "home.py").read_text().startswith(ALIASED)


def test_a_subclass_elsewhere_keeps_the_old_class(tmp_path: Path) -> None:
    """A class derived elsewhere goes on being derived from the class it knows."""
    taker = "from home import ChatOpenAI\n\n\nclass Mine(ChatOpenAI):\n    pass\n"
    run = _run(tmp_path, home=HOME, taker=taker)

    assert "import ChatOpenAI\n" in (tmp_path / "home.py").read_text()
    assert [1] == [report.line for report in _reports(run, "taker.py")]


def test_a_class_with_other_keywords_keeps_its_name(tmp_path: Path) -> None:
    """Nobody can call UnifiedChatModel with AzureChatOpenAI's keywords."""
    home = HOME.replace("ChatOpenAI", "AzureChatOpenAI")
    taker = "import home\nhome.AzureChatOpenAI(azure_deployment='d')\n"
    run = _run(tmp_path, home=home, taker=taker)

    assert "import AzureChatOpenAI\n" in (tmp_path / "home.py").read_text()
    assert [2] == [report.line for report in _reports(run, "taker.py")]


def test_a_name_nobody_takes_is_no_alias(tmp_path: Path) -> None:
    """Files that do not concern each other do not change each other."""
    other = "import json\njson.ChatOpenAI\ngetattr(json, 'ChatOpenAI', None)\n"
    _run(tmp_path, home=HOME, other=other)

    assert FREE == (tmp_path / "home.py").read_text()


def test_a_notebook_takes_a_name(tmp_path: Path) -> None:
    """A notebook is named with its cell."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "Title"},
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": "import home\nhome.ChatOpenAI()",
        },
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "book.ipynb").write_text(json.dumps(notebook))
    run = _run(tmp_path, home=STUCK)

    found = [(r.cell, r.line) for r in _reports(run, "book.ipynb")]
    assert [(2, 2)] == found


def test_the_moved_function_keeps_its_name(tmp_path: Path) -> None:
    """`init_chat_model` has its name here too, whoever takes it."""
    home = "from langchain.chat_models import init_chat_model as make\nmake('o3')\n"
    _run(tmp_path, home=home, taker="from home import make\nmake('gpt-4o')\n")

    new = home.replace("langchain.chat_models", "langchain_unified")
    assert new == (tmp_path / "home.py").read_text()
