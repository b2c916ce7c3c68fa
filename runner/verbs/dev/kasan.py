# SPDX-License-Identifier: GPL-2.0
"""The verb `dev kasan`: the kernel's own parsers, with every access to memory checked."""

from __future__ import annotations

from dataclasses import replace

from runner import check_counts, lock
from runner.boot import boots
from runner.boot.causes import Kind
from runner.boot.kunit_boot import Boot, Counts
from runner.boot.kunit_output import failures_only
from runner.errors import TestFailure, TkfiError
from runner.kernel import builder, kernels
from runner.layout import Layout
from runner.plural import counted
from runner.progress import note
from runner.verbs.options import kernel_option, pass_layout, verb

SUITE = "tkfi_engine_parsers"
WRONG_ON_PURPOSE = f"{SUITE}.read_behind_the_end"
_TIMEOUT = 600  # seconds; some 30 on a machine that does nothing else


def judge(boot: Boot) -> Counts:
    """What a boot came to, without the case that makes a wrong access: KUnit fails a case in which KASAN or
    UBSAN has something to report. Raises TestFailure if the kernel crashed before that, and TkfiError if
    that case did not fail."""
    if WRONG_ON_PURPOSE not in boot.failing:
        if boot.cause and boot.cause.kind in (Kind.PANIC, Kind.TIMEOUT):
            raise TestFailure(boot.failure())
        raise TkfiError(f"{WRONG_ON_PURPOSE} did not fail: KASAN does not watch this kernel; see its "
                        f".config, and {boot.console}")
    return replace(boot.counts, failed=boot.counts.failed - 1)


@verb("kasan", "check each access to memory while the kernel's parsers read wrong texts",
      held="no access was wrong", failed="one was, or a case failed",
      examples=("", "--kernel 7.3", "--kernel 6.1"), group="dev")
@kernel_option
@pass_layout
def command(layout: Layout, kernel: str) -> int:
    """Whether nothing was found."""
    with lock.held(layout.lock):
        tool = builder.build(replace(kernels.choose(kernel, layout), checked=True), layout)
        boot = boots.run(tool, f"{SUITE}.*", title=f"{tool.kernel.title}: {SUITE}", name="kasan",
                         timeout=_TIMEOUT).boot
    made = judge(boot)
    if made.failed:
        note(f"{failures_only(boot.output)}\n{boot.failure()}")
    print(f"{SUITE} with KASAN and UBSAN: {counted(made.passed, 'case')} passed, {made.failed} failed; the "
          "access that is wrong on purpose was seen")
    check_counts.add("KASAN", made.passed, made.failed)
    return 1 if made.failed else 0
