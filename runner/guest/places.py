# SPDX-License-Identifier: GPL-2.0
"""Where the updater can be held: what is written as --at, and where that is in an image.

Points are those of UML (./tkfi list points) that can be told by the sequences alone: the instruction that
is about to change one, or the one after it; and the one after the clock was sampled. They are found by
having the guest publish once, watched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.errors import InputError, TkfiError
from runner.guest.machine import UPDATER, Machine

_SYMBOL = re.compile(r"([A-Za-z_][\w.]*)(?:\+(0[xX][0-9a-fA-F]+|\d+))?", re.ASCII)
_MOST_STEPS = 30_000


@dataclass(frozen=True)
class Stores:
    """How often an adjtimex() has changed the sequence of the kernel's readers and that of the vDSO's."""

    kernel: int
    vdso: int


@dataclass(frozen=True)
class Place:
    """An address; after which stores of the sequences, if that matters; and whether only after the clock
    was sampled."""

    name: str
    address: int
    stores: Stores | None = None
    sampled: bool = False


@dataclass(frozen=True)
class Store:
    """One of them: how many there are then, the address of its instruction, and that of the next one."""

    stores: Stores
    address: int
    after: int


@dataclass(frozen=True)
class Sample:
    """The rdtsc by which an adjtimex() samples the clock: its address, the how many-th execution of that
    instruction it is, from the entry of do_adjtimex() on, and the address of the next instruction."""

    address: int
    nth: int
    after: int


@dataclass(frozen=True)
class Trace:
    """All stores of one adjtimex(); begin: which of the kernel's sequence begins the publication; sample:
    the last one before that."""

    stores: Sequence[Store]
    begin: int
    sample: Sample


class Counter:
    """Counts the stores since it was made."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._first = machine, (0, 0)
        first = self.count()
        self._first = first.kernel, first.vdso

    def count(self) -> Stores:
        """So far."""
        kernel, vdso = (self._machine.word(at) - first & 0xffffffff for at, first in zip(
            (self._machine.known.sequence, self._machine.vdso_sequence), self._first))
        return Stores(kernel, vdso)


def _nth(kernel: int, vdso: int) -> Callable[[int], Stores]:
    """After the store of the kernel's sequence that begins the publication and so many more, and so many of
    the vDSO's."""
    return lambda begin: Stores(begin + kernel, vdso)


BEFORE = "advance.calculated"
_SAMPLED = "advance.sampled"
_AFTER = {"publish.begin": _nth(0, 0), "vsyscall.begin": _nth(0, 1), "vsyscall.end": _nth(0, 2),
          "publish.end": _nth(1, 2)}
POINTS = (_SAMPLED, BEFORE, *_AFTER)
ALL = "all"
STORE = "store "  # a place as a schedule has it: the instruction that makes such a store
SEQUENCES = {"tk_core.seq": "kernel", "vdso.seq": "vdso"}  # as a schedule names them, and in Stores
_STORE = re.compile(rf"{STORE}({'|'.join(map(re.escape, SEQUENCES))})(?:#(\d+))?", re.ASCII)


def check(text: str) -> None:
    """Raises InputError for what is neither all points, nor one, nor SYMBOL+OFFSET."""
    if text == ALL or text in POINTS:
        return
    match = _SYMBOL.match(text)
    if not match or match.end() != len(text):
        at = match.end() if match else 0
        raise InputError(text, at, max(1, len(text) - at), "a place is SYMBOL, SYMBOL+OFFSET or one of "
                         f"{', '.join(POINTS)}, {ALL}; try update_vsyscall+0x11")


def trace(machine: Machine) -> Trace:
    """Let the guest call do_adjtimex(), one instruction after another. Raises TkfiError if that publishes
    nothing, or does not read the TSC before."""
    machine.run([UPDATER], machine.known.address("do_adjtimex"), machine.init["at_return"])
    counter, stores, samples = Counter(machine), list[Store](), list[tuple[Stores, Sample]]()
    rip, last = machine.gdb.rip(UPDATER), Stores(0, 0)
    for _ in range(_MOST_STEPS):
        if rip == machine.init["at_return"]:
            break
        machine.gdb.step(UPDATER)
        address, rip, now = rip, machine.gdb.rip(UPDATER), counter.count()
        if machine.is_rdtsc(UPDATER, address):
            nth = 1 + sum(one.address == address for _, one in samples)
            samples.append((now, Sample(address, nth, rip)))
        if now != last:
            last = now
            stores.append(Store(now, address, rip))
            if now.vdso and now.vdso % 2 == now.kernel % 2 == 0:
                break
    begin = next((one.stores.kernel for one in stores if one.stores.vdso == 1), 0)
    if not begin:
        raise TkfiError("the guest's adjtimex() published no time, so there is no place to hold it at")
    before = [one for at, one in samples if at.kernel < begin]
    if not before:
        raise TkfiError("the guest's adjtimex() did not read the TSC; choose another image")
    return Trace(stores, begin, before[-1])


def find(machine: Machine, text: str, traced: Trace) -> Place:
    """A place that check() has let pass, or of a schedule. Raises TkfiError where the image has none."""
    if store := _STORE.fullmatch(text):
        return _before(text, traced, SEQUENCES[store[1]], int(store[2] or "1"))
    if text == _SAMPLED:
        return Place(text, traced.sample.after, sampled=True)
    if text == BEFORE:
        return _before(text, traced, "kernel", traced.begin)
    if text in POINTS:
        wanted = _AFTER[text](traced.begin)
        for one in traced.stores:
            if one.stores == wanted:
                return Place(text, one.after, wanted)
        raise _not_found(text)
    match = _SYMBOL.match(text)
    assert match
    return Place(text, machine.known.address(match[1]) + int(match[2] or "0", 0))


def _before(name: str, traced: Trace, sequence: str, nth: int) -> Place:
    """The instruction that makes the nth store of a sequence."""
    last = Stores(0, 0)
    for one in traced.stores:
        if getattr(one.stores, sequence) == nth:
            return Place(name, one.address, last)
        last = one.stores
    raise _not_found(name)


def _not_found(name: str) -> TkfiError:
    return TkfiError(f"{name} was not found in the guest's kernel; give a symbol and an offset as --at")
