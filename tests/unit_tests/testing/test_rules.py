"""The rules shipped as data, and the independence of the emulator."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from langchain_unified import testing
from langchain_unified.testing import ModelRules, ProviderEmulator
from langchain_unified.testing.rules import PROVIDERS, load_rule_book
from tests.unit_tests.testing.conftest import Post, request

FOLDER = Path(testing.__file__).parent
SIGNED = ["required", "given", "optional", "rejected"]
SUPPORT = ["any", "only_default", "only_when_effort_none", "rejected", "ignored"]
OPENAI = list(load_rule_book("openai").models.values())
GEMINI = list(load_rule_book("google_genai").models.values())
SOUND = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}


def test_every_id_has_rules():
    """The data covers all the ids that the facts list, and those only recorded."""
    assert (len(OPENAI), len(GEMINI)) == (139, 83)


@pytest.mark.parametrize("rules", OPENAI, ids=lambda rules: rules.id)
def test_every_openai_model_answers(post: Post, rules: ModelRules):
    """Every model answers a plain request on its endpoints, and only there."""
    content: Any = [SOUND] if rules.needs_audio else "hi"
    chat = {"model": rules.id, "messages": [{"role": "user", "content": content}]}
    responses = {"model": rules.id, "input": "hi"}

    answered = [
        post(path, body).status == 200
        for path, body in (("/v1/chat/completions", chat), ("/v1/responses", responses))
    ]
    expected = [
        rules.exists and end in rules.endpoints for end in ("chat", "responses")
    ]
    assert answered == expected


@pytest.mark.parametrize("rules", GEMINI, ids=lambda rules: rules.id)
def test_every_gemini_model_answers(post: Post, rules: ModelRules):
    """Every model answers a plain request, if it can be called this way at all."""
    body = {"contents": [{"parts": [{"text": "hi"}]}]}
    reply = post(f"/v1beta/models/{rules.id}:generateContent", body)

    assert reply.status == (200 if "generateContent" in rules.endpoints else 404)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_values_are_known(provider: str):
    """Every word in the data is one the checks know."""
    for rules in load_rule_book(provider).models.values():
        for name in ("temperature", "top_p", "logprobs", "stop", "n", "logit_bias"):
            assert getattr(rules, name) in SUPPORT
        assert rules.thinking in ("none", "budget", "level")
        assert rules.thought_signatures in SIGNED
        assert rules.default_effort in (None, *rules.effort_levels)


def test_routes_lead_to_models():
    """A re-routed model leads to one that has rules."""
    names = {rules.id for rules in GEMINI}

    assert {rules.routed_to for rules in GEMINI if rules.routed_to} <= names


def test_random_rules_are_enforced():
    """Rules of invented models are enforced as they are written."""
    choice = random.Random(3)  # noqa: S311
    rules = [
        ModelRules(
            id=f"acme-{index}",
            temperature=choice.choice(SUPPORT),
            default_effort=choice.choice([None, "none", "high"]),
        )
        for index in range(40)
    ]
    with ProviderEmulator(rules=rules) as emulator:
        for one in rules:
            body = {"model": one.id, "messages": [{"role": "user", "content": "x"}]}
            reply = request(
                emulator, "/v1/chat/completions", {**body, "temperature": 0.5}
            )
            conditional = one.temperature == "only_when_effort_none"
            taken = one.temperature in ("any", "ignored") or (
                conditional and one.default_effort != "high"
            )
            assert (reply.status == 200) is taken
            ignored = emulator.requests[-1].ignored
            assert ignored == (["temperature"] if one.temperature == "ignored" else [])


def test_no_model_names_in_code():
    """Model names stand in the data files only."""
    name = re.compile(r"gpt-\d|gemini-\d|gemma-\d|[^\w]o[134]-|claude-")

    for source in FOLDER.rglob("*.py"):
        assert not name.search(source.read_text(encoding="utf-8")), source


def test_the_emulator_stands_alone():
    """The emulator takes nothing from the rest of the package, nor from an SDK."""
    taken = re.compile(r"^\s*(?:from|import) (\S+)", re.MULTILINE)
    about_packages = FOLDER / "conformance.py"  # it tests what a package registers
    for source in set(FOLDER.rglob("*.py")) - {about_packages}:
        for module in taken.findall(source.read_text(encoding="utf-8")):
            top = module.partition(".")[0]
            own = module.startswith("langchain_unified.testing")
            known = top in sys.stdlib_module_names or top in ("pytest", "sre_parse")
            assert own or known or top == "typing_extensions", (source, module)


def test_importing_is_light():
    """Neither the emulator nor its pytest plugin loads an SDK."""
    code = (
        "import sys, langchain_unified.testing.pytest_plugin as _, "
        "langchain_unified.testing as _;"
        "heavy = {'openai', 'google.genai', 'langchain_openai', 'langchain_core'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
