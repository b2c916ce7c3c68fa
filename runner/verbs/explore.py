# SPDX-License-Identifier: GPL-2.0
"""The verb `explore`: every execution of scenarios, and what is wrong in any of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from runner import answer, check_counts, journal, lock, terminal
from runner.boot import lists
from runner.errors import Interrupted, TkfiError
from runner.explore import explorer, mistakes, scenarios, stories, strategies
from runner.explore.exploration import Exploration
from runner.explore.replay import recorded
from runner.explore.strategies import Request
from runner.kernel import builder, kernels
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.progress import note
from runner.report import findings, pages, stories_text
from runner.report.report_directory import Report
from runner.verbs import completions
from runner.verbs.options import (Body, Count, Name, Seconds, flag, json_option, kernel_option, option,
                                  options, pass_layout, report_option, variant_option, verb)


_FEWEST = 24  # lines of a terminal
_MOST_SHOWN = 8  # executions

_KEEPS = ("what it had explored is kept, but for the last seconds of each kernel, 10 at most: the same "
          "command with --resume goes on from there")


def _number_options(function: Body) -> Body:
    """The numbers that strategies may be told."""
    for name, one in reversed(strategies.OPTIONS.items()):
        function = option(f"--{name}", type=Count(one.least, one.most), metavar="N",
                          help=one.about)(function)
    return function


@verb("explore", "explore all executions of scenarios that differ in effect", words=(
    "SCENARIO: name or glob (see list scenarios), a text as in 'cpu0: tick; cpu1: read vdso MONOTONIC', or "
    "a file of lines NAME = TEXT (all of timekeeping's)."),
      held="nothing is wrong but what the kernel is known to have", failed="something new, or a crash",
      examples=("'falls-*'",
                "'cpu0: tick; cpu1: read vdso MONOTONIC; host: 12ms' --show",
                "--stories 2 --jobs 2 --clock tsc"), kept=True)
@click.argument("scenario", nargs=-1, shell_complete=completions.SCENARIOS)
@kernel_option
@variant_option
@option("--strategy", default=strategies.DEFAULT, shell_complete=completions.STRATEGIES,
        help=f"who chooses: {', '.join(strategies.STRATEGIES)} ({strategies.DEFAULT})")
@_number_options
@option("--time", type=Seconds(), metavar="T", help=(
    "how long a scenario is explored at most, as in 90s, by however many kernels at once; dpor without a "
    "bound then estimates how many classes there are"))
@option("--jobs", type=Count(), default="1", metavar="N", help=(
    "kernels at once (1); dpor without a bound divides scenarios among them, at the cost of some "
    "executions that come to nothing"))
@option("--stories", "length", type=Count(1, stories.MOST), metavar="N", help=(
    "in place of scenarios: all sequences of up to N operations, each judged; then from each state that "
    "N - 1 lead to one more operation beside readers, in all orders"))
@flag("--sequential", about="of --stories only the sequences")
@option("--story", metavar="TEXT", help="one such sequence again, as in 'wait 10ms, tick'")
@options("--clock", type=Name(scenarios.CLOCKS, "./tkfi explore --help"), metavar="CLOCK", help=(
    f"what to go by: {', '.join(scenarios.CLOCKS)}; may be repeated (each, but named scenarios by the "
    "first)"))
@flag("--outcomes", about="report how many outcomes each scenario has, and a digest of them: an outcome is "
      "all that an execution lets anybody observe")
@option("--outcome", metavar="HASH", help="show an execution with this outcome, in place of violations")
@flag("--coverage", about="report which instructions were executed, as far as executions are watched")
@flag("--resume", about="go on where the same command was stopped, with the same build of the kernel; what "
      "it had explored to the end is not explored again")
@flag("--replay", about="replay every violation on a kernel of its own: it must come to the same")
@flag("--show", about="show an execution of each scenario that has nothing new, with all values and the "
      f"cycles at which the clock was read; of at most {_MOST_SHOWN} scenarios")
@flag("--all", "every", about="print all scenarios, all causes, and how each known violation is replayed")
@report_option
@json_option
@pass_layout
def command(layout: Layout, scenario: Sequence[str], kernel: str, variant: str, strategy: str, jobs: int,
            length: int | None, sequential: bool, story: str | None, clock: Sequence[str], outcomes: bool,
            outcome: str | None, coverage: bool, resume: bool, replay: bool, show: bool, every: bool,
            report_in: str | None, json_to: str | None, **numbers: int | None) -> int:
    """Whether nothing is wrong, but for what is known; numbers are those that the strategy is told."""
    if length or story is not None or sequential:
        others = [outcomes, outcome, coverage, resume, replay, show and not story, every, report_in,
                  scenario,
                  strategy != strategies.DEFAULT, *(numbers[name] for name in strategies.OPTIONS)]
        if any(others) or bool(length) == bool(story) or len(clock) > 1 or sequential and not length:
            raise TkfiError("stories are told in place of scenarios: write --stories N, with --sequential "
                            "or without, or --story TEXT, and besides only one --clock, --kernel, "
                            "--variant, --time, --jobs and --json; --show with --story")
        asked = stories.Asked(length or 0, story or "", "".join(clock), jobs if length else 1,
                              numbers["time"], races=bool(length) and not sequential, outcomes=show)
        return _tell(asked, kernels.choose(kernel, layout, variant), layout, json_to)
    told = {name: value for name in (*strategies.OPTIONS, "time") if (value := numbers[name]) is not None}
    request = Request(strategy, told, jobs, resume, outcomes, coverage, outcome or "")
    request.check()
    chosen = scenarios.choose(scenario, layout, clock)
    if show and len(chosen) > _MOST_SHOWN:
        raise TkfiError(f"--show draws an execution of each scenario, and these are {len(chosen)}; name at "
                        f"most {_MOST_SHOWN}, as in './tkfi explore falls-vdso --show'")
    of_kernel = kernels.choose(kernel, layout, variant)
    if not all(one.shipped for one in chosen):
        mistakes.check(chosen, of_kernel, lists.known(of_kernel, layout))
    report_to = Report.begin(Path(report_in)) if report_in else None

    def tell(made: Exploration) -> None:
        most = max(_FEWEST, terminal.lines(sys.stdout, findings.LINES))
        answer.give(findings.text(made, every=every, most=most), made.json(), json_to)
        if report_to and made.stopped:
            report(made, {})

    def report(made: Exploration, recordings: pages.Recordings) -> None:
        if report_to:
            report_to.write(pages.of_exploration(made, recordings), findings.text(made, every=True),
                            made.json(), whole=not (made.stopped or made.problems))

    with lock.held(layout.lock, _KEEPS), journal.keeping(layout, "explore") as done:
        try:
            made = explorer.explore(of_kernel, chosen, request, layout, replay=replay, show=show,
                                    done=done)
        except explorer.Stopped as stop:
            tell(stop.made)
            note("the same command with --resume goes on from here")
            raise
        tell(made)
        if report_to:
            try:
                recordings = recorded(KunitTool(of_kernel, layout), pages.plainest(made), layout,
                                      jobs=jobs, done=done)
            except Interrupted:
                report(made, {})
                raise
            report(made, recordings)
    check_counts.add("explore", len(made.explored), len(made.new) + len(made.problems))
    return made.status


def _tell(asked: stories.Asked, kernel: kernels.Kernel, layout: Layout, json_to: str | None) -> int:
    """Stories, in place of scenarios."""
    with lock.held(layout.lock, journal.KEEPS), journal.keeping(layout, "stories") as done:
        made = stories.tell(builder.build(kernel, layout), asked, done)
    words = [kernel.option] * (kernel.name != kernels.DEFAULT)
    words += [f"--variant {kernel.variant}"] * (kernel.variant != kernel.own)
    answer.give(stories_text.text(made, " ".join(words)), made.json(), json_to)
    check_counts.add("stories", len(made.told), len(made.new))
    return made.status
