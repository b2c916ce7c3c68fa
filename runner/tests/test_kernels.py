# SPDX-License-Identifier: GPL-2.0
"""What the user's choice of a kernel means."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner import cli
from runner.errors import TkfiError
from runner.kernel import kernels
from runner.kernel.fetch import NotThere
from runner.kernel.kernels import Release
from runner.layout import Layout
from runner.tests.conftest import write


def test_a_release_is_offered_once_it_has_a_series(layout: Layout) -> None:
    assert [r.version for r in kernels.offered(layout)] == ["6.12"]
    write(layout.patches / "6.1/series", "")
    assert [r.version for r in kernels.offered(layout)] == ["6.1", "6.12"]


def test_release(layout: Layout) -> None:
    kernel = kernels.choose("6.12", layout)
    assert kernel.name == "6.12"
    assert kernel.source(layout) == layout.source("6.12")


def test_path(layout: Layout, source: Path) -> None:
    kernel = kernels.choose(str(source), layout)
    assert kernel.option == f"--kernel {source}"
    assert kernel.name.startswith("path-linux-") and len(kernel.name) == len("path-linux-12345678")
    assert kernel.source(layout) == source
    assert kernel.series == layout.patches / "6.12"
    assert kernels.tree_version(source) == "6.12.99-rc1"


@pytest.mark.parametrize("choice, reason", [
    ("6.13", "unknown kernel '6.13', which is not the path of a kernel tree either; did you mean 6.12[?] "
             "'./tkfi list kernels' lists all"),
    ("/nowhere", "'/nowhere' is not a kernel tree this tool can use: it has no Makefile"),
])
def test_unknown(layout: Layout, choice: str, reason: str) -> None:
    with pytest.raises(TkfiError, match=reason):
        kernels.choose(choice, layout)


def test_path_with_a_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TkfiError, match="spaces"):
        Layout(tmp_path / "a b")


def test_a_tree_in_a_place_that_kbuild_refuses(layout: Layout, source: Path) -> None:
    """What is made of it is elsewhere."""
    kernel = kernels.choose(str(source.rename(source.with_name("my linux:1"))), layout)
    assert kernel.name.startswith("path-my_linux_1-")


def test_a_kernel_without_a_series_is_fetched_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    (release,) = kernels.BY_PATH
    assert release not in kernels.offered(Layout())
    assert cli.main(["dev", "source", "7.0"]) == 2
    assert f"'7.0' is no kernel without a patch series, as {release.version} is" in capsys.readouterr().err


@pytest.mark.parametrize("error, status", [(NotThere("gone"), 1), (TkfiError("no network"), 2)])
def test_one_that_debian_does_not_have_any_more(error: TkfiError, status: int,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is told from all else, as check-tree is skipped then."""
    def fetch(release: Release, layout: Layout) -> Path:
        raise error
    monkeypatch.setattr("runner.verbs.dev.source.ensure_source", fetch)
    assert cli.main(["dev", "source", kernels.BY_PATH[0].version]) == status
