# SPDX-License-Identifier: GPL-2.0
"""The page of a verdict: what is worse in the tree, then all that was compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from runner.plural import counted
from runner.premerge import measured
from runner.premerge.compare import Changed
from runner.premerge.verdict import Verdict, Word
from runner.report import classes, race_table, verdict_text
from runner.report.page_parts import Bars, Like, Page, Shown, Table
from runner.report.pages import NOT_COVERED, Recordings, recorded, sentence, title_of

_Row = tuple[str, Sequence[float]]
_TONES = {Word.PASS: "good", Word.IMPROVED: "good", Word.REGRESSION: "bad", Word.INVALID: "unclear"}


def plainest(verdict: Verdict) -> list[str]:
    """The schedules of what is new, one of each cause."""
    schedules = [group[0].violation["schedule"] for group in verdict_text.by_cause(verdict.made.new)]
    return list(dict.fromkeys(filter(None, schedules)))


def of_verdict(verdict: Verdict, recordings: Recordings) -> Page:
    """Its page, with those executions step by step that were recorded."""
    made = verdict.made
    found = verdict.coverage
    executed, left = (len(found.executed), found.missed) if found else (0, ())
    lines = (f"; {executed} of {counted(executed + len(left), 'changed line')} that access memory were "
             "executed" if found else "")
    missed = f" Changed lines that were not executed: {', '.join(left)}." if left else ""
    absent = "" if made.tree.complete else " Not all scenarios were explored to their end."
    return Page(
        "Timekeeping checks of a kernel tree", verdict.word.name, _TONES[verdict.word],
        verdict_text.line(verdict),
        [("Tree", verdict.tree.words), ("Base", verdict.base.words),
         ("Kernel", f"Linux {made.tree.kernel}"),
         ("Variant", "the tree as it is"), ("Compiler", made.tree.compiler),
         ("Covered", f"{counted(len(made.tree.scenarios), 'scenario')}, {made.tree.classes:,} classes of "
          f"interleavings; {made.tree.performed:,} operations in sequences"
          f"{lines}."),
         ("Not covered", NOT_COVERED + missed + absent),
         ("Proof", " ".join(proof.text for proof in verdict.proofs))],
        [_shown(group, verdict, recordings) for group in verdict_text.by_cause(made.new)],
        _tables(verdict), _charts(verdict), list(made.problems), repeat=verdict.repeat,
        mail=verdict_text.text(verdict))


def _shown(group: Sequence[Changed], verdict: Verdict, recordings: Recordings) -> Shown:
    changed = group[0]
    one = changed.violation
    violation = measured.violation(one)
    vcpus = verdict.made.tree.vcpus.get(one["scenario"], ())
    recording, why_not = recorded(one["schedule"], recordings)
    return Shown(
        title_of(violation), "new", sentence(changed.why),
        sentence(verdict_text.sentence(one)), one["scenario"], _replay(one, verdict), vcpus, violation,
        race_table.draw(violation, vcpus), explanation=verdict_text.explanation(one), recording=recording,
        why_not=why_not,
        like=[Like(other.violation["scenario"], verdict_text.sentence(other.violation),
                   _replay(other.violation, verdict)) for other in group[1:]])


def _replay(one: Mapping[str, Any], verdict: Verdict) -> str:
    return "".join(verdict_text.replay_lines(one, verdict)).strip()


def _tables(verdict: Verdict) -> list[Table]:
    made = verdict.made
    rows = [[one["name"], f"{one['classes']:,}", "yes" if one["complete"] else "no",
             f"{one['ns'] / 1e6:,.1f}"] for one in made.tree.scenarios]
    tables = [Table(f"All scenarios of the tree ({len(rows)})",
                    ["scenario", "classes", "complete", "time, ms"], rows)]
    for caption, those in (("Gone: violations of the base that the tree does not have", made.gone),
                           ("In both the tree and the base", made.same)):
        numbers = Counter((one["oracle"], one["reason"], classes.counted_as(one["class"], one["fixed_in"])
                           if one.get("class") else "not known") for one in those)
        if numbers:
            tables.append(Table(caption, ["oracle", "cause", "class", "violations"],
                                [[*what, f"{number}"] for what, number in numbers.items()]))
    if made.told:
        rows = [[one["text"], one["clock"], one["of"], f"{one['seen']:,}", f"{one['wanted']:,}",
                 one["holds"]] for one in made.told]
        tables.append(Table("Faults in sequences of operations", [
            "operations", "clock", "what is read", "is", "ought to be", "rule"], rows))
    if made.behaviour:
        rows = [[one.scenario, f"{one.base_outcomes:,}", f"{one.outcomes:,}"] for one in made.behaviour]
        tables.append(Table("Other values can be observed", [
            "scenario", "outcomes in the base", "in the tree"], rows))
    if made.failing:
        tables.append(Table("KUnit suites that are worse", ["suite", "cases", "why"],
                            [[one.suite, ", ".join(one.cases), one.cause] for one in made.failing]))
    return tables


def _charts(verdict: Verdict) -> list[Bars]:
    """What was measured of both."""
    tree, base = verdict.made.tree, verdict.made.base
    holds: list[_Row] = [(name, [base.holds[name], tree.holds[name]])
                         for name in base.holds if name in tree.holds]
    accuracy: list[_Row] = [(name, [max(base.accuracy[name]), max(tree.accuracy[name])])
                            for name in base.accuracy if base.accuracy[name] and tree.accuracy.get(name)]
    charts = [Bars("Write hold", "accesses with a sequence odd", ("base", "tree"), holds),
              Bars("Accuracy in simulations", "ns, the worst of all seeds", ("base", "tree"), accuracy)]
    return [chart for chart in charts if chart.rows]
