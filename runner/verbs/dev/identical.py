# SPDX-License-Identifier: GPL-2.0
"""The verb `dev identical`: whether the patches leave no trace in a kernel built without CONFIG_TKFI.

One tree and one object directory are built twice, without and with the patches, so that what is
compared was built at the same path with the same prepared headers.
"""

from __future__ import annotations

import difflib
import itertools
import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from runner import check_counts, lock, process
from runner.errors import TkfiError
from runner.kernel import kernels, overlay
from runner.kernel.kernels import Kernel
from runner.kernel.overlay import Overlay
from runner.kernel.prepare import prepare
from runner.layout import Layout
from runner.progress import step
from runner.verbs.options import kernel_option, pass_layout, verb

OBJECTS = ("kernel/time/timekeeping.o", "kernel/time/ntp.o", "kernel/time/vsyscall.o",
           "kernel/time/tick-common.o")
# On top of tinyconfig: the code paths a distribution's kernel has in these files.
OPTIONS = ("64BIT", "SMP", "PRINTK", "BUG", "POSIX_TIMERS", "HIGH_RES_TIMERS", "NO_HZ_IDLE",
           "MULTIUSER", "SYSFS", "PROC_FS", "NET")


@dataclass(frozen=True)
class _Build:
    """make in one tree, all logs in one file."""

    tree: Path
    output: Path

    def make(self, *targets: str) -> None:
        """Raises TkfiError when make fails."""
        process.checked(["make", "-C", self.tree, f"O={self.output}", "ARCH=x86_64",
                         f"-j{len(os.sched_getaffinity(0))}", *targets],
                        log=self.output.parent / "make.log", what="make " + " ".join(targets))

    def configure(self) -> None:
        """A small x86_64 configuration without CONFIG_TKFI."""
        fragment = self.output.parent / "fragment.config"
        options = "".join(f"CONFIG_{name}=y\n" for name in OPTIONS)
        fragment.write_text(options + "# CONFIG_TKFI is not set\n", encoding="ascii")
        process.checked(["make", "-C", self.tree, f"O={self.output}", "ARCH=x86_64",
                         f"KCONFIG_ALLCONFIG={fragment}", "allnoconfig"],
                        log=self.output.parent / "make.log", what="make allnoconfig")

    def disassemble(self) -> dict[str, list[str]]:
        """Build OBJECTS anew and return the disassembly of each."""
        for name in OBJECTS:
            (self.output / name).unlink(missing_ok=True)
        self.make(*OBJECTS)
        return {name: _disassembly(self.output / name) for name in OBJECTS}


def check_identical(kernel: Kernel, layout: Layout) -> dict[str, str]:
    """The objects whose code differs, with the first differing lines. Raises TkfiError."""
    patched = prepare(kernel, layout)
    place = layout.build / kernel.name / "identical"
    patched = replace(patched, tree=place / "tree")
    pristine = Overlay(patched.source, patched.tree)
    output = place / "objects"
    output.mkdir(parents=True, exist_ok=True)
    build = _Build(patched.tree, output)
    code = []
    for name, state in (("without", pristine), ("with", patched)):
        with step(f"Compiling timekeeping of {kernel.name} for x86_64 {name} the patches"):
            overlay.refresh(state)
            build.configure()
            code.append(build.disassemble())
    return compare(code[0], code[1])


def compare(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, str]:
    """The names whose disassembly differs, each with the first lines of the difference."""
    different = {}
    for name, lines in before.items():
        diff = difflib.unified_diff(lines, after[name], "pristine", "patched", n=1, lineterm="")
        if first := list(itertools.islice(diff, 20)):
            different[name] = "\n".join(first)
    return different


def _disassembly(file: Path) -> list[str]:
    """Code and relocations of an object file, without the heading that names the file."""
    done = subprocess.run(["objdump", "-dr", "--no-show-raw-insn", file], check=False,
                          capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if str(file) not in line and line.strip()]
    if done.returncode != 0 or len(lines) < 10:
        raise TkfiError(f"objdump cannot read {file}: {done.stderr.strip() or 'no code'}")
    return lines


@verb("identical", "check that CONFIG_TKFI=n leaves the object code unchanged", held="identical",
      failed="different",
      examples=("", "--kernel 7.3", "--kernel 6.1"), group="dev")
@kernel_option
@pass_layout
def command(layout: Layout, kernel: str) -> int:
    """Whether no object differs."""
    chosen = kernels.choose(kernel, layout)
    with lock.held(layout.lock):
        different = check_identical(chosen, layout)
    for name, difference in different.items():
        print(f"{name}: CONFIG_TKFI=n changes the object code\n{difference}")
    if not different:
        print(f"{chosen.name}: with CONFIG_TKFI=n the object code is that of the pristine tree")
    check_counts.add(f"identical {chosen.name}", int(not different), int(bool(different)))
    return 1 if different else 0
