# SPDX-License-Identifier: GPL-2.0
"""The command line: what can be asked, and how every ending becomes an exit status."""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from runner import check_counts, lock, machine
from runner.boot import results, write_hold
from runner.boot.suites import subject, suites
from runner.errors import INTERRUPTED, Interrupted, TkfiError
from runner.explore import exploration, explorer, mistakes, repeat, replay, scenarios, schedule, strategies
from runner.explore.oracles import oracles
from runner.explore.readers import readers
from runner.kernel import break_patches, builder, kernels, patches
from runner.kernel.prepare import prepare
from runner.layout import Layout
from runner.nearest import nearest
from runner.process import NoSpace
from runner.progress import note
from runner.report import findings, hold_chart, replay_text
from runner.report.report_directory import Report
from runner.units import parse_delay, parse_frequency, parse_seconds
from runner.verbs import bench, hold, summary
from runner.verbs.dev import breaks, style
from runner.verbs.dev.identical import check_identical
from runner.verbs.reproduce import Request, reproduce
from runner.verbs.test import report, run_suites, unlike

NEEDED_GB = 2  # disk space one kernel takes: package, source, objects
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What the exit statuses 0 and 1 of a verb mean; the others are the same everywhere.
_ENDS = {
    "reproduce": ("the clock did as predicted, back or not", "it did not"),
    "test": ("no case failed", "a case failed"),
    "explore": ("nothing is wrong but what the kernel is known to have", "something new, or a crash"),
    "replay": ("nothing is wrong but what the kernel is known to have", "something new, or a crash"),
    "breaks": ("each break was noticed", "one was not"),
    "summary": ("each build shows what it must", "one does not"),
    "bench": ("measured", "something that was measured is impossible"),
    "hold": ("measured", "something that was measured is impossible"),
    "identical": ("identical", "different"),
    "style": ("clean", "not clean"),
}
_SIGNED = ("--from", "--to", "--delay")  # whose values may begin with a minus sign
_DEV = {  # what `dev` does
    "breaks": "check that each deliberate break of the kernel fails its case",
    "identical": "check that CONFIG_TKFI=n leaves the object code unchanged",
    "style": "run the kernel's checkpatch.pl on the C sources and the patches",
}


def main(argv: Sequence[str] | None = None, layout: Layout | None = None) -> int:
    """Run one command; returns the exit status of DESIGN.md."""
    try:
        arguments = _parse(_glue_values(sys.argv[1:] if argv is None else argv))
        layout = layout or Layout()
        _check_json(getattr(arguments, "json", None))
        for number in _STOPPING:
            signal.signal(number, _interrupt)
        status: int = arguments.run(arguments, layout)
        return status
    except Interrupted as stop:
        note(f"\nstopped by {stop.signal.name}: all child processes ended, the lock on build/ released")
        return INTERRUPTED
    except NoSpace as error:
        return _disk_full(str(error), layout)
    except TkfiError as error:
        note(f"tkfi: {error}")
        return error.status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return _disk_full(str(error), layout)
        note(f"tkfi: {error}")
        return 2


def _interrupt(number: int, _frame: FrameType | None) -> None:
    """Stop once: an impatient second signal must not break the cleaning up."""
    for stopping in _STOPPING:
        signal.signal(stopping, signal.SIG_IGN)
    raise Interrupted(number)


def _disk_full(what: str, layout: Layout | None) -> int:
    place = layout.repo if layout else Path.cwd()
    free = shutil.disk_usage(place).free / 1e9
    note(f"tkfi: the disk is full: {what}\n{free:.1f} GB are free at {place}; a kernel needs about "
         f"{NEEDED_GB} GB. 'make clean' frees what can be made again. Nothing half-made was kept.")
    return 2


def _glue_values(argv: Sequence[str]) -> list[str]:
    """Write '--to -500ppm' as '--to=-500ppm': argparse takes a leading minus for an option."""
    glued: list[str] = []
    for word in argv:
        if glued and glued[-1] in _SIGNED:
            glued[-1] += "=" + word
        else:
            glued.append(word)
    return glued


class _Once(argparse.Action):
    """Store an option's value, which argparse would replace by that of a second one."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
                 option_string: str | None = None) -> None:
        given = vars(namespace).setdefault("given", set())
        if option_string in given:
            raise argparse.ArgumentError(self, "may be given only once")
        given.add(option_string)
        setattr(namespace, self.dest, values)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    """Raises TkfiError for an unknown command; argparse ends the program for what else is wrong."""
    parser, commands = _parser()
    given = words[:2] if words[:1] == ["dev"] else words[:1]
    name = " ".join(given)
    if name not in ("", "dev", *commands) and not given[-1].startswith("-"):
        raise TkfiError(f"no command is called '{name}'; {nearest(name, commands, './tkfi --help')}")
    return parser.parse_args(words)


def _parser() -> tuple[argparse.ArgumentParser, list[str]]:
    """And the commands there are."""
    parser = argparse.ArgumentParser(
        prog="tkfi", allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Reproduces time going backwards on a live kernel, deterministically.",
        epilog="\n".join(["commands for developers of tkfi:", *(
            f"  {f'dev {name}':<15}{about}" for name, about in _DEV.items())]))
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    dev = verbs.add_parser("dev", description="commands for developers of tkfi", allow_abbrev=False)
    of_dev = dev.add_subparsers(title="commands", metavar="COMMAND", required=True)
    commands: list[str] = []

    def verb(name: str, run: Callable[[argparse.Namespace, Layout], int],
             about: str) -> argparse.ArgumentParser:
        held, failed = _ENDS.get(name, ("done", ""))
        among = of_dev if name in _DEV else verbs
        added = among.add_parser(name, help=about, description=about, allow_abbrev=False, epilog=(
            f"Exit status: 0 {held}; {f'1 {failed}; ' * bool(failed)}2 tkfi could not do its work, and "
            f"says what to do; {INTERRUPTED} stopped by a signal."))
        added.set_defaults(run=run)
        commands.append(f"dev {name}" if name in _DEV else name)
        added.register("action", None, _Once)
        return added

    cover = verb("reproduce", _reproduce, "show the cover letter's race on a live kernel")
    _add_kernel(cover)
    _add_variant(cover)
    cover.add_argument("--delay", default="10ms", help="how long the updater is off (10ms)")
    cover.add_argument("--from", default="+500ppm", dest="before", help="frequency before (+500ppm)")
    cover.add_argument("--to", default="-500ppm", dest="after", help="frequency after (-500ppm)")
    _add_json(cover)

    tests = verb("test", _test, "run the KUnit suites through the tree's own kunit.py")
    tests.add_argument("--kernel", action="append", help=f"may be repeated ({kernels.DEFAULT})")
    tests.add_argument("--variant", action="append", help="may be repeated (post-series)")
    tests.add_argument("--suite", metavar="GLOB", action="append",
                       help="which suites; may be repeated (all that test something; for a tree of yours "
                            "only those that test the kernel: see list suites)")
    tests.add_argument("--boots", type=_positive, metavar="N",
                       help="boot N times and compare the traces (1)")
    tests.add_argument("--all", action="store_true",
                       help="print all suites, not only those in which something failed")
    _add_json(tests)

    shown = verb("summary", _summary, f"measure what {', '.join(summary.VARIANTS)} show of the race")
    _add_kernels(shown)
    _add_json(shown)

    exploring = verb("explore", _explore, "explore all executions of scenarios that differ in effect")
    exploring.add_argument("scenario", nargs="*", metavar="SCENARIO", help=(
        "name or glob (see list scenarios), a text as in 'cpu0: tick; cpu1: read vdso MONOTONIC', or a "
        "file of lines NAME = TEXT (all that are shipped)"))
    _add_kernel(exploring)
    _add_variant(exploring)
    exploring.add_argument("--strategy", default=strategies.DEFAULT, help=(
        f"who chooses: {', '.join(strategies.STRATEGIES)} ({strategies.DEFAULT})"))
    for name, option in strategies.OPTIONS.items():
        exploring.add_argument(f"--{name}", type=_number(option.least, option.most), metavar="N",
                               help=option.about)
    exploring.add_argument("--time", metavar="T", help=(
        "how long a scenario is explored at most, as in 90s, by however many kernels at once; dpor without "
        "a bound then estimates how many classes there are"))
    exploring.add_argument("--jobs", type=_positive, default=1, metavar="N",
                           help="kernels at once (1); dpor without a bound divides scenarios among them, "
                           "at the cost of some executions that come to nothing")
    exploring.add_argument("--resume", action="store_true",
                           help="go on where the same command was stopped, with the same build of the "
                           "kernel; what it had explored to the end is not explored again")
    exploring.add_argument("--replay", action="store_true",
                           help="replay every violation on a kernel of its own: it must come to the same")
    exploring.add_argument("--all", action="store_true",
                           help="print all scenarios, all causes, and how each known violation is replayed")
    exploring.add_argument("--report", metavar="DIR",
                           help="write a directory: index.html, report.txt, report.json, and a "
                           "file for each violation")
    _add_json(exploring)

    again = verb("replay", _replay, "run one execution again by its schedule, and draw it")
    again.add_argument("schedule", metavar="SCHEDULE", help="as explore prints it, in quotes")
    again.add_argument("--kernel", help="a release or the path of a kernel tree (the schedule's)")
    again.add_argument("--boots", type=_positive, default=1, metavar="N",
                       help="boot N times, which must do the same, event by event (1)")
    again.add_argument("--jobs", type=_positive, default=1, metavar="N", help="kernels at once (1)")
    _add_json(again)

    timed = verb("bench", _bench, "measure what exploring costs")
    timed.add_argument("--kernel", action="append", help=f"may be repeated ({kernels.DEFAULT})")
    _add_json(timed)

    held = verb("hold", _hold, "measure what updaters execute with a sequence odd on "
                f"{', '.join(write_hold.VARIANTS)}")
    _add_kernels(held)
    held.add_argument("--svg", metavar="FILE", help="draw a chart")
    _add_json(held)

    tree = verb("tree", _tree, "print the path of the prepared tree, for plain kunit.py")
    _add_kernel(tree)
    _add_variant(tree)

    build = verb("build", _build, "prepare and build the kernel, and run nothing")
    _add_kernel(build)
    _add_variant(build)

    listing = verb("list", _list, "what there is")
    listing.add_argument("what", choices=sorted(_LISTS))
    _add_kernel(listing)
    _add_variant(listing)
    _add_json(listing)

    broken = verb("breaks", _breaks, _DEV["breaks"])
    broken.add_argument("name", nargs="*", metavar="NAME", help="which breaks (all)")
    _add_kernels(broken)
    _add_json(broken)
    same = verb("identical", _identical, _DEV["identical"])
    _add_kernel(same)
    checked = verb("style", _style, _DEV["style"])
    _add_kernel(checked)
    return parser, commands


def _add_kernel(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kernel", default=kernels.DEFAULT,
                        help=f"a release or the path of a kernel tree ({kernels.DEFAULT})")


def _add_kernels(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kernel", action="append", help="may be repeated (all)")


def _add_variant(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--variant", default=kernels.POST_SERIES,
                        help=f"a build of the kernel's own code ({kernels.POST_SERIES}); see list variants")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", metavar="FILE", help="machine-readable result; - is standard output")


def _number(least: int, most: int | None = None) -> Callable[[str], int]:
    """What reads a number that is not out of range."""
    wanted = f"of {least} or more" if most is None else f"from {least} to {most}"

    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 30 and least <= int(text) and (
                most is None or int(text) <= most)):
            raise argparse.ArgumentTypeError(f"'{text}' is not a number {wanted}; give one that is")
        return int(text)
    return number


_positive = _number(1)


def _answer(text: str, data: dict[str, Any], json_to: str | None) -> None:
    """Text to standard output, unless JSON is to be alone there."""
    if json_to == "-":
        note(text)
        print(results.to_json(data))
        return
    print(text, flush=True)
    if json_to:
        Path(json_to).write_text(results.to_json(data) + "\n", encoding="utf-8")


def _check_json(json_to: str | None) -> None:
    """Before hours of work. Raises TkfiError for a file that cannot be written."""
    if json_to is None or json_to == "-":
        return
    file = Path(json_to)
    try:
        if not file.exists():
            file.resolve().touch()
            file.resolve().unlink()
        elif not os.access(file, os.W_OK) or file.is_dir():
            raise OSError(errno.EISDIR if file.is_dir() else errno.EACCES, "")
    except OSError as error:
        raise TkfiError(f"no result can be written to '{json_to}': {os.strerror(error.errno or 0)}; name "
                        "with --json a file in a directory that exists and can be written to") from error


def _reproduce(arguments: argparse.Namespace, layout: Layout) -> int:
    request = Request(parse_delay(arguments.delay), parse_frequency(arguments.before),
                      parse_frequency(arguments.after))
    kernel = kernels.choose(arguments.kernel, layout, arguments.variant)
    with lock.held(layout.build / ".lock"):
        outcome = reproduce(kernel, request, layout)
    _answer(outcome.text(), outcome.json(), arguments.json)
    return 0 if outcome.held else 1


def _test(arguments: argparse.Namespace, layout: Layout) -> int:
    chosen = [kernels.choose(name, layout, variant) for name in arguments.kernel or [kernels.DEFAULT]
              for variant in arguments.variant or [kernels.POST_SERIES]]
    with lock.held(layout.build / ".lock"):
        runs = run_suites(chosen, arguments.suite or [], arguments.boots or 1, layout)
    different = unlike(runs)
    for line in different:
        note(line)
    passed = sum(run.counts.passed for run in runs)
    failed = sum(run.counts.failed for run in runs) + len(different)
    data = {"format": 1, "passed": passed, "failed": failed, "runs": [run.json() for run in runs],
            "unlike": different}
    _answer(report(runs, every=arguments.all or bool(arguments.suite)), data, arguments.json)
    check_counts.add("KUnit", passed, failed)
    return 1 if failed else 0


def _summary(arguments: argparse.Namespace, layout: Layout) -> int:
    chosen = [kernels.choose(name, layout, variant) for name in _kernels(arguments, layout)
              for variant in summary.VARIANTS]
    with lock.held(layout.build / ".lock"):
        rows = summary.measure(chosen, layout)
    held = all(row.held for row in rows)
    _answer(summary.report(rows), {"format": 1, "held": held, "rows": [row.json() for row in rows]},
            arguments.json)
    check_counts.add("what each build shows", *summary.count(rows))
    return 0 if held else 1


def _explore(arguments: argparse.Namespace, layout: Layout) -> int:
    options = {**{name: getattr(arguments, name) for name in strategies.OPTIONS},
               "time": parse_seconds(arguments.time) if arguments.time is not None else None}
    request = strategies.Request(arguments.strategy, {
        name: value for name, value in options.items() if value is not None},
        arguments.jobs, arguments.resume)
    request.check()
    chosen = scenarios.choose(arguments.scenario, layout)
    kernel = kernels.choose(arguments.kernel, layout, arguments.variant)
    mistakes.check(chosen, layout, kernel.patches())
    report_to = Report.begin(Path(arguments.report)) if arguments.report else None
    with lock.held(layout.build / ".lock"):
        try:
            made = explorer.explore(kernel, chosen, request, layout, replay=arguments.replay)
        except explorer.Stopped as stop:
            _explored(stop.made, report_to, arguments)
            note("the same command with --resume goes on from here")
            raise
    _explored(made, report_to, arguments)
    check_counts.add("explore", len(made.explored), len(made.new) + len(made.problems))
    return made.status


def _explored(made: exploration.Exploration, report_to: Report | None,
              arguments: argparse.Namespace) -> None:
    _answer(findings.text(made, every=arguments.all), made.json(), arguments.json)
    if report_to:
        report_to.write(made)


def _replay(arguments: argparse.Namespace, layout: Layout) -> int:
    asked = schedule.parse(arguments.schedule)
    scenario = asked.choose(scenarios.shipped(layout))
    offered = [release.version for release in kernels.offered(layout)]
    if not arguments.kernel and asked.version not in offered:
        near = nearest(asked.version, offered, "./tkfi list kernels")
        raise asked.wrong(asked.release, f"the schedule is of Linux {asked.release}, and there is no "
                          f"kernel {asked.version}: choose another or a tree with --kernel; {near}")
    kernel = kernels.choose(arguments.kernel or asked.version, layout)
    if asked.variant not in kernel.variants:
        near = nearest(asked.variant, kernel.variants,
                       f"./tkfi list variants --kernel {arguments.kernel or asked.version}")
        raise asked.wrong(asked.variant,
                          f"unknown variant '{asked.variant}' of kernel {kernel.name}; {near}")
    kernel = kernels.choose(arguments.kernel or asked.version, layout, asked.variant)
    mistakes.check([scenario], layout, kernel.patches(), asked)
    with lock.held(layout.build / ".lock"):
        tool = builder.build(kernel, layout)
        made = (repeat.repeat(tool, scenario, asked, arguments.boots, jobs=arguments.jobs)
                if arguments.boots > 1 else replay.replay(tool, scenario, asked))
    if made.header.kernel != asked.release:
        note(f"The schedule is of Linux {asked.release}; this is {made.header.kernel}.")
    _answer(replay_text.text(made), made.json(), arguments.json)
    check_counts.add("replay", 1, 0)
    return 0 if made.held else 1


def _breaks(arguments: argparse.Namespace, layout: Layout) -> int:
    chosen = break_patches.select([kernels.choose(name, layout) for name in _kernels(arguments, layout)],
                                  arguments.name)
    with lock.held(layout.build / ".lock"):
        verdicts = breaks.run(chosen, layout)
    _answer(breaks.report(verdicts), {"format": 1, "breaks": [verdict.json() for verdict in verdicts]},
            arguments.json)
    caught = sum(verdict.caught for verdict in verdicts)
    check_counts.add("breaks", caught, len(verdicts) - caught)
    return 0 if caught == len(verdicts) else 1


def _bench(arguments: argparse.Namespace, layout: Layout) -> int:
    chosen = [kernels.choose(name, layout) for name in arguments.kernel or [kernels.DEFAULT]]
    with lock.held(layout.build / ".lock"):
        benches = [bench.measure(kernel, layout) for kernel in chosen]
    data = {"format": 1, "cpu": machine.cpu_model(), "kernels": [made.json() for made in benches]}
    _answer(bench.report(benches), data, arguments.json)
    failed = sum(len(made.problems) for made in benches)
    check_counts.add("bench", sum(made.measured for made in benches), failed)
    return 1 if failed else 0


def _hold(arguments: argparse.Namespace, layout: Layout) -> int:
    chosen = [[kernels.choose(name, layout, variant) for variant in write_hold.VARIANTS]
              for name in _kernels(arguments, layout)]
    with lock.held(layout.build / ".lock"):
        benches = [write_hold.measure(of_kernel, layout) for of_kernel in chosen]
    data = {"format": 1, "cpu": machine.cpu_model(), "kernels": [made.json() for made in benches]}
    _answer(hold.report(benches), data, arguments.json)
    failed = sum(len(made.problems) for made in benches)
    check_counts.add("write hold", sum(made.measured for made in benches), failed)
    if arguments.svg:
        hold_chart.write(benches, Path(arguments.svg), layout.build / "matplotlib")
    return 1 if failed else 0


def _kernels(arguments: argparse.Namespace, layout: Layout) -> list[str]:
    """The kernels asked for, or else all on offer."""
    return arguments.kernel or [release.version for release in kernels.offered(layout)]


def _tree(arguments: argparse.Namespace, layout: Layout) -> int:
    kernel = kernels.choose(arguments.kernel, layout, arguments.variant)
    with lock.held(layout.build / ".lock"):
        print(prepare(kernel, layout).tree)
    return 0


def _build(arguments: argparse.Namespace, layout: Layout) -> int:
    kernel = kernels.choose(arguments.kernel, layout, arguments.variant)
    with lock.held(layout.build / ".lock"):
        builder.build(kernel, layout)
    return 0


def _identical(arguments: argparse.Namespace, layout: Layout) -> int:
    kernel = kernels.choose(arguments.kernel, layout)
    with lock.held(layout.build / ".lock"):
        different = check_identical(kernel, layout)
    for name, difference in different.items():
        print(f"{name}: CONFIG_TKFI=n changes the object code\n{difference}")
    if not different:
        print(f"{kernel.name}: with CONFIG_TKFI=n the object code is that of the pristine tree")
    check_counts.add(f"identical {kernel.name}", int(not different), int(bool(different)))
    return 1 if different else 0


def _style(arguments: argparse.Namespace, layout: Layout) -> int:
    kernel = kernels.choose(arguments.kernel, layout)
    with lock.held(layout.build / ".lock"):
        checked, findings = style.check(kernel, layout)
    for finding in findings:
        print(finding)
    bad = len(style.unclean(findings))
    print(f"checkpatch.pl --strict: {checked - bad} of {checked} files are clean")
    check_counts.add("style", checked - bad, bad)
    return 1 if findings else 0


def _list(arguments: argparse.Namespace, layout: Layout) -> int:
    rows = _LISTS[arguments.what](arguments, layout)
    widths = [max(map(len, column)) for column in zip(*(row.values() for row in rows))]
    text = "\n".join("  ".join(map(str.ljust, row.values(), widths)).rstrip() for row in rows)
    _answer(text, {"format": 1, arguments.what: rows}, arguments.json)
    return 0


def _list_points(arguments: argparse.Namespace, layout: Layout) -> list[dict[str, str]]:
    kernel = kernels.choose(arguments.kernel, layout, arguments.variant)
    return [{"name": name, "file": file} for name, file in patches.points(kernel.patches())]


def _list_readers(arguments: argparse.Namespace, layout: Layout) -> list[dict[str, str]]:
    kernel = kernels.choose(arguments.kernel, layout, arguments.variant)
    return [asdict(reader) for reader in readers(layout, kernel.patches())]


def _list_breaks(arguments: argparse.Namespace, layout: Layout) -> list[dict[str, str]]:
    every = break_patches.select([kernels.choose(arguments.kernel, layout)], [])
    return [{"name": what.name, "variant": what.variant, "case": what.case} for _, what in every]


_LISTS: dict[str, Callable[[argparse.Namespace, Layout], list[dict[str, str]]]] = {
    "kernels": lambda _, layout: [{"name": release.version, "package": release.package,
                                   "from": " or ".join(release.suites)}
                                  for release in kernels.offered(layout)],
    "variants": lambda arguments, layout: [
        {"name": name} for name in kernels.choose(arguments.kernel, layout).variants],
    "breaks": _list_breaks,
    "points": _list_points,
    "readers": _list_readers,
    "scenarios": lambda _, layout: [{"name": scenario.name, "text": scenario.text}
                                    for scenario in scenarios.shipped(layout)],
    "oracles": lambda _, layout: [{"name": name, "holds": about} for name, about in oracles(layout)],
    "suites": lambda _, layout: [{"name": name, "tests": subject(name)} for name in suites(layout)],
}
