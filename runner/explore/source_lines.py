# SPDX-License-Identifier: GPL-2.0
"""Where in the source an access of the kernel under test is, from the line tables of its binary."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from runner.boot.records import Access, Violation
from runner.kernel.kunit_tool import KunitTool
from runner.kernel.user_lines import UserLines

_LINE = re.compile(r"(?P<path>[^?].*):(?P<line>[1-9]\d*)( \(discriminator \d+\))?")


def located(violations: Sequence[Violation], linux: Path, tree: Path, lines: UserLines) -> list[Violation]:
    """With the file and line of each access, as far as linux, which was built in tree, knows them: those of
    the source that the tree was made over."""
    found = {address: lines.place(path, line) for address, (path, line) in places(
        {access.ip for violation in violations for access in violation.accesses if access.ip}, linux,
        tree).items()}

    @cache  # violations of one cause have the same accesses
    def known(access: Access) -> Access:
        return replace(access, place=found.get(access.ip, ""))

    return [replace(violation, accesses=tuple(map(known, violation.accesses)))
            for violation in violations]


def located_in(tool: KunitTool, violations: Sequence[Violation]) -> list[Violation]:
    """With the source line of each access, as far as the kernel of tool knows them."""
    place = tool.kernel.place
    return located(violations, tool.layout.objects(place) / "linux", tool.layout.tree(place),
                   tool.user_lines())


def places(addresses: Iterable[int], linux: Path, tree: Path) -> dict[int, tuple[str, int]]:
    """What addr2line knows: file and line of addresses, the file relative to tree. The innermost line
    counts that is not in a header."""
    found = {}
    for address, frames in stacks(addresses, linux, tree).items():
        frame = next((one for one in frames if not one.path.startswith("include/")), frames[0])
        found[address] = frame.path, frame.line
    return found


@dataclass(frozen=True)
class Frame:
    """A line of a function's source, the file relative to the tree."""

    function: str
    path: str
    line: int


def stacks(addresses: Iterable[int], linux: Path, tree: Path) -> dict[int, tuple[Frame, ...]]:
    """The line of each address, and the lines that it was inlined into, the innermost first, as far as
    addr2line knows them."""
    asked = [f"{address:#x}" for address in sorted(addresses)]
    if not asked:
        return {}
    try:
        done = subprocess.run(["addr2line", "-a", "-f", "-i", "-e", linux, *asked], check=False,
                              capture_output=True, text=True)
    except FileNotFoundError:
        return {}
    return parse(done.stdout, tree)


def parse(text: str, tree: Path) -> dict[int, tuple[Frame, ...]]:
    """Read addr2line's answer: each address, then pairs of lines: a function, and where in it. What is not
    in tree is left out."""
    found: dict[int, tuple[Frame, ...]] = {}
    address, function = 0, ""
    for line in text.splitlines():
        if line.startswith("0x"):
            address, function = int(line, 16), ""
        elif not function:
            function = line
        else:
            match = _LINE.fullmatch(line)
            path = os.path.relpath(os.path.normpath(match["path"]), tree) if match else ".."
            if match and not path.startswith(".."):
                found[address] = (*found.get(address, ()), Frame(function, path, int(match["line"])))
            function = ""
    return found
