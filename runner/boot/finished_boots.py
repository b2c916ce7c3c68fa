# SPDX-License-Identifier: GPL-2.0
"""Boots that came to their end, in the journal of a run: all that they left."""

from __future__ import annotations

import hashlib
from contextlib import suppress

from runner.boot.causes import Cause, Kind
from runner.boot.kunit_boot import Ask, Boot, Counts
from runner.files import write_safely
from runner.journal import Journal
from runner.kernel.kunit_tool import KunitTool

_KINDS = ("jsonl", "console.log")  # of files, as Ask.file() has them
_CUT = '"type":"not_written"'  # says the console if what it reported could not all be written


def keep(journal: Journal, tool: KunitTool, ask: Ask, boot: Boot) -> None:
    """Add a boot that came to its end, whether tests failed or not, with the files that it left."""
    if boot.cause and boot.cause.kind is not Kind.FAILED:
        return
    with suppress(OSError):
        files = {kind: file.read_text(encoding="utf-8", errors="replace") for kind in _KINDS
                 if (file := ask.file(tool, kind)).exists()}
        if _CUT not in files.get("console.log", ""):
            journal.add(_key(tool, ask), {
                "seconds": boot.seconds, "cause": boot.cause.text if boot.cause else None,
                "counts": vars(boot.counts), "failing": list(boot.failing), "output": boot.output,
                "suites": {name: vars(counts) for name, counts in boot.suites.items()}, "files": files})


def recall(journal: Journal, tool: KunitTool, ask: Ask) -> Boot | None:
    """A boot that was added, its files being there again; None if there is none."""
    found = journal.get(_key(tool, ask))
    if found is None:
        return None
    for kind in _KINDS:
        file = ask.file(tool, kind)
        file.unlink(missing_ok=True)
        if kind in found["files"]:
            write_safely(file, [found["files"][kind]])
    cause = Cause(Kind.FAILED, found["cause"]) if found["cause"] else None
    suites = {name: Counts(**counts) for name, counts in found["suites"].items()}
    return Boot(Counts(**found["counts"]), found["seconds"], cause, ask.file(tool, "console.log"),
                found["output"], found["failing"], suites)


def _key(tool: KunitTool, ask: Ask) -> list[object]:
    """The kernel's file, what it was told, and what it read."""
    return ["boot", *tool.identity, ask.glob, ask.name, list(ask.arguments),
            [hashlib.sha256(file.read_bytes()).hexdigest() for file in ask.reads]]
