# SPDX-License-Identifier: GPL-2.0
"""What an exploration that did not see everything says of what it saw, in sentences."""

from __future__ import annotations

from collections.abc import Collection
from math import expm1, log1p

from runner.boot.records import Explored, unit
from runner.plural import counted

_UNCOUNTED = 2.0 ** 64 - 2048  # the kernel counts up to 2^64 - 1


def sentences(one: Explored) -> list[str]:
    """What the table of scenarios has no column for."""
    said = []
    if one.estimate is not None and not one.complete:
        said.append(_estimate(one, one.estimate))
    if one.preemptions is not None:
        what, why = ("executions", "only classes are")
        if unit(one.strategy) == "classes":
            what = "classes that have an execution"
            why = "samples say nothing of a class's fewest preemptions"
        said.append(f"{one.scenario}: {'all' if one.complete else 'not all'} {what} with at most "
                    f"{counted(one.preemptions, 'preemption')}"
                    f"{f'; how many there are is not estimated: {why}' * (not one.complete)}")
    if one.bound is not None:
        met = -expm1(one.executions * log1p(-one.bound)) if one.bound < 1 else 1
        met_in_all = f"{met:.2g}" if met < 0.99 else "0.99 or more"
        likely = (f"of at least {one.bound:.2g} per execution, {met_in_all} in {one.executions:,}"
                  if one.bound else "that may be less than 1e-18 per execution")
        said.append(f"{one.scenario}: pct of depth {one.depth}: a bug of that depth is met with a "
                    f"probability {likely}")
    return said


def asked(one: Explored, told: Collection[str]) -> list[str]:
    """What was asked for besides."""
    said = []
    if "outcomes" in told:
        said.append(f"{one.scenario}: " + (
            "more outcomes than there is room for" if one.outcome_set is None else
            f"{counted(len(one.outcome_set), 'outcome')}{'' if one.complete else ' so far'}, digest "
            f"{one.outcomes_digest}"))
    if "coverage" in told:
        said.append(f"{one.scenario}: " + (
            "not known what was executed" if one.ip_set is None else
            f"{counted(len(one.ip_set), 'instruction')} with a hook executed, in the set-up and "
            f"{counted(one.executed_in or 0, 'execution')}"))
    return said


def cell(one: Explored) -> str:
    """What the table says of it: whether it is complete, or else of about how many it is a part."""
    if one.complete or one.estimate is None or one.estimate >= _UNCOUNTED:
        return "yes" if one.complete else "no"
    return f"no, of ~{_rounded(max(one.estimate, one.classes))}"


def _estimate(one: Explored, estimate: float) -> str:
    explored = f"of which {one.classes:,} were explored"
    if estimate >= _UNCOUNTED:
        return f"{one.scenario}: more classes than can be counted, {explored}"
    error = "" if one.estimate_error is None else f" ± {_rounded(one.estimate_error)}"
    if estimate <= one.classes:
        return (f"{one.scenario}: more than {one.classes:,} classes in all; the estimate, "
                f"~{_rounded(estimate)}{error}, is too low")
    return (f"{one.scenario}: ~{_rounded(estimate)}{error} classes in all, {explored}; samples miss rare "
            "ones: rather too few than too many")


def so_far(name: str, found: int, *, stopped: bool) -> str:
    """What is known of a scenario that was not explored to its end, when so much was found."""
    return (f"{name}: {'stopped' if stopped else 'not explored to the end'}, with "
            f"{counted(found, 'violation')} so far{'; the same command with --resume goes on' * stopped}")


def _rounded(value: float | None) -> str:
    """To three digits: there is no more in it."""
    return f"{float(f'{value or 0:.3g}'):,.0f}"
