"""The report: what to look at, what to depend on, what was verified."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from langchain_unified.migrate import Run, migrate_paths, render_report, revert_paths

OLD = 'from langchain_openai import ChatOpenAI\n\nllm = ChatOpenAI(model="gpt-4o")\n'


def _run(folder: Path, files: dict[str, str], **options: object) -> Run:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return migrate_paths([folder], **options)


def _said(folder: Path, files: dict[str, str], **options: object) -> str:
    return render_report(_run(folder, files, **options), written=True)


def test_places_with_one_reason_stand_together(tmp_path: Path) -> None:
    """A reason stands once, with each place below it."""
    code = f"{OLD}isinstance(llm, ChatOpenAI)\nisinstance(1, ChatOpenAI)\n"
    said = _said(tmp_path, {"a.py": code, "b.py": code})

    assert 1 == said.count("is no subclass of it")
    assert 4 == sum(line.startswith("    /") for line in said.splitlines())


CALLS = {
    "positional": "create_agent('openai:gpt-4.1', tools=[])",
    "keyword": "create_agent(model='openai:gpt-4.1')",
    "constant": "NAME = 'openai:gpt-4.1'\ncreate_agent(NAME)",
    "bare name": "create_agent('gpt-4.1')",
    "list": "ModelFallbackMiddleware(['openai:gpt-4.1'])",
    "middleware": "SummarizationMiddleware(model='google_genai:gemini-2.5-pro')",
}


@pytest.mark.parametrize("how", CALLS)
def test_a_model_named_by_a_text_is_reported(how: str, tmp_path: Path) -> None:
    """A function that builds LangChain's class from a text is named, with the line."""
    code = (
        "from langchain.agents import create_agent\n"
        "from langchain.agents.middleware import (\n"
        "    ModelFallbackMiddleware, SummarizationMiddleware\n)\n"
    )
    said = _said(tmp_path, {"a.py": f"{code}{CALLS[how]}\n"})

    assert "a.py:" in said
    assert "UnifiedChatModel(model='" in said


MADE = {
    "f-string": "create_agent(f'openai:{NAME}')",
    "environment": "create_agent(os.environ['MODEL'])",
    "environment with a default": "create_agent(os.getenv('MODEL', 'gpt-4o'))",
}


@pytest.mark.parametrize("how", MADE)
def test_a_model_named_by_a_text_made_at_run_time_is_reported(
    how: str, tmp_path: Path
) -> None:
    """What can only be a text is reported with the line to write."""
    code = f"import os\nfrom langchain.agents import create_agent\n{MADE[how]}\n"
    text = MADE[how].removeprefix("create_agent(").removesuffix(")")

    assert f"write UnifiedChatModel(model={text})" in _said(tmp_path, {"a.py": code})


@pytest.mark.parametrize("name", ["'ChatOpenAI'", "NAME"])
def test_getattr_on_a_package_is_reported(name: str, tmp_path: Path) -> None:
    """A class that a package gives by its name in text is not moved, and is told."""
    code = f"import langchain_openai\nC = getattr(langchain_openai, {name})\n"

    assert "a.py:2: untouched: getattr(" in _said(tmp_path, {"a.py": code})


@pytest.mark.parametrize("name", ["a.pyi", "a.pyw"])
def test_other_python_files_are_named(name: str, tmp_path: Path) -> None:
    """Python that the codemod does not look into is named if it names a class."""
    assert f"{name}: skipped" in _said(tmp_path, {name: OLD, "b.pyi": "x: int"})
    assert "b.pyi" not in _said(tmp_path, {})


SETTINGS = ["a.yaml", "a.json", "a.toml", "a.ini", "a.cfg", ".env"]


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_files_are_read(name: str, tmp_path: Path) -> None:
    """A settings file that names a class or a model is named with its line."""
    lines = '# one\nclass = "langchain_openai.ChatOpenAI"\nname = "openai:gpt-4o"\n'
    said = _said(tmp_path, {name: lines})

    assert f"{name}:2: untouched" in said
    assert f"{name}:3: check" in said


def test_texts_that_name_a_package_are_reported(tmp_path: Path) -> None:
    """A check that the package is installed asks for the wrong one now."""
    code = "_check_pkg('langchain_openai')\n"

    assert "a.py:1: check: _check_pkg names the package" in _said(
        tmp_path, {"a.py": code}
    )


def test_callbacks_that_read_the_class_are_reported(tmp_path: Path) -> None:
    """`serialized` names another class after the migration."""
    code = (
        "class Seen:\n"
        "    def on_chat_model_start(self, serialized, messages, **kwargs):\n"
        "        print(serialized['id'][-1])\n"
    )

    assert "a.py:3: check: a callback reads" in _said(tmp_path, {"a.py": code})


def test_a_subclass_gets_advice_for_each_method(tmp_path: Path) -> None:
    """What a subclass overrides is still called, or has another place."""
    code = (
        "from langchain_openai import ChatOpenAI\n\n\n"
        "class Mine(ChatOpenAI):\n"
        "    def _generate(self): ...\n"
        "    def _get_request_payload(self): ...\n"
    )
    said = _said(tmp_path, {"a.py": code})

    assert "_generate is still called" in said
    assert "_get_request_payload is not called" in said


def test_one_odd_file_ends_nothing(tmp_path: Path) -> None:
    """A call nobody can make is reported; the other files are migrated."""
    odd = OLD.replace("model=", "")
    run = _run(tmp_path, {"odd.py": odd, "good.py": OLD})

    assert ["good.py"] == [file.path.name for file in run.of("changed")]
    assert odd == (tmp_path / "odd.py").read_text()
    assert "no positional arguments" in render_report(run, written=True)


def test_hidden_folders_with_code_are_named(tmp_path: Path) -> None:
    """What was not looked at is said, so that nobody believes it was."""
    said = _said(tmp_path, {".github/check.py": OLD, ".git/x.py": OLD, "a.py": ""})

    assert ".github: skipped" in said
    assert ".git:" not in said


OLD_HOMES = [
    "langchain.chat_models",
    "langchain_community.chat_models",
    "langchain_community.chat_models.openai",
    "langchain_classic.chat_models",
]


@pytest.mark.parametrize("home", OLD_HOMES)
def test_old_homes_are_moved(home: str, tmp_path: Path) -> None:
    """The class is found in every home it had; what it did there unasked is told."""
    code = OLD.replace("langchain_openai", home)
    said = _said(tmp_path, {"a.py": code})

    assert "from langchain_unified" in (tmp_path / "a.py").read_text()
    assert "sent temperature=0.7 by default" in said


def test_other_classes_are_moved(tmp_path: Path) -> None:
    """ChatAnthropic and ChatOllama become models of a provider that is switched on."""
    code = (
        "from langchain_anthropic import ChatAnthropic\n"
        "from langchain_ollama import ChatOllama\n"
        'a = ChatAnthropic(model_name="claude-opus-4-7", max_tokens_to_sample=5)\n'
        'b = ChatOllama(model="llama3", num_predict=5)\n'
    )
    said = _said(tmp_path, {"a.py": code})

    assert (
        'a = UnifiedChatModel(model="anthropic:claude-opus-4-7", '
        'enable=["anthropic"], max_tokens=5)\n'
        'b = UnifiedChatModel(model="ollama:llama3", enable=["ollama"], '
        "max_tokens=5)\n"
    ) in (tmp_path / "a.py").read_text()
    assert "langchain-unified[anthropic,ollama]" in said


FILES = {
    "pyproject.toml": (
        '[project]\ndependencies = [\n  "langchain-openai",  # why\n]\n',
        '  "langchain-unified>=',
    ),
    "requirements.txt": ("langchain-openai==1.7\n", "\nlangchain-unified>="),
    "requirements/base.txt": ("langchain==1.0", "\nlangchain-unified>="),
}


@pytest.mark.parametrize("name", FILES)
def test_the_dependency_is_told_and_written(name: str, tmp_path: Path) -> None:
    """The line to add is told; asked for, it is written, and taken back."""
    before, added = FILES[name]
    said = _said(tmp_path, {"a.py": OLD, name: before})
    assert f"Add to {tmp_path / name}: " in said
    assert before == (tmp_path / name).read_text()

    revert_paths([tmp_path])
    migrate_paths([tmp_path], write_dependencies=True)
    assert added in (tmp_path / name).read_text()
    assert before.rstrip("]\n") in (tmp_path / name).read_text()

    revert_paths([tmp_path])
    assert before == (tmp_path / name).read_text()


@pytest.mark.parametrize("name", ["setup.cfg", "environment.yml", "Pipfile"])
def test_a_file_that_is_written_by_hand_is_told(name: str, tmp_path: Path) -> None:
    """A form that cannot be written safely is left, and the line told."""
    said = _said(tmp_path, {"a.py": OLD, name: "x\n"}, write_dependencies=True)

    assert f"Add to {tmp_path / name}: " in said
    assert "x\n" == (tmp_path / name).read_text()


def test_line_ends_of_a_requirements_file_stay(tmp_path: Path) -> None:
    """The line is added as the file's others end, and comes away again."""
    path = tmp_path / "requirements.txt"
    path.write_bytes(b"LangChain-OpenAI\r\n")
    _run(tmp_path, {"a.py": OLD}, write_dependencies=True)
    lines = path.read_bytes().split(b"\r\n")
    revert_paths([tmp_path])

    assert 3 == len(lines)
    assert b"LangChain-OpenAI\r\n" == path.read_bytes()


def test_a_requirements_file_with_hashes_is_written_by_hand(tmp_path: Path) -> None:
    """A line without its hash would make pip refuse the whole file."""
    text = "langchain-openai==1.0 --hash=sha256:00\n"
    files = {"a.py": OLD, "requirements.txt": text}
    said = _said(tmp_path, files, write_dependencies=True)

    assert "requirements.txt: langchain-unified" in said
    assert text == (tmp_path / "requirements.txt").read_text()


def test_each_project_of_a_repository_has_its_own_dependencies(tmp_path: Path) -> None:
    """A file's project is the nearest folder around it that lists dependencies."""
    listed = '[project]\nname = "a"\ndependencies = ["langchain-openai"]\n'
    files = {"one/pyproject.toml": listed, "one/src/a.py": OLD, "two/b.py": "x = 1\n"}
    inside = _run(tmp_path, {**files, "two/pyproject.toml": listed}).dependencies
    revert_paths([tmp_path])
    outside = migrate_paths([tmp_path / "one" / "src"]).dependencies

    assert [tmp_path / "one/pyproject.toml"] == [one.path for one in inside]
    assert [(tmp_path / "one/pyproject.toml", None)] == [
        (one.path, one.code) for one in outside
    ]


def test_a_project_that_names_the_package_is_told_nothing(tmp_path: Path) -> None:
    """Who depends on the package already has nothing to do."""
    text = '[project]\ndependencies = ["langchain_unified"]\n'

    assert "Add to" not in _said(tmp_path, {"a.py": OLD, "pyproject.toml": text})


GOOD = OLD.replace("llm =", "def make():\n    return")


def test_modules_are_imported_before_and_after(tmp_path: Path) -> None:
    """Modules that only define things are compared; others are said to be left."""
    files = {"good.py": GOOD, "runs.py": f"{GOOD}\nprint(make())\n"}
    run = _run(tmp_path, files, verify="definitions")

    problems = {one.path.name: one.problem for one in run.verified}
    assert "" == problems["good.py"]
    assert "not imported: line 6 runs code" in problems["runs.py"]


def test_a_module_that_breaks_is_told(tmp_path: Path) -> None:
    """A module that imports before and not after is told, with the error."""
    breaks = f"{GOOD}\nassert make().__class__.__name__ == 'ChatOpenAI'\n"
    run = _run(tmp_path, {"breaks.py": breaks}, verify="all")

    assert "BROKEN: imported before, not after" in run.verified[0].problem
    assert "BROKEN" in render_report(run, written=True)


def test_a_module_that_could_not_be_imported_is_told(tmp_path: Path) -> None:
    """A module whose own packages are missing is no fault of the migration."""
    run = _run(tmp_path, {"a.py": f"import no_such_one\n{GOOD}"}, verify="all")

    assert "could not be before" in run.verified[0].problem
    assert "UnifiedChatModel" in (tmp_path / "a.py").read_text()


def test_the_report_as_json_has_it_all(tmp_path: Path) -> None:
    """What the text says can be read by programs."""
    run = _run(tmp_path, {"a.py": OLD, "requirements.txt": "langchain\n"})
    told = json.loads(json.dumps(run.as_dict()))

    assert {"files", "unseen", "dependencies", "verified"} == set(told)
    assert told["dependencies"][0]["line"].startswith("langchain-unified>=")
