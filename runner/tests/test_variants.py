# SPDX-License-Identifier: GPL-2.0
"""Variants: what there is, and that each takes over the objects of another."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runner import cli, process
from runner.boot import boots, kunit_boot
from runner.boot.kunit_boot import Ask, Boot, Counts
from runner.errors import TkfiError
from runner.kernel import kernels, placing
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool, made_since
from runner.kernel.prepare import prepare
from runner.layout import OBJECTS, Layout
from runner.tests.conftest import write

# What make compares: an object is older than one of these, so it is made again.
FILES = ("kernel/time/timekeeping.c", "kernel/time/new.h", "kernel/time/ntp.c", "kernel/sched/core.c")


def build(kernel: Kernel, layout: Layout) -> Path:
    """Prepare a tree, and make it look built now."""
    tree = prepare(kernel, layout).tree
    write(tree / ".kunit/linux", f"built as {kernel.variant}")
    os.utime(tree / ".kunit/linux", (2000, 2000))
    return tree


def outdated(tree: Path) -> list[str]:
    """The files that are newer than the objects."""
    built = (tree / ".kunit/linux").stat().st_mtime
    return [name for name in FILES if (tree / name).stat().st_mtime > built]


def age(tree: Path, source: Path) -> None:
    """Make all files of a tree older than its objects."""
    for name in FILES:
        if not (tree / name).is_symlink():
            os.utime(tree / name, (1000, 1000))
        if (source / name).exists():
            os.utime(source / name, (1000, 1000))


def test_names_come_from_the_directory(layout: Layout, source: Path, variants: list[str],
                                       capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", "variants", "--names"], layout) == 0
    assert capsys.readouterr().out.split() == variants
    assert cli.main(["list", "variants", "--names", "--kernel", str(source)], layout) == 0
    assert capsys.readouterr().out.split() == variants


@pytest.mark.parametrize("command", (["reproduce"], ["test"], ["tree"], ["build"], ["list", "points"]))
def test_unknown_variants(layout: Layout, variants: list[str], command: list[str],
                          capsys: pytest.CaptureFixture[str]) -> None:
    write(layout.patches / "6.1/series", "")
    assert cli.main([*command, "--variant", "mien"], layout) == 2
    assert ("unknown variant 'mien' of kernel 6.12; did you mean mine? "
            "'./tkfi list variants --kernel 6.12' lists all\n") in capsys.readouterr().err
    assert cli.main([*command, "--kernel", "6.1", "--variant", "fixed"], layout) == 2
    assert ("kernel 6.1 has no variant 'fixed': there is no kernel-patches/6.1/variants/fixed.patch; "
            "'./tkfi list variants --kernel 6.1' lists all") in capsys.readouterr().err


def test_a_variant_is_one_patch_more(layout: Layout, source: Path, variants: list[str]) -> None:
    for variant in variants:
        tree = prepare(kernels.choose(str(source), layout, variant), layout).tree
        assert tree.parent.name == variant
        text = (tree / "kernel/time/timekeeping.c").read_text()
        assert [other for other in variants if other in text] == \
            ([variant] if variant != "post-series" else [])


def test_patch_of_a_variant_that_does_not_apply(layout: Layout, source: Path, variants: list[str]) -> None:
    write(source / "kernel/time/ntp.c", "other\n")
    with pytest.raises(placing.PatchError) as caught:
        prepare(kernels.choose(str(source), layout, variants[0]), layout)
    assert "6.12/variants/pre-series.patch does not apply" in str(caught.value)
    assert "kernel/time/ntp.c: hunk 1" in str(caught.value)


def test_objects_are_taken_over(layout: Layout, source: Path, variants: list[str]) -> None:
    first = build(kernels.choose(str(source), layout), layout)
    age(first, source)
    assert outdated(first) == []
    fixed = prepare(kernels.choose(str(source), layout, "fixed"), layout).tree
    assert (fixed / ".kunit/linux").read_text() == "built as post-series"
    assert outdated(fixed) == ["kernel/time/timekeeping.c"]
    assert (first / ".kunit/linux").exists() and outdated(first) == []


def test_what_only_the_other_variant_changes_is_compiled_too(layout: Layout, source: Path,
                                                             variants: list[str]) -> None:
    """ntp.c is a link to the source and old, but the object was made from pre-series' own."""
    age(build(kernels.choose(str(source), layout, "pre-series"), layout), source)
    tree = prepare(kernels.choose(str(source), layout), layout).tree
    assert (tree / "kernel/time/ntp.c").read_text() == "int ntp;\n"
    assert outdated(tree) == ["kernel/time/timekeeping.c", "kernel/time/ntp.c"]


def test_a_tree_that_was_prepared_before_another_was_built(layout: Layout, source: Path,
                                                           variants: list[str]) -> None:
    fixed = kernels.choose(str(source), layout, "fixed")
    prepare(fixed, layout)
    age(build(kernels.choose(str(source), layout), layout), source)
    tree = prepare(fixed, layout).tree
    assert outdated(tree) == ["kernel/time/timekeeping.c"]
    before = (tree / "kernel/time/timekeeping.c").stat().st_mtime_ns
    write(tree / ".kunit/linux", "built as fixed")
    prepare(fixed, layout)
    assert (tree / ".kunit/linux").read_text() == "built as fixed"
    assert (tree / "kernel/time/timekeeping.c").stat().st_mtime_ns == before


def test_what_somebody_edited_stays(layout: Layout, source: Path, variants: list[str]) -> None:
    fixed = kernels.choose(str(source), layout, "fixed")
    tree = prepare(fixed, layout).tree
    write(tree / "kernel/time/timekeeping.c", "mine\n")
    build(kernels.choose(str(source), layout), layout)
    prepare(fixed, layout)
    assert (tree / "kernel/time/timekeeping.c").read_text() == "mine\n"
    assert not (tree / ".kunit").exists()


def test_the_same_variant_is_the_best_seed(layout: Layout, source: Path, variants: list[str]) -> None:
    fixed = build(kernels.choose(str(source), layout, "fixed"), layout)
    age(fixed, source)
    os.utime(build(kernels.choose(str(source), layout), layout) / ".kunit/linux", (3000, 3000))
    breaking = replace(kernels.choose(str(source), layout, "fixed"),
                       breaking=layout.patches / "6.12/breaks/x.patch")
    write(layout.patches / "6.12/breaks/x.patch", "--- a/kernel/time/ntp.c\n+++ b/kernel/time/ntp.c\n"
          "@@ -1 +1 @@\n-int ntp;\n+int broken;\n")
    tree = prepare(breaking, layout).tree
    assert tree.parent.name == "break-fixed"
    assert outdated(tree) == ["kernel/time/ntp.c"]
    assert (fixed / "kernel/time/ntp.c").read_text() == "int ntp;\n"


def test_a_bare_build_has_a_place_and_a_configuration_of_its_own(layout: Layout, source: Path,
                                                                 variants: list[str]) -> None:
    plain = kernels.choose(str(source), layout, "fixed")
    bare = replace(plain, bare=True)
    assert (plain.options, bare.options) == ([], ["CONFIG_TKFI_ACCESS=n"])
    assert bare.title == f"{plain.name} fixed bare" and bare.patches() == plain.patches()
    age(build(plain, layout), source)
    os.utime(build(kernels.choose(str(source), layout), layout) / ".kunit/linux", (3000, 3000))
    tree = prepare(bare, layout).tree
    assert tree.parent.name == "bare-fixed"
    assert (tree / ".kunit/linux").read_text() == "built as fixed" and outdated(tree) == []


@pytest.mark.parametrize("bare", [False, True])
def test_every_step_has_the_configuration(layout: Layout, source: Path, monkeypatch: pytest.MonkeyPatch,
                                          bare: bool) -> None:
    """kunit.py configures anew whenever it is not given what it was given before."""
    commands: list[Sequence[str | Path]] = []

    def run_all(programs: Sequence[process.Program], **_: object) -> list[process.Ended]:
        for program in programs:
            write(program.log, "")
            commands.append(program.argv)
        return [process.Ended(0, 0.1)] * len(programs)
    monkeypatch.setattr(process, "run_all", run_all)
    tool = KunitTool(replace(kernels.choose(str(source), layout), bare=bare), layout)
    tool.build()
    kunit_boot.boot_all(tool, [Ask("*", "n")])
    assert [argv[2] for argv in commands] == ["config", f"O={OBJECTS}", "exec"]
    assert all(("--kconfig_add=CONFIG_TKFI_ACCESS=n" in argv) is bare for argv in commands
               if argv[0] != "make")


def test_objects_taken_over_are_not_counted_as_built(tmp_path: Path) -> None:
    for name, modified in (("old.o", 1000), ("a/new.o", 2001), ("new.c", 2001)):
        write(tmp_path / name, "")
        os.utime(tmp_path / name, (modified, modified))
    assert made_since(tmp_path, 2000) == 1
    assert made_since(tmp_path / "nowhere", 2000) == 0


@pytest.mark.parametrize("said, fine", [("fixed", True), ("post-series", False), (None, True)])
def test_the_kernel_says_what_it_is(layout: Layout, source: Path, variants: list[str],
                                    monkeypatch: pytest.MonkeyPatch, said: str | None, fine: bool) -> None:
    def boot_all(_self: KunitTool, asks: Sequence[Ask], **_: object) -> list[Boot]:
        if said:
            write(Path(asks[0].arguments[0].partition("=")[2]),
                  '{"type":"header","format":1,"kernel":"6.12.1",'
                  f'"variant":"{said}","compiler":"gcc"}}\n')
        return [Boot(Counts(passed=1), 0.1, None, layout.build / "console", "")]
    monkeypatch.setattr(kunit_boot, "boot_all", boot_all)
    tool = KunitTool(kernels.choose(str(source), layout, "fixed"), layout)
    if fine:
        assert boots.run(tool, "*", title="t", name="n").found.missing is (said is None)
    else:
        with pytest.raises(TkfiError, match="built as fixed but says it is post-series"):
            boots.run(tool, "*", title="t", name="n")
