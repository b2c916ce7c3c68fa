# SPDX-License-Identifier: GPL-2.0
"""Changes that premerge is to judge fit the kernels that they are for, and the variant that is fixed is the
same as somebody's own tree."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner.errors import TkfiError
from runner.kernel import change_patches, kernels, patches
from runner.kernel.kernels import Kernel
from runner.layout import Layout
from runner.tests.conftest import write

VARIANT = """\
Subject
---
--- a/a.c
+++ b/a.c
@@ -1,5 +1,6 @@ int f(void)
 one
 \ttkfi_point(a.b);
 two
+new
+\ttkfi_point(a.c);
-old
 three
"""


@pytest.fixture(name="kernel", params=[one.version for one in kernels.offered(Layout())])
def of_every_release(request: pytest.FixtureRequest) -> Kernel:
    kernel = kernels.choose(request.param, Layout(), kernels.FIXED)
    if not kernel.source(Layout()).is_dir():
        pytest.skip(f"the source of {kernel.name} is not there: ./tkfi tree --kernel {kernel.name}")
    return kernel


def copied(kernel: Kernel, tree: Path) -> Path:
    """The files of its source that patches change."""
    changes = [change.patch for change in change_patches.select(kernel, [])]
    for name in set[str]().union(*map(patches.touched, [*kernel.patches(), *changes])):
        if (kernel.source(Layout()) / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(kernel.source(Layout()) / name, tree / name)
    return tree


def code(tree: Path) -> dict[str, list[str]]:
    """The lines of all files that are not blank."""
    return {str(file.relative_to(tree)): list(filter(None, file.read_text(encoding="utf-8").split("\n")))
            for file in tree.rglob("*") if file.is_file()}


def test_each_fits(kernel: Kernel, tmp_path: Path) -> None:
    for change in change_patches.select(kernel, []):
        tree = copied(kernel, tmp_path / change.name)
        change_patches.put_in(change, tree)
        assert code(tree) != code(copied(kernel, tmp_path / "as it was"))


def test_a_tree_with_the_fix_is_the_variant(kernel: Kernel, tmp_path: Path) -> None:
    """With the same injection points, though these are put in afterwards."""
    variant, own = (copied(kernel, tmp_path / name) for name in ("variant", "own"))
    (fixed,) = change_patches.select(kernel, [kernels.FIXED])
    change_patches.put_in(fixed, own)
    log = tmp_path / "log"
    assert not [left for patch in kernel.patches() if patch != fixed.patch
                for left in patches.apply(patch, own, log)]
    for patch in kernel.patches():
        patches.apply(patch, variant, log)
    assert code(own) == code(variant)


def test_lines_that_name_points_are_left_out() -> None:
    made = change_patches.without_points(VARIANT)
    assert "tkfi" not in made
    assert "@@ -1,4 +1,4 @@ int f(void)\n one\n two\n+new\n-old\n three\n" in made


def test_one_that_does_not_fit(layout: Layout, tmp_path: Path) -> None:
    write(layout.patches / "6.12/changes/a.patch", "Verdict: pass\n---\n--- a/a.c\n+++ b/a.c\n"
          "@@ -1 +1 @@\n-one\n+two\n")
    write(tmp_path / "a.c", "three\n")
    (change,) = change_patches.select(kernels.choose("6.12", layout), ["a"])
    with pytest.raises(TkfiError, match="a.patch does not apply to"):
        change_patches.put_in(change, tmp_path)
