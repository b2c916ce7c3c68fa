# SPDX-License-Identifier: GPL-2.0
"""`explore --report DIR`: a directory that stands alone, for whoever did not run the exploration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from runner import results
from runner.errors import TkfiError
from runner.explore import Exploration
from runner.replay import explanation, verdict

_DATA, _TEXT, _PAGE, _VIOLATION = "report.json", "report.txt", "index.html", "violation-{}.txt"
_NAME = "name with --report a directory that is new, empty, or holds an earlier report"
_PAGE_TEXT = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font-family: sans-serif; margin: 2em }}
pre {{ overflow-x: auto }}
td, th {{ padding: 0 1em; text-align: right }}
td:first-child, th:first-child {{ text-align: left }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


@dataclass(frozen=True)
class Report:
    """A directory that can be written to, and holds nothing else, or an earlier report."""

    directory: Path

    @staticmethod
    def begin(directory: Path) -> Report:
        """Make the directory, if there is none.

        Raises TkfiError for a directory that holds anything else, or cannot be written to.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            others = set(directory.iterdir()) - set(_left(directory))
            if others and not _is_report(directory / _DATA):
                raise TkfiError(f"'{directory}' is not empty and holds no report of tkfi; {_NAME}")
            _tidy(directory)
            _new(directory / _DATA).write_text("", encoding="utf-8")
            _new(directory / _DATA).unlink()
        except OSError as error:
            raise TkfiError(f"no report can be written to '{directory}': {error.strerror}; "
                            f"{_NAME}") from error
        return Report(directory)

    def write(self, made: Exploration) -> None:
        """Write all files, and only then put them in the place of an earlier report's; report.json first:
        it says that they are a report's."""
        names = [_VIOLATION.format(number) for number, _ in enumerate(made.violations, 1)]
        violations = {name: _violation(made, number) for number, name in enumerate(names)}
        texts = {_DATA: json.dumps(made.json(), indent=2) + "\n", _TEXT: made.text() + "\n",
                 **violations, _PAGE: _page(made, names)}
        files = [self.directory / name for name in texts]
        try:
            for file, text in zip(files, texts.values()):
                _new(file).write_text(text, encoding="utf-8")
            for file in files:
                _new(file).replace(file)
        finally:
            _tidy(self.directory)
        for file in set(self.directory.glob(_VIOLATION.format("*"))) - set(files):
            file.unlink()


def _new(file: Path) -> Path:
    """What a file is called while it is not whole."""
    return file.with_name(f"{file.name}.new")


def _left(directory: Path) -> list[Path]:
    """What somebody who was stopped was about to write."""
    return [file for name in (_DATA, _TEXT, _PAGE, _VIOLATION.format("*"))
            for file in directory.glob(_new(Path(name)).name)]


def _tidy(directory: Path) -> None:
    for file in _left(directory):
        file.unlink(missing_ok=True)


def _is_report(file: Path) -> bool:
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return False
    return isinstance(data, dict) and data.get("format") == results.FORMAT and "scenarios" in data


def _violation(made: Exploration, number: int) -> str:
    """A violation by itself."""
    found = made.violations[number].violation
    return "\n\n".join([made.title, f"scenario {found.scenario}", verdict(found),
                        f"In {found.findings:,} executions, of which this is the plainest:",
                        *_execution(made, number)]) + "\n"


def _execution(made: Exploration, number: int) -> list[str]:
    """How to see it again, its diagram, and what explains it."""
    found, again = made.violations[number], made.replays.get(number)
    return [made.command(found),
            *filter(None, [again.diagram(), explanation(found.violation)] if again else [])]


def _page(made: Exploration, names: Sequence[str]) -> str:
    heading, rows = made.rows()
    parts = [f"<h1>{escape(made.title)}</h1>",
             f'<p>{escape(made.sum())} <a href="{_TEXT}">{_TEXT}</a>, <a href="{_DATA}">{_DATA}</a></p>',
             "<table>", _row("th", heading), *(_row("td", row) for row in rows), "</table>",
             *(f"<pre>{escape(problem.text)}</pre>" for problem in made.problems)]
    for number, name in enumerate(names):
        found = made.violations[number].violation
        parts += [f"<h2>{escape(found.scenario)}: {escape(verdict(found))}</h2>",
                  f'<p><a href="{name}">{name}</a></p>',
                  "<pre>" + escape("\n\n".join(_execution(made, number))) + "</pre>"]
    return _PAGE_TEXT.format(title=escape(made.title), body="\n".join(parts))


def _row(cell: str, texts: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(text)}</{cell}>" for text in texts) + "</tr>"
