# SPDX-License-Identifier: GPL-2.0
"""What a shell can complete: names that there are, and what may come next in the text of a scenario.

Click asks for them; README says how a shell is made to ask. Nothing is built, booted or waited for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import click
from click.shell_completion import CompletionItem, ZshComplete, add_completion_class, shell_complete

from runner.boot import lists
from runner.errors import TkfiError
from runner.explore import scenarios, strategies
from runner.kernel import kernels
from runner.layout import Layout

_STATEMENTS = ("setup: ", "cpu0: ", "cpu1: ", "cpu2: ", "nmi cpu0: ", "host: ", "clock: ")
_PLACE = re.compile(r"(.*[:;,]\s*|)(.*)", re.DOTALL)

Words = Callable[[click.Context, str], Iterable[str]]  # that may stand where a word begins so
Source = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def of(words: Words, *, files: str = "") -> Source:
    """For shell_complete of a parameter: those of words that begin as what was typed; files may be "dir" or
    "file", which it may be as well."""
    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = [CompletionItem(word) for word in words(ctx, incomplete) if word.startswith(incomplete)]
        return found or ([CompletionItem(incomplete, type=files)] if files else [])
    return complete


def _layout(ctx: click.Context) -> Layout:
    return ctx.find_object(Layout) or Layout()


def _kernels(ctx: click.Context, _incomplete: str) -> list[str]:
    return [release.version for release in kernels.offered(_layout(ctx))]


def _variants(ctx: click.Context, _incomplete: str) -> list[str]:
    """Of the kernels that were named, or else of all."""
    named = ctx.params.get("kernel") or ()
    found: dict[str, None] = {}
    for name in [named] if isinstance(named, str) else named or _kernels(ctx, ""):
        with suppress(TkfiError):
            found |= dict.fromkeys(kernels.choose(name, _layout(ctx)).variants)
    return list(found)


def _scenarios(ctx: click.Context, incomplete: str) -> list[str]:
    """Names, with a clock once there is an @; or what goes on with a text."""
    if ":" in incomplete:
        return _texts(incomplete, _lists(ctx))
    names = [one.name for one in scenarios.shipped(_layout(ctx))]
    if "@" in incomplete:
        return [f"{name}@{clock}" for name in names for clock in scenarios.CLOCKS]
    return names


def _lists(ctx: click.Context) -> lists.Lists:
    return lists.read(lists.of_series(_layout(ctx).patches / kernels.DEFAULT))


def _texts(text: str, there: lists.Lists) -> list[str]:
    """A scenario's text with one more word: of a statement, an operation, a reader or a clock."""
    match = _PLACE.fullmatch(text)
    assert match
    before, begun = match.groups()
    if before.rstrip()[-1:] == ";":
        return [before + statement for statement in _STATEMENTS]
    head = before.rpartition(";")[2].partition(":")[0].strip()
    if head == "clock":
        return [f"{before}{clock}; " for clock in scenarios.CLOCKS]
    if head == "host":
        return []
    readers = [f"{one.family} {one.name}" for one in there.readers]
    if head.startswith("nmi"):
        return [before + reader for reader in readers]
    if begun.startswith("read "):
        return [f"{before}read {reader}" for reader in readers]
    return [before + name for name in there.operations()]


KERNELS = of(_kernels, files="dir")
VARIANTS = of(_variants)
SCENARIOS = of(_scenarios, files="file")
STRATEGIES = of(lambda _ctx, _incomplete: strategies.STRATEGIES)


class _Zsh(ZshComplete):
    """Click's, but of a command that need not be in PATH: what was typed is asked."""

    source_template = "\n".join(line.replace("%(prog_name)s)}", "${~words[1]})}")
                                for line in ZshComplete.source_template.splitlines()
                                if "$+commands" not in line)


def answer(command: click.Command, how: str, context: Mapping[str, Any], variable: str) -> int:
    """What a shell asks for by a variable of the environment: bash_source, zsh_complete and so on. context
    is for click's. Returns the exit status."""
    add_completion_class(_Zsh)
    return shell_complete(command, dict(context), "tkfi", variable, how)
