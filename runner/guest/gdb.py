# SPDX-License-Identifier: GPL-2.0
"""A client of the gdb remote protocol, as far as QEMU's gdbstub needs one.

See "Remote Serial Protocol" in gdb's manual. Threads are VCPUs, numbered from 1 there and from 0 here.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.errors import TkfiError

TIMEOUT = 60.0  # seconds in which the stub has to answer what it can answer at once
_RAX, _RDX, _RIP = 0, 3, 16  # numbers of x86-64 registers
_CHUNK = 2048  # bytes of memory in one packet of QEMU's
_OURS = 1024  # likewise in one that it is sent: it drops longer ones without a word
_STOPPED = re.compile(rb"T..thread:(?:p[0-9a-f]+\.)?([0-9a-f]+);")
_INTERRUPT = b"\x03"


class GdbError(TkfiError):
    """The stub did not do as it was told."""


@dataclass(frozen=True)
class Registers:
    """Those of a stopped VCPU that are of interest."""

    rax: int
    rdx: int
    rip: int


class Gdb:
    """A connection to a gdbstub."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket, self._buffer = connection, b""
        self._received = b""  # what acknowledges the last packet; sent with the next command
        self._chosen = -1  # the VCPU whose registers and memory are meant
        self.steps = 0  # so far
        self._wait_at_most(TIMEOUT)
        self._ask(b"qSupported:swbreak+;hwbreak+;vContSupported+")
        # Without having read this QEMU answers `p` with nothing.
        self._ask(b"qXfer:features:read:target.xml:0,ffb")

    def go(self, vcpus: Sequence[int], limit: float = TIMEOUT,
           meanwhile: Callable[[], None] = lambda: None) -> int | None:
        """Let only these VCPUs go on until one comes to a breakpoint: its number. After meanwhile() and
        limit seconds of the host they are stopped: None."""
        self._send(b"vCont" + b"".join(b";c:%x" % (vcpu + 1) for vcpu in vcpus))
        meanwhile()
        return self._stopped(limit)

    def step(self, vcpu: int) -> None:
        """Let one VCPU execute one instruction, without interrupts."""
        self.steps += 1
        self._send(b"vCont;s:%x" % (vcpu + 1))
        if self._stopped(TIMEOUT) is None:
            raise GdbError("the guest does not get on by an instruction")

    def _stopped(self, limit: float) -> int | None:
        try:
            self._wait_at_most(limit)
            answer, interrupted = self._receive(), False
        except TimeoutError:
            self._wait_at_most(TIMEOUT)
            self._send_bytes(_INTERRUPT)
            answer, interrupted = self._answer(), True
        self._wait_at_most(TIMEOUT)
        match = _STOPPED.match(answer)
        if not match:
            raise GdbError(f"the guest stopped, and not for us: {answer.decode(errors='replace')}")
        self._chosen = int(match[1], 16) - 1  # the stub chooses the one that stopped
        return None if interrupted and answer.startswith(b"T02") else self._chosen

    def break_at(self, address: int, *, there: bool = True) -> None:
        """Set a breakpoint, or take it away."""
        self._done(b"%c1,%x,1" % (b"Z" if there else b"z", address))

    def registers(self, vcpu: int) -> Registers:
        """Of a stopped VCPU."""
        return Registers(*(self._register(vcpu, number) for number in (_RAX, _RDX, _RIP)))

    def rip(self, vcpu: int) -> int:
        """Where a stopped VCPU is."""
        return self._register(vcpu, _RIP)

    def read(self, vcpu: int, address: int, size: int) -> bytes:
        """Memory, as a VCPU sees it. Raises GdbError where there is none."""
        self._choose(vcpu)
        read = b""
        while len(read) < size:
            part = min(_CHUNK, size - len(read))
            answer = self._ask(b"m%x,%x" % (address + len(read), part))
            if len(answer) != 2 * part:
                raise GdbError(f"the guest has no memory at {address:#x} ({answer.decode()})")
            read += bytes.fromhex(answer.decode())
        return read

    def write(self, vcpu: int, address: int, data: bytes) -> None:
        """Memory, as a VCPU sees it."""
        self._choose(vcpu)
        for at in range(0, len(data), _OURS):
            part = data[at:at + _OURS]
            self._done(b"M%x,%x:%s" % (address + at, len(part), part.hex().encode()))

    def monitor(self, command: str) -> str:
        """What QEMU's monitor answers to a command."""
        self._send(b"qRcmd,%s" % command.encode().hex().encode())
        said = b""
        while (answer := self._answer()) != b"OK":
            if not answer.startswith(b"O"):
                raise GdbError(f"QEMU refuses '{command}': {answer.decode() or 'unknown'}")
            said += bytes.fromhex(answer[1:].decode())
        return said.decode(errors="replace").strip()

    def _register(self, vcpu: int, number: int) -> int:
        self._choose(vcpu)
        answer = self._ask(b"p%x" % number)
        try:
            return int.from_bytes(bytes.fromhex(answer.decode())[:8], "little")
        except ValueError as error:
            raise GdbError(f"QEMU has no register {number}: {answer!r}") from error

    def _choose(self, vcpu: int) -> None:
        if self._chosen != vcpu:
            self._done(b"Hg%x" % (vcpu + 1))
            self._chosen = vcpu

    def _done(self, command: bytes) -> None:
        answer = self._ask(command)
        if answer != b"OK":
            raise GdbError(f"QEMU refuses {command.decode()}: {answer.decode() or 'unknown'}")

    def _ask(self, command: bytes) -> bytes:
        self._send(command)
        return self._answer()

    def _answer(self) -> bytes:
        """As _receive(), of what can be answered at once."""
        try:
            return self._receive()
        except TimeoutError as error:
            raise GdbError(f"QEMU does not answer for {TIMEOUT:.0f} s") from error

    def _wait_at_most(self, seconds: float) -> None:
        if self._socket.gettimeout() != seconds:
            self._socket.settimeout(seconds)

    def _send(self, command: bytes) -> None:
        self._send_bytes(b"%s$%s#%02x" % (self._received, command, sum(command) & 0xff))
        self._received = b""

    def _send_bytes(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise GdbError("QEMU has ended") from error

    def _receive(self) -> bytes:
        """The next packet. Raises TimeoutError, with nothing of it lost."""
        while True:
            start = self._buffer.find(b"$")
            end = self._buffer.find(b"#", start + 1)
            if start >= 0 and 0 <= end <= len(self._buffer) - 3:
                break
            try:
                more = self._socket.recv(1 << 16)
            except ConnectionError:
                more = b""
            if not more:
                raise GdbError("QEMU has ended")
            self._buffer += more
        packet, self._buffer = self._buffer[start + 1:end], self._buffer[end + 3:]
        self._received = b"+"
        return packet
