# SPDX-License-Identifier: GPL-2.0
"""QEMU and kernel images from Debian's packages, as data: unpacked below build/, not installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import process
from runner.errors import TkfiError
from runner.kernel import fetch
from runner.layout import Layout
from runner.nearest import nearest
from runner.progress import note, step

INSTALLED = Path("/var/lib/dpkg/status")  # what the system has already is not downloaded
_BACKPORTS = "bookworm-backports"


@dataclass(frozen=True)
class Image:
    """A kernel that Debian ships ready to boot: its name on the command line, the suites that have it, and
    the package that depends on the newest."""

    name: str
    suites: tuple[str, ...]
    newest: str


IMAGES = (
    Image("6.1", ("bookworm", "bookworm-security"), "linux-image-cloud-amd64"),
    Image("6.12", ("bookworm", "bookworm-security"), "linux-image-6.12-cloud-amd64"),
    Image("7.2", ("sid", "forky"), "linux-image-cloud-amd64"),
    Image("7.3", ("trixie-backports",), "linux-image-cloud-amd64"),
)


class Apt:
    """A private apt that knows some suites."""

    def __init__(self, layout: Layout, name: str, suites: Sequence[str],
                 status: Path | None = None) -> None:
        """status: the list of what is installed, if that counts."""
        self._state, self._suites, self._mirror = layout.apt / name, suites, fetch.mirror_of_user()
        self._options = [*fetch.apt_options(self._state), "-o", "Debug::NoLocking=1",
                         *(["-o", f"Dir::State::status={status}"] if status else [])]

    def update(self) -> None:
        """Read the package lists."""
        fetch.set_up(self._state, self._suites, self._mirror)
        with step(f"Reading the package lists of {', '.join(self._suites)}"):
            # One suite of several may be missing from a mirror; what matters is the download.
            process.run(["apt-get", *self._options, "update"], log=self._state / "update.log")

    def field(self, package: str, field: str) -> str | None:
        """A field of what is known of a package; None if there is no such package."""
        shown = self._cache("show", "--no-all-versions", package)
        found = re.search(rf"^{field}: (.*)$", shown, re.MULTILINE)
        return found[1] if found else None

    def names(self, prefix: str) -> list[str]:
        """The packages whose names begin with prefix."""
        return sorted(self._cache("pkgnames", prefix).split())

    def _cache(self, *command: str) -> str:
        return subprocess.run(["apt-cache", *self._options, *command], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    def download(self, what: str, *command: str) -> list[Path]:
        """Have apt-get do what downloads packages into the current directory or into its cache. Raises
        TkfiError when it does not."""
        place, cache = self._state / "download", self._state / "cache/archives"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        log = self._state / "download.log"
        with step(f"Downloading {what}") as shown:
            status = process.run(
                ["apt-get", *self._options, *command], log=log, cwd=place,
                tick=lambda: shown.update(f"{fetch.megabytes(place) + fetch.megabytes(cache)} MB"))
        packages = [*place.glob("*.deb"), *cache.glob("*.deb")]
        if status != 0 or not packages:
            raise TkfiError(
                f"{what} cannot be had from {self._mirror} ({', '.join(self._suites)}). Check the network "
                f"and the proxy in apt.conf, or set TKFI_MIRROR to a Debian mirror that has it; full logs: "
                f"{self._state}/update.log, {log}\n{process.tail(log)}")
        return packages

    @property
    def mirror(self) -> str:
        """Where it downloads from."""
        return self._mirror


def there(name: str, layout: Layout) -> bool:
    """Whether QEMU, and an image of a release, need not be downloaded."""
    images = layout.build / "guest/images"
    return (layout.build / "guest/qemu").is_dir() and any(images.glob(f"{name}.*/newest"))


def ensure_qemu(layout: Layout) -> Path:
    """The directory in which QEMU is unpacked, downloaded if it is not there. Raises TkfiError."""
    place = layout.build / "guest/qemu"
    if place.is_dir():
        return place
    apt = Apt(layout, "qemu", ["bookworm", _BACKPORTS], INSTALLED)
    apt.update()
    note(f"QEMU 10 (qemu-system-x86 of Debian {_BACKPORTS}) and what it needs, about 16 MB to 31 MB, are "
         f"going to be downloaded from {apt.mirror} and unpacked in build/, not installed")
    packages = apt.download("QEMU", "install", "--yes", "--download-only", "--no-install-recommends",
                            f"--target-release={_BACKPORTS}", "qemu-system-x86")
    _unpack(packages, place)
    return place


def choose(choice: str, layout: Layout) -> Path:
    """The image that --kernel means: of a release of IMAGES the newest; of Debian, by what `uname -r` says
    there; or a file. Downloaded if it is not there. Raises TkfiError."""
    if "/" in choice or Path(choice).is_file():
        return _file(Path(choice))
    known = {image.name: image for image in IMAGES}
    place = layout.build / "guest/images"
    if choice in known:
        found = sorted(place.glob(f"{choice}.*/newest"), key=lambda link: link.stat().st_mtime)
        return _vmlinuz(found[-1].parent) if found else _download(known[choice], None, layout)
    if (place / choice).is_dir():
        return _vmlinuz(place / choice)
    release = re.match(r"\d+\.\d+", choice)
    if not release or release[0] not in known:
        listing = ", ".join(known)
        raise TkfiError(
            f"there is no image of a kernel '{choice}': Debian's are {listing}, one of their versions as "
            f"`uname -r` has it (6.12.117+deb12-cloud-amd64), or the path of a bzImage. Kernels older than "
            f"{IMAGES[0].name} are out of reach, those before the patch series of 2013 too")
    return _download(known[release[0]], choice, layout)


def release(image: Path) -> str:
    """What `uname -r` says in it, by its boot header (Documentation/arch/x86/boot.rst)."""
    with image.open("rb") as file:
        head = file.read(1 << 16)
    at = int.from_bytes(head[0x20e:0x210], "little") + 0x200
    return head[at:].partition(b"\0")[0].decode(errors="replace").partition(" ")[0]


def _file(path: Path) -> Path:
    """Raises TkfiError if it is no kernel image."""
    try:
        with path.open("rb") as file:
            if file.read(0x206)[0x202:] == b"HdrS":
                return path.resolve()
    except OSError as error:
        raise TkfiError(f"'{path}' cannot be read: {error.strerror}; name the bzImage of a kernel, such as "
                        "/boot/vmlinuz-6.12.117") from error
    raise TkfiError(f"'{path}' is no kernel image: it has no x86 boot header; name a bzImage, such as "
                    "/boot/vmlinuz-6.12.117")


def _download(image: Image, version: str | None, layout: Layout) -> Path:
    apt = Apt(layout, f"image-{image.name}", image.suites)
    apt.update()
    newest = version is None
    if not version:
        depends = apt.field(image.newest, "Depends") or ""
        named = re.search(r"linux-image-(\d\S*-cloud-amd64)", depends)
        if not named or not named[1].startswith(f"{image.name}."):
            raise TkfiError(f"{apt.mirror} has no image of Linux {image.name} ({image.newest} in "
                            f"{', '.join(image.suites)}): the archive has moved on, or a package list "
                            f"could not be read; set TKFI_MIRROR, or give a bzImage as --kernel\n"
                            f"{process.tail(layout.apt / f'image-{image.name}/update.log')}")
        version = named[1]
    # From 7.2 on the image is in a package of its own.
    package = next((name for name in (f"linux-binary-{version}", f"linux-image-{version}")
                    if apt.field(name, "Size")), None)
    if not package:
        there = [name.removeprefix("linux-image-") for name in apt.names(f"linux-image-{image.name}.")]
        raise TkfiError(f"Debian {' and '.join(image.suites)} have no image {version}; "
                        f"{nearest(version, there, 'apt-cache pkgnames linux-image-')}")
    size = int(apt.field(package, "Size") or 0)
    note(f"The package {package} ({size / 1e6:.0f} MB) of Debian {' or '.join(image.suites)} is going "
         f"to be downloaded from {apt.mirror} and unpacked in build/, not installed")
    place = layout.build / "guest/images" / version
    _unpack(apt.download(package, "download", package), place)
    if newest:
        (place / "newest").touch()
    return _vmlinuz(place)


def _vmlinuz(place: Path) -> Path:
    found = [*place.glob("boot/vmlinuz-*"), *place.glob("usr/lib/modules/*/vmlinuz")]
    if len(found) != 1:
        raise TkfiError(f"there is no kernel image in {place}; delete it and try again")
    return found[0]


def _unpack(packages: Sequence[Path], place: Path) -> None:
    """Unpack packages so that place appears at once or not at all, and delete them."""
    work = place.with_name(place.name + ".partial")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for package in packages:
        process.checked(["dpkg-deb", "-x", package, work], log=place.with_name(place.name + ".log"),
                        what=f"Unpacking {package}")
        package.unlink()
    work.rename(place)
