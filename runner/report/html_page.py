# SPDX-License-Identifier: GPL-2.0
"""An exploration as a page of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runner.explore.exploration import Exploration, Found
from runner.report.exploration_text import command, diagram, how_often, scenario_rows, title, total
from runner.report.violations import explained, verdict

TEMPLATE = "index.html.jinja"


def page(made: Exploration, files: Sequence[str]) -> str:
    """The page, with links to files beside it. It escapes all that it shows."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # few explorations need it

    heading, rows = scenario_rows(made, made.explored)
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True,
                        keep_trailing_newline=True, undefined=StrictUndefined)
    return pages.get_template(TEMPLATE).render(
        title=title(made), total=total(made), files=files, heading=heading, rows=rows,
        problems=[problem.text for problem in made.problems],
        violations=[{"scenario": found.violation.scenario, "verdict": verdict(found.violation),
                     "how_often": how_often(found), "execution": "\n\n".join(_execution(made, found))}
                    for found in made.violations])


def _execution(made: Exploration, found: Found) -> list[str]:
    """How to see it again, its diagram, and what explains it."""
    return [command(made, found), *filter(None, [diagram(made, found), explained(found.violation)])]
