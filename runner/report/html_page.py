# SPDX-License-Identifier: GPL-2.0
"""Results as one page of HTML that needs nothing else: no network, and no other file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from runner.report import geometry, geometry_svg, timeline
from runner.report.page_parts import Page, Shown
from runner.report.walk import Sources, page_data, walk

TEMPLATE, STYLE, SCRIPT = "page.html.jinja", "page.css", "page.js"
MOST = 1_900_000  # bytes of a page; what there is no room for is said
_HERE = Path(__file__).parent


def render(page: Page) -> str:
    """The page. It escapes all that it shows."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # few runs need it

    sources, walks, cases = Sources(), {}, []
    room = MOST - 60_000
    for number, shown in enumerate(page.shown, 1):
        case = _case(number, shown)
        room -= len(shown.diagram) + len(json.dumps([vars(one) for one in shown.like])) + 3_000
        if shown.recording and shown.recording.steps:
            line = timeline.of(shown.recording, shown.vcpus, shown.violation)
            told = walk(line, sources)
            picture, jump = timeline.svg(line, f"v{number}"), _jump(shown)
            size = len(picture) + len(json.dumps(told, separators=(",", ":")))
            if size < room - len(json.dumps(sources.json())):
                room -= size
                walks[f"v{number}"] = told
                case |= {"timeline": picture, "jump": jump, "steps": len(line.recording.steps)}
            else:
                case["why_not"] = ("There is no room for its steps in a page of 2 MB; replay it with "
                                   "--report to see them.")
        cases.append(case)
    pages = Environment(loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True,
                        lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined)
    return pages.get_template(TEMPLATE).render(
        page=page, cases=cases, style=_file(STYLE), script=_file(SCRIPT),
        data=_for_script(page_data(sources, walks)), bars=_bars(page))


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
