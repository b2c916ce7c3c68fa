# SPDX-License-Identifier: GPL-2.0
"""checkpatch.pl: findings, clean files, and a script that did not do its work. The script is a stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner import cli
from runner.errors import TkfiError
from runner.layout import Layout
from runner.tests.conftest import write
from runner.verbs.dev import style

# It finds fault with every file that says BAD.
CHECKPATCH = r"""
die "as a source file" if -e ($ENV{GIT_DIR} // ".git");
my $status = 0;
for my $name (grep { !/^--/ } @ARGV) {
    open(my $file, "<", $name) or die "no $name";
    while (<$file>) {
        if (/BAD/) { print "$name:$.: CHECK:LONG_LINE: too long\n"; $status = 1; }
    }
    print "total: 0 errors, 0 warnings\n";
}
exit $status;
"""


@pytest.fixture
def checkable(layout: Layout, source: Path) -> Path:
    """A kernel tree that has a checkpatch.pl, and two C sources."""
    write(source / "scripts/checkpatch.pl", CHECKPATCH)
    write(layout.repo / "fault/core/engine.c", "int engine;\n")
    write(layout.repo / "fault/core/switch.S", "nop\n")
    write(layout.repo / ".git/HEAD", "")
    return source


def test_clean(layout: Layout, checkable: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["dev", "style", "--kernel", str(checkable)], layout) == 0
    assert capsys.readouterr().out == "checkpatch.pl --strict: 4 of 4 files are clean\n"


@pytest.mark.parametrize("bad", ["fault/core/engine.c", "fault/core/switch.S", "kunit/a_kunit.c",
                                 "kernel-patches/6.12/0001-point.patch",
                                 "kernel-patches/6.12/variants/fixed.patch"])
def test_findings(layout: Layout, checkable: Path, variants: list[str], bad: str,
                  monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TKFI_SUMMARY", str(layout.build / "summary"))
    write(layout.repo / bad, "BAD\n" + (layout.repo / bad).read_text() + "BAD\n")
    assert cli.main(["dev", "style", "--kernel", str(checkable)], layout) == 1
    out = capsys.readouterr().out
    assert f"{bad}:1: CHECK:LONG_LINE: too long" in out and "6 of 7 files are clean" in out
    assert (layout.build / "summary").read_text() == "6 1 style\n"


@pytest.mark.parametrize("script", ["exit 1;", "exit 0; BEGIN { print \"a:1: ERROR:X: y\\n\" }",
                                    "die 'no';"])
def test_a_script_that_contradicts_itself(layout: Layout, checkable: Path, script: str,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    write(checkable / "scripts/checkpatch.pl", script)
    assert cli.main(["dev", "style", "--kernel", str(checkable)], layout) == 2
    assert "checkpatch.pl failed" in capsys.readouterr().err


def test_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(TkfiError, match="nothing to check"):
        style.files(Layout(tmp_path))
