# SPDX-License-Identifier: GPL-2.0
"""The verb `replay`: one execution again, by its schedule, as a diagram."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import click

from runner import answer, check_counts, journal, lock
from runner.boot import lists
from runner.explore import mistakes, repeat, replay, scenarios, schedule
from runner.explore.schedule import Schedule
from runner.kernel import builder, kernels
from runner.kernel.kernels import Kernel
from runner.layout import Layout
from runner.nearest import nearest
from runner.progress import note
from runner.report import pages, replay_text
from runner.report.report_directory import Report
from runner.verbs import completions
from runner.verbs.options import Count, json_option, option, pass_layout, report_option, verb


@verb("replay", "run one execution again by its schedule, and draw it",
      words="SCHEDULE: as explore prints it, in quotes.",
      held="nothing is wrong but what the kernel is known to have", failed="something new, or a crash",
      examples=("'tkfi1 6.12.117 post-series tick-vdso: host, cpu0, cpu1'",
                "'tkfi1 6.12.117 post-series rises-coarse@tsc: cpu2' --boots 10",
                "'tkfi1 6.12.117 post-series \"cpu0: tick; cpu1: tick\": cpu1'"), kept=True)
@click.argument("schedule_text", metavar="SCHEDULE")
@option("--kernel", shell_complete=completions.KERNELS,
        help="a release or the path of a kernel tree (the schedule's)")
@option("--boots", type=Count(), default="1", metavar="N",
        help="boot N times, which must do the same, event by event (1)")
@option("--jobs", type=Count(), default="1", metavar="N", help="kernels at once (1)")
@report_option
@json_option
@pass_layout
def command(layout: Layout, schedule_text: str, kernel: str | None, boots: int, jobs: int,
            report_in: str | None, json_to: str | None) -> int:
    """Whether nothing is wrong in it, but for what is known."""
    asked = schedule.parse(schedule_text)
    scenario = asked.choose(scenarios.shipped(layout))
    chosen = _kernel_of(asked, kernel, layout)
    mistakes.check([scenario], chosen, lists.known(chosen, layout), asked)
    report_to = Report.begin(Path(report_in)) if report_in else None
    with lock.held(layout.lock, journal.KEEPS), journal.keeping(layout, "replay") as done:
        tool = builder.build(chosen, layout)
        made = (repeat.repeat(tool, scenario, asked, boots, jobs=jobs, done=done) if boots > 1 else
                replay.replay(tool, scenario, asked, record=bool(report_to)))
        if report_to and boots > 1:
            made = replace(made, recording=replay.replay(tool, scenario, asked, record=True).recording)
    if made.header.kernel != asked.release:
        note(f"The schedule is of Linux {asked.release}; this is {made.header.kernel}.")
    answer.give(replay_text.text(made), made.json(), json_to)
    if report_to:
        named = f" {chosen.option}" * bool(kernel)
        report_to.write(pages.of_replay(made, f"./tkfi replay {shlex.quote(str(asked))}{named}"),
                        replay_text.text(made), made.json())
    check_counts.add("replay", 1, 0)
    return 0 if made.held else 1


def _kernel_of(asked: Schedule, kernel: str | None, layout: Layout) -> Kernel:
    """The kernel that was asked for, or else the schedule's, as the schedule's variant.

    Raises InputError when there is no such kernel, or no such variant of it.
    """
    offered = [release.version for release in kernels.offered(layout)]
    if not kernel and asked.version not in offered:
        near = nearest(asked.version, offered, "./tkfi list kernels")
        raise asked.wrong(asked.release, f"the schedule is of Linux {asked.release}, and there is no "
                          f"kernel {asked.version}: choose another or a tree with --kernel; {near}")
    chosen = kernels.choose(kernel or asked.version, layout)
    if asked.variant not in chosen.variants:
        near = nearest(asked.variant, chosen.variants,
                       f"./tkfi list variants {chosen.option}")
        raise asked.wrong(asked.variant,
                          f"unknown variant '{asked.variant}' of kernel {chosen.name}; {near}")
    return kernels.choose(kernel or asked.version, layout, asked.variant)
