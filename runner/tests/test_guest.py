# SPDX-License-Identifier: GPL-2.0
"""The race in a guest, with a gdbstub and a guest of our own: what QEMU and a kernel add is what
`make check-guest` tests."""

from __future__ import annotations

import itertools
import json
import re
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from runner import cli
from runner.boot.records import Event
from runner.errors import InputError, TkfiError
from runner.explore import scenarios, schedule
from runner.guest import packages, places, prediction, qemu, schedules
from runner.guest.btf import Btf
from runner.guest.free import FreeRace
from runner.guest.gdb import Gdb, GdbError
from runner.guest.lines import Line, crossing
from runner.guest.machine import UPDATER, Known, Machine
from runner.guest.outcome import Outcome
from runner.guest.places import Stores
from runner.guest.prediction import Prediction
from runner.guest.race import Race, Request, Try, timex
from runner.guest.tries import predict, run
from runner.journal import Journal
from runner.layout import Layout
from runner.report import guest_text
from runner.tests.conftest import write
from runner.tests.guest_stub import (INIT, SAMPLE, SEQUENCE, SYMBOLS, FreeGuest, Guest, Layouts, Stub,
                                     machine)

DELAY_NS = 1_000_000 // 100  # the stub executes 100,000 instructions of each VCPU per second or so
REQUEST = Request(DELAY_NS, 500_000, -500_000)


def tries(guest: Guest, at: str, number: int = 3, request: Request = REQUEST) -> list[Try]:
    """That many at one place."""
    race = Race(machine(guest), request)
    place = race.find(at)
    return [race.try_at(place) for _ in range(number)]


@pytest.mark.parametrize("at, stores", [
    ("advance.sampled", Stores(2, 0)), ("advance.calculated", Stores(2, 0)),
    ("publish.begin", Stores(3, 0)), ("update_vsyscall", Stores(3, 0)),
    ("timekeeping_advance+4", Stores(2, 0)), ("store tk_core.seq#3", Stores(2, 0)),
    ("store vdso.seq", Stores(3, 0))])
def test_goes_back(at: str, stores: Stores) -> None:
    """Held before the publication: for as long in each try, though QEMU stops when it likes."""
    made = tries(Guest(), at)
    for one in made:
        sampled_to_first = one.old.cycles(DELAY_NS)
        assert one.delay_cycles == sampled_to_first + 700
        assert one.second.cycle - one.first.cycle == 700
        assert one.measured_ns == one.predicted_ns and one.held and not one.waits
        assert one.stores == stores and one.delay_cycles and one.delay_cycles > DELAY_NS
        assert abs(one.step_ns - (8_384_414 - 8_392_803) * one.delay_cycles / (1 << 23)) < 0.01


def test_held_for_as_long_wherever_it_stops() -> None:
    """A try in which QEMU stops the guest too late is made again, a few times."""
    guest = Guest()
    guest.lags = iter([0, 1, 5000, 20_000, 3001])
    made = tries(guest, "advance.calculated", 4)
    assert len({one.delay_cycles for one in made}) == 1
    guest.lags = itertools.repeat(20_000)
    (late,) = tries(guest, "advance.calculated", 1)
    assert late.held and late.delay_cycles and made[0].delay_cycles
    assert late.delay_cycles > made[0].delay_cycles + 10_000


@pytest.mark.parametrize("at, stores", [("vsyscall.begin", Stores(3, 1)),
                                        ("store vdso.seq#2", Stores(3, 1)),
                                        ("update_vsyscall+0x8", Stores(3, 1))])
def test_waits(at: str, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.guest.race._WAITING", 0.05)
    (one,) = tries(Guest(), at, 1)
    assert one.waits and one.stores == stores and one.measured_ns == one.predicted_ns > 0


@pytest.mark.parametrize("at, stores", [("vsyscall.end", Stores(3, 2)), ("publish.end", Stores(4, 2))])
def test_held_too_late(at: str, stores: Stores) -> None:
    (one,) = tries(Guest(), at, 1)
    assert one.stores == stores and one.first_is_new and one.step_ns == 0
    assert one.measured_ns == one.predicted_ns > 0


def test_held_too_early() -> None:
    """Before the sample; by an instruction that is executed twice."""
    (one,) = tries(Guest(), "store tk_core.seq#2", 1)
    assert one.stores == Stores(1, 0) and abs(one.step_ns) < 0.1 and one.measured_ns == one.predicted_ns > 0


def test_sees_what_is_not_as_predicted() -> None:
    guest = Guest()
    guest.mistake_ns = 2
    assert not any(one.held for one in tries(guest, "advance.calculated"))
    guest.mistake_ns = 1
    assert all(one.held for one in tries(guest, "advance.calculated"))


def test_a_tick_in_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for what the updater holds: that is tried again, but not for ever."""
    monkeypatch.setattr("runner.guest.race._WAITING", 0.05)
    guest = Guest()
    guest.ticks = iter([True, True, True, *[False] * 10_000])
    made = tries(guest, "publish.begin", 2)
    assert [one.measured_ns - one.predicted_ns for one in made] == [0, 0] and not next(guest.ticks)
    guest.ticks = itertools.repeat(True)
    with pytest.raises(TkfiError, match="the reader does not come back: it waits at"):
        tries(guest, "publish.begin", 1)


def test_a_reader_that_does_not_wait_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.guest.race._WAITING", 0.05)
    guest = Guest()
    guest.spoils = True
    with pytest.raises(TkfiError, match="though the vDSO's sequence is odd"):
        tries(guest, "vsyscall.begin", 1)


@pytest.mark.parametrize("at, why", [
    ("update_vsyscal", "no symbol 'update_vsyscal'; did you mean update_vsyscall"),
    ("update_vsyscall+0x100", "does not come to update_vsyscall\\+0x100"),
    ("store vdso.seq#3", "store vdso.seq#3 was not found")])
def test_no_such_place(at: str, why: str) -> None:
    with pytest.raises(TkfiError, match=why):
        tries(Guest(), at)


def test_nothing_published() -> None:
    guest = Guest()
    guest.publishes = False
    with pytest.raises(TkfiError, match="published no time"):
        tries(guest, "advance.calculated")


def test_clock_not_read() -> None:
    guest = Guest()
    guest.reads_tsc = False
    with pytest.raises(TkfiError, match="did not read the TSC"):
        tries(guest, "advance.calculated")


def test_other_clocksource() -> None:
    guest = Guest()
    guest.put(0x2000, "clock_mode", 0)
    with pytest.raises(TkfiError, match="clock mode 0"):
        tries(guest, "advance.calculated")


def test_third_vcpu_passes_breakpoints() -> None:
    """That one only spins, but its interrupts lead it through the kernel."""
    guest = Guest()
    assert machine(guest).run([UPDATER], SAMPLE) == UPDATER
    assert guest.rips[UPDATER] == SAMPLE


def test_gdb() -> None:
    guest = Guest()
    gdb = Gdb(Stub(guest).client)
    gdb.write(0, 0x3000, bytes(range(256)) * 20)
    assert gdb.read(1, 0x3000, 256 * 20) == bytes(range(256)) * 20
    with pytest.raises(GdbError, match="no memory at 0x10"):
        gdb.read(0, 0x10, 4)
    gdb.break_at(0x7000)
    assert gdb.go([0]) == 0 and gdb.rip(0) == 0x7000
    gdb.break_at(0x7000, there=False)
    gdb.step(0)
    assert guest.load(SEQUENCE, 4) == 1 and gdb.rip(0) == SAMPLE
    assert gdb.go([1], limit=0.05) is None
    gdb.step(0)
    gdb.step(0)
    assert guest.load(SEQUENCE, 4) == 2


def test_gdb_is_gone() -> None:
    stub = Stub(Guest())
    gdb = Gdb(stub.client)
    stub.client.shutdown(socket.SHUT_RDWR)
    with pytest.raises((GdbError, OSError)):
        gdb.rip(0)


@pytest.mark.parametrize("ppb, tick, freq", [
    (500_000, 10_000, 32_768_000), (-500_000, 10_000, -32_768_000), (1, 10_000, 65), (-1, 10_000, -65),
    (500_001, 10_005, 65), (-100_000_000, 9000, 0), (0, 10_000, 0)])
def test_timex(ppb: int, tick: int, freq: int) -> None:
    assert timex(ppb) == (tick, freq)


def test_lines_meet_at_the_sample() -> None:
    old = Line(0, 1, 1000, 8_392_803, 23, 7, 5 << 23)
    sample = 5000
    new = replace(old, mult=8_384_414, nsec=old.nsec + 4000 * (8_392_803 - 8_384_414))
    assert crossing(old, new) == sample and crossing(old, old) is None
    assert old.at(sample) == new.at(sample) == 7_000_000_005 + (4000 * 8_392_803 >> 23)
    assert old.at(0) == 7_000_000_005 - 1001  # of +500 ppm, rounded down


def test_btf() -> None:
    """An image's: struct outer { u32 a; union { struct in { u64 sec; } base[2]; }; } behind a typedef."""
    strings = b"\0outer\0a\0base\0in\0sec\0u\0"
    at = {name: strings.index(name.encode() + b"\0") for name in ("outer", "a", "base", "in", "sec", "u")}

    def kind(name: str, number: int, vlen: int, size: int, *words: int) -> bytes:
        return struct.pack(f"<III{len(words)}I", at.get(name, 0), number << 24 | vlen, size, *words)
    types = b"".join([
        kind("u", 1, 0, 8, 64), kind("in", 4, 1, 8, at["sec"], 1, 0), kind("", 3, 0, 0, 2, 1, 2),
        kind("", 5, 1, 16, at["base"], 3, 0), kind("u", 8, 0, 4),
        kind("outer", 4, 2, 24, at["a"], 1, 0, 0, 5, 64)])
    btf = Btf(struct.pack("<HBBIIIII", 0xeb9f, 1, 0, 24, 0, len(types), len(types), len(strings))
              + types + strings)
    assert btf.offset("outer", ["base", 1, "sec"]) == 16 and btf.offset("outer", ["a"]) == 0
    wrong: list[list[str | int]] = [["b"], ["base", 2], ["a", "sec"]]
    for path in wrong:
        with pytest.raises(TkfiError, match="tkfi does not know this image"):
            btf.offset("outer", path)
    with pytest.raises(TkfiError, match="no BTF"):
        Btf(b"\x7fELF" + bytes(60))


@pytest.mark.parametrize("stores, turn", [
    (Stores(0, 0), "cpu0 before store tk_core.seq#1, host, cpu1 before load vdso.seq#3"),
    (Stores(2, 0), "cpu0 before store tk_core.seq#3, host, cpu1 before load vdso.seq#3"),
    (Stores(3, 0), "cpu0 before store vdso.seq, host, cpu1 before load vdso.seq#3"),
    (Stores(3, 1), "cpu0 before store vdso.seq#2, host, cpu1, cpu0"),
    (Stores(3, 2), "cpu0 before store tk_core.seq#4, host, cpu1 before load"),
    (Stores(4, 2), "cpu0, host, cpu1 before load")])
def test_schedule_of_uml(stores: Stores, turn: str) -> None:
    asked = prediction.schedule_of("6.12", from_ppb=500_000, to_ppb=-500_000, delay_ns=10_003_222,
                                   stores=stores, begin=3)
    assert asked.turns.startswith(turn)
    assert "adjtimex freq=-500ppm" in asked.scenario and "host: 10003222ns" in asked.scenario


def events(*texts: str) -> list[Event]:
    """Of an execution in UML."""
    return [Event("", 1, "read", "read", int(text)) if text.isdigit() else
            Event("", 0, "stop" if text == "stop" else "point", text) for text in texts]


@pytest.mark.parametrize("texts, step, waits", [
    (("stop", "100", "vsyscall.begin", "vsyscall.end", "90"), -10, False),
    (("vsyscall.begin", "stop", "vsyscall.end", "90", "90"), 0, True),
    (("vsyscall.begin", "vsyscall.end", "stop", "90", "90"), 0, False)])
def test_what_uml_says(texts: tuple[str, ...], step: int, waits: bool) -> None:
    asked = prediction.schedule_of("6.12", from_ppb=0, to_ppb=0, delay_ns=0, stores=Stores(2, 0), begin=3)
    made = prediction.outcome(asked, events(*texts))
    assert (made.step_ns, made.waits) == (step, waits)
    with pytest.raises(TkfiError, match="reads instead of 2"):
        prediction.outcome(asked, events("stop", "90"))


FITS = ("tkfi1 6.12.117 post-series \"setup: adjtimex freq=+300ppm, wait 13ms, tick, wait 3ms; cpu0: "
        "adjtimex freq=-200ppm; cpu1: read vdso MONOTONIC, read vdso MONOTONIC; host: 7ms\": "
        "cpu0 before store vdso.seq, host, cpu1 before load vdso.seq#3")


def read(text: str) -> tuple[Request, str]:
    """As the verb reads it."""
    asked = schedule.parse(text)
    return schedules.read(asked, asked.choose(scenarios.shipped(Layout())))


def test_schedule() -> None:
    assert read(FITS) == (Request(7_000_000, 300_000, -200_000), "store vdso.seq")
    assert read(FITS.replace("store vdso.seq,", "store tk_core.seq#3,"))[1] == "store tk_core.seq#3"
    shipped = read("tkfi1 6.12.117 post-series falls-vdso: cpu0 before store vdso.seq, host, cpu1")
    assert shipped[0] == Request(10_000_000, 500_000, -500_000)


@pytest.mark.parametrize("old, new, why", [
    ("cpu0: adjtimex freq=-200ppm", "cpu0: tick", "cpu0 has to be one adjtimex"),
    ("cpu0: adjtimex freq=-200ppm", "cpu0: adjtimex offset=1", "cpu0 has to be one adjtimex"),
    ("read vdso MONOTONIC, read vdso", "read kernel ktime_get, read vdso", "cpu1 has to be 'read vdso"),
    ("host: 7ms", "cpu2: tick; host: 7ms", "cpu2 has to be left out"),
    ("; host: 7ms", "", "host has to be one delay"),
    ("setup: adjtimex freq=+300ppm, wait", "setup: wait", "setup has to begin with adjtimex"),
    ("before store vdso.seq,", "before store tk_core.xtime_sec,", "a guest can be held once"),
    ("before store vdso.seq, host,", "before store vdso.seq,", "a guest can be held once"),
    (": cpu0 before store vdso.seq, host, ", ": ", "a guest can be held once")])
def test_schedule_that_a_guest_cannot_execute(old: str, new: str, why: str) -> None:
    assert old in FITS
    with pytest.raises(InputError, match=why):
        read(FITS.replace(old, new))


def test_uml_is_held_as_long_in_ns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the TSC's frequency is."""
    (one,) = tries(Guest(), "advance.calculated", 1)
    asked = list[str]()
    monkeypatch.setattr("runner.guest.prediction.predict", lambda kernel, schedule, layout: asked.append(
        str(schedule)))
    for khz in (1_000_000, 3_000_000):
        predict("6.12.117+deb12-cloud-amd64", REQUEST, one, 3, khz, Layout())
    assert one.delay_cycles and [re.findall(r"host: (\d+)ns", text) for text in asked] == [
        [str(one.delay_cycles)], [str(one.delay_cycles // 3)]]


def test_kvm_that_is_not_there(capsys: pytest.CaptureFixture[str], layout: Layout, tmp_path: Path,
                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.verbs.guest._KVM", str(tmp_path / "kvm"))
    assert cli.main(["guest", "--accel", "kvm"], layout) == 2
    assert "cannot be run under KVM: there is no" in capsys.readouterr().err


@pytest.mark.parametrize("arguments, why", [
    (["--at", "update_vsyscall+x"], "a place is SYMBOL, SYMBOL+OFFSET or one of advance.sampled"),
    (["--at", "store vdso.seq"], "a place is SYMBOL"),
    (["--kernel", "5.10"], "those before the patch series of 2013 too"),
    (["--kernel", "/dev/null"], "is no kernel image"),
    (["--kernel", "./nothing"], "cannot be read: No such file"),
    (["--accel", "xen"], "'xen' is none of tcg, kvm"),
    (["--tries", "0"], "not a number from 1 to 1000"),
    (["--run", "x.c", "--accel", "kvm"], "a program is run under TCG only"),
    (["--delay", "2s"], "at most 1s"),
    (["--delay", "-1ms"], "cannot be negative"),
    ([FITS, "--delay", "3ms"], "leave out --delay"),
    ([FITS.replace("cpu0: adjtimex freq=-200ppm", "cpu0: tick")], "cpu0 has to be one")])
def test_mistakes(arguments: list[str], why: str, capsys: pytest.CaptureFixture[str],
                  layout: Layout) -> None:
    assert cli.main(["guest", *arguments], layout) == 2
    assert why in capsys.readouterr().err


def test_no_package(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TKFI_MIRROR", f"file://{tmp_path}/nothing")
    with pytest.raises(TkfiError, match="no image of Linux 7.3 .*set TKFI_MIRROR"):
        packages.choose("7.3", layout)
    with pytest.raises(TkfiError, match="QEMU cannot be had from file:.*set TKFI_MIRROR"):
        packages.ensure_qemu(layout)


def test_image_that_is_there(layout: Layout) -> None:
    place = layout.build / "guest/images/6.12.7-cloud-amd64"
    image = place / "boot/vmlinuz-6.12.7"
    image.parent.mkdir(parents=True)
    head = bytearray(0x400)
    head[0x202:0x206], head[0x20e:0x210] = b"HdrS", (0x100).to_bytes(2, "little")
    image.write_bytes(bytes(head[:0x300]) + b"6.12.7-cloud-amd64 (somebody@debian) #1\0")
    (place / "newest").touch()
    for choice in ("6.12", "6.12.7-cloud-amd64", str(image)):
        assert packages.choose(choice, layout) == image
    assert packages.release(image) == "6.12.7-cloud-amd64"


def made(at: str, uml: Prediction | None, number: int = 2) -> Outcome:
    """What the stub's guest comes to."""
    return Outcome(REQUEST, "6.12.117+deb12-cloud-amd64", qemu.TCG, at, f"timekeeping_advance+{4:#x}",
                   tries(Guest(), at, number), uml, "" if uml else "not known")


@pytest.fixture(name="free")
def under_kvm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FreeGuest:
    monkeypatch.setattr("runner.guest.free._KERNEL_TEXT", 0)
    return FreeGuest(tmp_path / "memory")


def free_tries(guest: FreeGuest, at: str, number: int = 2) -> list[Try]:
    """That many at one place."""
    race = FreeRace(Machine(Gdb(Stub(guest).client), INIT, Known(SYMBOLS, Layouts()), spins=False,
                            memory=guest.file), Request(100_000_000, 500_000, -500_000))
    place = race.find(at)
    return [race.try_at(place) for _ in range(number)]


@pytest.mark.parametrize("at", ["advance.sampled", "advance.calculated", "publish.begin",
                                "update_vsyscall"])
def test_free_goes_back(free: FreeGuest, at: str) -> None:
    for one in free_tries(free, at):
        assert one.measured_ns < 0 and one.held and not one.waits and not one.first_is_new
    assert not any(free.file.read_bytes())  # what had been there


def test_free_waits(free: FreeGuest) -> None:
    for one in free_tries(free, "vsyscall.begin"):
        assert one.waits and one.held and one.measured_ns > 100


def test_free_too_late(free: FreeGuest) -> None:
    for one in free_tries(free, "publish.end"):
        assert one.first_is_new and one.held and one.measured_ns > 0


def test_free_reader_is_interrupted(free: FreeGuest) -> None:
    free.ticks = itertools.chain([True, True], itertools.repeat(False))
    made = free_tries(free, "publish.begin")
    assert all(one.held and one.measured_ns < 0 for one in made) and not next(free.ticks)
    free.ticks = itertools.repeat(True)
    with pytest.raises(TkfiError, match="in 5 tries at publish.begin the clock went back"):
        free_tries(free, "publish.begin", 1)


def test_free_updater_does_not_come_back(free: FreeGuest, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def held(_: object, address: int) -> Iterator[Callable[[], None]]:
        free.held[address:address + 2] = b"\xeb\xfe"
        yield lambda: None
    monkeypatch.setattr("runner.guest.free._LIMIT", 0.1)
    monkeypatch.setattr(FreeRace, "_held", held)
    with pytest.raises(TkfiError, match="the updater does not come back: it is at"):
        free_tries(free, "publish.end", 1)


def test_free_mistake(free: FreeGuest) -> None:
    free.mistake_ns = -40
    assert not any(one.held for one in free_tries(free, "advance.calculated"))


def test_free_across_cache_lines(free: FreeGuest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.guest.free._CACHE_LINE", 0x9001)
    with pytest.raises(TkfiError, match="at the end of a cache line; choose the next one"):
        free_tries(free, "update_vsyscall")


def test_text_and_json() -> None:
    one = made("advance.calculated", None)
    step = round(one.tries[0].step_ns)
    good = replace(one, prediction=Prediction("tkfi1 x", step, False))
    text = guest_text.text(good)
    back = -one.tries[0].measured_ns
    assert good.held and "That agrees." in text and "2 of 2 tries as predicted" in text
    assert (f"<- {back} ns back" in text) == (back > 0)
    data = json.loads(json.dumps(good.json()))
    assert {"first_ns", "second_ns", "predicted_ns"} <= data["tries"][0].keys() and data["agrees"] is True
    for bad in (Prediction("tkfi1 x", step - 3, False), Prediction("tkfi1 x", step, True)):
        other = replace(one, prediction=bad)
        assert not other.held and "THAT DOES NOT AGREE." in guest_text.text(other)
    assert one.held and one.agrees is None and guest_text.text(one).endswith("not known")


def test_text_of_a_wrong_guest() -> None:
    guest = Guest()
    guest.mistake_ns = 5
    one = replace(made("advance.calculated", None), tries=tries(guest, "advance.calculated", 2))
    assert not one.held and "NOT AS PREDICTED. 0 of 2 tries" in guest_text.text(one)


def test_text_of_a_reader_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.guest.race._WAITING", 0.05)
    one = made("vsyscall.begin", Prediction("tkfi1 x", 0, True), 1)
    text = guest_text.text(one)
    assert one.held and "<blocked on the vDSO's sequence>" in text and "The reader waited" in text


def test_text_of_all_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.guest.race._WAITING", 0.05)
    waits = made("vsyscall.begin", Prediction("tkfi1 x", 0, True), 1)
    one = made("advance.calculated", None)
    step = round(one.tries[0].step_ns)
    rows = guest_text.places([waits, replace(one, prediction=Prediction("tkfi1 x", step, False)),
                              replace(one, prediction=Prediction("tkfi1 x", step, True)), one])
    words = [row.split() for row in rows.splitlines() if re.search(r"\d of \d", row)]
    assert words[0] == ["vsyscall.begin", "1", "of", "1", "waits", "waits", "yes"]
    assert words[1][-2:] == [f"{step:+,}", "yes"] and words[2][-2:] == ["waits", "NO"]
    assert words[3][:4] == ["advance.calculated", "2", "of", "2"] and rows.endswith("not known")
    assert max(map(len, rows.splitlines())) <= 80


def test_a_point_that_cannot_be_tried(layout: Layout, monkeypatch: pytest.MonkeyPatch,
                                      tmp_path: Path) -> None:
    """The others are, each in a guest of its own."""
    @contextmanager
    def boot(*_: object) -> Iterator[Machine]:
        guest = Guest()
        guest.store(SYMBOLS["tsc_khz"], 10**6, 4)
        booted.append(None)
        if ends:
            raise ends
        yield machine(guest)

    def find(place: str) -> Callable[[Race, str], places.Place]:
        def refusing(self: Race, text: str) -> places.Place:
            if re.fullmatch(place, text):
                raise TkfiError(f"{text} was not found")
            return found(self, text)
        return refusing
    booted, found, ends = list[None](), Race.find, TkfiError("")
    monkeypatch.setattr("runner.guest.machine.boot", boot)
    monkeypatch.setitem(SYMBOLS, "tsc_khz", 0x3100)
    monkeypatch.setattr("runner.guest.race._WAITING", 0.05)
    monkeypatch.setattr(packages, "ensure_qemu", lambda _layout: tmp_path)
    monkeypatch.setattr(packages, "release", lambda _image: "9.9-cloud")
    write(tmp_path / "image", "")
    write(tmp_path / "usr/bin/qemu-system-x86_64", "")

    def tried(place: str) -> list[Outcome]:
        return run(tmp_path / "image", qemu.TCG, REQUEST, place, 2, layout, Journal(tmp_path / "journal"))
    with pytest.raises(TkfiError):
        tried(places.ALL)
    assert len(booted) == 1
    ends = None  # type: ignore[assignment]
    monkeypatch.setattr(Race, "find", find("advance.calculated"))
    outcomes = tried(places.ALL)
    assert [one.missed for one in outcomes] == ["", "advance.calculated was not found", *[""] * 4]
    assert [one.held for one in outcomes] == [True, False, *[True] * 4] and len(booted) == 7
    rows = guest_text.places(outcomes)
    assert re.search(r"advance.calculated +not tried\n", rows)
    assert "\n\nadvance.calculated: advance.calculated was not found\n\n" in rows
    assert [one.json()["missed"] for one in outcomes][1] == "advance.calculated was not found"
    monkeypatch.setattr(packages, "choose", lambda *_: tmp_path / "image")
    wrong = replace(outcomes[0], prediction=Prediction("", 7, False))
    for made_up, status in ((outcomes, 2), (outcomes[2:], 0), ([wrong, outcomes[1]], 1)):
        monkeypatch.setattr("runner.guest.tries.run", lambda *_, made=made_up: made)
        assert cli.main(["guest", "--at", "all"], layout) == status
    monkeypatch.setattr(Race, "find", find(".*"))
    for place, first in ((places.ALL, "advance.sampled"), (places.BEFORE, places.BEFORE)):
        with pytest.raises(TkfiError, match=f"{first} was not found"):
            tried(place)

    def ended(_self: Race, _text: str) -> places.Place:
        raise GdbError("QEMU has ended")
    monkeypatch.setattr(Race, "find", ended)
    booted.clear()
    with pytest.raises(GdbError):
        tried(places.ALL)
    assert len(booted) == 1
    monkeypatch.setattr(Race, "find", found)
    monkeypatch.setattr(Race, "try_at", lambda *_: pytest.fail("it was tried before"))
    assert tried("publish.end")[0].tries == outcomes[5].tries
    write(tmp_path / "image", "another")
    with pytest.raises(pytest.fail.Exception):
        tried("publish.end")


def test_places_are_points_of_uml() -> None:
    patch = (Layout().patches / "6.12/0003-injection-points.patch").read_text(encoding="utf-8")
    assert all(f"tkfi_point({point});" in patch for point in places.POINTS)
    assert INIT.keys() >= {"at_adjtimex", "at_return", "at_reading", "at_hold_over"}
