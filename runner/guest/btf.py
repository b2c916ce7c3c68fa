# SPDX-License-Identifier: GPL-2.0
"""Where members of structures are, from the BTF that a kernel image carries.

The format: Documentation/bpf/btf.rst in the kernel tree.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from runner.errors import TkfiError

_MAGIC = 0xeb9f
_HEADER = struct.Struct("<HBBIIIII")
_TYPE = struct.Struct("<III")
_WORDS = struct.Struct("<III")  # a member of a structure, and what an array has
_INT, _ARRAY, _STRUCT, _UNION, _ENUM, _FUNC_PROTO, _VAR, _DATASEC, _DECL_TAG, _ENUM64 = (
    1, 3, 4, 5, 6, 13, 14, 15, 17, 19)
_MODIFIERS = (8, 9, 10, 11, 18)  # typedef, volatile, const, restrict, type tag
_FIXED = {_INT: 4, _ARRAY: 12, _VAR: 4, _DECL_TAG: 4}  # bytes that follow a type
_EACH = {_STRUCT: 12, _UNION: 12, _ENUM: 8, _FUNC_PROTO: 8, _DATASEC: 12, _ENUM64: 12}  # for each element


class Btf:
    """The types of one kernel."""

    def __init__(self, data: bytes) -> None:
        """Raises TkfiError for what is no BTF."""
        try:
            magic, _, _, size, types, types_size, strings, _ = _HEADER.unpack_from(data)
            if magic != _MAGIC:
                raise ValueError
            self._data, self._strings = data, size + strings
            self._at = [0, *self._types(size + types, size + types + types_size)]
        except (struct.error, ValueError) as error:
            raise TkfiError("the guest's kernel has no BTF that can be read; choose an image with "
                            "CONFIG_DEBUG_INFO_BTF") from error
        self._named: dict[str, int] = {}
        for number, at in enumerate(self._at[1:], 1):
            name, info, _ = _TYPE.unpack_from(data, at)
            if name and info >> 24 & 0x1f in (_STRUCT, _UNION):
                self._named.setdefault(self._string(name), number)

    def __contains__(self, name: str) -> bool:
        """Whether it has a structure of that name."""
        return name in self._named

    def offset(self, name: str, path: Sequence[str | int]) -> int:
        """Bytes from the beginning of a structure to what path leads to: names of members, numbers of
        elements. Raises TkfiError where there is nothing."""
        kind, offset = self._named.get(name, 0), 0
        for step in path:
            found = self._element(kind, step) if isinstance(step, int) else self._member(kind, step)
            if not found:
                raise TkfiError(f"the guest's kernel has no {name}, or in it no {step}; tkfi does not know "
                                "this image")
            offset, kind = offset + found[0], found[1]
        return offset

    def _types(self, at: int, end: int) -> list[int]:
        found = []
        while at < end:
            found.append(at)
            _, info, _ = _TYPE.unpack_from(self._data, at)
            kind, number = info >> 24 & 0x1f, info & 0xffff
            at += _TYPE.size + _FIXED.get(kind, 0) + _EACH.get(kind, 0) * number
        return found

    def _string(self, at: int) -> str:
        start = self._strings + at
        return self._data[start:self._data.index(b"\0", start)].decode()

    def _plain(self, number: int) -> tuple[int, int, int, int]:
        """Kind, number of elements, size or type, and place of a type without its modifiers."""
        while True:
            at = self._at[number]
            _, info, size = _TYPE.unpack_from(self._data, at)
            kind = info >> 24 & 0x1f
            if kind not in _MODIFIERS:
                return kind, info & 0xffff, size, at + _TYPE.size
            number = size

    def _member(self, number: int, name: str) -> tuple[int, int] | None:
        """Offset and type of a member, which may be in a structure without a name."""
        if not number:
            return None
        kind, members, _, at = self._plain(number)
        if kind not in (_STRUCT, _UNION):
            return None
        for where in range(at, at + members * _WORDS.size, _WORDS.size):
            word, of, bits = _WORDS.unpack_from(self._data, where)
            offset = (bits & 0xffffff) // 8
            if word and self._string(word) == name:
                return offset, of
            if not word and (inner := self._member(of, name)):
                return offset + inner[0], inner[1]
        return None

    def _element(self, number: int, index: int) -> tuple[int, int] | None:
        kind, _, _, at = self._plain(number)
        if kind != _ARRAY:
            return None
        of, _, length = _WORDS.unpack_from(self._data, at)
        return (index * self._size(of), of) if index < length else None

    def _size(self, number: int) -> int:
        kind, _, size, at = self._plain(number)
        if kind != _ARRAY:
            return size
        of, _, length = _WORDS.unpack_from(self._data, at)
        return int(length) * self._size(of)
