# SPDX-License-Identifier: GPL-2.0
"""A verdict as JUnit's XML, which continuous integration systems show."""

from __future__ import annotations

from pathlib import Path

from junitparser import Failure, JUnitXml, TestCase, TestSuite

from runner.premerge.verdict import Verdict


def write(verdict: Verdict, file: Path) -> None:
    """A case for each KUnit suite and for each scenario, which fail where the tree is worse than its base,
    and one for each proof. Raises OSError when it cannot be written."""
    made = verdict.made
    worse = {one.suite: ", ".join(one.cases) or one.cause for one in made.failing}
    new: dict[str, list[str]] = {}
    for one in made.new:
        found = one.violation
        new.setdefault(found["scenario"], []).append(f"{found['oracle']}: {found['clock']}: {one.why}\n"
                                                     f"{found['schedule']}")
    whole = JUnitXml("timekeeping")
    whole.add_testsuite(_suite("kunit", {name: worse.get(name, "") for name in made.tree.suites}))
    whole.add_testsuite(_suite("exploration", {one["name"]: "\n".join(new.get(one["name"], ()))
                                               for one in made.tree.scenarios}))
    whole.add_testsuite(_suite("kernel", {"crashes and checks": "\n".join(made.problems)}))
    whole.add_testsuite(_suite("proof", {f"proof {number}": "" if proof.holds else proof.text
                                         for number, proof in enumerate(verdict.proofs, 1)}))
    whole.write(str(file))


def _suite(name: str, cases: dict[str, str]) -> TestSuite:
    suite = TestSuite(name)
    for case, wrong in cases.items():
        one = TestCase(case, classname=name)
        if wrong:
            one.result = [Failure(wrong)]
        suite.add_testcase(one)
    return suite
