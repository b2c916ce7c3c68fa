# SPDX-License-Identifier: GPL-2.0
"""A patch that does not compile is told of at once, by the lines of its author's files."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import TkfiError
from runner.kernel import builder, kernels
from runner.layout import Layout
from runner.tests.conftest import write

# A kernel's Makefile that says what it is asked for, and fails.
MAKEFILE = """\
VERSION = 6
PATCHLEVEL = 12
kernel/time/timekeeping.o:
\t@echo $(MAKECMDGOALS) ARCH=$(ARCH) O=$(O)
\t@echo "../kernel/time/timekeeping.c: In function 'f':"
\t@echo "../kernel/time/timekeeping.c:6:1: error: expected ';' before 'five'"
\t@echo "    6 | five"
\t@exit 1
all:
\t@echo "../kernel/time/timekeeping.c:7:1: error: in all of it"
\t@exit 1
"""


@pytest.fixture(name="kernel")
def broken(layout: Layout, source: Path) -> kernels.Kernel:
    """A user's tree in which the file that is changed does not compile."""
    write(source / "tools/testing/kunit/kunit.py", "# --kconfig_add\n")
    write(source / "Makefile", MAKEFILE)
    return kernels.choose(str(source), layout)


def test_an_error_of_a_file_that_is_changed(kernel: kernels.Kernel, layout: Layout) -> None:
    """Before anything else is compiled: line 5 is what tkfi added."""
    with pytest.raises(TkfiError) as failed:
        builder.build(kernel, layout)
    log = layout.results(kernel.place) / "first.log"
    first, *rest = str(failed.value).split("\n")
    assert first == (f"Compiling what tkfi is built into of {kernel.title} failed (exit status 2); "
                     f"full log: {log}")
    assert rest[:3] == ["  kernel/time/timekeeping.c: In function 'f':",
                        "  kernel/time/timekeeping.c:5:1: error: expected ';' before 'five'",
                        "      5 | five"]
    assert log.read_text().startswith("kernel/time/timekeeping.o ARCH=um O=.kunit\n")


def test_an_error_of_any_other_file(kernel: kernels.Kernel, layout: Layout, source: Path) -> None:
    write(source / "Makefile", MAKEFILE.replace("@exit 1", "@:", 1))
    with pytest.raises(TkfiError, match="kernel/time/timekeeping.c:6:1: error: in all of it"):
        builder.build(kernel, layout)
