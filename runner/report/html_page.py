# SPDX-License-Identifier: GPL-2.0
"""Results as one page of HTML that needs nothing else: no network, and no other file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.report import geometry, geometry_svg, timeline
from runner.report.page_parts import Page, Shown
from runner.report.walk import Sources, page_data, walk

TEMPLATE, STYLE, SCRIPT = "page.html.jinja", "page.css", "page.js"
MOST = 1_900_000  # bytes of a page; what there is no room for is said
_MARKUP = 2_500  # bytes that steps take besides
_NO_ROOM = "There is no room for its steps in a page of 2 MB; replay it with --report to see them."
_HERE = Path(__file__).parent


def render(page: Page) -> str:
    """The page. It escapes all that it shows. Steps are left out of the last executions if it would take
    more than MOST bytes with them."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # few runs need it

    pages = Environment(loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True,
                        lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined)
    template = pages.get_template(TEMPLATE)

    def filled(cases: Sequence[Mapping[str, Any]], data: Mapping[str, Any]) -> str:
        return str(template.render(page=page, cases=cases, style=_file(STYLE), script=_file(SCRIPT),
                                   data=_for_script(data), bars=_bars(page)))

    bare = [_case(number, shown) for number, shown in enumerate(page.shown, 1)]
    room = MOST - len(filled(bare, {}).encode())
    sources, walks, cases = Sources(), dict[str, Any](), list[dict[str, Any]]()
    for case in bare:
        with_steps, walked = _with_steps(case, sources)
        room -= (len(with_steps["timeline"]) + len(str(with_steps["jump"])) + len(_for_script(walked))
                 + _MARKUP)
        if walked and room > len(_for_script(sources.json())):
            walks[case["id"]] = walked
            cases.append(with_steps)
        else:
            cases.append({**case, "why_not": _NO_ROOM} if walked else case)
    return filled(cases, page_data(sources, walks))


def _with_steps(case: dict[str, Any], sources: Sources) -> tuple[dict[str, Any], dict[str, Any]]:
    """A case with its pictures, and what the script needs to go through its steps; nothing if there are
    none."""
    shown: Shown = case["shown"]
    if not shown.recording or not shown.recording.steps:
        return case, {}
    line = timeline.of(shown.recording, shown.vcpus, shown.violation)
    pictures = {"timeline": timeline.svg(line, case["id"]), "jump": _jump(shown),
                "steps": len(line.recording.steps)}
    return case | pictures, walk(line, sources)


def _case(number: int, shown: Shown) -> dict[str, Any]:
    return {"id": f"v{number}", "shown": shown, "timeline": "", "jump": None, "steps": 0,
            "table": "\n".join(shown.table), "why_not": shown.why_not}


def _jump(shown: Shown) -> dict[str, Any] | None:
    made = geometry.jump(shown.recording, shown.violation) if shown.recording and shown.violation else None
    return {"svg": geometry_svg.svg(made), "rows": geometry.sentences(made)} if made else None


def _bars(page: Page) -> list[dict[str, Any]]:
    """Charts, with the length of each bar in percent."""
    made = []
    for chart in page.charts:
        most = max((value for _, values in chart.rows for value in values), default=0) or 1
        made.append({"chart": chart, "rows": [
            (name, [(value, round(100 * value / most, 2)) for value in values])
            for name, values in chart.rows]})
    return made


def _for_script(data: Any) -> str:
    """JSON that may stand in a <script>: nothing in it ends that."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")


def _file(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
