# SPDX-License-Identifier: GPL-2.0
"""A verb's answer: text for a person, JSON for a program."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.errors import TkfiError
from runner.progress import note


def give(text: str, data: Mapping[str, Any], json_to: str | None) -> None:
    """Text to standard output, unless JSON is to be alone there (json_to is "-"); JSON to the file json_to
    if there is to be one."""
    if json_to == "-":
        note(text)
        print(to_json(data))
        return
    print(text, flush=True)
    if json_to:
        Path(json_to).write_text(to_json(data) + "\n", encoding="utf-8")


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


def to_json(answer: Mapping[str, Any]) -> str:
    """An answer for a program: each member, and each element of a list in it, on a line of its own."""
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {_value(value)}"
                              for name, value in answer.items()) + "\n}"


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)) and value:
        return "[\n" + ",\n".join(json.dumps(one, default=vars) for one in value) + "\n]"
    return json.dumps(value, default=vars)
