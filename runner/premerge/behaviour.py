# SPDX-License-Identifier: GPL-2.0
"""What can be observed of a tree and not of its base, and the other way round: an execution of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runner.boot.records import Violation
from runner.errors import TkfiError
from runner.explore import explorer, scenarios, stories
from runner.explore.exploration import Found
from runner.explore.strategies import DEFAULT, Request
from runner.kernel import builder
from runner.kernel.kernels import Kernel
from runner.layout import Layout
from runner.premerge.compare import Behaviour, StoriesChanged
from runner.premerge.states import States
from runner.units import format_seconds

_SHOWN = 1  # scenarios of which executions are shown
_VALUES = 3  # of what differs between them
_TRIED = 6  # executions of the base, for one that differs little


def stories_shown(changed: Sequence[StoriesChanged], chosen: States,
                  layout: Layout) -> list[StoriesChanged]:
    """The first of them with values from each side."""
    return [*(replace(one, shown=_story_words(one, chosen, layout)) for one in changed[:_SHOWN]),
            *changed[_SHOWN:]]


def _story_words(one: StoriesChanged, chosen: States, layout: Layout) -> list[str]:
    asked = stories.Asked(text=one.text, clock=one.clock, outcomes=True)
    try:
        mine, its = ({f"{value.of} {value.name}": value.in_words
                      for value in stories.tell(builder.build(kernel, layout), asked).values}
                     for kernel in (chosen.tree, chosen.base))
    except TkfiError:
        return ["its last operation is impossible there on one side"]
    return _few([f"{name}: {mine.get(name, 'nothing')}, in the base {its.get(name, 'nothing')}"
                 for name in dict.fromkeys([*mine, *its]) if mine.get(name) != its.get(name)])


def _few(differing: Sequence[str]) -> list[str]:
    more = [f"and {len(differing) - _VALUES} more values"] if len(differing) > _VALUES else []
    return [*differing[:_VALUES], *more]


def shown(changed: Sequence[Behaviour], chosen: States, layout: Layout) -> list[Behaviour]:
    """The first of them with an execution from each side, as far as there is one."""
    return [*(_shown(one, chosen, layout) for one in changed[:_SHOWN]), *changed[_SHOWN:]]


def _shown(one: Behaviour, chosen: States, layout: Layout) -> Behaviour:
    now, *_ = [*_executions(chosen.tree, one.scenario, one.only[:1], layout), None]
    before = _executions(chosen.base, one.scenario, one.only_base[:_TRIED], layout) if now else []
    nearest = min(before, key=lambda other: len(_differing(now, other)), default=None)
    return replace(one, shown=_words(now, nearest))


def _executions(kernel: Kernel, scenario: str, outcomes: Sequence[str], layout: Layout) -> list[Found]:
    return [found for outcome in outcomes for found in explorer.explore(
        kernel, scenarios.choose([scenario], layout), Request(DEFAULT, {}, 1, False, outcome=outcome),
        layout).outcomes[:1]]


def _differing(now: Found | None, before: Found | None) -> list[str]:
    values, old = (_values(one.violation) if one else {} for one in (now, before))
    return [f"{name} = {values.get(name, 'nothing')}, in the base {old.get(name, 'nothing')}"
            for name in dict.fromkeys([*values, *old]) if values.get(name) != old.get(name)]


def _words(now: Found | None, before: Found | None) -> list[str]:
    """What differs, and how the tree's is replayed."""
    differing = _differing(now, before) if now and before else []
    return [*_few(differing), *([now.schedule] if now and now.schedule else [])]


def _values(violation: Violation) -> dict[str, str]:
    """All that the execution lets anybody observe, by name, in order."""
    found: dict[str, str] = {}
    for event in violation.events:
        if event.kind in ("read", "return") and event.ns is not None:
            number = sum(name.startswith(event.text) for name in found)
            name = event.text + f" ({number + 1})" * bool(number)
            found[name] = format_seconds(event.ns, event.unit_ns) if event.kind == "read" else str(event.ns)
    for one in violation.observed:
        found[f"{one.of} {one.name}{' later' * one.later}, at the end"] = str(one.value)
    return found
