# SPDX-License-Identifier: GPL-2.0
"""What bash and zsh complete, asked as they ask."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from runner.layout import REPO
from runner.tests.conftest import write

# What the function of bash does for a line of so many words, the last of which is not whole.
_ASK = """
eval "$(_TKFI_COMPLETE=bash_source ./tkfi)"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_tkfi_completion ./tkfi 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""


def completed(*words: str, script: str = _ASK) -> list[str]:
    """What bash has for a line."""
    done = subprocess.run(["bash", "-c", script, "bash", "./tkfi", *words], cwd=REPO, text=True,
                          check=True, capture_output=True)
    return done.stdout.split("\n")[:-1]


@pytest.mark.parametrize("words, some", [
    (["re"], ["reproduce", "replay"]), (["dev", "b"], ["bisect", "breaks"]), (["doc"], ["doctor"]),
    (["explore", "--ou"], ["--outcomes", "--outcome"]), (["build", "--ker"], ["--kernel"]),
    (["explore", "falls-v"], ["falls-vdso"]), (["explore", "x", "falls-vdso@t"], ["falls-vdso@tsc"]),
    (["build", "--kernel", "6"], ["6.1", "6.12"]), (["replay", "--kernel", "7"], ["7.3"]),
    (["build", "--kernel", "7.3", "--variant", "p"], ["pre-series", "post-series"]),
    (["test", "--kernel", "6.12", "--variant", "fi"], ["fixed"]),
    (["explore", "--clock", ""], ["1ghz", "tsc", "hpet", "acpi_pm"]),
    (["explore", "--strategy", "d"], ["dpor", "dfs"]), (["list", "read"], ["readers"]),
    (["list", "x", "--color", "a"], ["auto", "always"]),
    (["explore", "'cpu0: tick; cpu1: read vdso MONOTONIC_R"],
     ["cpu0: tick; cpu1: read vdso MONOTONIC_RAW"]),
    (["explore", "'cpu0: tick, tic"], ["cpu0: tick, tick"]),
    (["explore", "'cpu0: tick; h"], ["cpu0: tick; host: "]),
    (["explore", "'cpu0: tick; nmi cpu0: fast ktime_get_mono"],
     ["cpu0: tick; nmi cpu0: fast ktime_get_mono_fast_ns"]),
    (["explore", "'clock: ts"], ["clock: tsc; "])])
def test_bash(words: list[str], some: list[str]) -> None:
    assert sorted(completed(*words)) == sorted(some)


@pytest.mark.parametrize("words", [["nonsense", "x"], ["explore", "--report", "x", "--nonsense"],
                                   ["build", "--kernel", "5.5", "--variant", "x"],
                                   ["explore", "'cpu0: nonsense"], ["explore", "'host: 1"]])
def test_what_there_is_not(words: list[str]) -> None:
    assert completed(*words) in ([""], [words[-1].strip("'")])


def test_each_list_is_whole() -> None:
    """What is completed is what the tool lists."""
    def listed(what: str) -> list[str]:
        done = subprocess.run(["./tkfi", "list", what, "--names"], cwd=REPO, text=True, check=True,
                              capture_output=True)
        return done.stdout.split()
    assert set(listed("scenarios")) <= set(completed("explore", ""))
    assert completed("tree", "--kernel", "") == listed("kernels")
    assert completed("tree", "--variant", "") == listed("variants")
    assert completed("explore", "--clock", "") == listed("clocks")
    done = subprocess.run(["./tkfi", "--help"], cwd=REPO, text=True, check=True, capture_output=True)
    commands = done.stdout.partition("\ncommands:")[2].partition("\n\n")[0]
    verbs = re.findall(r"^  ([a-z]+)  ", commands, re.MULTILINE)
    assert set(completed("")) == {*verbs, "dev"}


def test_a_directory_may_be_a_kernel() -> None:
    """Bash is told to complete names of directories."""
    asked = subprocess.run(["./tkfi"], cwd=REPO, text=True, check=True, capture_output=True, env={
        **os.environ, "_TKFI_COMPLETE": "bash_complete", "COMP_WORDS": "tkfi build --kernel /li",
        "COMP_CWORD": "3"})
    assert asked.stdout.startswith("dir,")


def test_no_directory_is_needed(tmp_path: Path) -> None:
    """The two lines of README, from elsewhere."""
    text = (REPO / "README.md").read_text(encoding="utf-8")
    (line,) = [line.strip().partition("  #")[0] for line in text.splitlines() if "bash_source" in line]
    assert "zsh_source" in text
    write(tmp_path / "bashrc", line.replace("./tkfi", str(REPO / "tkfi")))
    script = _ASK.replace(_ASK.splitlines()[1], f"cd /; . {tmp_path}/bashrc").replace(
        "_completion ./tkfi", f"_completion {REPO}/tkfi")
    assert completed("explore", "falls-v", script=script) == ["falls-vdso"]


_ZSH = """
autoload -Uz compinit && compinit -u -D
eval "$(_TKFI_COMPLETE=zsh_source ./tkfi)"
[[ $_comps[tkfi] == _tkfi_completion ]] || exit 3
compadd() { print -l -- ${completions} }
_describe() { print -l -- ${completions_with_descriptions} }
words=("$@"); CURRENT=$#
_tkfi_completion
"""


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
@pytest.mark.parametrize("words, some", [
    (["re"], ["reproduce:show the cover letter's race on a live kernel",
              "replay:run one execution again by its schedule, and draw it"]),
    (["explore", "falls-v"], ["falls-vdso"]), (["build", "--kernel", "7"], ["7.3"]),
    (["explore", "'cpu0: tick; cpu1: read vdso MONOTONIC_R"],
     ["cpu0: tick; cpu1: read vdso MONOTONIC_RAW"])])
def test_zsh(words: list[str], some: list[str]) -> None:
    """It asks the command that was typed, which need not be in PATH."""
    done = subprocess.run(["zsh", "-f", "-c", _ZSH, "zsh", "./tkfi", *words], cwd=REPO, text=True,
                          check=True, capture_output=True)
    assert done.stdout.splitlines() == some
