# SPDX-License-Identifier: GPL-2.0
"""The race in a guest: its updater is held, its reader reads, the updater publishes, the reader reads.

Only one of the two goes on at a time. From the first read to the second it is one instruction after
another: what lies between does not depend on the host. The reads are calls of the kernel's own vDSO by the
guest's user space.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from runner.errors import TkfiError
from runner.guest import places
from runner.guest.lines import Line, crossing
from runner.guest.machine import READER, UPDATER, Machine
from runner.guest.places import Counter, Place, Stores

_TICK_US, _PPB_PER_US = 10_000, 100_000  # of struct timex, with a USER_HZ of 100
_MAX_FREQ_PPB = 500_000
_USER_LIBRARIES = 0x7000_0000_0000  # the vDSO is above, init below
_MOST_STEPS = 30_000
_STOPPING = 500  # cycles that hardly ever pass until QEMU has stopped the guest: about 100 do
_TRIED = 5  # times, if more have passed
_BETWEEN = 700  # cycles from the read before the publication to the one after it, at least
_ALONE = 2.0  # seconds of the host for which an updater goes on without its reader, if it can
_WAITING = 2.0  # seconds of the host for which a reader that waits is let wait
_SLOWER = 100  # times, at most: the guest than the host


@dataclass(frozen=True)
class Request:
    """What the user asked for."""

    delay_ns: int
    from_ppb: int
    to_ppb: int


@dataclass(frozen=True)
class Read:
    """A clock_gettime() of the guest: the cycle that the vDSO read, and what it returned."""

    cycle: int
    ns: int


@dataclass(frozen=True)
class Try:
    """A pair of reads around a publication, and the lines by which the vDSO had to answer them.

    stores says where the updater was held; the reader waits if the vDSO's sequence was odd then: its first
    read is the last before that.
    """

    first: Read
    second: Read
    old: Line
    new: Line
    stores: Stores
    waits: bool
    first_is_new: bool

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Try:
        """What asdict() made of one."""
        types: dict[str, Callable[..., object]] = {
            "first": Read, "second": Read, "old": Line, "new": Line, "stores": Stores}
        return cls(**{name: types[name](**value) if name in types else value
                      for name, value in data.items()})

    @property
    def measured_ns(self) -> int:
        """By how much the clock went on; back is negative."""
        return self.second.ns - self.first.ns

    @property
    def predicted_ns(self) -> int:
        """The same by the lines that the kernel published."""
        return self.new.at(self.second.cycle) - self._first_line.at(self.first.cycle)

    @property
    def held(self) -> bool:
        """Whether the prediction holds, within 1 ns."""
        return abs(self.measured_ns - self.predicted_ns) <= 1

    @property
    def step_ns(self) -> Fraction:
        """How far the new line is from the one before at the cycle of the second read: a*D / 2^shift."""
        return self.new.exactly_at(self.second.cycle) - self._first_line.exactly_at(self.second.cycle)

    @property
    def delay_cycles(self) -> int | None:
        """D: the cycles from the sample to the second read; None if nobody can tell by the lines."""
        sample = crossing(self.old, self.new)
        return None if sample is None else round(self.second.cycle - sample)

    @property
    def _first_line(self) -> Line:
        return self.new if self.first_is_new else self.old


class _ReaderWaits(TkfiError):
    """The reader does not read: an interrupt has it wait for what the updater holds, perhaps."""


class Race:
    """Tries, one after another, in one guest."""

    def __init__(self, machine: Machine, request: Request) -> None:
        """Let the guest come to its first adjtimex(). Raises TkfiError."""
        self._machine, self._request = machine, request
        self._rdtsc: int | None = None
        self._old = machine.line()  # before the try
        self._at = self._lead = 0  # steps at the reader's last rdtsc, and how many led to it
        for name, ppb in (("before", request.from_ppb), ("after", request.to_ppb)):
            machine.gdb.write(UPDATER, machine.init[name], struct.pack("<qq", *timex(ppb)))
        self.again()
        line = machine.line()
        if line.clock_mode != 1:
            raise TkfiError(f"the guest's clocksource is not the TSC (vDSO clock mode {line.clock_mode}): "
                            "its user space does not read the clock itself; choose another image")

        self.trace = places.trace(machine)
        self.again()

    def find(self, text: str) -> Place:
        """The place that is meant by a --at."""
        return places.find(self._machine, text, self.trace)

    def again(self) -> None:
        """Let the guest come to the next adjtimex() that is to be held."""
        machine = self._machine
        stops = machine.init["at_adjtimex"], machine.init["at_failure"]
        if machine.run([UPDATER], *stops, limit=_ALONE) is None:
            machine.run([UPDATER, READER], *stops)
        if machine.gdb.rip(UPDATER) != machine.init["at_adjtimex"]:
            raise TkfiError("the guest does not come to adjtimex(); see build/guest/console.log")

    def try_at(self, place: Place) -> Try:
        """Hold the updater at place once, and for as long as was asked for if QEMU stops the guest in time
        and no interrupt has the reader wait for the updater. Raises TkfiError where the updater does not
        come there, and where the reader does not come back."""
        for left in reversed(range(_TRIED)):
            try:
                made, late = self._try_at(place)
            except _ReaderWaits:
                if not left:
                    raise
                self._publish(self._old)
                self.again()
                continue
            if not late or not left:
                break
        return made

    def _try_at(self, place: Place) -> tuple[Try, bool]:
        """A try, and whether it was held for longer than was asked for."""
        machine, late = self._machine, False
        machine.run([READER], machine.init["at_reading"])
        counter, old = Counter(machine), machine.line()
        self._old = old
        first = self._read()
        sampled = self.come_to(place, counter)
        stores, line = counter.count(), machine.line()
        waits, is_new = bool(line.seq & 1), not line.seq & 1 and line != old
        if waits:
            self._wait()
        else:
            first, late = self._hold(line, sampled)
        self._publish(old)
        second = (self._read() if waits or sampled is None else
                  self._read_at(first.cycle + _BETWEEN, first))
        made = Try(first, second, old, machine.line(), stores, waits, is_new)
        self.again()
        return made, late

    def come_to(self, place: Place, counter: Counter) -> int | None:
        """Let the updater come to a place. Returns the cycle that it has sampled, if it has: from there on
        it executes one instruction after another, so that as much time passes in each try."""
        machine, sample = self._machine, self.trace.sample
        begin, hits, cycle = machine.known.address("do_adjtimex"), 0, None
        while (rip := machine.gdb.rip(UPDATER)) != place.address or (
                place.stores not in (None, counter.count())) or (place.sampled and cycle is None):
            hits = 0 if rip == begin else hits + (rip == sample.address)
            if rip == sample.address and hits == sample.nth:
                cycle = machine.step_rdtsc(UPDATER)
            elif rip == machine.init["at_return"]:
                raise TkfiError(f"adjtimex() does not come to {place.name} in this kernel; choose another "
                                "place")
            elif cycle is not None or rip == place.address:
                machine.gdb.step(UPDATER)
            elif machine.run([UPDATER], place.address, begin, sample.address,
                             machine.init["at_return"]) is None:
                raise TkfiError(f"the updater does not come to {place.name}: it is at "
                                f"{machine.known.name(machine.gdb.rip(UPDATER))}")
        return cycle

    def _hold(self, line: Line, sampled: int | None) -> tuple[Read, bool]:
        """Let the reader read for so long: its last read. If the cycle of the sample is known, that is so
        many cycles later, or even later: then True, too."""
        start = self._read()
        cycles = line.cycles(self._request.delay_ns)
        if sampled is None:
            self._read_until(start.cycle + cycles)
            return self._read(), False
        if sampled + cycles - _STOPPING > start.cycle:
            lead = self._lead
            self._read_until(sampled + cycles - _STOPPING)
            start = self._read()
            self._lead = lead  # of a read after a read
        made = self._read_at(sampled + cycles, start)
        return made, made.cycle > sampled + cycles

    def _read_at(self, cycle: int, last: Read) -> Read:
        """Let the reader read at a cycle, or as soon as it can if that is later; last: its last read, after
        which there were only steps, of a cycle each."""
        return self._read(max(0, cycle - last.cycle - (self._machine.gdb.steps - self._at) - self._lead))

    def _read_until(self, cycle: int) -> None:
        """Let the reader read until then, and on until QEMU has stopped the guest."""
        machine = self._machine
        machine.gdb.write(READER, machine.init["hold_until"], struct.pack("<Q", cycle))
        limit = _WAITING + self._request.delay_ns / 10**9 * _SLOWER
        if machine.run([READER], machine.init["at_hold_over"], limit=limit) is None:
            raise _ReaderWaits(f"the reader does not come back: it waits at "
                               f"{machine.known.name(machine.gdb.rip(READER))}; choose another place, or a "
                               "shorter delay")

    def _wait(self) -> None:
        """Let the reader wait. Raises TkfiError if it does not."""
        machine = self._machine
        if machine.run([READER], machine.init["at_reading"], limit=_WAITING) is not None:
            raise TkfiError("the reader read the clock though the vDSO's sequence is odd")

    def _publish(self, old: Line) -> None:
        """Let the updater go on until both sequences are even and the new line is there."""
        machine = self._machine
        line = machine.line()
        if line == old or line.seq & 1 or machine.word(machine.known.sequence) & 1:
            end = self.trace.stores[-1].after
            self._step_to(UPDATER, end.__eq__, machine.known.name(end))

    def _read(self, wait: int = 0) -> Read:
        """Let the reader read once, one instruction after another: nothing else takes time. wait: before
        that it executes so many instructions more."""
        machine, gdb = self._machine, self._machine.gdb
        begun = gdb.steps
        if wait:
            gdb.write(READER, machine.init["spin"], struct.pack("<Q", wait))
            self._step_to(READER, machine.init["at_spin"].__eq__, "the wait before its reading")
            gdb.write(READER, machine.init["spin"], bytes(8))
            for _ in range(wait):
                gdb.step(READER)
        self._step_to(READER, self._is_rdtsc, "the vDSO's rdtsc")
        cycle = machine.step_rdtsc(READER)
        self._at, self._lead = gdb.steps, gdb.steps - begun - wait
        self._step_to(READER, machine.init["at_reading"].__eq__, "the end of its reading")
        _, ns = struct.unpack("<qq", gdb.read(READER, machine.init["readings"], 16))
        return Read(cycle, ns)

    def _step_to(self, vcpu: int, there: Callable[[int], bool], what: str) -> None:
        """Let a VCPU come to an address that is right, if it is not there."""
        for _ in range(_MOST_STEPS):
            if there(self._machine.gdb.rip(vcpu)):
                return
            self._machine.gdb.step(vcpu)
        raise TkfiError(f"VCPU{vcpu} does not come to {what}: it is at "
                        f"{self._machine.known.name(self._machine.gdb.rip(vcpu))}")

    def _is_rdtsc(self, address: int) -> bool:
        """Whether the vDSO reads the TSC there."""
        if self._rdtsc is None and _USER_LIBRARIES <= address < 1 << 47 and self._machine.is_rdtsc(
                READER, address):
            self._rdtsc = address
        return address == self._rdtsc


def timex(ppb: int) -> tuple[int, int]:
    """The tick, in us, and the frequency, in units of 2^-16 ppm, that adjtimex() takes for a frequency, as
    tkfi_ntp_frequency() has it."""
    steps = int(ppb / _PPB_PER_US) if abs(ppb) > _MAX_FREQ_PPB else 0
    rest = (ppb - steps * _PPB_PER_US) << 16
    return _TICK_US + steps, abs(rest) // 1000 * (1 if rest >= 0 else -1)
