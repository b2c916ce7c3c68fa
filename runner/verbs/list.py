# SPDX-License-Identifier: GPL-2.0
"""The verb `list`: what there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import click

from runner import answer
from runner.boot.suites import subject, suites
from runner.explore import scenarios
from runner.explore.oracles import oracles
from runner.explore.readers import readers
from runner.kernel import break_patches, kernels, patches
from runner.layout import Layout
from runner.verbs.options import Name, json_option, kernel_option, pass_layout, variant_option, verb

Row = dict[str, str]  # of a list, by column


def _variants(layout: Layout, kernel: str, _variant: str) -> list[Row]:
    return [{"name": name} for name in kernels.choose(kernel, layout).variants]


def _points(layout: Layout, kernel: str, variant: str) -> list[Row]:
    chosen = kernels.choose(kernel, layout, variant)
    return [{"name": name, "file": file} for name, file in patches.points(chosen.patches())]


def _readers(layout: Layout, kernel: str, variant: str) -> list[Row]:
    chosen = kernels.choose(kernel, layout, variant)
    return [asdict(reader) for reader in readers(layout, chosen.patches())]


def _breaks(layout: Layout, kernel: str, _variant: str) -> list[Row]:
    every = break_patches.select([kernels.choose(kernel, layout)], [])
    return [{"name": what.name, "variant": what.variant, "case": what.case} for _, what in every]


_LISTS: dict[str, Callable[[Layout, str, str], list[Row]]] = {
    "breaks": _breaks,
    "kernels": lambda layout, *_: [{"name": release.version, "package": release.package,
                                    "from": " or ".join(release.suites)}
                                   for release in kernels.offered(layout)],
    "oracles": lambda layout, *_: [{"name": name, "holds": about} for name, about in oracles(layout)],
    "points": _points,
    "readers": _readers,
    "scenarios": lambda layout, *_: [{"name": scenario.name, "text": scenario.text}
                                     for scenario in scenarios.shipped(layout)],
    "suites": lambda layout, *_: [{"name": name, "tests": subject(name)} for name in suites(layout)],
    "variants": _variants,
}


@verb("list", "what there is", words=f"WHAT: {', '.join(_LISTS)}.")
@click.argument("what", type=Name(list(_LISTS), "./tkfi list --help"))
@kernel_option
@variant_option
@json_option
@pass_layout
def command(layout: Layout, what: str, kernel: str, variant: str, json_to: str | None) -> int:
    """Print a list."""
    rows = _LISTS[what](layout, kernel, variant)
    widths = [max(map(len, column)) for column in zip(*(row.values() for row in rows))]
    text = "\n".join("  ".join(map(str.ljust, row.values(), widths)).rstrip() for row in rows)
    answer.give(text, {"format": 1, what: rows}, json_to)
    return 0
