# SPDX-License-Identifier: GPL-2.0
"""Guests that are kept in files, with a gdbstub of our own in place of QEMU."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner import process
from runner.errors import TkfiError
from runner.guest import machine, programs, qemu, snapshots
from runner.guest.gdb import Gdb, GdbError
from runner.layout import Layout
from runner.tests.conftest import write
from runner.tests.guest_stub import INIT, SYMBOLS, VDSO, Guest, Layouts, Program, Stub

STEPS = 40_000  # of a boot, which take 0.1 s or so
_STATE = "state of a guest: "


class Booting(Guest):
    """One whose updater has so many steps of its boot before it; then it does what it is told."""

    def __init__(self, left: int, fails: bool = False) -> None:
        self.left, self.fails = left, fails
        super().__init__()

    def updater(self) -> Program:
        while self.left:
            self.left -= 1
            yield 0x600000
        yield INIT["at_failure" if self.fails else "at_ready"]
        if self.load(INIT["program_size"], 8):
            self.store(INIT["program_status"], 3, 4)
            yield INIT["at_ended"]
        yield from super().updater()


@dataclass
class Qemus:
    """In place of all QEMUs: each writes the state of its guest to the file that its monitor is told, and
    begins with that of the file that its command line has. booted: how many steps each began with."""

    status: str = "completed"
    fails: bool = False
    loading: int = 0
    booted: list[int] = field(default_factory=list)

    @contextmanager
    def beside(self, argv: Sequence[str | Path], *, log: Path, keep: Sequence[int],
               **_: object) -> Iterator[None]:
        """In place of process.beside()."""
        write(log, "")
        words = [str(word) for word in argv]
        output = words[len(words) - words[::-1].index("-serial")]
        if output.startswith("file:"):
            write(Path(output.removeprefix("file:")), "what it printed")
        connection = socket.socket(fileno=os.dup(keep[0]))
        left = STEPS
        if "-incoming" in words:
            file = Path(words[words.index("-incoming") + 1].removeprefix("file:"))
            text = file.read_text(encoding="utf-8")
            if not text.startswith(_STATE) or not text.endswith("\n"):
                connection.close()
                yield
                return
            left = int(json.loads(text.removeprefix(_STATE)))
        self.booted.append(left)
        guest = Booting(left, self.fails)
        guest.store(INIT["program"], 0x900000, 8)
        guest.store(INIT["program_most"], 100, 8)
        waits = iter(["VM status: paused (inmigrate)"] * self.loading)

        def monitor(command: str) -> str:
            if to := re.fullmatch(r"migrate -d file:(.*)", command):
                write(Path(to[1]), f"{_STATE}{guest.left}\n")
            elif command == "info migrate":
                return f"capabilities: none\r\nMigration status: {self.status}\r\ntotal time: 1 ms"
            elif command == "info status":
                return next(waits, "VM status: paused")
            return ""
        Stub(guest, connection).monitor = monitor
        yield


def compiled(program: Path, text: str) -> Path:
    """In place of a compiler."""
    write(program, text)
    return program


@pytest.fixture(name="qemus")
def no_qemu(monkeypatch: pytest.MonkeyPatch) -> Qemus:
    made = Qemus()
    monkeypatch.setattr(process, "beside", made.beside)
    monkeypatch.setattr(machine, "_symbols_of", lambda _init: INIT)
    monkeypatch.setattr(machine, "_recall", lambda _known: machine.Known(SYMBOLS, Layouts()))
    monkeypatch.setattr(machine, "_remember", lambda *_: None)
    monkeypatch.setattr(qemu, "ensure_static", lambda _source, to, *_: compiled(to, "a program"))
    monkeypatch.setattr(snapshots, "EVERY", 0.01)
    return made


@pytest.fixture(name="image")
def an_image(tmp_path: Path) -> Path:
    write(tmp_path / "image", "an image")
    write(tmp_path / "qemu/usr/bin/qemu-system-x86_64", "a program")
    return tmp_path / "image"


def boot(image: Path, layout: Layout) -> None:
    """Let it boot, and read something of it."""
    with machine.boot(image, image.with_name("qemu"), layout) as guest:
        assert guest.gdb.rip(0) == INIT["at_ready"] and guest.vdso_sequence == VDSO


def files(layout: Layout) -> list[str]:
    """The kinds of those that are there."""
    return [file.suffix for file in (layout.build / "guest/kept").rglob("*.*")]


def test_it_boots_once(qemus: Qemus, image: Path, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the image, QEMU and its init are the same."""
    for _ in range(3):
        boot(image, layout)
    assert qemus.booted == [STEPS, 0, 0] and files(layout) == [".ready"]
    initramfs = layout.build / "guest/initramfs"
    for what in (image, image.with_name("qemu") / "usr/bin/qemu-system-x86_64", None):
        if what:
            write(what, "another one")
        else:
            monkeypatch.setattr(qemu, "ensure_static", lambda _source, to, *_: compiled(to, "another one"))
        before = initramfs.read_bytes()
        boot(image, layout)
        assert qemus.booted[-1] == STEPS and files(layout) == [".ready"]
        assert (initramfs.read_bytes() == before) == (what is not None)
        boot(image, layout)
        assert qemus.booted[-1] == 0


def test_guests_of_some_images_are_kept(qemus: Qemus, image: Path, layout: Layout,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were used last."""
    monkeypatch.setattr(snapshots, "MOST", 2)
    images = [image, image.with_name("second"), image.with_name("third")]
    for number, one in enumerate([*images[:2], images[0], images[2], *images[:2]]):
        write(one, "an image")
        boot(one, layout)
        for directory in (layout.build / "guest/kept").iterdir():
            os.utime(directory, ns=(0, directory.stat().st_mtime_ns - 10**9))  # it is so much later
        assert len(files(layout)) == min(2, number + 1)
    assert qemus.booted == [STEPS, STEPS, 0, STEPS, 0, STEPS]


def test_a_boot_that_is_killed_goes_on(qemus: Qemus, image: Path, layout: Layout,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if it is killed as it is kept."""
    class Killed(BaseException):
        """In place of a signal."""

    def killed(self: Gdb, *arguments: object) -> int | None:
        turns.append(None)
        if len(turns) > 2:
            raise Killed
        return go(self, *arguments)  # type: ignore[arg-type]
    go, turns = Gdb.go, list[None]()
    monkeypatch.setattr(snapshots, "EVERY", 0.001)
    monkeypatch.setattr(Gdb, "go", killed)
    with pytest.raises(Killed):
        boot(image, layout)
    monkeypatch.setattr(Gdb, "go", go)
    assert files(layout) == [".booting"]
    (kept,) = (layout.build / "guest/kept").rglob("*.booting")
    write(kept.with_suffix(".new"), _STATE)
    write(layout.build / "guest/console.log", "the first part of its log")
    boot(image, layout)
    assert (layout.build / "guest/console.log").exists()
    write(kept, _STATE)  # killed as the other one was there already
    boot(image, layout)
    assert not (layout.build / "guest/console.log").exists()
    assert qemus.booted[0] == STEPS and 0 < qemus.booted[1] < STEPS and files(layout) == [".ready"]


@pytest.mark.parametrize("damaged", ["", _STATE, "something else\n"])
def test_what_cannot_be_read_is_forgotten(qemus: Qemus, image: Path, layout: Layout, damaged: str,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    boot(image, layout)
    (kept,) = (layout.build / "guest/kept").rglob("*.ready")
    write(kept, damaged)
    boot(image, layout)
    assert qemus.booted == [STEPS, STEPS] and "cannot be used, and is forgotten" in capsys.readouterr().err
    boot(image, layout)
    assert qemus.booted == [STEPS, STEPS, 0]


def test_what_cannot_be_written_is_booted_again(qemus: Qemus, image: Path, layout: Layout,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    qemus.status = "failed (why)"
    boot(image, layout)
    said = capsys.readouterr().err
    assert not files(layout) and said.count("the guest is not kept in") == 1
    assert "QEMU says 'failed (why)'" in said
    boot(image, layout)
    assert qemus.booted == [STEPS, STEPS]


def test_it_is_read_before_it_goes_on(qemus: Qemus, image: Path, layout: Layout,
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    boot(image, layout)
    qemus.loading = 3
    boot(image, layout)
    assert qemus.booted == [STEPS, 0]
    monkeypatch.setattr(snapshots, "_LIMIT", 0.05)
    qemus.loading = 1000
    boot(image, layout)
    assert qemus.booted == [STEPS, 0, 0, STEPS]


def test_one_that_does_not_boot_is_not_kept(qemus: Qemus, image: Path, layout: Layout) -> None:
    qemus.fails = True
    with pytest.raises(TkfiError, match="the guest did not boot: its init failed"):
        boot(image, layout)
    assert not files(layout)


def test_one_that_breaks_down_is_not_kept(qemus: Qemus, image: Path, layout: Layout) -> None:
    for times in range(2):
        with pytest.raises(TkfiError, match="the guest has no memory at 0x10"):
            with machine.boot(image, image.with_name("qemu"), layout) as guest:
                guest.gdb.read(0, 0x10, 1)
        assert not files(layout) and qemus.booted == [STEPS] * (times + 1)


def test_a_program_runs_in_one_that_was_kept(qemus: Qemus, image: Path, layout: Layout,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    source = image.with_name("a.c")
    write(source, "int main(void) { return 3; }\n")
    for _ in range(2):
        ran = programs.run(image, image.with_name("qemu"), source, layout)
        assert ran == programs.Ran("what it printed", 3)
    assert qemus.booted == [STEPS, 0]
    monkeypatch.setattr(qemu, "ensure_static", lambda _source, to, *_: compiled(to, "a program" * 12))
    with pytest.raises(TkfiError, match="a.c is too large for the guest: compiled, 108 bytes; at most 100"):
        programs.run(image, image.with_name("qemu"), source, layout)


@pytest.mark.parametrize("says", [b"", b"$garbage"])
def test_qemu_ends_with_a_command_unread(says: bytes) -> None:
    """Then the kernel says so with an error, and not with the end of what there is to read."""
    ours, theirs = socket.socketpair()

    def end() -> None:
        theirs.sendall(says)
        while not theirs.recv(1, socket.MSG_PEEK):
            pass
        theirs.close()
    thread = threading.Thread(target=end)
    thread.start()
    with pytest.raises(GdbError, match="QEMU has ended"):
        Gdb(ours)
    thread.join()


def test_a_program_is_compiled_if_it_is_of_something_else(tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the times of its files say."""
    def checked(argv: Sequence[str | Path], **_: object) -> None:
        compiled_.append(argv)
        write(to, "a program")
        if fails:
            raise TkfiError("it does not compile")
    compiled_, fails = list[Sequence[str | Path]](), False
    source, to = tmp_path / "a.c", tmp_path / "build/a"
    monkeypatch.setattr(process, "checked", checked)
    for text, options, number in (("1", (), 1), ("1", (), 1), ("2", (), 2), ("2", ("-O1",), 3)):
        write(source, text)
        os.utime(source, (0, 0))
        qemu.ensure_static(source, to, *options)
        assert len(compiled_) == number and set(options) <= set(compiled_[-1])
    to.unlink()
    fails = True
    with pytest.raises(TkfiError):
        qemu.ensure_static(source, to, "-O1")
    fails = False
    qemu.ensure_static(source, to, "-O1")
    assert len(compiled_) == 5
