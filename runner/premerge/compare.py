# SPDX-License-Identifier: GPL-2.0
"""What is different between a tree and its base: violations by what they are, not by where they were found
or how they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runner.explore.scenarios import CLOCKS
from runner.premerge import accuracy
from runner.premerge.measured import Measured, Suite

_HASH = 8  # hexadecimal digits of what a story shows
_ROUNDING = 1  # ns, by which a jump may be larger than another one and the same

Violation = Mapping[str, Any]  # as in the JSON of explore
_Nature = tuple[str, ...]


@dataclass(frozen=True)
class Changed:
    """A violation that the base does not have, or has less of: then base is that one. why says what is
    new."""

    violation: Violation
    why: str
    base: Violation | None = None


@dataclass(frozen=True)
class Behaviour:
    """A scenario in which other things can be observed, though no oracle objects: how many outcomes it has,
    those that the other side does not have, and an execution of each side in words."""

    scenario: str
    outcomes: int
    base_outcomes: int
    only: Sequence[str] = ()
    only_base: Sequence[str] = ()
    shown: Sequence[str] = ()


@dataclass(frozen=True)
class StoriesChanged:
    """Stories that end in one step and show other values than in the base, though no rule is broken: how
    many, the first with the fewest steps and the clock that time is kept by there, and values of each side
    in words."""

    step: str
    stories: int
    text: str
    clock: str
    shown: Sequence[str] = ()


@dataclass(frozen=True)
class Failing:
    """A KUnit suite that does worse than that of the base: the cases that fail, or why it did not come to
    its end."""

    suite: str
    cases: Sequence[str]
    cause: str = ""


@dataclass(frozen=True)
class Comparison:
    """All of it: what is new, or worse; what of the base is gone; what both have; KUnit suites that do
    worse, or better; crashes and the like; scenarios with other outcomes; write holds, and figures of
    simulations that are worse, in ns, base first; what stories show that they do not show in the base, and
    the other way round; and stories with other values."""

    tree: Measured
    base: Measured
    new: Sequence[Changed]
    gone: Sequence[Violation]
    same: Sequence[Violation]
    failing: Sequence[Failing]
    mended: Sequence[Failing]
    problems: Sequence[str]
    behaviour: Sequence[Behaviour] = ()
    holds: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    inaccurate: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    told: Sequence[Mapping[str, Any]] = ()
    told_gone: Sequence[Mapping[str, Any]] = ()
    stories_changed: Sequence[StoriesChanged] = ()

    @property
    def regressed(self) -> bool:
        """Whether anything is worse than it was."""
        return bool(self.new or self.failing or self.problems or self.inaccurate or self.told)

    @property
    def changed(self) -> bool:
        """Whether anything else can be observed, with nothing wrong."""
        return bool(self.behaviour or self.stories_changed)

    @property
    def causes_gone(self) -> list[str]:
        """Causes of which the tree has no violation any more."""
        left = {one.get("cause", "") for one in self.tree.violations}
        return list(dict.fromkeys(one["cause"] for one in self.gone
                                  if one.get("cause") and one["cause"] not in left))


def compare(tree: Measured, base: Measured) -> Comparison:
    """Everything that was measured of both."""
    by_nature: dict[_Nature, list[Violation]] = {}
    for one in base.violations:
        by_nature.setdefault(_nature(one), []).append(one)
    new, same = list[Changed](), list[Violation]()
    for one in tree.violations:
        changed = _changed(one, by_nature.get(_nature(one), []), tree, base)
        if changed:
            new.append(changed)
        else:
            same.append(one)
    found = {(_nature(one), one["scenario"]) for one in tree.violations}
    whole = {one["name"] for one in tree.scenarios if one["complete"]}
    gone = [one for one in base.violations
            if one["scenario"] in whole and (_nature(one), one["scenario"]) not in found]
    objected = {one.violation["scenario"] for one in new} | {one["scenario"] for one in gone}
    told, told_gone = _told(tree, base), _told(base, tree)
    return Comparison(tree, base, new, gone, same, _worse(tree.suites, base.suites),
                      _worse(base.suites, tree.suites),
                      [text for text in tree.failed if text not in base.failed],
                      _behaviour(tree, base, objected), _holds(tree, base),
                      accuracy.worse(tree.accuracy, base.accuracy),
                      told, told_gone,
                      _stories_changed(tree, base, {fault["op"] for fault in [*told, *told_gone]}))


def _told(one: Measured, other: Measured) -> list[Mapping[str, Any]]:
    """What stories show in one state, and do not show in the other: by cause where that is known."""
    there = {_fault(fault) for fault in other.stories}
    return [fault for fault in one.stories if _fault(fault) not in there]


def _fault(one: Mapping[str, Any]) -> tuple[str, ...]:
    return (one["cause"],) if one["cause"] else (one["rule"], str(one["kind"] or one["of"]), one["op"])


def function(access: Mapping[str, Any]) -> str:
    """The function that an access is in."""
    name: str = access["at"].partition("+")[0].partition(".")[0]
    return name


def size(one: Violation) -> int:
    """How far a clock went back, or what was found is from what was expected, in ns."""
    return abs(int(one["first_ns"]) - int(one["second_ns"]))


def _nature(one: Violation) -> _Nature:
    """What makes two violations the same, in whatever scenario and function: oracle and rule, clock, cause,
    and the objects whose accesses race."""
    objects = [f"{access['kind']} {access['name'].partition('.')[0]}" for access in one["accesses"]]
    return (one["oracle"], one["rule"], one["clock"], one["first"], one.get("cause") or "",
            *(sorted(objects) or [one["stopped"].partition(".")[0]]))


def _changed(one: Violation, others: Sequence[Violation], tree: Measured, base: Measured) -> Changed | None:
    """What is new in a violation, beside those of the base that are of its nature."""
    here = [other for other in others if other["scenario"] == one["scenario"]]
    if not here:
        return Changed(one, "the base does not have it")
    there = [other for other in here if _same_place(one, other, tree, base)]
    if not there:
        return Changed(one, "the base has it between other functions: "
                       + " and ".join(map(function, here[0]["accesses"])), here[0])
    largest = max(there, key=size)
    if size(one) > size(largest) + _ROUNDING:
        return Changed(one, f"the base goes wrong by {size(largest):,} ns there", largest)
    return None


def _same_place(one: Violation, other: Violation, tree: Measured, base: Measured) -> bool:
    """Whether accesses are in the same functions, but for those that only one of the trees has: a function
    that was renamed or split is no other place."""
    mine, its = ({function(access) for access in which["accesses"]} for which in (one, other))
    return (mine - its).isdisjoint(base.functions) or (its - mine).isdisjoint(tree.functions)


def _worse(those: Mapping[str, Suite], than: Mapping[str, Suite]) -> list[Failing]:
    found = []
    for name, suite in those.items():
        other = than.get(name)
        cases = [case for case in suite.failing if not other or case not in other.failing]
        cause = suite.cause if suite.cause and not suite.failing and not (other and other.cause) else ""
        if cases or cause:
            found.append(Failing(name, cases, cause))
    return found


def _behaviour(tree: Measured, base: Measured, objected: set[str]) -> list[Behaviour]:
    """Of scenarios that both explored to their end."""
    complete = [{one["name"] for one in of.scenarios if one["complete"]} for of in (tree, base)]
    found = []
    for name, outcomes in tree.outcomes.items():
        mine, its = set(outcomes), set(base.outcomes.get(name, outcomes))
        if mine != its and name not in objected and all(name in names for names in complete):
            found.append(Behaviour(name, len(mine), len(its), sorted(mine - its), sorted(its - mine)))
    return sorted(found, key=lambda one: len(one.only) + len(one.only_base))


def _stories_changed(tree: Measured, base: Measured, objected: set[str]) -> list[StoriesChanged]:
    """Of stories that are in both, by their last step, the fewest steps first. Left out are steps that end
    in an operation after which a rule is broken on one side only."""
    number = {text: index for index, text in enumerate(base.story_steps)}
    there = [number.get(text, -1) for text in tree.story_steps]
    found: dict[int, list[tuple[int, str, bytes]]] = {}
    for key, shown in tree.story_outcomes.items():
        clock, _, hexadecimal = key.partition(" ")
        after = bytes.fromhex(hexadecimal)
        same = [there[step] for step in after]
        its = base.story_outcomes.get(f"{clock} {bytes(same).hex()}") if -1 not in same else None
        if its is None or (its == shown and there == list(range(len(there)))):
            continue
        for step, other in enumerate(there):
            last = tree.story_steps[step].rpartition(",")[2].strip()
            excused = any(last.startswith(op) for op in objected)
            if not excused and other >= 0 and _hash_at(shown, step) != _hash_at(its, other):
                found.setdefault(step, []).append((len(after), clock, after))
    changed = []
    for step, those in sorted(found.items(), key=lambda item: (min(item[1])[0], item[0])):
        _, clock, after = min(those, key=lambda one: (one[0], CLOCKS.index(one[1]), one[2]))
        texts = [tree.story_steps[one] for one in (*after, step)]
        changed.append(StoriesChanged(texts[-1], len(those), ", ".join(texts), clock))
    return changed


def _hash_at(shown: str, step: int) -> str:
    """0 where the step was impossible."""
    return shown[_HASH * step:_HASH * (step + 1)] or "0" * _HASH


def _holds(tree: Measured, base: Measured) -> dict[str, tuple[int, int]]:
    return {name: (base.holds[name], accesses) for name, accesses in tree.holds.items()
            if base.holds.get(name, accesses) != accesses}
