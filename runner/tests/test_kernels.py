# SPDX-License-Identifier: GPL-2.0
"""What the user's choice of a kernel means."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import TkfiError
from runner.kernel import kernels
from runner.layout import Layout
from runner.tests.conftest import write


def test_a_release_is_offered_once_it_has_a_series(layout: Layout) -> None:
    assert [r.version for r in kernels.offered(layout)] == ["6.12"]
    write(layout.patches / "6.1/series", "")
    assert [r.version for r in kernels.offered(layout)] == ["6.1", "6.12"]


def test_release(layout: Layout) -> None:
    kernel = kernels.choose("6.12", layout)
    assert kernel.name == "6.12"
    assert kernel.source(layout) == layout.source("6.12")


def test_path(layout: Layout, source: Path) -> None:
    kernel = kernels.choose(str(source), layout)
    assert kernel.option == f"--kernel {source}"
    assert kernel.name.startswith("path-linux-") and len(kernel.name) == len("path-linux-12345678")
    assert kernel.source(layout) == source
    assert kernel.series == layout.patches / "6.12"
    assert kernels.tree_version(source) == "6.12.99-rc1"


@pytest.mark.parametrize("choice, reason", [
    ("6.13", "unknown kernel '6.13', which is not the path of a kernel tree either; did you mean 6.12[?] "
             "'./tkfi list kernels' lists all"),
    ("/nowhere", "'/nowhere' is not a kernel tree this tool can use: it has no Makefile"),
])
def test_unknown(layout: Layout, choice: str, reason: str) -> None:
    with pytest.raises(TkfiError, match=reason):
        kernels.choose(choice, layout)


@pytest.mark.parametrize("version, expected", [
    ("6.12.5", "6.12"), ("7.3.0-rc2", "7.3"), ("6.15", "6.12"), ("7.0", "7.3"), ("6.1", "6.12"),
    ("7.9", "7.3"), ("5.10", "6.12"), ("6.18", "7.3"), ("6.17", "6.12"),
])
def test_nearest_series(version: str, expected: str) -> None:
    assert kernels.nearest_series(version, ["6.12", "7.3"]) == expected


def test_of_two_equally_near_the_older() -> None:
    assert kernels.nearest_series("6.13", ["6.12", "6.14"]) == "6.12"
    assert kernels.nearest_series("6.13", ["6.14", "6.12"]) == "6.12"


def test_path_with_a_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TkfiError, match="spaces"):
        Layout(tmp_path / "a b")


@pytest.mark.parametrize("patchlevel, refused", [(11, True), (12, False), (13, False)])
def test_a_tree_that_is_too_old(layout: Layout, source: Path, patchlevel: int, refused: bool) -> None:
    write(source / "Makefile", f"VERSION = 6\nPATCHLEVEL = {patchlevel}\nSUBLEVEL = 9\n")
    if refused:
        with pytest.raises(TkfiError, match="is Linux 6.11.9, and 6.12 is the oldest kernel that tkfi can"):
            kernels.choose(str(source), layout)
    else:
        assert kernels.choose(str(source), layout).series == layout.patches / "6.12"
