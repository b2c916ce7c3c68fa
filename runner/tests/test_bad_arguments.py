# SPDX-License-Identifier: GPL-2.0
"""Whatever is written behind a verb: what is wrong with it is said, and nothing is half-written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import cli, process
from runner.boot import lists
from runner.errors import TkfiError
from runner.kernel import builder
from runner.layout import REPO, Layout
from runner.tests.bad_input import ANY_TEXT, PLAIN, SCENARIOS, SCHEDULES, check, edited, examples, run
from runner.tests.conftest import write

NO_WORK = "nothing is built or run in this test; run it elsewhere"
VALUES = st.one_of(st.sampled_from(PLAIN), edited(PLAIN), ANY_TEXT)


def no_work(*_arguments: object, **_options: object) -> None:
    raise TkfiError(NO_WORK)


@pytest.fixture(name="place", scope="module")
def empty_place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands are run."""
    place: Path = tmp_path_factory.mktemp("place")
    write(place / "scenarios", "mine = cpu0: tick; cpu1: read vdso MONOTONIC\n")
    (place / "directory").mkdir()
    return place


@pytest.fixture(autouse=True)
def no_kernel(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """All is as in this checkout, but build/; no kernel is built, and no program is run."""
    monkeypatch.setattr(Layout, "build", place / "build")
    monkeypatch.setattr(builder, "build", no_work)
    monkeypatch.setattr(process, "run_all", no_work)
    monkeypatch.setattr(process, "_start", no_work)
    monkeypatch.setattr(lists, "_is_edited_since", lambda *_: False)
    monkeypatch.chdir(place)


def files(place: Path) -> set[str]:
    """All below a place; whoever works in build/ leaves a lock there."""
    return {name for name in (os.path.relpath(os.path.join(directory, name), place)
                              for directory, below, names in os.walk(place) for name in (*below, *names))
            if not name.startswith("build")}


def verbs() -> list[tuple[list[str], click.Command]]:
    """All of them, by name."""
    groups = [cli._ALL, cli._DEV]
    context = click.Context(cli._ALL)
    return [([*(["dev"] if group is cli._DEV else []), name], command)
            for group in groups for name in group._verbs if (command := group.get_command(context, name))]


@st.composite
def command_lines(draw: Callable[[Any], Any]) -> list[str]:
    """A verb, some of its options, each with a value that may be one, and words."""
    name, command = draw(st.sampled_from(verbs()))
    line: list[str] = []
    for parameter in draw(st.lists(st.sampled_from(command.params), max_size=5)):
        if isinstance(parameter, click.Argument):
            line += draw(st.lists(VALUES, max_size=2))
            continue
        line.append(draw(st.sampled_from(parameter.opts)))
        if not getattr(parameter, "is_flag", False):
            line.append(draw(VALUES))
    more = draw(st.sampled_from([[]] * 6 + [["--frobnicate"], ["-x"], ["--"], ["--help"], ["--json"]]))
    return [*name, *line, *more]


@examples(600)
@given(line=command_lines())
def test_whatever_is_asked_for(place: Path, line: list[str]) -> None:
    before = files(place)
    done = run(line, Layout(REPO))
    check(done, line)
    made = files(place) - before
    assert not made or done.status != 2 or "--report" in line, (line, made)
    for name in made:
        shutil.rmtree(place / name) if (place / name).is_dir() else (place / name).unlink(missing_ok=True)


@examples(400)
@given(command=st.one_of(st.tuples(st.just("explore"), edited(SCENARIOS)),
                         st.tuples(st.just("replay"), edited(SCHEDULES))))
def test_scenarios_and_schedules(command: tuple[str, str]) -> None:
    """They would be built, at the latest."""
    verb, text = command
    arguments = [verb, "--", text]
    done = run(arguments, Layout(REPO))
    check(done, arguments)
    assert done.status == 2


@examples(150)
@given(text=edited([f"# mine\none = {SCENARIOS[0]}\n\ntwo = {SCENARIOS[1]}  # so\n", SCENARIOS[2]]))
def test_files_of_scenarios(place: Path, text: str) -> None:
    (place / "scenarios").write_text(text, encoding="utf-8", errors="surrogateescape")
    done = run(["explore", "scenarios"], Layout(REPO))
    check(done, [text])
    assert done.status == 2
