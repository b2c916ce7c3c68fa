# SPDX-License-Identifier: GPL-2.0
"""The verb `dev breaks`: a deliberate break of the kernel's code must make its case fail.

A break is a patch whose changelog names the variant it breaks and the KUnit cases that must notice.
The same cases must pass on the unbroken variant, or their failing would say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner.boot import boots
from runner.boot.causes import Kind
from runner.boot.kunit_boot import Boot
from runner.boot.suites import failures_only
from runner.errors import TkfiError
from runner.kernel import builder, patches
from runner.kernel.kernels import Kernel, choose
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.nearest import nearest
from runner.progress import note
from runner.report import tables

_TAG = re.compile(r"^(Variant|Case): *(\S.*?) *$", re.MULTILINE)
_FAILURE = re.compile(r"(?:EXPECTATION|ASSERTION) FAILED at (\S+)\n(.*)")
_STAMP = re.compile(r"^\[[\d:]+\] *", re.MULTILINE)
_VERDICTS = (Kind.FAILED, Kind.TRUNCATED)  # a flood of failures can push lines out of the log
_CRASHES = (Kind.PANIC, Kind.TIMEOUT)
_PATIENCE = 5  # times the unbroken kernel's time, until the broken one is taken for hung
_COLUMN = 100  # characters
_LEAST = 30  # seconds it has at least


@dataclass(frozen=True)
class Break:
    """A patch, the variant it breaks, and the KUnit glob (suite.case) that must fail."""

    patch: Path
    variant: str
    case: str

    @property
    def name(self) -> str:
        """The patch's, without .patch."""
        return self.patch.stem


@dataclass(frozen=True)
class Verdict:
    """Whether a break was caught, and by what, in words."""

    kernel: str
    what: Break
    caught: bool
    by: str
    seconds: float

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {"kernel": self.kernel, "break": self.what.name, "variant": self.what.variant,
                "case": self.what.case, "caught": self.caught, "by": self.by,
                "seconds": round(self.seconds, 3)}


def read(patch: Path) -> Break:
    """A break from its patch. Raises TkfiError when its changelog does not say what it needs to."""
    tags = _TAG.findall(re.split(r"^---", patch.read_text(encoding="utf-8"), maxsplit=1,
                                 flags=re.MULTILINE)[0])
    found = dict(tags)
    if sorted(name for name, _ in tags) != ["Case", "Variant"] or "." not in found["Case"]:
        raise TkfiError(f"{patch}: the changelog needs one line 'Variant: <variant>' and one line "
                        "'Case: <suite>.<case>'")
    return Break(patch, found["Variant"], found["Case"])


def select(kernels: Sequence[Kernel], names: Sequence[str]) -> list[tuple[Kernel, Break]]:
    """The breaks of these names, or all, of every kernel, those of one variant together.

    Raises TkfiError for a name that no kernel has, and for a kernel without any.
    """
    every = [(kernel, read(patch)) for kernel in kernels
             for patch in patches.beside(kernel.series, "breaks").values()]
    known = list(dict.fromkeys(what.name for _, what in every))
    for kernel in kernels:
        if not any(other is kernel for other, _ in every):
            there = " or ".join(f"{place}/breaks" for place in patches.places(kernel.series))
            raise TkfiError(f"kernel {kernel.name} has no breaks: there is no patch in {there}")
    if unknown := [name for name in names if name not in known]:
        raise TkfiError("\n".join(f"no break is called '{name}'; "
                                  f"{nearest(name, known, './tkfi list breaks')}" for name in unknown))
    chosen = [pair for pair in every if not names or pair[1].name in names]
    return sorted(chosen, key=lambda pair: (kernels.index(pair[0]), pair[1].variant))


def run(chosen: Sequence[tuple[Kernel, Break]], layout: Layout) -> list[Verdict]:
    """Try every break. Raises TkfiError when one cannot be judged."""
    tools: dict[Kernel, KunitTool] = {}
    sound: dict[tuple[Kernel, str], Boot] = {}
    verdicts = []
    for kernel, what in chosen:
        unbroken = choose(str(kernel.path or kernel.name), layout, what.variant)
        if unbroken not in tools:
            tools[unbroken] = builder.build(unbroken, layout)
        if (unbroken, what.case) not in sound:
            sound[unbroken, what.case] = _unbroken(tools[unbroken], what)
        verdicts.append(_try(unbroken, what, sound[unbroken, what.case], layout))
    return verdicts


def report(verdicts: Sequence[Verdict]) -> str:
    """The table, and one line on all of them."""
    rows = [[f"{verdict.kernel} {verdict.what.name}", verdict.what.variant, verdict.what.case,
             _short(verdict.by if verdict.caught else f"NOT CAUGHT: {verdict.by}"),
             f"{verdict.seconds:.1f}"]
            for verdict in verdicts]
    caught = sum(verdict.caught for verdict in verdicts)
    return "\n\n".join([
        tables.table(["break", "variant", "case", "caught by", "time, s"], rows, left=4),
        f"{caught} of {len(verdicts)} breaks were caught."])


def judge(boot: Boot) -> tuple[bool, str]:
    """Whether a broken kernel's boot noticed, and how it did or did not."""
    if not boot.cause:
        return False, f"{boot.counts.passed} cases passed"
    if boot.cause.kind in _VERDICTS and boot.failing:
        return True, ": ".join([boot.failing[0], *_expectation(boot.output)])
    return boot.cause.kind in _CRASHES, boot.cause.text


def _unbroken(tool: KunitTool, what: Break) -> Boot:
    """Boot the cases without the break: some must be there, and all must pass."""
    boot = boots.run(tool, what.case, title=f"{tool.kernel.title}: {what.case} unbroken",
                     name=f"unbroken-{_file_name(what.case)}").boot
    if boot.cause and boot.cause.kind is Kind.NO_TESTS:
        raise TkfiError(f"break {what.name}: no case matches '{what.case}' on {tool.kernel.title}")
    if boot.cause:
        note(failures_only(boot.output))
    return boot


def _try(unbroken: Kernel, what: Break, sound: Boot, layout: Layout) -> Verdict:
    if sound.cause:
        return Verdict(unbroken.name, what, False, f"without the break: {sound.failure()}", sound.seconds)
    broken = replace(unbroken, breaking=what.patch)
    tool = builder.build(broken, layout)
    boot = boots.run(tool, what.case, title=f"{broken.title}: {what.case}", name=_file_name(what.name),
                     timeout=max(_LEAST, round(_PATIENCE * sound.seconds))).boot
    caught, by = judge(boot)
    return Verdict(unbroken.name, what, caught, by, boot.seconds)


def _expectation(output: str) -> list[str]:
    """Where the first expectation failed and what it says, if that can be read."""
    failed = _FAILURE.search(_STAMP.sub("", output))
    return [f"{Path(failed[1].rstrip(':')).name} {failed[2].strip()}"] if failed else []


def _short(text: str) -> str:
    """One line of a table; the rest is in the log and in the JSON."""
    first = text.partition("\n")[0]
    return first if len(first) <= _COLUMN else first[:_COLUMN - 4] + " ..."


def _file_name(text: str) -> str:
    return re.sub(r"[^\w.-]", "_", text)
