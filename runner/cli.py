# SPDX-License-Identifier: GPL-2.0
"""The command line: which verb is meant, and how every ending becomes an exit status."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

import click

from runner.errors import INTERRUPTED, Interrupted, TkfiError
from runner.files import NEEDED_GB
from runner.layout import Layout
from runner.nearest import nearest
from runner.process import NoSpace
from runner.progress import note

_FEW_COLLECTIONS = 100_000  # objects between two; a command makes many that live until its end
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
VARIABLE = "_TKFI_COMPLETE"  # is in the environment when a shell asks what can be completed
_VERBS = ("reproduce", "test", "summary", "explore", "replay", "simulate", "premerge", "guest", "bench",
          "hold", "show", "doctor", "tree", "build", "list")
_OF_DEV = ("bisect", "breaks", "disturb", "findings", "identical", "kasan", "lists", "source", "style",
           "trees", "tutorial", "verdicts")
_EVERY = (*_VERBS, *(f"dev {name}" for name in _OF_DEV))


class Verbs(click.Group):
    """Verbs, each in a module of its name in a package, which is imported when it is needed; and groups of
    such verbs, with a heading for the help."""

    def __init__(self, name: str, package: str, verbs: Sequence[str], about: str,
                 groups: Mapping[str, Verbs] | None = None) -> None:
        super().__init__(name, help=about, no_args_is_help=False, subcommand_metavar="COMMAND [ARGS]...",
                         context_settings={"help_option_names": ["-h", "--help"]})
        self._package, self._verbs, self._groups = package, verbs, dict(groups or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of verbs and groups."""
        return [*self._verbs, *self._groups]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A verb or a group; None if there is none of that name."""
        if cmd_name in self._verbs:
            command: click.Command = importlib.import_module(f"{self._package}.{cmd_name}").command
            return command
        return self._groups.get(cmd_name)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[
            str | None, click.Command | None, list[str]]:
        """The verb that arguments begin with. Raises TkfiError for a name that is none."""
        if args[0] not in self.list_commands(ctx) and not (
                args[0].startswith("-") or ctx.resilient_parsing):
            name = " ".join([*ctx.command_path.split()[1:], args[0]])
            raise TkfiError(f"no command is called '{name}'; {nearest(name, _EVERY, './tkfi --help')}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs of this group, then those of the others."""
        self._write(ctx, formatter, "commands", "")
        for name, group in self._groups.items():
            group._write(ctx, formatter, group.help or "", f"{name} ")

    def _write(self, ctx: click.Context, formatter: click.HelpFormatter, heading: str, prefix: str) -> None:
        with formatter.section(heading):
            formatter.write_dl([(prefix + name, command.short_help or "") for name in self._verbs
                                if (command := self.get_command(ctx, name))])


_DEV = Verbs("dev", "runner.verbs.dev", _OF_DEV, "commands for developers of tkfi")
_ALL = Verbs("tkfi", "runner.verbs", _VERBS,
             "Reproduces time going backwards on a live kernel, deterministically.", {"dev": _DEV})


def main(argv: Sequence[str] | None = None, layout: Layout | None = None) -> int:
    """Run one command; returns the exit status, as the README has it."""
    gc.set_threshold(_FEW_COLLECTIONS)
    asked_by_shell = os.environ.get(VARIABLE)
    if asked_by_shell and argv is None:
        from runner.verbs import completions  # what nobody else needs
        return completions.answer(_ALL, asked_by_shell, {"obj": layout}, VARIABLE)
    try:
        for number in _STOPPING:
            signal.signal(number, _interrupt)
        with _ALL.make_context("tkfi", list(sys.argv[1:] if argv is None else argv), obj=layout) as context:
            return int(_ALL.invoke(context))
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as error:
        note(_usage(error))
        return 2
    except Interrupted as stop:
        note(f"\nstopped by {stop.signal.name}: all child processes ended, the lock on build/ released")
        return INTERRUPTED
    except NoSpace as error:
        return _disk_full(str(error), layout)
    except TkfiError as error:
        note(f"tkfi: {error}")
        return error.status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 2
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return _disk_full(str(error), layout)
        note(f"tkfi: {error}")
        return 2
    except Exception as error:
        return _own_fault(error, layout or Layout())


def _interrupt(number: int, _frame: FrameType | None) -> None:
    """Stop once: an impatient second signal must not break the cleaning up."""
    for stopping in _STOPPING:
        signal.signal(stopping, signal.SIG_IGN)
    raise Interrupted(number)


def _usage(error: click.UsageError) -> str:
    """What is wrong with the arguments, and what to do."""
    context = error.ctx
    if not context:
        return f"tkfi: {error.format_message()}"
    listing = f"./{context.command_path} --help"
    said = error.format_message().rstrip(".")
    said = said[0].lower() + said[1:]
    if isinstance(error, click.NoSuchOption):
        known = [name for parameter in context.command.params for name in parameter.opts
                 if name.startswith("-")]
        said = f"there is no option {error.option_name}; {nearest(error.option_name, known, listing)}"
    elif "unexpected extra argument" in said and "schedule_text" in context.params:
        said += "; a schedule is one argument: put it in quotes"
    elif "; " not in said:
        said += f"; '{listing}' lists all that can be given"
    return f"{context.get_usage()}\ntkfi: {said}"


def _own_fault(error: Exception, layout: Layout) -> int:
    """What nobody thought of. The traceback is for who mends it."""
    log = layout.build / "internal-error.log"
    text = "".join(traceback.format_exception(error))
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError:
        note(text)
    note(f"tkfi: [tkfi internal bug] {type(error).__name__}: {error}; this is a fault of tkfi, or of files "
         f"in build/ that somebody changed: 'make clean' removes these. Please report it with {log}")
    return 2


def _disk_full(what: str, layout: Layout | None) -> int:
    place = layout.repo if layout else Path.cwd()
    free = shutil.disk_usage(place).free / 1e9
    note(f"tkfi: the disk is full: {what}\n{free:.1f} GB are free at {place}; a kernel needs about "
         f"{NEEDED_GB} GB. 'make clean' frees what can be made again. Nothing half-made was kept.")
    return 2
