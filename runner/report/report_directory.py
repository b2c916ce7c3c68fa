# SPDX-License-Identifier: GPL-2.0
"""`--report DIR`: a directory that stands alone, for whoever did not run what it is of."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner import answer
from runner.errors import TkfiError
from runner.files import write_safely
from runner.process import undisturbed
from runner.progress import note
from runner.report import perfetto
from runner.report.html_page import render
from runner.report.page_parts import Page

DATA, TEXT, PAGE, TRACE = "report.json", "report.txt", "index.html", "trace.json"
_NEW = ".tkfi-new"
_HEAD = 2000  # characters that tell a report by
_BEGINS = re.compile(r'\{\n"format": \d+,\n')
_OURS = ("strategy", "schedule", "verdict")  # what explore, replay and premerge tell
_NAME = "name with --report a directory that is new, empty, or holds an earlier report"


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
            if {file.name for file in directory.iterdir()} - {_NEW} and not _is_ours(directory / DATA):
                raise TkfiError(f"'{directory}' is not empty and holds no report of tkfi; {_NAME}")
            with _new(directory):
                pass
        except OSError as error:
            raise TkfiError(f"no report can be written to '{directory}': {error.strerror}; "
                            f"{_NAME}") from error
        return Report(directory)

    def write(self, page: Page, text: str, data: Mapping[str, Any], *, whole: bool = True) -> None:
        """Write all files, and only then put them in the place of an earlier report's. That stays if this
        one is not whole, as it was stopped or something went wrong, and the earlier one is.

        Raises TkfiError when they cannot be written.
        """
        if not whole and _is_whole(self.directory / DATA):
            note(f"the report in '{self.directory}' stays: it is of an earlier run that came to its end, "
                 "and this one did not")
            return
        recordings = {f"{shown.scenario}: {shown.title}": (shown.recording, shown.vcpus)
                      for shown in page.shown if shown.recording and shown.recording.steps}
        trace = json.dumps(perfetto.trace(recordings), separators=(",", ":"))
        traces = {TRACE: [trace]} if recordings else {}
        texts: dict[str, Iterable[str]] = {DATA: answer.json_lines(data), TEXT: [text, "\n"], **traces}
        texts[PAGE] = [render(replace(page, files=[name for name in (TEXT, DATA, TRACE) if name in texts]))]
        kept = "what was there is as it was"
        try:
            with _new(self.directory) as new:
                for name, parts in texts.items():
                    write_safely(new / name, parts)
                with undisturbed():
                    kept = "some of what was there is replaced"
                    self._replace(new, texts)
                    if not traces:
                        (self.directory / TRACE).unlink(missing_ok=True)
        except OSError as error:
            raise TkfiError(f"no report can be written to '{self.directory}': {error.strerror}; "
                            f"{kept}") from error

    def _replace(self, new: Path, names: Collection[str]) -> None:
        for name in names:
            (new / name).replace(self.directory / name)


@contextmanager
def _new(directory: Path) -> Iterator[Path]:
    """A directory in there for what is not whole, and nothing of which is left, however this ends."""
    new = directory / _NEW
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    try:
        yield new
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _is_ours(file: Path) -> bool:
    """Whether that begins as a report's data does: all of it can be tens of megabytes."""
    try:
        with file.open(encoding="utf-8") as data:
            head = data.read(_HEAD)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return False
    return bool(_BEGINS.match(head)) and any(f'"{name}": ' in head for name in _OURS)


def _is_whole(file: Path) -> bool:
    """Whether that is a report of an exploration that came to its end."""
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8")) if _is_ours(file) else {"stopped": True}
    except ValueError:
        return False
    return not data.get("stopped") and not data.get("problems")
