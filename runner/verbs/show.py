# SPDX-License-Identifier: GPL-2.0
"""The verb `show`: results of earlier runs again."""

from __future__ import annotations

import json
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import click

from runner import answer, runs
from runner.errors import TkfiError
from runner.layout import Layout
from runner.progress import note
from runner.report import tables
from runner.runs import Run
from runner.units import format_passed
from runner.verbs.options import Count, flag, json_option, pass_layout, verb


@verb("show", "print the results of the last run again, or of an earlier one", words=(
    "RUN: 1 for the last run, which need not be said, 2 for the one before, and so on: see --list. The "
    f"last {runs.MOST} are kept, in build/results."), held="shown", examples=("", "--list", "2"))
@click.argument("number", metavar="[RUN]", type=Count(), default="1")
@flag("--list", "every", about="list all that are kept, with the commands that repeat them")
@flag("--open", "browse", about="open the page that the run wrote with --report, in a browser")
@json_option
@pass_layout
def command(layout: Layout, number: int, every: bool, browse: bool, json_to: str | None) -> int:
    """Print it."""
    kept = [run for run in runs.kept(layout) if not run.is_running]
    if every:
        answer.give(_listed(kept), {"format": runs.FORMAT, "runs": [
            {**vars(run), "directory": str(run.directory)} for run in kept]}, json_to)
        return 0
    if number > len(kept):
        there = f"there are {len(kept)}: './tkfi show --list' lists them" if kept else (
            "none is kept: './tkfi reproduce' or './tkfi explore' is a good first one")
        raise TkfiError(f"there is no run {number}; {there}")
    run = kept[number - 1]
    if browse:
        return _open(run)
    text = run.text
    answer.give("\n\n".join([_head(run), *([] if text is None else [text]), f"Again:\n  {run.repeat}"]),
                _data(run) if json_to else {}, json_to)
    return 0


def _head(run: Run) -> str:
    """When it was, and how it ended."""
    when = time.strftime("%d %b %H:%M:%S", time.localtime(run.began))
    if run.status is None:
        more = "; --resume goes on where it was" if run.verb == "explore" else ""
        how = f"it was killed, or its machine stopped, before it came to its end{more}"
    else:
        how = f"took {format_passed(run.seconds or 0)}, exit status {run.status}"
    return tables.wrapped(f"{run.verb}, {when} ({format_passed(time.time() - run.began)} ago): {how}.")


def _data(run: Run) -> dict[str, object]:
    """What it gave to programs. Raises TkfiError if it did not come to that."""
    try:
        return dict(json.loads(run.data.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError, RecursionError) as error:
        raise TkfiError(f"this run has no result for programs; it is repeated by: {run.repeat}") from error


def _listed(kept: Sequence[Run]) -> str:
    if not kept:
        return "No run is kept."
    rows = [[str(number), time.strftime("%d %b %H:%M", time.localtime(run.began)),
             "killed" if run.status is None else str(run.status), run.command]
            for number, run in enumerate(kept, 1)]
    return tables.texts(["run", "began", "exit status", "command"], rows)


def _open(run: Run) -> int:
    if not run.page or not Path(run.page).exists():
        raise TkfiError(f"the run '{run.command}' left no page, or it was removed; explore, replay and "
                        "premerge write one with --report DIR")
    note(run.page)
    if not webbrowser.open(Path(run.page).as_uri()):
        raise TkfiError(f"no browser was found; open {run.page} in one, or name one in BROWSER")
    return 0
