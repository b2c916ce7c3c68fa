# SPDX-License-Identifier: GPL-2.0
"""Tables of C sources whose rows are macros: as the preprocessor would have them."""

from __future__ import annotations

import re

STRING = r'"(?:[^"\\]|\\.)*"'
_BODY = r"[ \t]+((?:[^\\\n]|\\.)*(?:\\\n(?:[^\\\n]|\\.)*)*)"
_MACRO = re.compile(rf"^#define[ \t]+(\w+){_BODY}", re.MULTILINE)
_FUNCTION = re.compile(rf"^#define[ \t]+(\w+)\(([\w, ]*)\){_BODY}", re.MULTILINE)
_CALL = re.compile(rf"\b([A-Z_]+)\(((?:[^\"()]|{STRING})*)\)")

Functions = dict[str, tuple[list[str], str]]


def plain(source: str) -> dict[str, str]:
    """Macros without arguments, and what they stand for."""
    return dict(_MACRO.findall(source))


def functions(source: str) -> Functions:
    """Macros with arguments: their parameters, and what they stand for."""
    return {name: (re.findall(r"\w+", parameters), body.replace("\\\n", " "))
            for name, parameters, body in _FUNCTION.findall(source)}


def called(text: str, macros: Functions) -> str:
    """With macros that take arguments replaced, and those in what they stand for."""
    def body(call: re.Match[str]) -> str:
        if call[1] not in macros:
            return call[0]
        parameters, stands_for = macros[call[1]]
        arguments = [found[0].strip() for found in re.finditer(rf"(?:[^,\"]|{STRING})+", call[2])]
        given = dict(zip(parameters, arguments))
        quoted = re.sub(r"(?<!#)#(\w+)", lambda word: f'"{given.get(word[1], word[1])}"', stands_for)
        return re.sub(rf"{STRING}|\w+", lambda word: given.get(word[0], word[0]), quoted).replace("##", "")

    while (replaced := _CALL.sub(body, text)) != text:
        text = replaced
    return text
