# SPDX-License-Identifier: GPL-2.0
"""A gdbstub in a thread, and behind it a guest of two VCPUs whose programs are generators: each value is
the address of the instruction that the next step executes."""

from __future__ import annotations

import itertools
import mmap
import re
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from runner.guest.btf import Btf
from runner.guest.gdb import Gdb
from runner.guest.machine import Known, Machine

SEQUENCE, VDSO, SAMPLE, RDTSC = 0x1000, 0x2000, 0x8000, 0x7fff_0000_0000
INIT = {name: 0x400000 + 0x10 * at for at, name in enumerate(
    ("at_ready", "at_failure", "at_adjtimex", "at_return", "at_reading", "at_hold_over", "at_spin"))} | {
    "before": 0x500000, "after": 0x500010, "hold_until": 0x500020, "readings": 0x500030, "spin": 0x500040,
    "at_back": 0x400070, "at_watching": 0x400080, "at_settled": 0x400090,
    "at_ended": 0x4000a0, "program": 0x500300, "program_size": 0x500308, "program_most": 0x500310,
    "program_status": 0x500318, "watching": 0x500050, "back": 0x500100, "longest": 0x500200}
SYMBOLS = {"tk_core": SEQUENCE, "do_adjtimex": 0x6ff0, "_vdso_data": VDSO, "timekeeping_advance": SAMPLE,
           "update_vsyscall": 0x9000, "phys_base": 0x3000}
_AT = {"seq": (0, 4), "clock_mode": (4, 4), "cycle_last": (8, 8), "mult": (16, 4), "shift": (20, 4),
       "sec": (24, 8), "nsec": (32, 8)}  # of struct vdso_data here
_PACKET = re.compile(rb"\$([^#]*)#([0-9a-f]{2})")
Program = Iterator[int]


class Layouts(Btf):
    """What struct vdso_data looks like, without the work of reading it from BTF."""

    def __init__(self) -> None:
        pass

    def offset(self, name: str, path: object) -> int:
        """Of a member."""
        assert name == "vdso_data" and isinstance(path, list)
        return _AT[path[-1]][0]


class Guest:
    """Memory, a TSC that counts instructions, and two VCPUs."""

    def __init__(self) -> None:
        self.memory: dict[int, int] = {}
        self.cycles, self.rax, self.rdx = 0, 0, 0
        self.breaks: set[int] = set()
        self.mistake_ns = 0  # added to what the second of two lines gives
        self.lags = iter([0])  # cycles that pass until it has stopped, of each time that a hold is over
        self.ticks: Iterator[bool] = itertools.repeat(False)  # whether one comes in, of each reading
        self.publishes, self.spoils, self.reads_tsc = True, False, True
        self.put(VDSO, "clock_mode", 1)
        self.publish(0, 8_392_803, 0, 100 << 23)
        self.programs = [self.updater(), self.reader(), self.spinner()]
        self.rips = [next(program) for program in self.programs]

    def store(self, address: int, value: int, size: int) -> None:
        """Write memory."""
        for at, byte in enumerate(value.to_bytes(size, "little")):
            self.memory[address + at] = byte

    def load(self, address: int, size: int) -> int:
        """Read memory."""
        return int.from_bytes(bytes(self.memory.get(address + at, 0) for at in range(size)), "little")

    def put(self, base: int, name: str, value: int) -> None:
        """Write a member of struct vdso_data."""
        at, size = _AT[name]
        self.store(base + at, value, size)

    def get(self, name: str) -> int:
        """Read a member of struct vdso_data."""
        at, size = _AT[name]
        return self.load(VDSO + at, size)

    def publish(self, cycle: int, mult: int, sec: int, nsec: int) -> None:
        """Write a line."""
        for name, value in (("cycle_last", cycle), ("mult", mult), ("shift", 23), ("sec", sec),
                            ("nsec", nsec)):
            self.put(VDSO, name, value)

    def now(self) -> int:
        """What the vDSO's line says."""
        return self.get("sec") * 10**9 + (
            (self.get("nsec") + (self.cycles - self.get("cycle_last")) * self.get("mult")) >> 23)

    def updater(self) -> Program:
        """Two sections of the sequence, as adjtimex() has them, and in the second one the vDSO's."""
        while True:
            self.publish(self.cycles, 8_392_803, 0, self.now() << 23)
            yield INIT["at_adjtimex"]
            yield SYMBOLS["do_adjtimex"]
            for _ in range(2):
                yield SAMPLE  # as ktime_get_real_ts64() does
                yield 0x7000
                self.store(SEQUENCE, self.load(SEQUENCE, 4) + 1, 4)
            yield SAMPLE
            cycle = self.cycles
            self.rax, self.rdx = cycle & 0xffffffff, cycle >> 32
            nsec = self.get("nsec") + (cycle - self.get("cycle_last")) * self.get("mult")
            yield 0x8004
            if self.publishes:
                self.store(SEQUENCE, self.load(SEQUENCE, 4) + 1, 4)
                yield 0x9000
                self.put(VDSO, "seq", self.get("seq") + 1)
                yield 0x9004
                self.publish(cycle, 8_384_414, 0, nsec)
                yield 0x9008
                self.put(VDSO, "seq", self.get("seq") + 1)
                yield 0x900c
                self.store(SEQUENCE, self.load(SEQUENCE, 4) + 1, 4)
            yield 0x8008
            yield INIT["at_return"]

    def reader(self) -> Program:
        """Reads for ever."""
        number = 0
        while True:
            left = self.load(INIT["spin"], 8)
            yield INIT["at_spin"]
            for _ in range(left):
                yield 0x400104
            while self.get("seq") & 1 and not self.spoils:
                yield 0x7fff_0000_0010
            yield RDTSC
            self.rax, self.rdx = self.cycles & 0xffffffff, self.cycles >> 32
            value = self.now() + (self.mistake_ns if self.get("mult") == 8_384_414 else 0)
            yield 0x400100
            self.store(INIT["readings"], self.load(INIT["readings"] + 8, 8), 8)
            self.store(INIT["readings"] + 8, value, 8)
            number += 1
            yield INIT["at_reading"]
            if self.load(INIT["hold_until"], 8) and next(self.ticks):
                while self.load(SEQUENCE, 4) & 1:
                    yield 0x9100
            if self.cycles >= (self.load(INIT["hold_until"], 8) or 1 << 63):
                self.store(INIT["hold_until"], 0, 8)
                yield INIT["at_hold_over"]

    def spinner(self) -> Program:
        """Spins; its own interrupts read the clock."""
        while True:
            yield 0x400200
            yield SAMPLE

    def execute(self, vcpu: int) -> None:
        """One instruction."""
        self.cycles += 1
        self.rips[vcpu] = next(self.programs[vcpu])

    def go(self, vcpus: list[int], interrupted: Callable[[], bool]) -> int | None:
        """Until one stops: which; None if somebody interrupts."""
        for turn in itertools.count(1):
            for vcpu in vcpus:
                self.execute(vcpu)
                if self.rips[vcpu] in self.breaks:
                    self.cycles += next(self.lags, 0) if self.rips[vcpu] == INIT["at_hold_over"] else 0
                    return vcpu
            if turn % 64 == 0 and interrupted():
                break
        return None


class FreeGuest(Guest):
    """VCPUs run at the same time; an instruction is held if the file of the memory has a jump to itself."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        file.write_bytes(bytes(1 << 16))
        self.file = file
        with file.open("r+b") as opened:
            self.held = mmap.mmap(opened.fileno(), 0)
        self.programs[1] = self.free_reader()
        self.rips[1] = next(self.programs[1])

    def updater(self) -> Program:
        """The reader has time after each adjtimex(), and a tick comes."""
        for address in super().updater():
            yield address
            if address == INIT["at_return"]:
                yield from [0x400500] * 40
                cycle, mult = self.cycles, self.get("mult")
                self.publish(cycle, mult, 0, self.get("nsec") + (cycle - self.get("cycle_last")) * mult)
                yield INIT["at_settled"]

    def free_reader(self) -> Program:
        """Reads for ever, and says so when the clock goes back."""
        before = bytes(24)
        while True:
            start, starts = self.cycles, self.load(INIT["watching"], 4) == 2
            yield 0x400300
            while self.get("seq") & 1:
                yield 0x400304
            if self.load(SEQUENCE, 4) & 1 and next(self.ticks):
                while self.load(SEQUENCE, 4) & 1:
                    yield 0x9100
            ns = self.now() + (self.mistake_ns if self.get("mult") == 8_384_414 else 0)
            yield 0x400308
            last = struct.pack("<QQq", start, self.cycles, ns)
            if starts:
                before = last
                self.store(INIT["watching"], 1, 4)
                yield INIT["at_watching"]
                continue
            if self.load(INIT["watching"], 4) == 1:
                longest = self.load(INIT["longest"] + 32, 8) - self.load(INIT["longest"] + 24, 8)
                if self.cycles - start > longest:
                    self.store(INIT["longest"], int.from_bytes(before + last, "little"), 48)
                if ns < struct.unpack("<QQq", before)[2]:
                    self.store(INIT["back"], int.from_bytes(before + last, "little"), 48)
                    self.store(INIT["watching"], 0, 4)
                    yield INIT["at_back"]
            before = last

    def execute(self, vcpu: int) -> None:
        """One instruction, if it is not a jump to itself."""
        at = self.rips[vcpu]
        if vcpu == 0 and at < 1 << 16 and self.held[at:at + 2] == b"\xeb\xfe":
            self.cycles += 1
        else:
            super().execute(vcpu)


class Stub(threading.Thread):
    """Answers as QEMU's gdbstub does."""

    def __init__(self, guest: Guest, ours: socket.socket | None = None) -> None:
        """ours: its end of a connection, if there is one."""
        super().__init__(daemon=True)
        self.guest, self.chosen, self.described = guest, 0, False
        if ours:
            self.ours = ours
        else:
            self.ours, self.client = socket.socketpair()
        self.monitor: Callable[[str], str] = lambda _command: ""
        self.start()

    def run(self) -> None:
        """Until the client is gone. Signals are for the main thread, which may have them wait."""
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        buffer = b""
        while more := self.ours.recv(4096):
            buffer += more
            while match := _PACKET.search(buffer):
                assert sum(match[1]) & 0xff == int(match[2], 16)
                buffer = buffer[match.end():]
                answer = self.answer(match[1])
                self.ours.sendall(b"+$%s#%02x" % (answer, sum(answer) & 0xff))

    def interrupted(self) -> bool:
        """Whether a ^C has come."""
        self.ours.setblocking(False)
        try:
            return b"\x03" in self.ours.recv(4096)
        except BlockingIOError:
            return False
        finally:
            self.ours.setblocking(True)

    def answer(self, command: bytes) -> bytes:
        """To a packet."""
        guest, text = self.guest, command.decode()
        if text.startswith("vCont"):
            vcpus = [int(part[2:], 16) - 1 for part in text.split(";")[1:]]
            if ";s" in text:
                guest.execute(vcpus[0])
                self.chosen = vcpus[0]
                return b"T05thread:p01.%02x;" % (vcpus[0] + 1)
            stopped = guest.go(vcpus, self.interrupted)
            self.chosen = stopped or 0
            return b"T02thread:p01.01;" if stopped is None else b"T05thread:p01.%02x;" % (stopped + 1)
        if text.startswith("qXfer"):
            self.described = True
            return b"l<target/>"
        if text.startswith("qRcmd,"):
            said = self.monitor(bytes.fromhex(text[6:]).decode())
            if said:
                packet = b"O" + said.encode().hex().encode()
                self.ours.sendall(b"$%s#%02x" % (packet, sum(packet) & 0xff))
            return b"OK"
        if text.startswith("Hg"):
            self.chosen = int(text[2:], 16) - 1
            return b"OK"
        if text[0] in "Zz":
            if text[1] != "1":
                return b""
            (guest.breaks.add if text[0] == "Z" else guest.breaks.discard)(int(text[3:].split(",")[0], 16))
            return b"OK"
        if text[0] == "p" and self.described:
            value = {0: guest.rax, 3: guest.rdx, 16: guest.rips[self.chosen]}[int(text[1:], 16)]
            return value.to_bytes(8, "little").hex().encode()
        if text[0] == "m":
            address, size = (int(word, 16) for word in text[1:].split(","))
            if address in (RDTSC, SAMPLE) and self.guest.reads_tsc:
                return b"0f01f9"
            return b"E14" if address < 0x1000 else bytes(
                guest.memory.get(address + at, 0) for at in range(size)).hex().encode()
        if text[0] == "M":
            place, data = text[1:].split(":")
            for at, byte in enumerate(bytes.fromhex(data)):
                guest.memory[int(place.split(",")[0], 16) + at] = byte
            return b"OK"
        return b""


def machine(guest: Guest) -> Machine:
    """As boot() gives it."""
    return Machine(Gdb(Stub(guest).client), INIT, Known(SYMBOLS, Layouts()))
