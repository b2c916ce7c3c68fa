# SPDX-License-Identifier: GPL-2.0
"""The verb `simulate`: what follows from what the kernel measured, and how it is asked and shown."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner import cli
from runner.boot import boots, results, simulation
from runner.boot.boots import Run
from runner.boot.kunit_boot import Ask, Boot, Counts
from runner.boot.records import NotSimulated
from runner.boot.results import Results
from runner.boot.simulation import Settings, Simulation
from runner.errors import TkfiError
from runner.kernel import builder, freshness, kernels
from runner.kernel.kernels import Kernel
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.report import linux_tktest, simulation_text

PASSED = Boot(Counts(passed=1), 1.0, None, Path("console"), "")
SHIFT, UNIT = 3, 1 << 8
MEASURED: dict[str, Any] = {
    "type": "simulated", "run": 0, "hooks": False, "ticks_per_s": 100, "time_shift": SHIFT,
    "line": f"{(1 << 64) * (10**9 + 100_000) // 10**9:032x}", "updates": 40, "cycles": 4 * 10**8,
    "ns": 10_000, "error_max": 3 * UNIT, "error_rms": UNIT, "offset_max": 5 * UNIT, "offset_rms": UNIT,
    "ntp_error_max": 2 * UNIT, "ntp_error_rms": UNIT, "unknown_max": 0, "mults": 4, "mult_least": 7,
    "mult_most": 8, "ahead": -3, "behind": 20, "looks": 40, "steered": False, "script_left": False}
SETTINGS = Settings(offset_ppb=100_000, samples=40, script=None)


def number(value: int) -> str:
    """As the kernel writes it."""
    return f"{value % (1 << 128):032x}"


def lines(errors: Sequence[float], run: int = 0, **measured: Any) -> list[dict[str, Any]]:
    """What a kernel reports of samples every 80,000 cycles with these errors, in ns, against its line; of
    all of them as corners."""
    found: list[dict[str, Any]] = [{**MEASURED, "run": run, **measured}]
    middle = len(errors) // 2
    for half, (first, those) in enumerate(((0, errors[:middle]), (middle, errors[middle:]))):
        samples = [(10_000 * (first + place), round(error * UNIT)) for place, error in enumerate(those)]
        found.append({"type": "moments", "run": run, "half": half, "samples": len(samples), "lost": False,
                      "t": number(sum(t for t, _ in samples)), "e": number(sum(e for _, e in samples)),
                      "tt": number(sum(t * t for t, _ in samples)),
                      "te": number(sum(t * e for t, e in samples)),
                      "ee": number(sum(e * e for _, e in samples))})
        found.append({"type": "corners", "run": run, "half": half,
                      "corners": " ".join(f"{t},{e}" for t, e in samples)})
    found.append({"type": "series", "run": run, "stride": 1,
                  "values": " ".join(str(round(error * UNIT)) for error in errors)})
    return found


def read(tmp_path: Path, reported: Sequence[dict[str, Any]]) -> Results:
    """The same lines from a file."""
    file = tmp_path / "reported.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in reported), encoding="utf-8")
    found = results.read(file)
    assert not found.problems
    return found


def made(tmp_path: Path, errors: Sequence[float], **measured: Any) -> Simulation:
    """The simulation that these errors were measured in."""
    (one,) = simulation.read(read(tmp_path, lines(errors, **measured)), [SETTINGS])
    return one


def test_known_errors_come_back(tmp_path: Path) -> None:
    """Alternating errors and a spike, on a frequency that is 2 ppm too much."""
    errors = [(place % 2) - 0.5 + 0.15625 * place + 9.0 * (place == 30) for place in range(40)]
    one = made(tmp_path, errors)
    assert [(fit.first, fit.last) for fit in one.fits] == [(1, 20), (21, 40)]
    for fit, half in zip(one.fits, (errors[:20], errors[20:])):
        times = np.arange(20) * 80_000.0
        slope, base = np.polyfit(times, half, 1)
        residuals = half - (slope * times + base)
        assert fit.dev_ns == pytest.approx(float(np.sqrt(np.mean(residuals ** 2))), rel=1e-4)
        assert fit.max_ns == pytest.approx(float(np.max(np.abs(residuals))), rel=1e-4)
        assert fit.freq_ppm == pytest.approx(100 + slope * 1e6, rel=1e-7)
    assert one.fits[0].freq_ppm == pytest.approx(101.95, abs=0.1)
    assert one.ns("error_max") == 3 and one.seconds == 0.4 and one.mult_changes == 0.2
    assert one.updates_per_s == 4e6


def test_a_perfect_clock_has_no_residuals(tmp_path: Path) -> None:
    one = made(tmp_path, [1.0] * 40)
    for fit in one.fits:
        assert fit.dev_ns == 0 and fit.max_ns == 0 and fit.freq_ppm == pytest.approx(100, abs=1e-9)


def test_what_did_not_fit_into_the_sums_is_not_guessed(tmp_path: Path) -> None:
    reported = lines([0.0] * 40)
    reported[1]["lost"] = True
    (one,) = simulation.read(read(tmp_path, reported), [SETTINGS])
    assert one.fits[0].dev_ns is None and one.fits[1].dev_ns == 0
    assert "-" in simulation_text.report({"6.12": [one]})


def test_a_simulation_that_is_not_whole_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TkfiError, match="did not report all of simulation 1"):
        simulation.read(read(tmp_path, lines([0.0] * 40)[:2]), [SETTINGS])


def test_kernels_side_by_side_with_marks(tmp_path: Path) -> None:
    first = made(tmp_path, [0.0] * 40)
    other = made(tmp_path, [0.0, 8.0] * 20, error_max=7 * UNIT)
    text = simulation_text.report({"6.12": [first], "7.3": [other]})
    row = next(line for line in text.splitlines() if "error max" in line)
    assert row.split() == ["error", "max,", "ns", "3.000", "7.000", "*"]
    row = next(line for line in text.splitlines() if "ntp_error max" in line)
    assert row.split() == ["ntp_error", "max,", "ns", "2.000", "2.000"]
    assert "none went back" in text and "offset max" not in text
    steered = made(tmp_path, [0.0] * 40, steered=True)
    assert "offset max" in simulation_text.report({"6.12": [steered]})


def test_a_reader_that_went_back_is_named(tmp_path: Path) -> None:
    reported = [*lines([0.0] * 40), {"type": "steps", "run": 0, "family": "fast", "times": 2, "largest": 5,
                                     "reader": "ktime_get_mono_fast_ns"}]
    (one,) = simulation.read(read(tmp_path, reported), [SETTINGS])
    text = simulation_text.report({"6.12": [one]})
    assert "fast ktime_get_mono_fast_ns: back, times / ns" in text and "2 / 5" in text
    assert "none went back" not in text


def test_json_has_the_fields_that_others_rely_on(tmp_path: Path) -> None:
    first, second = made(tmp_path, [0.0] * 40).json({"kernel": "6.12", "variant": "post-series"})
    assert {"kernel", "freq_ppb", "nohz", "samples", "from", "dev_ns", "max_ns", "freq_ppm",
            "updates_per_s"} <= set(first)
    assert (first["from"], second["from"], second["freq_ppb"]) == (1, 21, 100_000)
    assert second["error_max_ns"] == 3 and second["mtie"] and json.dumps(second)


def test_many_frequencies_are_averaged(tmp_path: Path) -> None:
    wanted = [replace(SETTINGS, offset_ppb=ppb) for ppb in (100_000, 100_010)]
    every = simulation.read(read(tmp_path, [*lines([0.0, 2.0] * 20), *lines([0.0, 4.0] * 20, 1)]), wanted)
    text = simulation_text.report({"6.12": every})
    row = next(line for line in text.splitlines() if "1-20: dev" in line)
    assert float(row.split()[-1]) == pytest.approx(1.5, rel=0.01)
    assert "+100ppm ... +100.01ppm, 2 frequencies" in text


@pytest.mark.parametrize("table, runs", [("1", 600), ("2", 1800)])
def test_the_tables_of_linux_tktest(tmp_path: Path, table: str, runs: int) -> None:
    wanted = linux_tktest.settings(table)
    assert len(wanted) == runs and {one.at_update for one in wanted} == {True}
    one = made(tmp_path, [0.0, 2.0] * 20)
    text = linux_tktest.report(table, "6.12", [replace(one, settings=settings) for settings in wanted])
    assert f"test{table}.sh, 6.12, HZ=100" in text
    # The second half's deviation is divided by all samples, as there.
    assert (" 0.7" in text) and text.count("\n") == (2 if table == "1" else 24)


class Booted:
    """In place of builds and boots: what was asked, and what is answered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, layout: Layout) -> None:
        self.asked: list[str] = []
        self.kernels: list[Kernel] = []
        self.refused: list[NotSimulated] = []
        self._tmp_path, self._layout = tmp_path, layout
        monkeypatch.setattr(builder, "build", self._build)
        monkeypatch.setattr(boots, "run", self._run)

    def _build(self, kernel: Kernel, layout: Layout) -> KunitTool:
        self.kernels.append(kernel)
        return KunitTool(kernel, layout)

    def _run(self, _tool: KunitTool, glob: str, *, arguments: Sequence[str], **_: Any) -> Run:
        assert glob == simulation.CASE
        self.asked = Path(arguments[0].partition("=")[2]).read_text(encoding="utf-8").splitlines()
        found = read(self._tmp_path, [line for run in range(len(self.asked))
                                      for line in lines([0.0] * 40, run)])
        found.not_simulated = self.refused
        return Run(PASSED, found)


@pytest.fixture
def booted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, layout: Layout) -> Booted:
    """A command that builds and boots nothing."""
    return Booted(monkeypatch, tmp_path, layout)


def test_the_command(booted: Booted, layout: Layout, tmp_path: Path,
                     capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "a script"
    script.write_text("1s adjtimex freq=+1ppm\n", encoding="utf-8")
    file = tmp_path / "result.json"
    assert cli.main(["simulate", "--hz", "1000", "--nohz", "500", "--samples", "40",
                     "--script", str(script), "--freq", "3579545", "--bits", "24", "--json", str(file)],
                    layout) == 0
    (asked,) = booted.asked
    assert "hz=3579545 bits=24 offset=0 error=0 ticks=500 fixed=0" in asked and " look=1 " in asked
    assert booted.kernels[0].bare and booted.kernels[0].hz == 1000
    copied = Path(asked.partition("script=")[2])
    assert copied.read_text(encoding="utf-8") == "1s adjtimex freq=+1ppm\n" and " " not in str(copied)
    assert "40 updates after up to 500 ticks" in capsys.readouterr().out
    answer = json.loads(file.read_text(encoding="utf-8"))
    assert [run["from"] for run in answer["runs"]] == [1, 21]


def test_a_range_is_many_simulations(booted: Booted, layout: Layout) -> None:
    assert cli.main(["simulate", "--offset", "-10..10/5", "--samples", "40"], layout) == 0
    assert [line.split()[2] for line in booted.asked] == [f"offset={ppb}" for ppb in (-10, -5, 0, 5, 10)]


def test_what_the_kernel_refuses_is_said_with_its_place(
        booted: Booted, layout: Layout, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script"
    script.write_text("1s foo\n", encoding="utf-8")
    booted.refused = [NotSimulated(0, 1, "unknown operation 'foo'; there are: x", -22)]
    assert cli.main(["simulate", "--script", str(script)], layout) == 2
    assert f"{script}:1: unknown operation 'foo'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments, said", [
    (["--offset", "100ppm"], "is no number of ppb"), (["--offset", "5..3"], "the lower one first"),
    (["--offset", "600000"], "out of range"), (["--offset", "1..5/0"], "has none"),
    (["--script", "constnt"], "there is no script 'constnt'"), (["--hz", "50"], "none of 100"),
    (["--intervals", "nowhere"], "there is no file 'nowhere'"), (["--samples", "3"], "from 4 to"),
    (["--freq", "999999"], "from 1000000")])
def test_what_cannot_be_simulated(booted: Booted, layout: Layout, arguments: list[str], said: str,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["simulate", *arguments], layout) == 2
    assert said in capsys.readouterr().err and not booted.kernels


def test_builds_of_other_rates_have_places_of_their_own() -> None:
    kernel = Kernel("6.12", Path("series"), bare=True, hz=1000)
    assert kernel.place == "6.12/bare-hz1000-post-series" and "CONFIG_HZ=1000" in kernel.options
    assert "CONFIG_HZ" not in "".join(replace(kernel, hz=100).options)


@pytest.fixture(name="tool")
def default_kernel() -> KunitTool:
    """The default kernel, if it is built."""
    layout = Layout()
    kernel = kernels.choose(kernels.DEFAULT, layout)
    record = freshness.read(kernel, layout)
    if not record or not record.is_current(kernel, layout):
        pytest.skip("the default kernel is not built as it is now: ./tkfi build")
    return KunitTool(kernel, layout)


def test_errors_that_a_kernel_was_fed_come_back(tool: KunitTool, tmp_path: Path) -> None:
    """A reader that is 5 ns off this way and that, 1000 ns every 127th time; and one that is 3 ppm fast.
    KUnit has looked at the rest."""
    (run,) = boots.run_all(tool, [Ask("tkfi_engine_measure.known_errors", "fed", (), 100, tmp_path)])
    wrong, fast = simulation.read(run.found, [Settings(samples=12_800)] * 2)
    for fit in wrong.fits:
        assert fit.freq_ppm == pytest.approx(0, abs=1e-3)
        assert fit.dev_ns == pytest.approx(((126 * 25 + 10**6) / 127) ** 0.5, rel=0.02)
        assert fit.max_ns == pytest.approx(1000, rel=0.02)
    for fit in fast.fits:
        assert fit.freq_ppm == pytest.approx(3, abs=1e-4)
        assert fit.max_ns is not None and fit.max_ns <= 1.1


@pytest.mark.parametrize("script, said", [
    ("1s foo", "unknown operation 'foo'"),
    ("2s inject 1s\n1s inject 1s", "1s is before the time of the line"),
    ("x adjtimex", "'x' is no time of an operation"), ("1s", "'1s' is no time of an operation"),
    ("1s read vdso MONOTONIC", "'read' cannot be simulated"), ("1s servo 5000", "write 0 to 1000"),
    ("1s servo 1 kd=3", "unknown setting 'kd=3' of a servo"), ("1s error 3", "impossible frequency '3'"),
    ("1s suspend soon", "impossible time 'soon'"), ("1s adjtimex tick=1", "impossible adjustment 'tick=1'"),
    ("0s " + "x" * 300, "a line of more than 255 characters")])
def test_what_a_kernel_refuses_in_a_script(tool: KunitTool, tmp_path: Path, script: str, said: str) -> None:
    file = tmp_path / "script"
    file.write_text(f"# comment\n\n{script}\n", encoding="utf-8")
    with pytest.raises(TkfiError, match=f"{re.escape(str(file))}:[34]: .*{re.escape(said)}"):
        simulation.run(tool, [Settings(samples=1000, script=file)], "pytest")
