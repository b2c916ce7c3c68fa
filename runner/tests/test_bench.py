# SPDX-License-Identifier: GPL-2.0
"""`bench`: the table, the comparison, and all that is wrong or missing, by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from runner import cli
from runner.boot import boots, results, simulation
from runner.boot.boots import Run
from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Boot, Counts
from runner.boot.records import Cost, Header
from runner.boot.results import Results
from runner.errors import TkfiError
from runner.kernel import builder
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.verbs import bench
from runner.verbs.bench import SEQLOCK, SEQLOCK_RETRIES, Bench

DATA = Path(__file__).parent / "data"
PASSED = Boot(Counts(passed=2), 1.0, None, Path("console"), "")
PANIC = replace(PASSED, cause=Cause(Kind.PANIC, "the kernel panicked: why"))
KERNEL = Kernel("6.12", Path("series"))
BARE = replace(KERNEL, bare=True)
SCENARIOS = ("falls-vdso", "cover-letter")
NS = {"sequential": 200.0, "random": 4000.0, "pos": 5000.5, "pct": 3000.0, "replay": 2500.0, "dpor": 1000.0,
      "dpor-again": 8000.0}
Change = Callable[[Kernel, Results], None]


def found(kernel: Kernel) -> Results:
    """What one build reports; the seqlock calls the engine itself, on a bare one too."""
    hooks = not kernel.bare
    lines = [Cost(SEQLOCK, hooks, "dpor-once", 36, 900, 11_000.0 if hooks else 1.0),
             Cost(SEQLOCK, hooks, "random", 20_000, 800_000, 3500.0 if hooks else 1.0),
             Cost(SEQLOCK, hooks, "pct", 20_000, 800_000, 3400.0 if hooks else 1.0),
             Cost(SEQLOCK_RETRIES, hooks, "dpor-once", 2000, 9000, 2000.0 if hooks else 1.0, 12),
             Cost(SEQLOCK_RETRIES, hooks, "random", 20_000, 800_000, 4500.0 if hooks else 1.0),
             Cost(SEQLOCK_RETRIES, hooks, "pct", 20_000, 800_000, 4400.0 if hooks else 1.0)]
    for index, name in enumerate(SCENARIOS):
        lines += [Cost(name, hooks, run, 20_000 - index, 0 if run == "sequential" else 800_000, ns + index)
                  for run, ns in NS.items()] if hooks else [
                      Cost(name, False, "sequential", 20_000, 0, 100.5 + index)]
    return Results(Header(1, "6.12.117", kernel.variant, "gcc 12"), costs=lines)


def made(change: Change = lambda *_: None, boot: Boot = PASSED) -> Bench:
    """The bench of both builds; change may spoil what they report."""
    runs = []
    for kernel in (KERNEL, BARE):
        spoilt = found(kernel)
        change(kernel, spoilt)
        runs.append((kernel, Run(boot if kernel.bare else PASSED, spoilt)))
    return bench.bench(runs)


def on(bare: bool, index: int, **values: object) -> Change:
    """Changes one line of one build."""
    def change(kernel: Kernel, found_in: Results) -> None:
        if kernel.bare == bare:
            found_in.costs[index] = replace(found_in.costs[index], **values)
    return change


def without(bare: bool, index: int) -> Change:
    """Loses one line of one build."""
    def change(kernel: Kernel, found_in: Results) -> None:
        if kernel.bare == bare:
            del found_in.costs[index]
    return change


def test_text_is_golden() -> None:
    assert bench.report([made()]) + "\n" == (DATA / "bench.txt").read_text()
    assert not made().problems and made().measured == 22


def test_fields_others_rely_on() -> None:
    answer = made().json()
    assert (answer["kernel"], answer["variant"], answer["compiler"], answer["problems"]) == (
        "6.12.117", "post-series", "gcc 12", [])
    assert [row["name"] for row in answer["scenarios"]] == list(SCENARIOS)
    assert answer["scenarios"][0] == {
        "name": "falls-vdso", "bare_ns": 100.5, "idle_hooks_ns": 200.0, "random_ns": 4000.0,
        "replay_ns": 2500.0,
        "pos_ns": 5000.5, "pct_ns": 3000.0, "dpor_ns": 8000.0, "dpor_amortised_ns": 1000.0,
        "random_step_ns": 100.0, "executions_per_s": 250_000.0, "classes_per_s": 1_000_000.0,
        "aims": [{"of": "random_ns", "at_most": 3, "times_idle_hooks": 20.0, "held": False, "steps": 40.0,
                  "step_ns": 100.0, "step_ns_to_hold": 15.0},
                 {"of": "pct_ns", "at_most": 3, "times_idle_hooks": 15.0, "held": False, "steps": 40.0,
                  "step_ns": 75.0, "step_ns_to_hold": 15.0},
                 {"of": "dpor_amortised_ns", "at_most": 1, "times_idle_hooks": 5.0, "held": False,
                  "steps": 40.0, "step_ns": 25.0, "step_ns_to_hold": 5.0}]}
    assert answer["seqlock_timekeeper"] == {
        "equivalence": "Mazurkiewicz, accesses but those of failed attempts", "classes": 36, "blocked": 0,
        "to_completion_us": 396.0, "dpor_amortised_ns": 11_000.0, "random_ns": 3500.0, "pct_ns": 3400.0}
    assert answer["seqlock_timekeeper_retries"] == {
        "equivalence": "Mazurkiewicz, accesses", "classes": 2000, "blocked": 12,
        "to_completion_us": 4000.0, "dpor_amortised_ns": 2000.0, "random_ns": 4500.0, "pct_ns": 4400.0}
    assert answer["seqlock_timekeeper_aims"] == {"random_ns": 1000, "to_completion_us": 10_000}


@pytest.mark.parametrize("idle, held, random", [
    (200.0, [False, False, False], "20.0: 40.0 x 100.0 ns, aim 15.0 ns"),
    (1000.0, [False, True, True], "4.0: 40.0 x 100.0 ns, aim 75.0 ns"),
    (999.9, [False, False, False], "4.0: 40.0 x 100.0 ns, aim 75.0 ns"),
    (1333.4, [True, True, True], "3.0"),
])
def test_an_aim_that_is_missed_says_what_limits_it(idle: float, held: list[bool], random: str) -> None:
    answer = made(on(False, 6, ns=idle))
    assert [aim["held"] for aim in answer.json()["scenarios"][0]["aims"]] == held
    assert f"falls-vdso   {random}   ".replace(" ", "") in bench.report([answer]).replace(" ", "")


def test_an_aim_that_was_not_measured_is_not_held() -> None:
    answer = made(without(False, 6))
    assert [aim["held"] for aim in answer.json()["scenarios"][0]["aims"]] == [None] * 3
    assert [aim["held"] for aim in answer.json()["scenarios"][1]["aims"]] == [False] * 3


def test_the_least_disturbed_boot_counts() -> None:
    disturbed, quiet = found(KERNEL), found(KERNEL)
    disturbed.costs = [replace(line, ns=2 * line.ns) for line in quiet.costs]
    for order in ([disturbed, quiet], [quiet, disturbed]):
        runs = [(KERNEL, Run(PASSED, results_of)) for results_of in order]
        answer = bench.bench([*runs, (BARE, Run(PASSED, found(BARE)))])
        assert answer.costs["falls-vdso"]["random_ns"].ns == 4000
        assert answer.seqlocks[SEQLOCK]["random_ns"].ns == 3500 and not answer.problems


def test_one_boot_of_many_that_is_wrong_is_enough() -> None:
    less = found(BARE)
    del less.costs[-1]
    answer = bench.bench([(KERNEL, Run(PASSED, found(KERNEL))), (BARE, Run(PASSED, less)),
                          (BARE, Run(PASSED, found(BARE)))])
    assert answer.problems == ["6.12 bare: 'sequential' of cover-letter was not measured"]


def test_boots_that_did_not_do_the_same() -> None:
    other = found(KERNEL)
    other.costs[0] = replace(other.costs[0], executions=35, ns=12_000.0)
    other.costs[3] = replace(other.costs[3], blocked=11)
    answer = bench.bench([(KERNEL, Run(PASSED, found(KERNEL))), (KERNEL, Run(PASSED, other)),
                          (BARE, Run(PASSED, found(BARE)))])
    assert answer.problems == [f"6.12: 'dpor-once' of {SEQLOCK} is not the same in every boot: "
                               "35 executions of 900 steps, 0 blocked, "
                               "36 executions of 900 steps, 0 blocked",
                               f"6.12: 'dpor-once' of {SEQLOCK_RETRIES} is not the same in every boot: "
                               "2000 executions of 9000 steps, 11 blocked, "
                               "2000 executions of 9000 steps, 12 blocked"]


@pytest.mark.parametrize("change, problem", [
    (on(True, 6, steps=7),
     "6.12 bare: 'sequential' of falls-vdso has 20000 executions of 100.5 ns, 7 steps"),
    (on(False, 7, steps=0), "6.12: 'random' of falls-vdso has 20000 executions of 4000.0 ns, 0 steps"),
    (on(False, 7, executions=0),
     "6.12: 'random' of falls-vdso has 0 executions of 4000.0 ns, 800000 steps"),
    (on(False, 7, ns=0.0), "6.12: 'random' of falls-vdso has 20000 executions of 0.0 ns, 800000 steps"),
    (lambda kernel, found_in: found_in.problems.extend(["cut"] * kernel.bare), "6.12 bare: cut"),
    (lambda kernel, found_in: found_in.costs.extend(found_in.costs[6:7] * kernel.bare),
     "6.12 bare: 'sequential' of falls-vdso is reported twice"),
    (lambda kernel, found_in: found_in.costs.extend(
        [Cost("falls-vdso", False, "random", 1, 1, 1.0)] * kernel.bare),
     "6.12 bare: 'random' of falls-vdso: unknown run"),
    (lambda kernel, found_in: found_in.costs.extend(
        [Cost("falls-vdso", True, "chess", 1, 1, 1.0)] * (not kernel.bare)),
     "6.12: 'chess' of falls-vdso: unknown run"),
])
def test_what_is_wrong_is_said(change: Change, problem: str) -> None:
    answer = made(change)
    assert answer.problems == [problem] and answer.json()["problems"] == [problem]
    assert f"\n\n{problem}\n\n" in bench.report([answer])


@pytest.mark.parametrize("bare, index, cells, missing", [
    (True, 6, 1, "6.12 bare: 'sequential' of falls-vdso was not measured"),
    (False, 7, 4, "6.12: 'random' of falls-vdso was not measured"),
    (False, 0, 4, f"6.12: 'dpor-once' of {SEQLOCK} was not measured"),
    (False, 1, 1, f"6.12: 'random' of {SEQLOCK} was not measured"),
    (False, 3, 4, f"6.12: 'dpor-once' of {SEQLOCK_RETRIES} was not measured"),
    (False, 5, 1, f"6.12: 'pct' of {SEQLOCK_RETRIES} was not measured"),
])
def test_a_line_that_one_build_lacks(bare: bool, index: int, cells: int, missing: str) -> None:
    answer = made(without(bare, index))
    assert answer.problems == [missing] and answer.measured == 21
    assert bench.report([replace(answer, problems=[])]).count("not measured") == cells
    data = answer.json()
    assert None in [*data["scenarios"][0].values(), *data["seqlock_timekeeper"].values(),
                    *data["seqlock_timekeeper_retries"].values()]


def test_nothing_at_all() -> None:
    answer = made(lambda _, found_in: found_in.costs.clear())
    assert "6.12: tkfi_bench measured nothing" in answer.problems and not answer.measured
    assert "scenario   bare" in bench.report([answer])


def test_a_boot_that_failed_is_not_hidden() -> None:
    assert made(boot=PANIC).problems == ["6.12 bare: the kernel panicked: why"]


@pytest.mark.parametrize("bare, index, has", [(False, 6, "6.12 says that it lacks access hooks"),
                                              (True, 6, "6.12 bare says that it has access hooks"),
                                              (True, 0, "6.12 bare says that it has access hooks")])
def test_a_build_that_is_not_what_it_was_built_as(bare: bool, index: int, has: str) -> None:
    with pytest.raises(TkfiError, match=has):
        made(on(bare, index, hooks=bare))


def test_lines_of_the_kernel(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"type":"bench","scenario":"falls-vdso","hooks":true,"run":"random",'
                    '"executions":20000,"steps":64,"ns":45.6}\n')
    assert results.read(file).costs == [Cost("falls-vdso", True, "random", 20_000, 64, 45.6)]


@pytest.mark.parametrize("boot, status, counted", [(PASSED, 0, "22 0"), (PANIC, 1, "22 2")])
def test_verb(layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
              boot: Boot, status: int, counted: str) -> None:
    asked: list[str] = []

    def run(tool: KunitTool, glob: str, *, name: str, **_: object) -> Run:
        asked.append(f"{tool.kernel.place} {glob} {name}")
        return Run(boot, found(tool.kernel))
    monkeypatch.setattr(builder, "build", KunitTool)
    monkeypatch.setattr(boots, "run", run)
    monkeypatch.setattr(simulation, "run", lambda *_: [SimpleNamespace(updates_per_s=8.12e6)])
    monkeypatch.setenv("TKFI_SUMMARY", str(layout.build / "summary"))
    assert cli.main(["bench", "--json", "-"], layout) == status
    assert asked == [f"6.12/{kind}post-series tkfi_bench bench-{number}"
                     for number in range(1, bench.BOOTS + 1) for kind in ("", "bare-")]
    captured = capsys.readouterr()
    answer = json.loads(captured.out)
    assert answer["format"] == 1 and answer["cpu"] and answer["kernels"][0]["kernel"] == "6.12.117"
    assert "relacy" in captured.err
    said = "8.1 million updates a second, with a read each (aim: 3); a day of ticks at HZ=1000 takes 11 s"
    assert (said in captured.err) == (status == 0)
    assert answer["kernels"][0]["simulate_updates_per_s"] == (None if status else 8.12e6)
    assert (layout.build / "summary").read_text() == f"{counted} bench\n"
