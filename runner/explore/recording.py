# SPDX-License-Identifier: GPL-2.0
"""An execution access by access: what each step did, and the source line that it is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from runner.boot.records import Event, Published, Reading, Step
from runner.boot.results import Results
from runner.explore import source_lines
from runner.explore.source_lines import Frame
from runner.kernel.kunit_tool import KunitTool
from runner.kernel.user_lines import UserLines

_AROUND = 4  # lines before and after one that is shown
_WRAPPER = "kernel/time/tkfi/"  # is not the kernel's own


@dataclass(frozen=True)
class SourceLine:
    """A line of a file, and its number in the user's own source, None if it is not there."""

    number: int | None
    text: str


@dataclass(frozen=True)
class Recording:
    """What happened in an execution. stacks: of instructions, the line of each and the lines that it was
    inlined into, the innermost first; sources: of files, lines around these, by number."""

    events: Sequence[Event]
    steps: Sequence[Step]
    published: Sequence[Published] = ()
    readings: Sequence[Reading] = ()
    stacks: Mapping[int, tuple[Frame, ...]] = field(default_factory=dict)
    sources: Mapping[str, Mapping[int, SourceLine]] = field(default_factory=dict)

    def frames(self, step: Step) -> tuple[Frame, ...]:
        """The functions that a step is of, the innermost first: not those of headers that it was inlined
        from, nor tkfi's own around the kernel's. Nothing if they are not known."""
        every = self.stacks.get(step.ip, ())
        found = [one for one in every if not one.path.startswith("include/")]
        own = [one for one in found if not one.path.startswith(_WRAPPER)]
        return tuple(own or found) or every

    def place(self, frame: Frame) -> str:
        """file:line in the user's own source."""
        line = self.sources.get(frame.path, {}).get(frame.line)
        number = frame.line if line is None else line.number
        return f"{frame.path}:{number}" if number else f"{frame.path}, in what tkfi adds"

    @cached_property
    def shared(self) -> frozenset[int]:
        """The cells that several VCPUs touch, or wait for, and at least one of them changes."""
        who: dict[int, set[int]] = {}
        stored: set[int] = set()
        waits = [(event.text, event.vcpu) for event in self.events if event.kind == "blocked"]
        for step in self.steps:
            for cell in step.touched:
                who.setdefault(cell, set()).update(
                    [step.vcpu, *(vcpu for text, vcpu in waits if text == step.text)])
            if step.stores:
                stored.update(step.touched)
        return frozenset(cell for cell in stored if len(who[cell]) > 1)

    @cached_property
    def _sizes(self) -> dict[str, int]:
        """The smallest size by which each name is accessed."""
        found: dict[str, int] = {}
        for step in self.steps:
            found[step.text] = min(step.size, found.get(step.text, step.size))
        return found

    def what(self, step: Step) -> tuple[str, int, int]:
        """What a step accesses, and its value before and after: of a copy that takes more at a time than
        the word has, that of the word."""
        size = self._sizes[step.text]
        if not 0 < size < step.size:
            return step.text, step.before, step.after
        mask = (1 << 8 * size) - 1
        return (f"{step.text} and {step.size - size} bytes after it", step.before & mask, step.after & mask)

    def matters(self, step: Step) -> bool:
        """Whether a step touches what others touch, too."""
        return not self.shared.isdisjoint(step.touched)


def recorded(tool: KunitTool, found: Results, case: str) -> Recording:
    """What a kernel reported of the execution of a case, with the lines of source."""
    steps = [step for step in found.steps if step.case == case]
    tree = tool.layout.tree(tool.kernel.place)
    linux = tool.layout.objects(tool.kernel.place) / "linux"
    stacks = source_lines.stacks({step.ip for step in steps if step.ip}, linux, tree)
    return Recording([event for event in found.events if event.case == case], steps,
                     [one for one in found.published if one.case == case],
                     [one for one in found.readings if one.case == case], stacks,
                     _sources(stacks, tree, tool.user_lines()))


def _sources(stacks: Mapping[int, tuple[Frame, ...]], tree: Path,
             lines: UserLines) -> dict[str, dict[int, SourceLine]]:
    wanted: dict[str, set[int]] = {}
    for frame in {frame for frames in stacks.values() for frame in frames}:
        wanted.setdefault(frame.path, set()).update(range(frame.line - _AROUND, frame.line + _AROUND + 1))
    return {path: _lines(tree / path, path, numbers, lines) for path, numbers in wanted.items()}


def _lines(file: Path, path: str, numbers: set[int], lines: UserLines) -> dict[int, SourceLine]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {number: SourceLine(lines.number(path, number), text[number - 1].expandtabs(8))
            for number in sorted(numbers) if 0 < number <= len(text)}
