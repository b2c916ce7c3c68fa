# SPDX-License-Identifier: GPL-2.0
"""The picture of a jump: the old line and the new one over the counter."""

from __future__ import annotations

from html import escape

from runner.report.geometry import Jump
from runner.units import format_ns, format_seconds

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _BASE = 740.0, 400.0, 40.0, 200.0, 330.0
_RISE = 0.16  # the least that a line rises, for each unit to the right
_JUMP = 90.0  # how far the lines are apart where they are the farthest
_ROOM = 88.0  # for a label


class _Scale:
    """Where in the picture the lines are. They are tilted by the same amount, just so that both of them
    rise; how far they are apart is to scale, and so is the counter."""

    def __init__(self, made: Jump) -> None:
        self.made = made
        counters = [made.sample, made.published, made.at_first, made.at_second, made.new.cycle_last]
        since = [made.passed(counter, made.sample) for counter in counters]
        margin = max((max(since) - min(since)) // 12, 1)
        self.first, self.last = made.sample + min(since) - margin, made.sample + max(since) + margin
        self._each = (_WIDTH - _LEFT - _RIGHT) / (made.passed(self.last, self.first) or 1)
        most = max(abs(float(made.apart(counter))) for counter in (*counters, self.first, self.last))
        self._scale = _JUMP / most if most else 0.0
        falls = float(made.apart(self.first) - made.apart(self.last)) * self._scale
        self._tilt = _RISE + max(falls, 0.0) / (_WIDTH - _LEFT - _RIGHT)

    def x(self, counter: int) -> float:
        """Of a value of the counter."""
        return _LEFT + self.made.passed(counter, self.first) * self._each

    def y(self, counter: int, *, new: bool) -> float:
        """Of a line there."""
        apart = float(self.made.apart(counter)) * self._scale if new else 0.0
        return _BASE - 40 - _JUMP / 2 - (self.x(counter) - _LEFT) * self._tilt - apart

    def line(self, name: str, first: int, last: int, *, new: bool) -> str:
        """A part of a line."""
        return (f'<line class="{name}" x1="{self.x(first):g}" y1="{self.y(first, new=new):.1f}" '
                f'x2="{self.x(last):g}" y2="{self.y(last, new=new):.1f}"/>')


def svg(made: Jump) -> str:
    """The picture."""
    scale = _Scale(made)
    reads = (("first", made.first, made.at_first), ("second", made.second, made.at_second))
    parts = [f'<svg class="geometry" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" '
             f'aria-label="{escape(_words(made))}">',
             f'<line class="axis" x1="{_LEFT:g}" x2="{_WIDTH - _RIGHT:g}" y1="{_BASE:g}" y2="{_BASE:g}"/>',
             f'<text class="small" x="{_WIDTH - _RIGHT + 8:g}" y="{_BASE + 4:g}">counter</text>',
             *(f'<line class="guide" x1="{scale.x(counter):g}" x2="{scale.x(counter):g}" y1="16" '
               f'y2="{_BASE:g}"/>' for counter in dict.fromkeys((made.sample, made.published))),
             scale.line("old", scale.first, scale.last, new=False),
             scale.line("new before", scale.first, made.sample, new=True),
             scale.line("new", made.sample, scale.last, new=True), *_names(scale), *_labels(scale)]
    parts += [f'<circle class="{name}" cx="{scale.x(counter):g}" '
              f'cy="{scale.y(counter, new=name == "second"):.1f}" r="6"><title>{name} read: '
              f'{escape(read.call)} = {format_seconds(read.ns)}, counter {counter:,}</title></circle>'
              for name, read, counter in reads]
    at = made.at_second
    begin = scale.y(made.at_first if made.coarse else at, new=False)
    parts.append(_jump(scale.x(at), begin, scale.y(at, new=True), made))
    return "".join([*parts, "</svg>"])


def _names(scale: _Scale) -> list[str]:
    """What the lines are called, at their ends, one above the other."""
    made, x = scale.made, scale.x(scale.last) + 6
    old, new = scale.y(scale.last, new=False), scale.y(scale.last, new=True)
    middle, half = (old + new) / 2, max(abs(old - new) / 2, 8.0)
    old, new = (middle - half, middle + half) if old <= new else (middle + half, middle - half)
    return [f'<text class="small" x="{x:g}" y="{y + 4:.1f}">{name}, mult {mult:,}</text>'
            for y, name, mult in zip((old, new), made.names, (made.old.mult, made.new.mult))]


def _labels(scale: _Scale) -> list[str]:
    """What there is on the counter's axis, one below the other where it is at the same value."""
    made, labels = scale.made, dict[int, list[str]]()
    for name, counter in (("sample", made.sample), ("published", made.published),
                          ("first read", made.at_first), ("second read", made.at_second)):
        labels.setdefault(counter, []).append(name)
    drawn, taken = [], list[tuple[float, int]]()
    for counter, names in sorted(labels.items(), key=lambda one: scale.x(one[0])):
        x = scale.x(counter)
        drawn.append(f'<line class="tick" x1="{x:g}" x2="{x:g}" y1="{_BASE - 4:g}" y2="{_BASE + 4:g}"/>')
        for name in names:
            row = next(row for row in range(9) if all(abs(x - other) > _ROOM or at != row
                                                      for other, at in taken))
            taken.append((x, row))
            drawn.append(f'<text class="small" x="{x:g}" y="{_BASE + 18 + 14 * row:g}" '
                         f'text-anchor="middle">{name}</text>')
    return drawn


def _jump(x: float, old: float, new: float, made: Jump) -> str:
    """How far the lines are apart at the second read; of a coarse clock how far it goes back."""
    gap = made.exact if made.coarse else made.apart(made.at_second)
    label = (f"{float(gap):+,.2f} ns" if abs(gap) < 10**6 else
             f"{'-' * (gap < 0)}{format_ns(abs(round(gap)))}")
    left = x - 12 if x > _LEFT + _ROOM * 1.5 else x + 12
    at, anchor = (left - 9, "end") if left < x else (left + 9, "start")
    return (f'<path class="jump" d="M{left - 5:g} {old:.1f}h10M{left:g} {old:.1f}V{new:.1f}m-5 0h10"/>'
            f'<text class="jump-text" x="{at:g}" y="{(old + new) / 2 + 4:.1f}" '
            f'text-anchor="{anchor}">{label}</text>')


def _words(made: Jump) -> str:
    sample, read = (float(made.apart(counter)) for counter in (made.sample, made.at_second))
    return (f"old line and new line over the counter: they are {sample:.2f} ns apart at the sample and "
            f"{read:.2f} ns at the second read")
