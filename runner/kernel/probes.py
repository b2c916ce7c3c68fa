# SPDX-License-Identifier: GPL-2.0
"""What a kernel tree has: looked up in its text, not concluded from its version.

A probe is a name for one thing that tkfi is built on: a function, a variable, a member, an option. What is
built differs where its answers differ, and so they decide which patch series a tree takes, and with it
which glue header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.kernel.git_tree import Instead


@dataclass(frozen=True)
class Probe:
    """Whether a file of the tree has this text, however it is broken into lines; ... stands for anything
    but a closing brace. What for says what of tkfi depends on it."""

    name: str
    file: str
    text: str
    what_for: str

    def holds(self, tree: Path, instead: Mapping[str, Instead | None] | None = None) -> bool:
        """Look; instead has the files of another state of the tree, if that is meant."""
        if instead and self.file in instead:
            other = instead[self.file]
            text = other.contents if other else b""
        else:
            try:
                text = (tree / self.file).read_bytes()
            except OSError:
                return False
        return self._pattern.search(text.decode(errors="replace")) is not None

    @property
    def _pattern(self) -> re.Pattern[str]:
        words = (r"[^}]*".join(map(re.escape, word.split("..."))) for word in self.text.split())
        return re.compile(r"(?<!\w)" * self.text[0].isidentifier() + r"\s+".join(words))


# Without these there is nothing to build.
NEEDED = (
    Probe("kunit parameters", "include/kunit/test.h", "#define KUNIT_ARRAY_PARAM(", "the suites"),
    Probe("kunit skip", "include/kunit/test.h", "#define kunit_skip(", "the suites"),
    Probe("kunit suite init", "include/kunit/test.h", "(*suite_init)(", "the suites"),
    Probe("kunit options", "tools/testing/kunit/kunit.py", "--kconfig_add", "how it is built"),
    Probe("generic vdso", "lib/vdso/Kconfig", "config GENERIC_GETTIMEOFDAY", "the vDSO readers"),
    Probe("periodic tick", "kernel/time/tick-common.c", "tick_periodic(int cpu)", "the operation jiffies"),
)

_PAGE = "include/vdso/datapage.h"
_KEEPER = "kernel/time/timekeeping.c"
_MEMBERS = "include/linux/timekeeper_internal.h"
_INTERFACE = "include/linux/timekeeping.h"

DECIDING = (
    Probe("vdso data array", _PAGE, "_vdso_data[CS_BASES]", "0001-um-vdso-data.patch"),
    Probe("vdso k_time_data", _PAGE, "*vdso_k_time_data", "0001-um-vdso-data.patch"),
    Probe("vdso aux clocks", _PAGE, "aux_clock_data[", "glue: the vDSO page"),
    Probe("shadow by itself", _KEEPER, "static struct timekeeper shadow_timekeeper;",
          "glue: the timekeeper"),
    Probe("timekeepers in an array", _KEEPER, "timekeeper_data[", "glue: the timekeepers"),
    Probe("update from shadow", _KEEPER, "timekeeping_update_from_shadow(", "glue: the first update"),
    Probe("floor", _KEEPER, "mg_floor", "glue: readers with a floor"),
    Probe("aux clocks", _KEEPER, "aux_timekeepers", "glue: auxiliary clocks"),
    Probe("snapshot by id", _KEEPER, "ktime_get_snapshot_id(", "glue: a reader"),
    Probe("fast timestamps", _KEEPER, "ktime_get_fast_timestamps(", "glue: a reader"),
    Probe("clock_valid", _MEMBERS, "clock_valid;", "glue: auxiliary clocks"),
    Probe("crosststamp systime", _INTERFACE, "struct system_device_crosststamp {...sys_systime;",
          "glue: a reader"),
    Probe("counter by pointer", _INTERFACE, "struct system_counterval_t {...struct clocksource *cs;",
          "glue: a reader"),
    Probe("ntp in an array", "kernel/time/ntp.c", "tk_ntp_data[", "glue: ntp.c"),
)

# What the build looks up by itself (fault/tree.mk): either answer will do.
EITHER = (
    Probe("coarse member", _MEMBERS, "coarse_nsec;", "glue: coarse clocks"),
    Probe("remainder of a tick", _MEMBERS, "xtime_remainder;", "glue: the line of NTP"),
    Probe("slew by itself", _MEMBERS, "skew_delta;", "glue: the line of NTP"),
    Probe("coarse second", _MEMBERS, "coarse_sec;", "glue: coarse clocks"),
    Probe("whole aux page", "kernel/time/vsyscall.c",
          "tk->tkr_mono.xtime_nsec >> tk->tkr_mono.shift;", "glue: the vDSO page of auxiliary clocks"),
    Probe("coarse base", _MEMBERS, "coarse_base;",
          "glue: coarse clocks, and whether it is the variant fixed"),
    Probe("vsyscall begun apart", "kernel/time/vsyscall.c", "update_vsyscall_begin(",
          "glue: whether it is the variant fixed"),
    Probe("write begun apart", _KEEPER, "timekeeping_write_begin(",
          "glue: whether it is the variant fixed"),
)
_FIXED = ("coarse base", "vsyscall begun apart", "write begun apart")

_OLD = ("vdso data array", "shadow by itself", "fast timestamps")
_NEW = ("vdso k_time_data", "vdso aux clocks", "timekeepers in an array", "update from shadow", "floor",
        "aux clocks", "snapshot by id", "clock_valid", "crosststamp systime", "ntp in an array")

# What the kernels of a series have, of DECIDING; none of them has the rest.
OF_SERIES: Mapping[str, Sequence[str]] = {
    "6.1": (*_OLD, "counter by pointer"),
    "6.12": _OLD,
    "7.3": _NEW,
}


@dataclass(frozen=True)
class Look:
    """What a tree has: the names of the probes that hold."""

    there: frozenset[str]

    @property
    def lacking(self) -> list[Probe]:
        """What there is nothing to build without."""
        return [probe for probe in NEEDED if probe.name not in self.there]

    def differing(self, series: str) -> list[Probe]:
        """The probes whose answer is not that of the kernels of a series; all, if none is known of it."""
        has = OF_SERIES.get(series)
        return [probe for probe in DECIDING if has is None or (probe.name in has) != (
            probe.name in self.there)]

    @property
    def is_fixed(self) -> bool:
        """Whether the tree is what the variant called fixed is."""
        return self.there.issuperset(_FIXED)

    def says(self, probe: Probe) -> str:
        """The answer to one, in words."""
        return f"{'has' if probe.name in self.there else 'lacks'} '{probe.text}' in {probe.file}"

    def best(self, available: Sequence[str]) -> str:
        """The series, of at least one, whose kernels are most alike; of several, the first."""
        return min(available, key=lambda series: len(self.differing(series)))


def look(tree: Path, instead: Mapping[str, Instead | None] | None = None) -> Look:
    """Ask a tree all of them, or another state of it, in which some files are others."""
    return Look(frozenset(probe.name for probe in (*NEEDED, *DECIDING, *EITHER)
                          if probe.holds(tree, instead)))
