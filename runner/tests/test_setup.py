# SPDX-License-Identifier: GPL-2.0
"""setup.sh against a fake Debian, and `make clean` against links out of build/."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from runner.layout import REPO
from runner.tests.conftest import write

DPKG = """#!/bin/sh
shift 2
for package; do [ "$package" = "$MISSING" ] || echo "install ok installed $package"; done
"""
DEBIAN = {"dpkg-query": DPKG, "apt-get": '#!/bin/sh\necho "apt-get $*"\nexit $APT_STATUS\n',
          "env": "#!/bin/sh\nshift\nexec \"$@\"\n"}
ROOT = {"id": "#!/bin/sh\necho 0\n"}
USER = {"id": "#!/bin/sh\necho 1000\n"}
SUDO = {"sudo": "#!/bin/sh\nshift\n\"$@\"\n", "true": "#!/bin/sh\n"}
COMMANDS = "apt-get update\napt-get install -y --no-install-recommends flex\n"


def test_missing_installs_nothing(tmp_path: Path) -> None:
    for name, script in {**DEBIAN, **ROOT}.items():
        write(tmp_path / "bin" / name, script)
        (tmp_path / "bin" / name).chmod(0o755)
    for missing, status in (("flex", 2), ("python3", 2), ("", 0)):
        done = subprocess.run(["/bin/sh", REPO / "runner/setup.sh", "--missing"], capture_output=True,
                              text=True, check=False, env={"PATH": str(tmp_path / "bin"),
                                                           "MISSING": missing, "APT_STATUS": "0"})
        assert (done.returncode, done.stdout.split()) == (status, missing.split())


@pytest.mark.parametrize("tools, missing, apt_status, status, output, error", [
    ({}, "", 0, 2, "", "this is not Debian"),
    (DEBIAN | ROOT, "", 0, 0, "", ""),
    (DEBIAN | ROOT, "flex", 0, 0, "tkfi: going to install from Debian: flex\n" + COMMANDS, ""),
    (DEBIAN | USER | SUDO, "flex", 0, 0, COMMANDS, ""),
    (DEBIAN | USER, "flex", 0, 2, "going to install from Debian: flex\n",
     "apt-get update && apt-get install -y --no-install-recommends flex"),
    (DEBIAN | ROOT, "flex", 100, 2, "apt-get update\n", "installing failed"),
])
def test_setup(tmp_path: Path, tools: dict[str, str], missing: str, apt_status: int, status: int,
               output: str, error: str) -> None:
    (tmp_path / "bin").mkdir()
    for name, script in tools.items():
        write(tmp_path / "bin" / name, script)
        (tmp_path / "bin" / name).chmod(0o755)
    done = subprocess.run(["/bin/sh", REPO / "runner/setup.sh"], capture_output=True, text=True,
                          check=False, env={"PATH": str(tmp_path / "bin"), "MISSING": missing,
                                            "APT_STATUS": str(apt_status)})
    assert done.returncode == status
    assert done.stdout.endswith(output) and bool(output) == bool(done.stdout)
    assert error in done.stderr and bool(error) == bool(done.stderr)


def test_clean_keeps_downloads_and_follows_no_link(tmp_path: Path) -> None:
    shutil.copy(REPO / "Makefile", tmp_path)
    for name in ("user/Makefile", "build/debs/a.deb", "build/6.12/tree/.kunit/x.o"):
        write(tmp_path / name, "kept?\n")
    (tmp_path / "build/6.12/tree/source").symlink_to(tmp_path / "user")
    (tmp_path / "build/link").symlink_to(tmp_path / "user")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    for target, left in (("clean", [".lock", "debs"]), ("distclean", None)):
        subprocess.run(["make", "-C", tmp_path, target], check=True, capture_output=True,
                       env=environment)
        assert (tmp_path / "user/Makefile").read_text() == "kept?\n"
        build = tmp_path / "build"
        assert (sorted(p.name for p in build.iterdir()) if build.exists() else None) == left
