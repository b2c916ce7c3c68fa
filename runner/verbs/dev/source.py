# SPDX-License-Identifier: GPL-2.0
"""The verb `dev source`: a kernel of Debian that has no patch series, to be taken as somebody's tree."""

from __future__ import annotations

import click

from runner import lock
from runner.errors import TkfiError
from runner.kernel import kernels
from runner.kernel.fetch import NotThere, ensure_source
from runner.layout import Layout
from runner.progress import note
from runner.verbs.options import pass_layout, verb


@verb("source", "print the path of the source of a kernel without a patch series, for --kernel",
      words="VERSION: of a kernel that Debian has as source; it is downloaded and unpacked if need be.",
      failed="Debian does not have it any more",
      examples=("7.2",), group="dev")
@click.argument("version")
@pass_layout
def command(layout: Layout, version: str) -> int:
    """Fetch it, if that is to be done."""
    known = {release.version: release for release in kernels.BY_PATH}
    if version not in known:
        raise TkfiError(f"'{version}' is no kernel without a patch series, as {', '.join(known)} is; those "
                        "with one are fetched by ./tkfi tree --kernel")
    try:
        with lock.held(layout.lock):
            print(ensure_source(known[version], layout))
    except NotThere as error:
        note(str(error))
        return 1
    return 0
