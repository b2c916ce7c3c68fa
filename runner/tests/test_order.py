# SPDX-License-Identifier: GPL-2.0
"""Diagrams of a real kernel's executions: time runs down the page, as the log of executed steps has it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from runner.boot import boots
from runner.boot.kunit_boot import Ask
from runner.boot.records import Event, Step, Violation
from runner.boot.results import Results
from runner.explore import replay, scenarios, schedule
from runner.kernel import freshness, kernels
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.report import diagram, replay_text

_AFTER = ("read", "return", "point", "lock")  # what follows from the step before it


@pytest.fixture(name="tool", scope="module")
def default_kernel() -> KunitTool:
    """The default kernel, if it is built."""
    layout = Layout()
    kernel = kernels.choose(kernels.DEFAULT, layout)
    record = freshness.read(kernel, layout)
    if not record or not record.is_current(kernel, layout):
        pytest.skip("the default kernel is not built as it is now: ./tkfi build")
    return KunitTool(kernel, layout)


@pytest.fixture(name="found", scope="module")
def every_violation(tool: KunitTool, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What it reports of all shipped scenarios, with every step."""
    place = tmp_path_factory.mktemp("order")
    (run,) = boots.run_all(tool, [Ask("tkfi_explore.shipped", "all", ["tkfi.steps=1"], 600, place)])
    assert not run.found.problems and run.found.violations, run.boot.output[-2000:]
    return run.found


def names(violation: Violation) -> tuple[str, ...]:
    """The VCPUs of its scenario."""
    return next(one.vcpus for one in scenarios.shipped(Layout()) if one.name == violation.scenario)


def log_of(found: Results, violation: Violation) -> list[Step]:
    """Its execution's log; the number of a step is its place there."""
    (case,) = {event.case for event in violation.events}
    log = [step for step in found.steps if step.case == case]
    assert [step.number for step in log] == list(range(len(log))) and log
    return log


def check_place(event: Event, log: Sequence[Step], host: int | None) -> None:
    """Whether an event is where the log has what it tells of."""
    own = [step for step in log[event.step:] if step.vcpu == event.vcpu]
    if event.kind == "stop":
        assert log[event.step - 1].vcpu == event.vcpu != log[event.step].vcpu
        assert f"{own[0].kind} {own[0].text}" == event.text
    elif event.kind == "call":
        assert own and log[event.step] == own[0]
        assert event.vcpu != host or (own[0].kind, own[0].text) == ("store", "clock")
    elif event.kind in _AFTER:
        assert event.step and log[event.step - 1].vcpu == event.vcpu


def test_events_are_where_their_steps_are(found: Results) -> None:
    for violation in found.violations:
        vcpus, log = names(violation), log_of(found, violation)
        host = vcpus.index("host") if "host" in vcpus else None
        steps = [event.step for event in violation.events]
        assert steps == sorted(steps)
        for event in violation.events:
            check_place(event, log, host)


def test_a_stop_stands_between_what_one_did_and_another_does(found: Results) -> None:
    """There is one wherever a VCPU was preempted in an operation, and nowhere else."""
    for violation in found.violations:
        vcpus, log = names(violation), log_of(found, violation)
        inside: set[int] = set()
        entered: set[int] = set()
        calls = {(event.step, event.vcpu) for event in violation.events if event.kind == "call"}
        ends = {(event.step, event.vcpu) for event in violation.events if event.kind in ("read", "return")}
        stops = {(event.step, event.vcpu) for event in violation.events if event.kind == "stop"}
        for at, step in enumerate(log):
            before = log[at - 1].vcpu if at else step.vcpu
            preempted = before != step.vcpu and before in inside and (at, before) not in ends
            waits = any(event.kind == "blocked" and event.vcpu == before and event.step == at
                        for event in violation.events)
            nmi = (preempted and step.vcpu not in entered
                   and vcpus[step.vcpu] == vcpus[before].replace("cpu", "nmi"))
            entered.add(step.vcpu)
            assert not nmi or any(event.kind == "nmi" and event.vcpu == step.vcpu and event.step == at + 1
                                  for event in violation.events)
            expected = preempted and not waits and not nmi
            assert ((at, before) in stops) == expected, (violation.schedule, at)
            if (at, step.vcpu) in calls:
                inside.add(step.vcpu)
            if (at + 1, step.vcpu) in ends and not (at + 1, step.vcpu) in calls:
                inside.discard(step.vcpu)


def test_lines_are_in_the_order_of_events(found: Results) -> None:
    for violation in found.violations:
        vcpus = names(violation)
        host = vcpus.index("host") if "host" in vcpus else None
        lines = diagram.draw(violation.events, vcpus=vcpus, violations=[violation]).splitlines()[1:]
        assert max(map(len, lines)) <= 80 or len(vcpus) > 4
        width = diagram.column(len(vcpus))
        drawn: list[tuple[int, str]] = []
        for line in lines:
            text = line.strip()
            if text.startswith("= "):  # of what stands above
                drawn[-1] = drawn[-1][0], f"{drawn[-1][1]} {text}"
            elif not text.startswith("<- "):
                drawn.append(((len(line) - len(line.lstrip()) - 2) // width, text))
        left = list(violation.events)
        for vcpu, text in drawn:
            name, is_read, _ = text.partition(" = ")
            while not (left[0].vcpu == vcpu and is_like(name, left[0], host)
                       and (left[0].kind == "read") == bool(is_read)):
                assert left[0].kind not in ("stop", "read", "off"), (text, left[0])
                left.pop(0)
            left.pop(0)
        assert not [event for event in left if event.kind in ("stop", "read", "off")]


def is_like(name: str, event: Event, host: int | None) -> bool:
    """Whether an event can be drawn so, by a name of which some may be left out."""
    whole = f"<{event.text.strip('()')}>" if event.vcpu == host else diagram._words(event)
    return re.fullmatch(".+".join(map(re.escape, name.split("…"))), whole) is not None


def test_time_that_passes_first_or_last_is_drawn_so(tool: KunitTool) -> None:
    """Two schedules of one scenario, in which the host's delay is at the beginning and at the end."""
    (scenario,) = [one for one in scenarios.shipped(Layout()) if one.name == "leap-inserted-vdso"]
    drawn = []
    for turns in ("host, cpu0, cpu1", "cpu0, cpu1, host"):
        asked = schedule.parse(f"tkfi1 6.12.117 post-series {scenario.name}: {turns}")
        made = replay_text.diagram(replay.replay(tool, scenario, asked)).splitlines()[1:]
        drawn.append([at for at, line in enumerate(made) if "pass>" in line] + [len(made) - 1])
    assert drawn[0][0] == 0 and drawn[1][0] == drawn[1][1]


def test_an_nmi_is_no_preemption(tool: KunitTool) -> None:
    """It interrupts its own VCPU, which no host scheduled out; another VCPU's turn there is one."""
    (scenario,) = [one for one in scenarios.shipped(Layout()) if one.name == "falls-nmi"]
    for turns, stops in (("nmi0, cpu0, host, cpu1", 0), ("cpu1, cpu0, host, nmi0", 1)):
        asked = schedule.parse(f"tkfi1 6.12.117 post-series {scenario.name}: "
                               f"cpu0 before store tk_fast_mono.seq#2, {turns}")
        events = replay.replay(tool, scenario, asked).events
        cpu0, nmi = scenario.vcpus.index("cpu0"), scenario.vcpus.index("nmi0")
        assert len([event for event in events if event.vcpu == cpu0 and event.kind == "stop"]) == stops
        assert [event.vcpu for event in events if event.kind == "nmi"] == [nmi]
        last = max(event.step for event in events if event.vcpu == cpu0)
        assert all((event.step < last) == (not stops) for event in events if event.vcpu == nmi)


def test_readme_shows_what_is_printed(tool: KunitTool) -> None:
    text = (Layout().repo / "README.md").read_text(encoding="utf-8")
    shown = next(line for line in text.splitlines() if line.startswith("    ./tkfi replay 'tkfi1 "))
    asked = schedule.parse(shown.split("'")[1])
    made = replay_text.diagram(replay.replay(tool, asked.choose(scenarios.shipped(Layout())), asked))
    assert f"```\n{made}\n```\n" in text


def test_schedules_of_all_pages_replay(tool: KunitTool) -> None:
    """As they are printed there: each shows something wrong."""
    repo, every = Layout().repo, scenarios.shipped(Layout())
    texts = {text for page in (repo / "README.md", *(repo / "docs").glob("*.md")) for text in re.findall(
        r"(?:(?<=')|(?<=^    ))tkfi1 [^'\n]+", page.read_text(encoding="utf-8"), re.MULTILINE)}
    assert len(texts) >= 6
    for text in texts:
        asked = schedule.parse(text)
        assert replay.replay(tool, asked.choose(every), asked).violations, text


def test_both_reads_of_the_race_are_at_one_cycle(tool: KunitTool) -> None:
    """Of the clock, after the delay; the updater sampled before it. A coarse reader reads no clock."""
    every = scenarios.shipped(Layout())
    race = "falls-vdso: cpu0 before store vdso.seq, host, cpu1 before load vdso.seq#3"
    for text in (race, "rises-coarse: cpu2"):
        asked = schedule.parse(f"tkfi1 6.12.117 post-series {text}")
        events = replay.replay(tool, asked.choose(every), asked).events
        reads = [event.cycle for event in events if event.kind == "read"]
        (sampled,) = [event.cycle for event in events if event.kind == "return" and event.cycle]
        wanted = sampled + 10_000_000 if text == race else None
        assert len(reads) >= 2 and all(cycle == wanted for cycle in reads)
