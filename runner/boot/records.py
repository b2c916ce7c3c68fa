# SPDX-License-Identifier: GPL-2.0
"""What the kernel under test reports: a dataclass for each type of lines of a result file.

Members of a line that a dataclass does not have are ignored: they are for later readers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, Generic, TypeVar, cast

from runner.units import format_seconds

OUTCOME = "outcome"  # in place of an oracle
_NO_TURNS = (1 << 32) - 1  # the kernel's UINT_MAX
_Record = TypeVar("_Record")
_Reading = tuple[tuple[type, ...], Callable[[Any], Any] | None]  # the types in JSON, and what reads these


class Kind(Generic[_Record]):
    """Lines of one type: the record that each is, and the list of Results that it is appended to, "" if
    there is more to do."""

    def __init__(self, record_type: type[_Record], into: str = "") -> None:
        self.into = into
        self._type = record_type
        self._fields = [(one.name, *_READINGS[str(one.type)]) for one in fields(cast(Any, record_type))]

    def read(self, line: Mapping[str, Any]) -> _Record:
        """The record. Raises TypeError for a member that is missing or of another type than the field's."""
        known: dict[str, Any] = {}
        for name, expected, convert in self._fields:
            if name in line:
                value = line[name]
                if type(value) not in expected:
                    raise TypeError(f"{name} is {value!r}")
                known[name] = convert(value) if convert else value
        return self._type(**known)


KINDS: dict[str, Kind[Any]] = {}  # by "type"


def record(kind: str, into: str = "") -> Callable[[type[_Record]], type[_Record]]:
    """Register a dataclass for the lines of a type."""
    def register(record_type: type[_Record]) -> type[_Record]:
        KINDS[kind] = Kind(record_type, into)
        return record_type
    return register


def _accesses(value: list[Any]) -> tuple[Access, ...]:
    return tuple(map(_ACCESS.read, value))


_READINGS: dict[str, _Reading] = {  # of fields, by annotation
    "str": ((str,), None), "int": ((int,), None), "bool": ((bool,), None), "float": ((float, int), None),
    "int | None": ((int, type(None)), None), "float | None": ((float, int, type(None)), None),
    "tuple[Access, ...]": ((list,), _accesses),
    "tuple[Event, ...]": ((), None),  # these are in lines of their own
    "tuple[Observed, ...]": ((), None),
    "dict[str, int]": ((dict,), None),
    "frozenset[str] | None": ((), None),
    "frozenset[int] | None": ((), None),
}


@record("header")
@dataclass(frozen=True)
class Header:
    """What was run."""

    format: int
    kernel: str
    variant: str
    compiler: str


@record("race", "races")
@dataclass(frozen=True)
class Race:
    """One reader's pair of reads around the publication. Times in ns."""

    case: str
    reader: str
    delay_ns: int
    delay_cycles: int
    mult_old: int
    mult_new: int
    shift: int
    first_ns: int
    second_ns: int
    measured_ns: int
    predicted_ns: int
    point: str = ""
    first_cycle: int | None = None  # of the clock: what the read depends on
    second_cycle: int | None = None
    unit_ns: int = 1  # what the reader rounds down to; gettimeofday() has 1000

    @property
    def exact(self) -> Fraction:
        """a * D / 2^shift in ns, from what the kernel published."""
        return Fraction((self.mult_new - self.mult_old) * self.delay_cycles, 1 << self.shift)

    @property
    def held(self) -> bool:
        """Whether the jump is the predicted one within 1 ns (or the reader's coarser unit), by the
        kernel's arithmetic and by ours."""
        ours = self.exact.numerator // self.exact.denominator
        return abs(self.measured_ns - ours) <= self.unit_ns and abs(self.predicted_ns - ours) <= 1


@record("event")
@dataclass(frozen=True)
class Event:
    """One line of a diagram. ns is a clock value or a duration, where there is one; a clock value is a
    multiple of unit_ns. step says how many steps were executed before; cycle is the value of the clock that
    the result of a read or another operation depends on, None if it did not read the clock."""

    case: str
    vcpu: int
    kind: str
    text: str = ""
    ns: int | None = None
    step: int = 0
    cycle: int | None = None
    unit_ns: int = 1


@record("step", "steps")
@dataclass(frozen=True)
class Step:
    """One step that an execution took, the number-th from 0: of which VCPU, what it did, and to what.
    Steps that have a cell in common touch the same memory: so many of them from cell on. before and after
    are what size bytes hold, the first 8 of 16; a lock has no size. ip: the address of the instruction, 0
    if that is not known."""

    case: str
    number: int
    vcpu: int
    kind: str
    text: str
    cell: int = 0
    cells: int = 0
    size: int = 0
    before: int = 0
    after: int = 0
    ip: int = 0

    @property
    def stores(self) -> bool:
        """Whether it changes memory."""
        return self.kind == "store"

    @property
    def touched(self) -> range:
        """Its cells."""
        return range(self.cell, self.cell + self.cells)


@record("published", "published")
@dataclass(frozen=True)
class Published:
    """A line that an updater published: at cycle_last of a counter it is sec s and nsec / 2^shift ns, and
    each cycle adds mult / 2^shift ns. vcpu: who published it, no VCPU's number for the line of the begin.
    begun, vdso and kernel are numbers of steps: from when on readers who do not wait, of the vDSO, of the
    kernel could see it; -1 for never. sampled: the counter's value that it was calculated from, -1 if
    none was read."""

    case: str
    number: int
    owner: str
    vcpu: int
    begun: int
    vdso: int
    kernel: int
    sampled: int
    clock: str
    mask: int
    cycle_last: int
    mult: int
    shift: int
    nsec: int
    sec: int


@record("reading", "readings")
@dataclass(frozen=True)
class Reading:
    """What a read returned, and the counter's value that it used, -1 for none. end is how many steps
    there were at its end. times: the time that it has by
    each line, by the line's number. kind: fine, raw, coarse or floored."""

    case: str
    vcpu: int
    end: int
    call: str
    family: str
    kind: str
    unit: int
    counter: int
    ns: int
    times: dict[str, int]


@record("trace", "traces")
@dataclass(frozen=True)
class Trace:
    """The hash of a KUnit case's symbolic trace."""

    suite: str
    case: str
    events: int
    hash: str


@record("shows", "shows")
@dataclass(frozen=True)
class Shown:
    """What a build showed in one column of the table "What each build must show", and what it must
    show, in words; runs counts the executions that it was measured in."""

    column: str
    measured: str
    expected: str
    runs: int


@record("took", "took")
@dataclass(frozen=True)
class Took:
    """How long a KUnit suite took of the host's time."""

    suite: str
    ns: int


@record("same", "same")
@dataclass(frozen=True)
class Same:
    """The hash of something that must come out the same in every variant of a kernel."""

    suite: str
    case: str
    hash: str


@record("hold", "holds")
@dataclass(frozen=True)
class Hold:
    """What an updater executes with a sequence odd, for one workload and one kind of readers. A kernel
    without access hooks counts no accesses; in one with them the times are of instrumented code. Less than
    ns_resolution the stopwatch cannot tell from nothing."""

    workload: str
    readers: str
    hooks: bool
    accesses: int
    ns_median: float
    ns_p99: float
    ns_resolution: float
    samples: int


@record("bench", "costs")
@dataclass(frozen=True)
class Cost:
    """What a run of a scenario took of the host's time: ns per execution, steps in all of them. hooks:
    whether the kernel has access hooks. blocked: executions besides that did not come to their end."""

    scenario: str
    hooks: bool
    run: str
    executions: int
    steps: int
    ns: float
    blocked: int = 0


@record("simulated", "simulated")
@dataclass(frozen=True)
class Simulated:
    """What was measured of a simulation, the run-th of its boot from 0. Errors, offsets and what NTP takes
    them for are in 2^-8 ns, times of samples in cycles divided by 2^time_shift, line is ns per cycle in
    2^-64, in hexadecimal. script_left: the script has more, after the last sample."""

    run: int
    hooks: bool
    ticks_per_s: int
    time_shift: int
    line: str
    updates: int
    cycles: int
    ns: int
    error_max: int
    error_rms: int
    offset_max: int
    offset_rms: int
    ntp_error_max: int
    ntp_error_rms: int
    unknown_max: int
    mults: int
    mult_least: int
    mult_most: int
    ahead: int
    behind: int
    looks: int
    steered: bool
    script_left: bool


@record("moments", "moments")
@dataclass(frozen=True)
class Moments:
    """Sums over a half of a simulation's samples, of time, error, and their products, in hexadecimal, of
    128 bits in two's complement. lost: these are not all samples."""

    run: int
    half: int
    samples: int
    t: str
    tt: str
    e: str
    te: str
    ee: str
    lost: bool


@record("corners", "corners")
@dataclass(frozen=True)
class Corners:
    """Samples that can be the farthest ones from a line, as TIME,ERROR."""

    run: int
    half: int
    corners: str


@record("steps", "back")
@dataclass(frozen=True)
class StepsBack:
    """How often a reader went back at an update, and how far at most, in ns."""

    run: int
    family: str
    reader: str
    times: int
    largest: int


@record("series", "series")
@dataclass(frozen=True)
class Series:
    """Errors at every stride-th tick from the first, in 2^-8 ns; goes on in the next line of the run and
    the stride."""

    run: int
    stride: int
    values: str


@record("not_simulated", "not_simulated")
@dataclass(frozen=True)
class NotSimulated:
    """Why a simulation was refused; line is that of its script, 0 for none."""

    run: int
    line: int
    why: str
    error: int


@record("explored")
@dataclass(frozen=True)
class Explored:
    """A scenario, or a part of it as in 0/4, explored as far as the strategy went: complete says whether
    that is all there is, of executions with so many preemptions if these are bounded. If it is not,
    estimate says how many classes there are, in all parts, if that can be said, and estimate_error the
    standard error. bound: how likely an execution is to meet a bug of the depth that pct looks for, at the
    least.
    shared: the memory cells that were taken for shared; parts go together if they agree about these.

    outcome_set: if it was asked for, the outcomes of all executions that counted, in hexadecimal: all that
    each of them lets anybody observe. None if there are more than the kernel has room for. ip_set: if that
    was asked for, the instructions that were executed, by address, of those that access memory, are a
    barrier or an injection point. Only executed_in executions were watched for them, and the set-up."""

    scenario: str
    strategy: str
    classes: int
    executions: int
    redundant: int
    deadlocks: int
    steps: int
    longest: int
    complete: bool
    ns: int
    part: str = ""
    shared: str = ""
    estimate: float | None = None
    estimate_error: float | None = None
    bound: float | None = None
    depth: int | None = None
    preemptions: int | None = None
    executed_in: int | None = None
    outcome_set: frozenset[str] | None = None
    ip_set: frozenset[int] | None = None

    @property
    def outcomes_digest(self) -> str | None:
        """One number for the set of outcomes, in hexadecimal."""
        if self.outcome_set is None:
            return None
        return hashlib.sha256("".join(sorted(self.outcome_set)).encode()).hexdigest()[:16]


@record("outcomes")
@dataclass(frozen=True)
class Outcomes:
    """Some outcomes of the exploration that is reported next, of 16 digits each."""

    scenario: str
    hashes: str
    part: str = ""


@record("executed")
@dataclass(frozen=True)
class Executed:
    """Some instructions that were executed in the exploration that is reported next: their addresses, of 8
    digits each."""

    scenario: str
    ips: str
    part: str = ""


@record("observed")
@dataclass(frozen=True)
class Observed:
    """Something that a final state shows: of a kind of readers or a system call, by its name there. later:
    when it was asked again, some time after the end."""

    case: str
    of: str
    name: str
    value: int
    later: bool


@record("progress")
@dataclass(frozen=True)
class Progress:
    """How far the exploration of a scenario, or of a part of it, has come; violations counts kinds. classes
    are those of dpor: from others it is a number of executions."""

    scenario: str
    classes: int
    executions: int
    violations: int
    ns: int
    part: str = ""


def unit(strategy: str) -> str:
    """What an exploration is counted in: other strategies than dpor do not tell classes apart."""
    return "classes" if strategy == "dpor" else "executions"


@record("story", "faults")
@dataclass(frozen=True)
class StoryFault:
    """A rule that the last operation of a story breaks, where time is kept by a clock: what it was seen by,
    what it ought to be and is, and how often it was seen after an operation of this kind. The story is the
    first with the fewest operations, as order has it. cause: why, if that is known."""

    clock: str
    rule: str
    holds: str
    of: str
    op: str
    wanted: int
    seen: int
    times: int
    text: str
    kind: int = 0
    order: str = ""
    cause: str = ""
    cause_class: str = ""
    fixed_in: str = ""
    fixed_by: str = ""
    reason: str = ""

    @property
    def nature(self) -> tuple[str, ...]:
        """What makes two faults the same: all of a kind see one fault."""
        return (self.clock, self.rule, str(self.kind or self.of), self.op, self.cause)


@record("states", "states")
@dataclass(frozen=True)
class States:
    """How many states are so many steps from the first one, and no fewer."""

    clock: str
    after: int
    states: int


@record("stories", "told")
@dataclass(frozen=True)
class Told:
    """All stories of so many steps at most, where time is kept by a clock: how many steps there are to
    choose from, and how many were performed and judged. complete: all of them were."""

    clock: str
    length: int
    steps: int
    performed: int
    not_kept: int
    complete: bool
    ns: int


@record("story_race", "story_races")
@dataclass(frozen=True)
class StoryRace:
    """A kind of violation that an operation beside readers shows, after a story, where time is kept by a
    clock: the first scenario that shows it, as order has it, with the turns of its schedule; how many there
    are. cause: why, if that is known."""

    clock: str
    oracle: str
    rule: str
    first: str
    of: str
    first_ns: int
    second_ns: int
    order: int
    times: int
    text: str
    turns: str
    cause: str = ""
    cause_class: str = ""
    fixed_in: str = ""
    fixed_by: str = ""
    reason: str = ""

    @property
    def nature(self) -> tuple[str, ...]:
        """What makes two the same: of a cause that is known the first one is enough."""
        place = ("",) if self.cause else (self.of, self.text.partition("cpu0: ")[2].partition(";")[0])
        return (self.clock, self.oracle, self.rule, self.cause, *place)


@record("story_telling", "story_telling")
@dataclass(frozen=True)
class StoryTelling:
    """How far stories have come, in so many ns: operations that were performed and judged."""

    clock: str
    performed: int
    ns: int


@record("story_racing", "story_racing")
@dataclass(frozen=True)
class StoryRacing:
    """How far races have come, in so many ns."""

    clock: str
    done: int
    of: int
    classes: int
    new: int
    ns: int


@record("story_raced", "story_raced")
@dataclass(frozen=True)
class StoryRaced:
    """All races from so many states, where time is kept by a clock, of a part: how many were explored, of
    how many, and how many classes of interleavings they have. left_out: states that take more
    operations than a set-up has. complete: none is, and each race was explored to its end."""

    clock: str
    states: int
    races: int
    of: int
    classes: int
    not_kept: int
    complete: bool
    ns: int
    left_out: int = 0


@record("story_step", "story_steps")
@dataclass(frozen=True)
class StoryStep:
    """A step of stories, by its number in this kernel."""

    nr: int
    text: str


@record("story_outcomes", "story_outcomes")
@dataclass(frozen=True)
class StoryOutcomes:
    """What stories show that differ in their last step only: the numbers of the steps before that, two
    hexadecimal digits each, and for each last step a hash of all values, eight digits, 0 for one that is
    impossible."""

    clock: str
    after: str
    shown: str


@record("story_value", "story_values")
@dataclass(frozen=True)
class StoryValue:
    """A value that was seen after the last step of a story: by whom, its name, and the value. unit: of how
    many ns it, a time in ns, is a multiple; 0 if it is no time."""

    of: str
    name: str
    value: int
    unit: int

    @property
    def in_words(self) -> str:
        """A time in s, and what adjtimex() fills in as it is."""
        return format_seconds(self.value, self.unit) if self.unit else f"{self.value:,}"


@record("cause", "causes")
@dataclass(frozen=True)
class Cause:
    """Why violations occur in this build: some of it are to be found when all scenarios of a subject are
    explored, which are so many."""

    subject: str
    scenarios: int
    cause: str
    reason: str


@record("refused", "refused")
@dataclass(frozen=True)
class Refused:
    """An exploration that was not gone on with, as its state does not fit."""

    scenario: str
    why: str


@record("malformed", "malformed")
@dataclass(frozen=True)
class Malformed:
    """What somebody wrote and the kernel could not use: why, and where the fault is. what is it in: the
    scenario, the schedule's turns, or the kernel, which the turns do not fit. absent: another kernel may
    have what this one does not."""

    what: str
    why: str
    at: int
    absent: bool = False


@record("problem", "failures")
@dataclass(frozen=True)
class Failure:
    """What the kernel's own checks found wrong in an exploration, besides violations."""

    scenario: str
    text: str


@dataclass(frozen=True)
class Access:
    """One of two accesses whose order matters, by who as a schedule has it: value is what was read or
    written, None for a lock. The kernel says at which instruction, by address and by symbol; place is
    file:line where that is known."""

    vcpu: int
    who: str
    kind: str
    name: str
    value: int | None
    ip: int
    at: str
    place: str = ""


@record("violation")
@record("found")
@dataclass(frozen=True)
class Violation:
    """What an oracle found in executions of a scenario, with the schedule of the plainest one ("" if it
    does not fit into one). For a pair of reads, first is the earlier one's clock and clock the later's.

    minimal says that of all that can happen, searched executions, none shows it with fewer preemptions,
    then delays, then turns. explained says that it held when these two accesses were executed in the
    other order; so many such orders were tried. One violation differs from another of its kind by what
    the VCPU stopped for that lost its CPU, and by what orders the two accesses. cause: the id of why it
    occurs, "" of one that is new; cause_class: bug, fixed (in a version, by a commit), design or hardware.
    like: of one that is new, the cause that its readers and lines point to, and the reason, but the
    execution lacks what it needs, or time is off by something else. predicted_ns: second_ns - first_ns as
    that cause predicts it, None if it has no formula. waits: who waits for what, if VCPUs do not come to
    their end. unit_ns: both times are multiples of it. rule: the id of the oracle's rule, "" if it has
    but one. family: of the readers that it is about, "" if it is about none. events: what happened in it.
    observed: what its final state shows, if its outcome was asked for: then the oracle is "outcome", and
    it is nothing wrong."""

    scenario: str
    oracle: str
    clock: str
    first: str
    first_ns: int
    second_ns: int
    findings: int
    turns: int
    preemptions: int
    delays: int
    minimal: bool
    searched: int
    explained: bool
    tried: int
    accesses: tuple[Access, ...]
    known: bool
    reason: str
    schedule: str
    stopped: str = ""
    about: str = ""
    like: str = ""
    waits: str = ""
    rule: str = ""
    family: str = ""
    cause: str = ""
    cause_class: str = ""
    fixed_in: str = ""
    fixed_by: str = ""
    predicted_ns: int | None = None
    events: tuple[Event, ...] = ()
    observed: tuple[Observed, ...] = ()
    unit_ns: int = 1

    @property
    def is_outcome(self) -> bool:
        """Whether it is only an execution with an outcome that somebody asked for."""
        return self.oracle == OUTCOME

    @property
    def fits(self) -> bool:
        """Whether its schedule has few enough turns to be one."""
        return self.turns < _NO_TURNS

    @property
    def cost(self) -> tuple[int, int, int]:
        """How plain its schedule is: the least is the plainest."""
        return self.preemptions, self.delays, self.turns

    @property
    def kind(self) -> tuple[str, ...]:
        """What findings of one kind and cause have in common."""
        return self.oracle, self.rule, self.clock, self.first, self.cause, self.like

    @property
    def plainness(self) -> tuple[tuple[int, int, int], str]:
        """For an order that is always the same."""
        return self.cost, self.schedule

    @property
    def found(self) -> tuple[str, str, str, str, int, int]:
        """What two executions of one schedule have in common."""
        return self.oracle, self.rule, self.clock, self.first, self.first_ns, self.second_ns


@record("events")
@dataclass(frozen=True)
class SameEvents:
    """The events of the last violation are those of an earlier one: the case that these were of."""

    same_as: str


@record("absent")
@dataclass(frozen=True)
class Absent:
    """A scenario that is not for this kernel."""

    scenario: str


@record("end")
@dataclass(frozen=True)
class End:
    """A scenario of which all was said."""

    scenario: str


_ACCESS = Kind(Access)
