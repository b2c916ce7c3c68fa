# SPDX-License-Identifier: GPL-2.0
"""Series that share patches: which are taken, in which order, and what is said of one that is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runner import cli
from runner.errors import TkfiError
from runner.kernel import kernels, patches
from runner.kernel.prepare import prepare
from runner.layout import Layout
from runner.tests.conftest import write

HEADER = "--- a/kernel/time/ntp.c\n+++ b/kernel/time/ntp.c\n"
OWN = HEADER + "@@ -1 +1,2 @@\n int ntp;\n+\ttkfi_point(own.point);\n"
MORE = HEADER + "@@ -2 +2,2 @@\n \ttkfi_point(own.point);\n+\ttkfi_point(more.point);\n"


@pytest.fixture
def shared(layout: Layout) -> Path:
    """A series 6.1 that has one patch of its own, between two of 6.12, and is like 6.12."""
    write(layout.patches / "6.1/series",
          "# by quilt\n../6.12/0001-point.patch\n\n0002-own.patch  # ours\n../6.12/0003-more.patch -p1\n")
    write(layout.patches / "6.1/0002-own.patch", OWN)
    write(layout.patches / "6.12/0003-more.patch", MORE)
    write(layout.patches / "6.1/like", "# the rest\n6.12  # which is nearest\n")
    return layout.patches / "6.1"


def test_order(layout: Layout, shared: Path) -> None:
    there = layout.patches / "6.12"
    assert patches.series(shared) == [
        there / "0001-point.patch", shared / "0002-own.patch", there / "0003-more.patch"]
    assert patches.series(there) == [there / "0001-point.patch"]


def test_all_are_applied(layout: Layout, shared: Path, source: Path, variants: list[str]) -> None:
    write(source / "include/linux/timekeeping.h",
          "struct system_counterval_t {\n\tstruct clocksource\t*cs;\n};\n")
    kernel = kernels.choose(str(source), layout, "fixed")
    assert kernel.series == shared and kernel.variants == variants
    tree = prepare(kernel, layout).tree
    assert (tree / "kernel/time/ntp.c").read_text() == (
        "int ntp;\n\ttkfi_point(own.point);\n\ttkfi_point(more.point);\n")
    assert "tkfi_point(advance.calculated);\nfive\nsix\nseven\nfixed\n" in (
        tree / "kernel/time/timekeeping.c").read_text()


@pytest.mark.parametrize("missing", ["6.12/0003-more.patch", "6.1/0002-own.patch"])
def test_one_that_is_missing(layout: Layout, shared: Path, missing: str) -> None:
    (layout.patches / missing).unlink()
    name = missing.removeprefix("6.1/") if missing.startswith("6.1/") else f"../{missing}"
    with pytest.raises(TkfiError) as caught:
        patches.series(shared)
    assert str(caught.value) == f"{shared}/series names {name}, but there is no {layout.patches / missing}"


def test_a_variant_that_neither_has(layout: Layout, shared: Path, variants: list[str]) -> None:
    write(layout.patches / "7.3/series", "")
    write(layout.patches / "7.3/variants/new.patch", "")
    with pytest.raises(TkfiError) as caught:
        kernels.choose("6.1", layout, "new")
    assert str(caught.value) == (
        "kernel 6.1 has no variant 'new': there is no kernel-patches/6.1/variants/new.patch or "
        "kernel-patches/6.12/variants/new.patch; did you mean mine? "
        "'./tkfi list variants --kernel 6.1' lists all")


def test_its_own_come_first(layout: Layout, shared: Path) -> None:
    """Through several series, each of which may have some of its own."""
    write(layout.patches / "6.12/like", "7.3\n")
    write(layout.patches / "7.3/series", "")
    for place, names in (("6.1", "b"), ("6.12", "bc"), ("7.3", "abcd")):
        for name in names:
            write(layout.patches / f"{place}/breaks/{name}.patch", "")
            write(layout.patches / f"{place}/variants/v{name}.patch", "")
    found = patches.beside(shared, "breaks")
    where = {"a": "7.3", "b": "6.1", "c": "6.12", "d": "7.3"}
    assert list(found.items()) == [(name, layout.patches / place / f"breaks/{name}.patch")
                                   for name, place in where.items()]
    assert kernels.variants(shared) == ["post-series", "va", "vb", "vc", "vd"]
    assert list(patches.beside(layout.patches / "7.3", "breaks")) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("text", ["", "# 6.12\n", "6.13\n", "6.12\n6.12\n", "6.1\n", "7.3\n", "..\n",
                                  "../kernel-patches/6.12\n"])
def test_like_what_it_cannot_be(layout: Layout, shared: Path, text: str,
                                capsys: pytest.CaptureFixture[str]) -> None:
    write(layout.patches / "7.3/series", "")
    write(layout.patches / "7.3/like", "6.1\n")
    write(shared / "like", text)
    assert cli.main(["list", "variants", "--kernel", "6.1"], layout) == 2
    assert "write the name of one other directory that has a series" in capsys.readouterr().err


def test_no_copies() -> None:
    """What differs only in where it is would be found where the series says it is like."""
    def without_places(patch: Path) -> str:
        return re.sub("^@@ [^@]*@@.*", "", patch.read_text(encoding="utf-8"), flags=re.MULTILINE)
    layout = Layout()
    for release in kernels.offered(layout):
        series, *others = patches.places(layout.patches / release.version)
        for own in series.rglob("*.patch"):
            for other in (place / own.relative_to(series) for place in others):
                assert not other.exists() or without_places(own) != without_places(other), own
