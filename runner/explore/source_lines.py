# SPDX-License-Identifier: GPL-2.0
"""Where in the source an access of the kernel under test is, from the line tables of its binary."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import replace
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
    """What addr2line knows: file and line of addresses, the file relative to tree."""
    asked = [f"{address:#x}" for address in sorted(addresses)]
    if not asked:
        return {}
    try:
        done = subprocess.run(["addr2line", "-a", "-i", "-e", linux, *asked], check=False,
                              capture_output=True, text=True)
    except FileNotFoundError:
        return {}
    return parse(done.stdout, tree)


def parse(text: str, tree: Path) -> dict[int, tuple[str, int]]:
    """Read addr2line's answer: each address, then its line, and the lines it was inlined into. The
    innermost one counts that is not in a header."""
    found: dict[int, tuple[str, int]] = {}
    address = 0
    for line in text.splitlines():
        if line.startswith("0x"):
            address = int(line, 16)
        elif match := _LINE.fullmatch(line):
            path = os.path.relpath(os.path.normpath(match["path"]), tree)
            if path.startswith(".."):
                continue
            if address not in found or found[address][0].startswith("include/"):
                found[address] = path, int(match["line"])
    return found
