# SPDX-License-Identifier: GPL-2.0
"""Tries of the race in guests, and what UML predicts of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from runner.errors import TkfiError
from runner.guest import machine, packages, places, prediction, qemu, snapshots
from runner.guest.free import FreeRace
from runner.guest.gdb import GdbError
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
    is not done again. Raises TkfiError, but where only at some points a guest cannot be held."""
    tries = _Tries(image, packages.ensure_qemu(layout), accelerator, request, number, layout, done)
    made = [tries.at(point) for point in (places.POINTS if place == places.ALL else [place])]
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
    layout: Layout
    done: Journal

    def at(self, place: str) -> Outcome:
        """Tries at a place, or why the guest cannot be held there, and what UML predicts. Raises TkfiError
        for all else."""
        release = packages.release(self.image)
        with machine.boot(self.image, self.unpacked, self.layout, self.accelerator) as guest:
            race: Race | FreeRace = (FreeRace(guest, self.request) if self.accelerator.shared else
                                     Race(guest, self.request))
            symbol, tsc_khz = "", guest.tsc_khz
            try:
                found = race.find(place)
                symbol = guest.known.name(found.address)
                tries = self._tries(race, found, symbol)
            except GdbError:
                raise
            except TkfiError as error:
                return Outcome(self.request, release, self.accelerator, place, symbol, (), None,
                               missed=str(error))
        predicted, why_not = predict(release, self.request, tries[0], race.trace.begin, tsc_khz,
                                     self.layout)
        return Outcome(self.request, release, self.accelerator, place, symbol, tries, predicted, why_not)

    @cached_property
    def _made_of(self) -> str:
        """What tries depend on besides: the image, QEMU, and how they are made."""
        code = sorted(file for file in Path(__file__).parent.iterdir() if file.is_file())
        return snapshots.key_of([self.image, qemu.program(self.unpacked), *code], [])

    def _tries(self, race: Race | FreeRace, found: places.Place, symbol: str) -> list[Try]:
        tries = list[Try]()
        with step(f"Holding the updater at {symbol}") as shown:
            for nth in range(1, self.number + 1):
                key = ["try", self._made_of, self.accelerator.name, asdict(self.request), found.name, nth]
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
