# SPDX-License-Identifier: GPL-2.0
"""The verb `dev kasan`: the kernel's own parsers, with every access to memory checked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runner import check_counts, lock
from runner.boot import boots
from runner.boot.causes import Kind
from runner.boot.kunit_boot import Boot
from runner.boot.kunit_output import failures_only
from runner.errors import TkfiError
from runner.kernel import builder, kernels
from runner.layout import Layout
from runner.plural import counted
from runner.progress import note
from runner.verbs.options import kernel_option, pass_layout, verb

SUITE = "tkfi_engine_parsers"
WRONG_ON_PURPOSE = f"{SUITE}.read_behind_the_end"
_TIMEOUT = 600  # seconds; some 30 on a machine that does nothing else


@dataclass(frozen=True)
class Outcome:
    """How many cases passed, and the names of those that failed, but for the one that has to."""

    passed: int
    failing: list[str]


def judge(boot: Boot) -> Outcome:
    """What a boot came to: KUnit fails a case in which KASAN or UBSAN has something to report. Raises
    TkfiError if the case did not fail that makes a wrong access."""
    if boot.cause and boot.cause.kind is not Kind.FAILED:
        return Outcome(boot.counts.passed, [boot.cause.text])
    if WRONG_ON_PURPOSE not in boot.failing:
        raise TkfiError(f"{WRONG_ON_PURPOSE} did not fail: KASAN does not watch this kernel; see its "
                        f".config, and {boot.console}")
    return Outcome(boot.counts.passed, [name for name in boot.failing if name != WRONG_ON_PURPOSE])


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
    if made.failing:
        note(f"{failures_only(boot.output)}\n{boot.failure()}")
    print(f"{SUITE} with KASAN and UBSAN: {counted(made.passed, 'case')} passed, {len(made.failing)} "
          "failed; the access that is wrong on purpose was seen")
    check_counts.add("KASAN", made.passed, len(made.failing))
    return 1 if made.failing else 0
