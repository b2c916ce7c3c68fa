# SPDX-License-Identifier: GPL-2.0
"""How a verb is declared: its help, and the options and types of values that several verbs have."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from runner import answer, runs, terminal
from runner.errors import INTERRUPTED
from runner.kernel import kernels
from runner.layout import Layout
from runner.nearest import nearest
from runner.units import parse_delay, parse_frequency, parse_seconds
from runner.verbs import completions

_WORDS = "tkfi.words"  # of a context: the arguments as they were given
Body = Callable[..., int]  # of a verb
Decorator = Callable[[Body], Body]
pass_layout = click.make_pass_decorator(Layout, ensure=True)  # as the first argument


class _Quantity(click.ParamType):
    """What a function reads. It raises UnitError, which points at the fault."""

    def __init__(self, name: str, read: Callable[[str], int]) -> None:
        self.name, self._read = name, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number that it is."""
        return self._read(value) if isinstance(value, str) else int(value)


class Delay(_Quantity):
    """A delay such as 10ms, in ns: 0 to 10 min."""

    def __init__(self) -> None:
        super().__init__("delay", parse_delay)


class Frequency(_Quantity):
    """A frequency offset such as -500ppm, in ppb: -10 % to +10 %."""

    def __init__(self) -> None:
        super().__init__("frequency", parse_frequency)


class Seconds(_Quantity):
    """A length of time such as 90s, in whole seconds: 1 to those of a year."""

    def __init__(self) -> None:
        super().__init__("time", parse_seconds)


class Count(click.ParamType):
    """A number from least to most, or without a limit."""

    name = "number"

    def __init__(self, least: int = 1, most: int | None = None) -> None:
        self._least, self._most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; a usage error if it is out of range, or none."""
        text, most = str(value), self._most
        if not (text.isascii() and text.isdigit() and len(text) < 30 and self._least <= int(text) and (
                most is None or int(text) <= most)):
            wanted = f"of {self._least} or more" if most is None else f"from {self._least} to {most}"
            self.fail(f"'{text}' is not a number {wanted}; give one that is", param, ctx)
        return int(text)


class Range(click.ParamType):
    """Whole numbers of a unit with a sign, up to most: one as in 7, or FROM..TO, or FROM..TO/STEP."""

    name = "range"
    _form = re.compile(r"([+-]?\d{1,9})(?:\.\.([+-]?\d{1,9})(?:/(\d{1,9}))?)?", re.ASCII)

    def __init__(self, unit: str, most: int) -> None:
        self._unit, self._most = unit, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """All of them; a usage error if there are none, or some out of range."""
        match = self._form.fullmatch(str(value))
        if not match:
            self.fail(f"'{value}' is no number of {self._unit}; write one as in 100010, or 100000..100099",
                      param, ctx)
        first = int(match[1])
        last, step = int(match[2] or first), int(match[3] or 1)
        if not step or not -self._most <= first <= last <= self._most:
            self.fail(f"'{value}' has none, or some out of range; give numbers from -{self._most} to "
                      f"{self._most}, the lower one first", param, ctx)
        return list(range(first, last + 1, step))


class ResultFile(click.ParamType):
    """A file that can be written to, or "-" for standard output."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same. Raises TkfiError for a file that cannot be written."""
        answer.check_file(str(value))
        return str(value)


class Name(click.ParamType):
    """One of some names; listing is the command that lists all."""

    name = "name"

    def __init__(self, names: Sequence[str], listing: str) -> None:
        self._names, self._listing = names, listing

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same; a usage error if it is none of them."""
        if value not in self._names:
            self.fail(f"'{value}' is none of {', '.join(self._names)}; "
                      f"{nearest(str(value), self._names, self._listing)}", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter,
                       incomplete: str) -> list[CompletionItem]:
        """Those that begin so."""
        return [CompletionItem(name) for name in self._names if name.startswith(incomplete)]

    def get_missing_message(self, param: click.Parameter) -> str:
        """What it can be."""
        return f"There are {', '.join(self._names)}"


class _Option(click.Option):
    """An option with a value, which is not what looks like another option; a number can have a sign."""

    def __init__(self, param_decls: Sequence[str], **attributes: Any) -> None:
        attributes.setdefault("metavar", param_decls[0].lstrip("-").upper())
        super().__init__(param_decls, multiple=True, **attributes)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """The values, as the type has them. Raises UsageError for one that is missing."""
        signed = (_Quantity, Count, Range)
        for text in value or ():
            if str(text).startswith("-") and text != "-" and not isinstance(self.type, signed):
                raise click.UsageError(f"option {self.opts[0]} needs a value, and '{text}' looks like an "
                                       f"option; a file of that name is ./{text}", ctx)
        return super().type_cast_value(ctx, value)


class _Once(_Option):
    """One that may be given only once: nothing that was asked for is dropped in silence."""

    def __init__(self, param_decls: Sequence[str], default: str | None = None, **attributes: Any) -> None:
        super().__init__(param_decls, default=None if default is None else (default,), **attributes)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """The only value, None if there is none. Raises UsageError if there are more."""
        if value and len(value) > 1:
            raise click.UsageError(f"option {self.opts[0]} may be given only once", ctx)
        values = super().type_cast_value(ctx, value)
        return values[0] if values else None


class Verb(click.Command):
    """A verb: what is wrong with its arguments is said with its usage. Unless its answers are of no use
    later, they are kept."""

    is_kept = False
    examples: tuple[str, ...] = ()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does. Raises UsageError, always with ctx."""
        ctx.meta[_WORDS] = tuple(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """As click does, and keep what comes of it."""
        if not self.is_kept:
            return super().invoke(ctx)
        with runs.recording(ctx.ensure_object(Layout), self.name or "", ctx.meta[_WORDS]) as ended:
            ended.append(super().invoke(ctx))
            return ended[0]


def option(*names: str, **attributes: Any) -> Decorator:
    """An option with a value that may be given once; its default is text, as a person would write it."""
    return click.option(*names, cls=_Once, **attributes)


def options(*names: str, **attributes: Any) -> Decorator:
    """An option with a value that may be repeated."""
    return click.option(*names, cls=_Option, **attributes)


def flag(*names: str, about: str) -> Decorator:
    """An option without a value."""
    return click.option(*names, is_flag=True, help=about)


def verb(name: str, about: str, *, examples: Sequence[str], words: str = "", held: str = "done",
         failed: str = "", kept: bool = False, group: str = "") -> Callable[[Body], Verb]:
    """Make a verb of a function that returns the exit status; words explains its arguments, held and failed
    say what 0 and 1 mean; examples are arguments, as in a shell; kept says whether its answers are; group
    is that of the verb, if it is in one."""
    path = " ".join(["./tkfi", *([group] if group else []), name])
    shown = "\n".join(["Examples:", *(f"  {path} {example}".rstrip() for example in examples)])
    status = (f"Exit status: 0 {held}; {f'1 {failed}; ' * bool(failed)}2 tkfi could not do its work, and "
              f"says what to do; {INTERRUPTED} stopped by a signal.")

    def command(function: Body) -> Verb:
        made = click.command(name, Verb, help=f"{about}\n\n{words}", short_help=about,
                             epilog=f"\b\n{shown}\n\n{status}")(function)
        made.is_kept, made.examples = kept, tuple(f"{path} {example}".rstrip() for example in examples)
        made.params.append(_color_option())
        return made
    return command


def _color_option() -> click.Option:
    """--color, which each verb has; it is done when it is read."""
    def choose(_ctx: click.Context, _option: click.Parameter, when: str) -> None:
        terminal.choose(when)
    return _Once(["--color"], type=Name(terminal.WHEN, "./tkfi --help"), default=terminal.AUTO,
                 metavar="|".join(terminal.WHEN), expose_value=False, callback=choose,
                 help="colours: on a terminal, unless NO_COLOR is set; always; or never (auto)")


def kernel_option(function: Body) -> Body:
    """--kernel, of which there is one."""
    return option("--kernel", default=kernels.DEFAULT, shell_complete=completions.KERNELS,
                  help=f"a release or the path of a kernel tree ({kernels.DEFAULT})")(function)


def kernel_options(default: str) -> Decorator:
    """--kernel, which may be repeated; default says what is meant by none."""
    return options("--kernel", shell_complete=completions.KERNELS, help=f"may be repeated ({default})")


def variant_option(function: Body) -> Body:
    """--variant, of which there is one."""
    return option("--variant", default=kernels.POST_SERIES, shell_complete=completions.VARIANTS, help=(
        f"a build of the kernel's own code ({kernels.POST_SERIES}); see list variants"))(function)


def json_option(function: Body) -> Body:
    """--json, which verbs know as json_to."""
    return option("--json", "json_to", type=ResultFile(), metavar="FILE",
                  help="machine-readable result; - is standard output")(function)


def report_option(function: Body) -> Body:
    """--report, which verbs know as report_in."""
    return option("--report", "report_in", metavar="DIR", help=(
        "write a directory: index.html, a page that stands alone; trace.json for ui.perfetto.dev; "
        "report.txt and report.json"))(function)


def or_all(names: Sequence[str], layout: Layout) -> Sequence[str]:
    """The kernels asked for, or else all on offer."""
    return names or [release.version for release in kernels.offered(layout)]
