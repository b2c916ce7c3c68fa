# SPDX-License-Identifier: GPL-2.0
"""The verb `guest`: the race in a stock, unpatched kernel in QEMU, seen by its user space."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from runner import answer, check_counts, journal, lock
from runner.boot import results
from runner.errors import TkfiError
from runner.explore import scenarios, schedule
from runner.guest import packages, places, programs, qemu, schedules
from runner.guest import tries as guest_tries
from runner.guest.qemu import Accelerator
from runner.guest.race import Request
from runner.kernel import kernels
from runner.layout import Layout
from runner.report import guest_text
from runner.units import format_ns
from runner.verbs import completions
from runner.verbs.options import (Count, Delay, Frequency, Name, json_option, option, pass_layout, verb)

_KVM = "/dev/kvm"
_MOST_DELAY_NS = 10**9
_DELAY_NS, _FROM_PPB, _TO_PPB = 10**7, 500_000, -500_000


@verb("guest", "show the race in a stock, unpatched kernel in QEMU",
      words="SCHEDULE: of explore, as far as a guest can execute it; else the options say what is done.",
      held="the clock did as predicted, back or not; or the program ended with 0", failed="not so",
      examples=("", "--kernel 7.3 --delay 5ms", "--run docs/findings/borrowed-second.c"), kept=True)
@click.argument("schedule_text", metavar="[SCHEDULE]", required=False)
@option("--kernel", shell_complete=completions.KERNELS,
        help="6.1, 6.12, 7.2 or 7.3: Debian's newest image; a version as `uname -r` has it; or "
        "a bzImage (6.12)")
@option("--delay", "delay_ns", type=Delay(), help="how long the updater is held (10ms)")
@option("--from", "from_ppb", type=Frequency(), help="frequency before (+500ppm)")
@option("--to", "to_ppb", type=Frequency(), help="frequency after (-500ppm)")
@option("--at", metavar="PLACE", help=f"SYMBOL+OFFSET, or {', '.join(places.POINTS)}, or "
        f"{places.ALL}: each of these points ({places.BEFORE})")
@option("--tries", type=Count(most=1000), default="20", metavar="N", help="how often (20)")
@option("--run", "program", metavar="FILE.c", help="instead: compile a program statically, run it in the "
        "guest, and print what it prints")
@option("--accel", type=Name(("tcg", "kvm"), "./tkfi guest --help"), default="tcg",
        help="tcg: needs no privilege, repeats exactly; kvm: the host's CPUs execute the guest (tcg)")
@json_option
@pass_layout
def command(layout: Layout, schedule_text: str | None, kernel: str | None, delay_ns: int | None,
            from_ppb: int | None, to_ppb: int | None, at: str | None, tries: int, program: str | None,
            accel: str, json_to: str | None) -> int:
    """Whether the clock did as predicted; of a program, whether it ended with 0."""
    race = {"--delay": delay_ns, "--from": from_ppb, "--to": to_ppb, "--at": at}
    if program:
        if accel != "tcg":
            raise TkfiError("a program is run under TCG only; leave out --accel")
        _check_alone("a program does all itself", {**race, "SCHEDULE": schedule_text})
        return _run_program(Path(program), kernel or kernels.DEFAULT, json_to, layout)
    if schedule_text:
        _check_alone("a schedule says all but the kernel and the number of tries", race)
        asked = schedule.parse(schedule_text)
        request, place = schedules.read(asked, asked.choose(scenarios.shipped(layout)))
        kernel = kernel or asked.version
    else:
        request = Request(*(default if value is None else value for value, default in (
            (delay_ns, _DELAY_NS), (from_ppb, _FROM_PPB), (to_ppb, _TO_PPB))))
        place = at or places.BEFORE
        places.check(place)
    check_request(request)
    accelerator = _accelerator(accel)
    with lock.held(layout.lock, journal.KEEPS), journal.keeping(layout, "guest") as done:
        made = guest_tries.run(packages.choose(kernel or kernels.DEFAULT, layout), accelerator, request,
                               place, tries, layout, done)
    if place == places.ALL:
        answer.give(guest_text.places(made), {"format": results.FORMAT, "places": [
            one.json() for one in made]}, json_to)
    else:
        answer.give(guest_text.text(made[0]), made[0].json(), json_to)
    wrong = sum(not one.held and not one.missed for one in made)
    missed = sum(bool(one.missed) for one in made)
    check_counts.add("guest", len(made) - wrong - missed, wrong + missed)
    return 1 if wrong else 2 if missed else 0


def check_request(request: Request) -> None:
    """Raises TkfiError for what a guest cannot do in reasonable time."""
    if request.delay_ns > _MOST_DELAY_NS:
        raise TkfiError(f"a guest can be held for at most {format_ns(_MOST_DELAY_NS)}, as under TCG it "
                        "executes every instruction of the delay; './tkfi reproduce' goes to 10min")


def _accelerator(accel: str) -> Accelerator:
    if accel != "kvm":
        return qemu.TCG
    if not os.access(_KVM, os.R_OK | os.W_OK):
        why = ("you may not open {}; become a member of the group 'kvm'" if os.path.exists(_KVM) else
               "there is no {} here").format(_KVM)
        raise TkfiError(f"the guest cannot be run under KVM: {why}, or leave out --accel")
    return qemu.KVM


def _run_program(source: Path, kernel: str, json_to: str | None, layout: Layout) -> int:
    with lock.held(layout.lock):
        image = packages.choose(kernel, layout)
        ran = programs.run(image, packages.ensure_qemu(layout), source, layout)
    answer.give(ran.output.rstrip("\n"), {"format": results.FORMAT, "kernel": packages.release(image),
                                          "program": str(source), **asdict(ran)}, json_to)
    return int(ran.status != 0)


def _check_alone(why: str, others: Mapping[str, object]) -> None:
    for name, value in others.items():
        if value is not None:
            raise TkfiError(f"{why}; leave out {name}")
