# SPDX-License-Identifier: GPL-2.0
"""`doctor`: what is there, what is missing, and what to type."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from runner import cli, lock
from runner.files import NEEDED_GB
from runner.kernel import builds, freshness, kernels
from runner.kernel.freshness import Record
from runner.layout import Layout
from runner.tests.conftest import write
from runner.verbs import doctor


def examined(layout: Layout, capsys: pytest.CaptureFixture[str], status: int = 0) -> dict[str, Any]:
    """What it says to a program, what there is by what it is of."""
    assert cli.main(["doctor", "--json", "-"], layout) == status
    found = dict(json.loads(capsys.readouterr().out))
    return {**found, "states": {one["what"]: one["state"] for one in found["found"]}}


@pytest.fixture(name="checkout")
def with_setup(layout: Layout) -> Layout:
    """A checkout on a machine where nothing is missing."""
    write(layout.repo / "runner/setup.sh", "exit 0\n")
    return layout


def state_of(place: Path) -> dict[str, float]:
    return {str(file): file.lstat().st_mtime for file in place.rglob("*")}


def test_nothing_is_built(checkout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    before = state_of(checkout.repo)
    found = examined(checkout, capsys)
    assert found["states"] == {"Debian's packages": "yes", "disk": "yes", "kernel 6.12": "not yet",
                               "build/": "yes"}
    assert found["healthy"] and found["next"] == ["make reproduce", "make check"]
    assert state_of(checkout.repo) == before
    assert cli.main(["doctor"], checkout) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert text.endswith("Next:\n  make reproduce\n  make check\n")
    assert "downloads linux-source-6.12 when it is" in text


def test_packages_are_missing(checkout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    write(checkout.repo / "runner/setup.sh", '[ "$1" = --missing ] && printf "flex\\nbison\\n"\nexit 2\n')
    found = examined(checkout, capsys, status=2)
    assert not found["healthy"] and found["next"] == ["make setup"]
    assert found["found"][0] == {"what": "Debian's packages", "state": "MISSING", "words": "flex, bison",
                                 "command": "make setup"}


@pytest.mark.parametrize("free, state", [(NEEDED_GB * 1e9 - 1, "MISSING"), (NEEDED_GB * 1e9, "yes")])
def test_disk(checkout: Layout, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
              free: float, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, int(free)))
    found = examined(checkout, capsys, status=2 * (state == "MISSING"))
    assert found["states"]["disk"] == state
    assert (found["next"] == ["make clean"]) == (state == "MISSING")


@pytest.mark.parametrize("is_current, state, following", [
    (True, "yes", ["./tkfi reproduce", "./tkfi explore --jobs 2", "./tkfi --help"]),
    (False, "OUT OF DATE", ["./tkfi build --kernel 6.12", "./tkfi reproduce", "./tkfi explore --jobs 2",
                            "./tkfi --help"])])
def test_a_kernel_is_built(checkout: Layout, capsys: pytest.CaptureFixture[str],
                           monkeypatch: pytest.MonkeyPatch, is_current: bool, state: str,
                           following: list[str]) -> None:
    monkeypatch.setattr(freshness, "read", lambda kernel, _: Record({}, [], 0, {}))
    monkeypatch.setattr(Record, "is_current", lambda *_: is_current)
    found = examined(checkout, capsys)
    assert found["states"]["kernel 6.12"] == state and found["next"] == following


def test_a_tree_is_built(checkout: Layout, source: Path, capsys: pytest.CaptureFixture[str],
                         monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named by its path; one that is no more is not named."""
    tree = kernels.choose(str(source), checkout)
    record = json.dumps({"asked": {"source": str(source)}, "notes": [], "time": 0, "states": {}})
    write(checkout.build / tree.place / "built.json", "{}\n" + record)
    assert [build.kernel for build in builds.built(checkout)] == [tree]
    assert not builds.built(checkout)[0].is_current
    found = examined(checkout, capsys)
    assert found["states"][f"kernel {tree.name}"] == "OUT OF DATE"
    assert f"./tkfi build --kernel {source}" in found["next"]
    monkeypatch.setattr(builds, "_source", lambda _: "")
    assert not builds.built(checkout)
    write(checkout.build / tree.place / "built.json", "damaged")
    monkeypatch.undo()
    assert not builds.built(checkout)


def test_somebody_works_in_build(checkout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    with lock.held(checkout.lock):
        assert examined(checkout, capsys)["states"]["build/"] == "IN USE"
        assert lock.holder(checkout.lock).startswith(f"process {os.getpid()} (")
    assert examined(checkout, capsys)["states"]["build/"] == "yes"
    for text in ("", "{", '{"pid": 999999999, "command": "x", "started": 1}', '{"pid": "x"}'):
        write(checkout.lock, text)
        assert not lock.holder(checkout.lock)


def test_counting_ends_in_time(tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path / f"{number}/file", "x" * 5000)
    (tmp_path / "link").symlink_to(tmp_path / "0")
    size, whole = doctor.used(tmp_path, time.monotonic() + 60)
    assert whole and 20 * 5000 <= size <= 20 * 5000 + 200_000
    for name in ("6.1/file", "6.12/file", "6.12.log"):
        write(tmp_path / "src" / name, "x" * 500_000)
    assert doctor.used(tmp_path, time.monotonic() + 60) == (size + 2 * doctor.SOURCE, True)
    assert doctor.used(tmp_path, time.monotonic() - 1) == (2 * doctor.SOURCE, False)
    assert doctor.used(tmp_path / "none", time.monotonic() + 60) == (0, True)


def test_on_this_machine() -> None:
    """As it is, and within the time that people wait."""
    begin = time.process_time()
    assert cli.main(["doctor"]) in (0, 2)
    assert time.process_time() - begin < 2
