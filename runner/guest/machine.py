# SPDX-License-Identifier: GPL-2.0
"""A guest that runs a stock kernel image, and what is where in it."""

from __future__ import annotations

import hashlib
import os
import random
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from runner import process
from runner.errors import TkfiError
from runner.guest import qemu, snapshots
from runner.guest.btf import Btf
from runner.guest.gdb import Gdb, GdbError
from runner.guest.lines import Line
from runner.guest.qemu import Accelerator
from runner.guest.snapshots import Snapshots
from runner.layout import Layout
from runner.nearest import nearest
from runner.progress import note, step

UPDATER, READER, SPINNER = 0, 1, 2  # the VCPUs
_BOOT_LIMIT = 600.0  # seconds
_FAST_BOOT_LIMIT = 60.0  # likewise, if the host's CPUs execute the guest
_INIT = Path(__file__).with_name("init.c")
# Not that of other programs: where it is told to stop no other one may be.
_INITS_ADDRESS = "-Wl,-Ttext-segment=0x10000000"
_LINE: dict[str, list[str | int]] = {  # where the members of Line are; 1 is CLOCK_MONOTONIC
    **{name: [name] for name in ("seq", "clock_mode", "cycle_last", "mult", "shift")},
    "sec": ["basetime", 1, "sec"], "nsec": ["basetime", 1, "nsec"]}
_RDTSC = (b"\x0f\x31", b"\x0f\x01\xf9")  # rdtsc, rdtscp
_WIDE = ("cycle_last", "sec", "nsec")  # 64 bits


@dataclass(frozen=True)
class Known:
    """What is where in an image: the same in each boot without KASLR."""

    symbols: Mapping[str, int]
    btf: Btf

    def address(self, name: str) -> int:
        """Of a symbol. Raises TkfiError if there is none."""
        if name not in self.symbols:
            raise TkfiError(f"the guest's kernel has no symbol '{name}'; "
                            f"{nearest(name, self.symbols, 'the file /proc/kallsyms of such a kernel')}")
        return self.symbols[name]

    @cached_property
    def sequence(self) -> int:
        """The address of the timekeeper's sequence."""
        if "tk_core" in self.symbols:  # of which it is the first member
            return self.symbols["tk_core"]
        return self.address("timekeeper_data") + self.btf.offset("tk_data", ["seq"])

    def name(self, address: int) -> str:
        """A place in the kernel as symbol+offset."""
        below = max(((at, name) for name, at in self.symbols.items() if at <= address), default=(0, ""))
        return f"{below[1]}+{address - below[0]:#x}" if below[1] else f"{address:#x}"


class Machine:
    """A running guest."""

    def __init__(self, gdb: Gdb, places: Mapping[str, int], known: Known, *, spins: bool = True,
                 memory: Path | None = None) -> None:
        """places: the symbols of the guest's init; spins: whether there is a SPINNER; memory: the file that
        is the guest's RAM, if one is."""
        self.gdb, self.init, self.known, self.memory = gdb, places, known, memory
        self._beside = [SPINNER] if spins else []
        of, clock = "vdso_data", list[str | int]()
        if "_vdso_data" in known.symbols:
            self._vdso = known.address("_vdso_data")
        else:
            self._vdso = int.from_bytes(gdb.read(UPDATER, known.address("vdso_k_time_data"), 8), "little")
            of, clock = "vdso_time_data", ["clock_data", 0]
        self._offsets = {name: known.btf.offset(of, [*clock, *path]) for name, path in _LINE.items()}

    @property
    def vdso_sequence(self) -> int:
        """The address of the vDSO readers' sequence."""
        return self._vdso + self._offsets["seq"]

    def line(self) -> Line:
        """What the kernel has published to the vDSO's readers."""
        size = max(self._offsets.values()) + 8
        data = self.gdb.read(UPDATER, self._vdso, size)
        return Line(**{name: int.from_bytes(data[at:at + (8 if name in _WIDE else 4)], "little")
                       for name, at in self._offsets.items()})

    @property
    def tsc_khz(self) -> int:
        """How often the TSC counts in a millisecond, as the kernel has it."""
        return self.word(self.known.address("tsc_khz"))

    def word(self, address: int, vcpu: int = UPDATER) -> int:
        """32 bits of memory."""
        return int.from_bytes(self.gdb.read(vcpu, address, 4), "little")

    def number(self, name: str) -> int:
        """A variable of 64 bits of the guest's init."""
        return int.from_bytes(self.gdb.read(UPDATER, self.init[name], 8), "little")

    def is_rdtsc(self, vcpu: int, address: int) -> bool:
        """Whether the instruction there, as a VCPU sees it, reads the TSC."""
        return self.gdb.read(vcpu, address, 3).startswith(_RDTSC)

    def step_rdtsc(self, vcpu: int) -> int:
        """Let a VCPU execute the rdtsc that it is at: the cycle that it reads."""
        self.gdb.step(vcpu)
        registers = self.gdb.registers(vcpu)
        return (registers.rdx & 0xffffffff) << 32 | registers.rax & 0xffffffff

    def run(self, vcpus: list[int], *addresses: int, limit: float = 60.0,
            meanwhile: Callable[[], None] = lambda: None) -> int | None:
        """Let only these VCPUs go on until one comes to one of the addresses: which; None if none does in
        limit seconds after meanwhile()."""
        for vcpu in vcpus:
            if self.gdb.rip(vcpu) in addresses:  # there a breakpoint would stop it at once
                self.gdb.step(vcpu)
                if self.gdb.rip(vcpu) in addresses:
                    return vcpu
        for address in addresses:
            self.gdb.break_at(address)
        end = time.monotonic() + limit
        try:
            while (stopped := self.gdb.go([*vcpus, *self._beside], limit, meanwhile)) == SPINNER:
                self.gdb.step(SPINNER)  # an interrupt of its own led it there
                limit = max(0.01, end - time.monotonic())
        finally:
            for address in addresses:
                self.gdb.break_at(address, there=False)
        return stopped


@contextmanager
def boot(image: Path, unpacked: Path, layout: Layout, accelerator: Accelerator = qemu.TCG, *,
         output: Path | None = None) -> Iterator[Machine]:
    """A guest that runs image in the QEMU that is unpacked there, at its init's at_ready(); output is what
    its second serial port is. It is read from the file in which it was kept, if it has been there before.
    Raises TkfiError when it does not get to that."""
    place = layout.build / "guest"
    init = qemu.ensure_static(_INIT, place / "init", _INITS_ADDRESS)
    known = place / "known" / hashlib.sha256(image.read_bytes()).hexdigest()[:16]
    qemu.write_initramfs(place / "initramfs", {"init": init})
    (place / "memory").unlink(missing_ok=True)
    memory = place / "memory" if accelerator.shared else None
    started = _Started(image, unpacked, place, accelerator, output, memory)
    places = _symbols_of(init)
    with _on_one_cpu(accelerator), ExitStack() as stack:
        try:
            gdb = started.ready(stack, places)
            if not known.is_dir():
                _remember(gdb, places, known)
            yield Machine(gdb, places, _recall(known), spins=accelerator.spins, memory=memory)
        except GdbError as error:
            started.forget()
            raise TkfiError(f"{error}; full logs: {started.log}, {started.console}\n"
                            f"{process.tail(started.log)}{process.tail(started.console)}") from error
        finally:
            if memory:
                memory.unlink(missing_ok=True)


class _Started:
    """A guest that is started: as it was kept, or to boot."""

    def __init__(self, image: Path, unpacked: Path, place: Path, accelerator: Accelerator,
                 output: Path | None, memory: Path | None) -> None:
        self.console, self.log = place / "console.log", place / "qemu.log"
        self._accelerator, self._unpacked = accelerator, unpacked
        self._argv = partial(
            qemu.argv, unpacked, image, place / "initramfs", "free" * (not accelerator.spins), self.console,
            accelerator=accelerator, memory=memory)
        self._output, argv = output, self._argv()
        self._snapshots = None if accelerator.shared else Snapshots(
            place / "kept" / hashlib.sha256(str(image.resolve()).encode()).hexdigest()[:16],
            snapshots.key_of([Path(argv[0]), image, place / "initramfs"],
                             [str(word) for word in argv if not isinstance(word, Path)]))

    def ready(self, stack: ExitStack, places: Mapping[str, int]) -> Gdb:
        """Let it get ready: its gdbstub. It ends with the stack. Raises TkfiError."""
        for kept in self._snapshots.there if self._snapshots else ():
            if kept.suffix != ".booting":  # it goes on with its log
                self.console.unlink(missing_ok=True)
            try:
                with ExitStack() as attempt:
                    gdb = attempt.enter_context(self._qemu(kept))
                    snapshots.wait_until_there(gdb)
                    stack.push(attempt.pop_all())
                if self._snapshots:
                    self._snapshots.use(kept)
                break
            except GdbError as error:
                note(f"the guest that was kept in {kept} cannot be used, and is forgotten: {error}")
                kept.unlink(missing_ok=True)
        else:
            self.console.unlink(missing_ok=True)
            gdb = stack.enter_context(self._qemu(None))
        if gdb.rip(UPDATER) != places["at_ready"]:
            self._boot(gdb, places)
        return gdb

    def forget(self) -> None:
        """What is kept leads to nothing."""
        if self._snapshots:
            self._snapshots.forget()

    @contextmanager
    def _qemu(self, kept: Path | None) -> Iterator[Gdb]:
        """A connection to the guest's gdbstub, for as long as it is there."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            argv = [*self._argv(output=self._output, kept=kept),
                    "-chardev", f"socket,id=gdb,fd={theirs.fileno()}", "-gdb", "chardev:gdb"]
            with process.beside(argv, log=self.log, env=qemu.environment(self._unpacked),
                                keep=[theirs.fileno()]):
                theirs.close()
                yield Gdb(ours)

    def _boot(self, gdb: Gdb, places: Mapping[str, int]) -> None:
        """Let it come to at_ready(), and keep it on the way and there."""
        start, spins, snapshots_ = time.monotonic(), self._accelerator.spins, self._snapshots
        stops = [places["at_ready"], places["at_failure"]]
        limit = _BOOT_LIMIT if spins else _FAST_BOOT_LIMIT
        with step("Booting the guest"):
            for address in stops:
                gdb.break_at(address)
            while (stopped := gdb.go([UPDATER, READER, *[SPINNER] * spins], snapshots.EVERY)) is None:
                if time.monotonic() - start > limit:
                    break
                if snapshots_ and not snapshots_.keep(gdb, snapshots_.booting):
                    snapshots_ = None
            for address in stops:
                gdb.break_at(address, there=False)
        if stopped is None or gdb.rip(stopped) != stops[0]:
            self.forget()
            seconds = time.monotonic() - start
            why = (f"not ready after {seconds:.0f} s" if stopped is None else
                   "its init failed" if gdb.rip(stopped) == stops[1] else
                   f"{self._accelerator.name} stopped it at {gdb.rip(stopped):#x}")
            raise TkfiError(f"the guest did not boot: {why}; full log: {self.console}\n"
                            f"{process.tail(self.console)}")
        if snapshots_:
            snapshots_.keep(gdb, snapshots_.ready)


@contextmanager
def _on_one_cpu(accelerator: Accelerator) -> Iterator[None]:
    """Stay, with QEMU, on one CPU of the host, if only one VCPU executes at a time: each step is a message
    to QEMU and its answer, which take half as long then, and nearly the same number of cycles passes each
    time until QEMU has stopped the guest."""
    before = os.sched_getaffinity(0)
    if accelerator.spins:
        os.sched_setaffinity(0, {random.choice(sorted(before))})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _remember(gdb: Gdb, places: Mapping[str, int], known: Path) -> None:
    """Keep the guest's symbols and its BTF."""
    at, size = (int.from_bytes(gdb.read(UPDATER, places[name], 8), "little")
                for name in ("symbols", "symbols_size"))
    with step("Reading the guest's symbols and BTF"):
        text = gdb.read(UPDATER, at, size)
        symbols = _parse(text)
        if not {"__start_BTF", "__stop_BTF"} <= symbols.keys():
            raise TkfiError("the guest's kernel has no BTF; choose an image with CONFIG_DEBUG_INFO_BTF and "
                            "CONFIG_KALLSYMS_ALL")
        start, stop = symbols["__start_BTF"], symbols["__stop_BTF"]
        btf = gdb.read(UPDATER, start, stop - start)
    work = known.with_name(known.name + ".partial")
    work.mkdir(parents=True, exist_ok=True)
    (work / "kallsyms").write_bytes(text)
    (work / "btf").write_bytes(btf)
    work.rename(known)


def _recall(known: Path) -> Known:
    return Known(_parse((known / "kallsyms").read_bytes()), Btf((known / "btf").read_bytes()))


def _parse(kallsyms: bytes) -> dict[str, int]:
    """The symbols of the kernel itself; of some with one name the first."""
    symbols: dict[str, int] = {}
    for line in kallsyms.decode().splitlines():
        words = line.split()
        if len(words) == 3 and words[1] not in "aA":
            symbols.setdefault(words[2], int(words[0], 16))
    return symbols


def _symbols_of(init: Path) -> dict[str, int]:
    log = init.with_name("nm.log")
    process.checked(["nm", init], log=log, what=f"Reading the symbols of {init}")
    return {match[2]: int(match[1], 16) for match in re.finditer(
        r"^([0-9a-f]+) \w (\w+)$", log.read_text(encoding="utf-8"), re.MULTILINE)}
