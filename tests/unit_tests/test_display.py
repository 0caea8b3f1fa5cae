"""Plans, model facts, the registry and the shadow report, as people see them."""

from __future__ import annotations

import html
import os
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from langchain_unified import ModelConfig, Registry, UnifiedChatModel, default_registry
from langchain_unified.rollout import Difference, ShadowReport
from langchain_unified.types import CallPlan, Change
from langchain_unified.types.display import (
    config_html,
    config_rows,
    label_lines,
    plan_html,
    plan_text,
    registry_html,
    table_html,
)

EVIL = "<script>alert(1)</script>&\"'"
SCHEMES = {"light": ("#ffffff", "#1f1f1f"), "dark": ("#111111", "#e6e6e6")}
"""Paper and ink of JupyterLab's two themes."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FACES = ("plan", "config", "registry", "report")
READABLE = 4.5
"""Contrast that WCAG 2.2 asks of text (level AA)."""


def plan() -> CallPlan:
    """Return a plan with changes."""
    llm = UnifiedChatModel(model="gpt-4o", temperature=0, stop=["END"], api_key="x")
    return llm.explain("hi", model="gpt-6-sol", reasoning_effort="minimal")


def config() -> ModelConfig:
    """Return what is known about a model."""
    return default_registry().resolve("gpt-5.4")


def report() -> ShadowReport:
    """Return what a shadow run showed."""
    found = Difference("gpt-6-sol", "temperature", "0", None, "It is refused.", 3)
    return ShadowReport(5, 2, 0, 0, (found,))


def shown() -> dict[str, str]:
    """Return the HTML of everything that has a face in a notebook."""
    return {
        "plan": plan_html(plan()),
        "config": config_html(config()),
        "registry": registry_html(default_registry()),
        "report": report()._repr_html_(),
    }


class _Reader(HTMLParser):
    """Collects tags, styles and text, and checks that tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.styles: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert [] == self._open

    def handle_starttag(self, tag, attrs) -> None:
        if tag != "wbr":
            self._open.append(tag)
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.styles += [value for name, value in attrs if name == "style"]

    def handle_endtag(self, tag) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data) -> None:
        self.text += data


@pytest.mark.parametrize("name", FACES)
def test_colours_are_the_notebooks_own(name: str) -> None:
    """No colour and no background is fixed, so a theme decides about both."""
    read = _Reader(shown()[name])
    declared = dict(
        pair.split(":", 1) for style in read.styles for pair in style.split(";")
    )

    assert {"color": "inherit", "background": "transparent"} == {
        key: value
        for key, value in declared.items()
        if "color" in key or "background" in key
    }
    assert {"style"} == read.attributes


@pytest.mark.parametrize("name", FACES)
def test_only_harmless_tags_are_used(name: str) -> None:
    """Only tags that a notebook's sanitizer keeps are used."""
    allowed = {"div", "table", "tr", "td", "th", "p", "wbr", "details", "summary"}

    assert set() == set(_Reader(shown()[name]).tags) - allowed


@pytest.mark.parametrize("name", FACES)
def test_a_wide_table_scrolls(name: str) -> None:
    """Each table has a box around it that scrolls, so it never widens the page."""
    page = shown()[name]

    assert 1 <= page.count("<table ")
    assert page.count("<table ") == page.count(
        '<div style="overflow-x:auto;max-width:100%"><table '
    )


NAMES = [c.model for c in default_registry().models() if c.match == "exact"]


@pytest.mark.parametrize("place", [0, 1])
def test_a_model_name_is_never_broken(place: int) -> None:
    """In any column, the name of every model stays on one line."""
    cells = [("one", "two") for _ in NAMES]
    rows = [
        (*row[:place], name, *row[place:])
        for row, name in zip(cells, NAMES, strict=True)
    ]
    page = table_html(rows)
    broken = [n for n in NAMES if f'white-space:nowrap">{n}</td>' not in page]

    assert [] == broken


def test_a_wire_name_breaks_between_its_words() -> None:
    """A long dotted name may break after a dot, and nowhere inside a word."""
    name = "generationConfig.thinkingConfig.includeThoughts"
    page = table_html([("include_thoughts", name)])

    assert "generationConfig.<wbr>thinkingConfig.<wbr>includeThoughts" in page
    assert "overflow-wrap:anywhere" not in page


def test_data_without_spaces_breaks_anywhere() -> None:
    """A long value without spaces, such as base64, does not widen its column."""
    assert "overflow-wrap:anywhere" in table_html([("image", "A" * 200)])


def test_a_plan_fits_a_terminal() -> None:
    """Text for a terminal has at most 80 columns, and keeps long names whole."""
    text = plan_text(plan())

    assert 80 >= max(map(len, text.splitlines()))


def test_a_plan_is_escaped() -> None:
    """Whatever stands in a plan is shown, not obeyed."""
    change = Change(EVIL, "dropped", EVIL, {EVIL: EVIL}, EVIL, EVIL)
    evil = replace(
        plan(), model=EVIL, requested_model=EVIL * 2, stop=(EVIL,), changes=(change,)
    )

    assert "<script" not in plan_html(evil)
    assert EVIL in _Reader(plan_html(evil)).text


def test_facts_of_a_model_are_escaped() -> None:
    """A model's name comes from anywhere: it is shown, not obeyed."""
    evil = config()._replace(model=EVIL, family=EVIL, endpoints=(EVIL,))

    assert html.escape(EVIL) in config_html(evil)
    assert "<script" not in config_html(evil)


def test_a_registry_is_escaped() -> None:
    """Models of the user's own are shown, not obeyed."""
    registry = Registry()
    registry.register(EVIL, provider="openai", family="classic")

    assert html.escape(EVIL) in registry_html(registry)
    assert "<script" not in registry_html(registry)


def test_a_shadow_report_is_escaped() -> None:
    """Payloads hold users' words: they are shown, not obeyed."""
    found = Difference(EVIL, EVIL, EVIL, EVIL, EVIL)

    assert "<script" not in ShadowReport(1, 0, 0, 0, (found,))._repr_html_()


def test_every_change_is_shown() -> None:
    """A plan's text and its table both name every change and its reason."""
    given = plan()
    text = " ".join(plan_text(given).split())

    assert given.changes
    for change in given.changes:
        assert change.reason in _Reader(plan_html(given)).text
        assert change.reason in text


@pytest.mark.parametrize("model", [c.model for c in default_registry().models()])
def test_every_model_can_be_shown(model: str) -> None:
    """Facts fit a terminal, and no fact of any model breaks the table."""
    facts = default_registry().resolve(model)
    lines = label_lines(config_rows(facts))

    assert any(model in line for line in lines)
    assert 80 >= max(map(len, lines))
    assert model in _Reader(config_html(facts)).text


def test_the_registry_shows_living_models() -> None:
    """A registry lists what can be called today, and says what is switched off."""
    registry = default_registry()
    living = [
        config.model
        for config in registry.models()
        if config.match == "exact"
        and not (
            config.lifecycle.shutdown and config.lifecycle.shutdown <= registry.today()
        )
    ]
    shown = registry_html(registry)

    assert [] == [model for model in living if model not in shown]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (CallPlan, plan, plan_html),
        (ModelConfig, config, config_html),
        (Registry, default_registry, registry_html),
    ],
)
def test_notebooks_find_the_table(kind, value, expected) -> None:
    """Jupyter shows the table by itself."""
    if not hasattr(kind, "_repr_html_"):
        pytest.skip(f"{kind.__name__}._repr_html_ is not there yet")
    given = value()

    assert expected(given) == given._repr_html_()


@cache
def browser() -> str | None:
    """Return a headless browser of this machine."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def picture(folder: Path, name: str, scheme: str) -> Path:
    """Return a screenshot of a value on the paper of a theme, all folds open."""
    paper, ink = SCHEMES[scheme]
    inner = shown()[name].replace("<details>", "<details open>")
    page = folder / f"{name}-{scheme}.html"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><meta name="color-scheme" '
        f'content="{scheme}"><body style="background:{paper};color:{ink};'
        f'margin:12px;font:14px sans-serif">{inner}',
        encoding="utf-8",
    )
    target = page.with_suffix(".png")
    command = [
        browser() or "",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--hide-scrollbars",
        "--window-size=1100,900",
        f"--user-data-dir={folder / 'profile'}",
        f"--screenshot={target}",
        page.as_uri(),
    ]
    home = {**os.environ, "HOME": str(folder)}
    subprocess.run(  # noqa: S603 - a browser found on the path, a page of ours
        command, check=True, capture_output=True, timeout=90, env=home
    )
    return target


def contrast(one: int, other: int) -> float:
    """Return the contrast of two greys, 1 to 21, as WCAG defines it."""
    dark, light = sorted(
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (one / 255, other / 255)
    )
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", FACES)
def test_it_can_be_read_in_both_themes(tmp_path: Path, name: str, scheme: str) -> None:
    """In a browser, every line of text differs from the paper, light or dark."""
    if browser() is None:
        pytest.skip("no chromium or chrome on this machine")
    pillow = pytest.importorskip("PIL.Image")
    with pillow.open(picture(tmp_path, name, scheme)) as opened:
        image = opened.convert("L")
    paper = image.getpixel((2, 2))
    strips = [image.crop((0, y, image.width, y + 20)) for y in range(0, 900, 20)]
    pairs = [strip.getextrema() for strip in strips]
    found = sorted(
        max(contrast(paper, grey) for grey in pair)
        for pair in pairs
        if pair != (paper, paper)
    )
    histogram = image.histogram()

    assert contrast(paper, int(SCHEMES[scheme][0][1:3], 16)) < 1.05
    assert 3 <= len(found)
    # A strip can hold no more than the soft edge of a line of letters.
    assert READABLE <= found[len(found) // 5]
    # Ink on paper, not paper on ink: nothing paints a surface of its own.
    assert 0.5 < histogram[paper] / sum(histogram)
