# SPDX-License-Identifier: GPL-2.0
"""The race in a guest, for a person: the diagram of a try, a table of all, and what UML says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runner.boot.records import Event
from runner.guest import qemu
from runner.guest.outcome import Outcome
from runner.guest.race import Try
from runner.report import diagram, tables
from runner.units import format_ns, format_ppb, format_seconds

_READ = "clock_gettime(MONOTONIC)"


def text(made: Outcome) -> str:
    """Of one place."""
    where = "" if made.symbol == made.place else f" ({made.symbol})"
    title = f"{_title(made)}, {format_ns(made.request.delay_ns)} at {made.place}{where}"
    heading = ["try", "first read, s", "second read, s", "measured, ns", "predicted, ns", "difference, ns"]
    rows = [[str(number), format_seconds(one.first.ns), format_seconds(one.second.ns),
             f"{one.measured_ns:+d}", f"{one.predicted_ns:+d}", f"{one.measured_ns - one.predicted_ns:+d}"]
            for number, one in enumerate(made.tries, 1)]
    return "\n\n".join([tables.wrapped(title), *_untested(made), diagram.draw(_events(made)),
                        tables.table(heading, rows),
                        "\n".join([tables.wrapped(_tries(made)), *_uml(made)])])


def places(made: Sequence[Outcome]) -> str:
    """Of all points, a row each."""
    heading = ["held at", "right", "measured, ns", "lines, ns", "UML, ns", "agrees"]
    rows = [[one.place, *(["not tried", "", "", "", ""] if one.missed else [
        f"{sum(each.held for each in one.tries)} of {len(one.tries)}", *_beside(one)])] for one in made]
    title = f"{_title(made[0])}, {format_ns(made[0].request.delay_ns)}"
    explained = ("right: tries as the lines that the kernel published predict, within 1 ns; measured: "
                 "from the first read to the second; lines: the new one less the old one at the cycle of "
                 "the second read; waits: the reader waits for the publication.")
    why_not = dict.fromkeys(one.why_not for one in made if one.why_not)
    missed = ["\n".join(f"{one.place}: {one.missed}" for one in made if one.missed)]
    return "\n\n".join([tables.wrapped(title), *_untested(made[0]), tables.table(heading, rows),
                        *filter(None, missed), tables.wrapped(" ".join([explained, *why_not]))])


def _range(values: Iterable[int]) -> str:
    """The least and the greatest."""
    all_of_them = [*values]
    least, greatest = min(all_of_them), max(all_of_them)
    return f"{least:+,}" if least == greatest else f"{least:+,}..{greatest:+,}"


def _beside(made: Outcome) -> list[str]:
    """What was measured, how far lines are apart in the guest and in UML, and whether they agree."""
    one, uml = made.tries[0], made.prediction
    return [*(["", "waits"] if one.waits else [_range(each.measured_ns for each in made.tries),
                                               f"{float(one.step_ns):+,.2f}"]),
            *(["", ""] if not uml else ["waits" if uml.waits else f"{uml.step_ns:+,}",
                                        "yes" if made.agrees else "NO"])]


def _untested(made: Outcome) -> list[str]:
    """What has to be said of an accelerator."""
    if made.accelerator is not qemu.KVM:
        return []
    return [tables.wrapped(
        "This has never been run with a Linux guest under KVM: tkfi's authors had no such machine. A read "
        "lies between two rdtsc of the reader; predicted is by the cycle between them that fits best.")]


def _title(made: Outcome) -> str:
    asked = made.request
    return (f"Linux {made.release}, unpatched, in QEMU ({made.accelerator.name}): "
            f"{format_ppb(asked.from_ppb)} -> {format_ppb(asked.to_ppb)}")


def _events(made: Outcome) -> list[Event]:
    """The first try, as it went."""
    one, asked = made.tries[0], made.request
    call, kind = f"adjtimex({format_ppb(asked.to_ppb)})", "stop"
    first = Event("", 1, "read", _READ, one.first.ns)
    rows = [Event("", 0, "call", call), Event("", 0, kind, made.symbol)]
    if one.waits:
        return [first, *rows, Event("", 1, "blocked", "the vDSO's sequence"),
                Event("", 0, "return", call), Event("", 1, "read", _READ, one.second.ns)]
    return [*rows, Event("", 1, "call", f"({format_ns(asked.delay_ns)} pass)"),
            Event("", 1, "return", f"({format_ns(asked.delay_ns)} pass)"), first,
            Event("", 0, "point", "published"), Event("", 1, "read", _READ, one.second.ns)]


def _tries(made: Outcome) -> str:
    """How many were as predicted, and how much they differ."""
    number, held = len(made.tries), sum(one.held for one in made.tries)
    exact = sum(one.measured_ns == one.predicted_ns for one in made.tries)
    waited = " The reader waited for the publication." if made.tries[0].waits else ""
    said = (f"{held} of {number} tries as predicted by the lines that the kernel published ({exact} to the "
            f"nanosecond): {_went(made.tries)}.{waited}")
    return said if held == number else f"NOT AS PREDICTED. {said}"


def _went(tries: Sequence[Try]) -> str:
    """What the clock did; and why not the same in each try."""
    values = sorted({one.measured_ns for one in tries})
    if len(values) == 1:
        went = f"the clock went {'back' if values[0] < 0 else 'on'} {abs(values[0]):,} ns"
        return went + ", the same in each try" * (len(tries) > 1)
    went = (f"the clock went back {-values[-1]:,} to {-values[0]:,} ns" if values[-1] < 0 else
            f"the clock went on by {values[0]:+,} to {values[-1]:+,} ns")
    delays = [one.delay_cycles for one in tries if one.delay_cycles is not None]
    if not delays:
        return went
    if max(delays) - min(delays) <= 1:  # they are rounded
        return (f"{went}, {delays[0]:,} cycles from the sample to the second read in each; both readings "
                "are rounded down to a ns")
    return (f"{went}, as tries are held for {min(delays):,} to {max(delays):,} cycles: some pass before "
            "the guest is stopped, or let go")


def _uml(made: Outcome) -> list[str]:
    """What UML does in the same schedule, and whether that is what the guest did."""
    if not made.prediction:
        return [tables.wrapped(made.why_not)]
    one, uml = made.tries[0], made.prediction
    ours = ("waits for the publication, and sees no step" if uml.waits else
            f"need not wait; the new line is {uml.step_ns:+,} ns from the old one")
    theirs = "it waited" if one.waits else f"{float(one.step_ns):+,.2f} ns at the second read"
    verdict = "That agrees" if made.agrees else "THAT DOES NOT AGREE"
    return [tables.wrapped(f"UML, held there for as long as the first try: a reader {ours}. In the guest: "
                           f"{theirs}. {verdict}."),
            f"  ./tkfi replay '{uml.schedule}'"]
