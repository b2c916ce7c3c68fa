# SPDX-License-Identifier: GPL-2.0
"""What tests of bad input share: texts that somebody may have written, and what must come of them.

The texts are the same in each run. TKFI_EXAMPLES=N makes N times as many, other ones each time.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from runner import cli
from runner.layout import REPO, Layout

set_hypothesis_home_dir(REPO / "build/hypothesis")  # type: ignore[no-untyped-call]
_MORE = int(os.environ.get("TKFI_EXAMPLES", "0"))

SCENARIOS = (
    "cpu0: tick; cpu1: read vdso MONOTONIC; host: 12ms",
    "clock: tsc; setup: adjtimex freq=+500ppm, wait 13ms, tick; cpu0: adjtimex freq=-500ppm; "
    "cpu1: read vdso MONOTONIC, read vdso MONOTONIC; host: 10ms",
    "cpu0: settimeofday 1361404800.5, inject -3ms; nmi cpu0: read fast ktime_get_mono_fast_ns; host: 0, 5s")
TURNS = "cpu0 before store vdso.seq, host, cpu1 before load vdso.seq#3"
SCHEDULES = (
    f"tkfi1 6.12.117 post-series falls-vdso: {TURNS}", f"tkfi1 6.12.117 fixed falls-vdso@tsc: {TURNS}",
    f'tkfi1 7.3.4 post-series "{SCENARIOS[0]}": cpu0', "tkfi1 6.12.117 post-series rises-coarse: cpu2")
PLAIN = (
    "", "6.12", "7.3", "post-series", "fixed", "falls-vdso", "falls-*", "tkfi_*", "tkfi_engine.lock*", "-",
    "10ms", "1.5us", "+500ppm", "-500ppm", "0", "1", "2", "-1", "64", "4294967296", "90s", "2h", "dpor",
    "pct", "random", "dfs", "1ghz", "tsc", "100000..100099", "1..9/2", "wait 10ms, tick", "slew", "readers",
    "until tick +3, tick", "HEAD", "v6.12", ".", "/", "/dev/null", "/dev/full", "/nonexistent/x", "--",
    "--help", "0123456789abcdef", *SCENARIOS, *SCHEDULES)


def examples(number: int) -> Callable[[Any], Any]:
    """So many in each run; what fixtures make is for all of them."""
    return settings(max_examples=number * max(1, _MORE), derandomize=not _MORE, database=None,
                    deadline=None, suppress_health_check=list(HealthCheck))


# What execve() hands on: no NUL, and bytes that are no text are surrogates.
_CHARACTERS = st.one_of(
    st.sampled_from(" ,;:#=+-.@\"'%*?[]{}()/\\\t\n"), st.characters(min_codepoint=32, max_codepoint=126),
    st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), st.sampled_from("\udcff\udc80"))
ANY_TEXT = st.text(_CHARACTERS, max_size=40)


@st.composite
def edited(draw: Callable[[Any], Any], texts: Sequence[str]) -> str:
    """One of texts, of which a part is missing, twice there, or something else."""
    text: str = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 20)))
        text = draw(st.sampled_from((
            text[:start] + text[end:], text[:end] + text[start:], text[:start],
            text[:start] + draw(ANY_TEXT) + text[end:],
            text[:start] + draw(st.sampled_from(texts)) + text[end:])))
    return text


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    status: int
    out: str
    error: str


def run(arguments: Sequence[str], layout: Layout) -> Done:
    """A command, with standard output and error as a process has them."""
    out, error = (io.TextIOWrapper(io.BytesIO(), "utf-8", errors=errors, write_through=True)
                  for errors in ("strict", "backslashreplace"))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        status = cli.main(arguments, layout)
    texts = []
    for stream in (out, error):
        assert isinstance(stream.buffer, io.BytesIO)
        texts.append(stream.buffer.getvalue().decode())
    return Done(status, *texts)


def check(done: Done, arguments: Sequence[str], *, in_answer: bool = False) -> None:
    """A status that there is, and what cannot be done is said in a sentence; in_answer: or on standard
    output."""
    assert done.status in (0, 1, 2), (arguments, done)
    assert "Traceback" not in done.error and "internal-error.log" not in done.error, (arguments, done)
    if done.status == 2:
        said = done.error.partition("tkfi: ")[2] or (done.out if in_answer else "")
        assert len(said.split()) > 3, (arguments, done)
