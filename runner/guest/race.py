# SPDX-License-Identifier: GPL-2.0
"""The race in a guest: its updater is held, its reader reads, the updater publishes, the reader reads.

Only one of the two goes on at a time. From the first read to the second it is one instruction after
another: what lies between does not depend on the host. The reads are calls of the kernel's own vDSO by the
guest's user space.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from runner.errors import TkfiError
from runner.guest import places
from runner.guest.lines import Line, crossing
from runner.guest.machine import READER, UPDATER, Machine
from runner.guest.places import Counter, Place, Stores

_TICK_US, _PPB_PER_US = 10_000, 100_000  # of struct timex, with a USER_HZ of 100
_MAX_FREQ_PPB = 500_000
_RDTSC = (b"\x0f\x31", b"\x0f\x01\xf9")  # rdtsc, rdtscp
_USER_LIBRARIES = 0x7000_0000_0000  # the vDSO is above, init below
_MOST_STEPS = 30_000
_WAITING = 2.0  # seconds of the host for which a reader that waits is let wait


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


class Race:
    """Tries, one after another, in one guest."""

    def __init__(self, machine: Machine, request: Request) -> None:
        """Let the guest come to its first adjtimex(). Raises TkfiError."""
        self._machine, self._request = machine, request
        self._rdtsc: int | None = None
        for name, ppb in (("before", request.from_ppb), ("after", request.to_ppb)):
            machine.gdb.write(UPDATER, machine.init[name], struct.pack("<qq", *timex(ppb)))
        self._again()
        line = machine.line()
        if line.clock_mode != 1:
            raise TkfiError(f"the guest's clocksource is not the TSC (vDSO clock mode {line.clock_mode}): "
                            "its user space does not read the clock itself; choose another image")

        self.trace = places.trace(machine)
        self._again()

    def find(self, text: str) -> Place:
        """The place that is meant by a --at."""
        return places.find(self._machine, text, self.trace)

    def _again(self) -> None:
        """Let the guest come to the next adjtimex() that is to be held."""
        machine = self._machine
        machine.run([UPDATER, READER], machine.init["at_adjtimex"], machine.init["at_failure"])
        if machine.gdb.rip(UPDATER) != machine.init["at_adjtimex"]:
            raise TkfiError("the guest does not come to adjtimex(); see build/guest/console.log")

    def try_at(self, place: Place) -> Try:
        """Hold the updater at place once. Raises TkfiError where it does not come there."""
        machine = self._machine
        machine.run([READER], machine.init["at_reading"])
        counter, old = Counter(machine), machine.line()
        first = self._read()
        self._come_to(place, counter)
        stores, line = counter.count(), machine.line()
        waits, is_new = bool(line.seq & 1), not line.seq & 1 and line != old
        if waits:
            self._wait()
        else:
            first = self._hold(line)
        self._publish(old)
        second = self._read()
        made = Try(first, second, old, machine.line(), stores, waits, is_new)
        self._again()
        return made

    def _come_to(self, place: Place, counter: Counter) -> None:
        machine = self._machine
        while (rip := machine.gdb.rip(UPDATER)) != place.address or (
                place.stores not in (None, counter.count())):
            if rip == machine.init["at_return"]:
                raise TkfiError(f"adjtimex() does not come to {place.name} in this kernel; choose another "
                                "place")
            if rip == place.address:
                machine.gdb.step(UPDATER)
            elif machine.run([UPDATER], place.address, machine.init["at_return"]) is None:
                raise TkfiError(f"the updater does not come to {place.name}: it is at "
                                f"{machine.known.name(machine.gdb.rip(UPDATER))}")

    def _hold(self, line: Line) -> Read:
        """Let the reader read for so long: its last read."""
        machine = self._machine
        start = self._read()
        until = start.cycle + line.cycles(self._request.delay_ns)
        machine.gdb.write(READER, machine.init["hold_until"], struct.pack("<Q", until))
        if machine.run([READER], machine.init["at_hold_over"]) is None:
            raise TkfiError(f"the reader does not come back: it waits at "
                            f"{machine.known.name(machine.gdb.rip(READER))}; choose another place, or a "
                            "shorter delay")
        return self._read()

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

    def _read(self) -> Read:
        """Let the reader read once, one instruction after another: nothing else takes time."""
        machine, gdb = self._machine, self._machine.gdb
        self._step_to(READER, self._is_rdtsc, "the vDSO's rdtsc")
        gdb.step(READER)
        registers = gdb.registers(READER)
        self._step_to(READER, machine.init["at_reading"].__eq__, "the end of its reading")
        _, ns = struct.unpack("<qq", gdb.read(READER, machine.init["readings"], 16))
        return Read((registers.rdx & 0xffffffff) << 32 | registers.rax & 0xffffffff, ns)

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
        if self._rdtsc is None and _USER_LIBRARIES <= address < 1 << 47 and self._machine.gdb.read(
                READER, address, 3).startswith(_RDTSC):
            self._rdtsc = address
        return address == self._rdtsc


def timex(ppb: int) -> tuple[int, int]:
    """The tick, in us, and the frequency, in units of 2^-16 ppm, that adjtimex() takes for a frequency, as
    tkfi_ntp_frequency() has it."""
    steps = int(ppb / _PPB_PER_US) if abs(ppb) > _MAX_FREQ_PPB else 0
    rest = (ppb - steps * _PPB_PER_US) << 16
    return _TICK_US + steps, abs(rest) // 1000 * (1 if rest >= 0 else -1)
