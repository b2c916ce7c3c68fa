# SPDX-License-Identifier: GPL-2.0
"""Packages from Debian: a private apt downloads and verifies, the system's apt is untouched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from runner import process
from runner.errors import TkfiError
from runner.kernel.kernels import Release
from runner.layout import Layout
from runner.progress import note, step

MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# Half of the 1.7 GB: drivers that configs/ does not build. Kconfig files and makefiles stay. What is there
# already stays as it is: `make clean` after a change here.
LEFT_OUT = ("drivers/gpu", "drivers/media", "drivers/net/ethernet", "drivers/net/wireless", "drivers/scsi",
            "sound")


class NotThere(TkfiError):
    """The archive does not have the package."""


def ensure_source(release: Release, layout: Layout) -> Path:
    """The pristine source of release under build/, downloaded and unpacked when it is not there.

    Raises TkfiError when it cannot be had.
    """
    source = layout.source(release.version)
    if not source.is_dir():
        _extract(_ensure_package(release, layout), release, source)
    return source


def apt_options(state: Path) -> list[str]:
    """Options that make apt work below state, with the system's apt.conf (proxies) but not its sources."""
    settings = {
        "Dir::State": state / "state",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": state / "cache",
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Architecture": "amd64",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    return [arg for key, value in settings.items() for arg in ("-o", f"{key}={value}")]


def mirror_of_user() -> str:
    """The mirror that is to be used."""
    return os.environ.get("TKFI_MIRROR", MIRROR).rstrip("/")


def set_up(state: Path, suites: Sequence[str], mirror: str) -> None:
    """What apt needs below state to offer suites."""
    for directory in (state / "download", state / "state/lists/partial", state / "cache/archives/partial"):
        directory.mkdir(parents=True, exist_ok=True)
    (state / "sources.list").write_text(sources_list(suites, mirror), encoding="utf-8")


def sources_list(suites: Sequence[str], mirror: str) -> str:
    """The lines of sources.list that offer suites."""
    lines = []
    for suite in suites:
        base = f"{mirror}-security" if suite.endswith("-security") else mirror
        lines.append(f"deb [signed-by={KEYRING}] {base} {suite} main\n")
    return "".join(lines)


def _ensure_package(release: Release, layout: Layout) -> Path:
    """The newest downloaded package of release, downloading one if there is none."""
    found = sorted(layout.debs.glob(f"{release.package}_*.deb"), key=lambda p: p.stat().st_mtime)
    return found[-1] if found else _download(release, layout)


def _download(release: Release, layout: Layout) -> Path:
    state, mirror = layout.apt / release.version, mirror_of_user()
    partial = state / "download"
    shutil.rmtree(partial, ignore_errors=True)
    layout.debs.mkdir(parents=True, exist_ok=True)
    set_up(state, release.suites, mirror)
    note(f"Kernel {release.version}: the package {release.package} (about 150 MB) of Debian "
         f"{' or '.join(release.suites)} is going to be downloaded from {mirror}")
    options = apt_options(state)
    with step(f"Reading the package list of {release.suites[0]}"):
        # One suite of several may be missing from a mirror; what matters is the download.
        process.run(["apt-get", *options, "update"], log=state / "update.log")
    log = state / "download.log"
    with step(f"Downloading {release.package}") as shown:
        status = process.run(
            ["apt-get", *options, "download", release.package], log=log, cwd=partial,
            tick=lambda: shown.update(f"{megabytes(partial)} MB"))
    packages = list(partial.glob("*.deb"))
    if status != 0 or len(packages) != 1:
        raise _why_not(release, mirror, state)
    target = layout.debs / packages[0].name
    packages[0].replace(target)
    return target


def _why_not(release: Release, mirror: str, state: Path) -> TkfiError:
    tail = process.tail(state / "download.log")
    if "Unable to locate package" in tail or "No packages found" in tail:
        tail = process.tail(state / "update.log") + "\n" + tail
        return NotThere(f"{mirror} has no package {release.package} in {', '.join(release.suites)}.\n"
                        "Set TKFI_MIRROR to a Debian mirror that carries it, put a copy of the .deb into "
                        f"build/debs/, or use KERNEL=/path/to/a/kernel/tree.\n{tail}")
    return TkfiError(f"downloading {release.package} from {mirror} failed. Check the network and the proxy "
                     f"in apt.conf, or set TKFI_MIRROR; full logs: {state}/update.log, "
                     f"{state}/download.log\n{tail}")


def _extract(package: Path, release: Release, source: Path) -> None:
    """Unpack package, less LEFT_OUT, so that source appears at once or not at all.

    Files get the time of unpacking, so that objects of an earlier point release are out of date.
    """
    work = source.with_name(source.name + ".partial")
    shutil.rmtree(work, ignore_errors=True)
    (work / "source").mkdir(parents=True)
    log = source.with_name(source.name + ".log")
    name = f"linux-source-{release.version}"
    left_out = [f"--exclude={name}/{place}/*.[ch]" for place in LEFT_OUT]
    with step(f"Unpacking {package.name}"):
        process.checked(["dpkg-deb", "-x", package, work / "deb"], log=log,
                        what=f"Unpacking {package} (delete it if it is damaged)")
        process.checked(["tar", "-xJmf", work / f"deb/usr/src/{name}.tar.xz", *left_out,
                         "--strip-components=1", "-C", work / "source"],
                        log=log, what=f"Unpacking {name}.tar.xz")
    (work / "source").rename(source)
    shutil.rmtree(work)


def megabytes(directory: Path) -> int:
    """How much has arrived; apt may rename a file while we look."""
    size = 0
    for file in directory.iterdir():
        with suppress(FileNotFoundError):
            size += file.stat().st_size
    return size // 10**6
