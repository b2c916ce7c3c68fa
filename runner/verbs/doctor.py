# SPDX-License-Identifier: GPL-2.0
"""The verb `doctor`: what is there, what is missing, and what to type next. It changes nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from runner import answer, lock, runs
from runner.files import NEEDED_GB
from runner.kernel import builds, kernels
from runner.kernel.builds import Build
from runner.layout import Layout
from runner.plural import counted
from runner.report import tables
from runner.verbs.options import json_option, pass_layout, verb

MORE = 0.5e9  # bytes that are enough when one is built
SOURCE = 900_000_000  # bytes of disk that an unpacked source takes, about
_COUNTING = 0.7  # seconds in which files are counted, while the rest is looked at

GOOD, BAD, OLD, NONE = "yes", "MISSING", "OUT OF DATE", "not yet"


@dataclass(frozen=True)
class Finding:
    """Something that was looked at: its state, which BAD says keeps tkfi from working, and what to do
    about it, "" for nothing."""

    what: str
    state: str
    words: str
    command: str = ""


@verb("doctor", "say what is installed, built and missing, and what to type next", words=(
    "It looks, and changes nothing."), held="tkfi can work", examples=(
        "", "--json doctor.json", "--color never | less"))
@json_option
@pass_layout
def command(layout: Layout, json_to: str | None) -> int:
    """Whether nothing is missing."""
    with ThreadPoolExecutor(1) as beside:
        counting = beside.submit(used, layout.build, time.monotonic() + _COUNTING)
        there = builds.built(layout)
        found = [_packages(layout), *_kernels(there, layout), _use(layout)]
        found.insert(1, _disk(layout, *counting.result(), is_first=not there))
    following = next_commands(found, there)
    rows = [[one.what, one.state, one.words] for one in found]
    text = "\n\n".join([tables.texts(["what", "there", ""], rows), "Next:\n" + "\n".join(
        f"  {typed}" for typed in following)])
    healthy = all(one.state != BAD for one in found)
    answer.give(text, {"format": 1, "healthy": healthy, "found": [asdict(one) for one in found],
                       "next": following}, json_to)
    return 0 if healthy else 2


def next_commands(found: Sequence[Finding], there: Sequence[Build]) -> list[str]:
    """What to type: what is missing first, then what is out of date, or else what shows something."""
    wrong = [one.command for one in found if one.state == BAD]
    if wrong:
        return list(dict.fromkeys(wrong))
    if not there:
        return ["make reproduce", "make check"]
    old = [one.command for one in found if one.state == OLD]
    return [*old, "./tkfi reproduce", "./tkfi explore --jobs 2", "./tkfi --help"]


def _packages(layout: Layout) -> Finding:
    """Debian's packages, as setup.sh lists them."""
    done = subprocess.run(["sh", str(layout.repo / "runner/setup.sh"), "--missing"], check=False,
                          capture_output=True, text=True)
    if done.returncode == 0:
        return Finding("Debian's packages", GOOD, "all that make setup installs")
    missing = ", ".join(done.stdout.split())
    return Finding("Debian's packages", BAD, missing or done.stderr.strip(), "make setup")


def _disk(layout: Layout, size: int, whole: bool, *, is_first: bool) -> Finding:
    """What is free, and what build/ takes, as far as that was counted."""
    free = shutil.disk_usage(layout.repo).free
    needs = NEEDED_GB * 1e9 if is_first else MORE
    takes = f"{'about' if whole else 'more than'} {size / 1e9:.1f} GB"
    words = (f"{free / 1e9:.1f} GB free; build/ takes {takes}; "
             f"{'a first kernel' if is_first else 'to go on'} takes {needs / 1e9:.1f}")
    return Finding("disk", GOOD if free >= needs else BAD, words, "make clean" if free < needs else "")


def used(build: Path, deadline: float) -> tuple[int, bool]:
    """The bytes of disk that files take, and whether all were counted until then. The unpacked sources are
    too many files for that; each takes about the same."""
    sources = build / "src"
    size = SOURCE * sum(place.is_dir() for place in sources.glob("*"))
    left = [str(place) for place in build.glob("*") if place != sources and place.is_dir()]
    while left:
        if time.monotonic() > deadline:
            return size, False
        with suppress(OSError), os.scandir(left.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
                elif not entry.is_symlink():
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
    return size, True


def _kernels(there: Sequence[Build], layout: Layout) -> list[Finding]:
    """Releases, and whatever else was built."""
    found = []
    for release in kernels.offered(layout):
        if not any(build.kernel.release == release for build in there):
            source = layout.source(release.version).is_dir()
            found.append(Finding(f"kernel {release.version}", NONE, (
                "its source is there" if source else f"downloads {release.package} when it is first used"),
                f"./tkfi build --kernel {release.version}"))
    for build in there:
        found.append(Finding(
            f"kernel {build.kernel.title}", GOOD if build.is_current else OLD,
            "up to date" if build.is_current else f"built again when it is used: {build.command}",
            "" if build.is_current else build.command))
    return found


def _use(layout: Layout) -> Finding:
    """Whether somebody works in build/: others wait then."""
    kept = f"{counted(len(runs.kept(layout)), 'result')} kept, see ./tkfi show --list"
    if holder := lock.holder(layout.lock):
        return Finding("build/", "IN USE", f"by {holder}: what else needs it waits; {kept}")
    return Finding("build/", GOOD, f"free to use; {kept}")
