# SPDX-License-Identifier: GPL-2.0
"""Suites of one kernel in as few boots as possible. What does not come to its end in company is run again
alone, and what never began in a further boot: nothing is lost to a neighbour that crashes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from runner.boot import boots
from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Ask, Boot, Counts
from runner.boot.results import Results
from runner.errors import TkfiError
from runner.journal import Journal
from runner.kernel.kunit_tool import KunitTool
from runner.plural import counted
from runner.progress import note, step

ALL = "tkfi_*"  # for KUnit, which takes one glob; the kernel's parameter tkfi.suites says which of them
AT_ONCE = 2  # boots, at the most
_SECONDS = 8.0  # of suites in a boot, if no suite takes longer: what a run that is killed loses
_UNKNOWN = 1.5  # seconds of a suite of which nobody knows
_LONGEST = 1024  # characters of a kernel's parameter
_BEGUN = re.compile(r"^ {4}# Subtest: (\w+)\s*$", re.MULTILINE)
_ENDED = re.compile(r"^(not )?ok \d+ (\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Ran:
    """One suite in one boot: counts, cause and failing cases in boot are of this suite alone. seconds is
    how long it took, None if the kernel does not say."""

    boot: Boot
    found: Results
    seconds: float | None


def run(tool: KunitTool, suites: Mapping[str, str], name: str, title: str,
        done: Journal | None = None) -> dict[str, Ran]:
    """Run each of suites, by name with its KUnit filter. name is of the logs: name-1 and so on. Boots that
    are done are not made again."""
    made: dict[str, Ran] = {}
    crashed: dict[str, Cause] = {}
    batches = _divided(tool, list(suites), name, done)
    boot = 0
    while batches:
        asks = [Ask(ALL, f"{name}-{boot + number}", [_parameter(suites[suite] for suite in batch)])
                for number, batch in enumerate(batches, 1)]
        boot += len(asks)
        with step(f"{title}, {counted(sum(map(len, batches)), 'suite')} in "
                  f"{counted(len(batches), 'boot')}"):
            booted = boots.run_all(tool, asks, at_once=processors(), done=done)
        again: list[str] = []
        alone: list[str] = []
        for batch, one in zip(batches, booted):
            for problem in one.found.problems if not one.found.missing else []:
                note(problem)
            if len(batch) == 1:
                made[batch[0]] = _alone(batch[0], one, crashed.get(batch[0]))
                continue
            if one.boot.cause and not _begun(one):
                made |= {suite: Ran(one.boot, one.found, None) for suite in batch}
                continue
            ended = _ended(batch, one)
            made.update(ended)
            suspects = _suspects(batch, ended, one)
            if suspects:
                note(f"{title}, with others: {', '.join(suspects)} did not come to an end, and "
                     f"{'are' if len(suspects) > 1 else 'is'} run again alone: "
                     f"{one.boot.cause.text if one.boot.cause else 'not in the output'}; "
                     f"full log: {one.boot.console}")
            if one.boot.cause and one.boot.cause.kind is Kind.PANIC and len(suspects) == 1:
                crashed[suspects[0]] = one.boot.cause
            alone += suspects
            again += [suite for suite in batch if suite not in ended and suite not in suspects]
        batches = [*([again] if again else []), *([suite] for suite in alone)]
    _keep_times(tool, made)
    return {suite: made[suite] for suite in suites}


def _divided(tool: KunitTool, suites: Sequence[str], name: str, done: Journal | None) -> list[list[str]]:
    """The suites of each boot: as in a run that did not come to its end, or by what each took before."""
    times, key = _times(tool), ["division", *([] if done is None else tool.identity), name, *suites]
    before: list[list[str]] | None = done.peek(key) if done else None
    if before:
        return before
    seconds = sum(times.get(suite, _UNKNOWN) for suite in suites)
    batches = divide(suites, times, max(processors(), ceil(seconds / _SECONDS)))
    if done:
        done.add(key, batches)
    return batches


def processors() -> int:
    """How many boots at once this machine has processors for, as far as they are wanted."""
    return min(AT_ONCE, len(os.sched_getaffinity(0)))


def divide(suites: Sequence[str], seconds: Mapping[str, float], parts: int) -> list[list[str]]:
    """Suites in at most so many parts that take about equally long, by what each took before: the longest
    first, each to the part that has least. One that is not known may be long."""
    unknown = max(seconds.values(), default=1.0)
    divided: list[list[str]] = [[] for _ in range(min(parts, len(suites)))]
    sums = [0.0] * len(divided)
    for suite in sorted(suites, key=lambda name: -seconds.get(name, unknown)):
        least = sums.index(min(sums))
        divided[least].append(suite)
        sums[least] += seconds.get(suite, unknown)
    return divided


def _parameter(filters: Iterable[str]) -> str:
    text = ",".join(filters)
    if len(text) > _LONGEST:
        raise TkfiError("the globs of --suite are too long for one boot; run some of the suites at a time")
    return f"tkfi.suites={text}"


def _ended(batch: Sequence[str], one: boots.Run) -> dict[str, Ran]:
    """The suites of a boot that came to their ends; none if its output is not to be relied on."""
    if one.boot.cause and one.boot.cause.kind is Kind.TRUNCATED:
        return {}
    results = {suite: not bad for bad, suite in _ENDED.findall(_console(one.boot))}
    return {suite: _in_company(suite, one, passed=results[suite]) for suite in batch
            if suite in results and suite in one.boot.suites}


def _suspects(batch: Sequence[str], ended: Mapping[str, Ran], one: boots.Run) -> list[str]:
    """Of those that did not end the one that was under way, or else all."""
    left = [suite for suite in batch if suite not in ended]
    return [suite for suite in left if suite in _begun(one)] or left


def _begun(one: boots.Run) -> set[str]:
    """The suites that a boot began. A kernel that began none will not do better with fewer of them."""
    return set(_BEGUN.findall(_console(one.boot)))


def _in_company(suite: str, one: boots.Run, *, passed: bool) -> Ran:
    counts = one.boot.suites[suite]
    if not counts.failed and (not passed or counts == Counts()):
        counts += Counts(failed=1)  # what is wrong is not in a case
    cause = Cause(Kind.FAILED, "tests failed") if counts.failed else None
    failing = [name for name in one.boot.failing if name.startswith(f"{suite}.")]
    return Ran(replace(one.boot, counts=counts, cause=cause, failing=failing), one.found,
               _took(suite, one))


def _alone(suite: str, one: boots.Run, crashed: Cause | None) -> Ran:
    """Whether it passes alone or not, a crash in company was a crash."""
    boot = one.boot
    if crashed and not boot.cause:
        boot = replace(boot, counts=boot.counts + Counts(failed=1),
                       cause=Cause(Kind.PANIC, f"{crashed.text}: after other suites; alone it passes"))
    seconds = _took(suite, one)
    return Ran(boot, one.found, boot.seconds if seconds is None else seconds)


def _took(suite: str, one: boots.Run) -> float | None:
    return next((took.ns / 1e9 for took in one.found.took if took.suite == suite), None)


def _console(boot: Boot) -> str:
    return boot.console.read_text(encoding="utf-8", errors="replace") if boot.console.exists() else ""


def _times_file(tool: KunitTool) -> Path:
    return tool.layout.results(tool.kernel.place) / "seconds.json"


def _times(tool: KunitTool) -> dict[str, float]:
    """What suites took in earlier runs. It is only used to divide them, so a damaged file says nothing."""
    try:
        return {str(suite): float(seconds)
                for suite, seconds in json.loads(_times_file(tool).read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep_times(tool: KunitTool, made: Mapping[str, Ran]) -> None:
    times = _times(tool) | {suite: round(one.seconds, 3) for suite, one in made.items()
                            if one.seconds is not None}
    _times_file(tool).write_text(json.dumps(times, indent=1) + "\n", encoding="utf-8")
