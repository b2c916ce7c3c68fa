# SPDX-License-Identifier: GPL-2.0
"""Children end, locks are honoured, a full disk says so: with real processes."""

from __future__ import annotations

import hashlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from runner import cli, process
from runner.errors import TkfiError
from runner.kernel import fetch, kernels
from runner.kernel.kernels import Release
from runner.layout import REPO, Layout
from runner.tests.conftest import write

# A kunit.py whose kernel leaves the process group, as UML does, and ignores SIGTERM, as both do here.
STUBBORN = """\
import os, pathlib, signal, subprocess, sys, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
place = pathlib.Path(sys.argv[1])
if len(sys.argv) == 2:
    subprocess.Popen([sys.executable, __file__, str(place), "kernel"], start_new_session=True)
(place / f"{len(sys.argv)}.tmp").write_text(str(os.getpid()))
(place / f"{len(sys.argv)}.tmp").rename(place / f"{len(sys.argv)}.pid")
time.sleep(60)
"""

RUNNER = """\
import pathlib, sys
from runner import cli, lock, process
from runner.verbs import tree
def run(**_):
    with lock.held(pathlib.Path(sys.argv[1], ".lock")):
        process.run([sys.executable, sys.argv[2], sys.argv[1]], log=pathlib.Path(sys.argv[1], "log"))
    return 0
tree.command.callback = run
sys.exit(cli.main(["tree"]))
"""

HOLDER = """\
import pathlib, sys, time
from runner import lock
with lock.held(pathlib.Path(sys.argv[1])):
    print("mine", flush=True)
    if len(sys.argv) > 2:
        sys.stdin.read()
"""


def python(script: Path, *arguments: Path | str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-B", str(script), *map(str, arguments)], text=True,
                            env={**os.environ, "PYTHONPATH": str(REPO)}, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(*files: Path) -> list[int]:
    """The process ids in files, once all are there."""
    deadline = time.monotonic() + 20
    while not all(file.exists() for file in files):
        assert time.monotonic() < deadline, "the fake kunit.py did not start"
        time.sleep(0.01)
    return [int(file.read_text()) for file in files]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_children_that_ignore_it(tmp_path: Path, number: signal.Signals) -> None:
    write(tmp_path / "kunit.py", STUBBORN)
    write(tmp_path / "run.py", RUNNER)
    write(tmp_path / "hold.py", HOLDER)
    runner = python(tmp_path / "run.py", tmp_path, tmp_path / "kunit.py")
    children = wait_for(tmp_path / "2.pid", tmp_path / "3.pid")
    assert all(map(alive, children))
    runner.send_signal(number)
    time.sleep(0.2)
    runner.send_signal(signal.SIGINT)  # an impatient second one changes nothing
    _, errors = runner.communicate(timeout=20)
    assert runner.returncode == 130
    assert f"stopped by {number.name}: all child processes ended, the lock" in errors
    assert not any(map(alive, children))
    assert "mine" in python(tmp_path / "hold.py", tmp_path / ".lock").communicate(timeout=20)[0]


def test_nothing_is_left_after_a_normal_end_either(tmp_path: Path) -> None:
    write(tmp_path / "parent.py", "import subprocess, sys, pathlib\n"
          "child = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
          "pathlib.Path(sys.argv[1]).write_text(str(child.pid))\n")
    assert process.run([sys.executable, tmp_path / "parent.py", tmp_path / "pid"],
                       log=tmp_path / "log") == 0
    assert not alive(int((tmp_path / "pid").read_text()))


def test_ticks_come_about_once_a_second(tmp_path: Path) -> None:
    ticks: list[float] = []
    process.run(["sleep", "2.6"], log=tmp_path / "log", tick=lambda: ticks.append(time.monotonic()))
    assert len(ticks) == 2


def test_limit(tmp_path: Path) -> None:
    start = time.monotonic()
    assert process.run(["sleep", "60"], log=tmp_path / "log", limit=0.2) is None
    assert time.monotonic() - start < 5


def test_several_at_once(tmp_path: Path) -> None:
    """One that is ended at its limit takes nothing of its neighbours with it."""
    forking = ["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 0.2 || exit 9; done; exit 7"]
    programs = [process.Program(["sleep", "60"], tmp_path / "1.log", limit=0.3),
                process.Program(forking, tmp_path / "2.log"),
                process.Program(["sleep", "0.1"], tmp_path / "3.log")]
    ended = process.run_all(programs, at_once=2)
    assert [end.status for end in ended] == [None, 7, 0]
    assert ended[2].seconds < ended[1].seconds


@pytest.mark.parametrize("at_once, statuses", [(2, [0, 0]), (1, [None, 0])])
def test_so_many_and_no_more_at_once(tmp_path: Path, at_once: int, statuses: list[int | None]) -> None:
    """Two that wait for each other: the first only meets the second when they run at once."""
    def meeting(mine: str, other: str) -> process.Program:
        script = f"touch {mine}; until test -e {other}; do sleep 0.02; done; rm -f {other}"
        return process.Program(["sh", "-c", script], tmp_path / f"{mine}.log", tmp_path,
                               limit=1 if at_once == 1 else 20)
    ended = process.run_all([meeting("a", "b"), meeting("b", "a")], at_once=at_once)
    assert [end.status for end in ended] == statuses


def test_second_run_waits_and_says_for_whom(tmp_path: Path) -> None:
    write(tmp_path / "hold.py", HOLDER)
    first = python(tmp_path / "hold.py", tmp_path / ".lock", "until told")
    assert first.stdout and first.stdout.readline() == "mine\n"
    second = python(tmp_path / "hold.py", tmp_path / ".lock")
    assert second.stderr
    line = second.stderr.readline()
    assert line.startswith(f"waiting: build/ is in use by process {first.pid} (")
    assert "hold.py" in line and " since " in line
    assert second.poll() is None
    first.communicate(timeout=20)
    assert second.communicate(timeout=20)[0] == "mine\n"


def test_lock_of_the_dead_is_free(tmp_path: Path) -> None:
    write(tmp_path / "hold.py", HOLDER)
    first = python(tmp_path / "hold.py", tmp_path / ".lock", "until told")
    assert first.stdout and first.stdout.readline() == "mine\n"
    first.kill()
    first.communicate()
    second = python(tmp_path / "hold.py", tmp_path / ".lock")
    out, error = second.communicate(timeout=20)
    assert out == "mine\n" and re.fullmatch(
        rf"the run before this one was killed: process {first.pid} \(.*hold\.py .*\) since \S+; "
        r"what it had built is kept; the rest has to be run again\n", error)
    assert python(tmp_path / "hold.py", tmp_path / ".lock").communicate(timeout=20) == ("mine\n", "")


@pytest.mark.parametrize("text", ["{", "[]", "\xff", '{"pid": 1, "command": []}',
                                  '{"started": 1e300, "pid": 2}'])
def test_a_lock_with_something_else_in_it(tmp_path: Path, text: str) -> None:
    (tmp_path / ".lock").write_text(text, encoding="latin-1")
    write(tmp_path / "hold.py", HOLDER)
    out, error = python(tmp_path / "hold.py", tmp_path / ".lock").communicate(timeout=20)
    assert out == "mine\n" and error.startswith("the run before this one was killed: another run; ")


def test_what_the_dead_left_running_is_ended(tmp_path: Path) -> None:
    """Whatever it is, and wherever it has got to; what others run stays."""
    write(tmp_path / "stubborn.py", STUBBORN)
    write(tmp_path / "run.py", RUNNER)
    runner = python(tmp_path / "run.py", tmp_path, tmp_path / "stubborn.py")
    children = wait_for(tmp_path / "2.pid", tmp_path / "3.pid")
    runner.kill()
    runner.wait()
    assert all(map(alive, children))
    write(tmp_path / "hold.py", HOLDER)
    assert python(tmp_path / "hold.py", tmp_path / ".lock").communicate(timeout=20)[0] == "mine\n"
    assert not any(map(alive, children))


def test_failure_names_the_log_and_shows_its_end(tmp_path: Path) -> None:
    script = "for i in range(30): print('line', i)\nraise SystemExit(3)"
    with pytest.raises(TkfiError) as caught:
        process.checked([sys.executable, "-c", script], log=tmp_path / "log", what="Counting")
    lines = str(caught.value).split("\n")
    assert lines[0] == f"Counting failed (exit status 3); full log: {tmp_path}/log"
    assert lines[1:] == [f"  line {i}" for i in range(15, 30)]


def test_a_make_that_calls_us_tells_ours_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another Makefile, below `make --keep-going KERNEL=6.1`."""
    monkeypatch.setenv("MAKEFLAGS", "k -- KERNEL=6.1")
    monkeypatch.setenv("MAKELEVEL", "1")
    (tmp_path / "Makefile").write_text("KERNEL ?= mine\nall:\n\t@echo $(KERNEL) $(MAKELEVEL) $(MFLAGS)\n")
    process.run(["make"], log=tmp_path / "log", cwd=tmp_path)
    assert (tmp_path / "log").read_text().split() == ["mine", "0"]


def test_missing_program(tmp_path: Path) -> None:
    with pytest.raises(TkfiError, match="cannot run no-such-program.*make setup"):
        process.run(["no-such-program"], log=tmp_path / "log")


def full_disk(layout: Layout) -> subprocess.CompletedProcess[str]:
    """`tkfi tree` in a checkout whose disk is full: dd fails as any writer would."""
    script = ("import sys, pathlib\nfrom runner import cli, process\nfrom runner.layout import Layout\n"
              "from runner.verbs import tree\nlayout = Layout(pathlib.Path(sys.argv[1]))\n"
              "def run(**_):\n"
              "    process.checked(['dd', 'if=/dev/zero', 'of=/dev/full', 'count=1'],\n"
              "                    log=layout.build / 'log', what='Writing')\n"
              "tree.command.callback = run\nsys.exit(cli.main(['tree'], layout))\n")
    return subprocess.run([sys.executable, "-B", "-c", script, str(layout.repo)], text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(REPO)}, capture_output=True)


def test_disk_full_in_a_child(layout: Layout) -> None:
    done = full_disk(layout)
    assert done.returncode == 2
    assert "the disk is full" in done.stderr and "GB are free" in done.stderr
    assert "a kernel needs about" in done.stderr and "Traceback" not in done.stderr


def test_what_kbuild_says_of_a_full_disk(tmp_path: Path) -> None:
    """Of another one than logs are on; make ends what it has begun."""
    said = ["fixdep: not all data was written to the output",
            *["make[7]: *** Deleting file 'kernel/time/tkfi/program/subject.o'"] * 30]
    script = "; ".join([*(f'echo "{line}"' for line in said), "exit $0"])
    with pytest.raises(process.NoSpace):
        process.run(["sh", "-c", script, "2"], log=tmp_path / "log")
    assert process.run(["sh", "-c", script, "0"], log=tmp_path / "log") == 0
    assert process.run(["sh", "-c", script.replace("fixdep", "other"), "2"], log=tmp_path / "log") == 2


def source_package(place: Path, layout: Layout) -> Release:
    """A .deb like Debian's, with a source of one big file."""
    release = Release("9.9", ("nowhere",))
    write(place / "linux-source-9.9/Makefile", "VERSION = 9\n")
    for name in ("sound/Kconfig", "sound/core/init.c", "include/sound/core.h"):
        write(place / "linux-source-9.9" / name, "")
    (place / "linux-source-9.9/big").write_bytes(os.urandom(3_000_000))
    root = place / "deb"
    write(root / "DEBIAN/control", f"Package: {release.package}\nVersion: 1\nArchitecture: all\n"
          "Maintainer: nobody <nobody@example.org>\nDescription: none\n")
    (root / "usr/src").mkdir(parents=True)
    layout.debs.mkdir(parents=True)
    archive = root / "usr/src/linux-source-9.9.tar.xz"
    for command in (["tar", "-cJf", str(archive), "-C", str(place), "linux-source-9.9"],
                    ["dpkg-deb", "-b", str(root), str(layout.debs / f"{release.package}_1_all.deb")]):
        subprocess.run(command, check=True, capture_output=True)
    return release


def limited(start: Callable[..., subprocess.Popen[bytes]]) -> Callable[..., subprocess.Popen[bytes]]:
    """A way to start programs that write no file of more than 1 MB."""
    def run(*arguments: object) -> subprocess.Popen[bytes]:
        child = start(*arguments)
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        return child
    return run


def test_unpacking_is_whole_or_not_at_all(tmp_path: Path, layout: Layout,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit on file sizes stops tar as a full disk would; a later run starts afresh."""
    release = source_package(tmp_path, layout)
    source = layout.source("9.9")
    with monkeypatch.context() as patch:
        patch.setattr(process, "_start", limited(process._start))
        with pytest.raises(TkfiError, match="Unpacking"):
            fetch.ensure_source(release, layout)
    assert not source.exists()
    assert fetch.ensure_source(release, layout) == source
    assert (source / "big").stat().st_size == 3_000_000
    assert sorted(p.name for p in source.parent.iterdir()) == ["9.9", "9.9.log"]
    assert (source / "sound/Kconfig").exists() and (source / "include/sound/core.h").exists()
    assert not (source / "sound/core/init.c").exists()


@contextmanager
def small_disk(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    """A disk of 5 MB at place; where that may not be mounted, no file of a child's may be that long.

    Yields whether the disk is real.
    """
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m", "tkfi", place], check=False,
                             capture_output=True).returncode == 0
    try:
        with monkeypatch.context() as patch:
            if not mounted:
                patch.setattr(process, "_start", limited(process._start))
            yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", place], check=True)


def test_disk_full_while_unpacking_and_while_preparing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                       capsys: pytest.CaptureFixture[str]) -> None:
    """Every time nothing half-made is left, and once there is room the same command works."""
    place = tmp_path / "disk"
    with small_disk(place, monkeypatch) as real:
        layout = Layout(place / "repo")
        release = source_package(tmp_path, layout)
        monkeypatch.setattr(kernels, "RELEASES", (release,))
        write(layout.patches / "9.9/series", "new.patch\n")
        write(layout.patches / "9.9/new.patch", "--- /dev/null\n+++ b/new.h\n@@ -0,0 +1 @@\n+new\n")
        assert cli.main(["tree", "--kernel", "9.9"], layout) == 2
        errors = capsys.readouterr().err
        assert "the disk is full" in errors if real else "Unpacking" in errors
        assert not layout.source("9.9").exists()
        if not real:
            return
        subprocess.run(["mount", "-o", "remount,size=20m", place], check=True)
        fetch.ensure_source(release, layout)
        with suppress(OSError), (place / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        assert cli.main(["tree", "--kernel", "9.9"], layout) == 2
        assert "the disk is full" in capsys.readouterr().err
        assert not layout.tree("9.9/post-series").exists()
        (place / "filler").unlink()
        assert cli.main(["tree", "--kernel", "9.9"], layout) == 0
        assert (layout.tree("9.9/post-series") / "new.h").read_text() == "new\n"
        assert [p.name for p in layout.tree("9.9/post-series").parent.iterdir()] == ["tree"]


def test_no_such_package(tmp_path: Path, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real apt against an empty repository of our own."""
    mirror = tmp_path / "mirror"
    write(mirror / "dists/nowhere/main/binary-amd64/Packages", "")
    write(mirror / "dists/nowhere/Release", "Suite: nowhere\nComponents: main\nArchitectures: amd64\n"
          "Date: Mon, 01 Jan 2024 00:00:00 UTC\nSHA256:\n"
          f" {hashlib.sha256().hexdigest()} 0 main/binary-amd64/Packages\n")
    monkeypatch.setenv("TKFI_MIRROR", f"file://{mirror}")
    with pytest.raises(TkfiError) as caught:
        fetch.ensure_source(Release("9.9", ("nowhere",)), layout)
    message = str(caught.value)
    assert "has no package linux-source-9.9 in nowhere" in message
    assert "Set TKFI_MIRROR" in message and "KERNEL=/path" in message
    assert not list(layout.debs.iterdir())


def test_apt_is_private(tmp_path: Path) -> None:
    options = " ".join(fetch.apt_options(tmp_path))
    assert f"Dir::State={tmp_path}/state" in options
    assert f"Dir::Etc::sourcelist={tmp_path}/sources.list" in options
    assert "Dir::Etc::sourceparts=/dev/null" in options
    assert fetch.sources_list(("a", "a-security"), "http://m/debian") == (
        f"deb [signed-by={fetch.KEYRING}] http://m/debian a main\n"
        f"deb [signed-by={fetch.KEYRING}] http://m/debian-security a-security main\n")


def test_the_end_of_any_is_seen_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_POLL", 60)
    first, second = process.run_all([process.Program(["sleep", "1"], tmp_path / "first"),
                                     process.Program(["true"], tmp_path / "second")], at_once=2)
    assert second.seconds < 0.9 < first.seconds < 30


def test_what_is_compiled_stays_in_build(tmp_path: Path) -> None:
    """Of the runner, and of a program of Python's that it runs; whatever the user's environment says."""
    repo, tool = tmp_path / "repo", tmp_path / "tool"
    shutil.copytree(REPO / "runner", repo / "runner", ignore=shutil.ignore_patterns("tests", "__pycache__"))
    shutil.copy(REPO / "tkfi", repo / "tkfi")
    write(tool / "imported.py", "")
    write(repo / "runner/__main__.py", "import pathlib, sys\nfrom runner import process\n"
          f"process.run([sys.executable, '-c', 'import imported'], log=pathlib.Path({str(tool)!r}, 'log'), "
          f"cwd=pathlib.Path({str(tool)!r}))\n")
    subprocess.run([repo / "tkfi"], check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert (tool / "log").read_text() == ""
    names = {file.name.partition(".")[0] for file in (repo / "build/pycache").rglob("*.pyc")}
    assert {"process", "errors", "imported"} <= names
    assert not list(repo.glob("runner/**/*.pyc")) and not list(tool.glob("**/*.pyc"))


GCC = """\
  CC      kernel/time/ntp.o
../kernel/time/timekeeping.c: In function 'fold':
../kernel/time/timekeeping.c:2230:9: error: expected ';' before '}' token
 2230 | return 1
""" + "make: *** [Makefile:236: __sub-make] Error 2\n" * 40


@pytest.mark.parametrize("text, first, last", [
    (GCC, "  ../kernel/time/timekeeping.c: In function 'fold':", "   2230 | return 1"),
    ("ld: kernel/x.o: in function `f':\nx.c:1: undefined reference to `vdso_k_time_data'\n" + "more\n" * 30,
     "  x.c:1: undefined reference to `vdso_k_time_data'", "  more"),
    ("".join(f"{number}\n" for number in range(40)), "  25", "  39"), ("", "", "")])
def test_why_a_build_failed(tmp_path: Path, text: str, first: str, last: str) -> None:
    write(tmp_path / "log", text)
    said = process.why(tmp_path / "log").split("\n")
    assert (said[0], said[-1]) == (first, last) and len(said) <= 15
    assert process.why(tmp_path / "none") == ""
