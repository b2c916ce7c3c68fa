# SPDX-License-Identifier: GPL-2.0
"""A kernel is built again after any change of what it was made from, and only then."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runner import lock, progress
from runner.kernel import builder, freshness, kernels
from runner.kernel.kernels import Kernel
from runner.kernel.overlay import Overlay
from runner.kernel.prepare import prepare
from runner.layout import REPO, Layout
from runner.tests.conftest import PATCH, write

# A make that decides by times as make does, and by the .cmd files as kbuild does.
KUNIT = '''\
# --kconfig_add
import os, pathlib, sys, time
tree, objects = pathlib.Path.cwd(), pathlib.Path(".kunit")
with open(os.environ["CALLS"], "a") as calls:
    print(sys.argv[1], file=calls)
if sys.argv[1] == "config":
    (objects / "include/config").mkdir(parents=True, exist_ok=True)
    (objects / ".config").write_text("".join(sys.argv[2:]))
    (objects / "include/config/auto.conf").touch()
    (objects / "include/config/auto.conf.cmd").write_text("deps_config := \\\\\\n\\tinit/Kconfig \\\\\\n")
    sys.exit()
text = ""
for name in ("kernel/time/timekeeping", "kernel/time/ntp", "kernel/sched/core", "kernel/time/tkfi/x"):
    made = objects / (name + ".o")
    command = made.with_name("." + made.name + ".cmd")
    read = [tree / (name + ".c"), tree / "include/linux/x.h"]
    if not command.exists() or any(one.stat().st_mtime_ns > made.stat().st_mtime_ns for one in read):
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text("".join(one.read_text() for one in read))
        if during := os.environ.get("DURING"):
            pathlib.Path(during).write_text("edited during the build\\n")
        time.sleep(0.02)
        made.touch()
        os.utime(made)
        command.write_text(f"savedcmd_{name}.o := gcc -I../include/first -c\\n\\n"
                           f"source_{name}.o := ../{name}.c\\n\\ndeps_{name}.o := \\\\\\n"
                           "    $(wildcard include/config/X) \\\\\\n  ../include/linux/x.h \\\\\\n")
    text += made.read_text()
linux, newest = objects / "linux", max(one.stat().st_mtime_ns for one in objects.rglob("*.o"))
if not linux.exists() or newest > linux.stat().st_mtime_ns:
    linux.write_text(text)
'''


@pytest.fixture(name="kernel")
def user_tree(layout: Layout, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A user's tree that has been built, some time after it was written."""
    for name in ("include/first", "include/linux/sub", "scripts"):
        (source / name).mkdir(parents=True, exist_ok=True)
    for name in ("init/Kconfig", "kernel/time/Makefile", "kernel/time/timeconst.bc",
                 "scripts/Makefile.build"):
        write(source / name, "# as it was\n")
    write(layout.repo / "fault/x.c", "int x;\n")
    write(layout.repo / "configs/tkfi.config", "CONFIG_TKFI=y\n")
    write(source / "tools/testing/kunit/kunit.py", KUNIT)
    with (source / "Makefile").open("a", encoding="utf-8") as makefile:
        makefile.write(f"all:\n\t@{sys.executable} tools/testing/kunit/kunit.py build\n")
    write(tmp_path / "bin/ld", "#!/bin/sh\n")
    (tmp_path / "bin/ld").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    kernel = kernels.choose(str(source), layout)
    builder.build(kernel, layout)
    return kernel


@pytest.fixture(name="built")
def whether_built(kernel: Kernel, layout: Layout, tmp_path: Path,
                  capsys: pytest.CaptureFixture[str]) -> Callable[[], str | None]:
    """Build: what the kernel is made of if that took anything, or else None."""
    def build() -> str | None:
        write(tmp_path / "calls", "")
        capsys.readouterr()
        progress.note_once.cache_clear()  # each is a command of its own
        builder.build(kernel, layout)
        calls, said = (tmp_path / "calls").read_text(encoding="utf-8").split(), capsys.readouterr().err
        assert "Kernel 6.12.99-rc1 in " in said, "which the user is told each time"
        assert (calls, "Preparing the tree" in said) in (
            ([], False), (["config", "build"], True), (["build"], True))
        return (layout.objects(kernel.place) / "linux").read_text(encoding="utf-8") if calls else None
    return build


READ = [
    "linux/include/linux/x.h", "linux/init/Kconfig", "linux/kernel/time/Makefile",
    "linux/kernel/time/ntp.c", "linux/kernel/sched/core.c", "linux/kernel/time/timekeeping.c",
    "linux/kernel/time/timeconst.bc", "linux/scripts/Makefile.build",
    "linux/tools/testing/kunit/kunit.py", "linux/Makefile", "bin/ld", "repo/fault/x.c",
    "repo/fault/Makefile", "repo/kunit/a_kunit.c", "repo/configs/tkfi.config",
    "repo/kernel-patches/6.12/series", "repo/kernel-patches/6.12/0001-point.patch"]
COMPILED = [name for name in READ if name.endswith((".h", ".c")) and "a_kunit" not in name]


def touch(file: Path) -> None:
    os.utime(file)


def append(file: Path) -> None:
    with file.open("a", encoding="utf-8") as out:
        out.write("# edited\n" if file.name != "kunit.py" else "pass\n")


def append_keeping_the_time(file: Path) -> None:
    before = file.stat()
    append(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def exchange_keeping_the_time(file: Path) -> None:
    """One character for another: not even the size tells."""
    before = file.stat()
    file.write_bytes(file.read_bytes()[:-1] + b" ")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def rewrite(file: Path) -> None:
    """As most editors write, and git: another file of that name."""
    new = file.with_name("new")
    shutil.copy2(file, new)
    new.replace(file)


CHANGES = (touch, append, append_keeping_the_time, rewrite)


def test_any_file_that_was_read(kernel: Kernel, layout: Layout, tmp_path: Path) -> None:
    record = freshness.read(kernel, layout)
    for name, change in itertools.product(READ, [*CHANGES, exchange_keeping_the_time]):
        assert record and record.is_current(kernel, layout)
        change(tmp_path / name)
        assert not record.is_current(kernel, layout), (name, change)
        record = replace(record, states={one: freshness._state(one) for one in record.states})


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_compiled_then(built: Callable[[], str | None], tmp_path: Path,
                               change: Callable[[Path], None]) -> None:
    for name in COMPILED:
        change(tmp_path / name)
    made = built()
    assert made is not None
    assert made.count("# edited") == (2 * 4 if change in (append, append_keeping_the_time) else 0)
    assert built() is None


@pytest.mark.parametrize("name", READ)
def test_what_may_change_the_configuration(built: Callable[[], str | None], tmp_path: Path,
                                           name: str) -> None:
    """kunit.py is left out only if nothing but code changed."""
    append(tmp_path / name)
    assert built() is not None
    calls = (tmp_path / "calls").read_text(encoding="utf-8").split()
    assert calls == (["build"] if name.endswith((".c", ".h")) else ["config", "build"])


@pytest.mark.parametrize("name, configures", [("kernel/time/ntp.c", False), ("kernel/time/Makefile", True)])
def test_so_may_a_patch(kernel: Kernel, layout: Layout, tmp_path: Path, name: str,
                        configures: bool) -> None:
    """One that is applied besides, or not any more, as breaks are in turn."""
    write(tmp_path / "more.patch", f"--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-x\n+y\n")
    broken = replace(kernel, breaking=tmp_path / "more.patch")

    def keeps(before: Kernel, now: Kernel) -> bool:
        record = freshness.read(kernel, layout)
        assert record
        asked = {**freshness._asked(before, layout), "tree": str(layout.tree(now.place))}
        return replace(record, asked=asked).keeps_configuration(now, layout)

    assert keeps(kernel, broken) is keeps(broken, kernel) is not configures
    (tmp_path / "more.patch").unlink()
    assert not keeps(broken, kernel)


def test_the_tools_of_the_runner(built: Callable[[], str | None], tmp_path: Path,
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    for name in freshness.MODULES:
        assert (REPO / f"runner/{name}.py").is_file()
    module = tmp_path / "runner/kernel/freshness.py"
    for name in freshness.MODULES:
        write(tmp_path / f"runner/{name}.py", "")
    monkeypatch.setattr(freshness, "__file__", str(module))
    assert built() is None
    touch(module)
    assert built() is None, "of a runner that it was not built by"
    touch(tmp_path / "linux/Makefile")
    assert built() is not None
    for name in freshness.MODULES:
        append(tmp_path / f"runner/{name}.py")
        assert built() is not None, name


@pytest.mark.parametrize("name", (
    "repo/fault/new.h", "repo/kunit/new.c", "linux/include/linux/new.h", "linux/include/first/x.h",
    "linux/kernel/time/new.c", "linux/kernel/new.c", "linux/tools/testing/kunit/new.py", "linux/new",
    "repo/build/LINUX/post-series/tree/kernel/time/new.h"))
def test_a_file_more_and_one_less(kernel: Kernel, built: Callable[[], str | None], tmp_path: Path,
                                  name: str) -> None:
    file = tmp_path / name.replace("LINUX", kernel.name)
    write(file, "new\n")
    assert built() is not None
    assert built() is None
    file.unlink()
    assert built() is not None


def test_a_source_that_is_gone_and_comes_back(built: Callable[[], str | None], tmp_path: Path) -> None:
    header = tmp_path / "linux/init/Kconfig"
    header.rename(tmp_path / "away")
    assert built() is not None
    assert built() is None
    (tmp_path / "away").rename(header)
    assert built() is not None


def test_what_was_made(kernel: Kernel, built: Callable[[], str | None], layout: Layout) -> None:
    linux = layout.objects(kernel.place) / "linux"
    before = linux.read_text(encoding="utf-8")
    linux.unlink()
    assert built() == before
    linux.write_text(before[:5], encoding="utf-8")  # a crash, or a full disk
    assert built() == before
    os.utime(linux)
    assert built() == before
    (layout.objects(kernel.place) / ".config").write_text("other", encoding="utf-8")
    assert built() == before
    shutil.rmtree(layout.tree(kernel.place))
    assert built() == before
    assert built() is None


def test_an_edit_in_the_tree(kernel: Kernel, built: Callable[[], str | None], layout: Layout,
                             capsys: pytest.CaptureFixture[str]) -> None:
    append(layout.tree(kernel.place) / "kernel/time/timekeeping.c")
    assert "# edited" in (built() or "")
    assert built() is None
    capsys.readouterr()
    progress.note_once.cache_clear()
    builder.build(kernel, layout)
    assert (f"Used as edited in {layout.tree(kernel.place)}: kernel/time/timekeeping.c\n"
            in capsys.readouterr().err)


def test_another_patch_option_tool_or_environment(kernel: Kernel, built: Callable[[], str | None],
                                                  layout: Layout, tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    write(layout.patches / "6.12/series", "0001-point.patch\n0002-more.patch\n")
    write(layout.patches / "6.12/0002-more.patch", "--- a/kernel/time/ntp.c\n+++ b/kernel/time/ntp.c\n"
          "@@ -1 +1 @@\n-int ntp;\n+int more;\n")
    assert "int more" in (built() or "")
    monkeypatch.setattr(Kernel, "options", ["CONFIG_X=y"])
    assert built() is not None and built() is None
    assert "CONFIG_X=y" in (layout.objects(kernel.place) / ".config").read_text()
    write(tmp_path / "bin/as", "#!/bin/sh\n")
    (tmp_path / "bin/as").chmod(0o755)
    assert built() is not None and built() is None
    monkeypatch.setenv("KCFLAGS", "-O1")
    assert built() is not None and built() is None
    monkeypatch.setenv("TERM", "dumb")
    assert built() is None


def test_another_compiler_compiles_all(kernel: Kernel, built: Callable[[], str | None], layout: Layout,
                                       tmp_path: Path) -> None:
    core = layout.objects(kernel.place) / "kernel/sched/core.o"
    before = core.stat().st_mtime_ns
    touch(tmp_path / "bin/ld")
    assert built() is not None and core.stat().st_mtime_ns == before
    append(tmp_path / "bin/ld")
    assert built() is not None and core.stat().st_mtime_ns > before


def test_a_link_to_another_tool(kernel: Kernel, built: Callable[[], str | None], tmp_path: Path) -> None:
    """As when the distribution's default changes: neither of the two is edited."""
    tool = tmp_path / "bin/ld"
    tool.rename(tmp_path / "bin/ld.bfd")
    shutil.copy2(tmp_path / "bin/ld.bfd", tmp_path / "bin/ld.gold")
    tool.symlink_to("ld.bfd")
    built()
    assert built() is None
    tool.unlink()
    tool.symlink_to("ld.gold")
    assert built() is not None and built() is None


@pytest.mark.parametrize("text", ("", "{", "null", "[]\n[]", '{}\n{"asked": {}}', '{}\n{"states": 3}'))
def test_a_record_that_is_damaged(kernel: Kernel, built: Callable[[], str | None], layout: Layout,
                                  text: str) -> None:
    record = layout.tree(kernel.place).with_name("built.json")
    record.write_text(text, encoding="utf-8")
    assert built() is not None
    assert built() is None


def test_a_record_that_is_cut_short_or_not_there(kernel: Kernel, built: Callable[[], str | None],
                                                 layout: Layout) -> None:
    record = layout.tree(kernel.place).with_name("built.json")
    whole = record.read_bytes()
    for length in (1, len(whole) // 4, len(whole) // 2, len(whole) - 1):
        record.write_bytes(whole[:length])
        assert built() is not None
        assert built() is None
    record.unlink()
    assert built() is not None
    assert not list(record.parent.glob("built.json.*"))


def test_a_directory_that_was_moved_or_restored(kernel: Kernel, built: Callable[[], str | None],
                                                layout: Layout, tmp_path: Path) -> None:
    """All files are others then, with the times they had: nothing is compiled again."""
    core = layout.objects(kernel.place) / "kernel/sched/core.o"
    before = core.stat().st_mtime_ns
    for place in (tmp_path / "linux", layout.repo):
        place.rename(tmp_path / "away")
        shutil.copytree(tmp_path / "away", place, symlinks=True)
        shutil.rmtree(tmp_path / "away")
    assert built() is not None and core.stat().st_mtime_ns == before
    assert built() is None


def test_what_is_read_of_another_series(built: Callable[[], str | None], layout: Layout) -> None:
    write(layout.patches / "6.12/series", "0001-point.patch\n../6.1/0002-more.patch\n")
    write(layout.patches / "6.12/like", "6.1\n")
    write(layout.patches / "6.1/series", "")
    write(layout.patches / "6.1/0002-more.patch", "--- a/kernel/time/ntp.c\n+++ b/kernel/time/ntp.c\n"
          "@@ -1 +1 @@\n-int ntp;\n+int more;\n")
    assert "int more" in (built() or "")
    for name in ("6.1/0002-more.patch", "6.12/series", "6.12/like"):
        append(layout.patches / name)
        assert built() is not None and built() is None
    write(layout.patches / "7.3/series", "")
    assert built() is None
    write(layout.patches / "6.1/like", "7.3\n")
    assert built() is not None and built() is None


@pytest.mark.parametrize("name", ("linux/kernel/sched/core.c", "linux/include/linux/x.h", "repo/fault/x.c",
                                  "repo/build/LINUX/post-series/tree/kernel/time/ntp.c"))
def test_an_edit_during_the_build(kernel: Kernel, built: Callable[[], str | None], tmp_path: Path,
                                  name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """make alone would never compile it: the object is newer than the edit."""
    write(tmp_path / "repo/kernel-patches/6.12/series", "0001-point.patch\n0002-more.patch\n")
    write(tmp_path / "repo/kernel-patches/6.12/0002-more.patch", "--- a/kernel/time/ntp.c\n"
          "+++ b/kernel/time/ntp.c\n@@ -1 +1 @@\n-int ntp;\n+int more;\n")
    file = tmp_path / name.replace("LINUX", kernel.name)
    append(tmp_path / "linux/include/linux/x.h")
    monkeypatch.setenv("DURING", str(file))
    built()
    monkeypatch.delenv("DURING")
    assert "edited during the build" in file.read_text(encoding="utf-8")
    for other in ("kernel/time/ntp", "kernel/sched/core", "kernel/time/timekeeping", "kernel/time/tkfi/x"):
        made = tmp_path / f"repo/build/{kernel.name}/post-series/tree/.kunit/{other}.o"
        made.touch()  # as if each had been compiled before, and written after the edit
        if made.read_text(encoding="utf-8").startswith("edited"):
            made.write_text("old\n")
    assert "edited during the build" in (built() or "")
    assert built() is None


def test_an_edit_while_the_tree_is_prepared(built: Callable[[], str | None], tmp_path: Path,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    patch = tmp_path / "repo/kernel-patches/6.12/0001-point.patch"

    def edited(kernel: Kernel, layout: Layout, say: Callable[[str], None]) -> Overlay:
        done = prepare(kernel, layout, say)
        patch.write_text(PATCH.replace("advance.calculated", "tick.late"), encoding="utf-8")
        return done
    monkeypatch.setattr(builder, "prepare", edited)
    touch(tmp_path / "linux/Makefile")
    assert "tick.late" not in (built() or "tick.late")
    monkeypatch.setattr(builder, "prepare", prepare)
    assert "tick.late" in (built() or "")
    assert built() is None


def test_a_build_that_fails(kernel: Kernel, built: Callable[[], str | None], tmp_path: Path) -> None:
    core = tmp_path / "linux/kernel/sched/core.c"
    core.rename(tmp_path / "away")
    for _ in range(2):
        with pytest.raises(Exception, match="make for"):
            built()
    (tmp_path / "away").rename(core)
    assert built() is not None
    assert built() is None


def test_variants_have_records_of_their_own(built: Callable[[], str | None], layout: Layout, source: Path,
                                            variants: list[str], tmp_path: Path) -> None:
    other = kernels.choose(str(source), layout, variants[0])
    builder.build(other, layout)
    assert built() is None
    touch(layout.patches / f"6.12/variants/{variants[0]}.patch")
    assert built() is None
    write(tmp_path / "calls", "")
    builder.build(other, layout)
    assert (tmp_path / "calls").read_text(encoding="utf-8").split() == ["config", "build"]


def test_links_of_the_tree_are_followed_as_the_system_does(tmp_path: Path) -> None:
    """../fault/../x.h, where fault is a link to elsewhere, is beside what it links to."""
    tree = tmp_path / "tree"
    write(tmp_path / "elsewhere/x.h", "")
    (tmp_path / "elsewhere/fault").mkdir()
    (tree / ".kunit").mkdir(parents=True)
    (tree / "fault").symlink_to(tmp_path / "elsewhere/fault")
    write(tree / ".kunit/.x.o.cmd", "deps_x.o := \\\n  ../fault/../x.h \\\n  /usr/include/x.h \\\n"
          "  generated/y.h \\\n    $(wildcard include/config/X) \\\n")
    write(tree / ".kunit/include/config/auto.conf.cmd", "deps_config := \\\n\tKconfig \\\n")
    read = set(freshness._resolved(freshness._built_from(tree, tree / ".kunit")))
    assert read == {str(tmp_path / "elsewhere/x.h"), "/usr/include/x.h", str(tree / ".kunit/generated/y.h"),
                    str(tree / "Kconfig"), str(tmp_path / "elsewhere"), str(tmp_path / "elsewhere/fault"),
                    str(tree), "/usr/include"}


REAL = Layout(REPO)
RECORD = REAL.tree("6.12/post-series").with_name("built.json")


@pytest.mark.skipif(not RECORD.is_file(), reason="Linux 6.12 is not built: ./tkfi build")
def test_the_real_kernel() -> None:
    kernel = kernels.choose("6.12", REAL)
    with lock.held(REAL.build / ".lock"):
        record = freshness.read(kernel, REAL)
        assert record
        tree = REAL.tree(kernel.place)
        for name in ("kernel/time/timekeeping.c", "kernel/time/ntp.c", "include/linux/timekeeping.h",
                     "kernel/time/Kconfig", "kernel/time/Makefile", "kernel/time/tkfi/core/engine.c",
                     "kernel/time/tkfi/core/engine.h", "kernel/time/tkfi/instrument/access.mk",
                     "kernel/time/tkfi/timekeeping/scenarios.txt", "scripts/Makefile.build",
                     "arch/um/Makefile", "arch/x86/Makefile.um", "arch/um/Kconfig", "Makefile",
                     "arch/x86/um/delay.c", "kernel/time", "kernel/time/timeconst.bc",
                     "lib/vdso/gettimeofday.c", ".kunit/include/generated/autoconf.h", ".kunit/linux",
                     "kernel/time/tkfi-kunit"):
            assert record.states.get(os.path.realpath(tree / name)), name
        for name in (shutil.which("gcc") or "", shutil.which("ld") or "", "/usr/include/stdio.h"):
            assert record.states.get(os.path.realpath(name)), name
        if not record.is_current(kernel, REAL):
            return  # somebody is at work on it
        begun = time.monotonic()
        assert record.is_current(kernel, REAL)
        assert time.monotonic() - begun < 1
        for name in ("include/linux/timekeeping.h", "kernel/time/Kconfig",
                     "kernel/time/tkfi/core/engine.c"):
            states = dict(record.states)
            changed = os.path.realpath(tree / name)
            states[changed] = [*states[changed][:1], 0, *states[changed][2:]]
            edited = freshness.Record(record.asked, [], record.time, states)
            assert not edited.is_current(kernel, REAL), name
