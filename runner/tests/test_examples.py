# SPDX-License-Identifier: GPL-2.0
"""The examples that --help shows: each is run until it needs a kernel, and names what there is."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import click
import pytest

from runner import cli, lock
from runner.boot import lists, suites
from runner.guest import packages
from runner.kernel import builder, kernels
from runner.layout import REPO, Layout
from runner.premerge import judge
from runner.tests.conftest import have, write
from runner.verbs import tree
from runner.verbs.dev import breaks, style
from runner.verbs.options import Verb

_LOOKING = ("list", "show", "doctor")  # they are run for real


class Reached(BaseException):
    """A verb has read and checked its arguments, and begins to work."""


def every_verb() -> Iterator[tuple[str, Verb]]:
    """With its name."""
    context = click.Context(cli._ALL)
    for name in cli._EVERY:
        command: Any = cli._ALL
        for word in name.split():
            command = command.get_command(context, word)
        yield name, command


EXAMPLES = [(name, example) for name, command in every_verb() for example in command.examples]


@pytest.fixture(name="home")
def linux_at_home(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with a git tree ~/linux that has v6.12, and commits after it."""
    have(source, "6.12")
    environment = {**os.environ, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
                   "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}

    def git(*words: str) -> None:
        subprocess.run(["git", "-C", source, *words], check=True, capture_output=True, env=environment)
    git("init", "-q")
    for number in range(2):
        write(source / "file", str(number))
        git("add", "-A")
        git("commit", "-qm", f"commit {number}")
        git("tag", "v6.12") if not number else None
    write(source / "kernel/time/ntp.c", "int changed;\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(name="reached")
def nothing_is_done(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Where a verb would begin to work, and has checked all that it was given."""
    del home

    def stop(*_: object, **__: object) -> NoReturn:
        raise Reached

    for module, name in ((builder, "build"), (judge, "judge"), (packages, "choose"), (tree, "prepare"),
                         (breaks, "run"), (style, "check"), (packages, "ensure_qemu")):
        monkeypatch.setattr(module, name, stop)
    monkeypatch.setattr(lock, "held", lambda *_: contextlib.nullcontext())
    for name in ("bisect", "findings", "identical", "source", "trees", "verdicts"):
        monkeypatch.setattr(f"runner.verbs.dev.{name}.lock", SimpleNamespace(held=stop))
    # Of a kernel that is not built as it is now, what the one of the series has.
    monkeypatch.setattr(lists, "known", lambda kernel, _: lists.read(lists.of_series(kernel.series)))


def words_of(example: str) -> list[str]:
    """Its arguments, as a shell would give them."""
    command, *words = shlex.split(example.partition(" | ")[0])
    assert command == "./tkfi"
    return [os.path.expanduser(word) for word in words]


@pytest.mark.parametrize("name, command", [*every_verb()], ids=cli._EVERY)
def test_help_shows_them(name: str, command: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(command.examples) >= (1 if name.startswith("dev ") else 3)
    assert len(set(command.examples)) == len(command.examples)
    assert cli.main([*name.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "\n  Examples:\n" + "".join(f"    {example}\n" for example in command.examples) in text
    for example in command.examples:
        assert example.startswith(f"./tkfi {name}")


@pytest.mark.usefixtures("reached")
@pytest.mark.parametrize("name, example", EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_examples(name: str, example: str, capsys: pytest.CaptureFixture[str],
                  monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = words_of(example)
    for word in words:
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+", word):
            assert (REPO / word).exists(), word
    words = [str(REPO / word) if (REPO / word).is_file() and "/" in word else word for word in words]
    monkeypatch.chdir(tmp_path)
    if name in _LOOKING:
        layout = Layout() if name != "show" else with_runs(tmp_path)
        assert cli.main(words, layout) in (0, 2 * (name == "doctor"))
        assert capsys.readouterr().out
        return
    monkeypatch.setattr("runner.runs.place", lambda _: tmp_path / "results")
    try:
        status = cli.main(words)
    except Reached:
        return
    pytest.fail(f"{example}: ended with {status} before it began: {capsys.readouterr().err}")


def with_runs(tmp_path: Path) -> Layout:
    """A checkout with results of two runs."""
    from runner import runs
    layout = Layout(tmp_path / "checkout")
    for _ in range(2):
        with runs.recording(layout, "explore", []) as ended:
            runs.keep("found", ["{}"])
            ended.append(0)
    return layout


@pytest.mark.usefixtures("reached")
@pytest.mark.parametrize("example", [
    "./tkfi explore 'fals-*'", "./tkfi explore 'cpu0: tik; host: 12ms'", "./tkfi build --kernel 7.9",
    "./tkfi build --variant fixt", "./tkfi replay 'tkfi1 6.12.117 post-series fals: cpu0'",
    "./tkfi premerge --tree ~/linux --base v6.13", "./tkfi premerge --tree ~/linus",
    "./tkfi test --suite 'tkfi_engin*x'", "./tkfi simulate --script slw", "./tkfi dev breaks s33",
    "./tkfi dev verdicts helpr", "./tkfi list scenario"])
def test_an_example_of_what_there_is_not_is_seen(example: str, monkeypatch: pytest.MonkeyPatch,
                                                 tmp_path: Path) -> None:
    monkeypatch.setattr("runner.runs.place", lambda _: tmp_path / "results")
    assert cli.main(words_of(example)) == 2


def test_suites_are_those_of_a_kernel() -> None:
    """The glob of an example matches some."""
    kernel = kernels.choose(kernels.DEFAULT, Layout())
    there = lists.read(lists.of_series(kernel.series)).names("suite")
    assert suites.matching(["tkfi_engine*"], kernel, there)
