# SPDX-License-Identifier: GPL-2.0
"""What UML does in the schedule that a guest executed: held at the same store, for as long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from runner.boot.records import Event
from runner.errors import TkfiError
from runner.explore import replay, scenarios
from runner.explore.schedule import Schedule
from runner.guest.places import Stores
from runner.kernel import builder, kernels
from runner.kernel.kernels import Kernel
from runner.layout import Layout
from runner.units import format_ppb

_READER = "vdso MONOTONIC"


@dataclass(frozen=True)
class Prediction:
    """An execution in UML: its schedule; by how much the clock went on from one read to the next, both at
    one cycle; and whether the first had to wait for the publication."""

    schedule: str
    step_ns: int
    waits: bool


def kernel_of(release: str, layout: Layout) -> Kernel | None:
    """The kernel of UML that is of the version of a release such as 6.12.117+deb12-cloud-amd64, if any."""
    version = ".".join(release.split(".")[:2])
    if version not in (offered.version for offered in kernels.offered(layout)):
        return None
    return kernels.choose(version, layout)


def schedule_of(kernel: str, *, from_ppb: int, to_ppb: int, delay_ns: int, stores: Stores,
                begin: int) -> Schedule:
    """The schedule in which UML's updater is held after the same stores; begin: the how many-th store of
    the kernel's sequence begins the publication."""
    text = (f"setup: adjtimex freq={format_ppb(from_ppb)}, wait 13ms, tick, wait 3ms; "
            f"cpu0: adjtimex freq={format_ppb(to_ppb)}; cpu1: read {_READER}, read {_READER}; "
            f"host: {delay_ns}ns")
    # A reader that has to wait goes on where it can; one that need not stops after its first read.
    reads = "cpu1" if stores.vdso & 1 else "cpu1 before load vdso.seq#3"
    return Schedule(kernel, kernels.POST_SERIES, text, f"{_turn(stores, begin)}, host, {reads}, cpu0, cpu1",
                    text=True)


def _turn(stores: Stores, begin: int) -> str:
    """The updater's, up to where it is held."""
    if stores.vdso == 0 and stores.kernel >= begin:
        return "cpu0 before store vdso.seq"
    if stores.vdso == 1:
        return "cpu0 before store vdso.seq#2"
    if stores.kernel <= begin:
        return f"cpu0 before store tk_core.seq#{stores.kernel + 1}"
    return "cpu0"


def predict(kernel: Kernel, schedule: Schedule, layout: Layout) -> Prediction:
    """Execute a schedule in UML. Raises TkfiError where it does not fit."""
    scenario = scenarios.written(scenarios.GIVEN, schedule.scenario)
    made = replay.replay(builder.build(kernel, layout), scenario, schedule)
    return outcome(replace(schedule, release=made.header.kernel), made.events)


def outcome(schedule: Schedule, events: Sequence[Event]) -> Prediction:
    """What an execution comes to. Raises TkfiError if it is not one of two reads."""
    reads = [(at, event.ns) for at, event in enumerate(events)
             if event.kind == "read" and event.ns is not None]
    if len(reads) != 2:
        raise TkfiError(f"UML made {len(reads)} reads instead of 2 in {schedule}")
    (first_at, first), (_, second) = reads
    published = next((at for at, event in enumerate(events) if event.text == "vsyscall.end"), -1)
    begun = next((at for at, event in enumerate(events) if event.text == "vsyscall.begin"), -1)
    held = next((at for at, event in enumerate(events) if event.kind == "stop"), len(events))
    return Prediction(str(schedule), second - first, begun < held < published < first_at)
