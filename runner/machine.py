# SPDX-License-Identifier: GPL-2.0
"""The machine that the tool runs on."""

from __future__ import annotations

import re
from pathlib import Path


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """What the nanoseconds were measured on."""
    named = re.search(r"^model name\s*:\s*(.*)$", cpuinfo.read_text(encoding="utf-8"), re.MULTILINE)
    return named[1] if named else "unknown CPU"


def boot_id() -> str:
    """What tells one boot of it from another."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
