# SPDX-License-Identifier: GPL-2.0
"""The verb `list`: what there is."""

from __future__ import annotations

from collections.abc import Callable

import click

from runner import answer, lock
from runner.boot import lists
from runner.boot.suites import subject
from runner.explore import scenarios, strategies
from runner.kernel import break_patches, builder, kernels
from runner.layout import Layout
from runner.report import tables
from runner.verbs.options import Name, flag, json_option, kernel_option, pass_layout, variant_option, verb

Row = dict[str, str]  # of a list, by column


def _variants(layout: Layout, kernel: str, _variant: str) -> list[Row]:
    return [{"name": name} for name in kernels.choose(kernel, layout).variants]


def _of_kernel(kind: str) -> Callable[[Layout, str, str], list[Row]]:
    """What a kernel says that it has."""
    def rows(layout: Layout, kernel: str, variant: str) -> list[Row]:
        chosen = kernels.choose(kernel, layout, variant)
        there = lists.known(chosen, layout)
        if not there:
            with lock.held(layout.lock):
                there = lists.of(builder.build(chosen, layout))
        return [{name: str(value) for name, value in row.items()} for row in there.rows[kind]]
    return rows


def _operations(layout: Layout, kernel: str, variant: str) -> list[Row]:
    """All of them, and what may follow "aux"."""
    more = _of_kernel("aux_operation")(layout, kernel, variant)
    return [*_of_kernel("operation")(layout, kernel, variant),
            *({"name": f"aux {row['name']}", "subject": "timekeeping", "usage": row["usage"]}
              for row in more)]


def _readers(layout: Layout, kernel: str, variant: str) -> list[Row]:
    """In the order in which scenarios name them: read FAMILY NAME."""
    return [{"family": row["family"], **row} for row in _of_kernel("reader")(layout, kernel, variant)]


def _strategies(layout: Layout, kernel: str, variant: str) -> list[Row]:
    """What each takes of explore's options."""
    return [{"name": row["name"], "takes": " ".join(f"--{option}" for option in sorted(
        strategies.STRATEGIES.get(row["name"], ())))} for row in _of_kernel("strategy")(
            layout, kernel, variant)]


def _suites(layout: Layout, kernel: str, variant: str) -> list[Row]:
    return [{**row, "tests": subject(row["name"])} for row in _of_kernel("suite")(layout, kernel, variant)]


def _short(point: Row) -> Row:
    """Where it is in one column, which has blanks to go on below itself."""
    return {"name": point["name"], "place": f"{point['function']} in {point['file']}"}


def _breaks(layout: Layout, kernel: str, _variant: str) -> list[Row]:
    every = break_patches.select([kernels.choose(kernel, layout)], [])
    return [{"name": what.name, "variant": what.variant, "case": what.case} for _, what in every]


_LISTS: dict[str, Callable[[Layout, str, str], list[Row]]] = {
    "breaks": _breaks,
    "clocks": _of_kernel("clock"),
    "kernels": lambda layout, *_: [{"name": release.version, "package": release.package,
                                    "from": " or ".join(release.suites)}
                                   for release in kernels.offered(layout)],
    "operations": _operations,
    "oracles": _of_kernel("oracle"),
    "points": _of_kernel("point"),
    "readers": _readers,
    "scenarios": lambda layout, *_: [{"name": scenario.name, "text": scenario.text}
                                     for scenario in scenarios.shipped(layout)],
    "strategies": _strategies,
    "suites": _suites,
    "variants": _variants,
}


@verb("list", "what there is", words=f"WHAT: {', '.join(_LISTS)}.")
@click.argument("what", type=Name(list(_LISTS), "./tkfi list --help"))
@kernel_option
@variant_option
@flag("--names", about="only the names, one a line, for a script")
@json_option
@pass_layout
def command(layout: Layout, what: str, kernel: str, variant: str, names: bool, json_to: str | None) -> int:
    """Print a list."""
    rows = _LISTS[what](layout, kernel, variant)
    if names or not rows:
        text = "\n".join(row["name"] for row in rows)
    else:
        shown = [_short(row) if what == "points" else row for row in rows]
        text = tables.texts(list(shown[0]), [list(row.values()) for row in shown])
    answer.give(text, {"format": 1, what: rows}, json_to)
    return 0
