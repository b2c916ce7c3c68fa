# SPDX-License-Identifier: GPL-2.0
"""The strategies, the options that each takes, and how an exploration is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.boot import lists
from runner.errors import TkfiError
from runner.explore import scenario_parts
from runner.kernel import kernels
from runner.layout import Layout
from runner.nearest import nearest

DEFAULT = "dpor"
_OUTCOME = re.compile("[0-9a-f]{16}")
_LISTS = lists.read(lists.of_series(Layout().patches / kernels.DEFAULT))  # the same of all kernels
SAMPLES = 10000  # executions of a strategy that samples and was told neither how many nor how long

# What there is in the kernel's half, and which of the options below each strategy takes.
STRATEGIES: Mapping[str, frozenset[str]] = {row["name"]: frozenset({
    "time", *(["executions"] if row["samples"] else []),
    *(option for option in ("preemptions", "seed", "depth") if row[option])})
    for row in _LISTS.rows["strategy"]}


def _that_take(option: str) -> str:
    return ", ".join([name for name, takes in STRATEGIES.items() if option in takes])


@dataclass(frozen=True)
class Option:
    """A number that a strategy may be told: from least to most, which is what the kernel takes."""

    least: int
    most: int
    about: str


OPTIONS: Mapping[str, Option] = {
    "preemptions": Option(0, (1 << 31) - 1, (
        "of dpor and dfs: look only at executions with at most so many (dpor: no bound; dfs: 2)")),
    "executions": Option(1, (1 << 63) - 1, (
        f"of {_that_take('executions')}: how many ({SAMPLES}; with --time as many as there is time for)")),
    "seed": Option(0, (1 << 63) - 1, f"of {_that_take('seed')}: number of the first execution (0)"),
    "depth": Option(1, _LISTS.limits["depth"], "of pct: of the bugs that it looks for (3)"),
}


@dataclass(frozen=True)
class Request:
    """How to explore: a strategy, what it was told by option, so many kernels at once, and whether what an
    earlier run did is not to be done again. outcomes, coverage: what else is reported of each scenario.
    outcome: in place of violations, an execution with this outcome. times: seconds of scenarios by name, in
    place of the option."""

    strategy: str = DEFAULT
    options: Mapping[str, int] = field(default_factory=dict)
    jobs: int = 1
    resume: bool = False
    outcomes: bool = False
    coverage: bool = False
    outcome: str = ""
    times: Mapping[str, float] = field(default_factory=dict)

    def check(self) -> None:
        """Raises TkfiError when there is no such strategy, or it takes no such option."""
        if self.strategy not in STRATEGIES:
            raise TkfiError(f"unknown strategy '{self.strategy}'; "
                            f"{nearest(self.strategy, STRATEGIES, './tkfi list strategies')}; one that was "
                            "just added is known after './tkfi dev lists'")
        if self.outcome and not _OUTCOME.fullmatch(self.outcome):
            raise TkfiError(f"'{self.outcome}' is no outcome; write 16 hexadecimal digits")
        takes = STRATEGIES[self.strategy]
        for option in self.options:
            if option not in takes:
                there = ", ".join(f"--{name}" for name in sorted(takes)) or "no options"
                raise TkfiError(f"strategy {self.strategy} takes no --{option}; it takes {there}")

    @property
    def name(self) -> str:
        """Of what is kept: one exploration may be given more time or executions, or no limit."""
        told = sorted(f"{name}={value}" for name, value in self.options.items()
                      if name not in ("time", "executions"))
        return "-".join([self.strategy, *told, *self._asked])

    @property
    def _asked(self) -> list[str]:
        """What the kernel is to report, as it is told; what it reports otherwise is no answer to that."""
        return [*(["outcomes=1"] if self.outcomes else []), *(["coverage=1"] if self.coverage else []),
                *([f"outcome={self.outcome}"] if self.outcome else [])]

    @property
    def told(self) -> list[str]:
        """What was asked for besides violations."""
        return [name for name in ("outcomes", "coverage", "outcome") if getattr(self, name)]

    @property
    def executions(self) -> int | None:
        """The most of a scenario; None for as many as there are, or as there is time for."""
        if "executions" not in STRATEGIES[self.strategy]:
            return None
        return self.options.get("executions", None if "time" in self.options else SAMPLES)

    @property
    def parameters(self) -> list[str]:
        """What the kernel is told; nothing of what is so anyway. The time is for each boot to know."""
        told = {} if self.strategy == DEFAULT else {"strategy": self.strategy}
        told |= {name: str(value) for name, value in self.options.items() if name != "time"}
        if self.executions is not None:
            told["executions"] = str(self.executions)
        return [*(f"tkfi.{name}={value}" for name, value in told.items()),
                *(f"tkfi.{asked}" for asked in self._asked)]

    def divide(self, scenarios: int) -> int:
        """Into how many parts each of so many scenarios is divided; a search within a bound is not."""
        if self.strategy != DEFAULT or "preemptions" in self.options:
            return 1
        return scenario_parts.how_many(scenarios, self.jobs, timed="time" in self.options)
