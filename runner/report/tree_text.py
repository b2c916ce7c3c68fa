# SPDX-License-Identifier: GPL-2.0
"""What of a kernel's tree decides how tkfi is built into it, and where its points are then."""

from __future__ import annotations

import re
from pathlib import Path

from runner.kernel import overlay, probes
from runner.kernel.kernels import Kernel, tree_version
from runner.kernel.overlay import Overlay
from runner.kernel.placed import points
from runner.report.tables import table

_GLUE = "kernel/time/tkfi-glue.h"


def explained(kernel: Kernel, prepared: Overlay) -> str:
    """All of it, of a tree that is prepared."""
    source, series = prepared.source, kernel.series.name
    there = probes.look(source)
    asked = [(probe.name, "yes" if probe.name in there.there else "no", probe.text, probe.file,
              probe.what_for) for probe in (*probes.NEEDED, *probes.DECIDING, *probes.EITHER)]
    placed = [(one.name, f"{one.file}:{one.line}", f"{one.function}()")
              for one in points(source, prepared.tree, kernel.patches())]
    return "\n".join([
        table(("probe", "there", "text", "file", "what for"), asked, left=5),
        "",
        f"Linux {tree_version(source)} in {source}",
        f"  takes the patch series kernel-patches/{series}, as it is most like the kernels of that",
        f"  takes {_glue(prepared.tree)}",
        *(f"  but it {there.says(probe)}, and they do not" if probe.name in there.there else
          f"  but it {there.says(probe)}, which they have" for probe in there.differing(series)),
        "",
        table(("point", "after", "in"), placed, left=3),
        *(f"  no place for {title}" for title in overlay.inspect(prepared)[1])])


def _glue(tree: Path) -> str:
    """The glue header that a tree includes."""
    text = (tree / _GLUE).read_text(encoding="utf-8") if (tree / _GLUE).is_file() else ""
    names = re.findall(r'#include "(?:.*/)?(.*)"', text)
    return f"fault/timekeeping/{names[0]}" if names else "no glue header"
