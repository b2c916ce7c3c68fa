# SPDX-License-Identifier: GPL-2.0
"""Schedules of explore, as far as a guest can execute them: one adjtimex() of a frequency, held once before
a store of a sequence, and two reads of CLOCK_MONOTONIC by the vDSO."""

from __future__ import annotations

import re

from runner.errors import InputError
from runner.explore.scenarios import Scenario
from runner.explore.schedule import Schedule
from runner.guest.places import SEQUENCES, STORE
from runner.guest.race import Request
from runner.units import parse_delay, parse_frequency

_ADJTIMEX = re.compile(r"adjtimex freq=(\S+)", re.ASCII)
_SETUP = re.compile(r"adjtimex freq=([^\s,]+)((?:,? *(?:wait \S+|tick)\s*)*)", re.ASCII)
_READS = "read vdso MONOTONIC, read vdso MONOTONIC"
_TURN = re.compile(rf"cpu0 before {STORE}({'|'.join(map(re.escape, SEQUENCES))})(#\d+)?", re.ASCII)
_EXAMPLE = "cpu0 before store vdso.seq, host, cpu1"


def read(schedule: Schedule, scenario: Scenario) -> tuple[Request, str]:
    """What a guest is asked by a schedule, and where its updater is held. Raises InputError for a part that
    a guest cannot execute."""
    parts = dict(_parts(scenario.text))
    setup, update = _SETUP.fullmatch(parts.pop("setup", "")), _ADJTIMEX.fullmatch(parts.pop("cpu0", ""))
    delay = parts.pop("host", "")
    if not setup:
        raise _cannot(scenario, "setup", "begin with adjtimex freq=..., and then wait and tick")
    if not update:
        raise _cannot(scenario, "cpu0", "be one adjtimex freq=...")
    if parts.pop("cpu1", "") != _READS:
        raise _cannot(scenario, "cpu1", f"be '{_READS}'")
    for more in parts:
        raise _cannot(scenario, more, "be left out: a guest has two VCPUs and no NMI")
    if not delay:
        raise _cannot(scenario, "host", "be one delay")
    turns = [turn.strip() for turn in schedule.turns.split(",")]
    held = _TURN.fullmatch(turns[0])
    if not held or turns[1:2] != ["host"] or not all(turn.startswith("cpu") for turn in turns[2:]) or (
            turns[2:3] and not turns[2].startswith("cpu1")):
        raise InputError(str(schedule), schedule.start, max(1, len(schedule.turns)),
                         f"a guest can be held once, before a store of {' or '.join(SEQUENCES)}, while its "
                         f"reader reads; as in '{_EXAMPLE}'")
    request = Request(parse_delay(delay), parse_frequency(setup[1]), parse_frequency(update[1]))
    return request, f"{STORE}{held[1]}{held[2] or ''}"


def _parts(text: str) -> list[tuple[str, str]]:
    """The statements of a scenario: whose, and what it says."""
    statements = [statement.partition(":") for statement in text.split(";")]
    return [(head.strip(), " ".join(body.split())) for head, _, body in statements]


def _cannot(scenario: Scenario, part: str, wanted: str) -> InputError:
    at = re.search(rf"\b{re.escape(part)}\s*:", scenario.text)
    start = at.start() if at else 0
    end = scenario.text.find(";", start)
    return InputError(scenario.text, start, (end if end > 0 else len(scenario.text)) - start,
                      f"in a guest {part} has to {wanted}; ./tkfi replay executes the rest, in UML")
