# SPDX-License-Identifier: GPL-2.0
"""Which changed lines of instrumented files were executed.

What is known of an execution is from where hooks were called: there is a hook at each access to memory.
With a basic block all those were executed that dominate it, and all that postdominate it (Agrawal:
Dominators, Super Blocks, and Program Coverage, POPL 1994). A line was executed if one of its
instructions was.
"""

from __future__ import annotations

import re
import subprocess
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

import networkx

from runner.explore.scenarios import base_of
from runner.kernel.git_tree import Instead
from runner.kernel.user_lines import UserLines
from runner.premerge.verdict import Coverage

_ADDRESS = re.compile(r"\s0x([0-9a-f]+)\s")
_INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$", re.MULTILINE)
_CONSTANT = re.compile(r"\$0x([0-9a-f]+),(%\w+)$")
_TARGET = re.compile(r"^([0-9a-f]+) <")
_PLACE = re.compile(r"(.*):([1-9]\d*)( \(discriminator \d+\))?")
_CODE = (".c", ".h")
_ENTRY, _EXIT = -1, -2  # of a function's graph

Lines = Mapping[str, set[int]]  # by file
Place = tuple[str, int]  # file and line


@dataclass
class _Block:
    """Instructions that are executed one after another, and the blocks that may come next. returns are the
    addresses after its calls, hooked those after calls that are known to be of hooks."""

    first: int
    addresses: list[int] = field(default_factory=list)
    returns: list[int] = field(default_factory=list)
    hooked: bool = False
    next: list[int] = field(default_factory=list)


def changed_lines(tree: Path, differing: Mapping[str, Instead | None]) -> dict[str, set[int]]:
    """The lines of a tree's C files that its base does not have."""
    found = {}
    for name, before in differing.items():
        if not name.endswith(_CODE) or not (tree / name).is_file():
            continue
        now = (tree / name).read_text(encoding="utf-8", errors="replace").splitlines()
        old = before.contents.decode(errors="replace").splitlines() if before else []
        changes = SequenceMatcher(None, old, now, autojunk=False).get_opcodes()
        lines = {line for tag, _, _, first, end in changes if tag in ("replace", "insert")
                 for line in range(first + 1, end + 1)}
        if lines:
            found[name] = lines
    return found


def covered(lines: Lines, executed: Mapping[str, Collection[int]], linux: Path, tree: Path,
            source: Path) -> Coverage:
    """What was executed of the lines of a source, of which a prepared tree and a kernel was made; executed
    has the addresses of the last bytes of calls of hooks, by scenario."""
    places = _places(linux, tree, source)
    starts = sorted(places)
    wanted = [at for at in starts if places[at][1] in lines.get(places[at][0], ())]

    def place(address: int) -> Place | None:
        """Of the lines."""
        at = bisect_right(starts, address) - 1
        found = places[starts[at]] if at >= 0 else ("", 0)
        return found if found[1] in lines.get(found[0], ()) else None

    done = {name: {address + 1 for address in addresses} for name, addresses in executed.items()}
    names: dict[Place, str] = {}
    by: dict[Place, set[str]] = {}
    functions, hooks = _functions(linux, wanted)
    for name, first, end in functions:
        graph = _Graph(_blocks(linux, first, end, hooks))
        for scenario, returned in done.items():
            for one in filter(None, map(place, graph.executed(returned))):
                by.setdefault(one, set()).add(base_of(scenario))
                names[one] = name
        for one in filter(None, map(place, graph.hooked())):
            names.setdefault(one, name)
    missed = [f"{file}:{line} ({names[file, line]})" for file, line in sorted(names.keys() - by.keys())]
    return Coverage({f"{file}:{line}": len(scenarios) for (file, line), scenarios in sorted(by.items())},
                    missed, sum(map(len, lines.values())) - len(names))


def _places(linux: Path, tree: Path, source: Path) -> dict[int, Place]:
    """The source lines of all addresses that there are lines of."""
    table = _output(["objdump", "--dwarf=decodedline", linux])
    addresses = sorted({int(found, 16) for found in _ADDRESS.findall(table)})
    answer = _output(["addr2line", "-e", linux], "".join(f"{address:x}\n" for address in addresses))
    user = UserLines(source, tree)
    found = {}
    for address, line in zip(addresses, answer.splitlines()):
        match = _PLACE.fullmatch(line)
        if match:
            path = re.sub(r"^.*/\.kunit/\.\./", "", match[1]).removeprefix(f"{tree}/")
            own = user.place(path, int(match[2]))
            if own.rpartition(":")[2].isdigit():
                found[address] = path, int(own.rpartition(":")[2])
    return found


def _functions(linux: Path, addresses: Sequence[int]) -> tuple[list[tuple[str, int, int]], set[int]]:
    """Name, first address and end of the functions that addresses are in; and the addresses of hooks."""
    symbols = [line.split() for line in _output(["nm", "-n", "-S", "--defined-only", linux]).splitlines()]
    known = [(int(one[0], 16), int(one[1], 16), one[3]) for one in symbols
             if len(one) == 4 and one[2] in "tT"]
    firsts = [first for first, _, _ in known]
    found = {}
    for address in addresses:
        at = bisect_right(firsts, address) - 1
        if at >= 0 and address < firsts[at] + known[at][1]:
            found[firsts[at]] = (known[at][2].partition(".")[0], firsts[at], firsts[at] + known[at][1])
    return list(found.values()), {first for first, _, name in known if name.startswith("__tsan_")}


def _blocks(linux: Path, first: int, end: int, hooks: set[int]) -> dict[int, _Block]:
    """The basic blocks of a function, by their first addresses; hooks are the addresses of these."""
    text = _output(["objdump", "-d", "--no-show-raw-insn", f"--start-address={first:#x}",
                    f"--stop-address={end:#x}", linux])
    code = [(int(address, 16), name, words) for address, name, words in _INSTRUCTION.findall(text)]
    begins = {first}
    for (_, name, words), following in zip(code, [*code[1:], (end, "", "")]):
        if name[0] == "j" or name == "ret":
            begins.add(following[0])
            if target := _TARGET.match(words):
                begins.add(int(target[1], 16))
    blocks: dict[int, _Block] = {}
    registers: dict[str, int] = {}
    block = _Block(first)
    for (address, name, words), following in zip(code, [*code[1:], (end, "", "")]):
        if address in begins:
            block = blocks.setdefault(address, _Block(address))
        block.addresses.append(address)
        if constant := _CONSTANT.match(words):
            registers[constant[2]] = int(constant[1], 16)
        if name == "call":
            block.returns.append(following[0])
            # User Mode Linux's code model calls by registers.
            block.hooked |= "<__tsan_" in words or registers.get(words.removeprefix("*")) in hooks
        if following[0] in begins or name[0] == "j":
            target = _TARGET.match(words) if name[0] == "j" else None
            if target and first <= int(target[1], 16) < end:
                block.next.append(int(target[1], 16))
            if name not in ("jmp", "ret") and following[0] < end:
                block.next.append(following[0])
    return blocks


class _Graph:
    """The basic blocks of a function, and which of them are executed whenever others are."""

    def __init__(self, blocks: Mapping[int, _Block]) -> None:
        self._blocks = blocks
        graph = networkx.DiGraph()
        graph.add_edge(_ENTRY, min(blocks))
        for first, block in blocks.items():
            for following in block.next or [_EXIT]:
                graph.add_edge(first, following)
        graph = graph.subgraph({_ENTRY, *networkx.descendants(graph, _ENTRY)})
        self._before = networkx.immediate_dominators(graph, _ENTRY)
        self._after = networkx.immediate_dominators(graph.reverse(), _EXIT) if _EXIT in graph else {}

    def executed(self, done: Collection[int]) -> Iterator[int]:
        """The addresses of instructions that were executed, if calls returned to these addresses."""
        ran: set[int] = set()
        for first, block in self._blocks.items():
            if not any(address in done for address in block.returns):
                continue
            for tree in (self._before, self._after):
                at = first
                while at in self._blocks:
                    ran.add(at)
                    at = tree.get(at, _ENTRY)
        return (address for first in ran for address in self._blocks[first].addresses)

    def hooked(self) -> Iterator[int]:
        """Those of which it can be told."""
        return (address for block in self._blocks.values() if block.hooked for address in block.addresses)


def _output(command: Sequence[str | Path], given: str = "") -> str:
    return subprocess.run(command, check=False, capture_output=True, text=True, input=given).stdout
