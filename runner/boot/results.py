# SPDX-License-Identifier: GPL-2.0
"""The result file: JSON lines the kernel under test writes to a file of the host.

Lines are told apart by "type". Types and fields not known here are for later readers and are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from runner.errors import TkfiError

FORMAT = 1
EVENT = b'{"type":"event",'  # how most lines begin
_NO_TURNS = (1 << 32) - 1  # the kernel's UINT_MAX
_Record = TypeVar("_Record")
_TYPES: dict[str, tuple[type, ...]] = {  # what JSON has for an annotation
    "str": (str,), "int": (int,), "bool": (bool,), "float": (float, int), "int | None": (int, type(None)),
    "tuple[Access, ...]": (tuple,), "tuple[Event, ...]": (tuple,),
    "float | None": (float, int, type(None)),
}


@dataclass(frozen=True)
class Header:
    """What was run."""

    format: int
    kernel: str
    variant: str
    compiler: str


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


@dataclass(frozen=True)
class Event:
    """One line of a diagram. ns is a clock value or a duration, where there is one; step says how many
    steps were executed before."""

    case: str
    vcpu: int
    kind: str
    text: str = ""
    ns: int | None = None
    step: int = 0


@dataclass(frozen=True)
class Step:
    """One step that an execution took, the number-th from 0: of which VCPU, what it did, and to what."""

    case: str
    number: int
    vcpu: int
    kind: str
    text: str


@dataclass(frozen=True)
class Trace:
    """The hash of a KUnit case's symbolic trace."""

    suite: str
    case: str
    events: int
    hash: str


@dataclass(frozen=True)
class Shown:
    """What a build showed in one column of the table "What each build must show", and what it must
    show, in words; runs counts the executions that it was measured in."""

    column: str
    measured: str
    expected: str
    runs: int


@dataclass(frozen=True)
class Took:
    """How long a KUnit suite took of the host's time."""

    suite: str
    ns: int


@dataclass(frozen=True)
class Same:
    """The hash of something that must come out the same in every variant of a kernel."""

    suite: str
    case: str
    hash: str


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


@dataclass(frozen=True)
class Explored:
    """A scenario, or a part of it as in 0/4, explored as far as the strategy went: complete says whether
    that is all there is, of executions with so many preemptions if these are bounded. If it is not,
    estimate says how many classes there are, in all parts, if that can be said, and estimate_error the
    standard error. bound: how likely an execution is to meet a bug of the depth that pct looks for, at the
    least.
    shared: the memory cells that were taken for shared; parts go together if they agree about these."""

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


@dataclass(frozen=True)
class NotFound:
    """A violation that is known, with its reason, and that a part of a scenario does not have."""

    scenario: str
    reason: str


@dataclass(frozen=True)
class Refused:
    """An exploration that was not gone on with, as its state does not fit."""

    scenario: str
    why: str


@dataclass(frozen=True)
class Malformed:
    """What somebody wrote and the kernel could not use: why, and where the fault is. what is it in: the
    scenario, the schedule's turns, or the kernel, which the turns do not fit. absent: another kernel may
    have what this one does not."""

    what: str
    why: str
    at: int
    absent: bool = False


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


@dataclass(frozen=True)
class Violation:
    """What an oracle found in executions of a scenario, with the schedule of the plainest one ("" if it
    does not fit into one). For a pair of reads, first is the earlier one's clock and clock the later's.

    minimal says that of all that can happen, searched executions, none shows it with fewer preemptions,
    then delays, then turns. explained says that it held when these two accesses were executed in the
    other order; so many such orders were tried. One violation differs from another of its kind by what
    the VCPU stopped for that lost its CPU, and by what orders the two accesses. like: of one that is not
    known, where the same oracle and clock are, and the reason there. waits: who waits for what, if VCPUs
    do not come to their end. family: of the readers that it is about, "" if it is about none. events: what
    happened in it."""

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
    family: str = ""
    events: tuple[Event, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether its schedule has few enough turns to be one."""
        return self.turns < _NO_TURNS

    @property
    def cost(self) -> tuple[int, int, int]:
        """How plain its schedule is: the least is the plainest."""
        return self.preemptions, self.delays, self.turns

    @property
    def kind(self) -> tuple[str, str, str]:
        """What findings of one kind have in common."""
        return self.oracle, self.clock, self.first

    @property
    def plainness(self) -> tuple[tuple[int, int, int], str]:
        """For an order that is always the same."""
        return self.cost, self.schedule

    @property
    def found(self) -> tuple[str, str, str, int, int]:
        """What two executions of one schedule have in common."""
        return self.oracle, self.clock, self.first, self.first_ns, self.second_ns


@dataclass
class Results:
    """A whole result file."""

    header: Header | None = None
    races: list[Race] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    shows: list[Shown] = field(default_factory=list)
    took: list[Took] = field(default_factory=list)
    same: list[Same] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    explored: list[Explored] = field(default_factory=list)
    progress: Progress | None = None
    refused: list[Refused] = field(default_factory=list)
    malformed: list[Malformed] = field(default_factory=list)
    not_found: list[NotFound] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)  # scenarios of which all was said
    steps: list[Step] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    so_far: dict[int, Violation] = field(default_factory=dict)  # by number
    absent: list[str] = field(default_factory=list)  # scenarios that are not for this kernel
    problems: list[str] = field(default_factory=list)
    missing: bool = False
    cases: dict[str, int] = field(default_factory=dict)  # places in violations, by the events' case
    case: str = ""  # of the events of the last violation, and these
    happened: list[Event] = field(default_factory=list)


def read(path: Path) -> Results:
    """Read a result file. Lines that make no sense become problems; a missing file is an empty one.

    Raises TkfiError when the file is of a format this tool does not know.
    """
    results = Results()
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return Results(problems=[f"{path}: the kernel wrote no result file"], missing=True)
    for number, line in enumerate(text.splitlines(), 1):
        try:
            _add(results, json.loads(line))
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            whole = text.endswith("\n") or number < len(text.splitlines())
            what = f"not understood ({error})" if whole else "truncated: the kernel stopped in mid-line"
            results.problems.append(f"{path}:{number}: {what}")
    if results.header and results.header.format != FORMAT:
        raise TkfiError(f"{path} has format {results.header.format}, this tool reads {FORMAT}")
    _end_boot(results)
    return results


def _end_violation(results: Results) -> None:
    """All that happened in the last violation has been said."""
    if results.happened:
        results.violations[-1] = replace(results.violations[-1], events=tuple(results.happened))
        results.happened = []


def _end_boot(results: Results) -> None:
    """What a boot had found when it ended before it said all."""
    _end_violation(results)
    if results.progress and not results.explored:
        results.violations = gone_on(results.violations, [
            one for number, one in results.so_far.items() if number < results.progress.violations])
    results.so_far = {}


def gone_on(before: Sequence[Violation], since: Sequence[Violation]) -> list[Violation]:
    """What an exploration found that has gone on: the plainer one of those found twice, or else the earlier
    one, which was looked at closely. What was found since counts what was found before."""
    made: dict[tuple[str, ...], Violation] = {}
    for one in sorted([*since, *before], key=lambda one: one.plainness, reverse=True):
        key = (*one.kind, one.stopped)
        made[key] = replace(one, findings=max(one.findings, made.get(key, one).findings))
    return list(made.values())


def _add(results: Results, record: Mapping[str, Any]) -> None:
    kind = record.get("type")
    if kind == "header":
        _end_boot(results)
        results.header = _make(Header, record)
    elif kind == "race":
        results.races.append(_make(Race, record))
    elif kind == "event":
        event = _make(Event, record)
        (results.happened if results.violations and event.case == results.case else
         results.events).append(event)
    elif kind == "events":
        _end_violation(results)
        same = results.violations[results.cases[str(record["same_as"])]]
        results.violations[-1] = replace(results.violations[-1], events=same.events)
    elif kind == "trace":
        results.traces.append(_make(Trace, record))
    elif kind == "shows":
        results.shows.append(_make(Shown, record))
    elif kind == "took":
        results.took.append(_make(Took, record))
    elif kind == "same":
        results.same.append(_make(Same, record))
    elif kind == "hold":
        results.holds.append(_make(Hold, record))
    elif kind == "bench":
        results.costs.append(_make(Cost, record))
    elif kind == "explored":
        results.explored.append(_make(Explored, record))
    elif kind == "progress":
        results.progress = on = _make(Progress, record)
        # Who was stopped has gone on.
        results.explored = [one for one in results.explored
                            if (one.scenario, one.part) != (on.scenario, on.part)]
    elif kind == "not_found":
        results.not_found.append(_make(NotFound, record))
    elif kind == "refused":
        results.refused.append(_make(Refused, record))
    elif kind == "malformed":
        results.malformed.append(_make(Malformed, record))
    elif kind in ("violation", "found"):
        accesses = tuple(_make(Access, access) for access in record["accesses"])
        violation = _make(Violation, {**record, "accesses": accesses})
        if kind == "found":
            results.so_far[int(record["number"])] = violation
        else:
            _end_violation(results)
            results.case = f"{violation.scenario}#{record.get('number')}"
            results.cases[results.case] = len(results.violations)
            results.violations.append(violation)
    elif kind == "absent":
        results.absent.append(str(record["scenario"]))
        results.ended.append(str(record["scenario"]))
    elif kind == "end":
        results.ended.append(str(record["scenario"]))
    elif kind == "problem":
        results.failures.append(_make(Failure, record))
    elif kind == "step":
        results.steps.append(_make(Step, record))


def _make(record_type: type[_Record], record: Mapping[str, Any]) -> _Record:
    """Raises TypeError for a member that is missing or of another type than the field's."""
    types = _types_of(cast(Hashable, record_type))
    for name, expected in types.items():
        if name in record and type(record[name]) not in expected:
            raise TypeError(f"{name} is {record[name]!r}")
    return record_type(**{key: value for key, value in record.items() if key in types})


@cache
def _types_of(record_type: Any) -> Mapping[str, tuple[type, ...]]:
    return {f.name: _TYPES[str(f.type)] for f in fields(record_type)}
