# SPDX-License-Identifier: GPL-2.0
"""What is certainly wrong with a scenario or the turns of a schedule, before there is a kernel to read it.

The kernel reads them itself (fault/program/plan.c, fault/timekeeping/operations.c and adjtimex.c,
fault/search/schedule.c). Nothing that it takes may be refused here. Places and reasons are its own, but for
readers, all of which it lists. What an operation comes to when it is executed, EINVAL for one, only the
kernel can tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runner import units
from runner.boot.lists import Lists, Reader
from runner.errors import InputError, TkfiError
from runner.explore.scenarios import Scenario, after_clock
from runner.explore.schedule import Schedule
from runner.kernel.kernels import Kernel
from runner.nearest import nearest

_CPU = re.compile(r"cpu\+?([0-9]+)", re.ASCII)
_TIME = re.compile(r"([0-9]{1,15})([^0-9].*)?", re.ASCII)
_FREQUENCY = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,9})?(ppb|ppm|%)", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_HIT = re.compile(r"[0-9]{1,11}", re.ASCII)
_STEPS = ("load", "store", "lock", "unlock")
_MOST_HITS = (1 << 32) - 1
_NOT_AUX = 0x02 | 0x04 | 0x10 | 0x20  # STA_PPSFREQ | STA_PPSTIME | STA_INS | STA_DEL
_PLL = 0x01  # STA_PLL


class _Wrong(Exception):
    """At a place in a text."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at, self.why = at, why


@dataclass(frozen=True)
class Language:
    """What may be written for a kernel, which option chooses: the operations with their arguments, those on
    an auxiliary clock, the settings of adjtimex with least, most and unit of those that are a plain number,
    the members of struct timex with least and most, the readers, and the limits."""

    operations: dict[str, str]
    aux: dict[str, str]
    settings: dict[str, tuple[int, int, str] | None]
    members: dict[str, tuple[int, int]]
    readers: Sequence[Reader]
    limits: dict[str, int]
    option: str


def language(kernel: Kernel, there: Lists) -> Language:
    """That of a kernel, which has this."""
    settings = {row["name"]: (row["least"], row["most"], row["unit"]) if "most" in row else None
                for row in there.rows["setting"]}
    members = {row["name"]: (row["least"], row["most"]) for row in there.rows["member"]}
    return Language(there.operations(), there.operations("aux_operation"), settings, members, there.readers,
                    there.limits, kernel.option)


def check(scenarios: Sequence[Scenario], kernel: Kernel, there: Lists | None,
          schedule: Schedule | None = None) -> None:
    """Raises InputError at the first mistake in scenarios that somebody wrote, for a kernel and its
    lists, and in the turns of a schedule of the only one. Without lists nothing is checked here: the kernel
    refuses mistakes itself, once it is built."""
    if not there:
        return
    known = language(kernel, there)
    for scenario in scenarios:
        if not scenario.shipped:
            check_scenario(scenario, known)
        if schedule:
            check_turns(schedule, scenario, known)


def check_scenario(scenario: Scenario, known: Language) -> None:
    """Raises InputError at the first mistake in it."""
    try:
        _check_scenario(scenario.text, known)
    except _Wrong as wrong:
        raise InputError(scenario.text, wrong.at, 1, f"{scenario.name}: {wrong.why}") from None


def check_turns(schedule: Schedule, scenario: Scenario, known: Language) -> None:
    """Raises InputError at the first mistake in the turns of a schedule of scenario."""
    try:
        _check_turns(schedule.turns, scenario.vcpus, known.limits["turns"])
    except _Wrong as wrong:
        raise InputError(str(schedule), schedule.start + wrong.at, 1, wrong.why) from None


def _pieces(text: str, at: int, separator: str) -> Iterator[tuple[int, str]]:
    """The parts of a text that is at a place, without blanks around them, each with its own place."""
    for piece in text.split(separator):
        yield at + len(piece) - len(piece.lstrip()) if piece.strip() else at, piece.strip()
        at += len(piece) + len(separator)


def _check_scenario(text: str, known: Language) -> None:
    start = after_clock(text)
    start += len(text[start:]) - len(text[start:].lstrip())
    if text.startswith("setup:", start):
        start += len("setup:")
        setup = text[start:].partition(";")[0]
        most = known.limits["text"]
        if len(setup) > most:
            raise _Wrong(start + most, f"a set-up of {len(setup)} characters; {most} are possible")
        if setup:
            _check_operations(setup, start, known)
        start = min(len(text), start + len(setup) + 1)
    most = known.limits["text"]
    statements = [(at, one) for at, one in _pieces(text[start:], start, ";") if one]
    for at, statement in statements:
        if statement.startswith("at "):
            raise _Wrong(at, "a scenario has no 'at' statements: all places are tried")
    if len(text) - start > most:
        raise _Wrong(start + most, f"a plan of {len(text) - start} characters; {most} are possible")
    names: list[str] = []
    for at, statement in statements:
        who, colon, rest = statement.partition(":")
        if not colon:
            raise _Wrong(at, f"unknown statement '{statement}'; there are: "
                         "setup: OPERATION[, OPERATION]..., cpuN: OPERATION[, OPERATION]..., "
                         "nmi cpuN: OPERATION[, OPERATION]..., host: TIME[, TIME]...")
        names.append(_vcpu(" ".join(who.split()), at, names, known.limits))
        if names[-1] != "host":
            _check_operations(rest, at + len(who) + 1, known)
            continue
        for number, (place, time) in enumerate(_pieces(rest, at + len(who) + 1, ",")):
            _check_count(number, place, known)
            _check_wait(time, place)
    if not names:
        raise _Wrong(start, "an empty plan; write at least cpu0: OPERATION")


def _vcpu(who: str, at: int, before: Sequence[str], limits: dict[str, int]) -> str:
    """The name, if it may follow on those before."""
    most_cpus, most = limits["cpus"], limits["vcpus"]
    if who == "host" and before and "host" not in before:
        return who
    cpus = sum(name.startswith("cpu") for name in before)
    number = _CPU.fullmatch(who.removeprefix("nmi "))
    cpu = int(number[1]) if number else -1
    if not who.startswith("nmi "):
        if cpu == len(before) < most_cpus and "host" not in before:
            return f"cpu{cpu}"
        raise _Wrong(at, f"'{who}:' is not expected here; write cpu0: to cpu{most_cpus - 1}:, in order and "
                     "once each")
    if 0 <= cpu < cpus and not {f"nmi{cpu}", "host"}.intersection(before) and len(before) < most - 1:
        return f"nmi{cpu}"
    raise _Wrong(at, f"'{who}:' is not expected here; write nmi cpuN: after all CPUs, once each, for up to "
                 f"{most - 1 - most_cpus} of them")


def _check_operations(text: str, at: int, known: Language) -> None:
    for number, (place, operation) in enumerate(_pieces(text, at, ",")):
        _check_count(number, place, known)
        _check_operation(operation, place, known.operations, known, "")


def _check_count(number: int, at: int, known: Language) -> None:
    if number == known.limits["operations"]:
        raise _Wrong(at, f"more than {number} operations on one VCPU")


def _check_operation(text: str, at: int, types: dict[str, str], known: Language, before: str) -> None:
    """before: what stands before its name."""
    name, _, rest = text.partition(" ")
    arguments = rest.strip()
    if name not in types:
        raise _Wrong(at, f"unknown operation '{name}'; there are: {', '.join(types)}")
    if arguments:
        at += len(name) + 1 + len(rest) - len(rest.lstrip())
    if name == "aux":
        if not any(reader.clock == "AUX" for reader in known.readers):
            raise _Wrong(at, "this kernel has no auxiliary clocks")
        _check_operation(arguments, at if arguments else at + len(name), known.aux, known, "aux ")
    elif not types[name]:
        if arguments:
            raise _Wrong(at, f"{before}{name} takes no arguments, not '{arguments}'")
    elif name == "adjtimex" and arguments.startswith("modes="):
        _check_members(arguments, at, known.members)
    elif name == "adjtimex":
        _check_settings(arguments, at, known.settings, aux=types is known.aux)
    elif name == "read":
        _check_reader(arguments, at, known)
    elif name in _ARGUMENTS:
        _ARGUMENTS[name](arguments, at)


def _check_reader(text: str, at: int, known: Language) -> None:
    family, _, clock = text.partition(" ")
    there = [f"{reader.family} {reader.name}" for reader in known.readers]
    if f"{family} {clock}" not in there:
        near = nearest(text, there, f"./tkfi list readers {known.option}")
        raise _Wrong(at, f"unknown reader '{family} {clock}'; {near}")


def _check_settings(text: str, at: int, known: Mapping[str, tuple[int, int, str] | None], *,
                    aux: bool) -> None:
    where: dict[str, int] = {}
    written: dict[str, str] = {}
    values: dict[str, int] = {}
    for word in re.finditer(r"\S+", text):
        name = re.sub("=.*", "=", word[0])
        if name not in known:
            raise _Wrong(at + word.start(), f"unknown setting '{word[0]}'; there are: {', '.join(known)}")
        if name in where:
            raise _Wrong(at + word.start(), f"'{word[0]}' is the second {name}; write one")
        where[name], written[name] = at + word.start(), word[0]
        values[name] = _setting(name, word[0], where[name], known[name])
    for name, wrong, instead in _contradictions(values, aux):
        if name in values and wrong:
            raise _Wrong(where[name], f"impossible together: '{written[name]}'; {instead}")


def _check_members(text: str, at: int, known: Mapping[str, tuple[int, int]]) -> None:
    seen = set[str]()
    for word in re.finditer(r"\S+", text):
        name, _, value = word[0].partition("=")
        name += "="
        if name not in known or "=" not in word[0]:
            raise _Wrong(at + word.start(),
                         f"unknown member of struct timex '{word[0]}'; there are: {', '.join(known)}")
        if name in seen:
            raise _Wrong(at + word.start(), f"'{word[0]}' is the second {name}; write one")
        seen.add(name)
        least, most = known[name]
        if not (_WHOLE.fullmatch(value) and least <= int(value) <= most):
            raise _Wrong(at + word.start(),
                         f"impossible member '{word[0]}'; write {name}{least} to {name}{most}")


def _setting(name: str, word: str, at: int, among: tuple[int, int, str] | None) -> int:
    """The value: in ppb, or in ns, if it is no plain number; 0 if there is none."""
    value = word.removeprefix(name)
    if name == "freq=":
        return _check_frequency(word, at)
    if name == "setoffset=":
        return _check_signed(value, at, (
            f"impossible offset '{word}'; write setoffset= and -10min to +10min, in "
            f"{', '.join(units.DURATIONS)}, as in setoffset=-3ms"))
    if not among:
        return 0
    least, most, unit = among
    if not (_WHOLE.fullmatch(value) and least <= int(value) <= most):
        raise _Wrong(at, f"impossible adjustment '{word}'; write {name}{least} to {name}{most}{unit}")
    return int(value)


def _contradictions(values: dict[str, int], aux: bool) -> Iterator[tuple[str, bool, str]]:
    """In the kernel's order: which setting is at fault, if it is, and what can be written instead."""
    def value(name: str) -> int:
        return values.get(name, 0)

    there = values.keys()
    alone = {"singleshot=", "ss_read"}
    yield ("singleshot=" if "singleshot=" in there else "ss_read", len(there) > 1 and bool(there & alone),
           "write singleshot=N or ss_read alone")
    yield "micro", "nano" in there, "write either nano or micro"
    yield ("freq=", "tick=" in there and abs(value("freq=")) > 500000,
           "write freq=-500ppm to freq=+500ppm where there is a tick=")
    yield "tai=", aux, "an auxiliary clock has no TAI offset; leave tai= out"
    yield ("tai=", "constant=" in there and value("tai=") != value("constant="),
           "tai= and constant= are one field; write the same number")
    yield ("status=", aux and bool(value("status=") & _NOT_AUX),
           "an auxiliary clock has no leap seconds, no PPS; no 2, 4, 16 or 32")
    yield ("constant=", value("constant=") > 6 and ("micro" in there or not there & {
        "nano", "offset=", "setoffset="}), "write constant=0 to constant=6, or up to constant=10 with nano")
    yield ("offset=", "status=" in there and not value("status=") & _PLL,
           "without the PLL it is passed over; write status=1")
    yield ("offset=", "micro" in there and abs(value("offset=")) > 500000,
           "write offset=-500000 to offset=500000 (us) with micro")
    yield ("setoffset=", "micro" in there and bool(value("setoffset=") % 1000),
           "write whole microseconds with micro")


def _check_frequency(text: str, at: int) -> int:
    """In ppb."""
    value = text.removeprefix("freq=")
    try:
        if not text.startswith("freq=") or not _FREQUENCY.fullmatch(value):
            raise TkfiError
        return units.parse_frequency(value)
    except TkfiError:
        raise _Wrong(at, f"impossible frequency '{text}'; write freq= and -10% to +10%, in ppm, ppb or %, "
                     "as in freq=-500ppm") from None


def _check_time(text: str, at: int, why: str, *, cycles: bool) -> int:
    """In ns, or in cycles, of which the clock of explorations has one a ns."""
    match = _TIME.fullmatch(text)
    amount, unit = (int(match[1]), match[2] or "") if match else (-1, "")
    factor = {**units.DURATIONS, **({"cycles": 1} if cycles else {})}.get(unit or "ns", 0)
    if amount < 0 or not unit and amount or not factor or amount * factor > units.MAX_DELAY_NS:
        raise _Wrong(at, why)
    return amount * factor


def _check_signed(text: str, at: int, why: str) -> int:
    """A time, in ns, that may have a sign."""
    ns = _check_time(text[text[:1] in ("-", "+"):], at, why, cycles=False)
    return -ns if text.startswith("-") else ns


def _check_wait(text: str, at: int) -> None:
    _check_time(text, at, f"impossible time '{text}'; write 0 to 10min, in {', '.join(units.DURATIONS)} or "
                "cycles, as in wait 10ms", cycles=True)


def _check_sleep(text: str, at: int) -> None:
    _check_time(text, at, f"impossible sleep '{text}'; write 0 to 10min, in "
                f"{', '.join(units.DURATIONS)}, as in sleeptime 10s", cycles=False)


def _check_offset(text: str, at: int) -> None:
    _check_signed(text, at, f"impossible offset '{text}'; write -10min to +10min, in "
                  f"{', '.join(units.DURATIONS)}, as in inject -3ms")


def _check_seconds(text: str, at: int) -> None:
    seconds, point, fraction = text.partition(".")
    if not _is_s64(seconds) or point and not re.fullmatch("[0-9]{1,9}", fraction):
        raise _Wrong(at, f"impossible time '{text}'; write seconds since 1970, as in settimeofday "
                     "1361404800 or 1361404799.999999999")


def _check_rtc(text: str, at: int) -> None:
    if text not in ("present", "absent"):
        raise _Wrong(at, f"unknown state '{text}' of the RTC; there are: present, absent")


def _check_clocksource(text: str, at: int) -> None:
    if text not in ("first", "second"):
        raise _Wrong(at, f"unknown clocksource '{text}'; there are: first, second")


def _is_s64(text: str) -> bool:
    return bool(_WHOLE.fullmatch(text)) and -(1 << 63) <= int(text) < 1 << 63


_ARGUMENTS: dict[str, Callable[[str, int], object]] = {
    "clocksource": _check_clocksource, "inject": _check_offset, "ntp": _check_frequency,
    "rtc": _check_rtc,
    "settime": _check_seconds, "settimeofday": _check_seconds, "sleeptime": _check_sleep,
    "wait": _check_wait}


def _check_turns(text: str, vcpus: Sequence[str], most: int) -> None:
    at = len(text) - len(text.lstrip(" "))
    turns, is_over = 0, False
    while at < len(text):
        if turns == most:
            raise _Wrong(at, f"too many turns; {most} are possible")
        turns += 1
        word = _word(text, at)
        if word not in vcpus:
            raise _Wrong(at, "no such VCPU; write cpuN, nmiN or host")
        if word == "host" and is_over:
            raise _Wrong(at, "the host's turn before this one went on to its end: all its delays are over")
        at = _after_blanks(text, at + len(word))
        if text.startswith("before ", at):
            at = _check_step(text, _after_blanks(text, at + len("before ")))
        else:
            is_over |= word == "host"
        if at < len(text):
            if text[at] != ",":
                raise _Wrong(at, "a comma or the end is expected")
            at = _after_blanks(text, at + 1)


def _check_step(text: str, at: int) -> int:
    """Where the step that begins here ends."""
    kind = _word(text, at)
    if kind not in _STEPS:
        raise _Wrong(at, "no such step; write load, store, lock or unlock")
    at = _after_blanks(text, at + len(kind))
    name = _word(text, at)
    if not name:
        raise _Wrong(at, "a name is expected, as in store vdso.seq")
    at += len(name)
    if text.startswith("#", at):
        at += 1
        hit = _word(text, at)
        if not (_HIT.fullmatch(hit) and 1 <= int(hit) <= _MOST_HITS):
            raise _Wrong(at, "a number is expected, from 1 to 4294967295")
        at += len(hit)
    return _after_blanks(text, at)


def _word(text: str, at: int) -> str:
    return re.split("[ ,#]", text[at:], maxsplit=1)[0]


def _after_blanks(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip(" "))
