# SPDX-License-Identifier: GPL-2.0
"""The page of --report in Debian's chromium, as somebody uses it: by mouse, by keyboard, at several widths,
light and dark, on paper."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.layout import Layout
from runner.report import html_page
from runner.report.page_parts import Bars
from runner.tests import recorded

REASON = "not installed: make check-page has what a browser needs"
webdriver = pytest.importorskip("selenium.webdriver", reason=f"python3-selenium is {REASON}")
Service = pytest.importorskip("selenium.webdriver.chrome.service").Service
By = pytest.importorskip("selenium.webdriver.common.by").By
Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
DRIVER = shutil.which("chromedriver")
if not shutil.which("chromium") or not DRIVER:
    pytest.skip(f"chromium and chromium-driver are {REASON}", allow_module_level=True)

WIDTHS = (360, 800, 1280, 1800)
PICTURES = Layout().build / "screenshots"  # for whoever wants to look


@pytest.fixture(name="chromium", scope="module")
def one_browser() -> Iterator[Any]:
    """It runs as root as well."""
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--hide-scrollbars"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield browser
    browser.quit()


@pytest.fixture(name="browser")
def with_a_page(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    """A page of three causes and a chart; no script of it may fail."""
    chart = Bars("Write hold", "accesses", ("base", "tree"),
                 [("tick, kernel readers", (218, 219)), ("NO_HZ", (63, 64))])
    page = replace(recorded.page(3), charts=[chart])
    file = tmp_path / "index.html"
    file.write_text(html_page.render(page), encoding="utf-8")
    look(chromium, 1280, "light")
    chromium.get(file.as_uri())
    yield chromium
    said = [line["message"] for line in chromium.get_log("browser") if line["level"] == "SEVERE"]
    assert not said


def look(browser: Any, width: int, scheme: str, media: str = "screen") -> None:
    """Look at it at this width."""
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})


def one(browser: Any, what: str) -> Any:
    """The first element of the open part."""
    return browser.find_element(By.CSS_SELECTOR, f"#v1 {what}")


def texts(browser: Any, what: str) -> list[str]:
    """What elements of the open part say."""
    return [element.text for element in browser.find_elements(By.CSS_SELECTOR, f"#v1 {what}")]


def test_the_jump_is_found(browser: Any) -> None:
    assert one(browser, ".jump-text").text == "-10,000.47 ns"
    assert "measured: -10,000 ns" in one(browser, ".sums").text
    assert texts(browser, ".timeline .value") == ["100.026013000", "100.026003000"]
    assert [browser.find_element(By.ID, f"v{number}").get_attribute("open") for number in (1, 2)] == [
        "true", None]


def test_steps_by_buttons_and_keys(browser: Any) -> None:
    """What the store of the multiplier changes is marked, and each VCPU's line is shown."""
    one(browser, "[data-go=jump]").click()
    one(browser, "[data-go=jump]").click()
    assert one(browser, ".doing").text.startswith("VCPU0: store vdso.mult = 8384414")
    (changed,) = texts(browser, ".words tr.changed")
    assert changed.split()[:3] == ["vdso.mult", "8392803", "8384414"]
    assert texts(browser, ".cpu.now h4") == ["VCPU0"] and len(texts(browser, ".cpu")) == 2
    assert texts(browser, ".cpu.now .line") == ["  130          a line; /* 30 */"]
    step, place = int(one(browser, "output").text), one(browser, "input")
    cursor = one(browser, ".cursor").get_attribute("x1")
    place.send_keys(Keys.ARROW_RIGHT)
    assert int(one(browser, "output").text) == step + 1 and not texts(browser, ".words tr.changed")
    assert float(one(browser, ".cursor").get_attribute("x1")) > float(cursor)
    place.send_keys(Keys.ARROW_LEFT)
    assert int(one(browser, "output").text) == step
    place.send_keys(Keys.PAGE_UP)
    assert int(one(browser, "output").text) < step
    place.send_keys(Keys.END)
    assert int(one(browser, "output").text) == 313
    one(browser, "[data-go='1']").click()
    assert int(one(browser, "output").text) == 313
    place.send_keys(Keys.HOME)
    assert int(one(browser, "output").text) == 1


def test_all_steps_can_be_shown(browser: Any) -> None:
    """In the order of the execution, and the words come to what they are at the end."""
    made = recorded.recording()
    said = browser.execute_script("""
        const input = document.querySelector("#v1 input"), said = [];
        for (let i = 0; i <= input.max; i++) {
            input.value = i;
            input.dispatchEvent(new Event("input"));
            said.push(document.querySelector("#v1 .doing").textContent);
        }
        return said;""")
    assert len(said) == len(made.steps)
    for text, step in zip(said, made.steps):
        name, _, after = made.what(step)
        assert text.startswith(f"VCPU{step.vcpu}: " if step.vcpu < 2 else "host: ")
        assert f"{step.kind} {name}" in text and (not step.size or f" = {after}" in text)
    words = {row.split()[0]: row.split()[-1] for row in texts(browser, ".words tbody tr")}
    assert words["vdso.mult"] == "8384414" and words["vdso.seq"] == "8"


def test_marks_by_keyboard(browser: Any) -> None:
    """One of them takes the focus; arrow keys go on, and it is said what each is."""
    marks = browser.find_elements(By.CSS_SELECTOR, "#v1 .timeline [tabindex='0']")
    assert len(marks) == 1
    browser.execute_script("arguments[0].focus()", marks[0])
    said = set()
    for _ in range(40):
        browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
        said.add(one(browser, ".mark-text").text)
    assert len(said) > 20 and "VCPU0 loses the CPU before store vdso.seq" in said
    assert any("vdso_calc_ns(), lib/vdso/gettimeofday.c:" in text and "load vdso.mult = 8392803" in text
               for text in said) or any(text.startswith("A: vdso_calc_ns()") for text in said)
    assert "clock_gettime(MONOTONIC) = 100.026013000" in said
    assert browser.find_element(By.CSS_SELECTOR, ".mark:focus").get_attribute("aria-label")


def test_everything_can_be_reached_by_tab(browser: Any) -> None:
    reached: list[str] = []
    for _ in range(60):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(browser.execute_script(
            "return document.activeElement.dataset.go || document.activeElement.className.baseVal || "
            "document.activeElement.className || document.activeElement.tagName"))
    assert {"copy", "mark", "INPUT", "jump", "event", "1", "-1", "SUMMARY"} <= set(reached)


def test_copying(browser: Any) -> None:
    """By the clipboard, and without one."""
    table, replay = browser.find_elements(By.CSS_SELECTOR, "#v1 .code")[:2]
    browser.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]})
    for box, text in ((replay, recorded.REPLAY), (table, "\n".join(recorded.TABLE))):
        box.find_element(By.CSS_SELECTOR, "button").click()
        assert browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])") == text
        assert box.find_element(By.CSS_SELECTOR, "button").text == "Copied"
    browser.execute_script("navigator.clipboard.writeText = () => Promise.reject(new Error())")
    replay.find_element(By.CSS_SELECTOR, "button").click()
    assert browser.execute_async_script("setTimeout(arguments[0], 100, 0)") == 0
    assert browser.execute_script("return getSelection().toString()") == recorded.REPLAY


def test_a_link_opens_a_part(browser: Any) -> None:
    browser.find_element(By.CSS_SELECTOR, "nav a[href='#v2']").click()
    part = browser.find_element(By.ID, "v2")
    assert part.get_attribute("open") and part.find_element(By.CSS_SELECTOR, ".cpu h4").text == "VCPU0"


def test_a_table_is_sorted(browser: Any) -> None:
    """Numbers as numbers, and back."""
    browser.find_element(By.CSS_SELECTOR, ".all summary").click()
    button = browser.find_elements(By.CSS_SELECTOR, ".sortable th button")[1]
    for order in (["9", "21", "1,246"], ["1,246", "21", "9"]):
        button.click()
        assert [cell.text for cell in browser.find_elements(
            By.CSS_SELECTOR, ".sortable tbody td:nth-child(2)")] == order


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_widths_and_schemes(browser: Any, width: int, scheme: str) -> None:
    """The page does not scroll sideways, and nothing sticks out of it but what scrolls by itself."""
    look(browser, width, scheme)
    for part in browser.find_elements(By.CSS_SELECTOR, "details"):
        browser.execute_script("arguments[0].open = true", part)
    wide = browser.execute_script("""
        return [document.documentElement.scrollWidth, ...[...document.body.querySelectorAll("*")]
            .filter((one) => !one.closest(".scroll, pre, svg"))
            .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
            .map((one) => one.tagName + "." + one.className)]""")
    assert wide == [width]
    colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (colour == "rgb(253, 253, 251)") == (scheme == "light")
    picture(browser, f"{width}-{scheme}")


def picture(browser: Any, name: str) -> None:
    """Keep what is seen of the whole page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    made = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
    data = base64.b64decode(made["data"])
    (PICTURES / f"{name}.png").write_bytes(data)
    assert data.startswith(b"\x89PNG") and len(data) > 20_000


def test_on_paper(browser: Any) -> None:
    """All causes are open; nothing that needs a hand is printed."""
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    look(browser, 794, "light", "print")
    assert all(part.get_attribute("open") for part in browser.find_elements(By.CSS_SELECTOR, ".case"))
    assert not any(button.is_displayed() for button in browser.find_elements(By.CSS_SELECTOR, ".copy"))
    assert len(base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"])) > 20_000


def test_without_scripts(browser: Any) -> None:
    """The sentence, the table, pictures and the calculation are there."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.refresh()
        assert "-10,000.47 ns" in one(browser, ".sums").text and one(browser, ".timeline").is_displayed()
        assert "CPU0" in one(browser, ".code pre").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_script_that_fails_is_seen(chromium: Any, tmp_path: Path) -> None:
    """By the check of every page here."""
    (tmp_path / "a.html").write_text("<script>nothing()</script>", encoding="utf-8")
    chromium.get((tmp_path / "a.html").as_uri())
    assert [line for line in chromium.get_log("browser") if line["level"] == "SEVERE"]
