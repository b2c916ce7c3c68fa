# SPDX-License-Identifier: GPL-2.0
"""The verb `hold`: the table, its factors, and all that is wrong or missing, by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runner import cli, machine
from runner.boot import boots, results, write_hold
from runner.boot.boots import Run
from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Boot, Counts
from runner.boot.records import Header, Hold
from runner.boot.results import Results
from runner.boot.write_hold import Bench
from runner.errors import TkfiError
from runner.kernel import builder
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.verbs import hold

DATA = Path(__file__).parent / "data"
PASSED = Boot(Counts(passed=2), 1.0, None, Path("console"), "")
PANIC = replace(PASSED, cause=Cause(Kind.PANIC, "the kernel panicked: why"))
WORKLOADS = ("tick", "leap second")
TIMES = {"pre-series": 4, "post-series": 1, "fixed": 2}
KERNEL = Kernel("6.12", Path("series"))
Change = Callable[[Kernel, Results], None]


def found(kernel: Kernel) -> Results:
    """What one build reports; times on the one with hooks are not to be used."""
    by = TIMES[kernel.variant]
    return Results(Header(1, "6.12.117", kernel.variant, "gcc 12"), holds=[
        Hold(workload, readers, True, 1000 * by + index, 9e6, 9e6, 9e6, 10_000) if not kernel.bare else
        Hold(workload, readers, False, 0, 250.5 * by, 1300 * by, 9.5, 10_000 + index)
        for index, workload in enumerate(WORKLOADS) for readers in write_hold.READERS])


def made(change: Change = lambda *_: None, boot: Boot = PASSED) -> Bench:
    """The bench of all builds; change may spoil what they report."""
    runs = []
    for kernel in (replace(KERNEL, variant=name, bare=bare) for name in TIMES for bare in (False, True)):
        spoilt = found(kernel)
        change(kernel, spoilt)
        runs.append((kernel, Run(boot if kernel.title == "6.12 fixed bare" else PASSED, spoilt)))
    return write_hold.bench(runs)


def in_fixed(bare: bool, **values: object) -> Change:
    """Changes the first line of one build of fixed."""
    def change(kernel: Kernel, found_in: Results) -> None:
        if (kernel.variant, kernel.bare) == ("fixed", bare):
            found_in.holds[0] = replace(found_in.holds[0], **values)
    return change


def test_text_is_golden() -> None:
    assert hold.report([made()]) + "\n" == (DATA / "hold.txt").read_text()
    assert not made().problems and made().measured == 12


def test_accesses_of_one_build_and_times_of_the_other() -> None:
    answer = made().json()
    assert (answer["kernel"], answer["compiler"], answer["problems"]) == ("6.12.117", "gcc 12", [])
    assert [(row["workload"], row["readers"]) for row in answer["holds"]] == [
        (workload, readers) for workload in WORKLOADS for readers in write_hold.READERS]
    assert answer["holds"][2] == {
        "workload": "leap second", "readers": "kernel",
        "factor_accesses": round(4001 / 1001, 4), "factor_ns_median": 4.0,
        "variants": {variant: {"accesses": 1000 * by + 1, "ns_median": 250.5 * by, "ns_p99": 1300.0 * by,
                               "ns_resolution": 9.5, "samples": 10_001} for variant, by in TIMES.items()}}


def test_the_least_disturbed_boot_counts() -> None:
    disturbed, quiet = [replace(found(replace(KERNEL, variant="fixed", bare=True))) for _ in range(2)]
    disturbed.holds = [replace(line, ns_median=2 * line.ns_median, ns_p99=1.0) for line in quiet.holds]
    plain, bare = (replace(KERNEL, variant="fixed", bare=bare) for bare in (False, True))
    for order in ([disturbed, quiet], [quiet, disturbed]):
        bench = write_hold.bench([(plain, Run(PASSED, found(plain))),
                                  *((bare, Run(PASSED, results_of)) for results_of in order)])
        assert bench.figures["fixed"]["tick", "vdso"] == write_hold.Figures(
            2000, 501.0, 2600.0, 9.5, 10_000)


def test_one_boot_of_many_that_is_wrong_is_enough() -> None:
    plain, bare = (replace(KERNEL, variant="fixed", bare=bare) for bare in (False, True))
    less = found(bare)
    del less.holds[0]
    bench = write_hold.bench([(plain, Run(PASSED, found(plain))), (bare, Run(PASSED, less)),
                              (bare, Run(PASSED, found(bare))), (bare, Run(PASSED, less))])
    assert bench.problems == ["6.12 fixed bare: 'tick' for kernel readers was not measured"]


@pytest.mark.parametrize("p99, shown", [(1300.0, "1,300.0"), (9.9, "< 12.3")])
def test_what_the_stopwatch_cannot_tell(p99: float, shown: str) -> None:
    """It is said to be less than what it can, in that boot; and there is no factor of it."""
    def too_short(kernel: Kernel, found_in: Results) -> None:
        if kernel.variant == "post-series" and kernel.bare:
            found_in.holds = [replace(line, ns_median=0.2, ns_p99=p99, ns_resolution=12.3)
                              for line in found_in.holds]
    bench = made(too_short)
    assert bench.factor(("tick", "vdso"), "ns_median") is None
    row = bench.json()["holds"][1]
    assert row["factor_ns_median"] is None
    assert [row["variants"]["post-series"][name] for name in ("ns_median", "ns_resolution")] == [0.2, 12.3]
    line = " ".join(hold.report([bench]).splitlines()[4].split())
    assert f"1,000 / < 12.3 / {shown} 2,000 /" in line and line.endswith(" 4.00 -")


def test_what_is_just_large_enough() -> None:
    bench = made(in_fixed(True, ns_median=9.5, ns_p99=9.4))
    assert "2,000 / 9.5 / < 9.5" in " ".join(hold.report([bench]).splitlines()[4].split())


@pytest.mark.parametrize("change, problem", [
    (in_fixed(True, samples=9_999), "6.12 fixed bare: 'tick' for kernel readers has 9999 samples, fewer "
                                    "than 10000"),
    (in_fixed(True, accesses=7), "6.12 fixed bare: 'tick' for kernel readers has 7 accesses"),
    (in_fixed(False, accesses=0), "6.12 fixed: 'tick' for kernel readers has 0 accesses"),
    (lambda kernel, found_in: found_in.problems.extend(["cut"] if kernel.title == "6.12 fixed" else []),
     "6.12 fixed: cut"),
    (lambda kernel, found_in: found_in.holds.extend(found_in.holds[3:] if kernel.title == "6.12 fixed"
                                                    else []),
     "6.12 fixed: 'leap second' for vdso readers is reported twice"),
])
def test_what_is_wrong_is_said(change: Change, problem: str) -> None:
    bench = made(change)
    assert bench.problems == [problem] and bench.json()["problems"] == [problem]
    assert f"\n\n{problem}\n\n" in hold.report([bench])


@pytest.mark.parametrize("bare", [False, True])
def test_a_workload_that_one_build_lacks(bare: bool) -> None:
    def less(kernel: Kernel, found_in: Results) -> None:
        if (kernel.variant, kernel.bare) == ("fixed", bare):
            del found_in.holds[0]
    bench = made(less)
    assert bench.problems == [f"6.12 fixed{' bare' * bare}: 'tick' for kernel readers was not measured"]
    assert "not measured" in hold.report([bench]).splitlines()[4] and bench.measured == 11


def test_readers_that_all_lack_and_readers_nobody_knows() -> None:
    def less(_kernel: Kernel, found_in: Results) -> None:
        found_in.holds = [line for line in found_in.holds if line.readers == "kernel"]
    assert len(made(less).problems) == 12
    assert "6.12 pre-series bare: 'leap second' for vdso readers was not measured" in made(less).problems
    assert made(in_fixed(True, readers="nmi")).problems == [
        "6.12 fixed bare: 'tick' for nmi readers: unknown readers",
        "6.12 fixed bare: 'tick' for kernel readers was not measured"]


def test_nothing_at_all() -> None:
    bench = made(lambda _, found_in: found_in.holds.clear())
    assert bench.problems == ["6.12: tkfi_hold measured nothing"] and not bench.measured
    assert "workload   readers" in hold.report([bench])


def test_a_boot_that_failed_is_not_hidden() -> None:
    assert made(boot=PANIC).problems == ["6.12 fixed bare: the kernel panicked: why"]


@pytest.mark.parametrize("bare, has", [(False, "6.12 fixed says that it lacks access hooks"),
                                       (True, "6.12 fixed bare says that it has access hooks")])
def test_a_build_that_is_not_what_it_was_built_as(bare: bool, has: str) -> None:
    with pytest.raises(TkfiError, match=has):
        made(in_fixed(bare, hooks=bare))


def test_lines_of_the_kernel(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"type":"hold","workload":"tick","readers":"vdso","hooks":false,"accesses":0,'
                    '"ns_median":45.6,"ns_p99":78.0,"ns_resolution":9.8,"samples":10000}\n')
    assert results.read(file).holds == [
        Hold("tick", "vdso", False, 0, 45.6, 78.0, 9.8, 10_000)]


@pytest.mark.parametrize("boot, status, counted", [(PASSED, 0, "12 0"), (PANIC, 1, "12 6")])
def test_verb(layout: Layout, variants: list[str], monkeypatch: pytest.MonkeyPatch,
              capsys: pytest.CaptureFixture[str], boot: Boot, status: int, counted: str) -> None:
    asked: list[str] = []

    def run(tool: KunitTool, glob: str, **_: object) -> Run:
        asked.append(f"{tool.kernel.place} {glob}")
        return Run(boot, found(tool.kernel))
    monkeypatch.setattr(builder, "build", KunitTool)
    monkeypatch.setattr(boots, "run", run)
    monkeypatch.setenv("TKFI_SUMMARY", str(layout.build / "summary"))
    assert cli.main(["hold", "--json", "-"], layout) == status
    assert asked == [f"6.12/{kind}{variant} tkfi_hold" for kind in ("", *["bare-"] * write_hold.BOOTS)
                     for variant in TIMES]
    answer = json.loads(capsys.readouterr().out)
    assert answer["format"] == 1 and answer["cpu"] and answer["kernels"][0]["kernel"] == "6.12.117"
    assert (layout.build / "summary").read_text() == f"{counted} write hold\n"


def test_cpu_model(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\n")
    assert machine.cpu_model(tmp_path / "cpuinfo") == "Some CPU @ 3 GHz"
    (tmp_path / "cpuinfo").write_text("processor\t: 0\n")
    assert machine.cpu_model(tmp_path / "cpuinfo") == "unknown CPU"
