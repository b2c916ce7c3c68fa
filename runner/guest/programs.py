# SPDX-License-Identifier: GPL-2.0
"""A C program of somebody's in a guest that runs a stock kernel image: what it prints, and how it ends."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from runner.errors import TkfiError
from runner.guest import machine, qemu
from runner.guest.machine import READER, UPDATER, Machine
from runner.layout import Layout
from runner.progress import step

_LIMIT = 600.0  # seconds


@dataclass(frozen=True)
class Ran:
    """What a program printed, and its exit status; 128 and more is a signal."""

    output: str
    status: int


def run(image: Path, unpacked: Path, source: Path, layout: Layout) -> Ran:
    """Compile a program statically, and run it in a guest. Raises TkfiError where that cannot be done, or
    the program does not end."""
    place = layout.build / "guest"
    program, output = place / "program", place / "program.output"
    for file in (program, output):
        file.unlink(missing_ok=True)
    if not source.is_file():
        raise TkfiError(f"there is no file '{source}'; name a C program after --run")
    qemu.ensure_static(source, program)
    with machine.boot(image, unpacked, layout, output=output) as guest:
        with step(f"Running {source.name} in the guest"):
            status = _run(guest, program.read_bytes(), source.name)
    return Ran(output.read_text(encoding="utf-8", errors="replace"), status)


def _run(guest: Machine, program: bytes, name: str) -> int:
    """Let its init run a program: its exit status."""
    at, most = (guest.number(name) for name in ("program", "program_most"))
    if len(program) > most:
        raise TkfiError(f"{name} is too large for the guest: compiled, {len(program):,} bytes; at most "
                        f"{most:,} are possible")
    guest.gdb.write(UPDATER, at, program)
    guest.gdb.write(UPDATER, guest.init["program_size"], struct.pack("<Q", len(program)))
    ended, failed = (guest.init[name] for name in ("at_ended", "at_failure"))
    if guest.run([UPDATER, READER], ended, failed, limit=_LIMIT) is None:
        raise TkfiError(f"{name} did not end within {_LIMIT:.0f} s")
    if guest.gdb.rip(UPDATER) != ended:
        raise TkfiError(f"{name} could not be run: the guest's init failed; see build/guest/console.log")
    return guest.word(guest.init["program_status"])
