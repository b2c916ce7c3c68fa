# SPDX-License-Identifier: GPL-2.0
"""The command line from outside, as far as no kernel has to be built."""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runner import cli
from runner.boot import kunit_output, suites
from runner.errors import TkfiError
from runner.kernel import kernels
from runner.layout import REPO, Layout
from runner.tests.conftest import write, write_lists
from runner.tests.test_results import race_outcome
from runner.verbs import reproduce, tree
from runner.verbs.dev import identical
from runner.verbs.list import table
from runner.verbs.reproduce import Outcome, Request


def listed(layout: Layout, capsys: pytest.CaptureFixture[str], *command: str) -> list[str]:
    assert cli.main(["list", *command], layout) == 0
    return capsys.readouterr().out.splitlines()


def test_list(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    for what, *expected in (
            ("kernels", "  name   package             from",
             "  6.12   linux-source-6.12   bookworm or bookworm-security"),
            ("variants", "  name", "  post-series"),
            ("suites", "  name          tests", "  tkfi_engine   tkfi"),
            ("points", "  name                 place",
             "  advance.calculated   tick in kernel/time/timekeeping.c")):
        heading, rule, *rows = listed(layout, capsys, what)
        assert [heading, *rows] == expected and not rule.strip("- ")
    assert listed(layout, capsys, "kernels", "--names") == ["6.12"]


def test_list_breaks(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    write(layout.patches / "6.12/breaks/s1.patch", "Variant: fixed\nCase: tkfi_series.s1*\n---\n")
    assert listed(layout, capsys, "breaks") == ["  name   variant   case",
                                                "  ----   -------   ---------------",
                                                "  s1     fixed     tkfi_series.s1*"]


def test_list_readers(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    """What the kernel says of each."""
    write_lists(layout, reader=[
        {"name": "REALTIME_COARSE", "family": "vdso", "clock": "REALTIME", "kind": "coarse"},
        {"name": "get_jiffies_64", "family": "kernel", "clock": "JIFFIES", "kind": "coarse"}])
    assert listed(layout, capsys, "readers") == ["  family   name              clock      kind",
                                                 "  ------   ---------------   --------   ------",
                                                 "  vdso     REALTIME_COARSE   REALTIME   coarse",
                                                 "  kernel   get_jiffies_64    JIFFIES    coarse"]


def test_list_what_is_written_and_checked(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    """Operations as they are written, of whatever; what S1 means."""
    write_lists(layout, rule=[{"name": "S1", "patch": "Calc stuff once", "holds": "the same to the bit"}],
                operation=[{"name": "tick", "subject": "timekeeping", "usage": "", "does": "ticks"},
                           {"name": "adjtimex", "subject": "timekeeping",
                            "usage": "[tai=N] [freq=FREQUENCY] [tick=N]", "does": "sets"},
                           {"name": "peek", "subject": "seqlock", "usage": "", "does": "reads"}],
                aux_operation=[{"name": "settime", "usage": "T", "does": "sets it"}])
    assert listed(layout, capsys, "rules")[2:] == ["  S1     Calc stuff once: the same to the bit"]
    assert listed(layout, capsys, "operations")[2:] == [
        "  tick                   ticks", "  adjtimex SETTING ...   sets",
        "  peek                   (seqlock) reads", "  aux settime T          sets it"]


def test_lists_fit_on_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("breaks", "kernels", "scenarios", "variants"):
        lines = listed(Layout(REPO), capsys, what)
        assert max(map(len, lines)) <= 80, what
    for file in (REPO / "kernel-patches").glob("*/lists.json"):
        for kind, rows in json.loads(file.read_text(encoding="utf-8")).items():
            if kind in ("operations", "oracles", "points", "readers", "rules"):
                assert max(map(len, table(kind, rows).split("\n"))) <= 80, (file, kind)


def test_json_is_alone_on_standard_output(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", "points", "--json", "-"], layout) == 0
    assert json.loads(capsys.readouterr().out)["points"] == [
        {"name": "advance.calculated", "file": "kernel/time/timekeeping.c", "function": "tick"}]


@pytest.mark.parametrize("arguments, reason", [
    (["reproduce", "--delay", "10mm"], "unknown unit 'mm'"),
    (["reproduce", "--to", "-5Hz"], "unknown unit 'Hz'"),
    (["reproduce", "--delay", "-1ms"], "cannot be negative"),
    (["reproduce", "--kernel", "5.5"], "unknown kernel '5.5'"),
    (["test", "--suite", "tkfi_*", "--suite", "nothing*"],
     "no suite matches 'nothing*'; './tkfi list suites --kernel 6.12' lists all"),
    (["test", "--suite", "tkfi_engin.lock*"],
     "no suite matches 'tkfi_engin.lock*'; did you mean tkfi_engine? "),
    (["tset"], "no command is called 'tset'; did you mean test, tree, list? './tkfi --help' lists all\n"),
    (["breaks"], "no command is called 'breaks'; did you mean dev breaks, "),
    (["identical", "--kernel", "6.12"], "no command is called 'identical'; did you mean dev identical, "),
    (["dev", "stile"], "no command is called 'dev stile'; did you mean dev style, "),
    (["dev", "bench"], "no command is called 'dev bench'; did you mean dev bisect, bench, "),
    (["x"], "no command is called 'x'; './tkfi --help' lists all\n"),
])
def test_bad_input(layout: Layout, capsys: pytest.CaptureFixture[str], arguments: list[str],
                   reason: str) -> None:
    assert cli.main(arguments, layout) == 2
    captured = capsys.readouterr()
    assert reason in captured.err and not captured.out


@pytest.mark.parametrize("words", [
    "explore --kernel 6.12 --kernel 5.5", "explore --kernel 5.5 --kernel=5.5",
    "explore a --seed 1 --strategy pct --seed 2", "explore a b --report x --report y",
    "replay x --kernel 6.1 --kernel 7.3", "replay x --boots 2 --boots 3",
    "test --suite x --json x --json y", "reproduce --to -1ppm --to -2Hz", "hold --svg x --svg y",
    "list points --kernel 6.12 --kernel 5.5", "build --variant post-series --variant x"])
def test_nothing_is_dropped(layout: Layout, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words.split(), layout) == 2
    assert re.search(r"\ntkfi: option --\w+ may be given only once; './tkfi .* --help' lists all",
                     capsys.readouterr().err)


@pytest.mark.parametrize("words", [
    "explore --report --all", "list points --json --kernel=6.12", "test --suite --all", "hold --svg -x",
    "reproduce --kernel -1"])
def test_an_option_is_no_value(layout: Layout, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words.split(), layout) == 2
    assert re.search(r"\ntkfi: option --\w+ needs a value, and '(-.*)' looks like an option; "
                     r"a file of that name is \./\1\n", capsys.readouterr().err)


@pytest.mark.parametrize("words, said", [
    ("tree --kern 6.12", "there is no option --kern; did you mean --kernel"),
    ("test --summary", "there is no option --summary; "
     "did you mean --suite? './tkfi test --help' lists all\n"),
    ("explore --strategi pct", "there is no option --strategi; did you mean --strategy"),
    ("dev style --kernal=6.12", "there is no option --kernal; did you mean --kernel? './tkfi dev style "),
    ("list", "missing argument 'WHAT'. There are breaks, clocks, "),
    ("list point", "'point' is none of breaks, clocks, kernels, operations, oracles, points, readers, "
                   "rules, scenarios, strategies, suites, variants; did you mean points? './tkfi list "
                   "--help' lists all\n"),
    ("replay", "missing argument 'SCHEDULE'; './tkfi replay --help' lists all that can be given\n"),
    ("tree x", "unexpected extra argument (x); './tkfi tree --help' lists all that can be given\n"),
    ("tree --kernel", "option '--kernel' requires an argument; './tkfi tree --help' lists all"),
    ("test --boots 0", "invalid value for '--boots': '0' is not a number of 1 or more; give one that is\n"),
    ("dev", "missing command; './tkfi dev --help' lists all that can be given\n")])
def test_what_is_wrong_and_what_to_do(layout: Layout, words: str, said: str,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words.split(), layout) == 2
    captured = capsys.readouterr()
    usage, answer = captured.err.splitlines(keepends=True)
    assert usage.startswith("Usage: tkfi ") and answer.startswith("tkfi: ") and said in answer
    assert not captured.out


def test_what_a_verb_does_not_use_is_not_imported() -> None:
    """It would take longer than the verb."""
    script = ("import sys\nfrom runner import cli\nstatus = cli.main(['list', 'variants'])\n"
              "print([name for name in ('rich', 'jinja2', 'matplotlib', 'psutil') if name in sys.modules])")
    done = subprocess.run([sys.executable, "-B", "-c", script], cwd=REPO, capture_output=True, text=True,
                          check=True)
    assert done.stdout.endswith("fixed\n[]\n")


def test_help_has_commands_for_users_and_for_developers(capsys: pytest.CaptureFixture[str]) -> None:
    def named(words: list[str], heading: str) -> list[str]:
        assert cli.main(words) == 0
        below = capsys.readouterr().out.partition(f"\n{heading}:\n")[2].partition("\n\n")[0]
        return re.findall(r"^ {2,4}((?:dev )?[a-z]+)\b", below, re.MULTILINE)
    assert named(["--help"], "commands") == [
        "reproduce", "test", "summary", "explore", "replay", "simulate", "premerge", "guest", "bench",
        "hold", "show", "doctor", "tree", "build", "list"]
    assert named(["--help"], "commands for developers of tkfi") == [
        "dev bisect", "dev breaks", "dev disturb", "dev findings", "dev identical", "dev kasan",
        "dev lists", "dev source", "dev style", "dev trees", "dev tutorial", "dev verdicts"]
    assert named(["dev", "--help"], "commands") == [
        "bisect", "breaks", "disturb", "findings", "identical", "kasan", "lists", "source", "style",
        "trees", "tutorial", "verdicts"]


@pytest.mark.parametrize("words", ["test --summary", "bench --hold", "bench --svg x", "dev", "dev -x", "-x",
                                   "summary --variant fixed"])
def test_what_is_no_command(layout: Layout, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*words.split(), "--kernel", "5.5"], layout) == 2
    assert "Usage: tkfi" in (said := capsys.readouterr().err) and "\ntkfi: there is no option -" in said


def test_reproduce(layout: Layout, monkeypatch: pytest.MonkeyPatch,
                   capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Request] = []

    def fake(_kernel: object, request: Request, _layout: Layout) -> Outcome:
        asked.append(request)
        return race_outcome()
    monkeypatch.setattr(reproduce, "reproduce", fake)
    assert cli.main(["reproduce", "--delay", "7ms", "--from", "+300ppm", "--to", "-200ppm",
                     "--json", "-"], layout) == 0
    assert asked == [Request(7_000_000, 300_000, -200_000)]
    captured = capsys.readouterr()
    assert json.loads(captured.out)["measured_ns"] == -10000
    assert "VCPU1" in captured.err
    assert cli.main(["reproduce", "--json", str(layout.build / "x.json")], layout) == 0
    assert asked[1] == Request(10_000_000, 500_000, -500_000)
    assert "VCPU1" in capsys.readouterr().out
    assert json.loads((layout.build / "x.json").read_text())["held"] is True


def test_a_result_may_go_where_a_link_points(layout: Layout) -> None:
    link, target = layout.build / "link.json", layout.build / "target.json"
    link.symlink_to(target)
    assert cli.main(["list", "points", "--json", str(link)], layout) == 0
    assert link.is_symlink() and json.loads(target.read_text())


def test_disk_full_here(layout: Layout, monkeypatch: pytest.MonkeyPatch,
                        capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "tree.new")
    monkeypatch.setattr(tree, "prepare", full)
    assert cli.main(["tree"], layout) == 2
    assert "the disk is full" in capsys.readouterr().err


def test_suites_and_cases_are_selected(layout: Layout) -> None:
    def matching(*patterns: str) -> list[tuple[str, str]]:
        return suites.matching(patterns, kernels.choose("6.12", layout), ["tkfi_engine"])

    assert matching("tkfi_*", "tkfi_engine") == [("tkfi_engine", "tkfi_engine")]
    assert matching("*engine.lock*") == [("tkfi_engine", "tkfi_engine.lock*")]
    with pytest.raises(TkfiError):
        matching("tkfi_*", "engine")
    with pytest.raises(TkfiError, match="different cases of tkfi_engine"):
        matching("tkfi_*", "tkfi_engine.lock*")


def test_failures_only() -> None:
    output = "[1] [PASSED] a\n[1] # b: EXPECTATION FAILED\n[1] [FAILED] b\n[1] Elapsed time: 1s\n"
    assert kunit_output.failures_only(output) == "[1] # b: EXPECTATION FAILED\n[1] [FAILED] b"


def test_differing_code_is_shown() -> None:
    code = {"ntp.o": ["mov", "ret"], "timekeeping.o": ["ret"]}
    assert not identical.compare(code, {name: list(lines) for name, lines in code.items()})
    different = identical.compare(code, {**code, "ntp.o": ["mov", "call x", "ret"]})
    assert list(different) == ["ntp.o"] and "+call x" in different["ntp.o"]


def test_launcher_needs_no_particular_directory(tmp_path: Path) -> None:
    link = tmp_path / "tkfi"
    link.symlink_to(REPO / "tkfi")
    done = subprocess.run([link, "list", "variants"], cwd=tmp_path, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0 and "post-series\n" in done.stdout
