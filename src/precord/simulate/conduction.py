"""The heart as a machine of events: sinus node, atria, AV node, ventricles, pacemaker.

Each event knows only what came before it. Whatever is seen on paper follows: a premature
ventricular beat leaves the sinus node alone and makes the AV node refractory, so that the
next P wave is blocked and the pause is compensatory; a premature atrial beat resets the
sinus node; in complete block an escape beats on its own.
Source: the mechanisms as in Surawicz and Knilans, Chou's Electrocardiography, 6th ed.,
chapters 13 to 19. Not modelled: re-entry, fusion, aberrant conduction.
"""

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

_WARM_UP = 4.0  # seconds before the recording, so that it does not start with the machine
_AFTER = 1.0  # seconds behind its end, for waves that begin in it
_VENTRICLES_REFRACTORY = 0.24  # seconds
_NODE_REFRACTORY = 0.1  # seconds after a conducted impulse has left the AV node
_NODE_INVADED = 0.42  # seconds after a ventricular beat has entered it from below
_WENCKEBACH_GAIN = 0.13  # seconds by which PR grows at most
_EARLY_DELAY = 0.02  # seconds more for a premature impulse
_MAYER = 0.095  # Hz, of the waves of blood pressure
_MIN_COUPLING = 0.3  # seconds of a premature ventricular beat after the beat before


class Origin(StrEnum):
    """Where an impulse begins."""

    SINUS = "sinus node"
    ATRIUM = "atrial focus"
    FLUTTER = "flutter circuit"
    FIBRILLATION = "fibrillating atria"
    NODE = "AV node"
    VENTRICLE = "ventricular focus"
    PACEMAKER = "pacemaker"


class Atria(StrEnum):
    """Who drives the atria."""

    SINUS = "sinus node"
    FIBRILLATION = "fibrillation"
    FLUTTER = "flutter"
    TACHYCARDIA = "tachycardia around the AV node"
    SILENT = "nobody"


class Block(StrEnum):
    """What the AV node withholds."""

    NONE = "none"
    WENCKEBACH = "second degree, Mobitz I"
    MOBITZ = "second degree, Mobitz II"
    COMPLETE = "third degree"


@dataclass(frozen=True, slots=True)
class Premature:
    """A premature beat.

    Attributes:
        at: not before this second; the next beat of the rhythm then triggers it.
        coupling: share of the cycle after that beat.
    """

    at: float
    coupling: float


@dataclass(frozen=True, slots=True)
class Heart:
    """How fast each part of the heart is, and what is wrong with it; seconds.

    Attributes:
        cycle: of the sinus node, or of flutter and tachycardia.
        swing, breath, phase: depth (share of the cycle), frequency (Hz) and phase of
            respiratory arrhythmia; drift: depth of the slower swing of 0.1 Hz; jitter: share
            of the cycle that is chance.
        pr: from the P wave's onset to the QRS complex.
        ratio: atrial beats to a conducted one, in flutter; beats of a Wenckebach period or
            between two that Mobitz II drops.
        irregularity: of the ventricles in fibrillation, standard deviation over mean.
        escape: cycle of the escape; infinite if there is none.
        atrial, ventricular: premature beats; every: a ventricular one after so many of the
            rhythm's beats, 0 for none.
    """

    cycle: float
    swing: float = 0.0
    breath: float = 0.25
    phase: float = 0.0
    drift: float = 0.0
    jitter: float = 0.0
    atria: Atria = Atria.SINUS
    pr: float = 0.16
    block: Block = Block.NONE
    ratio: tuple[int, ...] = (1,)
    irregularity: float = 0.2
    escape: float = math.inf
    escape_from: Origin = Origin.NODE
    atrial: tuple[Premature, ...] = ()
    ventricular: tuple[Premature, ...] = ()
    every: int = 0
    coupling: float = 0.6


@dataclass(frozen=True, slots=True)
class Atrial:
    """One activation of the atria; *at*: onset of its P wave, seconds."""

    at: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class Ventricular:
    """One activation of the ventricles.

    Attributes:
        at: onset of the QRS complex, seconds; rr: seconds since the one before.
        atrial: the impulse that it was conducted from; None where it began below the atria
            or where the atria have no single impulses.
    """

    at: float
    origin: Origin
    rr: float
    atrial: Atrial | None = None


@dataclass(slots=True)
class Events:
    """All that happened, in order of time; from before the recording to behind its end."""

    atrial: list[Atrial] = field(default_factory=list)
    ventricular: list[Ventricular] = field(default_factory=list)


def beat(heart: Heart, duration: float, rng: np.random.Generator) -> Events:
    """Return what *heart* does within *duration* seconds, and shortly before and after."""
    return _Machine(heart, duration, rng).run()


class _Machine:
    """The state between two events; a heap holds what is going to happen."""

    def __init__(self, heart: Heart, duration: float, rng: np.random.Generator) -> None:
        self.heart, self.rng, self.end = heart, rng, duration + _AFTER
        self.events = Events()
        self.queue: list[tuple[float, int, Callable[[float], None]]] = []
        self.n_queued = self.n_conducted = self.n_arrived = 0
        self.sinus = self.escape = self.node = 0  # counters: a later number revokes an earlier
        self.node_ready = self.ventricles_ready = -math.inf
        self.last = -_WARM_UP - heart.cycle  # QRS
        self.atrial, self.ventricular = list(heart.atrial), list(heart.ventricular)

    def run(self) -> Events:
        """Start all that beats by itself, and let it happen."""
        start = -_WARM_UP - float(self.rng.uniform(0, self.heart.cycle))
        if self.heart.atria is Atria.FIBRILLATION:
            self._await_fibrillation(start)
        elif self.heart.atria is not Atria.SILENT:
            self._await_pacemaker(start, 0.0)
        self._await_escape(start)
        while self.queue:
            time, _, happen = heapq.heappop(self.queue)
            if time > self.end:
                break
            happen(time)
        return self.events

    def _await(self, time: float, happen: Callable[[float], None]) -> None:
        """Let *happen* be called at *time*; equal times in the order of this."""
        self.n_queued += 1
        heapq.heappush(self.queue, (time, self.n_queued, happen))

    def _await_pacemaker(self, now: float, wait: float) -> None:
        """Let the atria's own pacemaker fire after *wait*, unless it is reset before."""
        self.sinus += 1
        number = self.sinus
        self._await(now + wait, lambda time: self._fire(time, number))

    def _fire(self, time: float, number: int) -> None:
        """Activate the atria from their pacemaker, and set it to its next cycle."""
        if number != self.sinus:
            return
        heart, cycle = self.heart, self._cycle(time)
        origin = {Atria.FLUTTER: Origin.FLUTTER, Atria.TACHYCARDIA: Origin.NODE}.get(
            heart.atria, Origin.SINUS
        )
        self._activate_atria(Atrial(time, origin))
        self._await_pacemaker(time, cycle)
        if self.atrial and time >= self.atrial[0].at:
            early = self.atrial.pop(0).coupling * cycle
            self._await(time + early, self._fire_focus)

    def _fire_focus(self, time: float) -> None:
        """Activate the atria too early; the sinus node starts anew."""
        self._activate_atria(Atrial(time, Origin.ATRIUM))
        self._await_pacemaker(time, self._cycle(time) * float(self.rng.uniform(1.0, 1.12)))

    def _cycle(self, time: float) -> float:
        """Return the pacemaker's cycle that begins at *time*."""
        heart = self.heart
        swing = heart.swing * math.sin(2 * math.pi * heart.breath * time + heart.phase)
        swing += heart.drift * math.sin(2 * math.pi * _MAYER * time + 2.1 * heart.phase)
        chance = heart.jitter * float(np.clip(self.rng.normal(), -2.5, 2.5))
        return heart.cycle * (1 + swing + chance)

    def _activate_atria(self, impulse: Atrial) -> None:
        """Note the impulse; what the AV node lets through reaches the ventricles."""
        if impulse.origin is not Origin.NODE:  # hidden in the QRS complex
            self.events.atrial.append(impulse)
        delay = self._delay(impulse)
        if delay is None:
            return
        arrival = impulse.at + delay
        self.node_ready = arrival + _NODE_REFRACTORY
        number = self.node

        def arrive(time: float) -> None:
            if number == self.node:  # not met by a beat from below
                self._activate_ventricles(time, impulse.origin, impulse)

        self._await(arrival, arrive)

    def _delay(self, impulse: Atrial) -> float | None:
        """Return how long the AV node delays *impulse*; None where it stops there."""
        heart = self.heart
        is_flutter = heart.atria is Atria.FLUTTER  # its ratio is what the node can follow
        is_refractory = impulse.at < self.node_ready and not is_flutter
        if heart.block is Block.COMPLETE or is_refractory:
            return None
        self.n_arrived += 1
        if is_flutter:
            is_blocked = self.n_arrived < heart.ratio[self.n_conducted % len(heart.ratio)]
            self.n_arrived = self.n_arrived if is_blocked else 0
            return None if is_blocked else heart.pr
        if heart.block is not Block.NONE and self.n_arrived >= heart.ratio[0]:
            self.n_arrived = 0
            return None
        if heart.block is Block.WENCKEBACH:  # each step is half as large as the one before
            return heart.pr + _WENCKEBACH_GAIN * (1 - 0.5 ** (self.n_arrived - 1))
        return heart.pr + (_EARLY_DELAY if impulse.origin is Origin.ATRIUM else 0.0)

    def _activate_ventricles(self, time: float, origin: Origin, impulse: Atrial | None) -> None:
        """Note the beat, unless the ventricles are refractory; set off what it sets off."""
        if time < self.ventricles_ready:
            return
        seen = impulse if impulse and impulse.origin is not Origin.NODE else None
        self.events.ventricular.append(Ventricular(time, origin, time - self.last, seen))
        self.last, self.ventricles_ready = time, time + _VENTRICLES_REFRACTORY
        self._await_escape(time)
        if origin is Origin.VENTRICLE:
            self.node += 1  # it meets what is on its way down
            invaded = min(_NODE_INVADED, 0.6 * self.heart.cycle)
            self.node_ready = max(self.node_ready, time + invaded)
            if self.heart.atria is Atria.FIBRILLATION:
                self._await_fibrillation(time + 0.6 * invaded)
            return
        self.n_conducted += 1
        self._await_premature(time)
        if self.heart.atria is Atria.FIBRILLATION:
            self._await_fibrillation(time)

    def _await_premature(self, time: float) -> None:
        """Let the ventricular focus fire after this beat, if it is its turn."""
        every = self.heart.every
        if every and self.n_conducted % every == 0:
            coupling = self.heart.coupling
        elif self.ventricular and time >= self.ventricular[0].at:
            coupling = self.ventricular.pop(0).coupling
        else:
            return
        after = max(coupling * self.heart.cycle, _MIN_COUPLING)
        self._await(time + after, lambda t: self._activate_ventricles(t, Origin.VENTRICLE, None))

    def _await_fibrillation(self, now: float) -> None:
        """Let the next fibrillatory impulse that the AV node passes arrive.

        The node recovers and then waits for one of many impulses: a shifted gamma law.
        """
        heart = self.heart
        self.node += 1
        number, shape = self.node, 2.5
        scale = heart.irregularity * heart.cycle / math.sqrt(shape)
        wait = heart.cycle - shape * scale + float(self.rng.gamma(shape, scale))

        def arrive(time: float) -> None:
            if number == self.node:
                self._activate_ventricles(time, Origin.FIBRILLATION, None)

        self._await(now + max(wait, _VENTRICLES_REFRACTORY + 0.06), arrive)

    def _await_escape(self, now: float) -> None:
        """Let the escape fire, unless a beat comes before it."""
        if math.isinf(self.heart.escape):
            return
        self.escape += 1
        number = self.escape
        wait = self.heart.escape * (1 + 0.008 * float(np.clip(self.rng.normal(), -2, 2)))

        def escape(time: float) -> None:
            if number == self.escape:
                self._activate_ventricles(time, self.heart.escape_from, None)

        self._await(now + wait, escape)
