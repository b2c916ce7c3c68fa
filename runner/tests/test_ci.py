# SPDX-License-Identifier: GPL-2.0
""".ci/run with a make that does as it is told: its last line counts all, whatever happened."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from runner.layout import REPO
from runner.tests.conftest import write
from runner.tests.test_process import alive


def start(place: Path, check: str, check_all: str) -> subprocess.Popen[str]:
    """Begin .ci/run, where the two targets are these commands of a shell."""
    (place / ".ci").mkdir()
    shutil.copy(REPO / ".ci/run", place / ".ci")
    write(place / "bin/make", '#!/bin/sh\n[ "$1" = --keep-going ] || exit 9\ncount() { echo "$@" >> '
                              f'$TKFI_SUMMARY; }}\ncase "$2" in\ncheck) {check};;\n'
                              f'check-all) {check_all};;\nesac\n')
    (place / "bin/make").chmod(0o755)
    return subprocess.Popen([place / ".ci/run"], stdout=subprocess.PIPE, text=True,
                            env={**os.environ, "PATH": f"{place}/bin:{os.environ['PATH']}"})


@pytest.mark.parametrize("check, check_all, last, status", [
    ("count 3 0 a; count 4 0 b", "count 5 0 c", "12 passed, 0 failed", 0),
    ("count 3 2 a; exit 2", "count 5 0 c", "8 passed, 2 failed", 1),
    ("count 3 0 a; exit 2", "count 5 1 c; exit 2", "8 passed, 2 failed", 1),
    ("kill -9 $$", "count 5 0 c", "5 passed, 1 failed", 1),
    ("exit 2", "exit 2", "0 passed, 2 failed", 1),
    (":", ":", "0 passed, 0 failed", 1),
])
def test_last_line(tmp_path: Path, check: str, check_all: str, last: str, status: int) -> None:
    write(tmp_path / "build/summary", "100 100 of an earlier run\n")
    ci = start(tmp_path, check, check_all)
    assert ci.communicate(timeout=20)[0].splitlines()[-1] == last
    assert ci.returncode == status


def test_stopped(tmp_path: Path) -> None:
    """Nothing of it goes on, however far below make."""
    ci = start(tmp_path, "count 3 0 a; sh -c 'echo $$; sleep 60; :'; :", "count 5 0 c")
    assert ci.stdout
    below = int(ci.stdout.readline())
    ci.send_signal(signal.SIGTERM)
    assert ci.communicate(timeout=20)[0].splitlines()[-1] == "3 passed, 1 failed"
    assert ci.returncode == 1 and not alive(below)
