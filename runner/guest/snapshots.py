# SPDX-License-Identifier: GPL-2.0
"""Guests that are kept in files, as QEMU migrates one to a file: an image is booted once, and what was done
of a boot that is killed is not lost.

QEMU takes 0.1 s to write one (some 90 MB) and less to read it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runner.guest.gdb import Gdb, GdbError
from runner.progress import note

MOST = 6  # images of which guests are kept
EVERY = 5.0  # seconds of a boot after which the guest is kept
_LIMIT = 60.0  # seconds
_POLL = 0.01
_STATUS = re.compile(r"^(?:Migration )?[Ss]tatus: *((\S+).*?)\s*$", re.MULTILINE)
_UNDER_WAY = ("setup", "active", "device", "wait-unplug", "pre-switchover", "none")


@dataclass(frozen=True)
class Snapshots:
    """Those of one image: of a guest that is ready, and of one that is booting. key: of all that it depends
    on; what is kept with another key in the same directory is of no use any more."""

    directory: Path
    key: str

    @property
    def ready(self) -> Path:
        """Where the guest is at its init's at_ready()."""
        return self.directory / f"{self.key}.ready"

    @property
    def booting(self) -> Path:
        """Where it was last kept on the way there."""
        return self.directory / f"{self.key}.booting"

    @property
    def there(self) -> list[Path]:
        """Those that there are, the one first that is further."""
        return [one for one in (self.ready, self.booting) if one.is_file()]

    def keep(self, gdb: Gdb, file: Path) -> bool:
        """Keep a stopped guest in one of these, and forget all others of the image, and of images that were
        not used for longest. That it cannot be kept is no reason not to go on: then False."""
        work = file.with_suffix(".new")
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            gdb.monitor("migrate_set_parameter max-bandwidth 100G")
            gdb.monitor(f"migrate -d file:{work}")
            _wait_until_migrated(gdb)
            work.rename(file)
            self._tidy(file)
            return True
        except (OSError, _NotMigratedError) as error:
            work.unlink(missing_ok=True)
            note(f"the guest is not kept in {self.directory}: {error}")
            return False

    def use(self, file: Path) -> None:
        """One that is there is used."""
        with suppress(OSError):
            self._tidy(file)

    def forget(self) -> None:
        """What is kept leads to nothing."""
        for one in (self.ready, self.booting):
            one.unlink(missing_ok=True)

    def _tidy(self, file: Path) -> None:
        for other in self.directory.iterdir():
            if other != file:
                other.unlink()
        self.directory.touch()
        images = sorted(self.directory.parent.iterdir(), key=lambda one: -one.stat().st_mtime)
        for old in images[MOST:]:
            shutil.rmtree(old)


def key_of(files: Sequence[Path], words: Sequence[str]) -> str:
    """That of a guest that is made of these files and words."""
    digest = hashlib.sha256(repr(words).encode())
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def wait_until_there(gdb: Gdb) -> None:
    """Wait until a guest that QEMU was told to read is there. Raises GdbError if it cannot be read."""
    end = time.monotonic() + _LIMIT
    while "inmigrate" in gdb.monitor("info status"):
        if time.monotonic() > end:
            raise GdbError("QEMU does not come to the end of reading it")
        time.sleep(_POLL)


class _NotMigratedError(GdbError):
    """The guest was not written."""


def _wait_until_migrated(gdb: Gdb) -> None:
    end = time.monotonic() + _LIMIT
    while True:
        said = gdb.monitor("info migrate")
        status = _STATUS.search(said)
        if status and status[2] == "completed":
            return
        if not status or status[2] not in _UNDER_WAY or time.monotonic() > end:
            raise _NotMigratedError(f"QEMU says '{status[1] if status else said}'")
        time.sleep(_POLL)
