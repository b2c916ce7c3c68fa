# SPDX-License-Identifier: GPL-2.0
"""What is kept of explorations, so that `explore --resume` goes on where another run ended.

A scenario has a directory below build/KERNEL/VARIANT/explored/STRATEGY-OPTIONS/, and each of its parts in
there the logs of its boot, what it reported, and, while it is under way, the state it can go on from.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from runner.errors import TkfiError
from runner.explore.scenarios import Scenario
from runner.files import write_safely

_PLAN = "plan.json"


@dataclass(frozen=True)
class Plan:
    """Into how many parts a scenario is divided; for the how manieth time they are explored, and the
    memory cells that they were told are shared."""

    parts: int = 1
    round: int = 1
    shared: str = ""


@dataclass(frozen=True)
class Kept:
    """What is kept of the explorations by one strategy and its options; build tells one build of a kernel
    from another."""

    directory: Path
    build: str

    def place(self, scenario: Scenario) -> Path:
        """The directory of a scenario."""
        digest = hashlib.sha256(scenario.text.encode()).hexdigest()[:8]
        return self.directory / f"{scenario.name}-{digest}"

    def begin(self, scenario: Scenario, parts: int) -> Plan:
        """Forget what there is of a scenario."""
        place = self.place(scenario)
        if place.exists():
            shutil.rmtree(place)
        return self._write(scenario, Plan(parts))

    def resume(self, scenario: Scenario, parts: int) -> Plan:
        """Go on with a scenario as it was divided; begin if nothing is there.

        Raises TkfiError when what is there cannot be read, or is of another build of the kernel.
        """
        try:
            plan, build = _read(self.place(scenario) / _PLAN)
        except FileNotFoundError:
            return self.begin(scenario, parts)
        except (ValueError, KeyError, TypeError) as error:
            raise TkfiError(f"what is kept of {scenario.name} is damaged: explore without --resume, from "
                            "the beginning") from error
        if build != self.build:
            raise TkfiError(f"what is kept of {scenario.name} is of another build of the kernel: explore "
                            "without --resume, from the beginning")
        return plan

    def again(self, scenario: Scenario, plan: Plan, shared: str) -> Plan:
        """Explore all parts once more, and tell them what is shared."""
        return self._write(scenario, replace(plan, round=plan.round + 1, shared=shared))

    def _write(self, scenario: Scenario, plan: Plan) -> Plan:
        place = self.place(scenario)
        place.mkdir(parents=True, exist_ok=True)
        write_safely(place / _PLAN, [json.dumps({"build": self.build, **asdict(plan)})])
        return plan


def digest_of(kernel: Path) -> str:
    """What tells one build of a kernel from another."""
    with kernel.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(file: Path) -> tuple[Plan, str]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return Plan(int(found["parts"]), int(found["round"]), str(found["shared"])), str(found["build"])
