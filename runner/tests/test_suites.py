# SPDX-License-Identifier: GPL-2.0
"""What must be the same in all variants of a kernel."""

from __future__ import annotations

from pathlib import Path

from runner.boot.results import read
from runner.kernel.kernels import choose
from runner.layout import Layout
from runner.verbs.test import SuiteRun, unlike


def run(variant: str, **same: str) -> SuiteRun:
    """A finished run of one variant of 6.12."""
    return SuiteRun(choose("6.12", Layout(), variant), "tkfi_long_run", [], 0, [], same, "6.12.1")


def test_variants_that_agree() -> None:
    assert not unlike([run("pre-series", a="1", b="2"), run("post-series", a="1", b="2"),
                       run("fixed", b="2")])


def test_variants_that_differ() -> None:
    assert unlike([run("pre-series", a="1"), run("post-series", a="2")]) == [
        "6.12: a differ between variants: pre-series 1, post-series 2"]


def test_the_kernel_reports_what_must_be_the_same(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    file.write_text('{"type":"header","format":1,"kernel":"6.12","variant":"fixed","compiler":"gcc"}\n'
                    '{"type":"same","suite":"s","case":"a","hash":"1"}\n', encoding="utf-8")
    assert [(s.case, s.hash) for s in read(file).same] == [("a", "1")]
