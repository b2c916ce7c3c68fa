# SPDX-License-Identifier: GPL-2.0
"""What a tree has decides what is built into it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runner.errors import TkfiError
from runner.kernel import kernels, probes
from runner.kernel.git_tree import Instead
from runner.kernel.prepare import prepare
from runner.kernel.probes import Probe
from runner.layout import Layout
from runner.report import tree_text
from runner.tests.conftest import PATCH, have, write

KNOWN = list(probes.OF_SERIES)


@pytest.fixture(name="three")
def fixture_three(layout: Layout) -> Layout:
    """With all series."""
    for series in KNOWN:
        write(layout.patches / series / "series", "")
    return layout


@pytest.mark.parametrize("text, there, holds", [
    ("static struct a b;", "\nstatic struct a\tb;\n", True),
    ("static struct a b;", "extern struct a b;", False),
    ("f(int cpu)", "static void f(int cpu)\n", True),
    ("f(", "void other_f(void)", False),
    ("struct s {...int id;", "struct s {\n\tu64 c;\n\tint id;\n};", True),
    ("struct s {...int id;", "struct s {\n\tu64 c;\n};\nstruct t {\n\tint id;\n};", False),
    ("*page", "extern struct data *page;", True),
])
def test_a_probe(tmp_path: Path, text: str, there: str, holds: bool) -> None:
    write(tmp_path / "a.h", there)
    assert Probe("p", "a.h", text, "x").holds(tmp_path) is holds
    assert not Probe("p", "b.h", text, "x").holds(tmp_path)


@pytest.mark.parametrize("series", KNOWN)
def test_a_tree_takes_the_series_of_what_it_has(three: Layout, source: Path, series: str) -> None:
    """Whatever its version is; and nothing differs from what is known of these."""
    (source / "kernel/time/ntp.c").unlink()
    have(source, series)
    kernel = kernels.choose(str(source), three)
    assert kernel.series.name == series
    assert not probes.look(source).differing(series)


def test_a_tree_with_something_of_a_later_kernel(three: Layout, source: Path) -> None:
    have(source, "6.12", "floor")
    assert kernels.choose(str(source), three).series.name == "6.12"
    (one,) = probes.look(source).differing("6.12")
    assert one.name == "floor" and one.name in probes.look(source).there


def test_what_the_build_looks_up_makes_no_difference(three: Layout, source: Path) -> None:
    """What it looks for are the same texts."""
    have(source, "6.12", "coarse member")
    assert not probes.look(source).differing("6.12")
    rules = (Layout().repo / "fault/tree.mk").read_text(encoding="utf-8")
    for probe in probes.EITHER:
        assert f"$(call tkfi-has,{probe.text.replace('(', '$(tkfi-open)')},{probe.file})" in rules
    assert rules.count("$(call tkfi-has,") == len(probes.EITHER)


@pytest.mark.parametrize("line, holds", [
    ("void update_vsyscall_begin(void)\n", True), ("\tupdate_vsyscall_begin(vdata);\n", True),
    ("/* no update_vsyscall_begin here */\n", False), ("void __update_vsyscall_begin(void)\n", False)])
def test_make_and_the_probe_see_the_same(source: Path, line: str, holds: bool) -> None:
    have(source, "6.12", "coarse base", "write begun apart")
    for name in ("include/linux/timekeeper_internal.h", "kernel/time/timekeeping.c"):
        text = (source / name).read_text(encoding="utf-8")
        write(source / name, text.replace("coarse_base;", "ktime_t\tcoarse_base;").replace(
            "timekeeping_write_begin(", "static void timekeeping_write_begin("))
    write(source / "kernel/time/vsyscall.c", line)
    write(source / "x.mk", f"srctree := {source}\ninclude {Layout().repo}/fault/tree.mk\n"
          "all:\n\t@echo $(tkfi-tree-y)\n")
    made = subprocess.run(["make", "-s", "-f", source / "x.mk"], check=True, capture_output=True, text=True)
    assert made.stdout.split() == ["-DTKFI_HAS_COARSE_BASE", *["-DTKFI_HAS_UPDATE_BEGIN"] * holds]
    assert probes.look(source).is_fixed is holds


def test_a_tree_that_is_a_variant_already(layout: Layout, source: Path, variants: list[str]) -> None:
    """It takes no patch of that variant; and in an earlier state it was none."""
    assert "fixed" in variants
    have(source, "6.12", "coarse base", "vsyscall begun apart", "write begun apart")
    kernel = kernels.choose(str(source), layout)
    assert kernel.variant == "fixed"
    assert not [patch for patch in kernel.patches() if patch.parent.name == "variants"]
    earlier = {"kernel/time/vsyscall.c": Instead(b"", 0o644)}
    assert probes.look(source).is_fixed and not probes.look(source, earlier).is_fixed


def test_a_series_that_nothing_is_known_of(source: Path) -> None:
    have(source, "6.12")
    there = probes.look(source)
    assert len(there.differing("9.9")) == len(probes.DECIDING)
    assert there.best(["9.9", "6.12"]) == "6.12"


@pytest.mark.parametrize("missing", [probe.name for probe in probes.NEEDED])
def test_a_tree_that_lacks_something(layout: Layout, source: Path, missing: str) -> None:
    (probe,) = (one for one in probes.NEEDED if one.name == missing)
    file = source / probe.file
    file.write_text(file.read_text().replace(probe.text, "nothing"))
    with pytest.raises(TkfiError) as refused:
        kernels.choose(str(source), layout)
    said = str(refused.value)
    assert "is Linux 6.12.99-rc1, which tkfi cannot be built into: there is no " in said
    assert f"{probe.text.rstrip('(')} in {probe.file}" in said and "\n" not in said
    assert [one.name for one in probes.look(source).lacking] == [missing]


def explained(source: Path, layout: Layout) -> list[str]:
    """What the verb prints."""
    kernel = kernels.choose(str(source), layout)
    return tree_text.explained(kernel, prepare(kernel, layout, lambda text: None)).split("\n")


def test_the_explanation(layout: Layout, source: Path) -> None:
    have(source, "6.12", "floor")
    said = explained(source, layout)
    assert any(line.split()[:4] == ["counter", "by", "pointer", "no"] for line in said)
    assert any(line.split()[:4] == ["shadow", "by", "itself", "yes"] for line in said)
    assert f"Linux 6.12.99-rc1 in {source}" in said
    assert "  takes the patch series kernel-patches/6.12, as it is most like the kernels of that" in said
    assert "  but it has 'mg_floor' in kernel/time/timekeeping.c, and they do not" in said
    assert said[-1].split() == ["advance.calculated", "kernel/time/timekeeping.c:4", "()"]


def test_a_point_without_a_place(layout: Layout, source: Path) -> None:
    write(layout.patches / "6.12/0001-point.patch", PATCH.replace(
        " two\n three\n four\n", " a\n b\n c\n").replace(" five\n six\n", " d\n e\n"))
    assert explained(source, layout)[-1] == (
        "  no place for point advance.calculated (kernel/time/timekeeping.c)")
