# SPDX-License-Identifier: GPL-2.0
"""A C program of somebody's in a guest that runs a stock kernel image: what it prints, and how it ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from runner import process
from runner.errors import TkfiError
from runner.guest import qemu
from runner.layout import Layout
from runner.progress import step

_LIMIT = 600.0  # seconds
_INIT = Path(__file__).with_name("init.c")
_ENDED = re.compile(r"^tkfi: the program ended with (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Ran:
    """What a program printed, and its exit status; 128 and more is a signal."""

    output: str
    status: int


def run(image: Path, unpacked: Path, source: Path, layout: Layout) -> Ran:
    """Compile a program statically, and boot a guest for it. Raises TkfiError where that cannot be done, or
    the program does not end."""
    place = layout.build / "guest"
    program = place / "program"
    program.unlink(missing_ok=True)
    if not source.is_file():
        raise TkfiError(f"there is no file '{source}'; name a C program after --run")
    qemu.ensure_static(source, program)
    qemu.write_initramfs(place / "program.initramfs", {
        "init": qemu.ensure_static(_INIT, place / "init"), "program": program})
    console, output, log = place / "program.console", place / "program.output", place / "program.qemu"
    for file in (console, output):
        file.unlink(missing_ok=True)
    with step(f"Running {source.name} in the guest"):
        process.run([*qemu.argv(unpacked, image, place / "program.initramfs", "run", console),
                     "-serial", f"file:{output}"], log=log, env=qemu.environment(unpacked), limit=_LIMIT)
    said = console.read_text(encoding="utf-8", errors="replace") if console.exists() else ""
    ended = _ENDED.search(said)
    if not ended:
        raise TkfiError(f"{source.name} did not end within {_LIMIT:.0f} s, or the guest broke down; full "
                        f"logs: {console}, {log}\n{process.tail(log)}{process.tail(console)}")
    return Ran(output.read_text(encoding="utf-8", errors="replace"), int(ended[1]))
