# SPDX-License-Identifier: GPL-2.0
"""What is different between a tree and its base, and how it is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.errors import TkfiError
from runner.premerge import measured
from runner.premerge.compare import Comparison, compare
from runner.premerge.measured import Measured, Suite
from runner.premerge.verdict import Codes, Proof, State, Verdict, Word
from runner.report import race_table, verdict_text

FOUND = Proof("In this run the cover letter's race was found in the tree.", True)
STATE = State("/a tree", 'abc123def456 ("timekeeping: Change it")', "abc123def456" + "0" * 28)


def access(who: int, kind: str, name: str, at: str, value: int | None = 5) -> dict[str, Any]:
    """One of the two whose order matters."""
    return {"vcpu": who, "who": f"cpu{who}", "kind": kind, "name": name, "value": value, "ip": 1, "at": at,
            "place": "kernel/time/vsyscall.c:30"}


def violation(scenario: str = "falls-vdso", *, back: int = 10_000, **more: Any) -> dict[str, Any]:
    """The cover letter's race, or what differs from it."""
    found = {
        "scenario": scenario, "oracle": "monotonic", "rule": "", "clock": "clock_gettime(MONOTONIC)",
        "first": "clock_gettime(MONOTONIC)",
        "first_ns": 100_026_013_000, "second_ns": 100_026_013_000 - back,
        "findings": 3, "turns": 3, "preemptions": 1, "delays": 1, "minimal": True, "searched": 9,
        "explained": True, "tried": 1, "known": True, "reason": "the race of the cover letter",
        "cause": "cover-letter", "class": "bug", "fixed_in": "", "family": "vdso", "stopped": "vdso.seq",
        "about": "", "like": "", "waits": "",
        "schedule": f"tkfi1 6.12.117 post-series {scenario}: cpu0 before store vdso.seq, host, cpu1",
        "accesses": [access(1, "load", "vdso.mult", "tkfi_vdso_clock_gettime+0xe3/0x2a0", 8392803),
                     access(0, "store", "vdso.mult", "update_vsyscall+0x439/0x800", 8384414)],
        "events": [event(0, "call", "do_adjtimex(-500ppm)"), event(0, "stop", "store vdso.seq"),
                   event(2, "call", "(10ms pass)"), event(2, "return", "(10ms pass)"),
                   event(1, "call", "clock_gettime(MONOTONIC)"),
                   event(1, "read", "clock_gettime(MONOTONIC)", 100_026_013_000),
                   event(0, "return", "do_adjtimex(-500ppm)", 5),
                   event(1, "call", "clock_gettime(MONOTONIC)"),
                   event(1, "read", "clock_gettime(MONOTONIC)", 100_026_013_000 - back)]}
    return {**found, **more}


def event(vcpu: int, kind: str, text: str, ns: int = 0) -> dict[str, Any]:
    """One line of what happened."""
    return {"case": "x", "vcpu": vcpu, "kind": kind, "text": text, "ns": ns, "step": 0}


TOLD: dict[str, Any] = {
    "clock": "tsc", "rule": "back", "holds": "nobody goes back", "of": "time()", "op": "adjtimex",
    "wanted": 2000, "seen": 1000, "times": 3, "text": "wait 9ms, adjtimex", "cause": "a-cause",
    "cause_class": "bug", "fixed_in": "", "reason": "it borrows a second",
    "kind": 0}
NOT_KNOWN = {**TOLD, "text": "tick", "op": "tick", "cause": "", "reason": ""}


def made(*violations: dict[str, Any], **more: Any) -> Measured:
    """What was measured of a tree with these violations."""
    whole = Measured(
        "6.12.117", "gcc (Debian 12.2.0-14) 12.2.0",
        [{"name": name, "classes": 100, "complete": True, "ns": 5_000_000}
         for name in ("falls-vdso", "falls-kernel")],
        violations, [], {"tkfi_series": Suite(50, 0, 2, [], "")}, {"tick, kernel readers": 40},
        frozenset({"update_vsyscall", "tkfi_vdso_clock_gettime", "ktime_get", "timekeeping_advance"}),
        {"falls-vdso": ["cpu0", "cpu1", "host"], "falls-kernel": ["cpu0", "cpu1", "host"]},
        {"falls-vdso": ["aa", "bb"], "falls-kernel": ["aa"]}, {"falls-vdso": [1611071276]},
        {"ticks: error max": [2.0, 2.1, 2.2]}, [TOLD], 230_000)
    return replace(whole, **more)


def verdict(comparison: Comparison, **more: Any) -> Verdict:
    """On it."""
    whole = Verdict(STATE, State("/a tree", '111111111111 ("Linux")', "1" * 40), comparison, [FOUND],
                    "./tkfi premerge --tree '/a tree' --base 111111111111")
    return replace(whole, **more)


@pytest.mark.parametrize("tree, base, word", [
    ([TOLD], [TOLD], Word.PASS), ([NOT_KNOWN], [NOT_KNOWN], Word.PASS),
    ([{**TOLD, "of": "another reader", "op": "tick"}], [TOLD], Word.PASS),
    ([TOLD], [], Word.REGRESSION), ([TOLD, NOT_KNOWN], [TOLD], Word.REGRESSION),
    ([{**NOT_KNOWN, "kind": 7, "of": "another"}], [{**NOT_KNOWN, "kind": 7}], Word.PASS),
    ([NOT_KNOWN], [{**NOT_KNOWN, "of": "another"}], Word.REGRESSION), ([], [TOLD], Word.IMPROVED),
    ([], [NOT_KNOWN], Word.IMPROVED)])
def test_what_stories_show_is_compared_by_cause(tree: list[dict[str, Any]], base: list[dict[str, Any]],
                                                word: Word) -> None:
    """Or by rule, reader and operation, if that is not known."""
    found = verdict(compare(made(stories=tree), made(stories=base)))
    assert found.word is word
    text = verdict_text.text(found)
    assert "Stories:  230,000 operations in sequences of up to 3, on four clocks.\n" in text
    assert ("./tkfi explore --story" in text) is (word is Word.REGRESSION)
    assert word is not Word.IMPROVED or "Gone:     of stories: " in text
    assert ("fault in stories" in verdict_text.line(found)) is (word is Word.REGRESSION)
    if NOT_KNOWN in tree and word is Word.REGRESSION:
        assert ("Fails:    time() is 1,000 after tick, and ought to be 2,000: nobody goes\n          back"
                in text)
        assert "  ./tkfi explore --story tick --clock tsc --kernel '/a tree'" in text


STEPS = ["tick", "jiffies", "suspend"]


def shows(*after: int, **steps: int) -> dict[str, str]:
    """What stories show by the clock tsc that begin so: tick, jiffies and suspend."""
    return {f"tsc {bytes(after).hex()}": "".join(f"{steps.get(name, 7):08x}" for name in STEPS)}


def test_stories_with_other_values_are_a_change_of_behaviour() -> None:
    """By their last step, the shortest first; a step that is impossible on one side is a change, too."""
    base = made(story_steps=STEPS, story_outcomes=shows() | shows(0) | shows(1))
    tree = replace(base, story_outcomes=shows() | shows(0, jiffies=8) | shows(1, jiffies=9, suspend=0))
    found = compare(tree, base)
    assert [(one.step, one.stories, one.text, one.clock) for one in found.stories_changed] == [
        ("jiffies", 2, "tick, jiffies", "tsc"), ("suspend", 1, "jiffies, suspend", "tsc")]
    found = replace(found, stories_changed=[replace(found.stories_changed[0], shown=["vdso time: 1"]),
                                            *found.stories_changed[1:]])
    assert verdict(found).word is Word.PASS and verdict(found, strict=True).word is Word.REGRESSION
    assert verdict(found).json()["stories_changed"][0]["stories"] == 2
    assert ("Changed:  other values, though nothing is wrong with them, after 3\n"
            "          sequences of operations; on tsc: tick, jiffies\n"
            "          vdso time: 1\n"
            "  ./tkfi explore --story 'tick, jiffies' --clock tsc --show --kernel '/a tree'\n"
            ) in verdict_text.text(verdict(found))
    assert "behaviour changed in stories" in verdict_text.line(verdict(found))
    other = {**NOT_KNOWN, "op": "jiffies"}
    found = compare(replace(tree, stories=[other]), base)
    assert [one.step for one in found.stories_changed] == ["suspend"]


def test_stories_are_compared_by_the_texts_of_their_steps() -> None:
    """A kernel may have more of them than another."""
    base = made(story_steps=STEPS, story_outcomes=shows() | shows(1, suspend=6))
    tree = made(story_steps=["aux tick", *STEPS], story_outcomes={
        "tsc ": "00000001000000070000000700000007", "tsc 02": "00000001000000070000000700000006",
        "tsc 00": "00000003"})
    assert not compare(tree, base).changed
    other = replace(tree, story_outcomes={"tsc 02": "00000001000000070000000700000007"})
    assert [one.text for one in compare(other, base).stories_changed] == ["jiffies, suspend"]


def test_the_same_is_no_difference() -> None:
    found = compare(made(violation()), made(violation()))
    assert not found.regressed and not found.gone and len(found.same) == 1
    assert verdict(found).word is Word.PASS


def test_a_violation_that_the_base_has_not_is_new() -> None:
    found = compare(made(violation(), violation("falls-kernel")), made(violation()))
    assert [one.violation["scenario"] for one in found.new] == ["falls-kernel"]
    assert verdict(found).word is Word.REGRESSION


def test_known_or_not_what_is_worse_is_new() -> None:
    found = compare(made(violation(back=10_002)), made(violation()))
    assert found.new[0].base == violation() and "goes wrong by 10,000 ns" in found.new[0].why


@pytest.mark.parametrize("back", [10_001, 9_000])
def test_what_is_not_larger_but_by_rounding_is_not(back: int) -> None:
    assert not compare(made(violation(back=back)), made(violation())).regressed


def test_a_race_between_other_functions_is_new() -> None:
    other = [access(1, "load", "vdso.mult", "ktime_get+0x1/0x2"),
             access(0, "store", "vdso.mult", "update_vsyscall+0x439/0x800")]
    found = compare(made(violation(accesses=other)), made(violation()))
    assert "between other functions: tkfi_vdso_clock_gettime and update_vsyscall" in found.new[0].why


def test_but_not_if_a_function_was_renamed_or_split() -> None:
    tree = made(violation(accesses=[
        access(1, "load", "vdso.mult", "tkfi_vdso_clock_gettime+0xe3/0x2a0"),
        access(0, "store", "vdso.mult", "update_vdso+0x439/0x800")]))
    tree = replace(tree, functions=tree.functions - {"update_vsyscall"} | {"update_vdso"})
    assert not compare(tree, made(violation())).regressed


def test_a_race_on_another_object_is_new() -> None:
    other = [access(1, "load", "tk_core.mult", "tkfi_vdso_clock_gettime+0xe3/0x2a0"),
             access(0, "store", "tk_core.mult", "update_vsyscall+0x439/0x800")]
    assert compare(made(violation(accesses=other)), made(violation())).regressed


def test_another_word_of_it_is_the_same() -> None:
    other = [access(1, "load", "vdso.cycle_last", "tkfi_vdso_clock_gettime+0xe3/0x2a0"),
             access(0, "store", "vdso.cycle_last", "update_vsyscall+0x439/0x800")]
    assert not compare(made(violation(accesses=other)), made(violation())).regressed


@pytest.mark.parametrize("more", [{"cause": ""}, {"oracle": "line"}, {"rule": "s3"},
                                  {"clock": "clock_gettime(REALTIME)"}])
def test_another_nature_is_new(more: dict[str, Any]) -> None:
    assert compare(made(violation(**more)), made(violation())).regressed


def test_what_is_gone_is_an_improvement() -> None:
    found = compare(made(), made(violation()))
    assert [one["scenario"] for one in found.gone] == ["falls-vdso"]
    assert found.causes_gone == ["cover-letter"]
    assert "Gone: the race of the cover letter" in " ".join(verdict_text.text(verdict(found)).split())
    assert verdict(found).word is Word.IMPROVED


def test_what_was_not_explored_to_its_end_may_still_have_it() -> None:
    part = [{**one, "complete": False} for one in made().scenarios]
    found = compare(made(scenarios=part), made(violation()))
    assert not found.gone and "not all to their end, as each has 2 s" in " ".join(
        verdict_text.text(verdict(found, time=2)).split())


def test_a_case_that_fails_is_a_regression_unless_it_did_before() -> None:
    bad = {"tkfi_series": Suite(49, 1, 2, ["s3_state_inside"], "1 case failed")}
    found = compare(made(suites=bad), made())
    assert found.failing[0].cases == ["s3_state_inside"] and found.regressed
    assert not compare(made(suites=bad), made(suites=bad)).regressed
    assert compare(made(), made(suites=bad)).mended and not compare(made(), made(suites=bad)).regressed


def test_so_is_a_crash() -> None:
    crash = [{"text": "falls-vdso: the kernel panicked", "failed": True}]
    assert compare(made(problems=crash), made()).regressed
    assert not compare(made(problems=[{"text": "not known", "failed": False}]), made()).regressed


@pytest.mark.parametrize("tree, worse", [
    ([2.0, 2.1, 2.2], False), ([9.0, 9.1, 2.2], False), ([2.3, 2.4, 9.0], True), ([1.0, 1.0, 1.0], False)])
def test_less_accurate_by_more_than_seeds_make_is_a_regression(tree: list[float], worse: bool) -> None:
    comparison = compare(made(accuracy={"ticks: error max": tree}), made())
    assert comparison.regressed is worse
    assert comparison.inaccurate == ({"ticks: error max": (2.2, 2.3)} if worse else {})
    said = "less accurate in simulations, ns: ticks: error max 2.200 -> 2.300"
    text = " ".join(verdict_text.text(verdict(comparison)).split())
    assert (said in text) is worse and ("less accurate" in verdict_text.line(verdict(comparison))) is worse


def test_what_one_of_them_was_not_simulated_for_is_not_compared() -> None:
    assert not compare(made(accuracy={"NO_HZ: dev": [9.0]}), made()).inaccurate


def test_other_outcomes_are_told_and_fail_only_if_strict() -> None:
    other = {"falls-vdso": ["bb", "cc"], "falls-kernel": ["aa", "bb"]}
    found = compare(made(outcomes=other), made())
    assert [(one.scenario, one.only, one.only_base) for one in found.behaviour] == [
        ("falls-kernel", ["bb"], []), ("falls-vdso", ["cc"], ["aa"])]
    assert not found.regressed
    assert verdict(found).word is Word.PASS and verdict(found, strict=True).word is Word.REGRESSION
    assert "other values can be observed" in verdict_text.text(verdict(found))
    assert "--strict was asked for" in " ".join(verdict_text.text(verdict(found, strict=True)).split())
    assert verdict(found).warnings


def test_without_its_proof_there_is_no_verdict() -> None:
    found = compare(made(violation()), made(violation()))
    invalid = verdict(found, proofs=[FOUND, Proof("One schedule did not come to the same.", False)])
    assert invalid.word is Word.INVALID and Codes.TKFI.of(invalid) == 2
    assert Codes.BISECT.of(invalid) == 125 and Codes.NIPA.of(invalid) == 1


@pytest.mark.parametrize("codes, good, bad, error", [(Codes.TKFI, 0, 1, 2), (Codes.BISECT, 0, 1, 125),
                                                     (Codes.NIPA, 0, 1, 1)])
def test_exit_statuses(codes: Codes, good: int, bad: int, error: int) -> None:
    assert codes.of(verdict(compare(made(), made()))) == good
    assert codes.of(verdict(compare(made(violation()), made()))) == bad
    assert codes.of_error(TkfiError("it does not compile")) == error


def test_what_was_not_explored_to_its_end_is_a_warning() -> None:
    cut = [{**one, "complete": False} for one in made().scenarios]
    part = verdict(compare(made(scenarios=cut), made()))
    assert Codes.NIPA.of(part) == 250 and Codes.TKFI.of(part) == 0
    assert verdict_text.line(part).startswith("timekeeping: PASS: not all scenarios explored to their end")
    assert "each has 4 times what it takes in the base, and 0.25 s at least" in " ".join(
        verdict_text.text(part).split())


def test_what_was_measured_comes_back_from_json() -> None:
    whole = made(violation())
    again = measured.from_json(json.loads(json.dumps(whole.json())))
    assert again.violations == list(whole.violations) and again.functions == whole.functions
    assert again.suites == whole.suites and not compare(again, whole).regressed
    with pytest.raises(KeyError):
        measured.from_json({"kernel": "6.12"})


def test_the_table_is_that_of_a_changelog() -> None:
    assert race_table.draw(measured.violation(violation()), ["cpu0", "cpu1", "host"]) == [
        "CPU0                                CPU1",
        "",
        "do_adjtimex(-500ppm)",
        "  <preempted for 10ms>",
        "                                      clock_gettime() reads vdso.mult",
        "                                        = 8392803",
        "                                    clock_gettime(MONOTONIC)",
        "                                      = 100.026013000",
        "  update_vsyscall() writes",
        "    vdso.mult = 8384414",
        "                                    clock_gettime(MONOTONIC)",
        "                                      = 100.026003000",
        "                                    /* 10,000 ns back */"]


def many(number: int) -> list[dict[str, Any]]:
    """Violations of as many causes."""
    return [violation(clock=f"clock_gettime({'X' * (one % 30)}{one})", family="", rule=f"r{one}")
            for one in range(number)]


@pytest.mark.parametrize("number", [0, 1, 2, 3, 50, 300])
def test_a_verdict_fits_into_a_mail(number: int) -> None:
    said = verdict_text.text(verdict(compare(made(*many(number)), made(violation())))).splitlines()
    assert len(said) <= verdict_text.LINES
    assert all(len(line) <= verdict_text.WIDTH or line.startswith("  ./tkfi ") for line in said)
    assert ("... and " in "\n".join(said)) == (number > 2)


def test_a_verdict_says_what_it_compared_and_how_to_repeat_it() -> None:
    said = verdict_text.text(verdict(compare(made(violation()), made(violation()))))
    assert said.startswith("timekeeping checks: PASS\n")
    for part in ('Tree:     abc123def456 ("timekeeping: Change it")', 'Base:     111111111111 ("Linux")',
                 "gcc (Debian 12.2.0-14)", "200 classes", "race was found", "1 violation (1 bug)",
                 "./tkfi premerge --tree '/a tree' --base 111111111111"):
        assert part in said, part


def test_a_changelog_has_context_table_and_explanation() -> None:
    said = verdict_text.changelog(verdict(compare(made(violation()), made())))
    assert said.startswith("update_vsyscall() writes vdso.mult while clock_gettime() reads vdso.mult.")
    assert "/* 10,000 ns back */" in said and "tkfi" not in said
    assert "it does not happen (executed)" in said.replace("\n", " ")
    assert verdict_text.changelog(verdict(compare(made(), made()))) == ""


def test_one_line_on_all_of_it() -> None:
    line = verdict_text.line(verdict(compare(made(violation()), made())))
    assert line == ('timekeeping: REGRESSION: 1 new violation (200 classes, 111111111111 ("Linux"))')


def test_what_b4_shows() -> None:
    """It takes any line for a warning, and one with ERROR: for a failure."""
    assert verdict_text.for_b4(verdict(compare(made(), made()))) == ""
    changed = verdict_text.for_b4(verdict(compare(made(outcomes={"falls-kernel": ["aa", "bb"]}), made())))
    assert changed.startswith("timekeeping: PASS: behaviour changed") and "\n" not in changed
    failed, replay = verdict_text.for_b4(verdict(compare(made(violation()), made()))).split("\n")
    assert failed.startswith("ERROR: timekeeping: REGRESSION: 1 new violation") and "replay" in replay


def test_junit(tmp_path: Path) -> None:
    junit = pytest.importorskip("runner.premerge.junit")
    junit.write(verdict(compare(made(violation()), made())), tmp_path / "x.xml")
    text = (tmp_path / "x.xml").read_text()
    assert text.count("<failure") == 1 and 'name="falls-vdso"' in text and 'name="tkfi_series"' in text
