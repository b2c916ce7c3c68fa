# SPDX-License-Identifier: GPL-2.0
"""Boots that came to a good end, in the journal of a run: all that they left."""

from __future__ import annotations

import hashlib

from runner.boot.kunit_boot import Ask, Boot, read_verdicts
from runner.files import write_safely
from runner.journal import Journal
from runner.kernel.kunit_tool import KunitTool

_KINDS = ("jsonl", "kunit.json", "console.log")  # of files, as Ask.file() has them


def keep(journal: Journal, tool: KunitTool, ask: Ask, boot: Boot) -> None:
    """Add a boot that ended well, with the files that it left."""
    if not boot.cause:
        journal.add(_key(tool, ask), {"seconds": boot.seconds, "files": {
            kind: file.read_text(encoding="utf-8", errors="replace") for kind in _KINDS
            if (file := ask.file(tool, kind)).exists()}})


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
    counts, failing, suites = read_verdicts(ask.file(tool, "kunit.json"))
    return Boot(counts, found["seconds"], None, ask.file(tool, "console.log"), "", failing, suites)


def _key(tool: KunitTool, ask: Ask) -> list[object]:
    """The kernel's file, what it was told, and what it read."""
    return ["boot", *tool.identity, ask.glob, ask.name, list(ask.arguments),
            [hashlib.sha256(file.read_bytes()).hexdigest() for file in ask.reads]]
