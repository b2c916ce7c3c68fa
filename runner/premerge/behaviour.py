# SPDX-License-Identifier: GPL-2.0
"""What can be observed of a tree and not of its base, and the other way round: an execution of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runner.boot.records import Violation
from runner.explore import explorer, scenarios
from runner.explore.exploration import Found
from runner.explore.strategies import DEFAULT, Request
from runner.kernel.kernels import Kernel
from runner.layout import Layout
from runner.premerge.compare import Behaviour
from runner.premerge.states import States
from runner.units import format_seconds

_SHOWN = 1  # scenarios of which executions are shown
_VALUES = 3  # of what differs between them


def shown(changed: Sequence[Behaviour], chosen: States, layout: Layout) -> list[Behaviour]:
    """The first of them with an execution from each side, as far as there is one."""
    found = []
    for number, one in enumerate(changed):
        if number < _SHOWN:
            now = _execution(chosen.tree, one.scenario, one.only, layout)
            before = _execution(chosen.base, one.scenario, one.only_base, layout)
            one = replace(one, shown=_words(now, before))
        found.append(one)
    return found


def _execution(kernel: Kernel, scenario: str, outcome: str, layout: Layout) -> Found | None:
    if not outcome:
        return None
    made = explorer.explore(kernel, scenarios.choose([scenario], layout),
                            Request(DEFAULT, {}, 1, False, outcome=outcome), layout)
    return made.outcomes[0] if made.outcomes else None


def _words(now: Found | None, before: Found | None) -> list[str]:
    """What differs, and how the tree's is replayed."""
    values, old = (_values(one.violation) if one else {} for one in (now, before))
    names = [name for name in dict.fromkeys([*values, *old]) if values.get(name) != old.get(name)]
    differing = [f"{name} = {values.get(name, 'nothing')}, in the base {old.get(name, 'nothing')}"
                 for name in names if now and before]
    more = [f"and {len(differing) - _VALUES} more values"] if len(differing) > _VALUES else []
    replay = [now.schedule] if now and now.schedule else []
    return [*differing[:_VALUES], *more, *replay]


def _values(violation: Violation) -> dict[str, str]:
    """All that the execution lets anybody observe, by name, in order."""
    found: dict[str, str] = {}
    for event in violation.events:
        if event.kind in ("read", "return") and event.ns is not None:
            number = sum(name.startswith(event.text) for name in found)
            name = event.text + f" ({number + 1})" * bool(number)
            found[name] = format_seconds(event.ns) if event.kind == "read" else str(event.ns)
    for one in violation.observed:
        found[f"{one.of} {one.name}{' later' * one.later}, at the end"] = str(one.value)
    return found
