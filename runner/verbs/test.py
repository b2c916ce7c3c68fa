# SPDX-License-Identifier: GPL-2.0
"""The verb `test`: KUnit suites, and whether every boot did exactly the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from runner import answer, check_counts, journal, lock
from runner.boot import lists, suite_batches, suites
from runner.boot.kunit_boot import Boot, Counts
from runner.boot.kunit_output import failures_only
from runner.boot.suite_batches import Ran
from runner.errors import TkfiError
from runner.journal import Journal
from runner.kernel import builder, kernels
from runner.kernel.kernels import POST_SERIES, Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.plural import counted
from runner.progress import note
from runner.report import tables
from runner.verbs import completions
from runner.verbs.options import (Count, flag, json_option, kernel_options, option, options, pass_layout,
                                  verb)

Traces = dict[str, tuple[int, str]]  # case -> events, hash


@dataclass(frozen=True)
class SuiteRun:
    """All boots of one suite on one kernel: how many cases left a trace, the names of those whose
    traces were not the same in every boot, the hashes that every variant must have, by name, and how long
    it took in all of them, None if that is not known of each."""

    kernel: Kernel
    suite: str
    boots: Sequence[Boot]
    traces: int
    differing: Sequence[str]
    same: Mapping[str, str]
    version: str
    seconds: float | None = None

    @property
    def counts(self) -> Counts:
        """The worst boot's counts; a trace that differs is one failed case more."""
        worst = max((boot.counts for boot in self.boots), key=lambda counts: counts.failed)
        return worst + Counts(failed=len(self.differing))

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "kernel": self.version, "variant": self.kernel.variant, "suite": self.suite,
            "boots": len(self.boots), "passed": self.counts.passed, "failed": self.counts.failed,
            "skipped": self.counts.skipped,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "causes": [boot.cause.text for boot in self.boots if boot.cause],
            "traces": self.traces, "differing": list(self.differing),
            "same": dict(self.same),
        }


def run_suites(kernels: Sequence[Kernel], patterns: Sequence[str], count: int, layout: Layout,
               done: Journal | None = None) -> list[SuiteRun]:
    """Run the suites that any of patterns selects, or else the default ones, on every kernel, count
    times. Boots that are done are not made again."""
    for kernel in kernels:
        if known := lists.known(kernel, layout):
            suites.matching(patterns, kernel, known.names("suite"))
    made: list[SuiteRun] = []
    for kernel in kernels:
        tool = builder.build(kernel, layout)
        there = lists.of(tool).names("suite")
        chosen = suites.matching(patterns or suites.default(kernel, there), kernel, there)
        made += _run(tool, dict(chosen), count, done)
    return made


def unlike(runs: Sequence[SuiteRun]) -> list[str]:
    """What should have been the same in all variants of a kernel that ran, and was not."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for run in runs:
        for name, value in run.same.items():
            found.setdefault((run.kernel.name, name), {})[run.kernel.variant] = value
    return [f"{kernel}: {name} differ between variants: "
            + ", ".join(f"{variant} {value}" for variant, value in hashes.items())
            for (kernel, name), hashes in found.items() if len(set(hashes.values())) > 1]


def report(runs: Sequence[SuiteRun], *, every: bool = True) -> str:
    """A table of the suites in which something failed, or of every one, and a line on all suites of each
    kernel."""
    shown = [run for run in runs if every or run.counts.failed]
    tables = [_table(shown)] if shown else []
    return "\n\n".join([*tables, "\n".join(
        _sum([run for run in runs if run.kernel == kernel])
        for kernel in dict.fromkeys(run.kernel for run in runs))])


def _sum(runs: Sequence[SuiteRun]) -> str:
    counts = sum((run.counts for run in runs), Counts())
    boots = max(len(run.boots) for run in runs)
    compared = f", {sum(run.traces for run in runs):,} traces compared between {boots} boots" * (boots > 1)
    kernel = runs[0].kernel
    variant = f" ({kernel.variant})" * (kernel.variant != POST_SERIES)
    return (f"{kernel.name}{variant}: {counted(len(runs), 'suite')}, {counts.passed:,} passed, "
            f"{counts.failed:,} failed, {counts.skipped:,} skipped{compared}")


def _table(runs: Sequence[SuiteRun]) -> str:
    """traces counts the cases compared between boots."""
    several = any(run.kernel.variant != POST_SERIES for run in runs)
    rows = [[f"{run.kernel.name} {run.suite}", *([run.kernel.variant] if several else []),
             *map(str, (run.counts.passed, run.counts.failed, run.counts.skipped, len(run.boots),
                        run.traces)), "not known" if run.seconds is None else f"{run.seconds:.1f}"]
            for run in runs]
    return tables.table(["suite", *(["variant"] if several else []), "passed", "failed", "skipped",
                         "boots", "traces", "time, s"], rows)


def compare(traces: Sequence[Traces]) -> list[str]:
    """The cases whose trace is not the same in every boot."""
    cases = {case for boot in traces for case in boot}
    return sorted(case for case in cases if len({boot.get(case) for boot in traces}) > 1)


def _run(tool: KunitTool, filters: Mapping[str, str], count: int, done: Journal | None) -> list[SuiteRun]:
    """Run suites, by name with their filters, count times; one that does not pass is not run again."""
    ran: dict[str, list[Ran]] = {suite: [] for suite in filters}
    left = dict(filters)
    for number in range(1, count + 1):
        of_all = f", boot {number} of {count}" if count > 1 else ""
        made = suite_batches.run(tool, left, f"test-{number}", f"{tool.kernel.title}{of_all}", done)
        _show(tool.kernel, made)
        for suite, one in made.items():
            ran[suite].append(one)
            if one.boot.cause:
                del left[suite]
        if not left:
            break
    return [_suite_run(tool.kernel, suite, those) for suite, those in ran.items()]


def _show(kernel: Kernel, made: Mapping[str, Ran]) -> None:
    """What failed, each boot's output once."""
    for output in dict.fromkeys(one.boot.output for one in made.values() if one.boot.cause):
        note(failures_only(output))
    for suite, one in made.items():
        if one.boot.cause:
            note(f"{kernel.title} {suite}: {one.boot.failure()}")


def _suite_run(kernel: Kernel, suite: str, ran: Sequence[Ran]) -> SuiteRun:
    """All that ran of a suite together. A boot that did not end well has no traces to compare."""
    version = next((one.found.header.kernel for one in ran if one.found.header), kernel.name)
    whole = [one.found for one in ran if not one.boot.cause]
    same = {s.case: s.hash for found in whole for s in found.same if s.suite == suite}
    traces = [{f"{t.suite}.{t.case}": (t.events, t.hash) for t in found.traces if t.suite == suite}
              for found in whole]
    differing = compare(traces)
    for case in differing:
        note(f"{kernel.title} {case}: the trace is not the same in every boot: "
             + ", ".join(_describe(boot.get(case)) for boot in traces))
    known = [one.seconds for one in ran if one.seconds is not None]
    return SuiteRun(kernel, suite, [one.boot for one in ran], len(set().union(*traces)), differing, same,
                    version, sum(known) if len(known) == len(ran) else None)


def _describe(trace: tuple[int, str] | None) -> str:
    return f"{trace[1]} ({trace[0]} events)" if trace else "absent"


@verb("test", "run the KUnit suites through the tree's own kunit.py", held="no case failed",
      failed="a case failed",
      examples=("", "--kernel ~/linux --boots 2", "--suite 'tkfi_engine*'"), kept=True)
@kernel_options(kernels.DEFAULT)
@options("--variant", shell_complete=completions.VARIANTS, help=f"may be repeated ({POST_SERIES})")
@options("--suite", metavar="GLOB", help=(
    "which suites; may be repeated (all that test something; for a tree of yours only those that test the "
    "kernel: see list suites)"))
@option("--boots", type=Count(), metavar="N", help="boot N times and compare the traces (1)")
@flag("--without-timekeeping", "parts", about=(
    "build without timekeeping, and test the rest on a small subject"))
@flag("--all", "every", about="print all suites, not only those in which something failed")
@json_option
@pass_layout
def command(layout: Layout, kernel: Sequence[str], variant: Sequence[str], suite: Sequence[str],
            boots: int | None, parts: bool, every: bool, json_to: str | None) -> int:
    """Whether no case failed, and all boots and variants agree."""
    if parts and set(variant) - {POST_SERIES}:
        raise TkfiError("a build without timekeeping has no variants: leave --variant out")
    chosen = [replace(kernels.choose(name, layout, of), parts=parts) for name in kernel or [kernels.DEFAULT]
              for of in variant or [POST_SERIES]]
    with lock.held(layout.lock, journal.KEEPS), journal.keeping(layout, "test") as done:
        runs = run_suites(chosen, suite, boots or 1, layout, done)
    different = unlike(runs)
    for line in different:
        note(line)
    passed = sum(run.counts.passed for run in runs)
    failed = sum(run.counts.failed for run in runs) + len(different)
    data = {"format": 1, "passed": passed, "failed": failed, "runs": [run.json() for run in runs],
            "unlike": different}
    answer.give(report(runs, every=every or bool(suite)), data, json_to)
    check_counts.add("KUnit", passed, failed)
    return 1 if failed else 0
