# SPDX-License-Identifier: GPL-2.0
"""The race in a guest whose VCPUs run at the same time, as under KVM: the updater is held by a jump to
itself, and let go by a store into the guest's memory, while the reader reads all the time.

To stop the guest for that would hide a step of some us: its TSC goes on meanwhile.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction

from runner.errors import TkfiError
from runner.guest.lines import Line
from runner.guest.machine import READER, UPDATER, Machine
from runner.guest.places import Counter, Place
from runner.guest.race import Race, Read, Request, Try

_JUMP_TO_ITSELF = 0xfeeb  # jmp .
_CACHE_LINE = 64
_STARTS_WATCHING = struct.pack("<i", 2)
_KERNEL_TEXT = 0xffff_ffff_8000_0000  # __START_KERNEL_map
_READING = struct.Struct("<QQq")
_LIMIT = 2.0  # seconds in which each of them comes back
_TRIED = 5  # times, if the reader sees nothing


class FreeRace:
    """Tries, one after another, in one guest."""

    def __init__(self, machine: Machine, request: Request) -> None:
        """As Race. Raises TkfiError."""
        self._machine, self._request, self._race = machine, request, Race(machine, request)
        self.trace = self._race.trace
        self._phys_base = int.from_bytes(
            machine.gdb.read(UPDATER, machine.known.address("phys_base"), 8), "little")
        assert machine.memory
        with machine.memory.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)

    def find(self, text: str) -> Place:
        """As Race."""
        return self._race.find(text)

    def try_at(self, place: Place) -> Try:
        """Hold the updater at place once. The reads are those around the moment when the clock went back;
        if it did not, the longest one, and the one before. If it should have, that is tried again: an
        interrupt may have the reader wait for what the updater holds. Raises TkfiError where the updater
        does not come there, or cannot be held there, and if the reader never sees it."""
        for _ in range(_TRIED):
            made, missed = self._try_at(place)
            if not missed:
                return made
        raise TkfiError(f"in {_TRIED} tries at {place.name} the clock went back, and the reader did not "
                        "see it: an interrupt had it wait, or the step is too small; choose another place, "
                        "or a longer delay")

    def _try_at(self, place: Place) -> tuple[Try, bool]:
        """A try, and whether the clock should have been seen to go back, and was not."""
        machine = self._machine
        self._watch()
        counter, old = Counter(machine), machine.line()
        self._race.come_to(place, counter)
        stores, line = counter.count(), machine.line()
        waits, is_new = bool(line.seq & 1), not line.seq & 1 and line != old
        if is_new:
            self._watch()
        with self._held(machine.gdb.rip(UPDATER)) as release:
            def hold() -> None:
                time.sleep(self._request.delay_ns / 10**9)
                release()
            stopped = machine.run([UPDATER, READER], machine.init["at_back"], machine.init["at_settled"],
                                  limit=_LIMIT, meanwhile=hold)
        if stopped is None:
            raise TkfiError(f"the updater does not come back: it is at {self._where(UPDATER)}; choose "
                            "another place")
        new = machine.line()
        first, second = self._reads("back" if stopped == READER else "longest")
        self._race.again()
        made = Try(_read(new if is_new else old, *first), _read(new, *second), old, new, stores, waits,
                   is_new)
        return made, stopped != READER and not waits and made.step_ns < 0

    def _where(self, vcpu: int) -> str:
        return self._machine.known.name(self._machine.gdb.rip(vcpu))

    def _watch(self) -> None:
        """Let the reader read once, and watch the clock from then on."""
        machine = self._machine
        for name in ("back", "longest"):
            machine.gdb.write(READER, machine.init[name], bytes(2 * _READING.size))
        machine.gdb.write(READER, machine.init["watching"], _STARTS_WATCHING)
        if machine.run([READER], machine.init["at_watching"], limit=_LIMIT) is None:
            raise TkfiError(f"the guest's reader does not read: it is at {self._where(READER)}; choose "
                            "another place")

    @contextmanager
    def _held(self, address: int) -> Iterator[Callable[[], None]]:
        """Have an instruction of the kernel jump to itself, until what it was is stored again: by what this
        gives, and at the end. Stores are of 16 bits at once, as a VCPU may execute what is there."""
        if address % _CACHE_LINE == _CACHE_LINE - 1:
            raise TkfiError(f"the updater cannot be held at {self._machine.known.name(address)} under KVM: "
                            "the instruction begins at the end of a cache line; choose the next one")
        word = ctypes.c_uint16.from_buffer(self._memory, address - _KERNEL_TEXT + self._phys_base)
        instruction, word.value = word.value, _JUMP_TO_ITSELF

        def release() -> None:
            word.value = instruction

        try:
            yield release
        finally:
            release()

    def _reads(self, name: str) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Two readings of the guest's: the cycles between which each was made, and ns."""
        data = self._machine.gdb.read(READER, self._machine.init[name], 2 * _READING.size)
        first, second = _READING.iter_unpack(data)
        return first, second  # type: ignore[return-value]


def _read(line: Line, start: int, end: int, ns: int) -> Read:
    """A reading that was made between two cycles: of these the one at which the line gives it, or comes
    nearest to it."""
    cycle = line.cycle_last + -(-((Fraction(ns) - line.exactly_at(line.cycle_last)) *
                                  (1 << line.shift)) // line.mult)
    return Read(min(max(int(cycle), start), end), ns)
