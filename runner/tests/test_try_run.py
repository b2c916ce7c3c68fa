# SPDX-License-Identifier: GPL-2.0
"""The answers of the compiler that are kept for kbuild."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runner.kernel import kunit_tool

_SCRIPT = Path(kunit_tool.__file__).with_name("try-run.sh")
_MAKEFILE = """
CC = ./cc
CONFIG_CC_VERSION_TEXT = cc 1
CONFIG_AS_VERSION = 2
CONFIG_LD_VERSION = 3
option = $(call try-run,$(CC) $(1) -o "$$TMP",$(1),$(2))
$(info $(call option,-good,) $(call option,-bad,-other) $(call option,'-good quoted',))
all: ;
"""
_COMPILER = """#!/bin/sh
echo "$*" >> asked
[ "$3" ] && : > "$3" || exit 1
[ "$1" != -bad ]
"""


def _asked(directory: Path) -> list[str]:
    try:
        return (directory / "asked").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []


def _status(directory: Path, command: str, versions: str = "1") -> int:
    return subprocess.run([_SCRIPT, "kept", versions, command], cwd=directory, check=False).returncode


@pytest.mark.parametrize("command, status", [
    ("true", 0), ("exit 3", 3), ('echo "a  b" | grep -q "a  b"', 0), ("echo x > \"$TMP\"", 0),
    ("no-such-compiler 2>&1", 127)])
def test_the_first_answer_is_the_commands_own(tmp_path: Path, command: str, status: int) -> None:
    assert [_status(tmp_path, command), _status(tmp_path, command)] == [status, status]


def test_a_command_is_run_once_for_all_makes_and_again_for_other_tools(tmp_path: Path) -> None:
    for _ in range(3):
        assert not _status(tmp_path, "echo x >> asked")
    assert len(_asked(tmp_path)) == 1
    assert not _status(tmp_path, "echo x >> asked", "2")
    assert len(_asked(tmp_path)) == 2


def test_an_answer_that_cannot_be_read_is_asked_again(tmp_path: Path) -> None:
    assert _status(tmp_path, "exit 1") == 1
    for kept in (tmp_path / "kept").iterdir():
        kept.write_text("", encoding="ascii")  # a full disk
    assert _status(tmp_path, "exit 1") == 1


def test_make_gets_what_kbuilds_own_gives(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(_MAKEFILE, encoding="ascii")
    (tmp_path / "cc").write_text(_COMPILER, encoding="ascii")
    (tmp_path / "cc").chmod(0o755)
    for _ in range(2):
        done = subprocess.run(["make", "--silent", kunit_tool.try_run()], cwd=tmp_path, check=True,
                              capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("-good -other '-good quoted'\n", "")
    assert [one.split(" -o ")[0] for one in _asked(tmp_path)] == ["-good", "-bad", "-good quoted"]
