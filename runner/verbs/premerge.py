# SPDX-License-Identifier: GPL-2.0
"""The verb `premerge`: a verdict on a kernel tree compared with its base."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext, redirect_stderr, suppress
from io import StringIO
from pathlib import Path

from runner import answer, check_counts, journal, lock
from runner.errors import TkfiError
from runner.explore import replay
from runner.kernel import git_tree
from runner.kernel.kunit_tool import KunitTool
from runner.layout import Layout
from runner.premerge import judge, states
from runner.premerge.measured import Asked
from runner.premerge.verdict import Codes, Word
from runner.progress import note
from runner.report import verdict_page, verdict_text
from runner.report.report_directory import Report
from runner.verbs.options import (Name, ResultFile, Seconds, flag, json_option, option, pass_layout,
                                  report_option, verb)


@verb("premerge", "compare a kernel tree with its base, and give a verdict",
      held="nothing is worse than in the base", failed="something is", words=(
          "The tree is a git work tree, committed and uncommitted changes together, or a plain directory. "
          "It is only read. With --exit-codes bisect: 0 good, 1 bad, 125 it cannot be told; with nipa: "
          "0 pass, 250 warning, 1 fail, and a line for its results; with b4: only what is to be reported "
          "is printed, and the last patch, on standard input, stands for the branch."),
      examples=("--tree ~/linux",
                "--tree ~/linux --base v6.12 --quick",
                "--tree ~/linux --base HEAD~1 --changelog"), kept=True)
@option("--tree", metavar="PATH", default=".", help="the kernel tree to be judged (.)")
@option("--base", metavar="PATH_OR_REV", help=(
    "what to compare it with: a revision, or the path of another tree (HEAD if something is not committed, "
    "else where the branch left its upstream)"))
@option("--time", type=Seconds(), metavar="T", help="how long each scenario is explored at most, as in 90s")
@flag("--quick", about="leave out the suites that take longest, and the write hold")
@flag("--strict", about="a change of what can be observed is a regression, too")
@flag("--changelog", about="print what the changelog of a fix says of the first violation, instead")
@option("--junit", metavar="FILE", type=ResultFile(), help="JUnit's XML")
@option("--exit-codes", "codes", type=Name([one.value for one in Codes], "./tkfi premerge --help"),
        default=Codes.TKFI.value, metavar="bisect|nipa|b4",
        help="what the exit status means to whoever calls")
@report_option
@json_option
@pass_layout
def command(layout: Layout, tree: str, base: str | None, time: int | None, quick: bool, strict: bool,
            changelog: bool, junit: str | None, codes: str, report_in: str | None,
            json_to: str | None) -> int:
    """By the verdict."""
    told, asked = Codes(codes), Asked(time, quick)
    try:
        if told is Codes.B4 and not _is_last(tree):
            print("not judged by itself: the branch is, with its last patch; 'git rebase -x' judges each")
            return 0
        with redirect_stderr(StringIO()) if told is Codes.B4 else nullcontext():
            chosen = states.choose(tree, base, layout)
            report_to = Report.begin(Path(report_in)) if report_in else None
            with lock.held(layout.lock, journal.KEEPS), journal.keeping(layout, "premerge") as done:
                made = judge.judge(chosen, asked, layout, done, strict=strict)
                recordings = replay.recorded(KunitTool(chosen.tree, layout), verdict_page.plainest(made),
                                             layout, done=done) if report_to else {}
    except TkfiError as error:
        if told is Codes.TKFI:
            raise
        note(f"tkfi: {error}")
        _summarize(told, f"timekeeping: could not be judged: {str(error).partition(chr(10))[0]}")
        return told.of_error(error)
    text = verdict_text.changelog(made) or verdict_text.text(made) if changelog else verdict_text.text(made)
    if told is Codes.B4:
        text = verdict_text.for_b4(made)
    answer.give(text, made.json(), json_to)
    if report_to:
        report_to.write(verdict_page.of_verdict(made, recordings), verdict_text.text(made), made.json())
    if junit:
        from runner.premerge import junit as junit_file  # takes longer than all others together
        junit_file.write(made, Path(junit))
    _summarize(told, verdict_text.line(made))
    check_counts.add("premerge", int(made.word is not Word.INVALID), int(made.word is Word.INVALID))
    return told.of(made)


def _is_last(tree: str) -> bool:
    """Whether the patch on standard input is that of HEAD; if there is none, nobody asked."""
    patch = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
    return not patch.strip() or git_tree.is_of_head(Path(tree), patch)


def _summarize(told: Codes, line: str) -> None:
    """One line for NIPA: on the descriptor that it names, or else the last line of output."""
    if told is not Codes.NIPA:
        return
    with suppress(OSError, ValueError, KeyError):
        os.write(int(os.environ["DESC_FD"]), f"{line}\n".encode())
        return
    print(line, flush=True)
