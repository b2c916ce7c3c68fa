# SPDX-License-Identifier: GPL-2.0
"""What tries in a guest come to, beside what UML predicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from runner.boot import results
from runner.guest.prediction import Prediction
from runner.guest.qemu import Accelerator
from runner.guest.race import Request, Try

_WITHIN_NS = 1


@dataclass(frozen=True)
class Outcome:
    """All tries at one place of one image.

    symbol is where that is; prediction is None if there is no such kernel for UML, why_not says so then.
    missed says why nothing was tried there, if so.

    invariant: tries is not empty, but if missed is not.
    """

    request: Request
    release: str
    accelerator: Accelerator
    place: str
    symbol: str
    tries: Sequence[Try]
    prediction: Prediction | None
    why_not: str = ""
    missed: str = ""

    @property
    def agrees(self) -> bool | None:
        """Whether the guest did as UML predicts: it waited or not, and the lines are as far apart in the
        first try, of which the prediction is. None without one."""
        if not self.prediction:
            return None
        first = self.tries[0]
        step = Fraction(0) if first.waits else first.step_ns  # who waits reads only what is new
        return abs(step - self.prediction.step_ns) <= _WITHIN_NS and all(
            one.waits == self.prediction.waits for one in self.tries)

    @property
    def held(self) -> bool:
        """Whether all was as predicted: by the guest's own lines, and by UML."""
        return not self.missed and all(one.held for one in self.tries) and self.agrees is not False

    def json(self) -> dict[str, Any]:
        """For a program."""
        return {
            "format": results.FORMAT, "kernel": self.release, "variant": "unpatched",
            "compiler": "Debian's", "accel": self.accelerator.name, "place": self.place,
            "symbol": self.symbol,
            **asdict(self.request),
            "held": self.held, "agrees": self.agrees,
            "uml": asdict(self.prediction) if self.prediction else None, "uml_missing": self.why_not,
            "missed": self.missed,
            "tries": [self._try(one) for one in self.tries]}

    @staticmethod
    def _try(one: Try) -> dict[str, Any]:
        return {
            "first_ns": one.first.ns, "second_ns": one.second.ns, "measured_ns": one.measured_ns,
            "predicted_ns": one.predicted_ns, "first_cycle": one.first.cycle,
            "second_cycle": one.second.cycle, "step_ns": float(one.step_ns),
            "delay_cycles": one.delay_cycles,
            "waits": one.waits, "stores": asdict(one.stores), "old": asdict(one.old),
            "new": asdict(one.new)}
