# SPDX-License-Identifier: GPL-2.0
"""Mistakes that only the kernel's own parser sees are refused before a build, if there is one to ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from runner import boots, cli, fresh
from runner.fresh import Record
from runner.kernels import Kernel
from runner.kunit_tool import KunitTool
from runner.layout import Layout
from runner.tests.test_explore import GIVEN, Machine, kernel, known, machine, malformed

start_machine = machine  # pytest finds the fixture "start" by this
RACE = f'tkfi1 6.12.117 post-series "{GIVEN}": cpu0 before load x, host'


class Built:
    """A record of a build."""

    def __init__(self, *, current: bool, ours: bool) -> None:
        self._current, self._ours = current, ours

    def is_current(self, *_: object) -> bool:
        return self._current

    def has_current(self, *_: object) -> bool:
        return self._ours


@pytest.fixture(name="built")
def records(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Say what is recorded of the plain 6.12; returns the kernels that were built since."""
    def built(record: Built | None) -> list[str]:
        made: list[str] = []

        def read(kernel: Kernel, _layout: Layout) -> Built | None:
            return record if kernel.variant == "post-series" else None

        def build(kernel: Kernel, layout: Layout) -> KunitTool:
            made.append(kernel.title)
            return KunitTool(kernel, layout)
        monkeypatch.setattr(fresh, "read", read)
        monkeypatch.setattr(boots, "build", build)
        return made
    return built


def picky(**more: object) -> Callable[[Mapping[str, str]], str]:
    """A kernel that understands nothing, when it only reads."""
    said = malformed("scenario", "impossible adjustment", 6).replace('"at": 6', '"at": 6, "absent": false')
    for key, value in more.items():
        said = said.replace(f'"{key}": false', f'"{key}": {str(value).lower()}')
    return lambda given: said if given["glob"] == "tkfi_explore.parsed" else known(given)


@pytest.mark.parametrize("words", [["explore", GIVEN], ["replay", RACE],
                                   ["explore", GIVEN, "--variant", "fixed"]])
def test_what_a_built_kernel_cannot_read_is_not_built_for(start: Callable[..., Machine], layout: Layout,
                                                          variants: list[str], words: list[str],
                                                          built: Callable[..., list[str]],
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    """An old build of the same kernel can tell, and one of another."""
    assert "fixed" in variants
    booted, made = start(picky()), built(Built(current=False, ours=True))
    assert cli.main(words, layout) == 2
    assert f"given: impossible adjustment\n  {GIVEN}\n        ^\n" in capsys.readouterr().err
    assert not made and [one.split()[0] for one in booted.asked] == ["tkfi_explore.parsed"]


@pytest.mark.parametrize("record, more, asked", [
    (None, {}, 0),                                     # nothing is built
    (Built(current=True, ours=True), {}, 0),           # it is up to date, and will say so itself
    (Built(current=False, ours=False), {}, 0),         # its parser is not today's
    (Built(current=False, ours=True), {"absent": True}, 1)])  # another kernel may have it
def test_who_cannot_tell_is_not_believed(start: Callable[..., Machine], layout: Layout,
                                         record: Built | None, more: dict[str, object], asked: int,
                                         built: Callable[..., list[str]]) -> None:
    booted, made = start(picky(**more)), built(record)
    assert cli.main(["explore", GIVEN], layout) == 0
    assert made == ["6.12"]
    assert [one.split()[0] for one in booted.asked] == [*["tkfi_explore.parsed"] * asked,
                                                        "tkfi_explore.given"]


def test_what_is_shipped_need_not_be_asked_for(start: Callable[..., Machine], layout: Layout,
                                               built: Callable[..., list[str]]) -> None:
    booted = start(kernel)
    built(Built(current=False, ours=True))
    cli.main(["explore", "falls-vdso"], layout)
    assert [one.split()[0] for one in booted.asked] == ["tkfi_explore.shipped"]


def test_whether_a_record_has_the_same_files(layout: Layout) -> None:
    place, linux = layout.repo / "fault", layout.build / "linux"
    linux.write_text("a kernel")
    names = [str(place), str(place / "Makefile"), str(linux)]
    record = Record({}, [], 0, {name: fresh._state(name) for name in names})
    assert record.has_current(place, linux)
    (place / "new.c").write_text("")
    assert not record.has_current(place, linux)
    assert record.has_current(linux)
    linux.write_text("another")
    assert not record.has_current(linux)
