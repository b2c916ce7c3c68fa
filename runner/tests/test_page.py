# SPDX-License-Identifier: GPL-2.0
"""The page of --report: one file that needs nothing else, of a bounded size, whose colours can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from runner import cli
from runner.layout import Layout
from runner.premerge.compare import compare
from runner.report import html_page, pages, verdict_page
from runner.report.page_parts import Bars
from runner.tests import recorded
from runner.tests.test_explore import RACE, REPLAYED, Machine, machine
from runner.tests.test_perfetto import check
from runner.tests.test_premerge import NOT_KNOWN, TOLD, made, verdict, violation
from runner.tests.test_report_directory import Page
from runner.tests.test_results import DATA

start_machine = machine  # pytest finds the fixture "start" by this

# What is written on what, by the variables of the style sheet: text, and what only has to be made out.
TEXT = [("ink", "paper"), ("soft", "paper"), ("link", "paper"), ("ink", "panel"), ("soft", "panel"),
        ("bad", "bad-paper"), ("good", "good-paper"), ("known", "known-paper"), ("bar-ink", "bar"),
        ("delay-ink", "delay"), ("ink", "changed"), ("first", "paper"), ("second", "paper"), ("ink", "odd")]
SHAPES = [("store", "paper"), ("load", "paper"), ("old", "paper"), ("new", "paper"), ("s0", "paper"),
          ("s1", "paper"), ("away", "bar")]


def schemes() -> dict[str, dict[str, str]]:
    """The colours of the style sheet by scheme."""
    style = html_page._file(html_page.STYLE)
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block)) for block in blocks[:2])
    return {"light": light, "dark": {**light, **dark}}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    digits: str = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    parts = [int(digits[at:at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else pow((one + 0.055) / 1.055, 2.4) for one in parts)
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.1)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_calculated() -> None:
    assert contrast("#000", "#ffffff") == 21 and 4.47 < contrast("#777777", "#fff") < 4.49


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_read(scheme: str) -> None:
    """AA: 4.5 for text, 3 for parts of pictures."""
    colours = schemes()[scheme]
    low = {f"{one} on {other}": round(contrast(colours[one], colours[other]), 2)
           for pairs, least in ((TEXT, 4.5), (SHAPES, 3)) for one, other in pairs
           if contrast(colours[one], colours[other]) < least}
    assert not low


def test_a_page_needs_nothing_else() -> None:
    text = html_page.render(recorded.page(2))
    page = Page(text)
    assert set(page.links) == {"#v1", "#v2", "#reading", "data:,"}
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org)|<script[^>]* src|fetch\(", text)
    assert "100.026003000" in page.text and "-10,000.47 ns" in page.text


def test_what_is_shown_is_escaped() -> None:
    evil = "</script><script>alert(1)</script>"
    whole = recorded.page()
    shown = replace(whole.shown[0], title=evil, sentence=evil, table=[evil], replay=evil, diagram=evil)
    recording = shown.recording
    assert recording
    steps = [replace(step, text=evil if number == 3 else step.text)
             for number, step in enumerate(recording.steps)]
    events = [replace(event, text=evil) if event.kind == "call" else event for event in recording.events]
    shown = replace(shown, recording=replace(recording, steps=steps, events=events))
    text = html_page.render(replace(whole, title=evil, shown=[shown], problems=[evil]))
    assert evil not in text and text.count("<script") == 2 and text.count("</script>") == 2
    assert evil in json.dumps(data_of(text)) and Page(text).text.count(evil) >= 5


def data_of(text: str) -> Mapping[str, object]:
    """What the page's script is given."""
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert match
    found: Mapping[str, object] = json.loads(match[1])
    return found


def test_a_hundred_violations_take_two_megabytes_at_most() -> None:
    """With all their steps. What there is no room for is said, and is the last of them."""
    for number, least in ((100, 100), (250, 60)):
        text = html_page.render(recorded.page(number))
        assert len(text.encode()) < 2_000_000 and text.count('class="case"') == number
        walks = data_of(text)["walks"]
        assert isinstance(walks, dict)
        assert list(walks) == [f"v{one}" for one in range(1, len(walks) + 1)] and len(walks) >= least
        assert text.count("There is no room for its steps") == number - len(walks)


def test_charts() -> None:
    whole = replace(recorded.page(), charts=[Bars("Write hold", "accesses", ("base", "tree"),
                                                  [("tick", (200, 100)), ("NO_HZ", (50, 0))])])
    text = html_page.render(whole)
    assert re.findall(r"--w: ([\d.]+)%", text) == ["100.0", "50.0", "25.0", "0.0"]
    assert "Write hold" in Page(text).text


def test_an_execution_whose_steps_are_not_known() -> None:
    whole = recorded.page()
    shown = replace(whole.shown[0], recording=None, why_not="It is long.")
    text = html_page.render(replace(whole, shown=[shown]))
    assert "It is long." in text and 'class="timeline"' not in text and data_of(text)["walks"] == {}


def test_the_page_of_a_verdict() -> None:
    """What is new comes first; all else that was compared is in tables and charts."""
    old = made(violation(), holds={"tick, kernel readers": 40}, stories=[TOLD])
    new = made(violation(), violation("falls-kernel", known=False, cause="", reason=""),
               holds={"tick, kernel readers": 80}, stories=[TOLD, NOT_KNOWN])
    found = verdict_page.of_verdict(verdict(compare(new, old)), {})
    text = Page(html_page.render(found)).text
    assert (found.verdict, found.tone) == ("REGRESSION", "bad") and len(found.shown) == 1
    assert "falls-kernel: cpu0 before" in verdict_page.plainest(verdict(compare(new, old)))[0]
    assert "10,000 ns back" in text and "CPU0" in text and "Its steps were not recorded" in text
    assert "nobody goes back" in text and "timekeeping checks: REGRESSION" in text
    (hold, accuracy) = found.charts
    assert list(hold.rows) == [("tick, kernel readers", [40, 80])] and accuracy.rows[0][1] == [2.2, 2.2]


def test_a_verdict_without_a_fault() -> None:
    found = verdict_page.of_verdict(verdict(compare(made(violation()), made(violation()))), {})
    assert (found.verdict, found.tone, list(found.shown)) == ("PASS", "good", [])
    assert "In both the tree and the base" in html_page.render(found)


@pytest.mark.parametrize("text, says", [
    ("monotonic: a() = 1", "Monotonic: a() = 1."), ("ktime_get() is late.", "ktime_get() is late."),
    ("clock_gettime(TAI)", "clock_gettime(TAI)."), ("NEW", "NEW.")])
def test_sentences(text: str, says: str) -> None:
    assert pages.sentence(text) == says


def recorded_by(_given: Mapping[str, str]) -> str:
    """What a kernel reports that records."""
    return (DATA / "recorded.jsonl").read_text()


@pytest.mark.parametrize("boots", [1, 3])
def test_a_replay_has_one(start: Callable[..., Machine], layout: Layout, tmp_path: Path,
                          boots: int) -> None:
    """With all its steps, and a trace; boots that are compared are not recorded."""
    booted = start(recorded_by)
    status = cli.main(["replay", RACE, "--boots", str(boots), "--report", str(tmp_path / "report")], layout)
    assert status == 0
    compared = boots if boots > 1 else 0
    assert ["tkfi.steps=1" in asked for asked in booted.asked] == [False] * compared + [True]
    there = {file.name for file in (tmp_path / "report").iterdir()}
    assert there == {"index.html", "report.json", "report.txt", "trace.json"}
    text = (tmp_path / "report/index.html").read_text()
    assert "-10,000.47 ns" in Page(text).text and RACE in Page(text).text
    check(json.loads((tmp_path / "report/trace.json").read_text()))


def test_a_replay_that_is_not_recorded(start: Callable[..., Machine], layout: Layout,
                                       tmp_path: Path) -> None:
    start(lambda given: REPLAYED)
    assert cli.main(["replay", RACE, "--report", str(tmp_path / "report")], layout) == 0
    assert "Its steps were not recorded." in (tmp_path / "report/index.html").read_text()
    assert not (tmp_path / "report/trace.json").exists()
