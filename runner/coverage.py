# SPDX-License-Identifier: GPL-2.0
"""What an exploration that did not see everything says of what it saw, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from runner.results import Explored, Progress


def sentences(one: Explored) -> list[str]:
    """What the table of scenarios has no column for."""
    said = []
    if one.estimate is not None and not one.complete:
        error = "" if one.estimate_error is None else f" ± {_rounded(one.estimate_error)}"
        said.append(f"{one.scenario}: ~{_rounded(one.estimate)}{error} classes in all, of which "
                    f"{one.classes:,} were explored" if one.estimate > one.classes else
                    f"{one.scenario}: more than {one.classes:,} classes in all; the estimate, "
                    f"~{_rounded(one.estimate)}{error}, is too low")
    if one.preemptions is not None:
        said.append(f"{one.scenario}: {'all' if one.complete else 'not all'} classes that have an "
                    f"execution with at most {one.preemptions} "
                    f"preemption{'s' if one.preemptions != 1 else ''}")
    if one.bound is not None and 0 < one.bound <= 1:
        met = 1 - (1 - one.bound) ** one.executions
        said.append(f"{one.scenario}: an execution meets a bug of the depth that {one.strategy} looks for "
                    f"with a probability of at least {one.bound:.2g}, "
                    f"{one.executions:,} executions with {met:.2g}")
    return said


def so_far(name: str, reports: Sequence[Progress]) -> list[str]:
    """What is known of the parts of a scenario that did not come to their end. They may have found the same
    violations."""
    if not reports:
        return []
    found = max(report.violations for report in reports)
    return [f"{name}: stopped, with {found:,} violation{'s' if found != 1 else ''} so far"]


def _rounded(value: float | None) -> str:
    """To three digits: there is no more in it."""
    return f"{float(f'{value or 0:.3g}'):,.0f}"
