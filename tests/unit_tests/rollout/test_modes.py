from __future__ import annotations

import subprocess
import sys

import pytest

from langchain_unified.errors import InvalidParameterError
from langchain_unified.rollout import Mode
from langchain_unified.rollout.modes import in_canary

KEYS = [f"user-{number}" for number in range(10_000)]
SALT = "langchain-unified"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("unified", "unified"),
        (" Legacy ", "legacy"),
        ("shadow\n", "shadow"),
        ("canary:10", "canary:10"),
        ("canary: 2.5 %", "canary:2.5"),
        ("canary:10, google_genai=off", "canary:10, google_genai=off"),
        ("google_genai=off", "unified, google_genai=off"),
        ("legacy\nopenai=canary:5", "legacy, openai=canary:5"),
        (True, "unified"),
        (False, "legacy"),
    ],
)
def test_what_a_flag_can_say(said: object, meant: str) -> None:
    """A mode is read with any spacing and case, and written in one way."""
    assert meant == str(Mode.parse(said))


@pytest.mark.parametrize(
    "said",
    [
        "",
        "legcy",
        "off",
        "canary",
        "canary:x",
        "canary:101",
        "unified, legacy",
        3,
        None,
    ],
)
def test_what_nobody_understands(said: object) -> None:
    """Anything else is refused with the modes there are."""
    with pytest.raises(InvalidParameterError, match="canary:<percent>"):
        Mode.parse(said)


@pytest.mark.parametrize("percent", [1, 10, 25, 50, 90])
def test_the_share_is_right(percent: float) -> None:
    """Of 10,000 keys the share in the canary is the percentage, within one point."""
    inside = sum(in_canary(key, percent, SALT) for key in KEYS) / len(KEYS) * 100

    assert percent == pytest.approx(inside, abs=1.0)


def test_no_key_ever_moves_back() -> None:
    """A key that is in stays in while the percentage grows."""
    previous: set[str] = set()
    for percent in (0, 0.1, 1, 5, 10, 20, 50, 99, 100):
        inside = {key for key in KEYS if in_canary(key, percent, SALT)}
        assert previous <= inside
        previous = inside

    assert set(KEYS) == previous


def test_nobody_is_in_at_zero() -> None:
    """At 0 % no key is served by the unified path."""
    assert not any(in_canary(key, 0, SALT) for key in KEYS)


def test_another_salt_draws_other_keys() -> None:
    """Two experiments at 10 % share about 1 % of the keys."""
    both = [key for key in KEYS if in_canary(key, 10, "a") and in_canary(key, 10, "b")]

    assert 0.01 == pytest.approx(len(both) / len(KEYS), abs=0.005)


def test_every_process_draws_the_same_keys() -> None:
    """The draw does not depend on Python's hash seed."""
    code = (
        "from langchain_unified.rollout.modes import in_canary\n"
        f"print([n for n in range(200) if in_canary(f'user-{{n}}', 10, {SALT!r})])"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    here = [n for n in range(200) if in_canary(f"user-{n}", 10, SALT)]

    assert str(here) == done.stdout.strip()


def test_a_provider_has_its_own_mode() -> None:
    """A mode named for a provider holds for that provider only."""
    mode = Mode.parse("canary:10, google_genai=off, openai=legacy")

    assert "off" == mode.of("google_genai").name
    assert "legacy" == mode.of("openai").name
    assert "canary" == mode.of("anthropic").name
