# SPDX-License-Identifier: GPL-2.0
"""Which kernels there are, and what the user's choice of one means."""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from runner.errors import TkfiError
from runner.kernel import git_tree, patches, probes
from runner.kernel.git_tree import Instead, Revision
from runner.kernel.probes import Look
from runner.layout import Layout
from runner.nearest import nearest

POST_SERIES, FIXED = "post-series", "fixed"  # the former is what a release is without a variant's patch
_VARIANT_ORDER = ("pre-series", POST_SERIES, FIXED)  # then any others


@dataclass(frozen=True)
class Release:
    """A kernel Debian ships as source. It is offered once a patch series for it exists."""

    version: str
    suites: tuple[str, ...]

    @property
    def package(self) -> str:
        """Debian's name for it."""
        return f"linux-source-{self.version}"


RELEASES = (
    Release("6.1", ("bookworm", "bookworm-security")),
    Release("6.12", ("bookworm", "bookworm-security")),
    Release("7.3", ("trixie-backports",)),
)
# Those that have no series of their own: checks take them as somebody's trees.
BY_PATH = (Release("7.2", ("sid", "forky")),)
DEFAULT = "6.12"
HZ = 100  # UML's own
# Every access to memory is checked, each index of an array, and each shift; not whether what x86 reads at
# any address is aligned.
_CHECKED = ("CONFIG_KASAN=y", "CONFIG_KASAN_GENERIC=y", "CONFIG_KASAN_OUTLINE=y", "CONFIG_KASAN_VMALLOC=y",
            "CONFIG_SYSFS=y", "CONFIG_SLUB_DEBUG=y", "CONFIG_UBSAN=y", "CONFIG_UBSAN_BOUNDS=y",
            "CONFIG_UBSAN_SHIFT=y", "CONFIG_UBSAN_ALIGNMENT=n")
HZ_CHOICES = (100, 250, 300, 1000)  # those of kernel/Kconfig.hz


@dataclass(frozen=True)
class Kernel:
    """A chosen kernel, as one of its variants, and with one more patch where it is to be broken.

    A bare one is built without access hooks: its timekeeping takes the time it takes. A checked one is bare
    too, as the compiler has only one of access hooks and KASAN's. One of the parts is built without
    timekeeping as a subject: what is left are the parts that know none. revision is the
    commit of the user's tree that is meant, if it is not the state that the tree is in. own is the variant
    that its source is without a patch. hz is how many ticks a second it has.

    invariant: exactly one of release (Debian's source) and path (the user's tree) is set.
    """

    name: str
    series: Path
    release: Release | None = None
    path: Path | None = None
    variant: str = POST_SERIES
    breaking: Path | None = None
    bare: bool = False
    parts: bool = False
    revision: Revision | None = None
    own: str = POST_SERIES
    hz: int = HZ
    checked: bool = False

    @property
    def place(self) -> str:
        """Its directory below build/."""
        kind = "".join(f"{word}-" for word, is_so in (
            ("base", self.revision), ("break", self.breaking), ("bare", self.bare),
            ("parts", self.parts), (f"hz{self.hz}", self.hz != HZ), ("kasan", self.checked)) if is_so)
        return f"{self.name}/{kind}{self.variant}"

    @property
    def title(self) -> str:
        """For a person."""
        words = [self.name] if self.variant == POST_SERIES else [self.name, self.variant]
        return " ".join([*words, *([f"at {self.revision.short}"] if self.revision else []),
                         *(["bare"] if self.bare else []),
                         *(["without timekeeping"] if self.parts else []),
                         *([f"with HZ={self.hz}"] if self.hz != HZ else []),
                         *(["with KASAN"] if self.checked else []),
                         *([f"with {self.breaking.stem}"] if self.breaking else [])])

    @property
    def option(self) -> str:
        """What chooses it on a command line."""
        return f"--kernel {shlex.quote(str(self.path or self.name))}"

    @property
    def variants(self) -> list[str]:
        """The variants its series has."""
        return variants(self.series)

    @property
    def options(self) -> list[str]:
        """What its configuration has that differs from configs/tkfi.config."""
        return [*(["CONFIG_TKFI_ACCESS=n"] if self.bare or self.checked else []),
                *(_CHECKED if self.checked else []),
                *(["CONFIG_TKFI_TIMEKEEPING=n"] if self.parts else []),
                *([f"CONFIG_HZ={self.hz}"] if self.hz != HZ else [])]

    def patches(self) -> list[Path]:
        """What is applied to its source, in order."""
        of_variant = patches.beside(self.series, "variants")
        more = [] if self.variant == self.own else [of_variant[self.variant]]
        points = patches.beside(self.series, "points").get(self.variant)
        return [*patches.series(self.series), *more, *([points] if points else []),
                *([self.breaking] if self.breaking else [])]

    def instead(self) -> dict[str, Instead | None]:
        """The files in which its revision differs from the state that the tree is in."""
        return git_tree.differences(self.path, self.revision.commit) if self.path and self.revision else {}

    def source(self, layout: Layout) -> Path:
        """The tree the overlay is made over."""
        if self.path:
            return self.path
        assert self.release
        return layout.source(self.release.version)


def offered(layout: Layout) -> list[Release]:
    """The releases that have a patch series."""
    return [r for r in RELEASES if (layout.patches / r.version / "series").is_file()]


def variants(series: Path) -> list[str]:
    """The variants of a series: post-series, and those that there is a patch for."""
    names = {POST_SERIES, *patches.beside(series, "variants")}
    return sorted(names, key=lambda name: (
        _VARIANT_ORDER.index(name) if name in _VARIANT_ORDER else len(_VARIANT_ORDER), name))


def choose(choice: str, layout: Layout, variant: str = POST_SERIES) -> Kernel:
    """Turn a --kernel and a --variant argument into a Kernel; post-series is the tree as it is.

    Raises TkfiError for a name that is neither a release on offer nor a usable kernel tree, for a tree that
    lacks what tkfi is built on, and for a variant that it does not have.
    """
    kernel = _choose(choice, layout)
    if variant == POST_SERIES:
        return replace(kernel, variant=kernel.own)
    if variant in kernel.variants:
        return replace(kernel, variant=variant)
    there = nearest(variant, kernel.variants, f"./tkfi list variants {kernel.option}")
    if any(variant in variants(layout.patches / r.version) for r in offered(layout)):
        missing = " or ".join(str((place / f"variants/{variant}.patch").relative_to(layout.repo))
                              for place in patches.places(kernel.series))
        raise TkfiError(f"kernel {choice} has no variant '{variant}': there is no {missing}; {there}")
    raise TkfiError(f"unknown variant '{variant}' of kernel {choice}; {there}")


def _choose(choice: str, layout: Layout) -> Kernel:
    releases = {r.version: r for r in offered(layout)}
    if choice in releases:
        return Kernel(choice, layout.patches / choice, release=releases[choice])
    if "/" not in choice and not Path(choice).is_dir():
        raise TkfiError(f"unknown kernel '{choice}', which is not the path of a kernel tree either; "
                        f"{nearest(choice, releases, './tkfi list kernels')}")
    path = Path(choice).resolve()
    version = tree_version(path)
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    name = re.sub(r"[^\w.+-]", "_", path.name)  # kbuild refuses blanks and colons
    there = probes.look(path)
    return Kernel(f"path-{name}-{digest}",
                  layout.patches / _series_for(path, there, version, list(releases)), path=path,
                  own=FIXED if there.is_fixed else POST_SERIES)


def at(kernel: Kernel, revision: Revision) -> Kernel:
    """A user's tree in another state, as the variant that it was then. Raises TkfiError where git cannot
    tell."""
    then = replace(kernel, revision=revision)
    assert then.path
    own = FIXED if probes.look(then.path, then.instead()).is_fixed else POST_SERIES
    return replace(then, variant=own, own=own)


def _series_for(path: Path, there: Look, version: str, available: list[str]) -> str:
    """The series for a tree, by what is there. Raises TkfiError if something that none can do without is
    not."""
    if not available:
        raise TkfiError("there is no patch series in kernel-patches/")
    if there.lacking:
        missing = ", ".join(f"{probe.text.rstrip('(')} in {probe.file}" for probe in there.lacking[:2])
        raise TkfiError(f"'{path}' is Linux {version}, which tkfi cannot be built into: there is no "
                        f"{missing}; name a tree of {available[0]} or later with --kernel")
    return there.best(available)


def tree_version(path: Path) -> str:
    """The version in a kernel tree's Makefile, such as '6.12.117-rc1'.

    Raises TkfiError when path is no kernel tree, or one that KUnit cannot be run in.
    """
    for needed in ("Makefile", "kernel/time/timekeeping.c", "tools/testing/kunit/kunit.py"):
        if not (path / needed).is_file():
            raise TkfiError(f"'{path}' is not a kernel tree this tool can use: it has no {needed}")
    makefile = (path / "Makefile").read_text(encoding="utf-8", errors="replace")
    parts = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)\s*=[ \t]*(.*?)[ \t]*$",
                            makefile, re.MULTILINE))
    major, minor = parts.get("VERSION", ""), parts.get("PATCHLEVEL", "")
    if not (major.isdigit() and minor.isdigit()):
        raise TkfiError(f"'{path}/Makefile' names no VERSION and PATCHLEVEL: not a kernel tree")
    sublevel = parts.get("SUBLEVEL", "")
    return f"{major}.{minor}{'.' + sublevel if sublevel else ''}{parts.get('EXTRAVERSION', '')}"
