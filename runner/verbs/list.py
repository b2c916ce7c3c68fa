# SPDX-License-Identifier: GPL-2.0
"""The verb `list`: what there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from runner import answer, lock
from runner.boot import lists
from runner.boot.suites import subject
from runner.explore import scenarios, strategies
from runner.explore.scenarios import SUBJECT
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
            *({**row, "name": f"aux {row['name']}", "subject": SUBJECT} for row in more)]


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


def _point(point: Row) -> Row:
    """Where it is in one column, which has blanks to go on below itself."""
    return {"name": point["name"], "place": f"{point['function']} in {point['file']}"}


def _operation(operation: Row) -> Row:
    """As it is written. The settings of adjtimex would fill the page: docs/scenarios.md has them."""
    usage = "SETTING ..." if "freq=FREQUENCY]" in operation["usage"] else operation["usage"]
    of = "" if operation["subject"] == SUBJECT else f"({operation['subject']}) "
    return {"operation": f"{operation['name']} {usage}".rstrip(), "does": of + operation["does"]}


def _rule(rule: Row) -> Row:
    """The patch's subject leads the text, which has blanks to go on below itself."""
    return {"name": rule["name"], "patch": f"{rule['patch']}: {rule['holds']}"}


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
    "rules": _of_kernel("rule"),
    "scenarios": lambda layout, *_: [{"name": scenario.name, "text": scenario.text}
                                     for scenario in scenarios.shipped(layout)],
    "strategies": _strategies,
    "suites": _suites,
    "variants": _variants,
}
_SHOWN: dict[str, Callable[[Row], Row]] = {"operations": _operation, "points": _point, "rules": _rule}
_WORDS = """Operations and readers are what scenarios are made of (docs/scenarios.md); points, where the
    injection of a delay is possible, in the order of the source; oracles, what must hold in each execution;
    rules, what S1 to S8 mean."""


def table(what: str, rows: Sequence[Row]) -> str:
    """A list for a person, at most 80 characters wide."""
    shown = [_SHOWN[what](row) if what in _SHOWN else row for row in rows]
    return tables.texts(list(shown[0]), [list(row.values()) for row in shown])


@verb("list", "what there is", words=f"WHAT: {', '.join(_LISTS)}. {' '.join(_WORDS.split())}",
      examples=("scenarios", "readers --kernel 7.3", "variants --names"))
@click.argument("what", type=Name(list(_LISTS), "./tkfi list --help"))
@kernel_option
@variant_option
@flag("--names", about="only the names, one a line, for a script")
@json_option
@pass_layout
def command(layout: Layout, what: str, kernel: str, variant: str, names: bool, json_to: str | None) -> int:
    """Print a list."""
    rows = _LISTS[what](layout, kernel, variant)
    text = "\n".join(row["name"] for row in rows) if names or not rows else table(what, rows)
    answer.give(text, {"format": 1, what: rows}, json_to)
    return 0
