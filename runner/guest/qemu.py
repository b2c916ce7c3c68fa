# SPDX-License-Identifier: GPL-2.0
"""How QEMU is told to run a kernel image, and the initramfs that it is given."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner import process

MEMORY_MB = 256
# What state a guest was in when it was kept does not matter: it waits for gdb.
_DEVICES = ("-nodefaults", "-display", "none", "-no-reboot", "-global", "migration.store-global-state=off")
# reliable: else another clocksource is taken.
_KERNEL_LINE = ("console=ttyS0 quiet panic=-1 nokaslr mitigations=off tsc=reliable cryptomgr.notests "
                "rdinit=/init")


@dataclass(frozen=True)
class Accelerator:
    """How a guest is executed: its name, QEMU's options, and what is added to the kernel's command line;
    whether it has a third VCPU that spins; and whether its memory is a file that the host writes to."""

    name: str
    options: tuple[str, ...]
    kernel_line: str
    spins: bool
    shared: bool = False


# Virtual time is the number of instructions executed: 1 ns each, and a TSC of 1 GHz. When the last VCPU
# comes to a breakpoint it jumps to the next timer, which can be 30 s: a third VCPU always goes on. That one
# spins in `pause`, which passes on to the next VCPU: it executes hardly anything, and time hardly passes.
# nohz_full: else the reader's tick waits for what the updater holds. tsc_early_khz, and no ACPI timer to
# refine it by: the frequency that it has.
TCG = Accelerator("TCG, icount", ("-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off",
                                  "-cpu", "max", "-smp", "3"),
                  "nohz_full=1,2 tsc_early_khz=1000000 pmtmr=0", spins=True)
# clocksource: kvm-clock would be preferred, which the vDSO reads otherwise.
KVM = Accelerator("KVM", ("-accel", "kvm", "-cpu", "host", "-smp", "2"), "nohz_full=1 clocksource=tsc",
                  spins=False, shared=True)


def program(unpacked: Path) -> Path:
    """QEMU itself."""
    return unpacked / "usr/bin/qemu-system-x86_64"


def argv(unpacked: Path, image: Path, initramfs: Path, arguments: str, console: Path, *,
         output: Path | None = None, accelerator: Accelerator = TCG, memory: Path | None = None,
         kept: Path | None = None) -> list[str | Path]:
    """The command line of a guest that does not go on before gdb says so; arguments are those of its init;
    output: the file of its second serial port; memory: the file that is its RAM; kept: the file in which a
    guest was kept, which is read, else it boots. What it writes to the console is appended to that file."""
    machine, ram = "q35,hpet=off,vmport=off", list[str]()
    if memory:
        machine += ",memory-backend=ram"
        ram = ["-object",
               f"memory-backend-file,id=ram,size={MEMORY_MB}M,mem-path={memory},share=on"]
    return [program(unpacked), *accelerator.options, *_DEVICES, *ram,
            "-machine", machine, "-m", str(MEMORY_MB),
            "-L", unpacked / "usr/share/qemu", "-L", unpacked / "usr/share/seabios",
            "-kernel", image, "-initrd", initramfs,
            "-append", f"{_KERNEL_LINE} {accelerator.kernel_line} -- {arguments}",
            "-chardev", f"file,id=console,append=on,path={str(console).replace(',', ',,')}",
            "-serial", "chardev:console", "-serial", f"file:{output}" if output else "null",
            "-S", *(["-incoming", f"file:{kept}"] if kept else [])]


def environment(unpacked: Path) -> dict[str, str]:
    """That in which QEMU finds its libraries."""
    return {"LD_LIBRARY_PATH": ":".join(str(unpacked / directory / "x86_64-linux-gnu")
                                        for directory in ("usr/lib", "lib"))}


def ensure_static(source: Path, to: Path, *options: str) -> Path:
    """A static program, compiled if its source or the options are not those that it was compiled from.
    Raises TkfiError."""
    made_of = to.with_name(f"{to.name}.sha256")
    now = hashlib.sha256(repr(options).encode() + source.read_bytes()).hexdigest()
    if not (to.exists() and made_of.exists() and made_of.read_text(encoding="ascii") == now):
        made_of.unlink(missing_ok=True)
        to.parent.mkdir(parents=True, exist_ok=True)
        process.checked(["gcc", "-O2", "-Wall", "-Wextra", "-static", "-no-pie", "-pthread", *options,
                         source, "-o", to], log=to.with_name(f"{to.name}.log"),
                        what=f"Compiling {source}")
        made_of.write_text(now, encoding="ascii")
    return to


def write_initramfs(file: Path, programs: Mapping[str, Path]) -> None:
    """An archive as Documentation/driver-api/early-userspace/buffer-format.rst has it: programs by name,
    and what they need."""
    directory, device, program = 0o040755, 0o020600, 0o100755
    entries = [*((name, directory, b"", 0, 0) for name in ("proc", "sys", "dev")),
               ("dev/console", device, b"", 5, 1), ("dev/ttyS1", device, b"", 4, 65),
               *((name, program, path.read_bytes(), 0, 0) for name, path in programs.items()),
               ("TRAILER!!!", 0, b"", 0, 0)]
    out = b""
    for number, (name, mode, data, major, minor) in enumerate(entries, 1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        out += head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
    file.write_bytes(out)
