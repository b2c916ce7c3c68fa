# SPDX-License-Identifier: GPL-2.0
"""The overlay: what is real and what is a link, refreshing, and never writing to the source."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from runner.kernel import overlay, patches, placing
from runner.kernel.overlay import Overlay
from runner.layout import Layout
from runner.tests.conftest import PATCH, TIMEKEEPING, write

State = dict[str, tuple[int, int, bytes]]


def make(layout: Layout, source: Path) -> Overlay:
    return Overlay(source, layout.tree("k"), patches.series(layout.patches / "6.12"),
                   {"kernel/time/tkfi": layout.repo / "fault"})


def state_of(tree: Path) -> State:
    """Everything that writing into a tree would change."""
    found = {}
    for directory, subdirectories, files in os.walk(tree):
        for name in [*subdirectories, *files]:
            path = Path(directory, name)
            info = path.lstat()
            found[str(path)] = (info.st_mtime_ns, info.st_mode,
                                path.read_bytes() if path.is_file() else b"")
    return found


def test_only_what_differs_is_real(layout: Layout, source: Path) -> None:
    wanted = make(layout, source)
    assert overlay.refresh(wanted)
    tree = wanted.tree
    assert "tkfi_point(advance.calculated)" in (tree / "kernel/time/timekeeping.c").read_text()
    assert (tree / "kernel/time/new.h").read_text() == "new\n"
    assert not (tree / "kernel/time/timekeeping.c").is_symlink()
    assert (tree / "kernel/time/ntp.c").readlink() == source / "kernel/time/ntp.c"
    assert (tree / "kernel/sched").readlink() == source / "kernel/sched"
    assert (tree / "include").is_symlink()
    assert (tree / "tools/testing/kunit/kunit.py").resolve() == \
        (tree / "tools/testing/kunit/kunit.py").absolute()
    assert not (tree / "kernel/time/tkfi").readlink().is_absolute()
    assert (tree / "kernel/time/tkfi/Makefile").read_text() == "obj-y += x.o\n"


def test_second_refresh_changes_nothing(layout: Layout, source: Path) -> None:
    wanted = make(layout, source)
    overlay.refresh(wanted)
    before = state_of(wanted.tree)
    assert not overlay.refresh(wanted)
    assert state_of(wanted.tree) == before


def test_refresh_keeps_times_of_what_did_not_change(layout: Layout, source: Path) -> None:
    wanted = make(layout, source)
    overlay.refresh(wanted)
    for name in ("kernel/time/new.h", "kernel/time/timekeeping.c"):
        os.utime(wanted.tree / name, (1000, 1000))
    write(wanted.tree / ".kunit/linux", "built by plain kunit.py")
    patch = layout.patches / "6.12/0001-point.patch"
    patch.write_text(PATCH.replace("+new", "+newer"))
    assert overlay.refresh(make(layout, source))
    assert (wanted.tree / "kernel/time/timekeeping.c").stat().st_mtime == 1000
    assert (wanted.tree / "kernel/time/new.h").stat().st_mtime > 1000
    assert (wanted.tree / ".kunit/linux").read_text() == "built by plain kunit.py"
    assert sorted(p.name for p in wanted.tree.parent.iterdir()) == ["tree"]


def test_a_file_no_longer_patched_gets_a_new_time(layout: Layout, source: Path) -> None:
    """Or make would keep the object of the patched file."""
    os.utime(source / "kernel/time/timekeeping.c", (1000, 1000))
    overlay.refresh(make(layout, source))
    (layout.patches / "6.12/series").write_text("# empty\n")
    for _ in range(2):
        overlay.refresh(make(layout, source))
        file = layout.tree("k") / "kernel/time/timekeeping.c"
        assert file.read_text() == TIMEKEEPING
        assert file.stat().st_mtime > 1000
    assert not (layout.tree("k") / "kernel/time/new.h").exists()


def test_a_changed_source_file_is_copied_again(layout: Layout, source: Path) -> None:
    overlay.refresh(make(layout, source))
    write(source / "kernel/time/timekeeping.c", "zero\n" + TIMEKEEPING)
    assert overlay.refresh(make(layout, source))
    assert (layout.tree("k") / "kernel/time/timekeeping.c").read_text().startswith("zero\none\n")


def test_tree_somebody_built_in_looks_clean_and_is_not_written_to(layout: Layout, source: Path) -> None:
    for name in (".config", ".config.old", "include/config/auto.conf", "include/generated/autoconf.h",
                 "arch/x86/include/generated/asm/x.h", "kernel/sched/core.o", "kernel/sched/.core.o.cmd",
                 "vmlinux", ".git/HEAD", "Module.symvers", ".kunit/linux"):
        write(source / name, "left over\n")
    before = state_of(source)
    wanted = make(layout, source)
    overlay.refresh(wanted)
    overlay.refresh(wanted)
    tree = wanted.tree
    for name in (".config", ".config.old", "include/config", "include/generated", "vmlinux", ".git",
                 "arch/x86/include/generated", "kernel/sched/core.o", "kernel/sched/.core.o.cmd",
                 "Module.symvers", ".kunit"):
        assert not os.path.lexists(tree / name), name
    for name in ("kernel/sched/core.c", "arch/x86/include/asm/x.h", "include/linux/x.h"):
        assert (tree / name).is_file(), name
    assert state_of(source) == before


def test_edits_in_the_tree_are_reported(layout: Layout, source: Path) -> None:
    wanted = make(layout, source)
    overlay.refresh(wanted)
    assert overlay.inspect(wanted) == ([], [])
    write(wanted.tree / "kernel/time/timekeeping.c", "mine\n")
    assert overlay.inspect(wanted) == (["kernel/time/timekeeping.c"], [])


def test_patch_that_does_not_apply(layout: Layout, source: Path) -> None:
    """A point can be missing, other things cannot."""
    write(source / "kernel/time/timekeeping.c", "quite\ndifferent\n")
    wanted = make(layout, source)
    assert overlay.refresh(wanted)
    assert overlay.inspect(wanted) == ([], ["point advance.calculated (kernel/time/timekeeping.c)"])
    shutil.rmtree(layout.tree("k"))
    patch = layout.patches / "6.12/0001-point.patch"
    write(patch, patch.read_text(encoding="utf-8").replace("tkfi_point", "tkfi_local"))
    with pytest.raises(placing.PatchError) as caught:
        overlay.refresh(make(layout, source))
    message = str(caught.value)
    assert "6.12/0001-point.patch does not fit this tree, which has no place for\n" in message
    assert "  tkfi_local(advance.calculated); (kernel/time/timekeeping.c)\n" in message
    assert "./tkfi list kernels" in message
    assert not layout.tree("k").exists()
    assert not list(layout.tree("k").parent.iterdir())


def test_patch_of_a_file_that_is_not_there(layout: Layout, source: Path) -> None:
    (source / "kernel/time/timekeeping.c").unlink()
    with pytest.raises(placing.PatchError, match="does not exist in this tree"):
        overlay.refresh(make(layout, source))


def test_offsets_are_fine(layout: Layout, source: Path) -> None:
    write(source / "kernel/time/timekeeping.c", "a\nb\nc\nd\n" + TIMEKEEPING)
    assert overlay.refresh(make(layout, source))


def test_failed_refresh_leaves_the_old_tree(layout: Layout, source: Path,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = make(layout, source)
    overlay.refresh(wanted)
    before = state_of(wanted.tree)
    write(source / "kernel/time/timekeeping.c", "zero\n" + TIMEKEEPING)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(Path, "symlink_to", full)
    with pytest.raises(OSError):
        overlay.refresh(wanted)
    assert state_of(wanted.tree) == before


def test_interrupted_between_the_renames(layout: Layout, source: Path) -> None:
    wanted = make(layout, source)
    overlay.refresh(wanted)
    wanted.tree.rename(wanted.tree.with_name("tree.old"))
    assert not overlay.refresh(wanted)
