# SPDX-License-Identifier: GPL-2.0
"""A tree's own kunit.py, which configures and builds the tree."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner import process
from runner.kernel.kernels import Kernel
from runner.kernel.prepare import FAULT
from runner.layout import OBJECTS, Layout
from runner.progress import step

PYTHON = "/usr/bin/python3"


@dataclass(frozen=True)
class KunitTool:
    """kunit.py of one prepared kernel."""

    kernel: Kernel
    layout: Layout

    def build(self) -> None:
        """Configure and build. Raises TkfiError with the end of the log."""
        name = self.kernel.title
        objects = self.layout.objects(self.kernel.place)
        objects.mkdir(parents=True, exist_ok=True)
        with step(f"Configuring {name}"):
            self._checked("config")
        start = time.time()
        with step(f"Building {name}") as shown:
            self._checked("build", tick=lambda: shown.update(f"{made_since(objects, start)} objects"))

    def command(self, verb: str, *options: str, build: str | Path = OBJECTS) -> list[str | Path]:
        """What runs one of its verbs in the tree; build is its build directory."""
        return [PYTHON, "./tools/testing/kunit/kunit.py", verb, f"--build_dir={build}",
                f"--kunitconfig={FAULT}", *(f"--kconfig_add={option}" for option in self.kernel.options),
                *options]

    def _checked(self, verb: str, **options: Any) -> None:
        log = self.layout.results(self.kernel.place) / f"{verb}.log"
        process.checked(self.command(verb), log=log, cwd=self.layout.tree(self.kernel.place),
                        what=f"kunit.py {verb} for {self.kernel.title}", **options)


def made_since(directory: Path, start: float) -> int:
    """How many objects a build has made. Files and directories may vanish meanwhile."""
    made = 0
    for place, _, names in os.walk(directory):
        for name in names:
            with suppress(FileNotFoundError):
                made += name.endswith(".o") and Path(place, name).stat().st_mtime >= start
    return made
