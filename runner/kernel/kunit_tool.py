# SPDX-License-Identifier: GPL-2.0
"""A tree's own kunit.py, which configures and builds the tree."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner import process
from runner.kernel import patches
from runner.kernel.kernels import Kernel
from runner.kernel.prepare import FAULT
from runner.kernel.user_lines import UserLines
from runner.layout import ANSWERS, OBJECTS, Layout
from runner.progress import step

PYTHON = "/usr/bin/python3"


@dataclass(frozen=True)
class KunitTool:
    """kunit.py of one prepared kernel."""

    kernel: Kernel
    layout: Layout

    @property
    def identity(self) -> list[str | int]:
        """What tells the kernel that is built from others. Raises OSError if none is."""
        linux = (self.layout.objects(self.kernel.place) / "linux").stat()
        return [self.kernel.place, linux.st_size, linux.st_mtime_ns]

    def build(self) -> None:
        """Configure and build. Raises TkfiError with the end of the log."""
        name = self.kernel.title
        objects = self.layout.objects(self.kernel.place)
        objects.mkdir(parents=True, exist_ok=True)
        with step(f"Configuring {name}"):
            self._run(self.command("config"), "config", f"kunit.py config for {name}")
        self._compile_first()
        self.make()

    def make(self) -> None:
        """Build what is configured, as kunit.py does once it has configured it again. Raises TkfiError as
        build()."""
        start = time.time()
        rules = self.layout.tree(self.kernel.place) / "Kbuild"
        # Older ones ask the compiler each time whether a system call has no number, for a second.
        asked = ["cmd_syscalls=:"] * (rules.is_file()
                                      and "$(call cmd,syscalls)" in rules.read_text(encoding="utf-8"))
        objects = self.layout.objects(self.kernel.place)
        with step(f"Building {self.kernel.title}") as shown:
            self._run([*self._argv, *asked, "all"], "build", f"make for {self.kernel.title}",
                      tick=lambda: shown.update(f"{made_since(objects, start)} objects"))

    def command(self, verb: str, *options: str, build: str | Path = OBJECTS) -> list[str | Path]:
        """What runs one of its verbs in the tree; build is its build directory."""
        return [PYTHON, "./tools/testing/kunit/kunit.py", verb, f"--build_dir={build}",
                f"--kunitconfig={FAULT}", *(f"--kconfig_add={option}" for option in self.kernel.options),
                *options]

    def user_lines(self) -> UserLines:
        """Its lines as those of the user's own source."""
        return UserLines(self.kernel.source(self.layout), self.layout.tree(self.kernel.place),
                         self.kernel.instead())

    def _compile_first(self) -> None:
        """Compile the kernel's files that are changed: if one cannot be, that is to be known at once. One
        that is broken on purpose was built before."""
        tree = self.layout.tree(self.kernel.place)
        changed = sorted({name for patch in self.kernel.patches() for name in patches.touched(patch)
                          if name.endswith(".c") and (tree / name).is_file()})
        if self.kernel.parts or self.kernel.breaking or not changed:
            return
        makes = [f"{name.removesuffix('.c')}.o" for name in [*changed, f"{FAULT}/timekeeping/vdso.c"]
                 if (tree / name).is_file()]
        with step(f"Compiling {', '.join(changed)} of {self.kernel.title}"):
            self._run([*self._argv, *makes], "first",
                      f"Compiling what tkfi is built into of {self.kernel.title}")

    @property
    def _argv(self) -> list[str]:
        return ["make", "ARCH=um", f"O={OBJECTS}", f"--jobs={len(os.sched_getaffinity(0))}", try_run()]

    def _run(self, argv: Sequence[str | Path], name: str, what: str, **options: Any) -> None:
        """What a compiler says is about the user's own files."""
        tree = self.layout.tree(self.kernel.place)
        log = self.layout.results(self.kernel.place) / f"{name}.log"
        process.checked(argv, log=log, cwd=tree, what=what,
                        retell=lambda said: self.user_lines().text(said), **options)


def try_run() -> str:
    """kbuild's own, which keeps no answers, is in scripts/Makefile.compiler. $(1) is a command."""
    script = shlex.quote(str(Path(__file__).with_name("try-run.sh"))).replace("$", "$$")
    versions = "$(CONFIG_CC_VERSION_TEXT) $(CONFIG_AS_VERSION) $(CONFIG_LD_VERSION)"
    command = "$(subst ','\\'',$(1))"
    return (f"try-run=$(shell if {script} {ANSWERS} '{versions}' '{command}'; "
            "then echo \"$(2)\"; else echo \"$(3)\"; fi)")


def made_since(directory: Path, start: float) -> int:
    """How many objects a build has made. Files and directories may vanish meanwhile."""
    made = 0
    for place, _, names in os.walk(directory):
        for name in names:
            with suppress(FileNotFoundError):
                made += name.endswith(".o") and Path(place, name).stat().st_mtime >= start
    return made
