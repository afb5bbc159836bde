"""Tests of precord.simulate.conduction: what a heart does, worked out by hand.

Without jitter the machine is a clock, so that each time below follows from the cycle, the
PR interval and the coupling alone.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from precord.simulate.conduction import (
    Atria,
    Block,
    Events,
    Heart,
    Origin,
    Premature,
    Ventricular,
    beat,
)

SINUS = Heart(0.8, pr=0.16)


def _beat(heart: Heart, seed: int = 0) -> Events:
    """Return ten seconds of *heart*."""
    return beat(heart, 10.0, np.random.default_rng(seed))


def _seen(events: Events) -> list[Ventricular]:
    """Return the ventricular beats from the start of the recording on."""
    return [b for b in events.ventricular if b.at >= 0]


def test_sinus_rhythm_is_a_clock() -> None:
    """A P wave each 0.8 s, and a QRS complex 0.16 s behind each."""
    events = _beat(SINUS)

    assert np.diff([a.at for a in events.atrial]) == pytest.approx(0.8)
    for one in events.ventricular:
        assert one.atrial is not None
        assert one.at - one.atrial.at == pytest.approx(0.16)
        assert one.origin is Origin.SINUS


def test_respiration_moves_the_sinus_node() -> None:
    """A swing of 0.1 at 0.25 Hz: the cycle runs from 0.72 to 0.88 s and back in 4 s."""
    cycles = np.diff([b.at for b in _beat(replace(SINUS, swing=0.1)).ventricular])

    assert cycles.min() == pytest.approx(0.72, abs=0.01)
    assert cycles.max() == pytest.approx(0.88, abs=0.01)
    assert np.abs(cycles[5:] - cycles[:-5]).max() < 0.04, "five beats are one breath"


def test_the_pause_after_a_ventricular_beat_is_compensatory() -> None:
    """Coupling 0.6: 0.48 s before it, 1.12 s behind it, two cycles in all; a P wave is hidden."""
    heart = replace(SINUS, ventricular=(Premature(4.0, 0.6),))
    events = _beat(heart)

    rr = {b.origin: b.rr for b in _seen(events) if b.origin is Origin.VENTRICLE}
    assert rr == {Origin.VENTRICLE: pytest.approx(0.48)}
    at = next(i for i, b in enumerate(events.ventricular) if b.origin is Origin.VENTRICLE)
    assert events.ventricular[at + 1].rr == pytest.approx(1.12)
    assert np.diff([a.at for a in events.atrial]) == pytest.approx(0.8), "the sinus node goes on"
    conducted = {b.atrial.at for b in events.ventricular if b.atrial}
    hidden = [a.at for a in events.atrial if a.at not in conducted and a.at < 10]
    ectopic = events.ventricular[at].at
    assert len(hidden) == 1
    assert abs(hidden[0] - ectopic) < 0.42


def test_a_premature_atrial_beat_resets_the_sinus_node() -> None:
    """Coupling 0.7: the next sinus beat comes a cycle after it, not two after the last."""
    events = _beat(replace(SINUS, atrial=(Premature(4.0, 0.7),)))

    at = next(i for i, a in enumerate(events.atrial) if a.origin is Origin.ATRIUM)
    times = [a.at for a in events.atrial]
    assert times[at] - times[at - 1] == pytest.approx(0.56)
    assert 0.8 <= times[at + 1] - times[at] <= 0.9
    assert times[at + 1] - times[at - 1] < 1.6 - 0.1
    assert len(events.ventricular) == len(times) or len(events.ventricular) == len(times) - 1


@pytest.mark.parametrize(("every", "period"), [(1, 2), (2, 3)])
def test_bigeminy_and_trigeminy(every: int, period: int) -> None:
    """Every second, every third beat is ventricular; a pause of two cycles holds each."""
    seen = _seen(_beat(replace(SINUS, every=every, coupling=0.6)))

    wide = [i for i, b in enumerate(seen) if b.origin is Origin.VENTRICLE]
    assert np.diff(wide).tolist() == [period] * (len(wide) - 1)
    starts = [seen[i].at for i in wide]
    assert np.diff(starts) == pytest.approx(0.8 * period)


def test_complete_block_dissociates() -> None:
    """Atria at 75, an escape at 40 a minute; no beat is conducted, no P wave is disturbed."""
    heart = replace(SINUS, block=Block.COMPLETE, escape=1.5)
    events = _beat(heart)

    assert np.diff([a.at for a in events.atrial]) == pytest.approx(0.8)
    assert np.diff([b.at for b in events.ventricular]) == pytest.approx(1.5, rel=0.02)
    assert {b.origin for b in events.ventricular} == {Origin.NODE}
    assert all(b.atrial is None for b in events.ventricular)


def test_an_escape_waits_while_the_sinus_node_is_faster() -> None:
    """A node of 40 a minute never beats beside a sinus node of 75."""
    assert {b.origin for b in _seen(_beat(replace(SINUS, escape=1.5)))} == {Origin.SINUS}


def test_wenckebach() -> None:
    """Four P waves to three beats: PR grows, RR shrinks, and the pause is below two cycles."""
    heart = replace(SINUS, block=Block.WENCKEBACH, ratio=(4,))
    seen = _seen(_beat(heart))

    pr = [b.at - b.atrial.at for b in seen if b.atrial]
    starts = [i for i, value in enumerate(pr) if value == pytest.approx(0.16)]
    assert np.diff(starts).tolist() == [3] * (len(starts) - 1)
    for start in starts[:-1]:
        one, two, three = pr[start : start + 3]
        assert one < two < three
        assert seen[start + 3].rr < 1.6
        assert seen[start + 1].rr > seen[start + 2].rr > 0.8


def test_mobitz_ii_drops_a_beat_without_warning() -> None:
    """Three P waves to two beats, PR the same, the pause exactly two cycles."""
    seen = _seen(_beat(replace(SINUS, block=Block.MOBITZ, ratio=(3,))))

    assert {round(b.at - b.atrial.at, 9) for b in seen if b.atrial} == {0.16}
    assert sorted({round(b.rr, 9) for b in seen[1:]}) == [0.8, 1.6]


def test_flutter_is_conducted_in_its_ratio() -> None:
    """300 a minute, four to one: 75 beats a minute."""
    heart = Heart(0.2, atria=Atria.FLUTTER, pr=0.16, ratio=(4,))
    events = _beat(heart)

    assert np.diff([a.at for a in events.atrial]) == pytest.approx(0.2)
    assert np.diff([b.at for b in events.ventricular]) == pytest.approx(0.8)


def test_fibrillation_has_the_rate_and_the_spread_it_is_given() -> None:
    """Over many intervals: the mean 0.7 s, the deviation a fifth of it, no memory."""
    heart = Heart(0.7, atria=Atria.FIBRILLATION, irregularity=0.2)
    events = beat(heart, 1500.0, np.random.default_rng(0))
    rr = np.diff([b.at for b in events.ventricular])

    assert rr.mean() == pytest.approx(0.7, rel=0.03)
    assert rr.std() / rr.mean() == pytest.approx(0.2, abs=0.02)
    assert abs(np.corrcoef(rr[:-1], rr[1:])[0, 1]) < 0.06
    assert not events.atrial


def test_a_pacemaker_beats_alone() -> None:
    """Silent atria, 70 beats a minute."""
    heart = Heart(60 / 70, atria=Atria.SILENT, escape=60 / 70, escape_from=Origin.PACEMAKER)
    events = _beat(heart)

    assert not events.atrial
    assert {b.origin for b in events.ventricular} == {Origin.PACEMAKER}
    assert np.diff([b.at for b in events.ventricular]) == pytest.approx(60 / 70, rel=0.02)


@pytest.mark.parametrize("cycle", [0.42, 0.6, 0.8, 1.0, 1.4])
@pytest.mark.parametrize("pr", [0.12, 0.2, 0.3])
def test_no_ventricle_follows_too_fast(cycle: float, pr: float) -> None:
    """Events come in order, and the ventricles are never driven in their refractory period."""
    heart = Heart(cycle, pr=min(pr, 0.55 * cycle), jitter=0.01, every=2, coupling=0.62)
    events = _beat(heart)

    for one, two in pairwise(events.ventricular):
        assert two.at - one.at >= 0.24
        assert two.rr == pytest.approx(two.at - one.at)
