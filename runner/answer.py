# SPDX-License-Identifier: GPL-2.0
"""A verb's answer: text for a person, JSON for a program."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runner import runs, terminal
from runner.errors import TkfiError
from runner.progress import note


def give(text: str, data: Mapping[str, Any], json_to: str | None) -> None:
    """Text to standard output, unless JSON is to be alone there (json_to is "-"); JSON to the file json_to
    if there is to be one. Both are kept with the run that is under way."""
    runs.keep(text, json_lines(data))
    if json_to == "-":
        note(text)
        sys.stdout.writelines(json_lines(data))
        return
    print(terminal.painted(text, sys.stdout), flush=True)
    if json_to:
        with Path(json_to).open("w", encoding="utf-8") as file:
            file.writelines(json_lines(data))


def check_file(json_to: str) -> None:
    """Before hours of work. Raises TkfiError for a file that cannot be written."""
    if json_to == "-":
        return
    file = Path(json_to)
    try:
        if not file.exists():
            file.resolve().touch()
            file.resolve().unlink()
        elif not os.access(file, os.W_OK) or file.is_dir():
            raise OSError(errno.EISDIR if file.is_dir() else errno.EACCES, "")
    except OSError as error:
        raise TkfiError(f"no result can be written to '{json_to}': {os.strerror(error.errno or 0)}; name "
                        "with --json a file in a directory that exists and can be written to") from error


def json_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """An answer for a program: each member, and each element of a list in it, on a line of its own."""
    before = "{\n"
    for name, value in answer.items():
        yield f"{before}{json.dumps(name)}: "
        if isinstance(value, (list, tuple)) and value:
            before = "[\n"
            for one in value:
                yield before
                yield json.dumps(one, default=vars)
                before = ",\n"
            yield "\n]"
        else:
            yield json.dumps(value, default=vars)
        before = ",\n"
    yield "\n}\n"
