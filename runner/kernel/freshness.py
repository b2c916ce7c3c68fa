# SPDX-License-Identifier: GPL-2.0
"""Whether a built kernel is still that of all it was made from: by a look at each file, without make.

Beside a tree, a record names every file and directory that preparing and building it read, and what was
made, each with its state then. make sees only times that are newer: what else changed is for outdate().
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.files import write_safely
from runner.kernel import patches
from runner.kernel.kernels import Kernel
from runner.layout import ANSWERS, OBJECTS, Layout

FORMAT = 1
TOOLS = ("gcc", "ld", "as", "ar", "nm", "objcopy", "strip", "make", "flex", "bison", "bc", "patch")
MODULES = ("kernel/builder", "kernel/fetch", "kernel/freshness", "kernel/git_tree", "kernel/kernels",
           "kernel/kunit_tool", "kernel/overlay", "kernel/patches", "kernel/placing", "kernel/prepare",
           "kernel/probes", "kernel/user_lines", "layout")  # of the runner

_ENVIRONMENT = re.compile(r"K[A-Z]*FLAGS|(KBUILD|KCONFIG)_\w+|HOST\w*|LLVM\w*|CROSS_COMPILE|(SUB)?ARCH|"
                          r"LOCALVERSION|CPATH|(C_INCLUDE|LIBRARY|COMPILER)_PATH|GCC_EXEC_PREFIX")
_OUTPUTS = ("linux", ".config", "include/config/auto.conf", "include/generated/autoconf.h")
_READ = re.compile(rb"^(?:source_\S+ := |  )([^\s$]+)", re.MULTILINE)
_SEARCHED = re.compile(rb" -I ?([^\s'\"]+)")
_KCONFIG = re.compile(r"^\t([^\s$]+)", re.MULTILINE)
_CODE = (".c", ".h", ".S")
_NAMED_BY_KBUILD = (".c", ".h", ".S", ".o", ".a", ".cmd", ".rst")  # source is, wherever it is read

State = list[int]  # of a file or a directory; empty if it is absent
_UNKNOWN = [0]  # it changed while it was read


@dataclass(frozen=True)
class Record:
    """What was asked for and built at time, in ns; what is to be said of it whenever it is used; the state
    of all that was read and made, and what tells the contents of files, as a line of JSON."""

    asked: Mapping[str, Any]
    notes: Sequence[str]
    time: int
    states: Mapping[str, State]
    digests: str = ""

    def is_current(self, kernel: Kernel, layout: Layout) -> bool:
        """Whether building kernel would come to what was built."""
        return self.asked == _asked(kernel, layout) and not any(
            _state(name) != state for name, state in self.states.items())

    def keeps_configuration(self, kernel: Kernel, layout: Layout) -> bool:
        """Whether nothing but code changed since, by patches or otherwise, so that make alone comes to what
        kunit.py would."""
        now = _asked(kernel, layout)
        others = set(self.asked.get("patches", ())) ^ set(now["patches"])
        changed = [name for name, state in self.states.items() if _state(name) != state]
        for patch in others:
            changed += patches.touched(Path(patch)) if os.path.isfile(patch) else [patch]
        return {**self.asked, "patches": 0} == {**now, "patches": 0} and all(
            name.endswith(_CODE) or os.path.isdir(name) for name in changed)

    def outdate(self, kernel: Kernel, layout: Layout) -> None:
        """Have make build again what it would not: after an edit that kept a time of before the build,
        after any of the compiler, and a kernel that others wrote."""
        objects, digests = layout.objects(kernel.place).resolve(), _parsed(self.digests)
        linux = str(objects / "linux")
        compiler = set(_resolved({_compiler(), *_asked(kernel, layout)["tools"]}))
        edited = {name for name, state in self.states.items() if _state(name) != state
                  and (name in {linux, *compiler} or _is_older(name, self.time))
                  and _digest(name) != digests.get(name, "")}
        if linux in edited:
            for name in ("linux", "vmlinux"):
                (objects / name).unlink(missing_ok=True)
        if edited & compiler:
            shutil.rmtree(objects / ANSWERS, ignore_errors=True)
        if edited - {linux}:
            for command in _commands(objects):
                read = _names(_READ.findall(command.read_bytes()), objects)
                if edited & compiler or not edited.isdisjoint(_resolved(read)):
                    command.unlink()


def read(kernel: Kernel, layout: Layout) -> Record | None:
    """The record of the last build; None if there is none that can be read."""
    return of_file(_file(kernel, layout))


def of_file(file: Path) -> Record | None:
    """The record that a file has; None if that cannot be read."""
    try:
        digests, _, text = file.read_text(encoding="utf-8").partition("\n")
        found = json.loads(text)
        return Record(dict(found["asked"]), list(map(str, found["notes"])), int(found["time"]),
                      dict(found["states"]), digests)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


class Making:
    """A build under way. What is edited after this was made, or of the tree itself after prepared(), may be
    in the kernel or not: it is recorded as changed."""

    def __init__(self, kernel: Kernel, layout: Layout) -> None:
        self._kernel, self._layout = kernel, layout
        self._asked = _asked(kernel, layout)
        self._begun = self._prepared = _now(_file(kernel, layout))

    def prepared(self) -> None:
        """The tree is as it is going to be built."""
        self._layout.objects(self._kernel.place).mkdir(exist_ok=True)
        self._prepared = _now(_file(self._kernel, self._layout))

    def done(self, notes: Sequence[str]) -> None:
        """Write the record of what was built."""
        objects = self._layout.objects(self._kernel.place).resolve()
        own = set(_overlay(objects.parent))
        names = own.union(_resolved(self._read(own, objects)), (str(objects / name) for name in _OUTPUTS))
        digests = {name: digest for name in names if (digest := _digest(name))}
        states = {name: _state(name) for name in names}
        for name, state in states.items():
            limit = self._prepared if name in own else self._begun
            if state and state[1] >= limit and not name.startswith(f"{objects}/"):
                states[name] = _UNKNOWN
                digests.pop(name, None)
        record = {"asked": self._asked, "notes": notes, "time": time.time_ns(), "states": states}
        write_safely(_file(self._kernel, self._layout), [json.dumps(digests), "\n", json.dumps(record)])

    def _read(self, own: Iterable[str], objects: Path) -> Iterator[str]:
        """What was read besides the overlay's own."""
        kernel, layout, tree = self._kernel, self._layout, objects.parent
        source = kernel.source(layout)
        for name in own:
            yield str(source) + name.removeprefix(str(tree))
        for place in (layout.repo / "fault", layout.repo / "kunit", layout.repo / "configs",
                      source / "tools/testing/kunit"):
            yield from _everything(place)
        yield from (str(file) for file in (*patches.lists(kernel.series), *kernel.patches()))
        yield from (str(Path(__file__).parents[1] / f"{name}.py") for name in MODULES)
        yield str(Path(__file__).with_name("try-run.sh"))
        yield from (name for name in [_compiler(), *self._asked["tools"]] if name)
        yield from _built_from(tree, objects)


def _file(kernel: Kernel, layout: Layout) -> Path:
    return layout.tree(kernel.place).with_name("built.json")


def _asked(kernel: Kernel, layout: Layout) -> dict[str, Any]:
    """What decides, besides files."""
    return {"format": FORMAT, "tree": str(layout.tree(kernel.place)), "source": str(kernel.source(layout)),
            "patches": list(map(str, kernel.patches())), "options": kernel.options,
            "revision": kernel.revision.contents if kernel.revision else "",
            "tools": [os.path.realpath(found) if (found := shutil.which(tool)) else "" for tool in TOOLS],
            "environment": {name: value for name, value in sorted(os.environ.items())
                            if _ENVIRONMENT.fullmatch(name)}}


def _state(name: str) -> State:
    """What tells one state from another: an edit that keeps the time of modification changes st_ctime."""
    try:
        found = os.stat(name)
    except OSError:
        return []
    return [found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino]


def _now(beside: Path) -> int:
    """The time by the clock that files get their times from, later than those of all that was written
    before."""
    beside.parent.mkdir(parents=True, exist_ok=True)
    marker = beside.with_name(f"{beside.name}.now")
    try:
        marker.touch()
        first = now = marker.stat().st_ctime_ns
        while now == first:
            time.sleep(0.001)
            marker.touch()
            now = marker.stat().st_ctime_ns
        return now
    finally:
        marker.unlink(missing_ok=True)


def _overlay(tree: Path) -> Iterator[str]:
    """The tree's own directories and files; links are not followed."""
    for directory, subdirectories, names in os.walk(tree):
        subdirectories[:] = [name for name in subdirectories if name != OBJECTS
                             and not os.path.islink(os.path.join(directory, name))]
        yield directory
        yield from (path for path in (os.path.join(directory, name) for name in names)
                    if not os.path.islink(path))


def _everything(place: Path) -> Iterator[str]:
    for directory, _, names in os.walk(place):
        yield directory
        yield from (os.path.join(directory, name) for name in names)


def _built_from(tree: Path, objects: Path) -> Iterator[str]:
    """What kbuild read, by its own record; the directories of all that but Kconfig files, and those it made
    something in, with those above them in the tree, and all makefiles and scripts in there."""
    read, searched, directories = set[bytes](), set[bytes](), {str(tree), str(tree / "scripts")}
    for command in _commands(objects):
        text = command.read_bytes()
        read.update(_READ.findall(text))
        searched.update(_SEARCHED.findall(text))
        directories.add(str(tree / command.parent.relative_to(objects)))
    files = _names(read, objects)
    directories |= _names(searched, objects)
    directories.update(os.path.dirname(file) for file in files)
    for directory in list(directories):
        while directory.startswith(f"{tree}/"):
            directories.add(directory)
            directory = os.path.dirname(directory)
    yield from files
    for directory in directories:
        if os.path.isdir(directory) and not directory.startswith(str(objects)):
            yield directory
            yield from (entry.path for entry in os.scandir(directory) if directory.startswith(str(tree))
                        and entry.is_file() and not entry.name.endswith(_NAMED_BY_KBUILD))
    kconfig = (objects / "include/config/auto.conf.cmd").read_text(encoding="utf-8", errors="replace")
    yield from (os.path.join(tree, name) for name in _KCONFIG.findall(kconfig))


def _commands(objects: Path) -> Iterator[Path]:
    """The files in which kbuild keeps how it made something, and what it read for it."""
    for directory, _, names in os.walk(objects):
        yield from (Path(directory, name) for name in names if name[0] == "." and name.endswith(".cmd"))


def _names(found: Iterable[bytes], objects: Path) -> set[str]:
    """The files that they name, of which the objects are in the tree."""
    tree = objects.parent
    return {os.path.join(tree, name[3:]) if name.startswith("../") else os.path.join(objects, name)
            for name in map(os.fsdecode, found)}


def _resolved(names: Iterable[str]) -> Iterator[str]:
    """Without links, which belong to directories of their own: it takes time to follow them again."""
    for name in names:
        place = _beside(name)
        with suppress(OSError):  # most of a tree are links to files that are none
            place = _beside(os.path.join(os.path.dirname(place), os.readlink(place)))
        yield os.path.realpath(place) if os.path.islink(place) else place


def _beside(name: str) -> str:
    """With the links of its directory followed, not its own."""
    directory, base = os.path.split(name)
    return os.path.join(_directory(directory), base) if base not in ("", ".", "..") else _directory(name)


@functools.cache
def _directory(name: str) -> str:
    """As os.path.realpath(), but a directory that many have in common is looked at once."""
    above, base = os.path.split(name)
    if not base or base in (".", "..") or os.path.islink(name):
        return os.path.realpath(name)
    return os.path.join(_directory(above), base)


def _is_older(name: str, than: int) -> bool:
    """Whether make would take a file for one that did not change."""
    state = _state(name)
    return bool(state) and state[0] <= than


def _digest(name: str) -> str:
    """What tells the contents of a file; "" of what is none."""
    try:
        with open(name, "rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest()
    except OSError:
        return ""


def _parsed(text: str) -> dict[str, str]:
    with suppress(ValueError):
        return dict(json.loads(text))
    return {}


def _compiler() -> str:
    """GCC's own file, which gcc runs."""
    done = subprocess.run(["gcc", "-print-prog-name=cc1"], check=False, capture_output=True, text=True)
    return done.stdout.strip()
