# SPDX-License-Identifier: GPL-2.0
"""Processes below another one, dead ones, and those that are known by their environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner import process_tree

PARENT = """\
import subprocess
child = subprocess.Popen(["sleep", "60"])
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture(name="tree")
def parent_and_child(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The process ids of a child with a variable of its own, and of its child."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "OF": str(tmp_path)}) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        yield parent.pid, child
        os.kill(child, 9)


def test_below(tree: tuple[int, int]) -> None:
    parent, child = tree
    assert process_tree.below() >= {parent, child}
    assert process_tree.below(parent) == {child} and process_tree.below(child) == set()


def test_known_by_the_environment(tree: tuple[int, int], tmp_path: Path) -> None:
    """It is inherited."""
    assert process_tree.with_environment(f"OF={tmp_path}") == set(tree)
    assert process_tree.with_environment(f"OF={tmp_path}/x") == set()
    assert process_tree.with_environment("NONE=x") == set()


def test_the_dead_do_not_run_and_are_below_until_they_are_waited_for() -> None:
    dead = subprocess.Popen(["true"])
    os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
    assert not process_tree.runs(dead.pid) and dead.pid in process_tree.below()
    dead.wait()
    assert not process_tree.runs(dead.pid) and dead.pid not in process_tree.below()
    assert process_tree.below(dead.pid) == set() and process_tree.runs(os.getpid())
