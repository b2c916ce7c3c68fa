# SPDX-License-Identifier: GPL-2.0
"""The verb `dev style`: what the kernel's own checkpatch.pl has to say of the C sources and the patches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from runner import check_counts, lock, process
from runner.errors import TkfiError
from runner.kernel import kernels
from runner.kernel.kernels import Kernel
from runner.kernel.prepare import prepare
from runner.layout import Layout
from runner.progress import step
from runner.verbs.options import kernel_option, pass_layout, verb

# What is not asked, and why not. Everything else must be clean.
IGNORED = {
    "MACRO_ARG_REUSE": "macros that stand in for the kernel's own, which evaluate an argument twice too",
    "MACRO_ARG_UNUSED": "the same macros: an argument of the kernel's may mean nothing here",
    "COMPLEX_MACRO": "VDSO_ARCH_CLOCKMODES is a list of enumerators, as on x86 and arm64",
    "UNKNOWN_COMMIT_ID": "there is no git repository of Linux here that could know a commit",
    "LONG_LINE_STRING": "the format of a JSON line stays on one line, to be searched for",
}
_OPTIONS = ("--no-tree", "--strict", "--terse", "--show-types", f"--ignore={','.join(IGNORED)}")
_FINDING = re.compile(r"^(.+?):\d+: (ERROR|WARNING|CHECK):")


def files(layout: Layout) -> tuple[list[Path], list[Path]]:
    """The C sources and the patches, relative to the checkout. Raises TkfiError when there are none."""
    sources = [file for place in ("fault", "kunit")
               for file in sorted((layout.repo / place).rglob("*.[chS]"))]
    patches = sorted(layout.patches.rglob("*.patch"))
    if not sources or not patches:
        raise TkfiError(f"there is nothing to check in {layout.repo}")
    return ([file.relative_to(layout.repo) for file in sources],
            [file.relative_to(layout.repo) for file in patches])


def check(kernel: Kernel, layout: Layout) -> tuple[int, list[str]]:
    """How many files were checked, and the findings, one a line. Raises TkfiError."""
    script = prepare(kernel, layout).tree / "scripts/checkpatch.pl"
    sources, patches = files(layout)
    with step(f"checkpatch.pl of {kernel.name}"):
        findings = _run(script, ["--file", *sources], layout)
        # The patches are kept here, not sent: nobody has signed them off.
        findings += _run(script, ["--no-signoff", *patches], layout)
    return len(sources) + len(patches), findings


def unclean(findings: Sequence[str]) -> set[str]:
    """The files that findings are about."""
    return {match[1] for line in findings if (match := _FINDING.match(line))}


def _run(script: Path, arguments: Sequence[str | Path], layout: Layout) -> list[str]:
    log = layout.build / "checkpatch.log"
    # Without git: a patch that git tracks would be read as a source file.
    status = process.run(["perl", script, *_OPTIONS, *arguments], log=log, cwd=layout.repo,
                         env={"GIT_DIR": "/nonexistent"})
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    findings = [line for line in lines if _FINDING.match(line)]
    if status not in (0, 1) or bool(status) != bool(findings):
        raise TkfiError(f"checkpatch.pl failed ({process.describe(status)}); full log: {log}\n"
                        f"{process.tail(log)}")
    return findings


@verb("style", "run the kernel's checkpatch.pl on the C sources and the patches", held="clean",
      failed="not clean",
      examples=("", "--kernel 7.3", "--kernel 6.1"), group="dev")
@kernel_option
@pass_layout
def command(layout: Layout, kernel: str) -> int:
    """Whether nothing was found."""
    chosen = kernels.choose(kernel, layout)
    with lock.held(layout.lock):
        checked, findings = check(chosen, layout)
    for finding in findings:
        print(finding)
    bad = len(unclean(findings))
    print(f"checkpatch.pl --strict: {checked - bad} of {checked} files are clean")
    check_counts.add("style", checked - bad, bad)
    return 1 if findings else 0
