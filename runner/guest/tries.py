# SPDX-License-Identifier: GPL-2.0
"""Tries of the race in guests, and what UML predicts of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from runner.errors import TkfiError
from runner.guest import machine, packages, places, prediction
from runner.guest.free import FreeRace
from runner.guest.outcome import Outcome
from runner.guest.prediction import Prediction
from runner.guest.qemu import Accelerator
from runner.guest.race import Race, Request, Try
from runner.journal import Journal
from runner.layout import Layout
from runner.progress import step


def run(image: Path, accelerator: Accelerator, request: Request, place: str, number: int,
        layout: Layout, done: Journal) -> list[Outcome]:
    """Try so many times at the place, in one guest, or at each point, in a guest of its own; what is done
    is not done again. Raises TkfiError, but where only some points could not be tried."""
    tries = _Tries(image, packages.ensure_qemu(layout), accelerator, request, number, done)
    if place != places.ALL:
        return [tries.at(place, layout)]
    made = [tries.at_or_why(point, layout) for point in places.POINTS]
    if all(one.missed for one in made):
        raise TkfiError(made[0].missed)
    return made


@dataclass(frozen=True)
class _Tries:
    """So many of one request, in guests that run an image."""

    image: Path
    unpacked: Path
    accelerator: Accelerator
    request: Request
    number: int
    done: Journal

    def at_or_why(self, place: str, layout: Layout) -> Outcome:
        """Tries at a place, or why there are none."""
        try:
            return self.at(place, layout)
        except TkfiError as error:
            return Outcome(self.request, packages.release(self.image), self.accelerator, place, "", (),
                           None, missed=str(error))

    def at(self, place: str, layout: Layout) -> Outcome:
        """Tries at a place, and what UML predicts. Raises TkfiError."""
        release = packages.release(self.image)
        with machine.boot(self.image, self.unpacked, layout, self.accelerator) as guest:
            race: Race | FreeRace = (FreeRace(guest, self.request) if self.accelerator.shared else
                                     Race(guest, self.request))
            found = race.find(place)
            symbol, tsc_khz = guest.known.name(found.address), guest.tsc_khz
            tries = self._tries(race, found, symbol)
        predicted, why_not = predict(release, self.request, tries[0], race.trace.begin, tsc_khz, layout)
        return Outcome(self.request, release, self.accelerator, place, symbol, tries, predicted, why_not)

    def _tries(self, race: Race | FreeRace, found: places.Place, symbol: str) -> list[Try]:
        tries, file = list[Try](), self.image.stat()
        with step(f"Holding the updater at {symbol}") as shown:
            for nth in range(1, self.number + 1):
                key = ["try", str(self.image), file.st_size, file.st_mtime_ns, self.accelerator.name,
                       asdict(self.request), found.name, nth]
                kept = self.done.get(key)
                tries.append(race.try_at(found) if kept is None else Try.of_json(kept))
                if kept is None:
                    self.done.add(key, asdict(tries[-1]))
                shown.update(f"{nth} of {self.number} tries")
        return tries


def predict(release: str, request: Request, one: Try, begin: int, tsc_khz: int,
            layout: Layout) -> tuple[Prediction | None, str]:
    """What UML, whose cycles are ns, does where the guest was held, for as long as the second read came
    after the sample; or why that cannot be said."""
    kernel = prediction.kernel_of(release, layout)
    if not kernel:
        return None, f"What UML predicts is not known: ./tkfi list kernels has none like {release}."
    delay = (request.delay_ns if one.delay_cycles is None or one.first_is_new else
             one.delay_cycles * 10**6 // tsc_khz)
    asked = prediction.schedule_of(kernel.name, from_ppb=request.from_ppb, to_ppb=request.to_ppb,
                                   delay_ns=delay, stores=one.stores, begin=begin)
    return prediction.predict(kernel, asked, layout), ""
